"""Many threads at once: no request is lost in a swap, and every servable is closed exactly once."""

from __future__ import annotations

import random
import sys
import threading

import pytest

from server_ext.errors import InvalidArgument, ServableNotFound
from server_ext.lifecycle.policy import State

AVAILABLE, END = State.AVAILABLE, State.END
WAIT_S = 30
SEED = 20


@pytest.fixture(autouse=True)
def _threads_switch_often():
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def run_together(*targets):
    """Run each target in a thread of its own; raise what one of them raises."""
    failures = []

    def guarded(target):
        try:
            target()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(target,)) for target in targets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_S)
        assert not thread.is_alive()
    if failures:
        raise failures[0]


def test_no_request_is_lost_while_versions_are_swapped(manager, version):
    manager.aspire("m", {0: version().loader})
    assert manager.wait("m", 0, AVAILABLE, WAIT_S)
    over = threading.Event()
    answers = [0, 0, 0, 0]

    def ask(client):
        try:
            while not over.is_set():
                with manager.handle("m") as lent:
                    lent.run(None, {}, [])
                answers[client] += 1
        finally:
            over.set()

    def swap():
        swaps = 0
        try:
            while not over.is_set() and (swaps < 100 or min(answers) == 0):
                swaps += 1
                number = swaps % 3  # up and down: the highest is not always the one that stays
                manager.aspire("m", {number: version().loader})
                assert manager.wait("m", number, AVAILABLE, WAIT_S)
        finally:
            over.set()

    run_together(swap, *(lambda client=client: ask(client) for client in range(4)))

    assert min(answers) > 0
    assert sum(status.handles for status in manager.versions("m")) == 0


def test_a_handle_released_by_two_threads_at_once_counts_once(manager, version):
    manager.aspire("m", {1: version().loader})
    assert manager.wait("m", 1, AVAILABLE, WAIT_S)
    keeper = manager.handle("m")

    for _ in range(50):
        handle = manager.handle("m")
        together = threading.Barrier(2)

        def release(handle=handle, together=together):
            together.wait(WAIT_S)
            handle.release()

        run_together(release, release)

    assert manager.versions("m")[0].handles == 1
    keeper.release()


def test_minds_changed_by_many_threads_at_once_come_to_rest_where_the_last_one_said(
    make_manager, version
):
    manager = make_manager(load_threads=3, unload_threads=2)

    def change_mind(seed):
        choice = random.Random(seed)
        for _ in range(60):
            wanted = {}
            for number in choice.sample(range(1, 6), choice.randint(0, 3)):
                broken = choice.random() < 0.2
                wanted[number] = version(error=InvalidArgument("no") if broken else None).loader
            manager.aspire("m", wanted)

    def ask(seed):
        choice = random.Random(seed)
        for _ in range(300):
            try:
                handle = manager.handle("m", choice.choice([None, 1, 2, 3, 4, 5]))
            except ServableNotFound:
                continue
            handle.servable.run(None, {}, [])
            handle.release()

    run_together(
        *(lambda seed=seed: change_mind(SEED + seed) for seed in range(3)),
        *(lambda seed=seed: ask(SEED + seed) for seed in range(2)),
    )
    manager.aspire("m", {})
    manager.aspire("m", {2: version().loader, 4: version().loader})

    def at_rest():
        states = {status.version: status.state for status in manager.versions("m")}
        wanted = {states.pop(2), states.pop(4)}
        return wanted == {AVAILABLE} and set(states.values()) <= {END}

    assert manager.wait_until(at_rest, WAIT_S), manager.versions("m")
