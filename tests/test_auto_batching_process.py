"""--batching=auto in a real server: what is batched, what never is, and what it says of that."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
import requests
import tensorflow as tf
from tensorflow_serving.apis.predict_pb2 import PredictRequest
from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog
from tensorflow_serving.apis.prediction_service_pb2_grpc import PredictionServiceStub

pytestmark = pytest.mark.tensorflow

WAIT_S = 60


class Models(tf.Module):
    """Signatures that are batched, and that never may be."""

    def __init__(self) -> None:
        super().__init__()
        self.weights = tf.Variable(tf.random.stateless_normal([32, 8], (1, 2)))
        self.count = tf.Variable(0.0)

    @tf.function(input_signature=[tf.TensorSpec([None, 32], tf.float32, name="x")])
    def dense(self, x: Any) -> dict[str, Any]:
        return {"y": tf.nn.softmax(x @ self.weights)}

    @tf.function(input_signature=[tf.TensorSpec([None, 32], tf.float32, name="x")])
    def mean(self, x: Any) -> dict[str, Any]:
        return {"y": x - tf.reduce_mean(x)}

    @tf.function(input_signature=[tf.TensorSpec([None, 32], tf.float32, name="x")])
    def count_up(self, x: Any) -> dict[str, Any]:
        return {"y": x[:, 0] * 0 + self.count.assign_add(1.0)}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def parse(self, examples: Any) -> dict[str, Any]:
        features = {"x": tf.io.FixedLenFeature([], tf.float32)}
        return {"y": tf.io.parse_example(examples, features)["x"] * 2}


def example(number: float) -> bytes:
    message = tf.train.Example()
    message.features.feature["x"].float_list.value.append(number)
    return bytes(message.SerializeToString())


def warm_up(file: Path, name: str, alias: str, values: list[Any]) -> None:
    """Write a warm-up file with a Predict for each value."""
    file.parent.mkdir()
    with tf.io.TFRecordWriter(str(file)) as writer:
        for value in values:
            log = PredictionLog()
            request = log.predict_log.request
            request.model_spec.name = name
            request.inputs[alias].CopyFrom(tf.make_tensor_proto([value]))
            writer.write(log.SerializeToString())


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("auto")
    made = Models()
    signatures = {
        "good": {"serving_default": made.dense},
        "mixing": {"serving_default": made.mean},
        "counting": {"serving_default": made.count_up},
        "both": {"serving_default": made.dense, "mean": made.mean},
        "recorded": {"serving_default": made.parse},
    }
    for name, functions in signatures.items():
        tf.saved_model.save(made, str(base / name / "1"), signatures=functions)
    file = base / "recorded" / "1" / "assets.extra" / "tf_serving_warmup_requests"
    warm_up(file, "recorded", "examples", [example(n) for n in (1, 2, 3)])
    entries = "".join(
        f'config {{ name: "{name}" base_path: "{base / name}" model_platform: "tensorflow" }}\n'
        for name in signatures
    )
    (base / "models.config").write_text(f"model_config_list {{ {entries} }}")
    return base


@pytest.fixture(scope="module")
def start(base: Path, start_module_server: Any, monitored: str) -> Callable[..., Any]:
    def start(*flags: str) -> Any:
        return start_module_server(
            f"--model_config_file={base / 'models.config'}",
            monitored,
            "--batching=auto",
            f"--cache_directory={base / 'cache'}",
            *flags,
        )

    return start


@pytest.fixture(scope="module")
def server(start: Any) -> Any:
    return start()


def page(server: Any) -> dict[str, Any]:
    models = requests.get(f"{server.url}/v1/server", timeout=WAIT_S).json()["models"]
    return {model["name"]: model for model in models}


def ask(stub: Any, model: str, x: Any, signature: str = "serving_default") -> Any:
    request = PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = model, signature
    request.inputs["x"].CopyFrom(tf.make_tensor_proto(np.asarray(x, np.float32)))
    return tf.make_ndarray(stub.Predict(request, timeout=WAIT_S).outputs["y"])


def batch_sizes(server: Any) -> tuple[int, int]:
    """Return how many batches ran, and how many rows they had."""
    text = requests.get(f"{server.url}/monitoring/prometheus/metrics", timeout=WAIT_S).text
    name = ":tensorflow:serving:batching_session:processed_batch_size"
    found = {
        end: sum(
            int(line.split()[-1]) for line in text.splitlines() if line.startswith(f"{name}_{end}")
        )
        for end in ("count", "sum")
    }
    return found["count"], found["sum"]


def test_the_status_says_of_each_version_what_was_decided_and_why(server: Any):
    models = page(server)
    batching = {name: model["batching"] for name, model in models.items()}

    assert {name: found["mode"] for name, found in batching.items()} == {
        "good": "on",
        "mixing": "off",
        "counting": "off",
        "both": "on",
        "recorded": "on",
    }
    assert batching["good"]["max_batch_size"] > 1
    assert "its rows do not depend on each other, as was shown" in batching["good"]["reason"]
    assert "'y' changes with the rows beside its own" in batching["mixing"]["reason"]
    assert "AssignAddVariableOp" in batching["counting"]["reason"]
    assert batching["both"]["signatures"]["serving_default"]["mode"] == "on"
    assert batching["both"]["signatures"]["mean"]["mode"] == "off"
    assert batching["both"]["reason"].startswith("1 of 2 signatures, such as 'serving_default'")
    [version] = models["good"]["versions"]
    assert version["batching"] == batching["good"]


def test_metrics_have_the_decisions(server: Any):
    sizes = server.metric(":tensorflow:serving:batching_session:max_batch_size")
    decisions = server.metric(":tensorflow:serving:batching_session:decision")

    assert sizes['{model_name="mixing",version="1"}'] == "0"
    assert int(sizes['{model_name="good",version="1"}']) > 1
    labels = 'version="1",signature_name="serving_default",decision="mixes_rows"'
    assert decisions[f'{{model_name="mixing",{labels}}}'] == "1"


def test_the_log_has_each_decision_once(server: Any, eventually: Any):
    def lines() -> list[str]:
        return [line for line in server.stderr if "mixing version 1 is not batched: " in line]

    eventually(lines)

    assert len(lines()) == 1


def test_a_counter_was_never_asked(server: Any):
    with grpc.insecure_channel(server.target) as channel:
        assert ask(PredictionServiceStub(channel), "counting", np.zeros((1, 32))) == [1.0]


def test_many_clients_get_their_own_rows_and_only_good_models_run_together(server: Any):
    random = np.random.default_rng(3)
    rows = random.standard_normal((64, 32))
    before = batch_sizes(server)
    with grpc.insecure_channel(server.target) as channel, ThreadPoolExecutor(32) as pool:
        stub = PredictionServiceStub(channel)
        answers = list(pool.map(lambda row: ask(stub, "mixing", row[None]), rows))
        means = list(pool.map(lambda row: ask(stub, "both", row[None], "mean"), rows))
        assert batch_sizes(server) == before
        expected = [row - row.mean() for row in rows]
        np.testing.assert_allclose(np.concatenate(answers), expected, atol=1e-5)
        np.testing.assert_allclose(np.concatenate(means), expected, atol=1e-5)

        alone = ask(stub, "both", rows)
        good = list(pool.map(lambda row: ask(stub, "good", row[None]), rows))

    np.testing.assert_allclose(np.concatenate(good), alone, atol=1e-5)
    count, total = (now - was for now, was in zip(batch_sizes(server), before, strict=True))
    assert total >= 64
    assert count <= total


def test_a_server_that_starts_again_measures_nothing_again(server: Any, start: Any, base: Path):
    files = {file: file.stat().st_mtime_ns for file in (base / "cache").rglob("*.json")}
    assert files

    again = start()

    assert {name: model["batching"] for name, model in page(again).items()} == {
        name: model["batching"] for name, model in page(server).items()
    }
    assert {file: file.stat().st_mtime_ns for file in files} == files


def test_a_version_is_available_only_when_it_was_decided(
    server: Any, base: Path, eventually: Any
) -> None:
    made = Models()
    hidden = base / "good" / ".2"
    tf.saved_model.save(made, str(hidden), signatures={"serving_default": made.mean})
    began = time.monotonic()
    hidden.rename(base / "good" / "2")

    def latest() -> Any:
        found = page(server)["good"]
        return found if found["versions"][0]["version"] == 2 else None

    model = eventually(lambda: (found := latest()) and found["versions"][0]["state"] == "AVAILABLE")
    assert model
    assert page(server)["good"]["batching"]["mode"] == "off"
    assert time.monotonic() - began < WAIT_S


def test_flags_that_disagree_end_the_start(start_server: Any, tmp_path: Path):
    server = start_server(f"--model_base_path={tmp_path}", "--enable_batching", "--batching=auto")

    assert server.wait() == 255
    assert "--enable_batching is the same as --batching=on" in server.first_line
