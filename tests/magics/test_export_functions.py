from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from server_ext.errors import InvalidArgument
from tfs_magics.exporting.export import Exported, TensorInfo, export

pytestmark = pytest.mark.tensorflow

ROWS = np.arange(6, dtype="float32").reshape(3, 2)


def _names(exported: Exported) -> list[str]:
    return [each.name for each in exported.signatures]


@pytest.fixture
def module() -> Any:
    import tensorflow as tf

    rows = tf.TensorSpec([None, 2], tf.float32)

    class Line(tf.Module):
        def __init__(self) -> None:
            super().__init__(name="line")
            self.slope = tf.Variable([[2.0], [3.0]])

        @tf.function(input_signature=[rows, rows])
        def __call__(self, x: Any, shift: Any) -> dict[str, Any]:
            return {"y": (x + shift) @ self.slope, "n": tf.shape(x)[0]}

        @tf.function
        def untyped(self, x: Any) -> Any:
            return x

        def plain(self, x: Any) -> Any:
            return x

    return Line()


def test_the_one_function_with_a_signature_of_a_module_is_exported(
    tmp_path: Path, module: Any
) -> None:
    exported = export(module, base_path=tmp_path, check={"x": ROWS, "shift": ROWS})

    assert exported.name == "line"
    assert _names(exported) == ["serving_default"]
    assert exported.signatures[0].inputs == {
        "shift": TensorInfo("float32", (-1, 2)),
        "x": TensorInfo("float32", (-1, 2)),
    }
    assert exported.signatures[0].outputs == {
        "n": TensorInfo("int32", ()),
        "y": TensorInfo("float32", (-1, 1)),
    }


def test_chosen_functions_are_exported_and_the_first_is_the_default(
    tmp_path: Path, module: Any
) -> None:
    import tensorflow as tf

    @tf.function(input_signature=[tf.TensorSpec([], tf.float32)])
    def scale(factor: Any) -> Any:
        return module.slope * factor

    exported = export(
        module,
        base_path=tmp_path,
        signatures={"line": module.__call__, "scale": scale},
        check={"x": ROWS, "shift": ROWS},
    )

    assert _names(exported) == ["serving_default", "line", "scale"]
    assert exported.signatures[0].inputs == exported.signatures[1].inputs


def test_a_default_that_is_named_is_not_replaced(tmp_path: Path, module: Any) -> None:
    import tensorflow as tf

    @tf.function(input_signature=[tf.TensorSpec([None], tf.int64)])
    def count(ids: Any) -> Any:
        return tf.size(ids)

    exported = export(
        count,
        base_path=tmp_path,
        signatures={"line": module.__call__, "serving_default": count},
        check=[1, 2, 3],
    )

    assert exported.name == "count"
    assert exported.signatures[0].inputs == {"ids": TensorInfo("int64", (-1,))}


@pytest.mark.parametrize(
    ("method", "message"),
    [
        ("untyped", r"signature 'a' has no input signature.*get_concrete_function"),
        ("plain", "signature 'a' is a method, not a TensorFlow function"),
    ],
)
def test_a_chosen_function_without_a_signature_is_refused(
    tmp_path: Path, module: Any, method: str, message: str
) -> None:
    with pytest.raises(InvalidArgument, match=message):
        export(module, base_path=tmp_path, signatures={"a": getattr(module, method)})


def test_a_module_with_no_or_several_signatures_says_how(tmp_path: Path) -> None:
    import tensorflow as tf

    spec = [tf.TensorSpec([None])]
    none, untyped, several = tf.Module(), tf.Module(), tf.Module()
    untyped.one = tf.function(lambda x: x)
    several.one = tf.function(lambda x: x, input_signature=spec)
    several.two = tf.function(lambda x: -x, input_signature=spec)

    for module, message in (
        (none, r"no method with an input signature; decorate"),
        (untyped, r"its tf\.functions \(one\) have no input signature"),
        (several, r"2 functions .*\(one, two\): choose with --signature serving_default=obj\.one"),
    ):
        with pytest.raises(InvalidArgument, match=message):
            export(module, base_path=tmp_path)


def test_a_function_brings_the_models_and_tables_it_refers_to(tmp_path: Path) -> None:
    import keras
    import tensorflow as tf

    lookup = keras.layers.StringLookup(vocabulary=["cat", "dog"])
    table = tf.lookup.StaticHashTable(
        tf.lookup.KeyValueTensorInitializer(["katze"], ["cat"]), default_value="dog"
    )
    model = keras.Sequential([keras.layers.Input((1,)), keras.layers.Dense(2)])

    def prepare(words: Any) -> Any:
        return lookup(table.lookup(tf.strings.lower(words)))

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="Words")])
    def classify(words: Any) -> Any:
        numbers = tf.map_fn(lambda word: prepare(word), words, fn_output_signature=tf.int64)
        return model(numbers[:, tf.newaxis])

    exported = export(classify, base_path=tmp_path, check=["KATZE", "dog", "?"])

    assert exported.name == "classify"
    assert list(exported.signatures[0].inputs) == ["Words"]


def test_a_concrete_function_is_exported_under_the_name_given(tmp_path: Path, module: Any) -> None:
    import tensorflow as tf

    concrete = module.untyped.get_concrete_function(tf.TensorSpec([None, 3], tf.float64))

    with pytest.raises(InvalidArgument, match="no name of its own: pass name="):
        export(concrete, base_path=tmp_path)
    exported = export(concrete, name="same", base_path=tmp_path, check=np.ones((2, 3)))

    assert exported.signatures[0].inputs == {"x": TensorInfo("float64", (-1, 3))}


def test_a_table_out_of_reach_is_explained(tmp_path: Path) -> None:
    import tensorflow as tf

    initializer = tf.lookup.KeyValueTensorInitializer(["a"], [1])
    table = tf.lookup.StaticHashTable(initializer, default_value=0)
    function = tf.function(table.lookup, input_signature=[tf.TensorSpec([None], tf.string)])
    concrete = tf.function(lambda x: table.lookup(x)).get_concrete_function(
        tf.TensorSpec([None], tf.string)
    )

    assert export(function, name="t", base_path=tmp_path, check=["a", "b"]).version == 1
    with pytest.raises(InvalidArgument, match=r"keep it in an attribute of a tf\.Module"):
        export(concrete, name="t", base_path=tmp_path)


def test_functions_of_nested_and_of_no_inputs_are_exported(tmp_path: Path) -> None:
    import tensorflow as tf

    pair = {"a": tf.TensorSpec([None], name="a"), "b": tf.TensorSpec([None], name="b")}
    nested = tf.function(lambda pair: pair["a"] - pair["b"], input_signature=[pair])
    constant = tf.function(lambda: tf.constant([1, 2]), input_signature=[])

    first = export(nested, name="nested", base_path=tmp_path, check={"a": [1.0], "b": [3.0]})
    second = export(constant, name="constant", base_path=tmp_path, check={})

    assert sorted(first.signatures[0].inputs) == ["a", "b"]
    assert second.signatures[0].inputs == {}


def test_a_loaded_saved_model_is_exported_again(tmp_path: Path, module: Any) -> None:
    import tensorflow as tf

    first = export(module, base_path=tmp_path)
    loaded = tf.saved_model.load(str(first.path))

    again = export(loaded, name="again", base_path=tmp_path, check={"x": ROWS, "shift": ROWS})

    assert again.signatures == first.signatures
