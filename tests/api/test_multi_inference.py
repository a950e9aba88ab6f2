"""MultiInference runs a model once, on every input of the signatures involved."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from tensorflow_serving.apis.inference_pb2 import MultiInferenceRequest

from server_ext.api.multi_inference import multi_inference
from server_ext.errors import InvalidArgument
from server_ext.lifecycle.servable import Signature, TensorSpec

pytestmark = pytest.mark.tensorflow

STRINGS, FLOATS = 7, 1


class Recorder:
    """A servable that answers every output with zeros and keeps what it was asked."""

    memory_bytes = 0

    def __init__(self, **inputs):
        self.signatures = {
            name: Signature(
                name,
                "tensorflow/serving/regress",
                {"inputs": TensorSpec(tensor, STRINGS, (-1,))},
                {"outputs": TensorSpec(f"{name}:0", FLOATS, (-1,))},
                b"",
            )
            for name, tensor in inputs.items()
        }
        self.runs = []

    def run(self, signature, inputs, outputs):
        self.runs.append((signature, inputs, outputs))
        rows = len(next(iter(inputs.values())))
        return [np.zeros(rows, np.float32) for _ in outputs]

    def close(self):
        pass


def request(*signatures, method="tensorflow/serving/regress"):
    message = MultiInferenceRequest()
    message.input.example_list.examples.add()
    for name in signatures:
        task = message.tasks.add(method_name=method)
        task.model_spec.name, task.model_spec.signature_name = "m", name
    return message


def handle(servable):
    return SimpleNamespace(name="m", version=1, servable=servable)


def test_one_run_feeds_all_inputs_and_fetches_all_outputs():
    servable = Recorder(a="one:0", b="one:0", c="two:0")

    response = multi_inference(handle(servable), request("c", "a", "b"))

    ((signature, inputs, outputs),) = servable.runs
    assert [spec.name for spec in signature.inputs.values()] == ["two:0", "one:0", "one:0"]
    assert [signature.outputs[alias].name for alias in outputs] == ["c:0", "a:0", "b:0"]
    assert all(rows is inputs["a/inputs"] for rows in inputs.values())
    assert [result.model_spec.signature_name for result in response.results] == ["c", "a", "b"]


def test_the_same_tasks_run_the_same_signature():
    servable = Recorder(a="one:0", b="two:0")

    for names in (("a", "b"), ("a", "b"), ("b", "a")):
        multi_inference(handle(servable), request(*names))

    first, second, turned = (run[0] for run in servable.runs)
    assert first == second
    assert hash(first) == hash(second)
    assert first != turned


def test_nothing_is_run_for_wrong_tasks_and_the_method_is_checked_when_asked():
    servable = Recorder(a="one:0", b="two:0")
    servable.signatures["b"] = Signature(
        "b", "other", servable.signatures["b"].inputs, servable.signatures["b"].outputs, b""
    )

    with pytest.raises(InvalidArgument, match="Requested signature not found"):
        multi_inference(handle(servable), request("a", "no"))
    with pytest.raises(InvalidArgument, match="Expected regression signature method_name"):
        multi_inference(handle(servable), request("a", "b"), check_method=True)

    assert not servable.runs
