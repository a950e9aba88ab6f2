"""Which flags decide on TensorFlow's threads."""

from __future__ import annotations

import pytest

from server_ext.engine.threads import IN_CALLERS_THREAD, OpThreads, chosen


@pytest.mark.parametrize(
    ("session", "intra_op", "inter_op", "threads"),
    [
        (0, 0, 0, OpThreads(1, IN_CALLERS_THREAD)),
        (4, 0, 0, OpThreads(4, 4)),
        (0, 3, 0, OpThreads(3, IN_CALLERS_THREAD)),
        (0, 0, 2, OpThreads(1, 2)),
        (4, 3, 0, OpThreads(3, 4)),
    ],
)
def test_the_closer_flag_wins_and_0_leaves_it_to_the_server(session, intra_op, inter_op, threads):
    assert chosen(session, intra_op, inter_op) == threads
