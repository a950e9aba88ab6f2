"""TensorFlow Serving's two ways to ask: the request as bytes for the load, and one real call.

The load generator replays a body and looks at HTTP statuses only, and a gRPC error travels with
status 200. So each server is asked by a real client before and after the load, and its answer
compared with TensorFlow's own.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple, Protocol

import grpc
import numpy as np
import requests

from server_ext import chatter

with chatter.held_back():
    import tensorflow as tf
    from tensorflow_serving.apis.predict_pb2 import PredictRequest, PredictResponse
    from tensorflow_serving.apis.prediction_service_pb2_grpc import PredictionServiceStub

CALL_TIMEOUT_S = 60
JSON_TYPE = "application/json"
GRPC_HEADERS = ("-H", "content-type: application/grpc", "-H", "te: trailers")
REST_HEADERS = ("--h1", "-H", f"content-type: {JSON_TYPE}")
UNLIMITED = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]
Rows = Callable[[int], "np.ndarray[Any, np.dtype[Any]]"]


class Ports(NamedTuple):
    """Where a server listens on loopback; None where it does not."""

    grpc: int | None = None
    rest: int | None = None


class Asking(Protocol):
    """How one kind of client asks for a prediction.

    `name` is the protocol's, `options` are h2load's arguments that make its requests well formed.
    """

    name: str
    options: tuple[str, ...]

    def address(self, ports: Ports) -> str:
        """Return the URL of the prediction at a server."""
        ...

    def body(self, rows: int) -> Path:
        """Return the file with the body that asks about so many rows, made when first used."""
        ...

    def spread(self, in_flight: int) -> tuple[int, int]:
        """Return the number of connections, and of requests at a time on each."""
        ...

    def ask(self, ports: Ports) -> Any:
        """Ask once by a real client about one row; return the answer for it."""
        ...


class Body:
    """Writes what is asked about so many rows to a file, once, whoever asks first."""

    def __init__(self, folder: Path, suffix: str, make: Callable[[int], bytes]) -> None:
        self._folder = folder
        self._suffix = suffix
        self._make = make
        self._lock = Lock()

    def file(self, rows: int) -> Path:
        path = self._folder / f"{rows}.{self._suffix}"
        with self._lock:
            if not path.exists():
                path.write_bytes(self._make(rows))
        return path


class Grpc:
    """PredictionService.Predict with `tensor_content`; 64 in flight is 4 connections times 16."""

    name = "gRPC"
    options = GRPC_HEADERS

    def __init__(self, folder: Path, input_name: str, rows: Rows, model: str = "bench") -> None:
        self._input = input_name
        self._rows = rows
        self._model = model
        self._body = Body(folder, f"{model}.grpc", lambda count: framed(self._request(count)))

    def address(self, ports: Ports) -> str:
        return f"http://127.0.0.1:{ports.grpc}/tensorflow.serving.PredictionService/Predict"

    def body(self, rows: int) -> Path:
        return self._body.file(rows)

    def spread(self, in_flight: int) -> tuple[int, int]:
        return multiplexed(in_flight)

    def ask(self, ports: Ports) -> Any:
        with grpc.insecure_channel(f"127.0.0.1:{ports.grpc}", UNLIMITED) as channel:
            predict = PredictionServiceStub(channel).Predict
            response = predict(self._request(1), timeout=CALL_TIMEOUT_S, wait_for_ready=True)
        [output] = response.outputs.values()
        return tf.make_ndarray(output)[0]

    def answer(self, value: Any) -> bytes:
        """Return what a server answers, without the frame that gRPC puts around it."""
        response = PredictResponse()
        response.outputs["output"].CopyFrom(tf.make_tensor_proto(_like_output(value)))
        return bytes(response.SerializeToString())

    def _request(self, rows: int) -> Any:
        request = PredictRequest()
        request.model_spec.name = self._model
        request.inputs[self._input].CopyFrom(tf.make_tensor_proto(self._rows(rows)))
        return request


class Rest:
    """POST of the rows as JSON text; one connection for each request in flight."""

    name = "REST"
    options = REST_HEADERS

    def __init__(self, folder: Path, input_name: str, rows: Rows) -> None:
        self._rows = rows
        self._body = Body(folder, "json", self._text)

    def address(self, ports: Ports) -> str:
        return f"http://127.0.0.1:{ports.rest}/v1/models/bench:predict"

    def body(self, rows: int) -> Path:
        return self._body.file(rows)

    def spread(self, in_flight: int) -> tuple[int, int]:
        return in_flight, 1

    def ask(self, ports: Ports) -> Any:
        return post(self.address(ports), self.body(1))["predictions"][0]

    def answer(self, value: Any) -> bytes:
        """Return what a server answers."""
        return json.dumps({"predictions": [value]}).encode()

    def _text(self, rows: int) -> bytes:
        return json.dumps({"instances": self._rows(rows).tolist()}, default=bytes.decode).encode()


def framed(message: Any) -> bytes:
    """Return a message as gRPC puts it on the wire, uncompressed."""
    data: bytes = message.SerializeToString()
    return b"\0" + len(data).to_bytes(4, "big") + data


def multiplexed(in_flight: int) -> tuple[int, int]:
    """Spread requests over four connections of HTTP/2."""
    connections = min(4, in_flight)
    return connections, in_flight // connections


def post(address: str, body: Path) -> Any:
    """Send a JSON document; return the one that comes back.

    Raises:
        requests.HTTPError: the status is an error's.
    """
    headers = {"content-type": JSON_TYPE}
    answer = requests.post(address, body.read_bytes(), headers=headers, timeout=CALL_TIMEOUT_S)
    answer.raise_for_status()
    return answer.json()


def same(answer: Any, expected: Any) -> bool:
    """Tell whether an answer is TensorFlow's own: numbers within 1e-5, texts letter by letter."""
    if isinstance(expected, str):
        return bool((answer.decode() if isinstance(answer, bytes) else answer) == expected)
    return np.shape(answer) == np.shape(expected) and np.allclose(answer, expected, atol=1e-5)


def _like_output(value: Any) -> np.ndarray[Any, np.dtype[Any]]:
    if isinstance(value, str):
        return np.array([value.encode()], dtype=object)
    return np.asarray([value], dtype=np.float32)
