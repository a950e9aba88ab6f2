"""Turns TensorProto messages into arrays and arrays into TensorProto messages.

    decode: tensor_content -> a view of its bytes | typed field -> one copy, widened types checked
    wire:   array -> bytes of the message, in parts: the numbers are the array's own
    encode: the same -> one parse by protobuf

Numbers never become Python objects: upb hands repeated fields to numpy in one copy, and what is
packed on the wire (floats, complex, bools) is an array's own bytes. Functions; any thread may call.
Compatible with Tensor::FromProto and Tensor::AsProtoField (tensorflow/core/framework/tensor.cc).
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from tensorflow.core.framework.tensor_pb2 import TensorProto
from tensorflow.core.framework.tensor_shape_pb2 import TensorShapeProto

from server_ext.codecs import varints
from server_ext.codecs.dtypes import BY_NUMBER, DType, name_of
from server_ext.errors import InvalidArgument, ResourceExhausted, Unimplemented

if TYPE_CHECKING:
    from collections.abc import Sequence

    from server_ext.lifecycle.servable import Array

MAX_REPEATED_BYTES = 256 * 1024 * 1024
"""Largest tensor that a message may stand for by repeating its last value."""

_LARGE_BYTES = 64 * 1024  # from which on a copy costs more than a view
_BITS = {14: np.uint16, 19: np.uint16}  # bfloat16 and half travel as the integer of their bits
_WIRE = {  # numpy types of the fields that are not of their tensor's own type
    "int_val": np.int32,
    "half_val": np.int32,
    "scomplex_val": np.float32,
    "dcomplex_val": np.float64,
}
_FIELD_NUMBERS = {
    name: field.number for name, field in TensorProto.DESCRIPTOR.fields_by_name.items()
}


def decode(proto: TensorProto, alias: str) -> Array:
    """Read the message of the input `alias`; strings come as object arrays of bytes.

    `tensor_content` wins over typed values. Of those, too few are filled up with the last one, none
    stand for zeros or empty strings. An array made of `tensor_content` is a read-only view.

    Raises:
        InvalidArgument: `tensor parsing error: ALIAS` and why: type or rank unknown, negative
            sizes, content of another length, more values than the shape holds, a value that
            its type cannot hold.
        ResourceExhausted: a few values stand for more than MAX_REPEATED_BYTES.
    """
    row = BY_NUMBER.get(proto.dtype)
    if row is None:
        raise _unreadable(alias, f"{name_of(proto.dtype)} is not a type this server takes")
    shape = _shape(proto.tensor_shape, alias)
    content = proto.tensor_content
    values = _from_content(content, row, shape, alias) if content else _typed(proto, row, alias)
    size = math.prod(shape)
    if len(values) < size and not content:
        values = _filled(values, size, row, alias)
    if len(values) != size:
        raise _unreadable(alias, f"{len(values)} values for the {size} of shape {list(shape)}")
    try:
        return values.reshape(shape)
    except ValueError as error:  # more dimensions, or larger ones, than numpy can count
        raise _unreadable(alias, str(error)) from None


def encode(array: Array, number: int, *, as_content: bool = False) -> TensorProto:
    """Write an array as a message; what is in it and what is raised is `wire`'s."""
    return TensorProto.FromString(b"".join(wire(array, number, as_content=as_content)))


def wire(array: Array, number: int, *, as_content: bool = False) -> Sequence[bytes | memoryview]:
    """Return the bytes of the message of an array of the type `number` (a tensorflow.DataType).

    They come in parts, to be joined: the last is the array's own memory if that is large. `dtype`
    and `tensor_shape` are always present, `tensor_content` only if `as_content`, and then instead
    of the typed field; strings have a typed field in any case. The array has the type's numpy
    dtype, or for strings holds bytes.

    Raises:
        Unimplemented: no typed field is known for the type.
    """
    row = BY_NUMBER.get(number)
    if row is None:
        raise Unimplemented(f"This server cannot answer with a tensor of {name_of(number)}")
    head = header(number, array.shape)
    values = np.asarray(array, row.numpy)
    kind, field = values.dtype.kind, row.field
    if kind == "O":
        return head, TensorProto(string_val=values.ravel().tolist()).SerializeToString()
    if as_content:
        field = "tensor_content"
        values = values.view(_BITS.get(number, row.numpy))
    elif number in _BITS or kind in "iu":
        values = values.view(_BITS.get(number, row.numpy))
        if values.size < varints.WORTHWHILE:
            return head, TensorProto(**{field: values.ravel().tolist()}).SerializeToString()
        packed = varints.pack(values)
        return head, tag(field, len(packed)), packed
    # Floats are packed as their own bytes, little endian; bools as one byte of 0 or 1.
    size = values.nbytes
    if size > _LARGE_BYTES and values.flags.c_contiguous:
        return head, tag(field, size), values.reshape(-1).view(np.uint8).data
    return head, tag(field, size), values.tobytes()


@lru_cache(maxsize=4096)
def header(number: int, shape: tuple[int, ...]) -> bytes:
    """Return `dtype` and `tensor_shape` on the wire; the latter is present for scalars too."""
    dims = [TensorShapeProto.Dim(size=size) for size in shape]
    message = TensorProto(dtype=number, tensor_shape=TensorShapeProto(dim=dims))
    written: bytes = message.SerializeToString()
    return written


@lru_cache(maxsize=4096)
def tag(field: str, length: int) -> bytes:
    """Return what stands before a field of bytes: number with wire type 2, and their length."""
    return varints.one(_FIELD_NUMBERS[field] << 3 | 2) + varints.one(length)


def _shape(proto: TensorShapeProto, alias: str) -> tuple[int, ...]:
    if proto.unknown_rank:
        raise _unreadable(alias, "its shape has no known rank")
    shape = tuple([dim.size for dim in proto.dim])
    if shape and min(shape) < 0:
        raise _unreadable(alias, f"shape {list(shape)} has a negative size")
    return shape


def _from_content(content: bytes, row: DType, shape: tuple[int, ...], alias: str) -> Array:
    if row.field == "string_val":
        try:
            return _objects(varints.split_strings(content, math.prod(shape)))
        except ValueError as error:
            raise _unreadable(alias, str(error)) from None
    if len(content) % row.numpy.itemsize:
        raise _unreadable(
            alias, f"{len(content)} bytes of tensor_content are no whole number of {row.name}"
        )
    if row.numpy.kind == "b":
        truth: Array = np.frombuffer(content, np.uint8) != 0  # a bool of any other byte is broken
        return truth
    return np.frombuffer(content, row.numpy)


def _typed(proto: TensorProto, row: DType, alias: str) -> Array:
    """Return the values of the typed field, flat, in the type's own numpy dtype."""
    field = getattr(proto, row.field)
    if row.field == "string_val":
        return _objects(list(field))
    if not field:
        return np.empty(0, row.numpy)
    values: Array = np.asarray(field, _WIRE.get(row.field, row.numpy))
    if row.numpy.kind == "c":
        if len(values) % 2:
            raise _unreadable(alias, f"{row.field} has {len(values)} numbers, which are not pairs")
        return values.view(row.numpy)
    narrow = values.astype(_BITS.get(row.number, row.numpy), copy=False)
    if narrow is not values and (narrow != values).any():
        first = values[narrow != values][0]
        raise _unreadable(alias, f"{first} does not fit into {row.name}")
    return narrow.view(row.numpy)


def _filled(values: Array, size: int, row: DType, alias: str) -> Array:
    """Repeat the last value up to `size`; without any, zeros or empty strings."""
    if size * row.numpy.itemsize > MAX_REPEATED_BYTES:
        raise ResourceExhausted(
            f"tensor parsing error: {alias}: {len(values)} values stand for {size} of type "
            f"{row.name}, more than {MAX_REPEATED_BYTES} bytes: send them all, or fewer"
        )
    nothing: Any = b"" if row.field == "string_val" else 0
    filled = np.full(size, values[-1] if len(values) else nothing, row.numpy)
    filled[: len(values)] = values
    return filled


def _objects(strings: list[bytes]) -> Array:
    array = np.empty(len(strings), np.object_)
    array[:] = strings
    return array


def _unreadable(alias: str, reason: str) -> InvalidArgument:
    return InvalidArgument(f"tensor parsing error: {alias}: {reason}")
