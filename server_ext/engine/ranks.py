"""Says how many dimensions a tensor of a graph surely has, whatever a request feeds.

    x [n, 28, 28, 1] -> BiasAdd -> here      4: so the signature says, and BiasAdd keeps it
    x [any]          -> Conv2D  -> here      4: a convolution makes no other
    x [any]          -> Reshape -> here      the number of its sizes, if these are constant
    x [any]          -> here                 not known

Signatures count, as shape_check.py lets no other rank pass unless shape inference can tell what
becomes of it. So only those operations count that inference looks through, too; what is left out
here costs a check, see guards.py. A shape that the code of a model claims (`set_shape`) is none.

Works on the messages alone, no runtime. One thread at a time.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef
from tensorflow.core.framework.tensor_pb2 import TensorProto

from server_ext.engine import subgraph

MAKING: Mapping[str, int] = {
    **dict.fromkeys(("Conv2D", "Conv2DBackpropInput", "DepthwiseConv2dNative"), 4),
    **dict.fromkeys(("MaxPool", "AvgPool", "LRN", "ResizeBilinear", "ResizeNearestNeighbor"), 4),
    **dict.fromkeys(("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"), 4),
    **dict.fromkeys(("Conv3D", "Conv3DBackpropInputV2", "MaxPool3D", "AvgPool3D"), 5),
}
"""Operations whose first output has one rank, or they fail."""

KEEPING = frozenset(
    {
        *("Identity", "StopGradient", "PreventGradient", "CheckNumerics", "Cast", "BiasAdd"),
        *("Relu", "Relu6", "LeakyRelu", "Elu", "Selu", "Sigmoid", "Tanh", "Softplus", "Softsign"),
        *("Neg", "Abs", "Square", "Sqrt", "Rsqrt", "Exp", "Log", "Erf"),
        *("FakeQuantWithMinMaxArgs", "FakeQuantWithMinMaxVars"),
    }
)
"""Operations whose output has the rank of their first input."""

BROADCASTING = frozenset({"Add", "AddV2", "Sub", "Mul", "RealDiv", "Maximum", "Minimum"})
SIZED = frozenset({"Pad", "PadV2", "MirrorPad", "Reshape", "Transpose"})
"""Operations whose output has as many dimensions as their second input has rows."""

_VARIABLES = frozenset({"VarHandleOp", "VariableV2", "Variable"})
_CALLS = frozenset({"PartitionedCall", "StatefulPartitionedCall"})
_BRANCHES = frozenset({"If", "StatelessIf", "Case", "StatelessCase"})
"""Operations that run a function on their inputs but the first."""

_LOOPS = frozenset({"While", "StatelessWhile"})
_LISTS = frozenset({"IdentityN", "Split"}) | _CALLS
"""Operations of whose outputs others than the first are known."""

_RUNNING = _CALLS | _BRANCHES | _LOOPS
_LEAVES = KEEPING | BROADCASTING | SIZED | MAKING.keys() | {"Const", "ReadVariableOp", "NoOp"}
"""Operations that run no function: most of them, so others need not be looked for."""

_FARTHEST = 60
"""How many nodes before a tensor are looked at, one after the other."""


class _Body(NamedTuple):
    """What stands in the graph itself, or in one of its functions."""

    function: str
    nodes: Mapping[str, NodeDef]
    arguments: Mapping[str, int]
    results: list[str]


class Ranks:
    """Answers about the tensors of a graph and of its functions.

    `fed` are the tensors that signatures feed, by name (`x:0`), and the rank that they declare,
    None for any. The graph must not change meanwhile.
    """

    def __init__(self, graph: GraphDef, fed: Mapping[str, int | None]) -> None:
        self._fed = {name if ":" in name else f"{name}:0": rank for name, rank in fed.items()}
        self._bodies = {"": _Body("", _by_name(graph.node), {}, [])}
        for function in graph.library.function:
            signature = function.signature
            self._bodies[signature.name] = _Body(
                signature.name,
                _by_name(function.node_def),
                {argument.name: at for at, argument in enumerate(signature.input_arg)},
                [function.ret[result.name] for result in signature.output_arg],
            )
        self._callers = self._find_callers(
            gradient.function_name for gradient in graph.library.gradient
        )
        self._known: dict[tuple[str, str], int | None] = {}

    def of_any_feeds(self) -> Ranks:
        """Return the same, but as if the signatures declared nothing."""
        other = copy.copy(self)
        other._fed, other._known = dict.fromkeys(self._fed), {}
        return other

    def of(self, function: str, tensor: str) -> int | None:
        """Return the rank of a tensor as nodes of a function name it; "" is the graph itself.

        None where it depends on the request.
        """
        return self._of(self._bodies[function], tensor, _FARTHEST)

    def length(self, function: str, tensor: str) -> int | None:
        """Return the number of elements of a tensor that surely has one dimension, such as sizes.

        None where it depends on the request.
        """
        body = self._bodies[function]
        value = self._constant(body, tensor)
        if value and len(value.tensor_shape.dim) != 1:
            return None
        return self._rows(body, tensor, _FARTHEST)

    def _of(self, body: _Body, tensor: str, farthest: int) -> int | None:
        key = body.function, tensor
        if farthest and key not in self._known:
            self._known[key] = None  # for loops
            self._known[key] = self._find(body, tensor, farthest - 1)
        return self._known.get(key)

    def _find(self, body: _Body, tensor: str, farthest: int) -> int | None:
        if tensor in body.arguments:
            return self._of_argument(body, body.arguments[tensor], farthest)
        node, at = self._made_by(body, tensor)
        if node is None:
            return None
        if self._is_fed(body, node, at):
            return self._fed[f"{node.name}:{at}"] if node.op == "Placeholder" else None
        if at and node.op not in _LISTS:
            return None
        return self._of_output(body, node, at, farthest)

    def _made_by(self, body: _Body, tensor: str) -> tuple[NodeDef | None, int]:
        """Return the node of a tensor, and which of its outputs it is."""
        name, _, output = tensor.partition(":")
        node = body.nodes.get(name)
        kind, _, number = output.rpartition(":")
        if node is not None and node.op.startswith("FusedBatchNorm") and kind not in ("", "y"):
            return None, 0
        return node, int(number or 0)

    def _of_argument(self, body: _Body, at: int, farthest: int) -> int | None:
        """Return the rank that all who run a function give it."""
        ranks = set[int | None]()
        for caller, node in self._callers.get(body.function) or []:
            if node.op in _LOOPS and not self._stays(node, at):
                return None
            given = node.input[at + (node.op in _BRANCHES)]
            ranks.add(self._of(self._bodies[caller], given, farthest))
        return ranks.pop() if len(ranks) == 1 else None

    def _stays(self, loop: NodeDef, at: int) -> bool:
        """Tell whether a loop gives each turn the same tensor, such as its weights."""
        body = self._bodies[loop.attr["body"].func.name]
        tensor = body.results[at]
        while tensor not in body.arguments:
            node, _ = self._made_by(body, tensor)
            if node is None or node.op != "Identity":
                return False
            tensor = node.input[0]
        return body.arguments[tensor] == at

    def _of_output(self, body: _Body, node: NodeDef, at: int, farthest: int) -> int | None:
        op, inputs = node.op, [name for name in node.input if not name.startswith("^")]
        if op in MAKING:
            return MAKING[op]
        if op == "Const":
            return len(node.attr["value"].tensor.tensor_shape.dim)
        if op in _VARIABLES:
            shape = node.attr["shape"].shape if "shape" in node.attr else None
            return None if shape is None or shape.unknown_rank else len(shape.dim)
        if op in _CALLS:
            callee = self._bodies.get(node.attr["f"].func.name)
            return self._of(callee, callee.results[at], farthest) if callee else None
        if op in SIZED:
            return self._rows(body, inputs[1], farthest)
        if op == "ReadVariableOp" or op in KEEPING:
            return self._of(body, inputs[0], farthest)
        if op in ("IdentityN", "Split"):
            return self._of(body, inputs[at if op == "IdentityN" else 1], farthest)
        if op in BROADCASTING:
            one, other = (self._of(body, name, farthest) for name in inputs)
            return None if one is None or other is None else max(one, other)
        if op == "ConcatV2":
            ranks = {self._of(body, name, farthest) for name in inputs[:-1]}
            return ranks.pop() if len(ranks) == 1 else None
        more = self._more(body, node)
        rank = self._of(body, inputs[0], farthest) if more else None
        return None if rank is None else rank + more

    def _more(self, body: _Body, node: NodeDef) -> int:
        """Return how many dimensions an operation puts into its input; 0 where that is open."""
        if node.op == "ExpandDims" and self._constant(body, node.input[1]):
            return 1
        if node.op == "Squeeze" and "squeeze_dims" in node.attr:
            return -1 if len(node.attr["squeeze_dims"].list.i) == 1 else 0
        return 0

    def _rows(self, body: _Body, tensor: str, farthest: int) -> int | None:
        """Return the first size of a tensor that is constant, or packed of some scalars."""
        value = self._constant(body, tensor)
        if value:
            dims = value.tensor_shape.dim
            return dims[0].size if dims else None
        node, at = self._made_by(body, tensor)
        if node is None or node.op != "Pack" or self._is_fed(body, node, at):
            return None
        # One scalar is enough: all have the same shape, or the kernel fails.
        scalar = any(self._of(body, name, farthest) == 0 for name in node.input)
        return node.attr["N"].i if scalar else None

    def _constant(self, body: _Body, tensor: str) -> TensorProto | None:
        node, at = self._made_by(body, tensor)
        if node is None or node.op != "Const" or self._is_fed(body, node, at):
            return None
        return node.attr["value"].tensor

    def _is_fed(self, body: _Body, node: NodeDef, at: int) -> bool:
        return not body.function and f"{node.name}:{at}" in self._fed

    def _find_callers(
        self, gradients: Iterable[str]
    ) -> dict[str, list[tuple[str, NodeDef]] | None]:
        """Return by function the nodes that call it; None if one does something else with it."""
        functions = self._bodies.keys() - {""}
        callers: dict[str, list[tuple[str, NodeDef]] | None] = dict.fromkeys(gradients)
        for body in self._bodies.values():
            for node in body.nodes.values():
                for called in () if node.op in _LEAVES else subgraph.calls(node, functions):
                    known = callers.setdefault(called, [])
                    if node.op not in _RUNNING:
                        callers[called] = None
                    elif known is not None:
                        known.append((body.function, node))
        return callers


def _by_name(nodes: Any) -> dict[str, NodeDef]:
    return {node.name: node for node in nodes}
