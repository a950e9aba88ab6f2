"""What --batching=auto decides about real models: good ones, and each way to be a bad one."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from server_ext.batching import auto
from server_ext.batching.auto import Auto, Runtime
from server_ext.batching.cache import Cache
from server_ext.batching.parameters import Parameters
from server_ext.engine import savedmodel
from server_ext.lifecycle.servable import Hazards, Loader, Servable, Signature, TensorSpec

pytestmark = pytest.mark.tensorflow

EXPECTED = {
    "dense": "batched",
    "convolution": "batched",
    "words": "batched",
    "look_up": "batched",
    "embedding": "batched",
    "two_inputs": "batched",
    "counted": "batched",
    "mean": "mixes_rows",
    "normalised": "mixes_rows",
    "sorted": "mixes_rows",
    "summed_up": "mixes_rows",
    "place": "mixes_rows",
    "drawn_from_a_seed": "mixes_rows",
    "filled_up_words": "mixes_rows",
    "unique": "no_rows",
    "constant": "constant",
    "random": "state",
    "state": "state",
    "total": "shape",
    "factor": "shape",
    "loop": "loop",
    "needs_records": "failed",
}


@pytest.fixture(scope="session")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with a signature for each of EXPECTED."""
    import tensorflow as tf

    module, functions = tf.Module(), {}
    module.count = tf.Variable(0.0)
    module.weights = tf.Variable(tf.random.stateless_normal([4, 3], (1, 2)))
    words = tf.lookup.KeyValueTensorInitializer(["a", "Zebra"], [1, 2], tf.string, tf.int64)
    module.table = tf.lookup.StaticHashTable(words, 0)

    def signature(*specs: Any) -> Callable[[Any], Any]:
        def add(function: Any) -> Any:
            functions[function.__name__] = tf.function(function, input_signature=specs)
            return function

        return add

    numbers = tf.TensorSpec([None, 4], tf.float32)
    column = tf.TensorSpec([None], tf.float32)
    texts = tf.TensorSpec([None], tf.string)

    @signature(numbers)
    def dense(x: Any) -> Any:
        return {"y": tf.nn.softmax(x @ module.weights)}

    @signature(tf.TensorSpec([None, None, None, 3], tf.float32))
    def convolution(x: Any) -> Any:
        return {"y": tf.nn.conv2d(x, tf.ones([3, 3, 3, 2]), 2, "SAME")}

    @signature(texts)
    def words(s: Any) -> Any:
        return {"y": tf.strings.upper(s), "n": tf.strings.length(s)}

    @signature(texts)
    def look_up(s: Any) -> Any:
        return {"y": module.table.lookup(s)}

    @signature(tf.TensorSpec([None, None], tf.int32))
    def embedding(i: Any) -> Any:
        return {"y": tf.reduce_sum(tf.gather(module.weights, i), 1)}

    @signature(tf.TensorSpec([None, 2], tf.float32), tf.TensorSpec([None], tf.int64))
    def two_inputs(a: Any, b: Any) -> Any:
        return {"y": a + tf.cast(b, tf.float32)[:, None]}

    @signature(numbers)
    def counted(x: Any) -> Any:
        _, y = tf.while_loop(
            lambda i, y: i < 4, lambda i, y: (i + 1, y + x[:, i]), (0, tf.zeros_like(x[:, 0]))
        )
        return {"y": y}

    @signature(numbers)
    def mean(x: Any) -> Any:
        return {"y": x - tf.reduce_mean(x, 0, keepdims=True)}

    @signature(numbers)
    def normalised(x: Any) -> Any:
        middle, variance = tf.nn.moments(x, 0)
        return {"y": (x - middle) / tf.sqrt(variance + 1e-3)}

    @signature(column)
    def sorted(x: Any) -> Any:
        return {"y": tf.sort(x)}

    @signature(column)
    def summed_up(x: Any) -> Any:
        return {"y": tf.cumsum(x)}

    @signature(numbers)
    def place(x: Any) -> Any:
        return {"y": x + tf.cast(tf.range(tf.shape(x)[0]), tf.float32)[:, None]}

    @signature(numbers)
    def drawn_from_a_seed(x: Any) -> Any:
        return {"y": x + tf.random.stateless_normal(tf.shape(x), [1, 2])}

    @signature(texts)
    def filled_up_words(s: Any) -> Any:
        return {"y": tf.strings.split(s).to_tensor(b"")}

    @signature(tf.TensorSpec([None], tf.int32))
    def unique(x: Any) -> Any:
        return {"y": tf.unique(x).y}

    @signature(numbers)
    def constant(x: Any) -> Any:
        return {"y": tf.fill([tf.shape(x)[0], 3], 5.0)}

    @signature(numbers)
    def random(x: Any) -> Any:
        return {"y": x + tf.random.normal(tf.shape(x))}

    @signature(numbers)
    def state(x: Any) -> Any:
        return {"y": x + module.count.assign_add(1.0)}

    @signature(numbers)
    def total(x: Any) -> Any:
        return {"y": x, "total": tf.reduce_sum(x)}

    @signature(numbers, tf.TensorSpec([], tf.float32))
    def factor(x: Any, k: Any) -> Any:
        return {"y": x * k}

    @signature(numbers)
    def loop(x: Any) -> Any:
        return {"y": tf.while_loop(lambda y: tf.reduce_max(y) > 1.0, lambda y: (y / 2,), (x,))[0]}

    @signature(texts)
    def needs_records(s: Any) -> Any:
        return {"y": tf.io.parse_example(s, {"x": tf.io.FixedLenFeature([], tf.float32)})["x"]}

    directory = tmp_path_factory.mktemp("zoo") / "1"
    module.functions = functions
    tf.saved_model.save(module, str(directory), signatures=functions)
    return directory


@pytest.fixture(scope="module")
def model(zoo: Path) -> Any:
    loaded = savedmodel.load(str(zoo))
    yield loaded
    loaded.close()


def decide(
    servable: Any,
    directory: Path,
    records: Any = lambda name, version, path, servable: (),
    **limits: Any,
) -> Any:
    limits.setdefault("max_execution_batch_size", limits.get("max_batch_size", 1000))
    made = Auto(records, Cache(directory), Runtime("here", stays=True), 2)
    return made.decide("m", 1, Loader(lambda: servable), servable, Parameters(**limits))


@pytest.fixture(scope="module")
def decision(model: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return decide(model, tmp_path_factory.mktemp("cache"))


@pytest.mark.parametrize("name", EXPECTED)
def test_each_signature_is_judged_by_what_it_does(decision: Any, name: str):
    verdict = decision.signatures[name]

    assert verdict.kind == EXPECTED[name], verdict.reason


def test_only_what_was_shown_is_covered(decision: Any, model: Any):
    covered = {
        name
        for name in EXPECTED
        for signature in [model.signatures[name]]
        if decision.shown.covers(signature, tuple(signature.inputs), tuple(signature.outputs))
    }

    assert covered == {name for name, kind in EXPECTED.items() if kind == "batched"}


def test_a_request_without_one_of_the_inputs_is_not_covered(decision: Any, model: Any):
    signature = model.signatures["two_inputs"]

    assert not decision.shown.covers(signature, ("a",), ("y",))


def test_the_reasons_are_plain_words(decision: Any):
    reasons = {name: verdict.reason for name, verdict in decision.signatures.items()}

    assert reasons["random"] == (
        "its operation RandomStandardNormal may keep a state or draw random numbers"
    )
    assert reasons["total"] == "output 'total' has no leading dimension of any size"
    assert "its rows do not depend on each other, as was shown, and" in reasons["dense"]
    assert decision.reason.startswith("7 of 22 signatures, such as 'convolution': its rows")


def test_a_state_is_never_touched(decision: Any, model: Any):
    signature = model.signatures["state"]

    [y] = model.run(signature, {"x": np.zeros((1, 4), np.float32)}, ["y"])

    assert y.tolist() == [[1.0] * 4]


def test_records_show_what_nothing_made_up_can(model: Any, tmp_path: Path):
    import tensorflow as tf

    def example(x: float) -> bytes:
        message = tf.train.Example()
        message.features.feature["x"].float_list.value.append(x)
        return message.SerializeToString()

    def records(name: str, version: int, path: str, servable: Any) -> Any:
        for number in (1.0, 2.0, 3.0):
            yield (
                servable.signatures["needs_records"],
                {"s": np.array([example(number)], object)},
            )
        yield servable.signatures["loop"], {"x": np.diag([9, 1, 3, 5]).astype(np.float32)}

    verdicts = decide(model, tmp_path, records).signatures

    assert verdicts["needs_records"].kind == "batched", verdicts["needs_records"].reason
    assert verdicts["loop"].kind == "mixes_rows"  # the largest of all rows ends it


def test_limits_are_upper_bounds(model: Any, tmp_path: Path):
    found = decide(
        model,
        tmp_path,
        max_batch_size=12,
        allowed_batch_sizes=(3, 6, 12),
        max_enqueued_batches=7,
        timeout_s=0.5,
        pad_variable_length_inputs=True,
    ).parameters

    assert found.max_batch_size in (3, 6, 12)
    assert found.allowed_batch_sizes[-1] == found.max_batch_size == found.max_execution_batch_size
    assert found.max_enqueued_batches * found.max_batch_size == 7 * 12
    assert found.timeout_s == 0.5
    assert not found.pad_variable_length_inputs


class ThreadTime(threading.local):
    """The computing time of each thread as the tests have it, so that no other work counts."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def spend(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> ThreadTime:
    clock = ThreadTime()
    monkeypatch.setattr(time, "thread_time", clock)
    return clock


class Slow(Servable):
    """Doubles `x` in the same time for a batch as for a row where it `gains`, else for each row."""

    def __init__(self, clock: ThreadTime, gains: bool) -> None:
        self.clock = clock
        self.gains = gains
        self.sizes: list[int] = []

    @property
    def signatures(self) -> Mapping[str, Signature]:
        specs = {"x": TensorSpec("x:0", 1, (-1, 2))}
        return {"serving_default": Signature("serving_default", "", specs, specs, b"")}

    @property
    def memory_bytes(self) -> int:
        return 0

    def hazards(self, signature: Signature) -> Hazards:
        return Hazards()

    def run(
        self, signature: Signature, inputs: Mapping[str, Any], outputs: Sequence[str]
    ) -> list[Any]:
        self.sizes.append(len(inputs["x"]))
        for _ in range(1 if self.gains else len(inputs["x"])):
            self.clock.spend(0.3e-3)
        return [inputs["x"] * 2]

    def close(self) -> None:
        pass


def test_what_gains_nothing_is_not_batched(clock: ThreadTime, tmp_path: Path):
    decision = decide(Slow(clock, gains=False), tmp_path)

    assert decision.parameters is None
    assert decision.signatures["serving_default"].kind == "no_gain"
    assert decision.description() == {
        "mode": "off",
        "max_batch_size": None,
        "reason": "signature 'serving_default': larger batches are not faster than single rows, "
        "as was measured",
        "signatures": {
            "serving_default": {
                "mode": "off",
                "reason": "larger batches are not faster than single rows, as was measured",
            }
        },
    }


def test_what_was_measured_is_remembered_and_looked_at_again(clock: ThreadTime, tmp_path: Path):
    first, second, slower = (
        Slow(clock, gains=True),
        Slow(clock, gains=True),
        Slow(clock, gains=False),
    )

    sizes = [decide(model, tmp_path).largest for model in (first, second, slower)]

    assert sizes[0] == sizes[1] > 100
    assert sizes[2] == 0  # other than what is remembered of these files
    assert len(second.sizes) < len(first.sizes) / 2
    assert set(second.sizes) <= {1, 2, 3, 6, sizes[0]}


@pytest.mark.parametrize("size", [5, 1000])
def test_a_size_that_was_not_to_choose_from_is_not_believed(
    clock: ThreadTime, tmp_path: Path, size: int
):
    limits = {"max_batch_size": 8, "allowed_batch_sizes": (4, 8)}
    decide(Slow(clock, gains=True), tmp_path, **limits)
    [file] = tmp_path.rglob("*.json")
    file.write_text(
        json.dumps(json.loads(file.read_text()) | {"sizes": {"serving_default": [size, 9.5]}})
    )

    assert decide(Slow(clock, gains=True), tmp_path, **limits).largest == 8


def test_a_decision_is_logged_once_in_plain_words(clock: ThreadTime, tmp_path: Path, caplog: Any):
    with caplog.at_level(logging.INFO, auto.__name__):
        decide(Slow(clock, gains=False), tmp_path)

    [line] = caplog.messages
    assert line.startswith(
        "m version 1 is not batched: signature 'serving_default': larger batches are not faster"
    )


def test_a_trial_that_breaks_leaves_the_version_unbatched(
    clock: ThreadTime, tmp_path: Path, caplog: Any
):
    def records(*about: Any) -> Any:
        raise RuntimeError("a bug")

    decision = decide(Slow(clock, gains=True), tmp_path, records)

    assert decision.parameters is None
    assert "the trials have failed" in decision.reason
    assert "a bug" in caplog.text


def test_a_servable_of_which_nothing_is_known_is_not_tried(clock: ThreadTime, tmp_path: Path):
    class Unknown(Slow):
        hazards = Servable.hazards

    model = Unknown(clock, gains=True)

    assert decide(model, tmp_path).signatures["serving_default"].kind == "state"
    assert model.sizes == []
