"""Answers that are written without a message are, once read, the message they stand for."""

from __future__ import annotations

import numpy as np
import pytest
from tensorflow_serving.apis.predict_pb2 import PredictResponse

from server_ext.codecs import response_frames, tensorproto
from server_ext.codecs.dtypes import DTYPES
from server_ext.codecs.response_frames import respond
from server_ext.errors import ResourceExhausted, Unimplemented

pytestmark = pytest.mark.tensorflow

DT_FLOAT, DT_VARIANT = 1, 21
LARGE = (300, 700)


def expected(outputs, *, as_content=False):
    """Return the answer as protobuf would build it."""
    message = PredictResponse()
    message.model_spec.name, message.model_spec.signature_name = "m", "serving_default"
    message.model_spec.version.value = 3
    for alias, array, number in outputs:
        tensor = tensorproto.encode(array, number, as_content=as_content)
        message.outputs[alias].CopyFrom(tensor)
    return message


def array_of(row, shape):
    values = np.arange(int(np.prod(shape))) % 2
    if row.label == "string":
        values = np.array([b"%d" % value for value in values], object)
    return values.astype(row.numpy).reshape(shape)


@pytest.mark.parametrize("as_content", [False, True])
@pytest.mark.parametrize("shape", [(), (1, 10), (0, 4), LARGE], ids=str)
@pytest.mark.parametrize("row", DTYPES, ids=lambda row: row.name)
def test_an_answer_is_the_message_that_protobuf_would_build(row, shape, as_content):
    array = array_of(row, shape)
    outputs = [("scores", array, row.number), ("é" * 100, array, row.number)]

    answer = respond("m", 3, "serving_default", outputs, as_content=as_content)

    assert PredictResponse.FromString(answer.SerializeToString()) == answer.message()
    assert answer.message() == expected(outputs, as_content=as_content)
    back = tensorproto.decode(answer.message().outputs["scores"], "scores")
    assert back.shape == shape
    assert back.tolist() == array.tolist()


@pytest.mark.parametrize("shape", [(4, 6), LARGE], ids=str)
def test_columns_and_every_second_row_of_an_array_are_written_in_order(shape):
    array = np.random.default_rng(0).random(shape, np.float32)
    outputs = [("t", array.T, DT_FLOAT), ("s", array[::2], DT_FLOAT)]

    answer = respond("m", 3, "serving_default", outputs).message()

    assert np.array_equal(tensorproto.decode(answer.outputs["t"], "t"), array.T)
    assert np.array_equal(tensorproto.decode(answer.outputs["s"], "s"), array[::2])


def test_a_version_without_outputs_still_says_who_it_is():
    assert respond("m", 3, "serving_default", []).message() == expected([])


def test_a_type_without_a_field_is_refused():
    with pytest.raises(Unimplemented, match="cannot answer with a tensor of type 21"):
        respond("m", 3, "serving_default", [("x", np.zeros(1), DT_VARIANT)])


def test_an_answer_that_is_too_large_for_a_message_is_refused(monkeypatch):
    monkeypatch.setattr(response_frames, "MAX_BYTES", 100)

    with pytest.raises(ResourceExhausted, match="more than the 100 of a message: ask for fewer"):
        respond("m", 3, "serving_default", [("x", np.zeros(50, np.float32), DT_FLOAT)])
