"""The two ways to ask for a prediction: the request as bytes for the load, and one real call.

The load generator replays a body and looks at HTTP statuses only, and a gRPC error travels with
status 200. So each server is asked by a real client before and after the load, and its answer
compared with TensorFlow's own.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Protocol

import grpc
import models
import numpy as np
import requests
import tensorflow as tf
from contenders import Contender
from tensorflow_serving.apis.predict_pb2 import PredictRequest
from tensorflow_serving.apis.prediction_service_pb2_grpc import PredictionServiceStub

CALL_TIMEOUT_S = 60


class Asking(Protocol):
    """How one kind of client talks to a contender.

    `options` are h2load's arguments that make its requests well formed, `connections` and `streams`
    how it spreads a number of requests in flight.
    """

    name: str
    options: list[str]

    def address(self, contender: Contender) -> str:
        """Return the URL of Predict at this contender."""
        ...

    def spread(self, in_flight: int) -> tuple[int, int]:
        """Return the number of connections and of requests at a time on each."""
        ...

    def ask(self, contender: Contender) -> Any:
        """Ask once by a real client; return the outputs for the sample, float32 `[10]`."""
        ...


class Grpc:
    """PredictionService.Predict with the image as `tensor_content`; 64 in flight is 4 times 16."""

    name = "gRPC"

    def __init__(self, folder: Path) -> None:
        self._request = PredictRequest()
        self._request.model_spec.name = "bench"
        self._request.inputs[models.INPUT].CopyFrom(tf.make_tensor_proto(models.sample()))
        message = self._request.SerializeToString()
        body = folder / "body.grpc"
        body.write_bytes(b"\0" + len(message).to_bytes(4, "big") + message)
        self.options = ["-d", str(body), "-H", "content-type: application/grpc"]
        self.options += ["-H", "te: trailers"]

    def address(self, contender: Contender) -> str:
        port = contender.grpc_port
        return f"http://127.0.0.1:{port}/tensorflow.serving.PredictionService/Predict"

    def spread(self, in_flight: int) -> tuple[int, int]:
        connections = min(4, in_flight)
        return connections, in_flight // connections

    def ask(self, contender: Contender) -> Any:
        with grpc.insecure_channel(f"127.0.0.1:{contender.grpc_port}") as channel:
            predict = PredictionServiceStub(channel).Predict
            response = predict(self._request, timeout=CALL_TIMEOUT_S, wait_for_ready=True)
        [output] = response.outputs.values()
        return tf.make_ndarray(output)[0]


class Rest:
    """POST of the image as JSON text, 17 kB; one connection for each request in flight."""

    name = "REST"

    def __init__(self, folder: Path) -> None:
        self._body = json.dumps({"instances": np.round(models.sample(), 9).tolist()})
        body = folder / "body.json"
        body.write_text(self._body)
        self.options = ["--h1", "-d", str(body), "-H", "content-type: application/json"]

    def address(self, contender: Contender) -> str:
        return f"http://127.0.0.1:{contender.rest_port}/v1/models/bench:predict"

    def spread(self, in_flight: int) -> tuple[int, int]:
        return in_flight, 1

    def ask(self, contender: Contender) -> Any:
        address = self.address(contender)
        headers = {"content-type": "application/json"}
        answer = requests.post(address, self._body, headers=headers, timeout=CALL_TIMEOUT_S)
        answer.raise_for_status()
        return answer.json()["predictions"][0]


def verify(asking: Asking, contender: Contender, expected: list[float]) -> None:
    """Ask once and compare.

    Raises:
        AssertionError: the answer is not TensorFlow's own within 1e-5.
    """
    where = f"{contender.name} over {asking.name}"
    np.testing.assert_allclose(asking.ask(contender), expected, atol=1e-5, err_msg=where)
