"""What becomes of the value that is to be sent to a model."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest

from server_ext.errors import InvalidArgument
from tfs_magics.client.feeds import InputMismatch, explain_shape, feed
from tfs_magics.client.signatures import Signature, Tensor


def signature(**inputs: Tensor) -> Signature:
    return Signature("serving_default", "predict", inputs, {})


def tensor(dtype: str, *shape: int, alias: str = "x", default: str | None = None) -> Tensor:
    return Tensor(alias, dtype, shape, default)


IMAGE = signature(x=tensor("float32", -1, 28, 28, 1))
TWO = signature(a=tensor("int64", -1, alias="a"), b=tensor("float32", -1, alias="b"))
OPTIONAL = signature(
    a=tensor("float32", -1, alias="a"), k=tensor("float32", alias="k", default="0.5")
)


@pytest.mark.parametrize(
    ("value", "dtype", "expected"),
    [
        (np.zeros(2), "float32", np.float32),
        ([1, 2], "float32", np.float32),
        ([1.5, 2.5], "float16", np.float16),
        ([1.5, 2.5], "bfloat16", ml_dtypes.bfloat16),
        (np.zeros(2, ml_dtypes.bfloat16), "float32", np.float32),
        ([True, False], "int64", np.int64),
        ([1, 255], "uint8", np.uint8),
        (np.int64(5), "int32", np.int32),
        ([1.0], "complex64", np.complex64),
        (["a", b"\xff"], "string", np.object_),
        ([["a"], [b"\0"]], "string", np.object_),
        (np.array(["a", "b"]), "string", np.object_),
        ("a", "string", np.object_),
    ],
)
def test_a_value_becomes_the_dtype_of_the_signature(value: Any, dtype: str, expected: Any):
    fed = feed(value, "m", signature(x=tensor(dtype, -1)))

    assert fed["x"].dtype == expected
    assert fed["x"].shape == np.asarray(value, dtype=object).shape


def test_text_keeps_its_zero_bytes():
    fed = feed([b"a\0", b"\0"], "m", signature(x=tensor("string", -1)))

    assert fed["x"].tolist() == [b"a\0", b"\0"]


def test_an_array_of_the_right_dtype_is_not_copied():
    array = np.zeros((3, 28, 28, 1), np.float32)

    assert feed(array, "m", IMAGE)["x"] is array


@pytest.mark.parametrize(
    ("value", "dtype", "said"),
    [
        (
            np.zeros((2, 3)),
            "int64",
            'x: expected int64 [n], got float64 [2, 3].\nConvert it first: x.astype("int64").',
        ),
        ([300], "uint8", "x: expected uint8 [n], got int64 [1].\n300 is outside of 0 to 255."),
        ([-1], "uint8", "x: expected uint8 [n], got int64 [1].\n-1 is outside of 0 to 255."),
        (["a"], "float32", "x: expected float32 [n], got string [1].\nSend numbers of type"),
        ([1.0], "string", "x: expected string [n], got float64 [1].\nSend text."),
        ([["a"], ["b", "c"]], "string", "x: expected string [n], got object [2].\nSend text."),
        ([None], "float32", "x: expected float32 [n], got object [1]."),
        ([1j], "float32", "x: expected float32 [n], got complex128 [1]."),
    ],
)
def test_what_would_lose_its_meaning_is_refused(value: Any, dtype: str, said: str):
    with pytest.raises(InputMismatch) as error:
        feed(value, "m", signature(x=tensor(dtype, -1)))

    assert str(error.value).startswith(said)


@pytest.mark.parametrize("kind", [TypeError, RuntimeError])
def test_a_tensor_that_cannot_become_an_array_says_why(kind: type[Exception]):
    class OnAnotherDevice:
        def __array__(self, *args: object, **options: object) -> None:
            raise kind("Use Tensor.cpu() first.")

    with pytest.raises(InvalidArgument, match=r"x is no array: Use Tensor\.cpu\(\) first\."):
        feed(OnAnotherDevice(), "m", signature(x=tensor("float32", -1)))


def test_rows_of_different_lengths_are_no_array():
    with pytest.raises(InvalidArgument, match="x is no array"):
        feed([[1, 2], [3]], "m", signature(x=tensor("float32", -1, 2)))


def test_several_inputs_come_in_a_dict():
    fed = feed({"b": [1], "a": [2]}, "m", TWO)

    assert {alias: array.dtype for alias, array in fed.items()} == {"b": np.float32, "a": np.int64}


def test_an_input_with_a_default_may_be_left_out():
    assert list(feed([1.0], "m", OPTIONAL)) == ["a"]
    assert list(feed({"a": [1.0], "k": 2}, "m", OPTIONAL)) == ["a", "k"]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([1], 'm takes 2 inputs: a, b. Pass a dict of arrays: {"a": ..., "b": ...}.'),
        ({"a": [1]}, "m also needs b. Inputs: a, b."),
        ({"a": [1], "b": [1], "c": [1]}, "m has no input c. Inputs: a, b."),
    ],
)
def test_missing_and_surplus_inputs_are_named(value: Any, said: str):
    with pytest.raises(InvalidArgument) as error:
        feed(value, "m", TWO)

    assert str(error.value) == said


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        ((28, 28, 1), "The batch dimension is missing: x[None] adds it."),
        ((5, 28, 28), "The last dimension is missing: x[..., None] adds it."),
        ((5, 784), "The same values fit as x.reshape(-1, 28, 28, 1)."),
        ((5, 8, 8, 1), "Send 28 \u00d7 28 images."),
    ],
)
def test_a_shape_that_was_refused_comes_with_what_would_fit(shape: tuple[int, ...], said: str):
    mismatch = explain_shape({"x": np.zeros(shape, np.float32)}, IMAGE)

    assert mismatch is not None
    assert mismatch.remedy == said
    assert str(mismatch).startswith("x: expected float32 [n, 28, 28, 1], got float32 [")


def test_a_shape_that_fits_is_not_the_reason():
    assert explain_shape({"x": np.zeros((5, 28, 28, 1))}, IMAGE) is None
    open_rank = signature(x=Tensor("x", "float32", None))
    assert explain_shape({"x": np.zeros((5, 3))}, open_rank) is None
