"""How soon all models answer again after the model server was killed, and all ends when Jupyter was.

round:  bare process: import TensorFlow, load the same models     |------|
        SIGKILL of the model server ... every model AVAILABLE     |--------|
        SIGKILL of Jupyter ... no process left                    |-|
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import psutil
from jupyter_hosted import Hosted, available
from kernelchannel import Kernel
from servers import REFERENCES

GONE_TIMEOUT_S = 60
LOOK_S = 0.005


class Recovery(NamedTuple):
    """Seconds of one round: the bare process, the models after a kill, and the ends after another.

    `server_gone_s` is the end of the model server, `all_gone_s` of everything that Jupyter started,
    with a kernel.
    """

    bare_s: float
    again_s: float
    server_gone_s: float
    all_gone_s: float


def measure(folder: Path, place: Path, models: dict[str, Path]) -> Recovery:
    """Measure one round with these models below `folder`; `place` is made for what Jupyter writes."""
    bare_s = _bare(models)
    with Hosted(place, folder) as hosted:
        for name, base_path in models.items():
            hosted.serve(name, base_path)
        hosted.until(lambda status: available(status, set(models)))
        again_s = _kill_server(hosted, set(models))
        kernel = Kernel(hosted.jupyter, "bench.ipynb")
        kernel.run("%load_ext tfs_magics")
        kernel.leave()
        return Recovery(bare_s, again_s, *_kill_jupyter(hosted))


def _bare(models: dict[str, Path]) -> float:
    directories = [str(base_path / "1") for base_path in models.values()]
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    begin = time.monotonic()
    command = [sys.executable, str(REFERENCES / "bare_loads.py"), *directories]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    ) as bare:
        assert bare.stdout
        line = bare.stdout.readline()
        taken = time.monotonic() - begin
    if line != b"loaded\n":
        raise RuntimeError("TensorFlow alone does not load the models")
    return taken


def _kill_server(hosted: Hosted, names: set[str]) -> float:
    server = hosted.server()
    begin = time.monotonic()
    server.kill()
    hosted.until(lambda status: status["server"]["pid"] != server.pid and available(status, names))
    return time.monotonic() - begin


def _kill_jupyter(hosted: Hosted) -> tuple[float, float]:
    server = hosted.server()
    family = hosted.jupyter.descendants()
    begin = time.monotonic()
    hosted.jupyter.process.kill()
    hosted.jupyter.process.wait()
    server_gone_s = _until_gone([server]) - begin
    return server_gone_s, _until_gone(family) - begin


def _until_gone(processes: list[psutil.Process]) -> float:
    end = time.monotonic() + GONE_TIMEOUT_S
    while any(map(_lives, processes)):
        if time.monotonic() > end:
            raise TimeoutError(
                f"still there {GONE_TIMEOUT_S} s after Jupyter was killed: {processes}"
            )
        time.sleep(LOOK_S)
    return time.monotonic()


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
