"""Predict over gRPC, with the official TensorFlow Serving stubs.

Imported when it is first asked for: the stubs import all of TensorFlow.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import grpc
import ml_dtypes
import numpy as np
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

from server_ext.errors import Code, ServingError
from tfs_magics.client.feeds import Array
from tfs_magics.client.signatures import Metadata, Signature

if TYPE_CHECKING:
    from tfs_magics.client.predicting import Place

_OPTIONS = (
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    ("grpc.enable_http_proxy", 0),
)
_STRING = 7
# tensorflow/core/framework/types.proto and tensor.proto: number, array type, typed field
_TYPES: dict[int, tuple[Any, str]] = {
    1: (np.float32, "float_val"),
    2: (np.float64, "double_val"),
    3: (np.int32, "int_val"),
    4: (np.uint8, "int_val"),
    5: (np.int16, "int_val"),
    6: (np.int8, "int_val"),
    _STRING: (object, "string_val"),
    8: (np.complex64, "scomplex_val"),
    9: (np.int64, "int64_val"),
    10: (np.bool_, "bool_val"),
    14: (ml_dtypes.bfloat16, "half_val"),
    17: (np.uint16, "int_val"),
    18: (np.complex128, "dcomplex_val"),
    19: (np.float16, "half_val"),
    22: (np.uint32, "uint32_val"),
    23: (np.uint64, "uint64_val"),
}
_NUMBERS = {np.dtype(kind): number for number, (kind, _) in _TYPES.items()}


def predict(
    place: Place, model: Metadata, signature: Signature, fed: Mapping[str, Array], timeout_s: float
) -> dict[str, Array]:
    """Ask one version of a model; return the outputs by alias, strings as bytes.

    Raises:
        ServingError: with the server's code and text.
    """
    request = predict_pb2.PredictRequest()
    request.model_spec.name = model.name
    request.model_spec.version.value = model.version
    request.model_spec.signature_name = signature.name
    for alias, array in fed.items():
        _fill(request.inputs[alias], array)
    metadata = [("authorization", place.authorization)] if place.authorization else None
    try:
        stub = _stub(place.grpc_target, os.getpid())
        response = stub.Predict(request, timeout=timeout_s, metadata=metadata)
    except grpc.RpcError as error:
        raise ServingError(
            error.details() or "The model server gave no reason.",
            Code.from_grpc(error.code().value[0]),
        ) from None
    return {alias: _read(tensor) for alias, tensor in sorted(response.outputs.items())}


@lru_cache(maxsize=4)
def _stub(target: str, pid: int) -> Any:
    """Return the stub for a server; a forked copy of this process needs a channel of its own."""
    channel = grpc.insecure_channel(target, options=_OPTIONS)
    return prediction_service_pb2_grpc.PredictionServiceStub(channel)


def _fill(tensor: Any, array: Array) -> None:
    tensor.dtype = _NUMBERS[array.dtype]
    for size in array.shape:
        tensor.tensor_shape.dim.add().size = size
    if tensor.dtype == _STRING:
        tensor.string_val.extend(_encoded(array.flat))
    else:
        tensor.tensor_content = np.ascontiguousarray(array).tobytes()


def _encoded(texts: Iterable[str | bytes]) -> Iterable[bytes]:
    return (text.encode() if isinstance(text, str) else text for text in texts)


def _read(tensor: Any) -> Array:
    kind, field = _TYPES[tensor.dtype]
    dtype = np.dtype(kind)
    shape = tuple(int(dim.size) for dim in tensor.tensor_shape.dim)
    array: Array
    if tensor.tensor_content:
        array = np.frombuffer(tensor.tensor_content, dtype=dtype).copy()
        return array.reshape(shape)
    values = getattr(tensor, field)
    if field == "half_val":  # 16 bits in each int32
        array = np.array(values, dtype=np.int32).astype(np.uint16).view(dtype)
    elif dtype.kind == "c":  # real and imaginary part by turns
        pairs = np.array(values, dtype=np.float64)
        array = (pairs[0::2] + 1j * pairs[1::2]).astype(dtype)
    else:
        array = np.array(values, dtype=dtype)
    missing = int(np.prod(shape)) - array.size
    if missing > 0 and array.size:  # the last value fills the rest (tensor.proto)
        array = np.concatenate([array, np.repeat(array[-1:], missing)])
    return array.reshape(shape)
