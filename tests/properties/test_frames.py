"""Whatever tensor a client sends again and again, it is read as protobuf would read it."""

from __future__ import annotations

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st
from strategies import tensors
from tensorflow_serving.apis.predict_pb2 import PredictRequest

from server_ext.codecs import tensorproto
from server_ext.codecs.dtypes import DTYPES
from server_ext.codecs.request_frames import FramedRequest, Frames


def bits(message: PredictRequest) -> bytes:
    """What tells messages apart: no NaN is equal to itself."""
    return message.SerializeToString(deterministic=True)


@given(tensors(DTYPES), st.booleans(), st.text(max_size=5), st.lists(st.text(max_size=3)))
def test_a_request_that_comes_again_says_the_same(tensor, as_content, alias, wanted):
    row, array = tensor
    request = PredictRequest(output_filter=wanted)
    request.model_spec.name = "m"
    request.inputs[alias].CopyFrom(tensorproto.encode(array, row.number, as_content=as_content))
    payload, frames = request.SerializeToString(), Frames()

    first, again = frames.read(payload), frames.read(payload)

    assert bits(first) == bits(request)
    if isinstance(again, FramedRequest):
        assert bits(again.message()) == bits(request)
        assert (again.alias, again.output_filter) == (alias, tuple(wanted))
        found = again.array()
        assert (found.dtype, found.shape) == (array.dtype, array.shape)
        assert found.tobytes() == array.tobytes()
    else:
        assert bits(again) == bits(request)


@given(tensors(DTYPES), st.binary(min_size=1, max_size=8), st.data())
def test_a_request_with_a_byte_changed_is_read_as_protobuf_reads_it(tensor, other, data):
    row, array = tensor
    request = PredictRequest()
    request.model_spec.name = "m"
    request.inputs["x"].CopyFrom(tensorproto.encode(array, row.number, as_content=True))
    payload, frames = request.SerializeToString(), Frames()
    frames.read(payload)
    at = data.draw(st.integers(0, len(payload)))
    changed = (payload[:at] + other + payload[at + len(other) :])[: len(payload)]
    try:
        expected = PredictRequest.FromString(changed)
    except DecodeError:
        with pytest.raises(DecodeError):
            frames.read(changed)
        return

    known = frames.read(changed)

    if isinstance(known, FramedRequest):
        found = tensorproto.decode(expected.inputs["x"], "x")
        assert known.array().tobytes() == found.tobytes()
        assert known.array().shape == found.shape
        known = known.message()
    assert bits(known) == bits(expected)
