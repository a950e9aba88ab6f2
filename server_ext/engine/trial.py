"""The first run of a signature, before anyone asks: on zeros, where that can do no harm.

TensorFlow does much only when a graph runs for the first time, up to tens of milliseconds: it
instantiates functions and makes code for matrices of a size. Whoever asks first would wait for it.

A run is harmless when no operation changes anything that outlives it, and none may go on for ever,
as a loop may that was written for other numbers than zeros.

Knows no TensorFlow: what its operations declare is handed in. Functions; any thread may call.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from tensorflow.core.framework.graph_pb2 import GraphDef

from server_ext.codecs.dtypes import BY_NUMBER
from server_ext.engine import subgraph
from server_ext.lifecycle.servable import Signature, TensorSpec

if TYPE_CHECKING:
    from server_ext.lifecycle.servable import Array

ROWS = 2
"""Rows of the batch: with one, a product of matrices takes another path than all larger batches."""

MAX_BYTES = 64 * 1024 * 1024
"""Largest array of a feed."""

ENTERED = frozenset(
    {"PartitionedCall", "StatefulPartitionedCall", "If", "StatelessIf", "Case", "StatelessCase"}
)
"""Operations that run each of their functions once at most."""

_READING = frozenset(
    {
        *("VarHandleOp", "ReadVariableOp", "VarIsInitializedOp", "VariableShape"),
        *("ResourceGather", "ResourceGatherNd", "VariableV2", "Variable"),
        *("HashTableV2", "HashTable", "LookupTableFindV2", "LookupTableSizeV2", "Assert"),
    }
)
"""Operations that TensorFlow calls stateful and that only look at the state."""

LOOPING = frozenset({"Enter", "RefEnter", "NextIteration", "RefNextIteration"})
"""Loops of TensorFlow 1; those of 2 run functions."""


def feed(signature: Signature) -> dict[str, Array] | None:
    """Return zeros for the inputs that have no default; None where they cannot be made up.

    That is for strings, which models parse, for sizes that are open besides the first, and for more
    than MAX_BYTES.
    """
    arrays: dict[str, Array] = {}
    for alias, spec in signature.inputs.items():
        if alias not in signature.defaults:
            zeros = _zeros(spec)
            if zeros is None:
                return None
            arrays[alias] = zeros
    return arrays


def is_harmless(graph: GraphDef, fetches: Iterable[str], definition: Callable[[str], Any]) -> bool:
    """Tell whether these tensors can be computed for nothing.

    `definition` returns the OpDef of an operation, None for one that it does not know.
    """
    functions = {function.signature.name for function in graph.library.function}
    nodes = subgraph.leading_to(graph, fetches)
    operations = {
        (node.op, bool(subgraph.calls(node, functions)))
        for node in subgraph.operations(graph, nodes)
    }
    return all(
        op in ENTERED | functions or (not runs_functions and only_reads(op, definition(op)))
        for op, runs_functions in operations
    )


def only_reads(op: str, definition: Any) -> bool:
    """Tell whether an operation, by its OpDef, changes nothing that outlives a run."""
    if op in _READING:
        return True
    if definition is None or op in LOOPING:
        return False
    # Of TensorFlow 1's variables, operations that change one declare nothing but that they hold it.
    return not definition.is_stateful and not any(arg.is_ref for arg in definition.input_arg)


def _zeros(spec: TensorSpec) -> Array | None:
    row = BY_NUMBER.get(spec.dtype)
    if row is None or row.numpy.kind == "O" or spec.shape is None:
        return None
    shape = [ROWS if not at and size < 0 else size for at, size in enumerate(spec.shape)]
    if min(shape, default=0) < 0 or math.prod(shape) * row.numpy.itemsize > MAX_BYTES:
        return None
    return np.zeros(shape, row.numpy)
