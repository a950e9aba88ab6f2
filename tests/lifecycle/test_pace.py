"""Which runs count as short, by what was seen of the last ones."""

from __future__ import annotations

import time

from server_ext.lifecycle.pace import LONG_S, REQUEST_S, SHORT_S, WAIT_S, Pace


def pace(*runs: tuple[int, float]) -> Pace:
    """Return the pace after runs of so many rows that took so much CPU time, and nothing else."""
    seen = Pace()
    for rows, cpu_s in runs:
        seen.add(rows, cpu_s, cpu_s)
    return seen


def test_nothing_is_short_or_long_before_a_run_was_seen():
    assert not Pace().short(1)
    assert not Pace().long(1_000_000)


def test_a_run_is_as_short_as_the_last_ones_were():
    assert pace((1, SHORT_S)).short(1)
    assert not pace((1, SHORT_S * 1.01 + REQUEST_S)).short(1)


def test_what_was_seen_of_few_rows_is_multiplied_until_more_were_seen():
    seen = pace((1, SHORT_S / 4))
    assert not seen.short(64)

    seen.add(64, SHORT_S / 2, SHORT_S / 2)

    assert seen.short(64)


def test_each_request_in_a_batch_allows_for_a_little_more():
    seen = pace((64, SHORT_S + 32 * REQUEST_S))

    assert not seen.short(64)
    assert seen.short(64, requests=64)


def test_one_run_that_was_disturbed_changes_nothing_and_many_that_take_longer_do():
    seen = pace((1, SHORT_S / 4), (1, LONG_S / 2))
    assert seen.short(1)

    for _ in range(100):
        seen.add(1, LONG_S / 2, LONG_S / 2)

    assert not seen.short(1)


def test_a_run_that_waits_for_something_else_is_not_short():
    seen = Pace()
    seen.add(1, 0.0, WAIT_S * 2)

    assert not seen.short(1)


def test_after_one_run_of_great_length_none_is_short_for_a_while():
    seen = pace((1, LONG_S * 2), (1, SHORT_S / 4))

    assert not seen.short(1)


def test_a_run_of_many_rows_is_long_when_two_could_share_it():
    assert pace((64, 0.002)).long(64)
    assert not pace((64, 0.002)).long(1)


def test_a_timed_run_is_taken_note_of():
    seen = Pace()

    assert seen.timed(1, lambda: time.monotonic() > 0)

    assert seen.short(1)


def test_batches_are_as_large_as_rows_become_faster():
    seen = pace((1, 0.01), (4, 0.02), (16, 0.079))

    assert seen.enough(16) == 7
    assert seen.enough(3) == 3


def test_what_was_not_seen_yet_is_tried():
    assert Pace().enough(64) == 64
    assert pace((1, 0.01)).enough(64) == 64


def test_runs_that_wait_for_a_device_are_not_cut_by_their_cpu_time():
    seen = Pace()
    for rows in (1, 64):
        seen.add(rows, 0.001 * rows, 1.0)

    assert seen.enough(64) == 64
