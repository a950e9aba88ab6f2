"""What watchers of the server's health are told, and in which order."""

from __future__ import annotations

import threading

import pytest

from server_ext.api.health import Health, Serving
from server_ext.errors import NotFound


@pytest.fixture
def health():
    return Health()


def test_the_services_serve_until_the_server_drains(health):
    assert health.check("") is health.check("ModelService") is Serving.SERVING

    health.drain()

    assert health.check("PredictionService") is Serving.NOT_SERVING


def test_an_unknown_service_is_not_found(health):
    with pytest.raises(NotFound, match=r"'Other'.*'ModelService'"):
        health.check("Other")


def test_a_watcher_is_told_now_and_at_the_change_and_then_it_is_over(health):
    known, unknown, late = [], [], []
    health.watch("", known.append)
    health.watch("Other", unknown.append)

    health.drain()
    health.drain()
    health.watch("", late.append)

    assert known == [Serving.SERVING, Serving.NOT_SERVING, None]
    assert unknown == [Serving.SERVICE_UNKNOWN, None]
    assert late == [Serving.NOT_SERVING, None]


def test_a_watcher_that_left_is_told_nothing_more(health):
    told = []
    leave = health.watch("", told.append)

    leave()
    leave()
    health.drain()

    assert told == [Serving.SERVING]


def test_a_watcher_can_leave_while_another_one_is_told_the_end(health):
    left = threading.Event()
    stops = []

    def slow(status: Serving | None) -> None:
        if status is Serving.NOT_SERVING:  # as grpcio, which waits here for a thread of its own
            threading.Thread(target=lambda: (stops[1](), left.set()), daemon=True).start()
            assert left.wait(5)

    stops.append(health.watch("", slow))
    stops.append(health.watch("", lambda status: None))

    health.drain()

    assert left.is_set()
