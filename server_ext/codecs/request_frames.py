"""Requests of Predict that differ from earlier ones in their numbers only: read without parsing.

    head  model_spec, alias, dtype, shape, all lengths | numbers | tail  output_filter

A client that sends tensors of one shape sends the same head and tail each time. When a payload is
as long as an earlier one, and begins and ends as that did, it says the same, and the numbers are
where they were: a view of the payload. That holds for one input whose numbers are packed as their
own bytes (`tensor_content`, `float_val`, `double_val`) and whose fields stand in the order of their
numbers, as all of protobuf's writers put them; a head is kept only when it is, byte for byte, what
we would write for the parsed request. All else is parsed as ever.

Threads: any may call. What is kept is replaced as a whole, never changed.
Compatible with PredictRequest (apis/predict.proto).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from tensorflow_serving.apis.model_pb2 import ModelSpec
from tensorflow_serving.apis.predict_pb2 import PredictRequest

from server_ext.codecs import tensorproto
from server_ext.codecs.dtypes import BY_NUMBER
from server_ext.codecs.response_frames import pair

if TYPE_CHECKING:
    from server_ext.lifecycle.servable import Array

KEPT_LENGTHS = 1024
KEPT_PER_LENGTH = 4
LONGEST_HEAD = 1024

ALIGNMENT = 64
"""Bytes. TensorFlow computes on a fed array in place if it begins at a multiple of this, copies it
else, and copies it twice if its numbers are not aligned by themselves. Measured with 600 kB: 21, 43
and 67 us a call; 4 us of those for a copy that we make into aligned memory instead."""
_LARGE_BYTES = 64 * 1024  # below, memory of numpy's is as good

_INPUTS = PredictRequest.DESCRIPTOR.fields_by_name["inputs"].number
_PACKED = ("float_val", "double_val")  # typed fields that are the bytes of an array


class _Frame(NamedTuple):
    """What requests say that begin with `head`, end with `tail` and have the same length."""

    head: bytes
    tail: bytes
    model_spec: Any
    alias: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    output_filter: tuple[str, ...]


class FramedRequest:
    """A PredictRequest as its bytes, read as far as anybody asks. Not changed by anyone."""

    DESCRIPTOR = PredictRequest.DESCRIPTOR
    __slots__ = ("_frame", "_payload")

    def __init__(self, frame: _Frame, payload: bytes) -> None:
        self._frame = frame
        self._payload = payload

    @staticmethod
    def FromString(payload: bytes) -> FramedRequest | PredictRequest:  # noqa: N802  protobuf's name
        """Read a request; raises DecodeError when it is none.

        The first of its kind comes as protobuf's message, and later ones framed.
        """
        return _known.read(payload)

    @property
    def model_spec(self) -> Any:
        """The tensorflow.serving.ModelSpec, shared by requests: only to be read."""
        return self._frame.model_spec

    @property
    def output_filter(self) -> tuple[str, ...]:
        """Aliases of the outputs wanted."""
        return self._frame.output_filter

    @property
    def alias(self) -> str:
        """Alias of its one input."""
        return self._frame.alias

    def HasField(self, name: str) -> bool:  # noqa: N802  protobuf's name
        """Tell what protobuf's message would: a model_spec is there."""
        return name == "model_spec"

    def array(self) -> Array:
        """Return the numbers: a view of the payload where those are aligned, else a copy."""
        frame = self._frame
        view: Array = np.ndarray(
            frame.shape, frame.dtype, buffer=self._payload, offset=len(frame.head)
        )
        if view.flags.aligned:
            return view
        if view.nbytes >= _LARGE_BYTES:
            return _aligned(view)
        # As bytes: numpy would let another thread have the interpreter for each copy.
        numbers = self._payload[len(frame.head) : len(frame.head) + view.nbytes]
        aligned: Array = np.ndarray(frame.shape, frame.dtype, buffer=numbers)
        return aligned

    def message(self) -> PredictRequest:
        """Return protobuf's message."""
        return PredictRequest.FromString(self._payload)


class Frames:
    """The frames of the requests that came lately, a bounded number. Any thread may read."""

    def __init__(self) -> None:
        self._by_length: dict[int, tuple[_Frame, ...]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._by_length.values()))

    def read(self, payload: bytes) -> FramedRequest | PredictRequest:
        """Read a request; raises DecodeError when it is none."""
        for known in self._by_length.get(len(payload), ()):
            if payload.startswith(known.head) and payload.endswith(known.tail):
                return FramedRequest(known, payload)
        request = PredictRequest.FromString(payload)
        frame = _frame(request, payload)
        if frame:
            self._keep(len(payload), frame)
        return request

    def _keep(self, length: int, frame: _Frame) -> None:
        if len(self._by_length) >= KEPT_LENGTHS:
            self._by_length.clear()
        others = self._by_length.get(length, ())
        self._by_length[length] = (frame, *others)[:KEPT_PER_LENGTH]


_known = Frames()


def _frame(request: PredictRequest, payload: bytes) -> _Frame | None:
    """Return the frame of a request, None when it has numbers elsewhere or is written otherwise."""
    if len(request.inputs) != 1 or not request.HasField("model_spec"):
        return None
    ((alias, tensor),) = request.inputs.items()
    row = BY_NUMBER.get(tensor.dtype)
    if row is None or row.numpy.kind in "Ob":
        return None
    field = "tensor_content" if tensor.tensor_content else row.field
    if field != "tensor_content" and field not in _PACKED:
        return None
    shape = tuple([dim.size for dim in tensor.tensor_shape.dim])
    size = math.prod(shape) * row.numpy.itemsize
    if min(shape, default=0) < 0 or not 0 < size < len(payload):
        return None
    values = tensorproto.header(tensor.dtype, shape) + tensorproto.tag(field, size)
    before = PredictRequest(model_spec=request.model_spec).SerializeToString()
    head = before + pair(_INPUTS, alias, len(values) + size) + values
    tail = PredictRequest(output_filter=request.output_filter).SerializeToString()
    same = payload.startswith(head) and payload.endswith(tail)
    if not same or len(head) + size + len(tail) != len(payload) or len(head) > LONGEST_HEAD:
        return None
    spec = ModelSpec()
    spec.CopyFrom(request.model_spec)  # which would keep the memory of the whole request
    return _Frame(head, tail, spec, alias, row.numpy, shape, tuple(request.output_filter))


def _aligned(array: Array) -> Array:
    """Return a copy that TensorFlow need not copy again."""
    room = np.empty(array.nbytes + ALIGNMENT, np.uint8)
    begin = -room.ctypes.data % ALIGNMENT
    copy: Array = room[begin : begin + array.nbytes].view(array.dtype).reshape(array.shape)
    copy[...] = array
    return copy
