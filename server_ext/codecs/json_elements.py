"""One JSON value to one element of a tensor, or the reason why not.

What is taken for what (util/json_tensor.cc; half, bfloat16 and uint16 are ours):

    float, double, half, bfloat16   any number; an integer literal, NaN and infinities, too
    integers                        an integer literal within the type's range
    bool                            true, false
    string                          a string, or {"b64": "..."}

Pure functions.
"""

from __future__ import annotations

import binascii
import string
from typing import Any

import numpy as np

from server_ext.codecs.dtypes import DType
from server_ext.codecs.json_text import quote
from server_ext.errors import InvalidArgument, Unimplemented

FLOATS = frozenset({"float", "double", "half", "bfloat16"})
INTEGERS = frozenset({"int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"})

_BASE64 = (string.ascii_letters + string.digits + "+/").encode()
_BASE64_BLANKS = b" \t\n\v\f\r"
_TYPES = {
    type(None): "Null",
    dict: "Object",
    list: "Array",
    str: "String",
    int: "Number",
    float: "Number",
}


def element(value: Any, dtype: DType) -> Any:
    """Return a JSON value that is no list as an element: a number, a bool, or bytes for a string.

    Raises:
        InvalidArgument: the value is of another type, out of range, or bad base64.
        Unimplemented: JSON has no form for tensors of this type.
    """
    if dtype.name == "string":
        return string_element(value)
    kind = type(value)
    if kind is not dict and dtype.name not in FLOATS | INTEGERS | {"bool"}:
        raise unsupported(value, dtype.name)
    if dtype.name in FLOATS and kind in (int, float):
        return value
    if dtype.name == "bool" and kind is bool:
        return value
    if dtype.name in INTEGERS and kind is int:
        limits = np.iinfo(dtype.numpy)
        if limits.min <= value <= limits.max:
            return value
    raise _wrong_type(value, dtype)


def string_element(value: Any) -> bytes:
    """Return the bytes of a JSON string (UTF-8) or of a base64 object.

    Raises:
        InvalidArgument: it is neither.
    """
    if type(value) is str:
        return value.encode("utf-8", "surrogateescape")
    if type(value) is not dict:
        raise InvalidArgument(
            f"JSON Value: {quote(value)} Type: {type_name(value)} is not of expected type: string"
        )
    if not is_base64(value):
        raise InvalidArgument(f"JSON Value: {quote(value)} not formatted correctly for base64 data")
    return _base64(value["b64"])


def is_base64(value: Any) -> bool:
    """Tell whether a value is `{"b64": "<text>"}` and nothing more."""
    return type(value) is dict and len(value) == 1 and type(value.get("b64")) is str


def type_name(value: Any) -> str:
    """Return the name of a JSON value's type, as TensorFlow Serving writes it."""
    if isinstance(value, bool):
        return str(value)
    return _TYPES[type(value)]


def unsupported(value: Any, type_name: str) -> Unimplemented:
    """Return the error for a tensor type that JSON cannot fill."""
    return Unimplemented(f"Conversion of JSON Value: {quote(value)} to type: {type_name}")


def _wrong_type(value: Any, dtype: DType) -> InvalidArgument:
    message = (
        f"JSON Value: {quote(value)} Type: {type_name(value)} is not of expected type: {dtype.name}"
    )
    if dtype.name in INTEGERS and type(value) in (int, float):
        limits = np.iinfo(dtype.numpy)
        message += f" (digits only, from {limits.min} to {limits.max})"
    return InvalidArgument(message)


def _base64(text: str) -> bytes:
    """Decode standard base64: padding (`=` or `.`) may be left out, blanks are skipped."""
    packed = text.encode("utf-8", "surrogateescape").translate(None, _BASE64_BLANKS)
    digits = packed.rstrip(b"=.")
    padding = -len(digits) % 4
    if (
        len(packed) - len(digits) not in (0, padding)
        or padding == 3
        or digits.translate(None, _BASE64)
    ):
        raise InvalidArgument(
            "Unable to base64 decode: use the standard alphabet (+ and /) and right padding"
        )
    return binascii.a2b_base64(digits + b"=" * padding)
