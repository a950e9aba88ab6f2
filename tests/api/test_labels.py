"""Which labels a configuration may have, and that a label never stops answering."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from server_ext.api import labels
from server_ext.errors import FailedPrecondition
from server_ext.lifecycle.manager import Manager
from server_ext.lifecycle.policy import State
from server_ext.lifecycle.servable import Loader
from server_ext.lifecycle.source import AllVersions, Latest, ModelConfig, Specific

WAIT_S = 10


@pytest.fixture
def manager():
    """One in which versions 1 and 2 of `m` are AVAILABLE."""
    manager = Manager()
    loader = Loader(lambda: SimpleNamespace(signatures={}, memory_bytes=1, close=lambda: None))
    manager.aspire("m", {1: loader, 2: loader})
    assert all(manager.wait("m", number, State.AVAILABLE, WAIT_S) for number in (1, 2))
    yield manager
    manager.close(WAIT_S)


@pytest.fixture
def base(tmp_path):
    """A base path with versions 1 to 4."""
    for number in (1, 2, 3, 4):
        (tmp_path / str(number)).mkdir()
    return str(tmp_path)


def accepted(manager, before, after, allow=False):
    try:
        labels.check(manager, [before], [after], allow_unavailable=allow)
    except FailedPrecondition:
        return False
    return True


@pytest.mark.parametrize(
    ("before", "after", "policy", "allow", "expected"),
    [
        ({}, {"stable": 1, "canary": 2}, Latest(1), False, True),
        ({"stable": 1}, {"stable": 2}, Latest(1), False, True),
        ({}, {"canary": 3}, Latest(1), False, False),
        ({}, {"canary": 4}, Latest(1), False, True),
        ({}, {"canary": 3}, Latest(2), False, True),
        ({}, {"canary": 3}, AllVersions(), False, True),
        ({}, {"canary": 9}, AllVersions(), False, False),
        ({}, {"canary": 9}, Specific((2, 9)), False, True),
        ({"canary": 3}, {"canary": 3}, Specific((3,)), False, True),
        ({"canary": 3}, {"canary": 3}, Latest(1), False, False),
        ({"stable": 1}, {"stable": 4}, Latest(1), False, False),
        ({"stable": 1}, {"stable": 1, "canary": 4}, Latest(2), False, True),
        ({}, {"canary": 9}, Latest(1), True, True),
        ({"canary": 9}, {"canary": 9}, Latest(1), True, True),
        ({"stable": 1}, {"stable": 9}, Latest(1), True, False),
        ({"stable": 1}, {}, Latest(1), False, True),
    ],
)
def test_a_label_needs_a_version_that_answers_or_will(
    manager, base, before, after, policy, allow, expected
):
    old, new = (ModelConfig("m", base, policy, stands_for) for stands_for in (before, after))

    assert accepted(manager, old, new, allow) is expected


def test_the_refusal_to_move_a_label_says_where_it_stays(manager, base):
    before, after = (ModelConfig("m", base, Latest(), {"stable": at}) for at in (1, 4))

    with pytest.raises(FailedPrecondition) as error:
        labels.check(manager, [before], [after], allow_unavailable=False)

    assert str(error.value) == (
        "Request to assign label to version 4 of model m, which is not currently available for "
        "inference: label stable stays at version 1 until it is"
    )


def test_a_base_path_that_cannot_be_read_now_does_not_refuse_a_label(manager, base):
    lost = ModelConfig("m", base + "/missing", labels={"canary": 3})

    assert accepted(manager, ModelConfig("m", base), lost)


def test_an_unknown_model_has_no_labels():
    config = ModelConfig("m", "/m", labels={"stable": 1})

    assert labels.of([config], "m") == {"stable": 1}
    assert labels.of([config], "other") == {}
