"""Lines from a pipe, in pieces of any size, and its end."""

from __future__ import annotations

import os
import threading

import pytest

from server_ext.control import intake
from server_ext.control.intake import Intake

WAIT_S = 10


class Pipe:
    """The end that is written to, and what is read at the other."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        self.ended = threading.Event()
        self.lines = Intake(self._read, self.ended).lines

    def write(self, data: bytes) -> None:
        os.write(self._write, data)

    def close(self) -> None:
        if self._write >= 0:
            os.close(self._write)
            self._write = -1

    def release(self) -> None:
        self.close()
        assert self.ended.wait(WAIT_S)
        os.close(self._read)


@pytest.fixture
def pipe():
    pipe = Pipe()
    yield pipe
    pipe.release()


def test_each_line_is_there_when_it_has_ended(pipe):
    pipe.write(b'{"id": 1}\n{"id"')
    assert pipe.lines.get(timeout=WAIT_S) == b'{"id": 1}'

    pipe.write(b": 2}\n")
    assert pipe.lines.get(timeout=WAIT_S) == b'{"id": 2}'


def test_the_end_is_noticed_while_nobody_takes_lines(pipe):
    pipe.write(b"one\n\n  \r\ntwo")
    pipe.close()

    assert pipe.ended.wait(WAIT_S)
    assert [pipe.lines.get(timeout=WAIT_S) for _ in range(3)] == [b"one", b"two", None]


def test_a_line_without_an_end_does_not_fill_the_memory(pipe, monkeypatch):
    monkeypatch.setattr(intake, "MAX_LINE_BYTES", 1000)

    for _ in range(1000):
        pipe.write(b"x" * 1000)
    pipe.write(b'\n{"id": 3}\n')

    assert len(pipe.lines.get(timeout=WAIT_S)) <= 1000 + 2 * intake.READ_BYTES
    assert pipe.lines.get(timeout=WAIT_S) == b'{"id": 3}'
