"""Signals that ask a process to end are heard whatever its main thread is doing."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

ENDS = """
    stop.wait()
    os.write(1, b"stopped\\n")
    os._exit(0)
"""
WAITS = """
    stop.wait()
    os.write(1, b"stopped\\n")
"""
PROGRAM = """
import hashlib, os, threading
from server_ext import signals

stop = threading.Event()
signals.have_set(stop)

def other():{other}
threading.Thread(target=other).start()
os.write(1, b"begun\\n")
hashlib.pbkdf2_hmac("sha256", b"", b"", 2_000_000_000)  # half an hour in which no handler runs
"""

Start = Callable[[str], subprocess.Popen[str]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a process whose main thread is not in Python; another does what is given."""
    processes = []

    def start(other: str) -> subprocess.Popen[str]:
        program = [sys.executable, "-c", PROGRAM.format(other=other)]
        process = subprocess.Popen(program, stdout=subprocess.PIPE, text=True)
        processes.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_first_signal_is_heard_while_the_main_thread_is_not_in_python(
    start: Start, number: signal.Signals
):
    process = start(ENDS)

    process.send_signal(number)

    assert process.wait(30) == 0


def test_the_second_signal_ends_the_process_at_once(start: Start):
    process = start(WAITS)
    process.send_signal(signal.SIGTERM)
    assert process.stdout is not None
    assert process.stdout.readline() == "stopped\n"

    process.send_signal(signal.SIGINT)

    assert process.wait(30) == 128 + signal.SIGINT
