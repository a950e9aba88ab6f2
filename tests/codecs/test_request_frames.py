"""Requests that are read by what is known of earlier ones say what a parsed one would."""

from __future__ import annotations

import numpy as np
import pytest
from google.protobuf.message import DecodeError
from tensorflow.core.framework.tensor_pb2 import TensorProto
from tensorflow_serving.apis.predict_pb2 import PredictRequest

from server_ext.codecs import request_frames, tensorproto
from server_ext.codecs.dtypes import BY_NUMBER, DTYPES
from server_ext.codecs.request_frames import FramedRequest, Frames

pytestmark = pytest.mark.tensorflow

DT_FLOAT, DT_DOUBLE, DT_INT32, DT_STRING, DT_BOOL = 1, 2, 3, 7, 10
NUMBERS = [row for row in DTYPES if row.numpy.kind not in "Ob"]


@pytest.fixture
def frames() -> Frames:
    return Frames()


def request(array, number=DT_FLOAT, *, as_content=True, alias="x", name="m", wanted=()):
    tensor = tensorproto.encode(np.asarray(array), number, as_content=as_content)
    message = PredictRequest(output_filter=wanted)
    message.model_spec.name = name
    message.inputs[alias].CopyFrom(tensor)
    return message


def floats(*shape, seed=0):
    return np.random.default_rng(seed).random(shape, np.float32)


def assert_same_bits(got, expected):
    assert (got.dtype, got.shape) == (expected.dtype, expected.shape)
    assert got.tobytes() == expected.tobytes()


@pytest.mark.parametrize("row", NUMBERS, ids=lambda row: row.name)
def test_the_second_of_a_kind_is_read_by_the_frame_of_the_first(frames, row):
    rng = np.random.default_rng(1)
    arrays = [rng.integers(0, 100, (2, 3)).astype(row.numpy) for _ in range(2)]

    first, second = (
        frames.read(request(array, row.number, wanted=["y", "z"]).SerializeToString())
        for array in arrays
    )

    assert isinstance(first, PredictRequest)
    assert isinstance(second, FramedRequest)
    assert_same_bits(second.array(), arrays[1])
    assert (second.model_spec.name, second.alias) == ("m", "x")
    assert second.output_filter == ("y", "z")
    assert second.HasField("model_spec")
    assert second.message() == request(arrays[1], row.number, wanted=["y", "z"])


@pytest.mark.parametrize(("number", "framed"), [(DT_FLOAT, True), (DT_DOUBLE, True), (3, False)])
def test_typed_fields_are_framed_where_they_are_an_arrays_own_bytes(frames, number, framed):
    array = np.arange(6).reshape(2, 3).astype(BY_NUMBER[number].numpy)
    payload = request(array, number, as_content=False).SerializeToString()

    frames.read(payload)
    again = frames.read(payload)

    assert isinstance(again, FramedRequest) == framed
    if isinstance(again, FramedRequest):
        assert_same_bits(again.array(), array)


@pytest.mark.parametrize("shape", [(3, 5), (200, 200)], ids=["small", "large"])
@pytest.mark.parametrize("name", ["m" * length for length in range(1, 6)])
def test_numbers_are_aligned_wherever_they_stand_in_the_payload(frames, name, shape):
    payload = request(floats(*shape), name=name).SerializeToString()
    frames.read(payload)

    array = frames.read(payload).array()

    assert array.flags.aligned
    assert_same_bits(array, floats(*shape))


def test_numbers_that_are_aligned_are_not_copied(frames):
    payloads = [request(floats(2, 3), name="m" * n).SerializeToString() for n in range(1, 9)]
    for payload in payloads:
        frames.read(payload)

    views = [frames.read(payload).array().base is payload for payload in payloads]

    assert sum(views) == len(payloads) / 4


def test_other_models_inputs_and_shapes_of_the_same_length_are_not_mixed_up(frames):
    messages = [
        request(floats(2, 3)),
        request(floats(2, 3), name="n"),
        request(floats(2, 3), alias="y"),
        request(floats(3, 2)),
    ]
    payloads = [message.SerializeToString() for message in messages]
    assert len({len(payload) for payload in payloads}) == 1

    for payload in payloads:
        assert isinstance(frames.read(payload), PredictRequest)

    for payload, message in zip(payloads, messages, strict=True):
        framed = frames.read(payload)
        assert isinstance(framed, FramedRequest)
        (alias,) = message.inputs
        assert (framed.model_spec, framed.alias) == (message.model_spec, alias)
        assert_same_bits(framed.array(), tensorproto.decode(message.inputs[alias], alias))


def several_inputs():
    message = request(floats(2))
    message.inputs["y"].CopyFrom(message.inputs["x"])
    return message.SerializeToString()


def repeated_last_value():
    message = request(floats(1), as_content=False)
    message.inputs["x"].tensor_shape.dim[0].size = 9
    return message.SerializeToString()


def no_model_spec():
    message = request(floats(2))
    message.ClearField("model_spec")
    return message.SerializeToString()


def negative_sizes():
    message = request(floats(1, 1))
    message.inputs["x"].tensor_shape.dim[0].size = -1
    message.inputs["x"].tensor_shape.dim[1].size = -1
    return message.SerializeToString()


def the_same_input_twice():
    one = request(floats(2))
    other = PredictRequest(inputs=request(floats(2, seed=1)).inputs)
    return one.SerializeToString() + other.SerializeToString()


def the_model_last():
    message = request(floats(2))
    inputs = PredictRequest(inputs=message.inputs)
    return (
        inputs.SerializeToString()
        + PredictRequest(model_spec=message.model_spec).SerializeToString()
    )


def a_field_that_nobody_knows():
    """One that hides, at the end, what looks like the tensor's own field."""
    content = request(floats(2)).inputs["x"].tensor_content
    hidden = tensorproto.tag("tensor_content", len(content)) + content
    unknown = b"\xa2\x06" + bytes((len(hidden),)) + hidden  # field 100, bytes
    return request(floats(2)).SerializeToString() + unknown


def not_packed():
    """Two floats, each with a tag of its own."""
    tensor = TensorProto(dtype=DT_FLOAT)
    tensor.tensor_shape.dim.add(size=2)
    values = b"".join(b"\x2d" + value.tobytes() for value in floats(2))
    written = tensor.SerializeToString() + values
    pair = b"\x0a\x01x\x12" + bytes((len(written),)) + written
    spec = PredictRequest(model_spec=request(floats(2)).model_spec).SerializeToString()
    return spec + b"\x12" + bytes((len(pair),)) + pair


UNFRAMED = {
    "several inputs": several_inputs,
    "strings": lambda: request(np.array([b"a"], object), DT_STRING).SerializeToString(),
    "bools": lambda: request(np.array([True]), DT_BOOL).SerializeToString(),
    "no numbers": lambda: request(floats(0, 3)).SerializeToString(),
    "no input": lambda: PredictRequest(model_spec=request([1.0]).model_spec).SerializeToString(),
    "a long name": lambda: request(floats(2), name="m" * 2000).SerializeToString(),
    "the last value repeated": repeated_last_value,
    "no model_spec": no_model_spec,
    "negative sizes": negative_sizes,
    "the same input twice": the_same_input_twice,
    "the model last": the_model_last,
    "a field that nobody knows": a_field_that_nobody_knows,
    "not packed": not_packed,
}


@pytest.mark.parametrize("make", UNFRAMED.values(), ids=UNFRAMED)
def test_what_is_written_otherwise_is_parsed_each_time(frames, make):
    payload = make()

    for _ in range(2):
        assert frames.read(payload) == PredictRequest.FromString(payload)

    assert not len(frames)


def test_what_is_no_message_is_refused_though_it_begins_like_one(frames):
    payload = request(floats(2, 3)).SerializeToString()
    frames.read(payload)

    with pytest.raises(DecodeError):
        frames.read(payload[:-1])


def test_a_bounded_number_of_frames_is_kept(frames):
    for rows in range(1, request_frames.KEPT_LENGTHS + 50):
        frames.read(request(floats(rows)).SerializeToString())
    for letter in "abcdefgh":
        frames.read(request(floats(1), name=letter).SerializeToString())

    assert 0 < len(frames) <= request_frames.KEPT_LENGTHS
    assert isinstance(frames.read(request(floats(1), name="h").SerializeToString()), FramedRequest)
