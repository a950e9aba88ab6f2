"""Arrays as JSON and back."""

from __future__ import annotations

import json
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from server_ext.errors import InvalidArgument
from tfs_magics.client.jsonform import outputs, request_body
from tfs_magics.client.signatures import Signature, Tensor


def answered(value: Any, dtype: str, *shape: int) -> Any:
    tensor = Tensor("y", dtype, shape)
    signature = Signature("serving_default", "predict", {}, {"y": tensor})
    return outputs(json.dumps({"outputs": value}).encode(), signature)["y"]


def sent(array: Any) -> Any:
    return json.loads(request_body({"x": array}, "serving_default"))["inputs"]["x"]


@pytest.mark.parametrize(
    "array",
    [
        np.array([[0.1, 1 / 3], [1e30, -0.0]], np.float32),
        np.array([0.1, 1 / 3]),
        np.array([1, -(2**63)]),
        np.array([2**64 - 1], np.uint64),
        np.array([True, False]),
        np.array(0.1, np.float32),
        np.array(7),
        np.arange(6).reshape(2, 3).T,
        np.array([1.5, 2.25], np.float16),
        np.array([1.5, 2.25], ml_dtypes.bfloat16),
        np.array([np.nan, np.inf, -np.inf, 1], np.float32),
    ],
)
def test_numbers_survive_the_way_there_and_back(array: Any):
    label = array.dtype.name

    back = answered(sent(array), label, *array.shape)

    assert back.dtype == array.dtype
    np.testing.assert_array_equal(back, array)


def test_a_body_names_the_signature_and_every_input():
    body = request_body({"a": np.array([1]), "b": np.array(2.0)}, "embed")

    assert json.loads(body) == {"signature_name": "embed", "inputs": {"a": [1], "b": 2.0}}


def test_text_goes_as_it_is_and_bytes_in_base64():
    assert sent(np.array([["ü", b"\xff"]], object)) == [["ü", {"b64": "/w=="}]]


def test_text_comes_back_as_bytes():
    back = answered([["ü"], [{"b64": "/w=="}]], "string", -1, 1)

    assert back.tolist() == [["ü".encode()], [b"\xff"]]
    assert answered("a", "string").tolist() == b"a"


def test_an_empty_answer_has_the_sizes_of_the_signature():
    assert answered([], "float32", -1, 10).shape == (0, 10)
    assert answered([], "string", -1).shape == (0,)


def test_several_outputs_come_by_alias():
    tensors = {"a": Tensor("a", "int64", (-1,)), "b": Tensor("b", "float32", ())}
    signature = Signature("serving_default", "predict", {}, tensors)

    found = outputs(b'{"outputs": {"b": 0.5, "a": [1]}}', signature)

    assert list(found) == ["a", "b"]
    assert found["b"].dtype == np.float32


def test_complex_numbers_have_no_json():
    with pytest.raises(InvalidArgument, match="x is complex64, which JSON cannot carry"):
        sent(np.array([1j], np.complex64))


def test_an_answer_of_another_kind_is_an_error():
    signature = Signature("s", "predict", {}, {"y": Tensor("y", "float32", ())})

    with pytest.raises(InvalidArgument, match="no outputs"):
        outputs(b'{"predictions": [1.0]}', signature)
