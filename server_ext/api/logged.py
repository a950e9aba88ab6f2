"""A request with its answer as the log wants it: a tensorflow.serving.PredictionLog.

    gRPC    the messages as they were sent
    REST    the messages that would have asked and answered the same

They are made by whoever writes them; until then only what they are made of is kept. Functions; any
thread may call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from tensorflow.core.example.example_pb2 import Example
from tensorflow_serving.apis.model_pb2 import ModelSpec
from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

from server_ext.api import classify, regress
from server_ext.api.inference import Inference
from server_ext.api.lookup import answered_by
from server_ext.codecs import tensorproto
from server_ext.codecs.request_frames import FramedRequest
from server_ext.codecs.response_frames import FramedResponse
from server_ext.lifecycle.handle import Handle
from server_ext.lifecycle.servable import Signature

if TYPE_CHECKING:
    from server_ext.lifecycle.servable import Array

KINDS = {
    "Predict": "predict_log",
    "Classify": "classify_log",
    "Regress": "regress_log",
    "MultiInference": "multi_inference_log",
}
"""What a request of each API is called in a log."""


class Logged(NamedTuple):
    """What is kept of a request: its size, who answered it, and how to make the log of it."""

    size_bytes: int
    model_spec: ModelSpec
    make: Callable[[], PredictionLog]


def logged(
    api: str, handle: Handle, asked: Inference[Any], outputs: list[Array], answer: Any
) -> Logged:
    """Keep a request of this API, which was answered with `answer`, made of `outputs`."""
    spec = answered_by(handle, asked.signature)
    if api == "MultiInference":  # as many signatures as tasks
        spec.ClearField("signature_name")
    size_bytes = sum(map(_size, asked.inputs.values())) + sum(map(_size, outputs))
    if asked.request is not None:
        return Logged(size_bytes, spec, partial(_as_sent, KINDS[api], asked.request, answer))
    # An output may be a row of a large batch, which would be kept whole with it.
    own = [array if array.base is None else array.copy() for array in outputs]
    named = dict(zip(asked.outputs, own, strict=True))
    return Logged(
        size_bytes, spec, partial(_EQUIVALENT[api], spec, asked.signature, asked.inputs, named)
    )


def _as_sent(kind: str, request: Any, response: Any) -> PredictionLog:
    if isinstance(request, FramedRequest):
        request = request.message()
    if isinstance(response, FramedResponse):
        response = response.message()
    return PredictionLog(**{kind: {"request": request, "response": response}})


def _predict(
    spec: ModelSpec,
    signature: Signature,
    inputs: Mapping[str, Array],
    outputs: Mapping[str, Array],
) -> PredictionLog:
    log = PredictionLog()
    request, response = log.predict_log.request, log.predict_log.response
    _fill_request(request, spec)
    response.model_spec.CopyFrom(spec)
    for tensors, arrays, specs in (
        (request.inputs, inputs, signature.inputs),
        (response.outputs, outputs, signature.outputs),
    ):
        for alias, array in arrays.items():
            tensors[alias].CopyFrom(tensorproto.encode(array, specs[alias].dtype))
    return log


def _classify(
    spec: ModelSpec,
    signature: Signature,
    inputs: Mapping[str, Array],
    outputs: Mapping[str, Array],
) -> PredictionLog:
    log = PredictionLog()
    request, response = log.classify_log.request, log.classify_log.response
    count = _fill_examples(request, spec, inputs[classify.INPUTS])
    response.model_spec.CopyFrom(spec)
    response.result.CopyFrom(classify.read(outputs, count).message())
    return log


def _regress(
    spec: ModelSpec,
    signature: Signature,
    inputs: Mapping[str, Array],
    outputs: Mapping[str, Array],
) -> PredictionLog:
    log = PredictionLog()
    request, response = log.regress_log.request, log.regress_log.response
    count = _fill_examples(request, spec, inputs[regress.INPUTS])
    response.model_spec.CopyFrom(spec)
    response.result.CopyFrom(regress.message(regress.read(outputs, count)))
    return log


_EQUIVALENT: dict[str, Callable[..., PredictionLog]] = {
    "Predict": _predict,
    "Classify": _classify,
    "Regress": _regress,
}


def _fill_request(request: Any, spec: ModelSpec) -> None:
    """Ask for the model, and not for the version: that is who answered."""
    request.model_spec.name = spec.name
    request.model_spec.signature_name = spec.signature_name


def _fill_examples(request: Any, spec: ModelSpec, rows: Array) -> int:
    _fill_request(request, spec)
    request.input.example_list.examples.extend(Example.FromString(row) for row in rows)
    return len(rows)


def _size(array: Array) -> int:
    return sum(map(len, array.ravel())) if array.dtype == object else array.nbytes
