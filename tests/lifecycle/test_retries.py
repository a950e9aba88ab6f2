"""A load that fails is tried again after a while, unless only other files can cure it."""

from __future__ import annotations

import pytest

from server_ext.errors import Code, Internal, NotFound, ServingError
from server_ext.lifecycle.policy import State
from server_ext.lifecycle.retries import FINAL, Retries

START, LOADING, AVAILABLE, UNLOADING, END = State
WAIT_S = 10
SOON = Retries(limit=2, interval_s=0.01)
NEVER = Retries(limit=2, interval_s=3600)


def status(manager, number=1):
    return next(s for s in manager.versions("m") if s.version == number)


def failed_once(manager, number=1):
    return manager.wait_until(lambda: status(manager, number).error is not None, WAIT_S)


def test_so_many_attempts_follow_the_first():
    error = Internal("flaky")

    assert [Retries(limit=2).allow(attempts, error) for attempts in (1, 2, 3)] == [
        True,
        True,
        False,
    ]
    assert not Retries(limit=0).allow(1, error)


@pytest.mark.parametrize("code", sorted(FINAL, key=lambda code: code.grpc))
def test_what_only_other_files_can_cure_is_not_tried_again(code):
    assert not Retries(limit=5).allow(1, ServingError("broken", code))


def test_a_load_that_succeeds_at_last_leaves_no_error(make_manager, version):
    manager = make_manager(retries=SOON)
    flaky = version(error=Internal("flaky"))
    load = flaky.loader.load

    def third_time():
        if flaky.loads == 2:
            flaky.error = None
        return load()

    object.__setattr__(flaky.loader, "load", third_time)
    manager.aspire("m", {1: flaky.loader})

    assert manager.wait("m", 1, AVAILABLE, WAIT_S)
    assert (flaky.loads, status(manager).error) == (3, None)


def test_after_the_last_attempt_it_has_ended_with_its_error(make_manager, version):
    manager = make_manager(retries=SOON)
    broken = version(error=Internal("broken"))

    manager.aspire("m", {1: broken.loader})

    assert manager.wait("m", 1, END, WAIT_S)
    assert (broken.loads, str(status(manager).error)) == (3, "broken")


def test_a_failure_that_is_final_ends_at_once(make_manager, version):
    manager = make_manager(retries=NEVER)
    broken = version(error=NotFound("no model there"))

    manager.aspire("m", {1: broken.loader})

    assert manager.wait("m", 1, END, WAIT_S)
    assert broken.loads == 1


def test_the_status_tells_the_error_while_another_attempt_is_to_come(make_manager, version):
    manager = make_manager(retries=NEVER)
    manager.aspire("m", {1: version(error=Internal("flaky")).loader})

    assert failed_once(manager)

    now = status(manager)
    assert (now.state, now.error.code, now.error.message) == (LOADING, Code.INTERNAL, "flaky")


def test_between_two_attempts_the_thread_is_free_for_others(make_manager, version):
    manager = make_manager(retries=NEVER, load_threads=1)
    manager.aspire("m", {1: version(error=Internal("flaky")).loader})
    assert failed_once(manager)

    manager.aspire("other", {1: version().loader})

    assert manager.wait("other", 1, AVAILABLE, WAIT_S)


def test_attempts_to_come_are_cancelled_when_the_version_is_left_out(make_manager, version):
    manager = make_manager(retries=NEVER)
    manager.aspire("m", {1: version(error=Internal("flaky")).loader})
    assert failed_once(manager)

    manager.aspire("m", {2: version().loader})

    now = status(manager)
    assert (now.state, now.error.code) == (END, Code.CANCELLED)
    assert "{name: m version: 1} was cancelled after 1 attempts" in now.error.message
    assert "flaky" in now.error.message
    assert manager.wait("m", 2, AVAILABLE, WAIT_S)


def test_an_attempt_that_is_due_is_dropped_when_the_version_goes_meanwhile(make_manager, version):
    manager = make_manager(retries=SOON, load_threads=1)
    flaky, held = version(error=Internal("flaky"), held=True), version(held=True)
    manager.aspire("m", {1: flaky.loader})
    assert flaky.loading.wait(WAIT_S)
    manager.aspire("other", {1: held.loader})
    flaky.may_load.set()
    assert held.loading.wait(WAIT_S)  # the retry waits for this thread now

    manager.aspire("m", {})
    held.may_load.set()

    assert manager.wait("other", 1, AVAILABLE, WAIT_S)
    manager.aspire("m", {2: version().loader})
    assert manager.wait("m", 2, AVAILABLE, WAIT_S)
    assert (flaky.loads, status(manager).state) == (1, END)


def test_an_attempt_under_way_when_the_version_is_left_out_is_the_last(make_manager, version):
    manager = make_manager(retries=NEVER)
    flaky = version(error=Internal("flaky"), held=True)
    manager.aspire("m", {1: flaky.loader})
    assert flaky.loading.wait(WAIT_S)

    manager.aspire("m", {})
    flaky.may_load.set()

    assert manager.wait("m", 1, END, WAIT_S)
    assert str(status(manager).error) == "flaky"


def test_changed_files_are_tried_at_once_and_not_after_the_interval(make_manager, version):
    manager = make_manager(retries=NEVER)
    flaky = version(error=Internal("flaky"))
    manager.aspire("m", {1: flaky.loader})
    assert failed_once(manager)
    manager.aspire("m", {1: flaky.loader})
    assert (status(manager).state, flaky.loads) == (LOADING, 1)

    flaky.error = None
    flaky.stamp += 1
    manager.aspire("m", {1: flaky.loader})

    assert manager.wait("m", 1, AVAILABLE, WAIT_S)


def test_a_manager_that_closes_waits_for_no_attempt(make_manager, version):
    manager = make_manager(retries=NEVER)
    manager.aspire("m", {1: version(error=Internal("flaky")).loader})
    assert failed_once(manager)

    manager.close(WAIT_S)

    assert status(manager).state is END
