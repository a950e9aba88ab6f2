"""Arrays as the JSON of the REST API, in column form, and back with the signature's dtypes."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from server_ext.errors import InvalidArgument
from tfs_magics.client.feeds import Array, dtype_of
from tfs_magics.client.signatures import Signature, Tensor


def request_body(fed: Mapping[str, Array], signature: str) -> bytes:
    """Return the body of a `:predict` request, every input by its alias.

    Raises:
        InvalidArgument: a dtype that JSON has no numbers for.
    """
    members = [
        json.dumps(alias).encode() + b":" + _value(alias, array) for alias, array in fed.items()
    ]
    name = json.dumps(signature).encode()
    return b'{"signature_name":%s,"inputs":{%s}}' % (name, b",".join(members))


def outputs(body: bytes, signature: Signature) -> dict[str, Array]:
    """Return the outputs of the answer to such a request, strings as bytes.

    Raises:
        InvalidArgument: the answer has no outputs, so it is no answer to our request.
    """
    document = _parse(body)
    if "outputs" not in document:
        raise InvalidArgument(f"The answer has no outputs: {body[:200].decode('utf-8', 'replace')}")
    found = document["outputs"]
    if len(signature.outputs) == 1:
        (tensor,) = signature.outputs.values()
        return {tensor.alias: _array(found, tensor)}
    return {alias: _array(found[alias], tensor) for alias, tensor in signature.outputs.items()}


def _value(alias: str, array: Array) -> bytes:
    if array.dtype.kind == "c":
        raise InvalidArgument(f"{alias} is {array.dtype}, which JSON cannot carry: use --grpc.")
    if array.dtype.kind == "O":
        return json.dumps(_texts(array.tolist())).encode()
    if array.dtype.kind == "V" or array.dtype == np.float16:  # bfloat16, half: exact in float32
        array = array.astype(np.float32)
    if array.ndim == 0 or (array.dtype.kind == "f" and not np.isfinite(array).all()):
        return json.dumps(array.tolist()).encode()  # NaN and Infinity, as the server reads them
    return orjson.dumps(np.ascontiguousarray(array), option=orjson.OPT_SERIALIZE_NUMPY)


def _texts(value: Any) -> Any:
    if isinstance(value, list):
        return [_texts(item) for item in value]
    if isinstance(value, bytes):
        return {"b64": base64.b64encode(value).decode()}
    return value


def _parse(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return json.loads(body)  # NaN, Infinity


def _array(value: Any, tensor: Tensor) -> Array:
    dtype = dtype_of(tensor.dtype)
    array: Array = _bytes(value) if dtype.hasobject else np.array(value, dtype=dtype)
    if not array.size and tensor.shape is not None and array.ndim < len(tensor.shape):
        # JSON's empty list does not tell the sizes after an empty batch; the signature does
        return np.empty([max(size, 0) for size in tensor.shape], dtype=dtype)
    return array


def _bytes(value: Any) -> NDArray[np.object_]:
    """Return nested lists of strings as an array of bytes objects."""
    if not isinstance(value, list):
        cell = np.empty((), dtype=object)
        cell[()] = _as_bytes(value)
        return cell
    items = [_bytes(item) for item in value]
    shape = (len(items), *(items[0].shape if items else ()))
    array = np.empty(shape, dtype=object)
    for position, item in enumerate(items):
        array[position] = item[()] if item.ndim == 0 else item
    return array


def _as_bytes(value: Any) -> bytes:
    if isinstance(value, Mapping):
        return base64.b64decode(value["b64"])
    return str(value).encode()
