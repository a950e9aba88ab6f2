"""Where the runs of a version take place that is not batched."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from queue import Queue
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from server_ext.errors import Code, Internal, ServingError
from server_ext.lifecycle.pooled import Pooled, pooled_loads
from server_ext.lifecycle.servable import Loader, Servable, Signature, Turn
from server_ext.lifecycle.timing import Timing
from server_ext.lifecycle.workers import Workers

WAIT_S = 10
SIGNATURE = Signature("serving_default", "", {}, {}, b"")
ROW = {"x": np.zeros((1, 1), np.float32)}


class Version(Servable):
    signatures = MappingProxyType({SIGNATURE.name: SIGNATURE})
    memory_bytes = 5

    def __init__(self, compute: Callable[[], Any] = lambda: None) -> None:
        self.compute = compute
        self.threads: list[str] = []
        self.closed = False

    def run(self, signature: Signature, inputs: Any, outputs: Any) -> list[Any]:
        self.threads.append(threading.current_thread().name)
        return [self.compute()]

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def pool() -> Iterator[Workers]:
    workers = Workers(1, "pool")
    yield workers
    workers.close(WAIT_S)


def submit(servable: Servable, turn: Turn, inputs: Any = ROW) -> Queue[Any]:
    answers: Queue[Any] = Queue()
    servable.submit(SIGNATURE, inputs, ["y"], answers.put, turn)
    return answers


def spin() -> None:
    """Use more CPU time than a short run may."""
    end = time.thread_time() + 0.001
    while time.thread_time() < end:
        pass


def test_who_may_be_held_runs_by_itself(pool):
    version = Version(spin)

    for _ in range(3):
        assert submit(Pooled(version, pool), Turn()).get(timeout=WAIT_S) == [None]

    assert set(version.threads) == {threading.current_thread().name}


def test_who_reads_other_requests_runs_what_was_short_before(pool):
    version = Version()
    servable = Pooled(version, pool)

    for _ in range(10):
        submit(servable, Turn(brief=True)).get(timeout=WAIT_S)

    assert version.threads[0] == "pool-0"
    assert version.threads[-1] == threading.current_thread().name


def test_who_reads_other_requests_hands_over_what_was_long_before(pool):
    version = Version(spin)
    servable = Pooled(version, pool)

    for _ in range(3):
        submit(servable, Turn(brief=True)).get(timeout=WAIT_S)

    assert version.threads == ["pool-0"] * 3


def test_a_request_whose_caller_has_left_is_not_run(pool):
    version = Version()
    turn = Turn()
    turn.gone = True

    answer = submit(Pooled(version, pool), turn).get(timeout=WAIT_S)

    assert answer.code is Code.CANCELLED
    assert version.threads == []


def test_a_request_whose_deadline_passes_before_the_pool_is_free_is_not_run(pool):
    gate = threading.Event()
    pool.submit(gate.wait)
    version = Version()
    answers = submit(Pooled(version, pool), Turn(deadline=time.monotonic(), brief=True))
    gate.set()

    assert answers.get(timeout=WAIT_S).code is Code.DEADLINE_EXCEEDED
    assert version.threads == []


def test_errors_come_as_answers(pool):
    def fail() -> None:
        raise ServingError("no", Code.DATA_LOSS)

    assert submit(Pooled(Version(fail), pool), Turn()).get(timeout=WAIT_S).code is Code.DATA_LOSS
    assert isinstance(submit(Pooled(Version(lambda: 1 / 0), pool), Turn()).get(), Internal)


@pytest.mark.parametrize("inputs", [{}, {"x": np.array(1.0)}, {"x": np.zeros((0, 2))}])
def test_requests_without_rows_run_as_well(pool, inputs):
    assert submit(Pooled(Version(), pool), Turn(), inputs).get(timeout=WAIT_S) == [None]


def test_a_loaded_version_looks_the_same_and_is_closed(pool):
    version = Version()
    servable = pooled_loads(lambda *_: Loader(lambda: version), pool)("m", 1, "").load()

    assert dict(servable.signatures) == {SIGNATURE.name: SIGNATURE}
    assert servable.memory_bytes == 5
    servable.close()
    assert version.closed


def test_how_long_a_request_waited_and_ran_is_noted_where_somebody_wants_to_know(pool: Workers):
    go_on = threading.Event()
    pool.submit(lambda: go_on.wait(WAIT_S))
    version, turn = Pooled(Version(spin), pool), Turn(brief=True)
    submit(version, Turn(brief=False)).get(timeout=WAIT_S)  # now it is known to be long
    turn.timing = Timing()

    answers = submit(version, turn)
    assert turn.timing.run_s == 0
    go_on.set()
    answers.get(timeout=WAIT_S)

    assert turn.timing.queue_s > 0
    assert turn.timing.run_s >= 0.001
    assert turn.timing.rows is None
