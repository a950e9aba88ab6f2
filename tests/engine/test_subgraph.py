"""Which nodes lead to a tensor, and which operations are out of shape inference's sight."""

import pytest
from tensorflow.core.framework.graph_pb2 import GraphDef

from server_ext.engine import subgraph

pytestmark = pytest.mark.tensorflow


def graph_of(**nodes):
    graph = GraphDef()
    for name, (op, *inputs) in nodes.items():
        graph.node.add(name=name, op=op, input=inputs)
    return graph


def call(node, function, attribute="f"):
    node.attr[attribute].func.name = function


def function(graph, name, *ops):
    definition = graph.library.function.add()
    definition.signature.name = name
    for op in ops:
        definition.node_def.add(name=op.lower(), op=op)
    return definition


@pytest.mark.parametrize(
    ("tensor", "node"), [("x:0", "x"), ("a/b:12", "a/b"), ("^x", "x"), ("x", "x")]
)
def test_a_tensor_is_named_after_its_node(tensor, node):
    assert subgraph.node_of(tensor) == node


def test_ancestors_are_followed_over_data_and_control_inputs():
    graph = graph_of(
        a=("Placeholder",), b=("Const",), c=("Add", "a", "b:0"), d=("Print", "c", "^e"),
        e=("NoOp",), other=("Neg", "a"),
    )  # fmt: skip

    part = subgraph.ancestors(graph, ["d:0"])

    assert {node.name for node in part.node} == {"a", "b", "c", "d", "e"}


def test_a_loop_among_the_nodes_ends():
    graph = graph_of(merge=("Merge", "next"), next=("NextIteration", "merge"))

    assert len(subgraph.ancestors(graph, ["merge:0"]).node) == 2


def test_functions_and_versions_stay_with_the_part():
    graph = graph_of(a=("Const",))
    graph.versions.producer = 1234
    function(graph, "f", "Add")

    part = subgraph.ancestors(graph, ["a:0"])

    assert part.versions.producer == 1234
    assert [found.signature.name for found in part.library.function] == ["f"]


@pytest.mark.parametrize("op", ["PartitionedCall", "StatefulPartitionedCall"])
def test_plain_calls_hide_nothing(op):
    graph = graph_of(a=(op,))
    call(graph.node[0], "f")
    function(graph, "f", "Conv2D", "f")  # calls itself too

    assert not subgraph.hides_operations(graph)


@pytest.mark.parametrize("op", ["If", "StatelessWhile", "OfTheFuture"])
def test_other_operations_with_functions_hide_them(op):
    graph = graph_of(a=(op,))
    call(graph.node[0], "f", "body")
    function(graph, "f", "Conv2D")

    assert subgraph.hides_operations(graph)


def test_what_is_hidden_within_a_call_is_found():
    graph = graph_of(a=("PartitionedCall",))
    call(graph.node[0], "f")
    function(graph, "f", "Add", "g")
    inner = function(graph, "g", "Case").node_def[0]
    inner.attr["branches"].list.func.add().name = "h"
    function(graph, "h", "Conv2D")

    assert subgraph.hides_operations(graph)


def test_functions_nobody_calls_hide_nothing():
    graph = graph_of(a=("Add",))
    call(function(graph, "unused", "While").node_def[0], "unused", "cond")

    assert not subgraph.hides_operations(graph)
