"""Swaps the version of a model under full load, and counts the requests that failed.

    load, gRPC and REST at once  |------------------------------------|
    version 2 appears               x
    version 2 AVAILABLE, 1 gone            x

A gRPC error travels with HTTP's status 200 and without a message, so that there the bytes of all
answers tell how many were none.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping

import requests
from findings import Swap
from h2load import Outcome, Running, Traffic, for_requests, for_seconds
from protocols import Asking
from servers import Ours

LOAD_S = 3.0
APPEARS_AFTER_S = 0.5
IN_FLIGHT = 32  # by each protocol
LOOK_S = 0.05
SWAP_TIMEOUT_S = 60


def swap(ours: Ours, askings: Mapping[str, Asking], version: int) -> Swap:
    """Replace the version before `version` by a copy of it while requests come.

    Raises:
        TimeoutError: the new version did not replace the old one.
    """
    traffics = [_traffic(ours, askings[key]) for key in ours.speaks]
    sizes = [_message_bytes(ours, askings[key]) for key in ours.speaks]
    base = ours.model.parent
    shutil.copytree(ours.model, base / "coming")
    running = Running(traffics, for_seconds(LOAD_S))
    try:
        time.sleep(APPEARS_AFTER_S)
        begin = time.monotonic()
        (base / "coming").rename(base / str(version))
        seconds = _wait_for(ours, version) - begin
    finally:
        outcomes = running.outcomes()
    failed = sum(map(_failed, outcomes, sizes))
    answered = sum(len(outcome.latencies_us) + outcome.failed for outcome in outcomes) - failed
    return Swap(answered, failed, seconds, APPEARS_AFTER_S + seconds < LOAD_S)


def _failed(outcome: Outcome, message_bytes: int | None) -> int:
    if message_bytes is None:
        return outcome.failed
    messages = round(outcome.data_bytes / message_bytes)
    return outcome.failed + max(0, len(outcome.latencies_us) - messages)


def _message_bytes(ours: Ours, asking: Asking) -> int | None:
    """Return the size of each answer over gRPC; over REST the status tells, and texts differ."""
    if asking.name != "gRPC":
        return None
    one = _traffic(ours, asking)._replace(connections=1, streams=1)
    return Running([one], for_requests(1)).outcomes()[0].data_bytes


def _traffic(ours: Ours, asking: Asking) -> Traffic:
    connections, streams = asking.spread(IN_FLIGHT)
    address = asking.address(ours.ports)
    return Traffic([address], asking.options, asking.body(1), connections, streams)


def _wait_for(ours: Ours, version: int) -> float:
    """Return when the version was available and the others gone."""
    address = f"http://127.0.0.1:{ours.ports.rest}/v1/models/bench"
    end = time.monotonic() + SWAP_TIMEOUT_S
    while time.monotonic() < end:
        statuses = requests.get(address, timeout=SWAP_TIMEOUT_S).json()["model_version_status"]
        states = {int(status["version"]): status["state"] for status in statuses}
        available = states.pop(version, "") == "AVAILABLE"
        if available and set(states.values()) <= {"END"}:
            return time.monotonic()
        time.sleep(LOOK_S)
    raise TimeoutError(f"version {version} did not replace the one before: {statuses}")
