"""An environment of its own for Triton's Python backend, made when it is needed first.

nvidia-pytriton brings a server that was built for Debian's Python 3.11 and needs its library, so that
the benchmark's own Python does not do. The environment lies in the one the benchmark runs in and goes
with it.
"""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from progress import step

PYTHON = Path("/usr/bin/python3.11")
FOLDER = Path(sys.prefix) / "triton"
DONE = FOLDER / ".installed"
TIMEOUT_S = 1200


def python() -> Path | None:
    """Return the Python that has Triton; None, after a word why, where it does not install."""
    found = FOLDER / "bin" / "python"
    if DONE.exists():
        return found
    if not PYTHON.exists():
        print(f"Triton is left out: {PYTHON} is missing")
        return None
    packages = ["nvidia-pytriton", f"tensorflow=={version('tensorflow')}"]
    try:
        with step("install Triton and TensorFlow for it, once (3 GB on disk)"):
            _run(str(PYTHON), "-m", "venv", str(FOLDER))
            _run(str(found), "-m", "pip", "install", "-qq", *packages)
            _run(str(found), "-c", "import pytriton.triton, tensorflow")
    except (OSError, subprocess.SubprocessError) as error:
        output = getattr(error, "stdout", None) or b""
        lines = [*output.decode(errors="replace").splitlines(), str(error)]
        print(f"Triton is left out: {lines[0]}")
        return None
    DONE.touch()
    return found


def installed() -> str:
    """Return the version of Triton's package, empty without it."""
    found = list(FOLDER.glob("lib/python3*/site-packages/nvidia_pytriton-*.dist-info"))
    return found[0].name.split("-")[1].removesuffix(".dist") if found else ""


def _run(*command: str) -> None:
    subprocess.run(
        command,
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=TIMEOUT_S,
    )
