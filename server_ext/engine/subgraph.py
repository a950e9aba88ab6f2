"""Cuts the part that computes some tensors out of a graph, and says what it hides.

Works on the messages alone, no runtime. Functions; any thread may call.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tensorflow.core.framework.attr_value_pb2 import AttrValue
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.framework.node_def_pb2 import NodeDef

_SEEN_THROUGH = frozenset({"PartitionedCall", "StatefulPartitionedCall"})
"""Operations whose function bodies TensorFlow's shape inference enters."""


def node_of(tensor: str) -> str:
    """Return the node that makes a tensor: `x` for `x:0`, and for a control input `^x`."""
    return tensor.removeprefix("^").split(":")[0]


def ancestors(graph: GraphDef, tensors: Iterable[str]) -> GraphDef:
    """Return a graph of the nodes these tensors depend on, with all functions."""
    nodes = {node.name: node for node in graph.node}
    wanted: dict[str, NodeDef] = {}
    pending = [node_of(tensor) for tensor in tensors]
    while pending:
        name = pending.pop()
        if name in nodes and name not in wanted:
            wanted[name] = nodes[name]
            pending.extend(node_of(tensor) for tensor in nodes[name].input)
    part = GraphDef(versions=graph.versions, library=graph.library)
    part.node.extend(wanted.values())
    return part


def hides_operations(graph: GraphDef) -> bool:
    """Tell whether some operation runs functions that shape inference does not look into.

    Branches (If, Case) and loops (While) do: their outputs have the shapes they declare, whatever
    goes in.
    """
    functions = {function.signature.name: function for function in graph.library.function}
    pending: list[Iterable[NodeDef]] = [graph.node]
    entered: set[str] = set()
    while pending:
        for node in pending.pop():
            called = {node.op} & functions.keys() | set(_called(node))
            if called and node.op not in _SEEN_THROUGH | functions.keys():
                return True
            for name in (called & functions.keys()) - entered:
                entered.add(name)
                pending.append(functions[name].node_def)
    return False


def _called(node: NodeDef) -> Iterator[str]:
    """Yield the names of the functions in a node's attributes."""
    for name, value in node.attr.items():
        if name != "_gradient_op_type":
            yield from _functions(value)


def _functions(value: AttrValue) -> list[str]:
    if value.WhichOneof("value") == "func":
        return [value.func.name]
    return [function.name for function in value.list.func]
