"""tensorflow.TensorProto to numpy arrays and back, without a Python object per number.

Floating-point values lie in a message as they lie in an array, one behind the other, so both ways
go through the bytes of the wire. Source of the rules: tensorflow/core/framework/tensor.proto and
Tensor::FromProto.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tensorflow.core.framework.tensor_pb2 import TensorProto

from server_ext.codecs.dtypes import BY_NUMBER, DType
from server_ext.errors import InvalidArgument

_LENGTH_DELIMITED = 2
_FIELDS = TensorProto.DESCRIPTOR.fields_by_name
# Packed fields whose wire form is the array's own memory, and the type of one element there.
_PLAIN = {"float_val": "<f4", "double_val": "<f8", "scomplex_val": "<f4", "dcomplex_val": "<f8"}
_TAGS = {name: bytes([_FIELDS[name].number << 3 | _LENGTH_DELIMITED]) for name in _PLAIN}


def decode(proto: TensorProto, alias: str) -> NDArray[Any]:
    """Return the array a message holds; strings as an object array of bytes.

    `tensor_content` becomes a read-only view. Of typed values the last one fills what is missing,
    and none at all means zeros or empty strings.

    Raises:
        InvalidArgument: an unknown type, a shape that is not fully known, or values that do not fit
            the shape. `alias` is the input named in the message.
    """
    row = BY_NUMBER.get(proto.dtype)
    if row is None:
        raise _error(alias, f"type number {proto.dtype} is not one this server knows")
    shape = _shape(proto, alias)
    if proto.tensor_content:
        flat = _from_content(proto.tensor_content, row, math.prod(shape), alias)
    else:
        flat = _from_values(proto, row, math.prod(shape), alias)
    return flat.reshape(shape)


def encode(array: NDArray[Any], number: int, into: TensorProto | None = None) -> TensorProto:
    """Return a message with the array in the typed field of this tensorflow.DataType number.

    `dtype` and `tensor_shape` are always set; a scalar has an empty shape. Fills `into` when given.
    """
    row = BY_NUMBER[number]
    proto = TensorProto() if into is None else into
    proto.dtype = number
    proto.tensor_shape.SetInParent()
    for size in array.shape:
        proto.tensor_shape.dim.add().size = size
    if row.field in _PLAIN:
        data = np.ascontiguousarray(array, row.numpy.newbyteorder("<")).tobytes()
        proto.MergeFromString(_TAGS[row.field] + _varint(len(data)) + data)
    elif row.field == "half_val":
        proto.half_val.extend(array.ravel().view(np.uint16).tolist())
    else:
        getattr(proto, row.field).extend(array.ravel().tolist())
    return proto


def _shape(proto: TensorProto, alias: str) -> tuple[int, ...]:
    if proto.tensor_shape.unknown_rank:
        raise _error(alias, "its shape has an unknown rank")
    shape = tuple(dim.size for dim in proto.tensor_shape.dim)
    if any(size < 0 for size in shape):
        raise _error(alias, f"its shape {list(shape)} has a negative size")
    return shape


def _from_content(content: bytes, row: DType, count: int, alias: str) -> NDArray[Any]:
    if row.numpy.hasobject:
        raise _error(alias, "strings belong into string_val, not into tensor_content")
    if len(content) != count * row.numpy.itemsize:
        raise _error(
            alias,
            f"tensor_content has {len(content)} bytes, its shape needs "
            f"{count * row.numpy.itemsize} ({count} values of {row.label})",
        )
    return np.frombuffer(content, row.numpy.newbyteorder("<"))


def _from_values(proto: TensorProto, row: DType, count: int, alias: str) -> NDArray[Any]:
    values = getattr(proto, row.field)
    per_value = 2 if row.numpy.kind == "c" else 1
    got = len(values) // per_value
    if got > count or len(values) % per_value:
        raise _error(
            alias, f"{row.field} has {len(values)} values, its shape holds {count * per_value}"
        )
    if not got:
        return np.full(count, b"", object) if row.numpy.hasobject else np.zeros(count, row.numpy)
    flat = _array(values, row)
    if got < count:
        flat = np.concatenate([flat, np.full(count - got, flat[-1], flat.dtype)])
    return flat


def _array(values: Any, row: DType) -> NDArray[Any]:
    if row.field in _PLAIN:
        data = _packed(values, row.field)
        return np.frombuffer(data, _PLAIN[row.field]).view(row.numpy)
    if row.numpy.hasobject:
        strings = np.empty(len(values), object)
        strings[:] = values
        return strings
    if row.field == "half_val":
        return np.fromiter(values, np.int32, len(values)).astype(np.uint16).view(row.numpy)
    if row.field == "int_val":
        # As TensorFlow reads them: a value too wide for its type keeps its low bits.
        return np.fromiter(values, np.int32, len(values)).astype(row.numpy)
    return np.fromiter(values, row.numpy, len(values))


def _packed(values: Any, field: str) -> bytes:
    """Return the values as they lie on the wire: one tag, one length, then their bytes."""
    alone = TensorProto()
    getattr(alone, field).MergeFrom(values)
    wire: bytes = alone.SerializeToString()
    size = len(values) * np.dtype(_PLAIN[field]).itemsize
    return wire[len(wire) - size :]


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _error(alias: str, reason: str) -> InvalidArgument:
    return InvalidArgument(f"tensor parsing error: {alias}: {reason}")
