"""When a model that was asked for counts as up, and what is said when it is not."""

from __future__ import annotations

from typing import Any

import pytest

from server_ext.errors import Code, ServingError
from server_ext.hosting.models import Model, Versions
from tfs_magics.ipython.notebook import Progress
from tfs_magics.views.served import ServedVersion
from tfs_magics.waiting import Goal, Pending, Settled, judge, not_up, wait

MODEL = Model("m", "/m")
SOON, LATE = 0.1, 100.0


def entry(
    *versions: tuple[int, str, str], problem: str | None = None, policy: str = "latest: 1"
) -> dict[str, Any]:
    return {
        "name": "m",
        "base_path": "/m",
        "policy": policy,
        "problem": problem,
        "versions": [
            {
                "version": number,
                "state": state,
                "load_seconds": 1.0,
                "error": {"code": "INTERNAL", "message": error} if error else None,
            }
            for number, state, error in versions
        ],
    }


def of_another_directory() -> dict[str, Any]:
    found = entry(AVAILABLE_1)
    found["versions"][0]["path"] = "/before/m/1"
    return found


def up(number: int, *, wanted: bool = True) -> ServedVersion:
    return ServedVersion("m", number, load_seconds=1.0, wanted=wanted)


def down(number: int | None, reason: str) -> ServedVersion:
    return ServedVersion("m", number, reason)


AVAILABLE_1 = (1, "AVAILABLE", "")
AVAILABLE_2 = (2, "AVAILABLE", "")
FAILED_2 = (2, "END", "bad file")


@pytest.mark.parametrize(
    ("goal", "found", "expected"),
    [
        pytest.param(Goal(MODEL, frozenset({1})), None, "m", id="not listed yet"),
        pytest.param(Goal(MODEL, frozenset({1})), entry(policy="all"), "m", id="old policy"),
        pytest.param(Goal(MODEL, frozenset({1})), entry(), "m 1", id="version not seen yet"),
        pytest.param(Goal(MODEL, frozenset({1})), entry(problem="gone"), "m 1", id="old problem"),
        pytest.param(Goal(MODEL, frozenset({2})), entry(AVAILABLE_1), "m 2", id="only the old one"),
        pytest.param(Goal(MODEL, frozenset({1})), entry((1, "LOADING", "")), "m 1", id="loading"),
        pytest.param(
            Goal(MODEL, frozenset({2}), stale=frozenset({2})), entry(FAILED_2), "m 2", id="stale"
        ),
        pytest.param(Goal(MODEL), entry(), "m", id="nothing on disk, nothing known"),
        pytest.param(Goal(MODEL, frozenset({1})), entry((1, "END", "")), "m 1", id="unloaded once"),
        pytest.param(Goal(MODEL, frozenset({1})), of_another_directory(), "m 1", id="old path"),
    ],
)
def test_at_first_old_news_do_not_count(goal: Goal, found: Any, expected: str):
    assert judge(goal, found, SOON) == Pending(expected)


@pytest.mark.parametrize(
    ("goal", "found", "expected"),
    [
        pytest.param(Goal(MODEL, frozenset({1})), entry(AVAILABLE_1), [up(1)], id="up"),
        pytest.param(
            Goal(Model("m", "/m", Versions(2)), frozenset({1, 2})),
            entry(AVAILABLE_2, AVAILABLE_1, policy="latest: 2"),
            [up(2), up(1)],
            id="both up",
        ),
        pytest.param(
            Goal(MODEL, frozenset({2})),
            entry(FAILED_2, AVAILABLE_1),
            [down(2, "bad file"), up(1, wanted=False)],
            id="new one failed, old one goes on",
        ),
        pytest.param(
            Goal(MODEL), entry(problem="no directory"), [down(None, "no directory")], id="problem"
        ),
        pytest.param(
            Goal(Model("m", "/m", Versions(numbers=(7,))), absent=frozenset({7})),
            entry(policy="specific: 7"),
            [down(None, "/m has no version 7")],
            id="none of the numbers",
        ),
        pytest.param(
            Goal(Model("m", "/m", Versions(numbers=(1, 7))), frozenset({1}), absent=frozenset({7})),
            entry(AVAILABLE_1, policy="specific: 1, 7"),
            [up(1), down(7, "/m has no such version")],
            id="one of the numbers",
        ),
    ],
)
def test_what_is_certain_is_told_at_once(goal: Goal, found: Any, expected: list[ServedVersion]):
    assert judge(goal, found, SOON) == Settled(tuple(expected))


@pytest.mark.parametrize(
    ("goal", "found", "reason"),
    [
        (Goal(MODEL, frozenset({1})), None, "the server did not take up its new configuration"),
        (Goal(MODEL, frozenset({1})), entry(), "the server does not find it"),
        (Goal(MODEL, frozenset({1})), entry(problem="gone"), "gone"),
        (Goal(MODEL), entry(), "/m has no version yet"),
        (Goal(MODEL, frozenset({2}), stale=frozenset({2})), entry(FAILED_2), "bad file"),
    ],
)
def test_after_a_while_bad_news_count(goal: Goal, found: Any, reason: str):
    judged = judge(goal, found, LATE)

    assert isinstance(judged, Settled)
    assert [version.reason for version in judged.versions] == [reason]
    assert not judged.ok


def test_loading_may_take_for_ever_and_a_limit_ends_only_the_wait():
    loading = entry((1, "LOADING", ""))
    goal = Goal(MODEL, frozenset({1}))

    assert judge(goal, loading, LATE) == Pending("m 1")
    with pytest.raises(ServingError, match=r"m 1\. They go on loading") as error:
        wait([goal], lambda: {"m": loading}, Progress(), timeout_s=0)
    assert error.value.code is Code.DEADLINE_EXCEEDED


def test_a_failure_comes_with_what_the_log_says_of_the_model():
    settled = Settled((down(2, "bad file"), up(1, wanted=False)))

    error = not_up([settled], ["m 2 failed", "another line"])

    assert str(error).splitlines() == [
        "m 2 is not served: bad file.",
        "m 1 goes on serving.",
        "  m 2 failed",
    ]
