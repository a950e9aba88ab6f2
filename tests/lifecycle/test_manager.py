"""How versions come, answer and go, each race held open by the test."""

from __future__ import annotations

import threading
import time

import pytest

from server_ext.errors import Code, InvalidArgument, ServableNotFound, ServingError
from server_ext.lifecycle.policy import State, resource_preserving
from server_ext.lifecycle.servable import Loader

START, LOADING, AVAILABLE, UNLOADING, END = State
WAIT_S = 10


def states(manager, name="m"):
    return {status.version: status.state for status in manager.versions(name)}


def reaches(manager, expected, name="m"):
    return manager.wait_until(lambda: states(manager, name) == expected, WAIT_S)


def answering(manager, name="m"):
    try:
        handle = manager.handle(name)
    except ServableNotFound:
        return None
    handle.release()
    return handle.version


def test_an_aspired_version_is_loaded_and_lent(manager, version):
    one = version()

    manager.aspire("m", {1: one.loader})
    assert manager.wait("m", 1, AVAILABLE, WAIT_S)

    with manager.handle("m") as lent:
        assert lent is one.servable
    assert manager.models() == ["m"]


def test_the_status_of_a_version_tells_what_is_known(manager, version):
    before = time.time()
    manager.aspire("m", {1: version().loader})
    assert manager.wait("m", 1, AVAILABLE, WAIT_S)

    handle = manager.handle("m")
    [status] = manager.versions("m")
    handle.release()
    [later] = manager.versions("m")

    assert (status.version, status.state, status.error) == (1, AVAILABLE, None)
    assert (status.path, status.memory_bytes) == ("/models/fake", 1234)
    assert status.signatures == ("serving_default",)
    assert before <= status.loaded_at <= time.time()
    assert 0 <= status.load_seconds < WAIT_S
    assert (status.handles, later.handles) == (1, 0)


def test_a_request_without_a_version_gets_the_highest_available(manager, version):
    held = version(held=True)
    manager.aspire("m", {1: version().loader, 2: version().loader, 3: held.loader})
    assert reaches(manager, {3: LOADING, 2: AVAILABLE, 1: AVAILABLE})

    latest, specific = manager.handle("m"), manager.handle("m", 1)

    assert (latest.name, latest.version, specific.version) == ("m", 2, 1)
    latest.release()
    specific.release()


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        (("unknown", None), "Servable not found for request: Latest(unknown)"),
        (("unknown", 7), "Servable not found for request: Specific(unknown, 7)"),
        (("m", None), "Servable not found for request: Latest(m)"),
        (("m", 1), "Servable not found for request: Specific(m, 1)"),
        (("m", 7), "Servable not found for request: Specific(m, 7)"),
    ],
)
def test_what_is_not_available_is_not_found(manager, version, request_, text):
    manager.aspire("m", {1: version(held=True).loader})

    with pytest.raises(ServableNotFound) as raised:
        manager.handle(*request_)

    assert str(raised.value) == text
    assert manager.versions("unknown") == []


def test_as_many_versions_load_at_a_time_as_there_are_threads_the_highest_first(
    make_manager, version
):
    manager = make_manager(load_threads=2)
    made = {number: version(held=True) for number in (1, 2, 3)}

    manager.aspire("m", {number: made[number].loader for number in made})
    assert made[3].loading.wait(WAIT_S)
    assert made[2].loading.wait(WAIT_S)
    assert states(manager) == {3: LOADING, 2: LOADING, 1: START}

    made[2].may_load.set()
    assert made[1].loading.wait(WAIT_S)
    assert states(manager) == {3: LOADING, 2: AVAILABLE, 1: LOADING}


def test_models_that_wait_for_a_load_thread_take_turns(make_manager, version):
    manager = make_manager(load_threads=1)
    order = []

    def loader(name, number):
        made = version(held=True)

        def load():
            order.append((name, number))
            return made.loader.load()

        return made, Loader(load)

    made, loaders = {}, {}
    for name in ("a", "b"):
        for number in (1, 2, 3):
            made[name, number], loaders[name, number] = loader(name, number)
    for name in ("a", "b"):
        manager.aspire(name, {number: loaders[name, number] for number in (1, 2, 3)})
    for one in made.values():
        one.may_load.set()

    for name, number in made:
        assert manager.wait(name, number, AVAILABLE, WAIT_S)
    assert order == [("a", 3), ("a", 2), ("b", 3), ("a", 1), ("b", 2), ("b", 1)]


def test_the_old_version_answers_until_the_new_one_is_available(manager, version):
    old, new = version(), version(held=True)
    manager.aspire("m", {1: old.loader})
    assert manager.wait("m", 1, AVAILABLE, WAIT_S)

    manager.aspire("m", {2: new.loader})
    assert new.loading.wait(WAIT_S)
    assert answering(manager) == 1

    new.may_load.set()
    assert reaches(manager, {2: AVAILABLE, 1: END})
    assert answering(manager) == 2
    assert old.servable.closed.is_set()


def test_a_version_left_out_is_unloaded_only_after_its_last_handle(manager, version):
    old = version()
    manager.aspire("m", {1: old.loader})
    assert manager.wait("m", 1, AVAILABLE, WAIT_S)
    first, last = manager.handle("m"), manager.handle("m")

    manager.aspire("m", {2: version().loader})
    assert reaches(manager, {2: AVAILABLE, 1: UNLOADING})
    first.release()
    with pytest.raises(ServableNotFound):
        manager.handle("m", 1)
    assert not old.servable.closing.is_set()

    last.release()
    assert manager.wait("m", 1, END, WAIT_S)
    assert old.servable.closed.is_set()
    ended = manager.versions("m")[1]
    assert (ended.loaded_at, ended.memory_bytes, ended.signatures) == (None, 0, ())


def test_a_handle_is_given_back_once_however_often_it_is_released(manager, version):
    old = version()
    manager.aspire("m", {1: old.loader})
    assert manager.wait("m", 1, AVAILABLE, WAIT_S)
    twice, last = manager.handle("m"), manager.handle("m")

    twice.release()
    twice.release()

    assert manager.versions("m")[0].handles == 1
    manager.aspire("m", {})
    assert states(manager) == {1: UNLOADING}
    assert not old.servable.closing.is_set()
    last.release()
    assert manager.wait("m", 1, END, WAIT_S)


def test_a_request_that_fails_gives_its_handle_back(manager, version):
    manager.aspire("m", {1: version().loader})
    assert manager.wait("m", 1, AVAILABLE, WAIT_S)

    with pytest.raises(ValueError, match="bad"), manager.handle("m"):
        raise ValueError("bad")

    assert manager.versions("m")[0].handles == 0


def test_a_slow_unload_holds_nothing_up(make_manager, version):
    manager = make_manager(unload_threads=1)
    slow = version()
    slow.may_close.clear()
    manager.aspire("slow", {1: slow.loader})
    assert manager.wait("slow", 1, AVAILABLE, WAIT_S)
    manager.aspire("slow", {})
    assert slow.servable.closing.wait(WAIT_S)

    manager.aspire("m", {1: version().loader})
    assert manager.wait("m", 1, AVAILABLE, WAIT_S)
    manager.aspire("slow", {2: version().loader})

    assert manager.wait("slow", 2, AVAILABLE, WAIT_S)
    assert states(manager, "slow") == {2: AVAILABLE, 1: UNLOADING}


@pytest.mark.parametrize("error", [RuntimeError("device lost"), SystemExit(1)])
def test_a_version_that_fails_to_close_has_ended_all_the_same(make_manager, version, error):
    manager = make_manager(unload_threads=1)
    for number in (1, 2):
        bad = version()
        manager.aspire("m", {number: bad.loader})
        assert manager.wait("m", number, AVAILABLE, WAIT_S)
        bad.servable.close = raising(error, bad.servable.closed)
        manager.aspire("m", {})
        assert manager.wait("m", number, END, WAIT_S)
    assert [status.error for status in manager.versions("m")] == [None, None]


def raising(error, closed):
    def close():
        closed.set()
        raise error

    return close


def test_the_resource_preserving_policy_ends_the_old_version_before_it_loads(make_manager, version):
    manager = make_manager(policy=resource_preserving)
    old, new = version(), version()
    manager.aspire("m", {1: old.loader})
    assert manager.wait("m", 1, AVAILABLE, WAIT_S)
    handle = manager.handle("m")

    manager.aspire("m", {2: new.loader})
    assert states(manager) == {2: START, 1: UNLOADING}
    assert new.loads == 0

    handle.release()
    assert reaches(manager, {2: AVAILABLE, 1: END})


def test_a_version_that_fails_ends_with_the_loaders_error_and_the_old_one_stays(manager, version):
    manager.aspire("m", {1: version().loader})
    assert manager.wait("m", 1, AVAILABLE, WAIT_S)

    manager.aspire("m", {2: version(error=InvalidArgument("no signatures")).loader})
    assert manager.wait("m", 2, END, WAIT_S)

    failed = manager.versions("m")[0]
    assert (failed.error.code, failed.error.message) == (Code.INVALID_ARGUMENT, "no signatures")
    assert (failed.loaded_at, failed.memory_bytes, failed.signatures) == (None, 0, ())
    assert answering(manager) == 1


def test_the_error_kept_holds_nothing_of_the_load_alive(manager, version):
    manager.aspire("m", {1: version(error=ServingError("broken", Code.DATA_LOSS)).loader})
    assert manager.wait("m", 1, END, WAIT_S)

    error = manager.versions("m")[0].error

    assert error.code is Code.DATA_LOSS
    assert error.__traceback__ is None


class Unprintable(Exception):
    def __str__(self):
        raise ValueError


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ValueError("bad magic"), "ValueError: bad magic"),
        (MemoryError(), "MemoryError"),
        (SystemExit(3), "SystemExit: 3"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
        (Unprintable(), "Unprintable: <exception str() failed>"),
    ],
)
def test_whatever_a_loader_raises_is_the_versions_error_and_costs_no_thread(
    make_manager, version, error, text
):
    manager = make_manager(load_threads=1)
    manager.aspire("m", {1: version().loader, 2: version(error=error).loader})

    assert reaches(manager, {2: END, 1: AVAILABLE})

    failure = manager.versions("m")[0].error
    assert failure.code is Code.INTERNAL
    assert failure.message.startswith("Loading failed: ")
    assert failure.message.endswith(text)


def test_a_loader_that_returns_no_servable_has_failed(manager):
    manager.aspire("m", {1: Loader(lambda: None)})

    assert manager.wait("m", 1, END, WAIT_S)

    assert manager.versions("m")[0].error.code is Code.INTERNAL


def test_a_failed_version_is_tried_again_only_when_its_files_change(manager, version):
    broken = version(error=InvalidArgument("half copied"))
    manager.aspire("m", {1: broken.loader})
    assert manager.wait("m", 1, END, WAIT_S)

    manager.aspire("m", {1: broken.loader})
    assert (states(manager), broken.loads) == ({1: END}, 1)

    broken.error = None
    broken.stamp += 1
    manager.aspire("m", {1: broken.loader})
    assert manager.wait("m", 1, AVAILABLE, WAIT_S)
    assert (manager.versions("m")[0].error, broken.loads) == (None, 2)


def test_files_that_change_during_a_load_that_fails_are_a_reason_to_try_again(manager, version):
    broken = version(error=InvalidArgument("half copied"), held=True)
    manager.aspire("m", {1: broken.loader})
    assert broken.loading.wait(WAIT_S)
    broken.stamp += 1
    broken.may_load.set()
    assert manager.wait("m", 1, END, WAIT_S)

    broken.error = None
    manager.aspire("m", {1: broken.loader})

    assert manager.wait("m", 1, AVAILABLE, WAIT_S)


def test_a_stamp_that_cannot_be_taken_does_not_disturb(manager, version):
    def gone():
        raise OSError("the directory is gone")

    broken = version(error=InvalidArgument("broken"))
    loader = Loader(broken.loader.load, "/models/fake", gone)
    manager.aspire("m", {1: loader})
    assert manager.wait("m", 1, END, WAIT_S)

    manager.aspire("m", {1: loader})

    assert (states(manager), broken.loads) == ({1: END}, 1)


def test_a_failed_version_is_tried_again_when_it_was_left_out_and_comes_back(manager, version):
    broken = version(error=InvalidArgument("broken"))
    manager.aspire("m", {1: broken.loader})
    assert manager.wait("m", 1, END, WAIT_S)

    broken.error = None
    manager.aspire("m", {})
    manager.aspire("m", {1: broken.loader})

    assert manager.wait("m", 1, AVAILABLE, WAIT_S)


def test_files_that_change_below_a_loaded_version_do_not_reload_it(manager, version):
    one = version()
    manager.aspire("m", {1: one.loader})
    assert manager.wait("m", 1, AVAILABLE, WAIT_S)

    one.stamp += 1
    manager.aspire("m", {1: one.loader})

    assert (states(manager), one.loads) == ({1: AVAILABLE}, 1)


def test_a_version_left_out_while_it_loads_is_closed_and_never_seen(manager, version):
    late = version(held=True)
    seen = []
    manager.aspire("m", {1: late.loader})
    assert late.loading.wait(WAIT_S)

    manager.aspire("m", {})
    late.may_load.set()
    assert manager.wait_until(lambda: seen.append(states(manager)[1]) or seen[-1] is END, WAIT_S)

    assert AVAILABLE not in seen
    assert late.servable.closed.is_set()


def test_a_version_left_out_while_it_loads_answers_until_its_successor_does(manager, version):
    late, successor = version(held=True), version(held=True)
    manager.aspire("m", {1: late.loader})
    assert late.loading.wait(WAIT_S)
    manager.aspire("m", {2: successor.loader})

    late.may_load.set()
    assert manager.wait("m", 1, AVAILABLE, WAIT_S)
    assert answering(manager) == 1

    successor.may_load.set()
    assert reaches(manager, {2: AVAILABLE, 1: END})


def test_a_version_aspired_again_while_it_loads_is_loaded_once(manager, version):
    one = version(held=True)
    manager.aspire("m", {1: one.loader})
    assert one.loading.wait(WAIT_S)

    manager.aspire("m", {})
    manager.aspire("m", {1: one.loader})
    one.may_load.set()

    assert manager.wait("m", 1, AVAILABLE, WAIT_S)
    assert one.loads == 1


def test_a_version_aspired_again_while_it_unloads_is_loaded_anew_after_that(manager, version):
    before, after = version(), version()
    manager.aspire("m", {1: before.loader})
    assert manager.wait("m", 1, AVAILABLE, WAIT_S)
    handle = manager.handle("m")
    manager.aspire("m", {})
    assert states(manager) == {1: UNLOADING}

    manager.aspire("m", {1: after.loader})
    assert (states(manager), after.loads) == ({1: UNLOADING}, 0)

    handle.release()
    assert manager.wait("m", 1, AVAILABLE, WAIT_S)
    assert before.servable.closed.is_set()
    with manager.handle("m") as lent:
        assert lent is after.servable


def test_a_version_left_out_while_it_waits_for_a_thread_is_never_loaded(make_manager, version):
    manager = make_manager(load_threads=1)
    slow, waiting = version(held=True), version()
    manager.aspire("slow", {1: slow.loader})
    manager.aspire("m", {1: waiting.loader})
    assert states(manager) == {1: START}

    manager.aspire("m", {})
    slow.may_load.set()
    assert manager.wait("slow", 1, AVAILABLE, WAIT_S)

    assert (states(manager), waiting.loads) == ({1: END}, 0)


def test_a_version_that_waits_for_a_thread_is_loaded_as_last_aspired(make_manager, version):
    manager = make_manager(load_threads=1)
    slow, first, last = version(held=True), version(), version()
    manager.aspire("slow", {1: slow.loader})
    manager.aspire("m", {1: first.loader})

    manager.aspire("m", {1: last.loader})
    slow.may_load.set()

    assert manager.wait("m", 1, AVAILABLE, WAIT_S)
    assert (first.loads, last.loads) == (0, 1)


def test_a_version_rolled_back_to_is_loaded_again(manager, version):
    one, two = version(), version()
    for loaders in ({1: one.loader}, {2: two.loader}, {1: one.loader}):
        manager.aspire("m", loaders)
        assert manager.wait("m", *loaders, AVAILABLE, WAIT_S)

    assert reaches(manager, {2: END, 1: AVAILABLE})
    assert answering(manager) == 1
    assert one.loads == 2


def test_an_empty_wish_for_an_unknown_model_leaves_no_trace(manager):
    manager.aspire("m", {})

    assert manager.models() == []


def test_waiting_for_available_ends_when_the_version_fails(manager, version):
    manager.aspire("m", {1: version(error=InvalidArgument("broken")).loader})

    assert not manager.wait("m", 1, AVAILABLE, timeout=3600)


def test_waiting_is_over_when_the_state_is_passed_or_the_time_is(manager, version):
    manager.aspire("m", {1: version().loader})
    assert manager.wait("m", 1, AVAILABLE, WAIT_S)

    assert manager.wait("m", 1, LOADING, timeout=0)
    assert not manager.wait("m", 1, UNLOADING, timeout=0.01)
    assert not manager.wait("m", 2, AVAILABLE, timeout=0.01)
    assert not manager.wait_until(lambda: False, timeout_s=0)


def test_a_change_during_the_look_at_a_condition_is_not_missed(manager, version):
    looks = []

    def condition():
        looks.append(None)
        if len(looks) == 1:
            manager.aspire("m", {1: version(held=True).loader})
            return False
        return True

    assert manager.wait_until(condition, timeout_s=2)  # nothing else changes


def test_close_unloads_everything_and_lends_no_more(manager, version):
    one, two = version(), version()
    manager.aspire("a", {1: one.loader})
    manager.aspire("b", {1: two.loader})
    assert manager.wait("a", 1, AVAILABLE, WAIT_S)
    assert manager.wait("b", 1, AVAILABLE, WAIT_S)

    manager.close(WAIT_S)
    manager.aspire("a", {2: one.loader})
    manager.close(WAIT_S)

    assert one.servable.closed.is_set()
    assert two.servable.closed.is_set()
    assert states(manager, "a") == {1: END}
    with pytest.raises(ServableNotFound):
        manager.handle("a")


def test_close_waits_for_loads_and_requests_under_way(manager, version):
    used, late = version(), version(held=True)
    manager.aspire("m", {1: used.loader})
    assert manager.wait("m", 1, AVAILABLE, WAIT_S)
    handle = manager.handle("m")
    manager.aspire("n", {1: late.loader})
    assert late.loading.wait(WAIT_S)
    closing = threading.Thread(target=manager.close, args=(WAIT_S,))

    closing.start()
    assert manager.wait("m", 1, UNLOADING, WAIT_S)
    assert not used.servable.closing.is_set()
    handle.release()
    late.may_load.set()
    closing.join(WAIT_S)

    assert not closing.is_alive()
    assert used.servable.closed.is_set()
    assert late.servable.closed.is_set()


def test_close_gives_up_in_time_and_the_last_handle_still_closes(manager, version, caplog):
    used = version()
    manager.aspire("m", {1: used.loader})
    assert manager.wait("m", 1, AVAILABLE, WAIT_S)
    handle = manager.handle("m")

    manager.close(timeout_s=0.01)
    assert "m version 1 (UNLOADING, 1 requests)" in caplog.text
    assert not used.servable.closing.is_set()

    handle.release()
    assert used.servable.closed.wait(WAIT_S)
