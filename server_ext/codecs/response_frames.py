"""Answers of Predict as their bytes, put together without a message in between.

    model_spec | output: length, alias, length, tensor | output: ...

All but the numbers is the same for answers of one version with outputs of the same shapes, so it is
made once and kept. Functions; any thread may call.
Compatible with PredictResponse (apis/predict.proto); a map is a list of pairs on the wire.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from tensorflow_serving.apis.model_pb2 import ModelSpec
from tensorflow_serving.apis.predict_pb2 import PredictResponse

from server_ext.codecs import tensorproto, varints
from server_ext.errors import ResourceExhausted

if TYPE_CHECKING:
    from server_ext.lifecycle.servable import Array

MAX_BYTES = 2**31 - 1
"""What a message may have at most, in all implementations of protobuf."""

_OUTPUTS = PredictResponse.DESCRIPTOR.fields_by_name["outputs"].number
_KEPT = 4096


class FramedResponse(NamedTuple):
    """A PredictResponse as its bytes; serializing it costs nothing."""

    payload: bytes

    def SerializeToString(self) -> bytes:  # noqa: N802  as protobuf's messages call it
        """Return the bytes."""
        return self.payload

    def message(self) -> PredictResponse:
        """Return the message that they are."""
        return PredictResponse.FromString(self.payload)


def respond(
    name: str,
    version: int,
    signature: str,
    outputs: Iterable[tuple[str, Array, int]],
    *,
    as_content: bool = False,
) -> FramedResponse:
    """Return the answer of a version: of each output the alias, the array, and its type's number.

    Raises:
        Unimplemented: an output has a type that no tensor on the wire has.
        ResourceExhausted: it is larger than a message may be.
    """
    parts: list[bytes | memoryview] = [_model_spec(name, version, signature)]
    for alias, array, number in outputs:
        tensor = tensorproto.wire(array, number, as_content=as_content)
        parts.append(pair(_OUTPUTS, alias, sum(map(len, tensor))))
        parts += tensor
    payload = b"".join(parts)
    if len(payload) > MAX_BYTES:
        raise ResourceExhausted(
            f"The answer takes {len(payload)} bytes, more than the {MAX_BYTES} of a message: "
            "ask for fewer rows or outputs"
        )
    return FramedResponse(payload)


@lru_cache(maxsize=_KEPT)
def pair(field: int, alias: str, length: int) -> bytes:
    """Return what stands before a tensor of `length` bytes in the map that is field `field`."""
    name = alias.encode()
    inner = b"\x0a" + varints.one(len(name)) + name + b"\x12" + varints.one(length)
    return varints.one(field << 3 | 2) + varints.one(len(inner) + length) + inner


@lru_cache(maxsize=_KEPT)
def _model_spec(name: str, version: int, signature: str) -> bytes:
    """Return who answers, on the wire: never a label, always version and signature."""
    spec = ModelSpec(name=name, signature_name=signature)
    spec.version.value = version
    written: bytes = PredictResponse(model_spec=spec).SerializeToString()
    return written
