"""Where checks are put, and that a graph with them loads and computes what it did."""

import logging
import shutil

import numpy as np
import pytest
from tensorflow.core.framework.op_def_pb2 import OpDef
from tensorflow.core.protobuf.meta_graph_pb2 import MetaGraphDef

from server_ext.engine import guards, runtime
from server_ext.errors import InvalidArgument, ServingError

pytestmark = pytest.mark.tensorflow

DT_FLOAT, DT_INT32, DT_INT64, DT_HALF = 1, 3, 9, 19


def node(nodes, name, op, *inputs, dtype=DT_FLOAT):
    added = nodes.add(name=name, op=op, input=inputs)
    if op in guards.CHECKS and dtype is not None:
        added.attr["T"].type = dtype
    return added


def put_into(model):
    return guards.put_into(model, runtime.definition_of)


def checked(nodes):
    """Return what is checked, as (source, sizes), in the order of the checks."""
    return [
        (found.input[0], [dim.size for dim in found.attr["shape"].shape.dim])
        for found in nodes
        if found.op == "EnsureShape"
    ]


PLANE, SPACE = [-1] * 4, [-1] * 5


@pytest.fixture
def model():
    """A graph with `x` of any rank, `image` that is declared with four dimensions, and a kernel."""
    model = MetaGraphDef()
    inputs = model.signature_def["serving_default"].inputs
    inputs["x"].name, inputs["image"].name = "x:0", "image:0"
    inputs["x"].tensor_shape.unknown_rank = True
    for size in PLANE:
        inputs["image"].tensor_shape.dim.add(size=size)
    nodes = model.graph_def.node
    node(nodes, "x", "Placeholder")
    node(nodes, "image", "Placeholder")
    handle = node(nodes, "handle", "VarHandleOp")
    for size in (3, 3, 1, 8):
        handle.attr["shape"].shape.dim.add(size=size)
    node(nodes, "kernel", "ReadVariableOp", "handle")
    return model


def test_what_may_have_any_rank_is_checked_and_weights_are_not(model):
    nodes = model.graph_def.node
    conv = node(nodes, "conv", "Conv2D", "x", "kernel", dtype=DT_HALF)
    conv.device = "/device:CPU:0"

    assert put_into(model) == 1

    (check,) = [found for found in nodes if found.op == "EnsureShape"]
    assert checked(nodes) == [("x", PLANE)]
    assert (check.attr["T"].type, check.device) == (DT_HALF, "/device:CPU:0")
    assert list(conv.input) == [check.name, "kernel"]


def test_a_model_that_declares_its_rank_stays_as_it_is(model):
    nodes = model.graph_def.node
    node(nodes, "relu", "Relu", "image")
    node(nodes, "conv", "Conv2D", "relu", "kernel")
    node(nodes, "pool", "MaxPool", "conv")
    node(nodes, "last", "Conv2D", "pool", "kernel")
    before = model.SerializeToString(deterministic=True)

    assert put_into(model) == 0

    assert model.SerializeToString(deterministic=True) == before


def test_a_declaration_is_not_enough_where_inference_does_not_look(model):
    nodes = model.graph_def.node
    volume = model.signature_def["serving_default"].inputs["image"].tensor_shape
    volume.dim.add(size=-1)
    node(nodes, "deconv", "Conv3DBackpropInputV2", "x", "kernel", "image")
    node(nodes, "conv", "Conv3D", "image", "kernel")

    put_into(model)

    assert checked(nodes) == [("x", [5]), ("kernel", SPACE), ("image", SPACE)]


def test_within_a_function_a_check_goes_by_the_name_of_its_output(model):
    function = model.graph_def.library.function.add()
    function.signature.name, body = "f", function.node_def
    conv = node(body, "conv", "Conv3D", "x", "k")

    put_into(model)

    assert checked(body) == [("x", SPACE), ("k", SPACE)]
    assert list(conv.input) == [f"{found.name}:output:0" for found in body[1:]]


def test_one_check_is_enough_for_all_that_take_the_same_tensor(model):
    nodes = model.graph_def.node
    for name in ("one", "other"):
        node(nodes, name, "Conv2D", "x", "kernel")
    node(nodes, "cube", "MaxPool3D", "x")

    assert put_into(model) == 2

    assert checked(nodes) == [("x", PLANE), ("x", SPACE)]


def test_sizes_are_checked_for_their_number_unless_it_is_sure(model):
    nodes = model.graph_def.node
    node(nodes, "one", "Const")
    node(nodes, "made", "Pack", "x", "one", "one", "one").attr["N"].i = 4
    for sizes in ("made", "x"):
        node(nodes, f"by_{sizes}", "Conv2DBackpropInput", sizes, "kernel", "image")

    put_into(model)

    assert checked(nodes) == [("x", [4])]
    assert nodes[-1].attr["T"].type == DT_INT32


def test_a_type_is_the_attribute_or_its_default(model):
    nodes = model.graph_def.node
    for name in ("default", "long"):
        node(nodes, name, "Conv3DBackpropInputV2", f"n_{name}", "kernel", "image")
    nodes[-1].attr["Tshape"].type = DT_INT64

    put_into(model)

    types = {found.input[0]: found.attr["T"].type for found in nodes if found.op == "EnsureShape"}
    assert (types["n_default"], types["n_long"]) == (DT_INT32, DT_INT64)


def test_signatures_that_declare_one_tensor_differently_make_nothing_sure(model):
    node(model.graph_def.node, "conv", "Conv2D", "image", "kernel")
    other = model.signature_def["other"].inputs["image"]
    other.name = "image:0"
    other.tensor_shape.unknown_rank = True

    put_into(model)

    assert checked(model.graph_def.node) == [("image", PLANE)]


def test_nothing_changes_when_it_fails(model):
    node(model.graph_def.node, "conv", "Conv2D", "x", "kernel")
    node(model.graph_def.node, "cube", "MaxPool3D", "x")
    before = model.SerializeToString(deterministic=True)

    def forgetful(name):
        return runtime.definition_of(name) if name == "Conv2D" else OpDef()

    with pytest.raises(IndexError):
        guards.put_into(model, forgetful)

    assert model.SerializeToString(deterministic=True) == before


def test_every_operation_and_input_of_the_table_exists():
    for op, inputs in guards.CHECKS.items():
        names = runtime.definition_of(op).input_arg
        assert max(inputs) < len(names), op
        assert not any(names[at].number_attr or names[at].type_list_attr for at in inputs), op


@pytest.fixture(scope="module")
def any_rank(tmp_path_factory):
    """Signatures `plane`, `compiled` and `space`: x float32 of any rank -> y."""
    import tensorflow as tf

    rng = np.random.default_rng(0)
    kernel = tf.Variable(rng.random((3, 3, 2, 4), "f"))
    cube = tf.constant(rng.random((2, 2, 2, 1, 1), "f"))
    spec = tf.TensorSpec(None, tf.float32, "x")

    class Layers(tf.Module):
        @tf.function(input_signature=[spec])
        def plane(self, x):
            padded = tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]])
            y = tf.nn.relu(tf.nn.conv2d(padded, kernel, 1, "VALID"))
            return {"y": tf.nn.conv2d_transpose(y, kernel, tf.shape(x), 1)}

        @tf.function(input_signature=[spec], jit_compile=True)
        def compiled(self, x):
            return {"y": tf.nn.conv2d(x, kernel, 1, "SAME")}

        @tf.function(input_signature=[spec])
        def space(self, x):
            return {"y": tf.nn.max_pool3d(tf.nn.conv3d(x, cube, [1] * 5, "SAME"), 2, 2, "SAME")}

    layers = Layers()
    layers.kernel = kernel
    signatures = {name: getattr(layers, name) for name in ("plane", "compiled", "space")}
    directory = tmp_path_factory.mktemp("any_rank") / "1"
    tf.saved_model.save(layers, str(directory), signatures=signatures)
    image, volume = rng.random((2, 5, 5, 2), "f"), rng.random((1, 4, 4, 4, 1), "f")
    arrays = {"plane": image, "compiled": image, "space": volume}
    expected = {name: signatures[name](tf.constant(x))["y"].numpy() for name, x in arrays.items()}
    return directory, arrays, expected


def test_a_model_with_checks_gives_the_same_numbers(any_rank, run):
    directory, arrays, expected = any_rank

    for name, x in arrays.items():
        np.testing.assert_allclose(run(directory, name, x=x)["y"], expected[name], rtol=1e-3)


@pytest.mark.parametrize("table", [{"Conv2D": None}, {"Conv2D": {0: (-1,) * 4, 1: (7,)}}])
def test_a_model_that_cannot_have_checks_is_served_without(
    table, any_rank, run, monkeypatch, caplog
):
    directory, arrays, expected = any_rank
    monkeypatch.setattr(guards, "CHECKS", table)  # a mistake, and one that TensorFlow finds

    with caplog.at_level(logging.WARNING, "server_ext.engine.runtime"):
        outputs = run(directory, "plane", x=arrays["plane"])

    np.testing.assert_allclose(outputs["y"], expected["plane"], rtol=1e-3)
    (record,) = caplog.records
    assert "without checks of ranks" in record.message


def test_a_damaged_model_with_checks_fails_for_its_own_fault(any_rank, load, tmp_path, caplog):
    copy = shutil.copytree(any_rank[0], tmp_path / "1")
    for file in (copy / "variables").iterdir():
        file.unlink()

    with pytest.raises(ServingError, match="not a valid checkpoint"):
        load(copy)

    assert not caplog.records


def test_what_a_check_refuses_is_the_clients_mistake(any_rank, load):
    model = load(any_rank[0])

    with pytest.raises(InvalidArgument, match="rank"):
        model.run(model.signatures["plane"], {"x": np.zeros((2, 2), "f")}, ["y"])
