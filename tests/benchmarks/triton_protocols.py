"""Triton's two ways to ask, the same prediction by KServe's protocol, version 2.

Over gRPC the tensor travels as raw bytes, over HTTP as JSON text, which is the part that compares
with TensorFlow Serving's REST. The messages hold the fields that are used here.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import grpc
import numpy as np
from protocols import (
    CALL_TIMEOUT_S,
    GRPC_HEADERS,
    REST_HEADERS,
    UNLIMITED,
    Body,
    Ports,
    Rows,
    framed,
    multiplexed,
    post,
)

from server_ext.protos import declare

INFER = "/inference.GRPCInferenceService/ModelInfer"
LENGTH_BYTES = 4
_TENSOR = [("string", "name", 1), ("string", "datatype", 2), ("repeated int64", "shape", 3)]
_messages = declare(
    "inference_of_triton.proto",
    {
        "Tensor": _TENSOR,
        "ModelInferRequest": [
            ("string", "model_name", 1),
            ("repeated Tensor", "inputs", 5),
            ("repeated bytes", "raw_input_contents", 7),
        ],
        "ModelInferResponse": [
            ("repeated Tensor", "outputs", 5),
            ("repeated bytes", "raw_output_contents", 6),
        ],
    },
    package="inference",
)
ModelInferRequest = _messages["ModelInferRequest"]
ModelInferResponse = _messages["ModelInferResponse"]


class TritonGrpc:
    """ModelInfer with raw tensors; 64 in flight is 4 connections times 16."""

    name = "gRPC"
    options = GRPC_HEADERS

    def __init__(self, folder: Path, input_name: str, rows: Rows) -> None:
        self._input = input_name
        self._rows = rows
        self._body = Body(folder, "triton.grpc", lambda count: framed(self._request(count)))

    def address(self, ports: Ports) -> str:
        return f"http://127.0.0.1:{ports.grpc}{INFER}"

    def body(self, rows: int) -> Path:
        return self._body.file(rows)

    def spread(self, in_flight: int) -> tuple[int, int]:
        return multiplexed(in_flight)

    def ask(self, ports: Ports) -> Any:
        with grpc.insecure_channel(f"127.0.0.1:{ports.grpc}", UNLIMITED) as channel:
            infer = channel.unary_unary(
                INFER, lambda message: message.SerializeToString(), ModelInferResponse.FromString
            )
            response = infer(self._request(1), timeout=CALL_TIMEOUT_S, wait_for_ready=True)
        [output], [raw] = response.outputs, response.raw_output_contents
        if output.datatype == "BYTES":
            return raw[LENGTH_BYTES:]
        return np.frombuffer(raw, np.float32)

    def _request(self, rows: int) -> Any:
        values = _columns(self._rows(rows))
        request = ModelInferRequest(model_name="bench", raw_input_contents=[_raw(values)])
        request.inputs.add(name=self._input, datatype=_datatype(values), shape=values.shape)
        return request


class TritonRest:
    """POST of the tensor as JSON text, flat; one connection for each request in flight."""

    name = "REST"
    options = REST_HEADERS

    def __init__(self, folder: Path, input_name: str, rows: Rows) -> None:
        self._input = input_name
        self._rows = rows
        self._body = Body(folder, "triton.json", self._text)

    def address(self, ports: Ports) -> str:
        return f"http://127.0.0.1:{ports.rest}/v2/models/bench/infer"

    def body(self, rows: int) -> Path:
        return self._body.file(rows)

    def spread(self, in_flight: int) -> tuple[int, int]:
        return in_flight, 1

    def ask(self, ports: Ports) -> Any:
        [output] = post(self.address(ports), self.body(1))["outputs"]
        return output["data"][0] if output["datatype"] == "BYTES" else output["data"]

    def _text(self, rows: int) -> bytes:
        values = _columns(self._rows(rows))
        tensor = {"name": self._input, "shape": values.shape, "datatype": _datatype(values)}
        document = {"inputs": [tensor | {"data": values.ravel().tolist()}]}
        return json.dumps(document, default=bytes.decode).encode()


def _columns(values: np.ndarray[Any, np.dtype[Any]]) -> np.ndarray[Any, np.dtype[Any]]:
    """Give a list of texts the second dimension that Triton wants behind that of the batch."""
    return values[:, None] if values.ndim == 1 else values


def _datatype(values: np.ndarray[Any, np.dtype[Any]]) -> str:
    return "BYTES" if values.dtype == object else "FP32"


def _raw(values: np.ndarray[Any, np.dtype[Any]]) -> bytes:
    if values.dtype != object:
        return values.tobytes()
    texts: list[bytes] = values.ravel().tolist()
    return b"".join(len(text).to_bytes(LENGTH_BYTES, "little") + text for text in texts)
