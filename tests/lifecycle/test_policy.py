"""What the policies decide, as tables and over every combination of three versions."""

from __future__ import annotations

from itertools import product

import pytest

from server_ext.lifecycle.policy import (
    Action,
    Kind,
    State,
    Version,
    availability_preserving,
    resource_preserving,
)

START, LOADING, AVAILABLE, UNLOADING, END = State

# One letter for a state, upper case when the version is aspired: "s A" is version 1 left out in
# START and version 2 aspired and AVAILABLE.
LETTERS = {"s": START, "l": LOADING, "a": AVAILABLE, "u": UNLOADING, "e": END}

AVAILABILITY = [
    ("", None),
    ("S", "load 1"),
    ("S S S", "load 3"),
    ("S S L", "load 2"),
    ("L", None),
    ("A", None),
    ("E", None),
    # the old version stays until a new one answers
    ("a S", "load 2"),
    ("a L", None),
    ("a A", "unload 1"),
    ("a E", None),
    ("A a", "unload 2"),
    ("S a", "load 1"),
    # of several old ones only the highest stays
    ("a a L", "unload 1"),
    ("a a S", "unload 1"),
    ("a u S", "load 3"),
    # nothing is aspired: all go
    ("a", "unload 1"),
    ("a a", "unload 1"),
    ("l", None),
    ("u e", None),
    # unloads come before loads
    ("a A S", "unload 1"),
    ("u A S", "load 3"),
    # one aspired again while it unloads is not loaded before its end
    ("U", None),
    ("U S", "load 2"),
]

RESOURCE = [
    ("", None),
    ("S S", "load 2"),
    ("A", None),
    # the new version is loaded only when the old one has gone
    ("a S", "unload 1"),
    ("u S", None),
    ("e S", "load 2"),
    ("l S", None),
    ("a a S", "unload 1"),
    ("a u S", "unload 1"),
    ("E S", "load 2"),
    ("A S", "load 2"),
    ("a", "unload 1"),
    ("u", None),
]


def read(letters):
    return [
        Version(number, LETTERS[letter.lower()], letter.isupper())
        for number, letter in enumerate(letters.split(), start=1)
    ]


def written(action):
    return f"{action.kind.value} {action.version}" if action else None


@pytest.mark.parametrize(("versions", "expected"), AVAILABILITY)
def test_availability_preserving_decides(versions, expected):
    assert written(availability_preserving(read(versions))) == expected


@pytest.mark.parametrize(("versions", "expected"), RESOURCE)
def test_resource_preserving_decides(versions, expected):
    assert written(resource_preserving(read(versions))) == expected


def every_combination():
    return (read(" ".join(letters)) for letters in product("slaueSLAUE", repeat=3))


@pytest.mark.parametrize("policy", [availability_preserving, resource_preserving])
def test_a_policy_asks_only_for_what_the_manager_can_do(policy):
    for versions in every_combination():
        action = policy(versions)
        if action:
            version = versions[action.version - 1]
            expected = (START, True) if action.kind is Kind.LOAD else (AVAILABLE, False)
            assert (version.state, version.aspired) == expected, versions


@pytest.mark.parametrize("policy", [availability_preserving, resource_preserving])
def test_a_policy_does_not_depend_on_the_order_of_the_versions(policy):
    for versions in every_combination():
        assert policy(versions) == policy(versions[::-1]), versions


def test_availability_preserving_never_takes_the_only_answering_version_of_an_aspired_model():
    for versions in every_combination():
        action = availability_preserving(versions)
        answering = [version for version in versions if version.state is AVAILABLE]
        if any(version.aspired for version in versions) and len(answering) == 1:
            assert action is None or action.kind is Kind.LOAD, versions


def test_resource_preserving_never_loads_beside_a_version_left_out():
    for versions in every_combination():
        action = resource_preserving(versions)
        if action and action.kind is Kind.LOAD:
            assert all(v.aspired or v.state is END for v in versions), versions


@pytest.mark.parametrize("policy", [availability_preserving, resource_preserving])
def test_following_a_policy_to_its_end_leaves_the_aspired_versions_and_no_other(policy):
    for versions in every_combination():
        if any(version.state is START and not version.aspired for version in versions):
            continue  # the manager takes these to END at once
        while action := policy(versions) or next_by_itself(versions):
            state = AVAILABLE if action.kind is Kind.LOAD else END
            at = action.version - 1
            versions[at] = versions[at]._replace(state=state)

        answering = {version.aspired for version in versions if version.state is AVAILABLE}
        assert {version.state for version in versions} <= {AVAILABLE, END}
        # Only where every aspired version has ended does one that was left out go on to answer.
        assert answering in (set(), {True}) or all(v.state is END for v in versions if v.aspired)


def next_by_itself(versions):
    """What becomes of a load or an unload under way."""
    for version in versions:
        if version.state is LOADING:
            return Action(Kind.LOAD, version.version)
        if version.state is UNLOADING:
            return Action(Kind.UNLOAD, version.version)
    return None
