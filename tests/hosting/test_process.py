"""A child process: it says when it is ready, it is heard, and it never outlives its owner."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from server_ext.errors import FailedPrecondition
from server_ext.hosting.logring import LogRing
from server_ext.hosting.process import ServerFailed, ServerProcess

# Stands in for the server: says that it is ready, and stops at the end of its standard input.
READY = 'print(\'{"pid": %d, "host": "h", "port": 1, "rest_api_port": 2}\' % os.getpid())'
CHILD = f"""
import os, sys
{READY}
print("listening", flush=True)
print("a warning", file=sys.stderr, flush=True)
sys.stdin.read()
"""
DEAF = f"""
import os, signal, sys, threading
signal.signal(signal.SIGTERM, signal.SIG_IGN)
{READY}
sys.stdout.flush()
threading.Event().wait()
"""
# A process that owns such a child, tells its pid, and waits.
OWNER = """
import os, sys, threading
from server_ext.hosting.process import ServerProcess
process = ServerProcess([sys.executable, "-c", sys.argv[1]], cwd=".", env=dict(os.environ))
print(process.wait_ready(30).pid, flush=True)
threading.Event().wait()
"""
Start = Callable[[str], ServerProcess]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[ServerProcess] = []

    def run(program: str) -> ServerProcess:
        process = ServerProcess(
            [sys.executable, "-c", program], cwd=str(tmp_path), env=dict(os.environ)
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.stop(0.1)


def runs(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def test_the_ready_line_tells_the_ports(start: Start):
    process = start(CHILD)

    ready = process.wait_ready(30)

    assert ready == (process.ready.pid if process.ready else 0, "h", 1, 2, False)
    assert process.alive
    assert process.exit_text == ""


def test_all_that_is_written_later_is_log(start: Start, eventually: Callable[..., Any]):
    process = start(CHILD)
    process.wait_ready(30)

    eventually(lambda: sorted(process.log.last(10)) == ["a warning", "listening"])


def test_a_stop_is_gentle_where_that_is_enough(start: Start):
    process = start(CHILD)
    process.wait_ready(30)

    assert process.stop(30)
    assert not process.alive
    assert process.exit_text in ("exit code 0", "signal SIGTERM")
    assert process.stop(30), "a second stop is nothing"


def test_a_stop_ends_by_force_what_does_not_listen(start: Start):
    process = start(DEAF)
    process.wait_ready(30)

    assert not process.stop(0.2)
    assert process.exit_text == "signal SIGKILL"


def test_a_start_that_fails_shows_the_last_lines(start: Start):
    process = start("import sys; print('no port for you'); sys.exit(3)")

    with pytest.raises(ServerFailed) as error:
        process.wait_ready(30)

    assert str(error.value).splitlines() == [
        "The model server did not start (exit code 3).",
        "  no port for you",
    ]


def test_a_child_that_says_nothing_is_not_waited_for_for_ever(start: Start):
    ticks: list[None] = []
    process = start("import sys; sys.stdin.read()")

    with pytest.raises(ServerFailed, match="was not ready 0 s after its start"):
        process.wait_ready(0.3, lambda: ticks.append(None))

    assert ticks


def test_a_program_that_does_not_exist_is_a_failed_start(tmp_path: Path):
    with pytest.raises(ServerFailed, match="cannot be started: No such file"):
        ServerProcess(["/nowhere/python"], cwd=str(tmp_path), env={})


def test_an_interrupt_ends_the_wait_and_not_the_child(start: Start):
    process = start(f"import os, sys\nsys.stdin.readline()\n{READY}\nsys.stdin.read()")

    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        process.wait_ready(30, interrupt)

    assert process.alive


def test_the_child_dies_with_an_owner_that_is_killed(
    tmp_path: Path, eventually: Callable[..., Any]
):
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, CHILD], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    )
    with owner:
        assert owner.stdout
        child = int(owner.stdout.readline())
        assert runs(child)

        owner.send_signal(signal.SIGKILL)

    eventually(lambda: not runs(child))


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_copy_neither_stops_the_child_nor_keeps_it_alive(start: Start):
    process = start(CHILD)
    process.wait_ready(30)
    checked, wait_for_end = os.pipe(), os.pipe()

    copy = os.fork()
    if copy == 0:  # lives on while its parent stops the child
        try:
            refused = False
            try:
                process.stop()
            except FailedPrecondition:
                refused = True
            os.write(checked[1], b"y" if refused and not process.owned else b"n")
            os.close(wait_for_end[1])
            os.read(wait_for_end[0], 1)
        finally:
            os._exit(0)
    try:
        assert os.read(checked[0], 1) == b"y"
        assert process.alive
        process._pipes.close(process._pipes.stdin)  # all that is left of the pipe is in the copy
        assert process._wait(30), "the copy keeps the child alive"
    finally:
        for end in (*checked, *wait_for_end):
            os.close(end)
        os.waitpid(copy, 0)


def test_the_log_keeps_the_last_lines_and_cuts_long_ones():
    ring = LogRing(most_lines=3)

    for number in range(5):
        ring.add(str(number))
    ring.add("x" * 5000)

    assert ring.last(2) == ["4", ring.last(1)[0]]
    assert ring.last(10)[0] == "3"
    assert ring.last(1)[0].endswith("… (5000 characters)")
    assert ring.last(0) == []


def test_a_line_without_an_end_does_not_grow_for_ever(start: Start, eventually: Callable[..., Any]):
    process = start("import sys; sys.stdout.write('x' * 1_000_000); sys.stdout.flush()")

    eventually(lambda: not process.alive)

    assert threading.active_count() < 50
    eventually(lambda: len(process.log.last(100)) > 5)
