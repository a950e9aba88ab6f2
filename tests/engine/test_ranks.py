"""What is known of the rank of a tensor, and that shape inference knows as much."""

import pytest
from tensorflow.core.framework.graph_pb2 import GraphDef

from server_ext.engine import ranks
from server_ext.engine.ranks import Ranks

pytestmark = pytest.mark.tensorflow

IMAGE = {"image:0": 4}


def add(nodes, name, op, *inputs, **functions):
    node = nodes.add(name=name, op=op, input=inputs)
    for attribute, function in functions.items():
        node.attr[attribute].func.name = function
    return node


def constant(nodes, name, *sizes):
    value = add(nodes, name, "Const").attr["value"].tensor
    for size in sizes:
        value.tensor_shape.dim.add(size=size)


def function(graph, name, argument_names, **results):
    body = graph.library.function.add()
    body.signature.name = name
    for argument in argument_names:
        body.signature.input_arg.add(name=argument)
    for result, tensor in results.items():
        body.signature.output_arg.add(name=result)
        body.ret[result] = tensor
    return body.node_def


@pytest.fixture
def graph():
    """`image`, which signatures feed, `any`, which one feeds without a rank, and weights."""
    graph = GraphDef()
    nodes = graph.node
    add(nodes, "image", "Placeholder")
    add(nodes, "any", "Placeholder")
    for size in (3, 3, 1, 8):
        added = nodes[2] if len(nodes) > 2 else add(nodes, "handle", "VarHandleOp")
        added.attr["shape"].shape.dim.add(size=size)
    add(nodes, "weights", "ReadVariableOp", "handle")
    constant(nodes, "scalar")
    constant(nodes, "row", 8)
    constant(nodes, "four", 4)
    constant(nodes, "paddings", 4, 2)
    return graph


@pytest.mark.parametrize(
    ("op", "inputs", "rank"),
    [
        ("Identity", ["image"], 4),
        ("Identity", ["image:0"], 4),
        ("Identity", ["any"], None),
        ("Identity", ["absent"], None),
        ("Identity", ["weights", "^any"], 4),
        ("Conv2D", ["any", "weights"], 4),
        ("Conv3D", ["any", "weights"], 5),
        ("AddV2", ["image", "row"], 4),
        ("AddV2", ["row", "scalar"], 1),
        ("AddV2", ["any", "row"], None),
        ("Mul", ["weights", "image"], 4),
        ("Pad", ["any", "paddings"], 4),
        ("Transpose", ["any", "four"], 4),
        ("Reshape", ["any", "four"], 4),
        ("Reshape", ["any", "image"], None),
        ("Reshape", ["any", "scalar"], None),
        ("Reshape", ["any", "packed"], 3),
        ("Reshape", ["any", "packed_of_any"], None),
        ("ConcatV2", ["image", "image", "scalar"], 4),
        ("ConcatV2", ["image", "any", "scalar"], None),
        ("ExpandDims", ["image", "scalar"], 5),
        ("ExpandDims", ["image", "any"], None),
        ("Split", ["scalar", "image"], 4),
        ("Merge", ["image", "image"], None),  # of another rank, inference may not see it
        ("Einsum", ["image", "image"], None),
    ],
)
def test_the_rank_is_what_operations_make_of_it(op, inputs, rank, graph):
    for name, of in (("packed", "scalar"), ("packed_of_any", "any")):
        add(graph.node, name, "Pack", "any", of, "any").attr["N"].i = 3
    add(graph.node, "here", op, *inputs)

    assert Ranks(graph, {**IMAGE, "any:0": None}).of("", "here") == rank


def test_a_squeeze_of_one_dimension_takes_one(graph):
    add(graph.node, "one", "Squeeze", "image").attr["squeeze_dims"].list.i.append(1)
    add(graph.node, "all", "Squeeze", "image")
    found = Ranks(graph, IMAGE)

    assert found.of("", "one") == 3
    assert found.of("", "all") is None


def test_other_outputs_than_the_first_are_not_taken_for_it(graph):
    add(graph.node, "norm", "FusedBatchNormV3", "image", "row", "row", "row", "row")
    body = function(graph, "f", ["x"], y="norm:y:0")
    add(body, "norm", "FusedBatchNormV3", "x", "x", "x", "x", "x")
    found = Ranks(graph, IMAGE)

    assert [found.of("", name) for name in ("norm", "norm:1")] == [4, None]
    assert [found.of("f", name) for name in ("norm:y:0", "norm:batch_mean:0")] == [4, None]


def test_a_tensor_that_is_fed_is_not_what_its_operation_makes(graph):
    add(graph.node, "here", "Conv2D", "image", "weights")

    assert Ranks(graph, {**IMAGE, "here:0": 5}).of("", "here") is None
    assert Ranks(graph, {"four:0": 1}).length("", "four") is None


def test_without_the_signatures_only_operations_count(graph):
    add(graph.node, "here", "Relu", "image")
    found = Ranks(graph, IMAGE)

    assert found.of("", "here") == 4
    assert found.of_any_feeds().of("", "here") is None
    assert found.of_any_feeds().of("", "weights") == 4


def test_lengths_are_those_of_constants_and_of_packed_scalars(graph):
    add(graph.node, "packed", "Pack", "any", "scalar").attr["N"].i = 2
    found = Ranks(graph, IMAGE)

    names = ("four", "packed", "scalar", "paddings", "any")
    assert [found.length("", name) for name in names] == [4, 2, None, None, None]


def test_a_function_takes_the_rank_of_its_callers_and_gives_its_own(graph):
    inner = function(graph, "inner", ["x"], y="same:output:0")
    add(inner, "same", "Identity", "x")
    outer = function(graph, "outer", ["w", "x"], y="call:output:0", v="read:value:0")
    add(outer, "call", "PartitionedCall", "x", f="inner")
    add(outer, "read", "ReadVariableOp", "w")
    add(graph.node, "call", "StatefulPartitionedCall", "handle", "image", f="outer")

    found = Ranks(graph, IMAGE)

    assert found.of("inner", "x") == 4
    assert [found.of("", name) for name in ("call", "call:0", "call:1")] == [4, 4, 4]


@pytest.mark.parametrize(
    ("op", "attribute"), [("PartitionedCall", "f"), ("Map", "f"), ("f", ""), ("While", "cond")]
)
def test_a_function_that_something_else_runs_too_may_get_anything(op, attribute, graph):
    body = function(graph, "f", ["x"], y="again:output:0")
    add(body, "again", "Einsum", "x")
    add(graph.node, "call", "PartitionedCall", "image", f="f")
    other = add(graph.node, "other", op, "any", **({attribute: "f"} if attribute else {}))
    if op == "While":
        other.attr["body"].func.name = "f"

    assert Ranks(graph, IMAGE).of("f", "x") is None


def test_a_function_with_a_gradient_may_get_anything(graph):
    function(graph, "f", ["x"])
    add(graph.node, "call", "PartitionedCall", "image", f="f")
    graph.library.gradient.add(function_name="f", gradient_func="g")

    assert Ranks(graph, IMAGE).of("f", "x") is None


def test_branches_take_what_the_choice_is_made_for(graph):
    for name in ("yes", "no"):
        function(graph, name, ["x"])
    add(graph.node, "if", "If", "scalar", "image", then_branch="yes", else_branch="no")

    found = Ranks(graph, IMAGE)

    assert [found.of(name, "x") for name in ("yes", "no")] == [4, 4]


def test_a_loop_keeps_the_rank_of_what_it_does_not_change(graph):
    function(graph, "goes_on", ["turn", "weights", "x"])
    body = function(graph, "turn", ["turn", "w", "x"], a="more:z:0", b="same:output:0", c="x2:y:0")
    add(body, "more", "AddV2", "turn", "turn")
    add(body, "same", "Identity", "w")
    add(body, "x2", "Einsum", "x")
    add(graph.node, "loop", "While", "scalar", "row", "image", cond="goes_on", body="turn")

    found = Ranks(graph, IMAGE)

    assert [found.of("turn", name) for name in ("turn", "w", "x")] == [None, 1, None]
    assert found.of("goes_on", "weights") == 1


def test_what_calls_itself_and_what_goes_round_ends(graph):
    body = function(graph, "f", ["x"], y="call:output:0")
    add(body, "call", "PartitionedCall", "x", f="f")
    add(graph.node, "call", "PartitionedCall", "image", f="f")
    add(graph.node, "once", "Identity", "again")
    add(graph.node, "again", "Identity", "once")
    found = Ranks(graph, IMAGE)

    assert [found.of("", name) for name in ("call", "once")] == [None, None]


def test_a_long_way_back_is_not_gone(graph):
    for at in range(2000):
        add(graph.node, f"sum{at}", "AddV2", *[f"sum{at - 1}" if at else "image"] * 2)

    assert Ranks(graph, IMAGE).of("", "sum1999") is None
    assert Ranks(graph, IMAGE).of("", "sum9") == 4


ROWS = {"Pad": [[0, 0]] * 4, "PadV2": [[0, 0]] * 4, "MirrorPad": [[0, 0]] * 4}


@pytest.mark.parametrize(
    "op", sorted(ranks.MAKING.keys() | ranks.KEEPING | ranks.BROADCASTING | ranks.SIZED)
)
def test_shape_inference_knows_the_same(op):
    """Else an array of another rank than declared could pass it and reach a kernel unseen."""
    import tensorflow as tf

    with tf.Graph().as_default() as graph:
        definition = graph.op_def_for_type(op)
        rank = ranks.MAKING.get(op, 4 if op in ranks.SIZED else 3)
        types = {attribute.name: attribute for attribute in definition.attr}

        def fed(at, argument):
            kind = argument.type or tf.float32.as_datatype_enum
            if argument.type_attr in ("Tpaddings", "Tshape", "Tperm"):
                return tf.constant(ROWS.get(op, list(range(rank))))
            known = op in ranks.BROADCASTING or (op in ranks.KEEPING and not at)
            return tf.compat.v1.placeholder(kind, [None] * rank if known else None)

        inputs = [fed(at, argument) for at, argument in enumerate(definition.input_arg)]
        values = {
            "padding": "SAME",
            "mode": "REFLECT",
            "DstT": tf.float32,
            "message": "",
            **dict.fromkeys(("strides", "ksize"), [1] * rank),
        }
        if op == "LRN":
            inputs = [tf.compat.v1.placeholder(tf.float32, None)]
        chosen = {name: value for name, value in values.items() if name in types}
        arguments = {
            argument.name: array
            for argument, array in zip(definition.input_arg, inputs, strict=True)
        }
        outputs = getattr(tf.raw_ops, op)(**arguments, **chosen)
        first = outputs[0] if isinstance(outputs, tuple) else outputs

        assert first.shape.rank == rank
