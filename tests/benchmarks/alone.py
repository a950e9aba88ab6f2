"""What is measured while no other server runs: starts and swaps of our own, in two modes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import requests
from arguments import Choice
from findings import Findings
from grpc import RpcError
from h2load import LoadFailed
from progress import step
from servers import Ours
from stage import Stage
from startup import start_bare, start_ours
from swap import swap

FAILURES = (LoadFailed, RuntimeError, TimeoutError, RpcError, requests.RequestException)


def measure(stage: Stage, choice: Choice, findings: Findings) -> None:
    """Measure those of both that were chosen; what fails is told in the findings."""
    loads = choice.loads_of(stage.model)
    chosen = [mode for mode in ("off", findings.judged) if f"ours-{mode}" in choice.contenders]
    try:
        if "start" in loads:
            for number in range(choice.rounds):
                with step(f"{stage.model.name}: starts, round {number + 1} of {choice.rounds}"):
                    _starts(stage, chosen, choice.seconds, findings)
        if "swap" in loads:
            for mode in chosen:
                with step(f"{stage.model.name}: swaps under load, batching {mode}"):
                    _swaps(stage, mode, choice.rounds, findings)
    except FAILURES as error:
        findings.failures.append(f"starts and swaps, {stage.model.name}: {error}")


def _starts(stage: Stage, modes: list[str], seconds: float, findings: Findings) -> None:
    bare = start_bare(stage.bare(1), seconds)
    found = {"bare": bare}
    for ours in _ours(stage, modes):
        found[ours.key] = start_ours(ours, stage.askings, seconds)
    for key, start in found.items():
        findings.starts.setdefault(key, []).append(start)


def _ours(stage: Stage, modes: list[str]) -> Iterator[Ours]:
    return (Ours(stage.version, stage.folder, mode) for mode in modes)


def _swaps(stage: Stage, mode: str, count: int, findings: Findings) -> None:
    version = stage.folder / f"swapped-{mode}" / "1"
    shutil.copytree(stage.version, version)
    with Ours(version, stage.folder, mode) as ours:
        swaps = findings.swaps.setdefault(ours.key, [])
        for number in range(2, count + 2):
            swaps.append(swap(ours, stage.askings, number))
