"""Examples, the rows that Classify and Regress take: documents and messages to serialized bytes.

    {"examples": [{"age": 31, "tags": ["a", "b"]}, ...], "context": {...}}   --from_json----+
    tensorflow.serving.Input                                                 --from_input---+
                                             strings [n], each a serialized tensorflow.Example

A context holds what all examples share. Its bytes stand before those of each example, which to a
protobuf parser is a merge: where both have a feature, the example's counts.

What a feature becomes (util/json_tensor.cc); one kind per list, the first element decides:

    integer literal, true, false        int64_list
    any other number                    float_list
    string, {"b64": "..."}              bytes_list
    []                                  a feature without values

Pure functions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from tensorflow.core.example.example_pb2 import Example
from tensorflow.core.example.feature_pb2 import Feature

from server_ext.codecs.json_elements import is_base64, string_element, type_name
from server_ext.codecs.json_text import quote
from server_ext.errors import InvalidArgument, ResourceExhausted

if TYPE_CHECKING:
    from tensorflow_serving.apis.input_pb2 import Input

    from server_ext.lifecycle.servable import Array

MAX_INT64 = 2**63 - 1
MAX_CONTEXT_BYTES = 2**30
"""Largest sum of the copies of a context, one for each example."""

_KINDS = {int: "int64", bool: "int64", float: "float", str: "bytes"}


def from_json(document: Mapping[str, Any]) -> Array:
    """Return the examples of a REST document, `[n]` strings with n > 0.

    Raises:
        InvalidArgument: no examples, or a value that no feature can hold.
        ResourceExhausted: the copies of the context would take more than MAX_CONTEXT_BYTES.
    """
    context = _example(document["context"]) if "context" in document else b""
    rows = document.get("examples")
    if "examples" not in document:
        # Says classify for regress, too.
        raise InvalidArgument(
            f"JSON Value: {quote(document)} When method is classify, key 'examples' is expected "
            "and was not found"
        )
    if not isinstance(rows, list):
        raise InvalidArgument(
            f"JSON Value: {quote(document)} Expecting 'examples' value to be an list/array"
        )
    if not rows:
        raise InvalidArgument(f"JSON Value: {quote(document)} 'examples' value is an empty array")
    return _strings([_example(row) for row in rows], context)


def from_input(message: Input) -> Array:
    """Return the examples of a message, `[n]` strings with n > 0.

    Raises:
        InvalidArgument: there are none, whatever the context.
        ResourceExhausted: the copies of the context would take more than MAX_CONTEXT_BYTES.
    """
    context = b""
    rows = message.example_list.examples
    if message.WhichOneof("kind") == "example_list_with_context":
        context = message.example_list_with_context.context.SerializeToString()
        rows = message.example_list_with_context.examples
    if not rows:
        raise InvalidArgument("Input is empty: send at least one example")
    return _strings([row.SerializeToString() for row in rows], context)


def _strings(rows: list[bytes], context: bytes) -> Array:
    if context:
        size = len(rows) * len(context)
        if size > MAX_CONTEXT_BYTES:
            raise ResourceExhausted(
                f"A context of {len(context)} bytes for {len(rows)} examples makes {size} bytes, "
                f"more than {MAX_CONTEXT_BYTES}: send fewer examples at a time"
            )
        rows = [context + row for row in rows]
    array = np.empty(len(rows), np.object_)
    array[:] = rows
    return array


def _example(value: Any) -> bytes:
    if not isinstance(value, dict):
        raise InvalidArgument(f"Example must be JSON object but got JSON {type_name(value)}")
    example = Example()
    features = example.features.feature
    for name, content in value.items():
        feature = _feature(name, content if type(content) is list else [content])
        try:
            features[name].CopyFrom(feature)
        except UnicodeEncodeError:
            raise InvalidArgument(f"Feature name {quote(name)} is not UTF-8") from None
    serialized: bytes = example.SerializeToString()
    return serialized


def _feature(name: str, values: Sequence[Any]) -> Feature:
    """Return the feature; lists of numbers of one type go to protobuf as they are."""
    types = set(map(type, values))
    if types == {float}:
        return Feature(float_list={"value": values})
    if types == {int} and max(values) <= MAX_INT64:
        return Feature(int64_list={"value": values})
    return _walked(name, values)


def _walked(name: str, values: Sequence[Any]) -> Feature:
    """Return the feature, or say of its first element that is wrong what it is."""
    wanted, taken = "", []
    for value in values:
        kind = "bytes" if is_base64(value) else _KINDS.get(type(value))
        if kind is None:
            raise InvalidArgument(
                f"Feature: {name} has element with unexpected JSON type: {type_name(value)}"
            )
        wanted = wanted or kind
        if kind != wanted:
            raise InvalidArgument(
                f"Unexpected element type in feature: {name} expecting type: {wanted}, "
                "that of its first element"
            )
        taken.append(_element(name, kind, value))
    return Feature(**{f"{wanted}_list": {"value": taken}}) if taken else Feature()


def _element(name: str, kind: str, value: Any) -> Any:
    if kind == "bytes":
        return string_element(value)
    if kind == "int64":
        if value > MAX_INT64:
            raise InvalidArgument(
                f"Feature: {name} has uint64_t element. Only int64_t is supported."
            )
        return int(value)  # protobuf takes no bool
    return value
