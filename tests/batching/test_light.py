"""How many batches run at a time that give Python about as much to do as the model."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from server_ext.batching.parameters import Pool
from server_ext.batching.scheduler import Scheduler

WAIT_S = 10


def rows(count=1, value=1):
    return {"x": np.full((count, 1), value, np.float32)}


@pytest.fixture
def limited(make_bench):
    """Three threads, of which one runs light batches."""
    bench = make_bench()
    bench.scheduler.close(WAIT_S)
    bench.scheduler = Scheduler(Pool(3, "batches", light=1))
    return bench


def test_light_batches_run_one_after_the_other_and_grow_meanwhile(limited, model, ask):
    servable = limited.known(limited.batched(model), model)
    model.hold()
    first = ask(servable, rows())
    model.entered.get(timeout=WAIT_S)

    others = [ask(servable, rows(value=value)) for value in range(5)]
    model.let_go()

    first.answer()
    assert [request.rows() for request in others] == [[[2.0 * value]] for value in range(5)]
    assert model.runs == [(1, 1), (5, 1)]


def test_nobody_helps_while_a_light_batch_runs(limited, model, ask):
    servable = limited.known(limited.batched(model), model)
    model.hold()
    first = ask(servable, rows())
    model.entered.get(timeout=WAIT_S)
    brief = ask(servable, rows(), brief=True)
    limited.scheduler.help()

    assert not brief.done
    model.let_go()
    for request in (first, brief):
        request.answer()
    assert threading.current_thread().name not in model.threads


def test_batches_that_are_not_known_to_be_light_run_side_by_side(limited, model, ask):
    model.hold()
    requests = [ask(limited.batched(model, name), rows()) for name in ("a", "b", "c")]

    for _ in requests:
        model.entered.get(timeout=WAIT_S)
    model.let_go()
    for request in requests:
        request.answer()


def test_a_scheduler_that_closes_runs_what_waits(limited, model, ask):
    servable = limited.known(limited.batched(model), model)
    model.hold()
    requests = [ask(servable, rows()) for _ in range(3)]
    closing = threading.Thread(target=limited.scheduler.close, args=(WAIT_S,))
    closing.start()
    model.let_go()
    closing.join(WAIT_S)

    assert not closing.is_alive()
    for request in requests:
        request.answer()


def test_a_light_batch_that_takes_long_after_all_holds_up_no_other_model(limited, fake_model, ask):
    held, other = fake_model(), fake_model()
    slow_one = limited.known(limited.batched(held, "held"), held)
    fast_one = limited.known(limited.batched(other, "other"), other)
    held.hold()
    waiting = ask(slow_one, rows())
    held.entered.get(timeout=WAIT_S)

    assert [ask(fast_one, rows()).rows() for _ in range(3)] == [[[2.0]]] * 3
    assert not waiting.done
    held.let_go()
    waiting.answer()


def test_a_helper_that_is_held_holds_up_nobody(limited, fake_model, ask):
    held, other = fake_model(), fake_model()
    slow_one = limited.known(limited.batched(held, "held"), held)
    fast_one = limited.known(limited.batched(other, "other"), other)
    held.hold()
    waiting = ask(slow_one, rows(), brief=True)
    helper = threading.Thread(target=limited.scheduler.help)
    helper.start()
    held.entered.get(timeout=WAIT_S)
    behind = ask(fast_one, rows(), brief=True)
    limited.scheduler.help()

    assert behind.rows() == [[2.0]]
    held.let_go()
    waiting.answer()
    helper.join(WAIT_S)


def test_a_scheduler_that_closes_shares_out_what_is_long(make_bench, fake_model, ask):
    bench = make_bench()
    bench.scheduler.close(WAIT_S)
    bench.scheduler = Scheduler(Pool(2, "batches", light=1))
    model = fake_model()
    servable = bench.known(bench.batched(model), model)
    queue, _ = servable._place(servable.signatures["serving_default"], ("x",), ("y",))
    queue.run.pace.add(64, 0.004, 0.004)  # light for each of 64 requests, and long for all of them
    model.hold()
    first = ask(servable, rows())
    model.entered.get(timeout=WAIT_S)
    requests = [ask(servable, rows()) for _ in range(64)]
    closing = threading.Thread(target=bench.scheduler.close, args=(WAIT_S,))
    closing.start()
    model.let_go()
    closing.join(WAIT_S)

    for request in (first, *requests):
        assert request.rows() == [[2.0]]
