"""What forbids to try a signature out: a state, random numbers, loops that may not end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from server_ext.lifecycle.servable import Hazards

pytestmark = pytest.mark.tensorflow


@pytest.fixture(scope="module")
def hazards() -> Callable[[Callable[[Any, Any], Any]], Hazards]:
    """Return the hazards of a function of tensorflow and x [n, 4], with a variable and a table."""
    import tensorflow as tf

    from server_ext.engine import hazards, runtime

    words = tf.lookup.KeyValueTensorInitializer(["a"], [1], tf.string, tf.int64)
    tf.state, tf.table = tf.Variable(1.0), tf.lookup.StaticHashTable(words, 0)

    def found(function: Callable[[Any, Any], Any]) -> Hazards:
        spec = tf.TensorSpec([None, 4], tf.float32)
        concrete = tf.function(lambda x: function(tf, x)).get_concrete_function(spec)
        fetches = [output.name for output in concrete.outputs]
        return hazards.found(concrete.graph.as_graph_def(), fetches, runtime.definition_of)

    yield found
    del tf.state, tf.table


def counted(tf: Any, x: Any) -> Any:
    return tf.while_loop(lambda i, y: i < tf.shape(x)[1], lambda i, y: (i + 1, y * 2), (0, x))[1]


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda tf, x: x * 2, Hazards()),
        (lambda tf, x: x * tf.state, Hazards()),
        (lambda tf, x: tf.table.lookup(tf.strings.as_string(x)), Hazards()),
        (lambda tf, x: tf.cond(tf.size(x) > 3, lambda: x, lambda: -x), Hazards()),
        (counted, Hazards()),
        (lambda tf, x: tf.map_fn(lambda row: row * 2, x), Hazards()),
        (lambda tf, x: tf.random.stateless_normal(tf.shape(x), [1, 2]), Hazards()),
        (lambda tf, x: tf.random.normal(tf.shape(x)), Hazards(state="RandomStandardNormal")),
        (lambda tf, x: x + tf.state.assign_add(1.0), Hazards(state="AssignAddVariableOp")),
        (
            lambda tf, x: tf.cond(tf.size(x) > 3, lambda: tf.random.uniform([]), lambda: 1.0),
            Hazards(state="RandomUniform"),
        ),
        (
            lambda tf, x: tf.map_fn(lambda row: row * tf.random.uniform([]), x),
            Hazards(state="RandomUniform"),
        ),
        (
            lambda tf, x: tf.while_loop(lambda y: tf.reduce_sum(y) > 1.0, lambda y: (y / 2,), (x,)),
            Hazards(loop="StatelessWhile"),
        ),
        (
            lambda tf, x: tf.function(lambda x: x * 2, jit_compile=True)(x),
            Hazards(compiled="PartitionedCall"),
        ),
    ],
)
def test_hazards_are_found_in_functions_too(hazards: Any, function: Any, expected: Hazards):
    assert hazards(function) == expected
