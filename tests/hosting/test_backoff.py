"""How long until the next start, and when there is none: a table of ends."""

from __future__ import annotations

import pytest

from server_ext.hosting.backoff import Backoff


@pytest.mark.parametrize(
    ("ends", "pauses"),
    [
        ([0, 0, 0, 0, 0, 0], [0.25, 0.5, 1, 2, 4, None]),
        ([0, 400, 800], [0.25, 0.25, 0.25]),
        ([0, 1, 2, 301.5], [0.25, 0.5, 1, 0.5]),
    ],
)
def test_pauses_double_and_ends_are_forgotten_after_the_window(
    ends: list[float], pauses: list[float | None]
):
    backoff = Backoff(0.25, 30, most=5, window_s=300)

    assert [backoff.pause_s(end) for end in ends] == pauses


def test_no_pause_is_longer_than_the_longest():
    backoff = Backoff(0.25, 30, most=100, window_s=300)

    assert max(backoff.pause_s(0) or 0 for _ in range(50)) == 30


def test_an_end_that_will_not_come_again_does_not_count():
    backoff = Backoff(0.25, 30, most=1, window_s=300)

    assert [backoff.pause_s(0, explained=True) for _ in range(9)] == [0.25] * 9
    assert backoff.pause_s(0) == 0.25
    assert backoff.pause_s(0) is None
