"""Models for the forms that ask them: digits drawn by hand in two versions, and one with each kind of input."""

from __future__ import annotations

from pathlib import Path
from typing import Any

DIGITS_STRENGTH = {1: 0.01, 2: 1.0}


def save_digits(folder: Path) -> None:
    """Save a classifier of scikit-learn's digits, its second version surer than the first."""
    import numpy as np
    import tensorflow as tf
    from sklearn.datasets import load_digits
    from sklearn.linear_model import LogisticRegression

    digits = load_digits()
    for version, strength in DIGITS_STRENGTH.items():
        fitted = LogisticRegression(C=strength, max_iter=200).fit(digits.data / 16, digits.target)
        weights = tf.constant(fitted.coef_.T.astype(np.float32))
        bias = tf.constant(fitted.intercept_.astype(np.float32))
        _save_classifier(folder / str(version), weights, bias)


def _save_classifier(path: Path, weights: Any, bias: Any) -> None:
    import tensorflow as tf

    class Digits(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None, 8, 8], tf.float32, name="image")])
        def answer(self, image: Any) -> dict[str, Any]:
            scores = tf.reshape(image, [-1, 64]) / 16 @ weights + bias
            return {"probabilities": tf.nn.softmax(scores)}

    module = Digits()
    tf.saved_model.save(module, str(path), signatures=module.answer)


def save_kinds(folder: Path) -> None:
    """Save models that take scalars, texts, truth values, something optional, a vector, colours."""
    import tensorflow as tf

    class Kinds(tf.Module):
        @tf.function(
            input_signature=[
                tf.TensorSpec([None], tf.float32, name="age"),
                tf.TensorSpec([None], tf.string, name="city"),
                tf.TensorSpec([None], tf.bool, name="member"),
                tf.TensorSpec([], tf.float32, name="factor"),
            ]
        )
        def price(self, age: Any, city: Any, member: Any, factor: Any) -> dict[str, Any]:
            length = tf.cast(tf.strings.length(city), tf.float32)
            return {
                "price": (age + length) * factor,
                "greeting": tf.strings.join(["from ", city]),
                "is_member": member,
            }

        @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, name="x")])
        def vector(self, x: Any) -> dict[str, Any]:
            return {"y": x * 2 + 1}

        @tf.function(input_signature=[tf.TensorSpec([None, 6, 6, 3], tf.uint8, name="photo")])
        def negative(self, photo: Any) -> dict[str, Any]:
            return {"negative": 255 - photo}

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="blob")])
        def size(self, blob: Any) -> dict[str, Any]:
            return {"size": tf.strings.length(blob)}

    module = Kinds()
    signatures = {
        "serving_default": module.price,
        "vector": module.vector,
        "negative": module.negative,
        "size": module.size,
    }
    tf.saved_model.save(module, str(folder / "1"), signatures=signatures)
    _give_default(folder / "1" / "saved_model.pb", "factor", 2.0)


def _give_default(file: Path, name: str, value: float) -> None:
    """Make an input of the first signature one that may be left out."""
    import tensorflow as tf
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

    saved = SavedModel.FromString(file.read_bytes())
    signature = saved.meta_graphs[0].signature_def["serving_default"]
    signature.defaults[name].CopyFrom(tf.make_tensor_proto(value, tf.float32))
    file.write_bytes(saved.SerializeToString())
