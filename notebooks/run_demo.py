"""Runs a notebook without a browser and prints what happened, step by step.

    python notebooks/run_demo.py [NOTEBOOK] [--save FILE]

Without a name it is the quickstart.

The notebook runs in a copy of this folder, removed afterwards, and in a kernel of its own. A cell
that is a step of the story carries the step's name in its metadata, under `step`. At the end every
process that the notebook has started must be gone. `--save` keeps the executed notebook.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import IO, Any

import nbformat
import psutil
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

FOLDER = Path(__file__).parent
NOTEBOOK = "01_quickstart.ipynb"
CELL_TIMEOUT_S = 300
GONE_TIMEOUT_S = 15
SHOWN_LINES = 14


class Story:
    """Prints the steps of a notebook while it runs, and watches the processes it starts."""

    def __init__(self, notebook: Any) -> None:
        self._steps = sum("step" in cell.metadata for cell in notebook.cells)
        self._step = 0
        self._begin = 0.0
        self.started: set[psutil.Process] = set()

    def on_cell_start(self, cell: Any, cell_index: int) -> None:
        """Announce a step."""
        self._begin = time.monotonic()
        if "step" in cell.metadata:
            self._step += 1
            print(f"[{self._step}/{self._steps}] {cell.metadata.step} ...", end=" ", flush=True)

    def on_cell_executed(self, cell: Any, cell_index: int, execute_reply: Any) -> None:
        """Say how long the step took and show what its cell shows."""
        self.started.update(psutil.Process().children(recursive=True))
        if "step" in cell.metadata:
            print(f"{time.monotonic() - self._begin:.1f} s")
            lines = shown(cell)
            for line in lines[:SHOWN_LINES]:
                print(f"      {line}")
            if len(lines) > SHOWN_LINES:
                print(f"      ... {len(lines) - SHOWN_LINES} more lines")

    def left_running(self) -> list[psutil.Process]:
        """Return what is still alive of all that the notebook has started."""
        _, alive = psutil.wait_procs(list(self.started), timeout=GONE_TIMEOUT_S)
        return alive


def shown(cell: Any) -> list[str]:
    """Return the lines a reader sees below a cell, as plain text."""
    texts = []
    for output in cell.outputs:
        if output.output_type == "stream" and output.name == "stdout":
            texts.append(output.text)
        elif output.output_type in ("execute_result", "display_data"):
            texts.append(output.data.get("text/plain", ""))
    return [line for text in texts for line in text.rstrip().splitlines()]


def execute(folder: Path, name: str, log: IO[bytes]) -> tuple[Any, Story]:
    """Run this notebook with `folder` as its working directory; return it with its outputs.

    What the kernel's process itself prints goes to `log`.
    """
    notebook = nbformat.read(folder / name, as_version=4)
    story = Story(notebook)
    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT_S,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        on_cell_start=story.on_cell_start,
        on_cell_executed=story.on_cell_executed,
    )
    client.execute(stdout=log, stderr=log)
    return notebook, story


def main() -> int:
    """Run it and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("notebook", nargs="?", default=NOTEBOOK, help="its name in this folder")
    parser.add_argument("--save", type=Path, help="where to write the executed notebook")
    arguments = parser.parse_args()
    print(f"Running {FOLDER.name}/{arguments.notebook}")
    with tempfile.TemporaryDirectory(prefix="tfs-demo-") as name:
        folder = Path(name) / FOLDER.name
        shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("models", ".*", "__*"))
        log = Path(name) / "kernel.log"
        try:
            with log.open("wb") as sink:
                notebook, story = execute(folder, arguments.notebook, sink)
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            print(f"\nThe notebook stopped:\n{error}\n{log.read_text()}", file=sys.stderr)
            return 1
        if arguments.save:
            nbformat.write(notebook, arguments.save)
    if left := story.left_running():
        print(f"Still running, which must not be: {left}", file=sys.stderr)
        return 1
    print(f"Done. All {len(story.started)} processes of the notebook have ended.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
