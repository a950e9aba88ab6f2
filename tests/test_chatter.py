"""The server's log holds what matters to its users."""

from __future__ import annotations

import os

from server_ext import chatter


def test_notes_written_meanwhile_are_dropped_and_all_else_comes_after(capfd):
    with chatter.held_back():
        os.write(2, b"WARNING: All log messages before absl::InitializeLog() is called\n")
        os.write(2, b"I0000 00:00:1795263844.932026   26574 port.cc:153] oneDNN is on.\n")
        os.write(2, b"W0000 00:00:1795263844.932026   26574 x.cc:1] something is slow\n")
        os.write(2, b"E0000 00:00:1795263844.932026   26574 x.cc:1] something is broken\n")
        os.write(2, b"ImportError: no such library\n")
        assert capfd.readouterr().err == ""
    os.write(2, b"after\n")

    assert capfd.readouterr().err == (
        "E0000 00:00:1795263844.932026   26574 x.cc:1] something is broken\n"
        "ImportError: no such library\n"
        "after\n"
    )
