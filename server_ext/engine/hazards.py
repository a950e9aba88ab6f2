"""What of a graph forbids to try a signature out on inputs that nobody sent.

    state    an operation that changes what later runs see, or draws random numbers
    loop     one whose end depends on more than counting, so that made-up numbers may not end it
    compiled one that XLA compiles for each size of its inputs

Knows no TensorFlow: what its operations declare is handed in. Functions; any thread may call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tensorflow.core.framework.function_pb2 import FunctionDef
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef
from tensorflow.core.framework.types_pb2 import DT_INT32, DT_INT64

from server_ext.engine import subgraph, trial
from server_ext.lifecycle.servable import Hazards

_LOOPS = frozenset({"While", "StatelessWhile"})
_RUNS_FUNCTIONS = trial.ENTERED | _LOOPS
_HOLDS = frozenset({"MutableHashTableV2", "MutableHashTableOfTensorsV2", "MutableDenseHashTableV2"})
"""Tables that only other operations change."""

_COMPARES = frozenset({"Less", "LessEqual", "Greater", "GreaterEqual"})
_COUNTS = _COMPARES | {
    *("Const", "Identity", "LogicalAnd", "NoOp", "Placeholder"),
    *("Shape", "Size", "StridedSlice", "AddV2", "Sub", "Max", "Maximum", "Minimum"),
}


def found(graph: GraphDef, fetches: Iterable[str], definition: Callable[[str], Any]) -> Hazards:
    """Return the first hazards among what these tensors depend on.

    `definition` returns the OpDef of an operation, None for one that it does not know.
    """
    functions = {function.signature.name: function for function in graph.library.function}
    state = loop = compiled = ""
    for node in subgraph.operations(graph, subgraph.leading_to(graph, fetches)):
        if "_XlaMustCompile" in node.attr and node.attr["_XlaMustCompile"].b:
            compiled = compiled or node.op
        if node.op in _LOOPS:
            if not _counts(node, functions):
                loop = loop or node.op
        elif node.op in trial.LOOPING:
            loop = loop or node.op
        elif not _harmless(node, functions, definition):
            state = state or node.op
    return Hazards(state, loop, compiled)


def _harmless(
    node: NodeDef, functions: Mapping[str, FunctionDef], definition: Callable[[str], Any]
) -> bool:
    if node.op in _RUNS_FUNCTIONS or node.op in functions or node.op in _HOLDS:
        return True
    declared = definition(node.op)
    if declared is not None and not declared.is_stateful and subgraph.calls(node, functions):
        return True  # what it runs is looked at, too
    return trial.only_reads(node.op, declared)


def _counts(node: NodeDef, functions: Mapping[str, FunctionDef]) -> bool:
    """Tell whether a loop goes on while whole numbers are below others, and for nothing else."""
    condition = functions.get(node.attr["cond"].func.name)
    return condition is not None and all(
        each.op in _COUNTS
        and (each.op not in _COMPARES or each.attr["T"].type in (DT_INT32, DT_INT64))
        for each in condition.node_def
    )
