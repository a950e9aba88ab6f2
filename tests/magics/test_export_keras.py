from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from server_ext.errors import InvalidArgument
from tfs_magics.exporting.export import Exported, export

pytestmark = pytest.mark.tensorflow

ROWS = np.arange(12, dtype="float32").reshape(3, 4) / 10


def _inputs(exported: Exported) -> dict[str, tuple[str, tuple[int, ...] | None]]:
    return {key: tuple(info) for key, info in exported.signatures[0].inputs.items()}  # type: ignore[misc]


def _subclass(**members: Any) -> Any:
    """A subclassed model with one Dense layer and these methods."""
    import keras

    def __init__(self: Any) -> None:  # noqa: N807
        keras.Model.__init__(self)
        self.dense = keras.layers.Dense(2)

    return type("Net", (keras.Model,), {"__init__": __init__, **members})()


@pytest.mark.parametrize("how", ["input layer", "build", "call"])
def test_a_sequential_model_is_exported_once_it_is_built(tmp_path: Path, how: str) -> None:
    import keras

    first = [keras.layers.Input((4,))] if how == "input layer" else []
    model = keras.Sequential([*first, keras.layers.Dense(2)])
    if how == "build":
        model.build((None, 4))
    elif how == "call":
        model(ROWS)

    exported = export(model, base_path=tmp_path, check=ROWS)

    assert _inputs(exported) == {"inputs": ("float32", (-1, 4))}


def test_a_model_that_is_not_built_is_refused_with_the_two_ways_out(tmp_path: Path) -> None:
    import keras

    for model in (
        keras.Sequential([keras.layers.Dense(2)]),
        _subclass(call=lambda self, x: self.dense(x)),
    ):
        with pytest.raises(InvalidArgument, match=r"call it once on data, or model\.build\("):
            export(model, base_path=tmp_path)


def test_a_build_that_only_sets_the_flag_does_not_count(tmp_path: Path) -> None:
    model = _subclass(call=lambda self, x: self.dense(x))
    with pytest.warns(UserWarning, match="does not have a `build"):
        model.build((None, 4))

    with pytest.raises(InvalidArgument, match="is not built"):
        export(model, base_path=tmp_path)


@pytest.mark.parametrize("form", [dict, list])
def test_a_functional_model_keeps_the_names_of_its_inputs(tmp_path: Path, form: type) -> None:
    import keras

    left, right = keras.Input((4,), name="left"), keras.Input((2,), name="right")
    joined = keras.layers.Concatenate()([left, right])
    outputs = {"sum": keras.layers.Dense(1)(joined), "left2": keras.layers.Dense(3)(left)}
    inputs = {"left": left, "right": right} if form is dict else [left, right]
    model = keras.Model(inputs, outputs if form is dict else list(outputs.values()))
    check = {"right": ROWS[:, :2], "left": ROWS}

    exported = export(model, base_path=tmp_path, check=check)

    assert _inputs(exported) == {"left": ("float32", (-1, 4)), "right": ("float32", (-1, 2))}
    names = ["left2", "sum"] if form is dict else ["output_0", "output_1"]
    assert sorted(exported.signatures[0].outputs) == names


def test_inputs_without_a_name_are_called_the_same_in_every_version(tmp_path: Path) -> None:
    import keras

    def two_inputs() -> Any:
        inputs = [keras.Input((4,)), keras.Input((4,))]
        return keras.Model(inputs, keras.layers.Add()(inputs))

    versions = [
        export(two_inputs(), name="m", base_path=tmp_path, check=[ROWS, ROWS]) for _ in range(2)
    ]

    assert [sorted(_inputs(each)) for each in versions] == [["inputs_0", "inputs_1"]] * 2


def test_names_that_tensorflow_cannot_save_are_spelled_in_another_way(tmp_path: Path) -> None:
    import keras

    names = ["petal length (cm)", "class", "2nd"]
    inputs = {name: keras.Input((4,), name=name) for name in names}
    model = keras.Model(inputs, keras.layers.Add()(list(inputs.values())))

    exported = export(model, base_path=tmp_path, check=dict.fromkeys(names, ROWS))

    assert sorted(_inputs(exported)) == ["arg_2nd", "class_", "petal_length__cm_"]


def test_a_subclassed_model_names_its_input_after_the_argument(tmp_path: Path) -> None:
    model = _subclass(call=lambda self, image, training=False: self.dense(image))
    model(ROWS)

    exported = export(model, base_path=tmp_path, check=ROWS)

    assert _inputs(exported) == {"image": ("float32", (-1, 4))}


def test_a_model_whose_call_is_a_tf_function_is_exported(tmp_path: Path) -> None:
    import tensorflow as tf

    @tf.function(input_signature=[tf.TensorSpec([None, 4])])
    def call(self: Any, x: Any) -> Any:
        return self.dense(x)

    model = _subclass(call=call)
    model(ROWS)

    whole = export(model, base_path=tmp_path, check=ROWS)
    chosen = export(model, base_path=tmp_path, signatures={"call": model.call}, check=ROWS)

    assert _inputs(whole) == _inputs(chosen) == {"x": ("float32", (-1, 4))}
    assert [each.name for each in chosen.signatures] == ["serving_default", "call"]


def test_a_subclassed_model_with_a_build_method_needs_no_call(tmp_path: Path) -> None:
    def build(self: Any, shape: Any) -> None:
        self.dense.build(shape)

    model = _subclass(call=lambda self, x: self.dense(x), build=build)
    model.build((None, 4))

    exported = export(model, base_path=tmp_path, check=ROWS)

    assert _inputs(exported) == {"x": ("float32", (-1, 4))}


@pytest.mark.parametrize("checked", [False, True])
def test_a_subclassed_model_that_takes_a_dict_names_its_inputs_by_the_keys(
    tmp_path: Path, checked: bool
) -> None:
    model = _subclass(call=lambda self, xs: self.dense(xs["a"]) + self.dense(xs["b"]))
    rows = {"a": ROWS, "b": ROWS}
    model(rows)

    exported = export(model, base_path=tmp_path, check=rows if checked else None)

    assert _inputs(exported) == {"a": ("float32", (-1, 4)), "b": ("float32", (-1, 4))}


def test_a_subclassed_model_of_two_arguments_learns_the_second_from_the_check(
    tmp_path: Path,
) -> None:
    model = _subclass(call=lambda self, left, right: self.dense(left) - self.dense(right))
    model(ROWS, ROWS)

    with pytest.raises(InvalidArgument, match=r"takes 2 arguments \(left, right\).*check="):
        export(model, base_path=tmp_path)
    exported = export(model, base_path=tmp_path, check={"left": ROWS, "right": ROWS + 1})

    assert _inputs(exported) == {"left": ("float32", (-1, 4)), "right": ("float32", (-1, 4))}


def test_a_subclassed_model_learns_integers_from_the_check(tmp_path: Path) -> None:
    import keras

    model = _subclass(
        call=lambda self, ids: self.dense(keras.ops.one_hot(keras.ops.cast(ids, "int32"), 4))
    )
    ids = np.array([[1, 2], [3, 0]], "int32")
    model(ids)

    assert _inputs(export(model, base_path=tmp_path)) == {"ids": ("float32", (-1, 2))}
    assert _inputs(export(model, base_path=tmp_path, check=ids)) == {"ids": ("int32", (-1, 2))}


def test_a_mixed_precision_model_takes_float32(tmp_path: Path) -> None:
    import keras

    model = _subclass(call=lambda self, x: self.dense(x))
    model.dtype_policy = keras.DTypePolicy("mixed_float16")
    model(ROWS)

    assert _inputs(export(model, base_path=tmp_path)) == {"x": ("float32", (-1, 4))}


@pytest.fixture(scope="module")
def vectorize() -> Any:
    import keras

    layer = keras.layers.TextVectorization(20, output_sequence_length=5)
    layer.adapt(["the quick brown fox", "jumps over the lazy dog"])
    return layer


TEXTS = ["the lazy fox", "a cat"]


@pytest.mark.parametrize("kind", ["sequential", "functional"])
def test_preprocessing_layers_and_strings_are_exported(
    tmp_path: Path, vectorize: Any, kind: str
) -> None:
    import keras

    inputs = keras.Input((), dtype="string", name="inputs")
    outputs = keras.layers.Embedding(20, 3)(vectorize(inputs))
    model = keras.Model(inputs, outputs)
    if kind == "sequential":
        model = keras.Sequential([vectorize, keras.layers.Embedding(20, 3)])
        model(np.array(TEXTS, object))

    exported = export(model, base_path=tmp_path, check=TEXTS)

    assert _inputs(exported) == {"inputs": ("string", (-1,))}


def test_a_subclassed_model_of_strings_needs_a_check_or_a_signature(
    tmp_path: Path, vectorize: Any
) -> None:
    import tensorflow as tf

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def serve(self: Any, text: Any) -> Any:
        return self(text)

    model = _subclass(
        call=lambda self, t: self.dense(tf.cast(self.vectorize(t), "float32")), serve=serve
    )
    model.vectorize = vectorize
    model(tf.constant(TEXTS))

    with pytest.raises(InvalidArgument, match=r"TextVectorization.*check=x.*signatures="):
        export(model, base_path=tmp_path)
    by_check = export(model, base_path=tmp_path, check=TEXTS)
    by_method = export(model, base_path=tmp_path, signatures={"of": model.serve}, check=TEXTS)

    assert _inputs(by_check) == {"t": ("string", (-1,))}
    assert _inputs(by_method) == {"text": ("string", (-1,))}
    assert [each.name for each in by_method.signatures] == ["serving_default", "of"]


@pytest.mark.parametrize("holder", [list, dict, tuple])
def test_tables_of_layers_in_a_list_or_dict_are_exported(
    tmp_path: Path, vectorize: Any, holder: type
) -> None:
    import tensorflow as tf

    def call(self: Any, text: Any) -> Any:
        parts = self.parts.values() if holder is dict else self.parts
        return self.dense(tf.cast(next(iter(parts))(text), "float32"))

    model = _subclass(call=call)
    model.parts = {"text": vectorize} if holder is dict else holder([vectorize])
    model(tf.constant(TEXTS))

    assert export(model, base_path=tmp_path, check=TEXTS).version == 1


def test_weights_are_stored_once_and_without_the_optimizers(tmp_path: Path) -> None:
    import keras
    import tensorflow as tf

    model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(5000)])
    model.compile("adam", "mse")
    model.fit(ROWS, np.zeros((3, 5000)), verbose=0)
    weights = sum(each.numpy().nbytes for each in model.weights)

    @tf.function(input_signature=[tf.TensorSpec([None, 4])])
    def serve(x: Any) -> Any:
        return model(x)

    for exported in (
        export(model, base_path=tmp_path),
        export(model, base_path=tmp_path, signatures={"serve": serve}),
    ):
        assert weights < exported.bytes < 1.5 * weights
