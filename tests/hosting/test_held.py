"""Which version ended the server: found out from what was loading when it did."""

from __future__ import annotations

import pytest

from server_ext.hosting.held import Held, HeldVersions, read


def held_by(journal: HeldVersions) -> list[tuple[str, int, str]]:
    return [(each.name, each.version, each.stamp) for each in journal.all()]


def test_the_only_version_that_loaded_is_held():
    journal = HeldVersions()
    journal.loading("good", 1, "s")
    journal.loading("bad", 2, "stamp")
    journal.loaded("good", 1)

    assert journal.run_is_over("signal SIGKILL")

    assert held_by(journal) == [("bad", 2, "stamp")]
    (held,) = journal.all()
    assert held.reason.startswith("It ended the model server while it was loading (signal SIGKILL)")
    assert held.reason.endswith(
        "It is loaded again when its files change, or with %tfs_load bad --version 2."
    )
    assert read(held.document()) == held
    assert not journal.one_at_a_time


def test_of_several_nobody_is_held_and_the_next_run_loads_one_at_a_time():
    journal = HeldVersions()
    journal.loading("a", 1, "s")
    journal.loading("b", 1, "s")

    assert journal.run_is_over("signal SIGSEGV"), "the next run will tell which it was"
    assert held_by(journal) == []
    assert journal.one_at_a_time

    journal.loading("a", 1, "s")
    assert journal.run_is_over("signal SIGSEGV")
    assert held_by(journal) == [("a", 1, "s")]
    assert not journal.one_at_a_time


def test_several_that_load_although_it_is_one_at_a_time_explain_nothing():
    journal = HeldVersions()
    for expected in (True, False):
        journal.loading("a", 1, "s")
        journal.loading("b", 1, "s")
        assert journal.run_is_over("signal SIGSEGV") is expected


@pytest.mark.parametrize("how", ["", "signal SIGKILL"])
def test_an_end_that_was_asked_for_or_without_a_load_holds_nobody(how: str):
    journal = HeldVersions()
    journal.loading("m", 1, "s")
    if how:
        journal.loaded("m", 1)

    assert not journal.run_is_over(how)

    assert held_by(journal) == []


def test_a_load_of_a_held_version_ends_the_hold():
    journal = HeldVersions([Held("m", 1, "old", "why", 0.0), Held("m", 2, "old", "why", 0.0)])

    assert journal.loading("m", 1, "new")
    assert not journal.loading("other", 1, "new")

    assert held_by(journal) == [("m", 2, "old")]


def test_holds_end_with_the_model_or_when_that_is_asked_for():
    journal = HeldVersions([Held(name, n, "s", "why", 0.0) for name in "ab" for n in (1, 2)])

    assert journal.release("a")
    assert journal.release("b", 1)
    assert not journal.release("b", 1)

    assert held_by(journal) == [("b", 2, "s")]
    journal.forget()
    assert held_by(journal) == []
