"""Puts checks before operations that would end the process, into a graph before it is loaded.

    x -> Conv2D     becomes     x -> EnsureShape [?, ?, ?, ?] -> Conv2D

Some kernels abort on a rank that they do not expect. Shape inference (shape_check.py) refuses most
of that before anything runs, with a better text. What it cannot foresee are loops, branches and
shapes that depend on values; there these checks are what is left. One costs about a microsecond,
and there is none where the rank is sure (ranks.py).

Works on the messages alone, before TensorFlow sees them. Functions; any thread may call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from tensorflow.core.framework.attr_value_pb2 import AttrValue
from tensorflow.core.framework.node_def_pb2 import NodeDef
from tensorflow.core.framework.tensor_shape_pb2 import TensorShapeProto
from tensorflow.core.protobuf.meta_graph_pb2 import MetaGraphDef

from server_ext.engine.ranks import Ranks

SUFFIX = "/is.checked"

Shape = tuple[int, ...]
"""What an input must be, -1 for any size."""

_ROW, _TABLE, _BOXES, _PLANE, _SPACE = [(-1,) * rank for rank in (1, 2, 3, 4, 5)]

CHECKS: Mapping[str, Mapping[int, Shape]] = {
    "Conv2D": {0: _PLANE, 1: _PLANE},
    "Conv2DBackpropFilter": {0: _PLANE, 1: (4,), 2: _PLANE},
    "Conv2DBackpropInput": {0: (4,), 1: _PLANE, 2: _PLANE},
    "DepthwiseConv2dNative": {0: _PLANE, 1: _PLANE},
    "DepthwiseConv2dNativeBackpropFilter": {0: _PLANE, 1: (4,), 2: _PLANE},
    "DepthwiseConv2dNativeBackpropInput": {0: (4,), 1: _PLANE, 2: _PLANE},
    "Conv3D": {0: _SPACE, 1: _SPACE},
    "Conv3DBackpropFilterV2": {0: _SPACE, 1: (5,), 2: _SPACE},
    "Conv3DBackpropInputV2": {0: (5,), 1: _SPACE, 2: _SPACE},
    "MaxPool3D": {0: _SPACE},
    "AvgPoolGrad": {0: (4,), 1: _PLANE},
    "AvgPool3DGrad": {0: (5,), 1: _SPACE},
    "LRNGrad": {0: _PLANE, 1: _PLANE, 2: _PLANE},
    "CombinedNonMaxSuppression": {0: _PLANE, 1: _BOXES},
    "LSTMBlockCell": {**dict.fromkeys(range(4), _TABLE), **dict.fromkeys(range(4, 8), _ROW)},
}
"""By operation and position of an input; found by giving each kernel arrays of all ranks to 6."""

_INFERRED = frozenset(
    {
        *("Conv2D", "Conv2DBackpropInput", "DepthwiseConv2dNative", "Conv3D"),
        *("MaxPool3D", "LRNGrad", "CombinedNonMaxSuppression"),
    }
)
"""Operations of which shape inference refuses the same. Before others no signature makes sure."""


class _Check(NamedTuple):
    """A node to add, and the inputs that become its output."""

    node: NodeDef
    takers: list[tuple[NodeDef, int]]
    output: str


def put_into(meta_graph: MetaGraphDef, definition: Callable[[str], Any]) -> int:
    """Put the checks into a graph and all of its functions; return how many there are.

    `definition` returns the OpDef of an operation, None for one that it does not know. Changes
    nothing if it raises.
    """
    graph = meta_graph.graph_def
    places = [("", graph.node)]
    places += [(function.signature.name, function.node_def) for function in graph.library.function]
    if not any(node.op in CHECKS for _, nodes in places for node in nodes):
        return 0
    declared = Ranks(graph, _fed(meta_graph))
    any_fed = declared.of_any_feeds()
    found = [
        (nodes, _checks(function, nodes, declared, any_fed, definition))
        for function, nodes in places
    ]
    for nodes, checks in found:
        for check in checks:
            for taker, at in check.takers:
                taker.input[at] = check.output
            nodes.append(check.node)
    return sum(len(checks) for _, checks in found)


def _checks(
    function: str,
    nodes: Any,
    declared: Ranks,
    any_fed: Ranks,
    definition: Callable[[str], Any],
) -> list[_Check]:
    """Return the checks for a function; one does for all that take the same tensor."""
    checks: dict[tuple[str, Shape], _Check] = {}
    for node in nodes:
        ranks = declared if node.op in _INFERRED else any_fed
        for at, shape in CHECKS.get(node.op, {}).items():
            source = node.input[at]
            if _is_sure(function, source, shape, ranks):
                continue
            if (source, shape) not in checks:
                added = _ensure(node, at, shape, definition(node.op))
                output = f"{added.name}:output:0" if function else added.name
                checks[source, shape] = _Check(added, [], output)
            checks[source, shape].takers.append((node, at))
    return list(checks.values())


def _is_sure(function: str, tensor: str, shape: Shape, ranks: Ranks) -> bool:
    if shape[0] < 0:
        return ranks.of(function, tensor) == len(shape)
    return (ranks.length(function, tensor),) == shape


def _ensure(node: NodeDef, at: int, shape: Shape, operation: Any) -> NodeDef:
    """Return a node that fails unless the input of another has this shape."""
    check = NodeDef(
        name=f"{node.name}{SUFFIX}.{at}",
        op="EnsureShape",
        input=[node.input[at]],
        device=node.device,
    )
    check.attr["T"].type = _dtype(node, operation.input_arg[at], operation)
    dims = [TensorShapeProto.Dim(size=size) for size in shape]
    check.attr["shape"].CopyFrom(AttrValue(shape=TensorShapeProto(dim=dims)))
    return check


def _dtype(node: NodeDef, argument: Any, operation: Any) -> int:
    """Return the type of an input: the operation's, or of an attribute, or its default."""
    if argument.type:
        return int(argument.type)
    if argument.type_attr in node.attr:
        return int(node.attr[argument.type_attr].type)
    defaults = {attribute.name: attribute.default_value.type for attribute in operation.attr}
    return int(defaults[argument.type_attr])


def _fed(meta_graph: MetaGraphDef) -> dict[str, int | None]:
    """Return the tensors that signatures feed, and the rank where all that do declare one."""
    fed: dict[str, int | None] = {}
    for signature in meta_graph.signature_def.values():
        for info in signature.inputs.values():
            shape = info.tensor_shape
            rank = None if shape.unknown_rank else len(shape.dim)
            fed[info.name] = rank if fed.get(info.name, rank) == rank else None
    return fed
