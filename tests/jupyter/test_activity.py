"""What counts as activity."""

from __future__ import annotations

import pytest

from server_ext.jupyter.activity import Activity


class Touches:
    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> None:
        self.count += 1


@pytest.fixture
def touches() -> Touches:
    return Touches()


@pytest.fixture
def activity(touches: Touches) -> Activity:
    return Activity(touches)


def sample(requests=(), in_flight=0, queued=0):
    versions = [{"name": "m", "version": 1, "requests": count} for count in requests]
    return {"type": "sample", "in_flight": in_flight, "queued": queued, "versions": versions}


def server(pid):
    return {"type": "server", "server": {"pid": pid}}


def test_a_server_that_nobody_asks_is_idle(activity: Activity, touches: Touches):
    activity.hear(server(7))
    activity.hear(sample())

    assert activity.look() is None
    assert touches.count == 0


def test_requests_count_once_and_only_until_somebody_looks(activity: Activity, touches: Touches):
    activity.hear(sample([3]))
    activity.hear(sample([5]))

    assert activity.look() == {"requests": 5, "in_flight": 0}
    assert activity.look() is None
    assert touches.count == 2


def test_what_runs_or_waits_is_activity_at_every_look(activity: Activity):
    activity.hear(sample(in_flight=2, queued=1))

    assert activity.look() == {"requests": 0, "in_flight": 3}
    assert activity.look() == {"requests": 0, "in_flight": 3}


def test_a_request_through_the_proxy_is_activity_from_its_begin(
    activity: Activity, touches: Touches
):
    activity.began()

    assert activity.look() == {"requests": 0, "in_flight": 1}
    activity.ended()
    assert activity.look() is None
    assert touches.count == 2


def test_a_new_process_counts_from_zero_and_has_nothing_in_flight(activity: Activity):
    activity.hear(server(7))
    activity.hear(sample([100], in_flight=4))
    activity.look()

    activity.hear(server(8))
    assert activity.look() is None
    activity.hear(sample([2]))
    assert activity.look() == {"requests": 2, "in_flight": 0}
