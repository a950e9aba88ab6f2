"""Why a server ended, as facts."""

from __future__ import annotations

import signal
from typing import Any

import pytest

from server_ext.hosting import cause

KILL, SEGV, ABRT = -signal.SIGKILL, -signal.SIGSEGV, -signal.SIGABRT


@pytest.mark.parametrize(
    ("code", "lines", "before", "after", "kind"),
    [
        (3, [], 0, 0, "exit"),
        (SEGV, [], 0, 1, "signal"),
        (KILL, [], 4, 4, "signal"),
        (KILL, [], None, 4, "signal"),
        (KILL, [], 4, 5, "out_of_memory"),
        (ABRT, ["terminate called after throwing an instance of 'std::bad_alloc'"], 0, 0,
         "out_of_memory"),
        (1, ["MemoryError"], None, None, "out_of_memory"),
    ],
)  # fmt: skip
def test_the_end_of_a_process_has_a_kind(
    code: int, lines: list[str], before: int | None, after: int, kind: str, monkeypatch: Any
):
    monkeypatch.setattr("server_ext.hosting.memory.killed", lambda: after)

    assert cause.of_exit(code, lines, before)["kind"] == kind


def test_a_signal_without_a_name_is_a_number():
    assert cause.of_exit(-250, [], None) == {"kind": "signal", "signal": "250"}
