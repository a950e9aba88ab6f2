"""A state only ever moves forward, and of the versions that ended the last are remembered."""

from __future__ import annotations

from itertools import product

import pytest

from server_ext.errors import ServingError
from server_ext.lifecycle.model import REMEMBERED, Model
from server_ext.lifecycle.policy import State
from server_ext.lifecycle.servable import Loader

START, LOADING, AVAILABLE, UNLOADING, END = State

WAYS_TO = {
    START: [],
    LOADING: [LOADING],
    AVAILABLE: [LOADING, AVAILABLE],
    UNLOADING: [LOADING, AVAILABLE, UNLOADING],
    END: [LOADING, AVAILABLE, UNLOADING, END],
}
ALLOWED = {
    (START, LOADING),
    (START, END),
    (LOADING, AVAILABLE),
    (LOADING, END),
    (AVAILABLE, UNLOADING),
    (UNLOADING, END),
}


def make_loader():
    def load():
        raise AssertionError("no test here loads")

    return Loader(load)


def end(model, number):
    """Let a version fail and be left out."""
    model.aspire({number: make_loader()})
    record = model.records[number]
    model.move(record, LOADING)
    record.error = ServingError("broken")
    model.move(record, END)
    model.aspire({})


@pytest.mark.parametrize(("before", "after"), sorted(ALLOWED))
def test_a_state_may_be_followed_by(before, after):
    model = Model("m")
    model.aspire({1: make_loader()})
    record = model.records[1]
    for state in WAYS_TO[before]:
        model.move(record, state)

    model.move(record, after)

    assert record.state is after


@pytest.mark.parametrize(
    ("before", "after"), sorted(set(product(State, State)) - ALLOWED), ids=lambda s: s.name
)
def test_a_state_may_not_be_followed_by(before, after):
    model = Model("m")
    model.aspire({1: make_loader()})
    record = model.records[1]
    for state in WAYS_TO[before]:
        model.move(record, state)

    with pytest.raises(
        AssertionError, match=f"m version 1 cannot go from {before.name} to {after.name}"
    ):
        model.move(record, after)

    assert record.state is before


def test_of_the_versions_that_ended_the_last_are_remembered():
    model = Model("m")
    numbers = range(REMEMBERED + 5, 0, -1)  # the order they end in is not that of their numbers

    for number in numbers:
        end(model, number)

    assert list(model.records) == list(numbers)[5:]


def test_a_failed_version_is_remembered_as_long_as_it_is_aspired():
    model = Model("m")
    broken = {number: make_loader() for number in range(REMEMBERED + 5)}
    model.aspire(broken)
    for record in list(model.records.values()):
        model.move(record, LOADING)
        record.error = ServingError("broken")
        model.move(record, END)

    model.aspire(broken)

    assert {record.state for record in model.records.values()} == {END}
    assert len(model.failed()) == len(broken)
