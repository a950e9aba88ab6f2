from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from server_ext.errors import FailedPrecondition, InvalidArgument
from tfs_magics.exporting.check import difference, named
from tfs_magics.exporting.export import export

BIG = 2**53


@pytest.mark.parametrize(
    ("live", "exported", "dtype", "equal"),
    [
        ([1.0, 100.0], [1.0, 100.005], "float32", True),
        ([1.0, 100.0], [1.0, 100.05], "float32", False),
        ([1e-6, 0.0], [0.0, 0.0], "float32", False),
        ([0.0], [1e-9], "float64", True),
        ([1.0], [1.005], "float16", True),
        ([1.0], [1.005], ml_dtypes.bfloat16, True),
        ([1.0], [1.1], ml_dtypes.bfloat16, False),
        ([np.nan, np.inf, -np.inf], [np.nan, np.inf, -np.inf], "float32", True),
        ([np.nan], [1.0], "float32", False),
        ([np.inf], [-np.inf], "float32", False),
        ([1 + 2j], [1 + 2j], "complex64", True),
        ([1 + 2j], [1 - 2j], "complex64", False),
        ([3], [3], "int32", True),
        ([BIG], [BIG + 1], "int64", False),
        ([0], [255], "uint8", False),
        ([True], [False], "bool", False),
        ([b"a", b"b"], [b"a", b"b"], "object", True),
        ([b"a", b"b"], [b"a", b"c"], "object", False),
        ([], [], "float32", True),
    ],
)
def test_outputs_are_equal_up_to_rounding(
    live: Any, exported: Any, dtype: Any, equal: bool
) -> None:
    found = difference("y", np.array(live, dtype), np.array(exported, dtype))

    assert (found.amount <= found.allowed) == equal


def test_the_largest_difference_and_its_place_are_told() -> None:
    found = difference("y", np.zeros((2, 3)), np.array([[0, 0, 0.5], [0, -2, 0]]))

    assert found.amount == 2
    assert found.text == "by up to 2 (at [1, 1]: -2.0 exported, 0.0 live)"


def test_another_shape_is_a_difference() -> None:
    found = difference("y", np.zeros((2, 3)), np.zeros((2, 1)))

    assert found.amount > found.allowed
    assert found.text == "has the shape [2, 1], live [2, 3]"


def test_outputs_get_the_names_that_tensorflow_gives_them() -> None:
    assert list(named(np.ones(2))) == ["output_0"]
    assert list(named([1, 2])) == ["output_0", "output_1"]
    assert list(named({"a": 1})) == ["a"]


@pytest.fixture(scope="module")
def model() -> Any:
    import keras

    left, right = keras.Input((2,), name="left"), keras.Input((2,), name="right")
    return keras.Model([left, right], keras.layers.Dense(2)(keras.layers.Add()([left, right])))


@pytest.mark.tensorflow
def test_the_largest_difference_is_returned(tmp_path: Path, model: Any) -> None:
    rows = np.ones((3, 2))

    exported = export(model, base_path=tmp_path, check={"left": rows, "right": rows})

    assert exported.difference is not None
    assert exported.difference < 1e-5


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    ("check", "message"),
    [
        (np.ones((1, 2)), r"inputs left, right, the check is no dict: pass check=\{'left': "),
        ({"left": np.ones((1, 2))}, "inputs left, right, the check has 'left'"),
        ({"left": np.ones((1, 2)), "rihgt": 1}, "the check has 'left', 'rihgt'"),
        ({"left": np.ones((1, 2)), "right": [[1j, 0]]}, "'right' is float32, the check has comp"),
        ({"left": np.ones((1, 3)), "right": np.ones((1, 3))}, "check could not be run: Val"),
        ({"left": [["a", "b"]], "right": [["a", "b"]]}, "'left' is float32, the check has <U1"),
    ],
)
def test_a_check_that_does_not_fit_the_inputs_is_refused(
    tmp_path: Path, model: Any, check: Any, message: str
) -> None:
    with pytest.raises(InvalidArgument, match=message):
        export(model, base_path=tmp_path / "models", check=check)

    assert os.listdir(tmp_path) == []


@pytest.mark.tensorflow
def test_a_model_that_differs_from_itself_is_refused(tmp_path: Path) -> None:
    import tensorflow as tf

    @tf.function(input_signature=[tf.TensorSpec([None])])
    def clock(x: Any) -> dict[str, Any]:
        return {"same": x, "time": 1e6 * tf.timestamp() % 1e6}

    with pytest.raises(FailedPrecondition, match=r"differ: time by up to .*leave the check out"):
        export(clock, base_path=tmp_path / "models", check=[1.0, 100.0])

    assert os.listdir(tmp_path) == []


@pytest.mark.tensorflow
def test_a_keras_model_that_behaves_otherwise_in_a_graph_is_refused(tmp_path: Path) -> None:
    import keras
    import tensorflow as tf

    class Eager(keras.Model):
        def call(self, x: Any) -> Any:
            return x if tf.executing_eagerly() else x + 0.25

    model = Eager()
    model(np.ones((1, 2)))

    with pytest.raises(FailedPrecondition, match=r"output_0 by up to 0\.25 \(at \[0, 0\]: 1\.25"):
        export(model, base_path=tmp_path / "models", check=np.ones((1, 2)))

    assert os.listdir(tmp_path) == []
    assert export(model, base_path=tmp_path).difference is None
