"""Requests that make TensorFlow's kernels abort, sent to a server that has to outlive them all.

The shape is made inside of the graph, of values that are sent: no signature and no inference of
shapes says what it will be.
"""

from __future__ import annotations

import grpc
import numpy as np
import pytest
import requests

pytestmark = pytest.mark.tensorflow

PLANE, SPACE = [1, 4, 4, 2], [1, 4, 4, 4, 2]
SHAPES = {
    "convolution": PLANE,
    "fused": PLANE,
    "of_halves": PLANE,
    "depthwise": PLANE,
    "transposed": PLANE,
    "in_a_branch": PLANE,
    "in_a_loop": PLANE,
    "in_a_map": [2, *PLANE],
    "compiled": PLANE,
    "gradient": PLANE,
    "pools": PLANE,
    "volume": SPACE,
    "volume_pool": SPACE,
    "volume_transposed": SPACE,
    "boxes": [1, 3, 1, 4],
}
"""By signature, a shape that it takes. It makes ones of the shape that is sent, and works on them."""

WRONG = [[], [7], [2, 2], [2, 2, 2], [2] * 4, [1, 4, 4, 2, 1, 1], [0], [2, 0]]


@pytest.fixture(scope="module")
def inside(tmp_path_factory):
    """Base path of a model with the signatures of SHAPES: shape int32 [n] -> y."""
    import tensorflow as tf

    plane, space = tf.Variable(tf.ones([3, 3, 2, 2])), tf.ones([2, 2, 2, 2, 2])
    bias = tf.Variable(tf.ones([2]))

    def convolve(x):
        return tf.nn.conv2d(x, plane, 1, "SAME")

    def gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.nn.avg_pool2d(convolve(x), 2, 2, "SAME")
        return tape.gradient(y, x)

    def boxes(x):
        found = tf.image.combined_non_max_suppression(x, tf.squeeze(x, 2)[:, :, :1], 2, 2)
        return found.nmsed_boxes

    functions = {
        "convolution": convolve,
        "fused": lambda x: tf.nn.relu(tf.nn.bias_add(convolve(x), bias)),
        "of_halves": lambda x: tf.nn.conv2d(
            tf.cast(x, tf.half), tf.ones([3, 3, 2, 2], tf.half), 1, "SAME"
        ),
        "depthwise": lambda x: tf.nn.depthwise_conv2d(x, plane, [1] * 4, "SAME"),
        "transposed": lambda x: tf.nn.conv2d_transpose(x, plane, tf.shape(x), 1),
        "in_a_branch": lambda x: tf.cond(tf.size(x) > 3, lambda: convolve(x), lambda: convolve(x)),
        "in_a_loop": lambda x: tf.while_loop(
            lambda at, _: at < 2,
            lambda at, y: (at + 1, convolve(y)),
            (0, x),
            (tf.TensorShape([]), tf.TensorShape(None)),
        )[1],
        "in_a_map": lambda x: tf.map_fn(convolve, x),
        "compiled": tf.function(convolve, jit_compile=True),
        "gradient": gradient,
        "pools": lambda x: tf.nn.local_response_normalization(
            tf.nn.avg_pool2d(tf.nn.max_pool2d(x, 2, 1, "SAME"), 2, 1, "SAME")
        ),
        "volume": lambda x: tf.nn.conv3d(x, space, [1] * 5, "SAME"),
        "volume_pool": lambda x: tf.nn.max_pool3d(x, 2, 2, "SAME"),
        "volume_transposed": lambda x: tf.nn.conv3d_transpose(x, space, tf.shape(x), [1] * 5),
        "boxes": boxes,
    }
    module = tf.Module()
    module.variables_of_it = [plane, bias]
    spec = tf.TensorSpec([None], tf.int32, "shape")

    def signature(function):
        def call(shape):
            return {"y": function(tf.ones(shape))}

        return tf.function(call, input_signature=[spec], autograph=False)

    signatures = {name: signature(function) for name, function in functions.items()}
    module.functions = list(signatures.values())
    base = tmp_path_factory.mktemp("inside")
    tf.saved_model.save(module, str(base / "1"), signatures=signatures)
    return base


@pytest.fixture(scope="module")
def of_tensorflow_1(tmp_path_factory):
    """Base path of half_plus_two, x float32 [n, 1] -> y, with a convolution of any `x` as well."""
    import tensorflow as tf

    v1 = tf.compat.v1
    base = tmp_path_factory.mktemp("of_tensorflow_1")
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, [None, 1], name="x")
        shape = v1.placeholder(tf.int32, [None], name="shape")
        half = v1.Variable(0.5, use_resource=False)
        kernel = v1.Variable(tf.ones([3, 3, 2, 2]), use_resource=False)
        ones = tf.ones(shape)
        convolved = v1.cond(
            tf.size(ones) > 0, lambda: tf.nn.conv2d(ones, kernel, 1, "SAME"), lambda: ones
        )
        session.run(v1.global_variables_initializer())
        info = v1.saved_model.build_tensor_info
        builder = v1.saved_model.Builder(str(base / "1"))
        signatures = {"serving_default": (x, x * half + 2.0), "convolution": (shape, convolved)}
        builder.add_meta_graph_and_variables(
            session,
            ["serve"],
            {
                name: v1.saved_model.build_signature_def(
                    {fed.op.name: info(fed)}, {"y": info(y)}, "tensorflow/serving/predict"
                )
                for name, (fed, y) in signatures.items()
            },
        )
        builder.save()
    return base


@pytest.fixture(scope="module")
def server(inside, of_tensorflow_1, start_module_server, tmp_path_factory):
    file = tmp_path_factory.mktemp("config") / "models.config"
    entries = [
        f'config {{ name: "{name}" base_path: "{base}" model_platform: "tensorflow" }}'
        for name, base in (("inside", inside), ("half_plus_two", of_tensorflow_1))
    ]
    file.write_text(f"model_config_list {{ {' '.join(entries)} }}")
    return start_module_server(f"--model_config_file={file}")


def by_grpc(prediction, model, signature, **inputs):
    """Return the shape of `y`, or the code of the error."""
    import tensorflow as tf
    from tensorflow_serving.apis.predict_pb2 import PredictRequest

    request = PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = model, signature
    for name, array in inputs.items():
        request.inputs[name].CopyFrom(tf.make_tensor_proto(array))
    try:
        answer = prediction.Predict(request, timeout=60)
    except grpc.RpcError as error:
        return error.code().name
    return [dim.size for dim in answer.outputs["y"].tensor_shape.dim]


def by_rest(server, model, signature, **inputs):
    """Return the shape of `y`, or the status of the error."""
    body = {"signature_name": signature, "inputs": inputs}
    answer = requests.post(f"{server.url}/v1/models/{model}:predict", json=body, timeout=60)
    return np.shape(answer.json()["outputs"]) if answer.ok else answer.status_code


@pytest.mark.parametrize("signature", SHAPES)
def test_shapes_from_inside_of_a_graph_are_refused_and_the_server_lives(
    signature, server, prediction
):
    right = SHAPES[signature]

    for shape in [shape for shape in WRONG if len(shape) != len(right)]:
        code = by_grpc(prediction, "inside", signature, shape=np.array(shape, np.int32))
        status = by_rest(server, "inside", signature, shape=shape)
        assert (shape, code, status) == (shape, "INVALID_ARGUMENT", 400)

    assert by_grpc(prediction, "inside", signature, shape=np.array(right, np.int32))[0] == right[0]
    assert by_rest(server, "inside", signature, shape=right)[0] == right[0]
    assert server.process.poll() is None


def test_the_same_holds_for_a_model_of_tensorflow_1(server, prediction):
    for shape in [[7], [2, 2], [1, 4, 4, 2, 1]]:
        code = by_grpc(prediction, "half_plus_two", "convolution", shape=np.array(shape, np.int32))
        status = by_rest(server, "half_plus_two", "convolution", shape=shape)
        assert (shape, code, status) == (shape, "INVALID_ARGUMENT", 400)

    assert by_rest(server, "half_plus_two", "convolution", shape=PLANE) == (1, 4, 4, 2)
    assert server.process.poll() is None


def test_another_rank_than_declared_is_still_taken_where_the_graph_takes_it(server, prediction):
    three = np.array([1, 2, 5], np.float32)

    assert by_grpc(prediction, "half_plus_two", "serving_default", x=three) == [3]
    assert by_rest(server, "half_plus_two", "serving_default", x=three.tolist()) == (3,)


def test_metadata_says_nothing_of_the_checks(server):
    metadata = requests.get(f"{server.url}/v1/models/inside/metadata", timeout=60).json()

    found = metadata["metadata"]["signature_def"]["signature_def"]
    assert SHAPES.keys() <= found.keys()
    assert "is.checked" not in str(metadata)
