"""A version that pretends: it doubles numbers, and runs when the test lets it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from queue import Queue as Inbox
from typing import Any

import numpy as np
import pytest

from server_ext.batching.batched import Batched
from server_ext.batching.counts import Counts
from server_ext.batching.parameters import Parameters, Pool
from server_ext.batching.scheduler import Scheduler
from server_ext.errors import InvalidArgument
from server_ext.lifecycle.servable import Servable, Signature, TensorSpec, Turn
from server_ext.metrics import Registry

WAIT_S = 10
FLOAT, INT64 = 1, 9
BAD = -1.0


def signature(
    name: str,
    inputs: Mapping[str, str],
    outputs: Mapping[str, str],
    defaults: Sequence[str] = (),
) -> Signature:
    """Return a signature from aliases to tensors' names; all of them `[-1, -1]` floats."""

    def specs(names: Mapping[str, str]) -> dict[str, TensorSpec]:
        return {alias: TensorSpec(tensor, FLOAT, (-1, -1)) for alias, tensor in names.items()}

    return Signature(name, "", specs(inputs), specs(outputs), b"", frozenset(defaults))


DOUBLE = signature("serving_default", {"x": "in:0"}, {"y": "out:0"})


class FakeModel(Servable):
    """Gives each wanted output twice the first input, as `compute` says otherwise.

    A number BAD in a request fails its run. `hold` makes runs wait until `let_go`; `runs` are the
    shapes of the first input of each run, `threads` the names of those they ran on.
    """

    def __init__(self, compute: Callable[[Any], Any] = lambda x: x * 2) -> None:
        self._compute = compute
        self._may_run = threading.Event()
        self._may_run.set()
        self.entered: Inbox[tuple[int, ...]] = Inbox()
        self.runs: list[tuple[int, ...]] = []
        self.fed: list[Mapping[str, Any]] = []
        self.asked: list[tuple[str, tuple[str, ...]]] = []
        self.threads: list[str] = []
        self.closed = False

    @property
    def signatures(self) -> Mapping[str, Signature]:
        return {DOUBLE.name: DOUBLE}

    @property
    def memory_bytes(self) -> int:
        return 1234

    def run(
        self, signature: Signature, inputs: Mapping[str, Any], outputs: Sequence[str]
    ) -> list[Any]:
        x = next(iter(inputs.values()), np.zeros(()))
        self.runs.append(x.shape)
        self.fed.append(dict(inputs))
        self.asked.append((signature.name, tuple(outputs)))
        self.threads.append(threading.current_thread().name)
        self.entered.put(x.shape)
        assert self._may_run.wait(WAIT_S)
        assert not self.closed
        if (x == BAD).any():
            raise InvalidArgument(f"{BAD} is bad")
        return [self._compute(x) for _ in outputs]

    def close(self) -> None:
        self.closed = True

    def hold(self) -> None:
        self._may_run.clear()

    def let_go(self) -> None:
        self._may_run.set()


class Request:
    """One request to a version, by `submit`; `answer` waits for what comes of it.

    `given_back` is called with the answer, as a front end gives its handle back.
    """

    def __init__(
        self,
        servable: Servable,
        inputs: Mapping[str, Any],
        outputs: Sequence[str] = ("y",),
        form: Signature = DOUBLE,
        deadline: float | None = None,
        given_back: Callable[[], None] = lambda: None,
        brief: bool = False,
    ) -> None:
        self.turn = Turn(deadline, brief=brief)
        self.thread = ""
        self.answered = 0
        self._give_back = given_back
        self._done = threading.Event()
        self._answer: Any = None
        servable.submit(form, inputs, outputs, self._put, self.turn)

    def _put(self, answer: Any) -> None:
        self.thread = threading.current_thread().name
        self.answered += 1
        self._answer = answer
        self._give_back()
        self._done.set()

    @property
    def done(self) -> bool:
        return self._done.is_set()

    def answer(self) -> Any:
        assert self._done.wait(WAIT_S)
        assert self.answered == 1
        return self._answer

    def rows(self) -> list[Any]:
        """Return the first output as a list."""
        answer = self.answer()
        assert isinstance(answer, list), answer
        return answer[0].tolist()


class Bench:
    """A scheduler, its metrics, and versions in front of it."""

    def __init__(self, threads: int = 1, max_bytes: int = 0) -> None:
        self.registry = Registry()
        self.scheduler = Scheduler(Pool(threads, "batches"), max_bytes)
        self.counts = Counts(
            self.registry,
            "batches",
            lambda: {(name,): count for name, count in self.scheduler.waiting().items()},
        )
        self.models: list[FakeModel] = []

    def batched(self, model: FakeModel, name: str = "m", **parameters: Any) -> Batched:
        self.models.append(model)
        parameters.setdefault("max_execution_batch_size", parameters.get("max_batch_size", 1000))
        return Batched(name, model, Parameters(**parameters), self.scheduler, self.counts)

    def known(self, servable: Batched, model: FakeModel) -> Batched:
        """Run rows until it is known how long that takes; nothing of it stays in the model."""
        for _ in range(10):
            Request(servable, {"x": np.zeros((1, 1), np.float32)}).answer()
        model.runs.clear()
        model.threads.clear()
        while not model.entered.empty():
            model.entered.get()
        return servable

    def points(self, name: str) -> Any:
        full = f"/tensorflow/serving/batching_session/{name}"
        return next(metric for metric in self.registry.metrics() if metric.name == full).points()


@pytest.fixture
def make_bench() -> Iterator[Callable[..., Bench]]:
    made: list[Bench] = []

    def make(threads: int = 1, max_bytes: int = 0) -> Bench:
        made.append(Bench(threads, max_bytes))
        return made[-1]

    yield make
    for bench in made:
        for model in bench.models:
            model.let_go()
        bench.scheduler.close(WAIT_S)
    names = {thread.name for thread in threading.enumerate()}
    assert not {name for name in names if name.startswith("batches")}


@pytest.fixture
def bench(make_bench: Callable[..., Bench]) -> Bench:
    """A scheduler of one thread, so that a held model holds up everything."""
    return make_bench()


@pytest.fixture
def model() -> FakeModel:
    return FakeModel()


@pytest.fixture
def ask() -> type[Request]:
    return Request


@pytest.fixture
def fake_model() -> type[FakeModel]:
    return FakeModel


@pytest.fixture
def make_signature() -> Callable[..., Signature]:
    return signature
