"""Who reads requests runs short batches; the scheduler's threads share the work of long ones."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from server_ext.errors import Unavailable

WAIT_S = 10
HERE = threading.main_thread().name


def rows(count=1, value=1):
    return {"x": np.full((count, 1), value, np.float32)}


def spin(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def slow(x):
    spin(0.0001 * len(x))
    return x * 2


def test_brief_requests_wait_until_somebody_helps_and_run_in_one_batch(bench, model, ask):
    servable = bench.known(bench.batched(model), model)

    requests = [ask(servable, rows(value=value), brief=True) for value in (1, 2, 3)]
    assert not any(request.done for request in requests)
    bench.scheduler.help()

    assert [request.rows() for request in requests] == [[[2.0]], [[4.0]], [[6.0]]]
    assert model.runs == [(3, 1)]
    assert model.threads == [HERE]


def test_what_is_not_known_to_be_short_goes_to_the_threads(bench, model, ask):
    request = ask(bench.batched(model), rows(), brief=True)
    bench.scheduler.help()

    assert request.rows() == [[2.0]]
    assert model.threads == ["batches-0"]


def test_a_short_batch_is_helped_with_while_a_long_one_waits_for_a_thread(bench, fake_model, ask):
    long, short = fake_model(lambda x: slow(np.repeat(x, 30, 0))[:1]), fake_model()
    slow_one = bench.known(bench.batched(long, "long"), long)
    fast_one = bench.known(bench.batched(short, "short"), short)
    requests = [ask(servable, rows(), brief=True) for servable in (slow_one, fast_one)]
    bench.scheduler.help()

    for request in requests:
        request.answer()
    assert long.threads == ["batches-0"]
    assert short.threads == [HERE]


def test_to_help_when_nothing_waits_does_nothing(bench):
    bench.scheduler.help()


def test_a_batch_that_waits_for_more_requests_is_due_without_help(bench, model, ask):
    servable = bench.known(bench.batched(model, timeout_s=0.02), model)

    request = ask(servable, rows(), brief=True)
    bench.scheduler.help()

    assert request.rows() == [[2.0]]
    assert model.threads == ["batches-0"]


def test_free_threads_share_a_batch_that_takes_long(make_bench, fake_model, ask):
    bench, model, gate = make_bench(threads=2), fake_model(slow), fake_model()
    servable = bench.batched(model, "m")
    ask(servable, rows(64)).answer()  # 6 ms, so that two parts are worth it
    gates = [bench.batched(gate, f"gate {number}") for number in range(2)]
    gate.hold()
    held = []
    for one in gates:
        held.append(ask(one, rows()))
        gate.entered.get(timeout=WAIT_S)
    requests = [ask(servable, rows(16, value)) for value in range(4)]
    gate.let_go()

    for value, request in enumerate(requests):
        assert request.rows() == [[2.0 * value]] * 16
    shared = model.runs[1:]
    assert sum(count for count, _ in shared) == 64
    assert all(count % 16 == 0 for count, _ in shared)


@pytest.mark.parametrize("given", [{"timeout_s": 0.001}, {"allowed_batch_sizes": (64,)}])
def test_a_batch_whose_size_the_user_has_chosen_is_not_shared(make_bench, fake_model, ask, given):
    bench, model = make_bench(threads=2), fake_model(slow)
    servable = bench.batched(model, max_batch_size=64, **given)
    ask(servable, rows(64)).answer()

    requests = [ask(servable, rows(16), brief=True) for _ in range(4)]
    bench.scheduler.help()

    for request in requests:
        request.answer()
    assert model.runs == [(64, 1)] * 2


def test_requests_are_refused_before_their_inputs_take_too_much_memory(make_bench, model, ask):
    bench = make_bench(max_bytes=400)
    servable = bench.batched(model)
    model.hold()
    running = ask(servable, rows(100))  # 400 bytes, which do not wait any more
    model.entered.get(timeout=WAIT_S)
    waiting = [ask(servable, rows(50)) for _ in range(2)]

    refused = ask(servable, rows(1)).answer()

    assert isinstance(refused, Unavailable)
    assert "currently 400 bytes wait and max_queued_bytes is 400" in refused.message
    model.let_go()
    for request in (running, *waiting):
        assert isinstance(request.answer(), list)
    assert isinstance(ask(servable, rows(100)).answer(), list)


def test_one_request_may_always_wait_however_large(make_bench, model, ask):
    bench = make_bench(max_bytes=4)

    assert isinstance(ask(bench.batched(model), rows(100)).answer(), list)


def test_the_bytes_of_strings_count(make_bench, fake_model, ask):
    bench, model = make_bench(max_bytes=1000), fake_model(lambda x: x)
    servable = bench.batched(model)
    model.hold()
    held = ask(servable, rows())
    model.entered.get(timeout=WAIT_S)
    text = np.array([[b"x" * 992]], object)
    waiting = ask(servable, {"x": text})

    assert isinstance(ask(servable, {"x": text}).answer(), Unavailable)
    model.let_go()
    for request in (held, waiting):
        request.answer()
