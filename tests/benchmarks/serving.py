"""Compares this server with what people use today: `python tests/benchmarks/serving.py`.

For each model, all contenders serve one SavedModel on loopback at the same time and are measured in
turns, idle while another one has its turn. Each answer is checked by a real client before the first
round and after the last. At the end stands a list of what must come out, and whether it has.

    arguments -> stage (export, start, verify) -> rounds of load -> findings -> report, checks
"""

from __future__ import annotations

import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

import alone
import growth
import jupyter_rounds
import machine
import panel_rounds
import report
import results
import rounds
import tritonvenv
from arguments import Choice, command_line, parse
from findings import Findings
from models import MODELS
from progress import step
from servers import Ours
from stage import open_stage


def main() -> int:
    """Run what the command line asks for and print its tables; return the exit code."""
    choice = parse(sys.argv[1:])
    if shutil.which("h2load") is None:
        print("h2load is missing; it is in the package nghttp2-client (Debian, Ubuntu)")
        return 1
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that no server stays behind
    begin = time.monotonic()
    where = machine.describe(command_line())
    print(where, flush=True)
    modes = Ours.modes()
    if "auto" not in modes:
        print("ours-auto is left out: this version of the server has no --batching=auto")
    with tempfile.TemporaryDirectory(prefix="tfs-bench-") as name:
        if choice.growth:
            section, text, code = "Growth", *growth.run(choice, modes, Path(name))
        elif choice.jupyter:
            section, text, code = "Jupyter", *jupyter_rounds.run(choice, Path(name))
        elif choice.panel:
            section, text, code = "Panel", *panel_rounds.run(choice, Path(name))
        else:
            section, text, code = "Comparison", *_compare(choice, modes, Path(name))
    text = f"{where}\n- It took {(time.monotonic() - begin) / 60:.1f} minutes\n\n{text}"
    print(f"\n{text}")
    if choice.write:
        results.write(section, text)
        print(f"written to {results.FILE}")
    return code


def _compare(choice: Choice, modes: list[str], folder: Path) -> tuple[str, int]:
    """Measure each model; return the report, and 1 if something of ours has failed."""
    triton = tritonvenv.python() if "triton" in choice.contenders else None
    findings = Findings("auto" if "auto" in modes else "on")
    for name in choice.models:
        with open_stage(MODELS[name], folder, choice, modes, triton) as stage:
            with step(f"{name}: look for the fastest batches"):
                rows = rounds.rows(stage, choice)
            rounds.measure(stage, rows, choice.rounds)
        findings.rows += rows
        findings.failures += [f"{name}: {key}: {why}" for key, why in stage.left_out.items()]
        findings.failures += [
            f"{name}: {row.title()}: {row.failure}" for row in rows if row.failure
        ]
        alone.measure(stage, choice, findings)
    return report.comparison(findings), int(any("ours" in line for line in findings.failures))


if __name__ == "__main__":
    sys.exit(main())
