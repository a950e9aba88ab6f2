"""The whole benchmark in its smallest form, so that it does not rot."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent


@pytest.mark.tensorflow
@pytest.mark.skipif(not shutil.which("h2load"), reason="h2load (Debian: nghttp2-client) is missing")
def test_a_quick_run_measures_this_server_and_prints_what_must_come_out():
    command = [sys.executable, str(FOLDER / "serving.py"), "--quick", "--models=text"]
    environment = os.environ | {"PYTHONPATH": str(FOLDER)}  # also where PYTHONSAFEPATH is set

    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    measured = [
        line.split("|")[1:6] for line in done.stdout.splitlines() if line.startswith("| tfs")
    ]
    assert [protocol.strip() for _, protocol, *_ in measured] == ["gRPC", "REST"]
    assert all(float(rate.replace(",", "")) > 0 for *_, rate, _ in measured)
    assert "holds" in done.stdout


@pytest.mark.tensorflow
@pytest.mark.timeout(400)
@pytest.mark.skipif(not shutil.which("h2load"), reason="h2load (Debian: nghttp2-client) is missing")
def test_a_quick_run_measures_the_server_that_jupyter_hosts():
    command = [sys.executable, str(FOLDER / "serving.py"), "--quick", "--jupyter"]
    environment = os.environ | {"PYTHONPATH": str(FOLDER)}

    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)

    assert "### What must come out" in done.stdout, done.stdout + done.stderr
    rows = {line.split("|")[1].strip() for line in done.stdout.splitlines() if line[:1] == "|"}
    assert "model server killed, until all are AVAILABLE" in rows
    assert "1 GiB loads, 64 in flight through Jupyter" in rows
