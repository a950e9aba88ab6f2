"""Models of all layers people use, asked with all that clients get wrong, in a process of its own.

Each line of the answer is one request; what ends the process ends the answer, and fails the test.
"""

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.tensorflow

ASK = """
import json, sys
import numpy as np
from server_ext.engine import savedmodel
from server_ext.errors import ServingError

path, cases = json.load(sys.stdin)
model = savedmodel.load(path)
print("loaded", flush=True)
for name, feeds in cases:
    signature = model.signatures[name]
    inputs = {}
    for alias, (kind, value) in feeds.items():
        if kind == "bytes":
            array = np.array([bytes.fromhex(text) for text in value], object)
        elif kind == "zeros":
            array = np.zeros(value, "f")
        else:
            array = np.array(value, kind)
        inputs[alias] = array
    try:
        outputs = model.run(signature, inputs, list(signature.outputs))
        answer = [list(output.shape) for output in outputs]
    except ServingError as error:
        answer = error.code.name
    print(json.dumps(answer), flush=True)
"""

SHAPES = [
    *([], [0], [7], [0, 4], [5, 5], [2, 4, 3], [1, 1, 1, 1], [2, 9, 7, 1], [0, 8, 8, 2]),
    *([2, 0, 8, 2], [1, 4, 4, 4, 2], [1, 1, 8, 8, 1], [1] * 6, [1] * 30, [0, 2**31], [0, 2**60]),
]
"""Shapes that nobody means, some with sizes that cost their sender nothing."""


@pytest.fixture(scope="module")
def layers(tmp_path_factory):
    """Signatures by the name of a layer, x float32 -> y; see EXPECTED for what they take."""
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(1)
    of = keras.layers
    plane, space, row, words = (8, 8, 2), (4, 4, 4, 2), (8, 2), (6, 8)
    sequential = {
        "conv1d": (row, of.Conv1D(3, 3)),
        "conv2d": (plane, of.Conv2D(3, 3, activation="relu")),
        "conv3d": (space, of.Conv3D(2, 3)),
        "conv2d_transpose": (plane, of.Conv2DTranspose(3, 3, strides=2)),
        "conv3d_transpose": (space, of.Conv3DTranspose(2, 3)),
        "depthwise": (plane, of.DepthwiseConv2D(3)),
        "separable": (plane, of.SeparableConv2D(3, 3)),
        "max_pool1d": (row, of.MaxPooling1D()),
        "max_pool2d": (plane, of.MaxPooling2D()),
        "max_pool3d": (space, of.MaxPooling3D()),
        "average_pool2d": (plane, of.AveragePooling2D(2)),
        "average_pool3d": (space, of.AveragePooling3D(2)),
        "global_pool": (plane, of.GlobalAveragePooling2D()),
        "batch_norm": (plane, of.BatchNormalization()),
        "layer_norm": (words, of.LayerNormalization()),
        "group_norm": (plane, of.GroupNormalization(2)),
        "resizing": (plane, of.Resizing(5, 5)),
        "up_sampling": (plane, of.UpSampling2D(interpolation="bilinear")),
        "dense": ((4,), of.Dense(3)),
        "softmax": ((4,), of.Softmax()),
        "lstm": (words, of.LSTM(3)),
        "gru": (words, of.GRU(3)),
        "bidirectional": (words, of.Bidirectional(of.LSTM(3, return_sequences=True))),
        "conv_lstm": ((3, *plane), of.ConvLSTM2D(2, 3)),
        "flatten": (plane, of.Flatten()),
    }
    models = {
        name: keras.Sequential([keras.Input(shape), layer])
        for name, (shape, layer) in sequential.items()
    }
    attended = keras.Input(words)
    models["attention"] = keras.Model(attended, of.MultiHeadAttention(2, 4)(attended, attended))
    kernel = tf.ones([3, 3, 2, 1])

    def convolve(x):
        return tf.nn.conv2d(x, kernel, 1, "SAME")

    functions = {
        "einsum": ([None, None, 3], lambda x: tf.einsum("xyc,cd->xyd", x, tf.ones([3, 2]))),
        "matmul": (None, lambda x: tf.matmul(x, x, transpose_b=True)),
        "any_conv2d": (None, convolve),
        "any_max_pool3d": (None, lambda x: tf.nn.max_pool3d(x, 2, 2, "SAME")),
        "conv_in_branch": (None, lambda x: tf.cond(tf.size(x) > 3, lambda: convolve(x), lambda: x)),
        "conv_in_map": (None, lambda x: tf.map_fn(convolve, x)),
        "conv_in_while": (
            None,
            lambda x: tf.while_loop(
                lambda at, _: at < 2, lambda at, y: (at + 1, convolve(tf.concat([y, y], -1))),
                (0, x), (tf.TensorShape([]), tf.TensorShape(None)),
            )[1],
        ),
        "list": (None, lambda x: tf.TensorArray(tf.float32, 3).unstack(x).stack()),
        "steps": ([None, None], lambda x: tf.scan(lambda a, b: a + b, x)),
    }  # fmt: skip
    module = tf.Module()
    module.models, signatures = list(models.values()), {}
    module.weights = [variable.value for model in module.models for variable in model.variables]

    def signature(shape, function):
        spec = tf.TensorSpec(shape, tf.float32, "x")
        return tf.function(lambda x: {"y": function(x)}, input_signature=[spec], autograph=False)

    for name, model in models.items():
        signatures[name] = signature(model.input_shape, model)
    for name, (shape, function) in functions.items():
        signatures[name] = signature(shape, function)
    module.functions = list(signatures.values())
    directory = tmp_path_factory.mktemp("layers") / "1"
    tf.saved_model.save(module, str(directory), signatures=signatures)
    return directory


EXPECTED = {
    "conv1d": ([2, 8, 2], [2, 6, 3]),
    "conv2d": ([2, 8, 8, 2], [2, 6, 6, 3]),
    "conv3d": ([1, 4, 4, 4, 2], [1, 2, 2, 2, 2]),
    "conv2d_transpose": ([1, 8, 8, 2], [1, 17, 17, 3]),
    "conv3d_transpose": ([1, 4, 4, 4, 2], [1, 6, 6, 6, 2]),
    "depthwise": ([2, 8, 8, 2], [2, 6, 6, 2]),
    "separable": ([2, 8, 8, 2], [2, 6, 6, 3]),
    "max_pool1d": ([2, 8, 2], [2, 4, 2]),
    "max_pool2d": ([2, 8, 8, 2], [2, 4, 4, 2]),
    "max_pool3d": ([1, 4, 4, 4, 2], [1, 2, 2, 2, 2]),
    "average_pool2d": ([2, 8, 8, 2], [2, 4, 4, 2]),
    "average_pool3d": ([1, 4, 4, 4, 2], [1, 2, 2, 2, 2]),
    "global_pool": ([2, 8, 8, 2], [2, 2]),
    "batch_norm": ([2, 8, 8, 2], [2, 8, 8, 2]),
    "layer_norm": ([2, 6, 8], [2, 6, 8]),
    "group_norm": ([2, 8, 8, 2], [2, 8, 8, 2]),
    "resizing": ([2, 8, 8, 2], [2, 5, 5, 2]),
    "up_sampling": ([2, 8, 8, 2], [2, 16, 16, 2]),
    "dense": ([2, 4], [2, 3]),
    "softmax": ([2, 4], [2, 4]),
    "lstm": ([2, 6, 8], [2, 3]),
    "gru": ([2, 6, 8], [2, 3]),
    "bidirectional": ([2, 6, 8], [2, 6, 6]),
    "conv_lstm": ([1, 3, 8, 8, 2], [1, 6, 6, 2]),
    "flatten": ([2, 8, 8, 2], [2, 128]),
    "attention": ([2, 6, 8], [2, 6, 8]),
    "einsum": ([2, 4, 3], [2, 4, 2]),
    "matmul": ([2, 4], [2, 2]),
    "any_conv2d": ([2, 8, 8, 2], [2, 8, 8, 1]),
    "any_max_pool3d": ([1, 4, 4, 4, 2], [1, 2, 2, 2, 2]),
    "conv_in_branch": ([2, 8, 8, 2], [2, 8, 8, 1]),
    "conv_in_map": ([1, 2, 8, 8, 2], [1, 2, 8, 8, 1]),
    "conv_in_while": ([1, 4, 4, 1], [1, 4, 4, 1]),
    "list": ([3, 2], [3, 2]),
    "steps": ([3, 2], [3, 2]),
}


def answers_of_a_process(path, cases):
    """Ask a model in a new process; return the shapes of the outputs or the code of the error."""
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        input=json.dumps([str(path), cases]),
        capture_output=True,
        text=True,
        timeout=115,
        check=False,
    )
    answers = done.stdout.splitlines()[1:]
    reached = cases[len(answers)] if len(answers) < len(cases) else "the end"
    assert done.returncode == 0, f"{done.returncode} at {reached}: {done.stderr[-2000:]}"
    return [json.loads(answer) for answer in answers]


@pytest.mark.parametrize("part", range(3))
def test_no_shape_ends_the_process(part, layers):
    names = list(EXPECTED)[part::3]
    cases = [[name, {"x": ["zeros", shape]}] for name in names for shape in SHAPES]
    good = [[name, {"x": ["zeros", EXPECTED[name][0]]}] for name in names]

    answers = answers_of_a_process(layers, cases + good)

    assert answers[len(cases) :] == [[EXPECTED[name][1]] for name in names]
    codes = {answer for answer in answers if isinstance(answer, str)}
    # ABORTED would mean: try again.
    assert codes <= {"INVALID_ARGUMENT", "UNIMPLEMENTED", "RESOURCE_EXHAUSTED"}
    assert "INVALID_ARGUMENT" in codes


@pytest.fixture(scope="module")
def values(tmp_path_factory):
    """Signatures in which values decide what happens: indices, sizes, texts."""
    import tensorflow as tf

    integers, floats = tf.int32, tf.float32

    def takes(**specs):
        named = [tf.TensorSpec(shape, dtype, name) for name, (shape, dtype) in specs.items()]
        return tf.function(input_signature=named, autograph=False)

    features = {
        "a": tf.io.FixedLenFeature([2], floats),
        "b": tf.io.VarLenFeature(tf.int64),
    }
    table = tf.reshape(tf.range(20.0), [10, 2])

    class Values(tf.Module):
        @takes(x=(None, floats))
        def gather_by_floats(self, x):
            return {"y": tf.gather(table, tf.cast(x, integers))}

        @takes(x=(None, integers))
        def gather(self, x):
            return {"y": tf.gather(table, x)}

        @takes(x=(None, integers))
        def gather_nd(self, x):
            return {"y": tf.gather_nd(table, x)}

        @takes(x=(None, integers))
        def divide(self, x):
            return {"y": 10 // x}

        @takes(x=(None, integers))
        def bins(self, x):
            return {"y": tf.math.bincount(x, maxlength=10)}

        @takes(x=(None, integers))
        def turns(self, x):
            count = tf.minimum(tf.reduce_sum(x), 1000)
            return {"y": tf.while_loop(lambda at: at < count, lambda at: (at + 1,), (0,))[0]}

        @takes(x=(None, integers))
        def item(self, x):
            items = tf.TensorArray(floats, 3).unstack(tf.ones([3, 2]))
            return {"y": items.read(tf.reduce_max(x))}

        @takes(x=(None, integers))
        def reshape(self, x):
            return {"y": tf.reshape(table, x)}

        @takes(x=(None, integers))
        def convolve_what_it_becomes(self, x):
            shaped = tf.reshape(tf.ones([16]), x)
            return {"y": tf.nn.conv2d(shaped, tf.ones([1, 1, 1, 1]), 1, "SAME")}

        @takes(x=([None], tf.string))
        def parse(self, x):
            return {"y": tf.io.parse_example(x, features)["a"]}

        @takes(x=([None], tf.string))
        def image(self, x):
            return {"y": tf.io.decode_image(x[0])}

        @takes(x=([None], tf.string))
        def number(self, x):
            return {"y": tf.strings.to_number(x)}

        @takes(x=([None], tf.string))
        def letters(self, x):
            return {"y": tf.strings.unicode_decode(x, "UTF-8").to_tensor()}

        @takes(x=([None], tf.string))
        def tensor(self, x):
            return {"y": tf.io.parse_tensor(x[0], floats)}

    values = Values()
    names = [name for name in vars(Values) if not name.startswith("_")]
    directory = tmp_path_factory.mktemp("values") / "1"
    signatures = {name: getattr(values, name) for name in names}
    tf.saved_model.save(values, str(directory), signatures=signatures)
    return directory


NUMBERS = [0, 1, -1, 3, 100, 2**31 - 1, -(2**31)]
INTEGERS = [
    *([number] for number in NUMBERS),
    *([number, 1] for number in NUMBERS),
    *([], [[]], 5, -1, [[1, 1]], [[-1, 5]], [1, 4, 4, 1], [16, 1], [1, 1, 4, 4], [2, -1]),
]
FLOATS = [[float("nan")], [float("inf"), 1.0], [-1e38], [0.0, 9.0], []]
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
TEXTS = [
    *([], [b""], [b"1.5"], [b"\xff\xfe\0"], [b"\x0a\xff\xff\xff\xff\x0f"], [b"\x0a" * 50]),
    *([b"\xed\xa0\x80"], [b"GIF89a" + b"\xff" * 50], [PNG], [PNG + b"\x7f\xff\xff\xff" * 4]),
    *([b"\xff\xd8\xff\xe0" + b"\0" * 60], [b"BM" + b"\xff" * 80], [b"x" * 100_000]),
    *([b"\x08\x01\x12\x04\x12\x02\x08\x02\x2a\x04abcd"], [b"\x08\x01\x12\x0c\x12\x0a\x08\xff"]),
]


def test_no_value_ends_the_process(values):
    integer = ["gather", "gather_nd", "divide", "bins", "turns", "item", "reshape"]
    integer += ["convolve_what_it_becomes"]
    text = ["parse", "image", "number", "letters", "tensor"]
    cases = [
        *([name, {"x": ["i", value]}] for name in integer for value in INTEGERS),
        *(["gather_by_floats", {"x": ["f", value]}] for value in FLOATS),
        *(
            [name, {"x": ["bytes", [item.hex() for item in value]]}]
            for name in text
            for value in TEXTS
        ),
    ]
    good = [
        ["gather", {"x": ["i", [3]]}],
        ["convolve_what_it_becomes", {"x": ["i", [1, 4, 4, 1]]}],
        ["number", {"x": ["bytes", [b"1.5".hex()]]}],
    ]

    answers = answers_of_a_process(values, cases + good)

    assert answers[len(cases) :] == [[[1, 2]], [[1, 4, 4, 1]], [[1]]]
    codes = {answer for answer in answers if isinstance(answer, str)}
    assert "INTERNAL" not in codes
    assert "INVALID_ARGUMENT" in codes
