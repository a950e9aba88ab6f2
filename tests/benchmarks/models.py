"""Makes the SavedModels that are served, and the requests for them.

| model       | input                      | output              |
|-------------|----------------------------|---------------------|
| dense       | image, float32, 28x28x1    | float32 `[10]`      |
| convolution | image, float32, 28x28x1    | float32 `[10]`      |
| mobilenet   | image, float32, 224x224x3  | float32 `[1000]`    |
| text        | text, string               | label, string       |

One input and one output each, of any batch size. Weights and samples are seeded, so that two runs
serve the same numbers, and the first row of a sample is the same for any number of rows.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

LOADS = ("1", "16", "64", "512", "mixed", "open", "swap", "start")  # load.py says what they are
SIGNATURE = "serving_default"
BUCKETS = 1024
WORDS = ("Good", "Bad", "Fast", "Slow", "Cheap", "Dear", "Large", "Small", "Again", "never", "very")


class Model(NamedTuple):
    """A kind of model: how it is made and asked, and under which loads it is measured.

    `crowd` is the number of requests in flight that keeps a server busy, `largest` the rows of the
    largest batch that TensorFlow is measured with, `longer` how many times the usual seconds a
    measurement takes. `row` is the shape of one row.
    """

    name: str
    about: str
    input: str
    row: tuple[int, ...]
    build: Callable[[Path], None]
    loads: tuple[str, ...]
    crowd: int = 64
    largest: int = 128
    longer: float = 1.0

    def sample(self, rows: int = 1) -> np.ndarray[Any, np.dtype[Any]]:
        """Return the rows to ask about: numbers between 0 and 1, or texts as bytes."""
        random = np.random.default_rng(7)
        if self.name == "text":
            texts = [" ".join(random.choice(WORDS, 8)).encode() for _ in range(rows)]
            return np.array(texts, dtype=object)
        return random.random((rows, *self.row), dtype=np.float32)

    def export(self, base_path: Path) -> Path:
        """Write version 1 below `base_path`; return the version's directory."""
        directory = base_path / "1"
        self.build(directory)
        return directory


def _dense(directory: Path) -> None:
    import keras  # type: ignore[import-untyped]

    hidden = keras.layers.Dense(128, activation="relu")
    _export_layers(directory, [keras.layers.Flatten(), hidden])


def _convolution(directory: Path) -> None:
    import keras

    layers: list[Any] = []
    for filters in (32, 64):
        layers.append(keras.layers.Conv2D(filters, 3, activation="relu"))
        layers.append(keras.layers.MaxPooling2D())
    _export_layers(directory, [*layers, keras.layers.Flatten()])


def _export_layers(directory: Path, layers: list[Any]) -> None:
    import keras

    keras.utils.set_random_seed(7)
    image = keras.Input((28, 28, 1), name="image")
    last = keras.layers.Dense(10, activation="softmax")
    keras.Sequential([image, *layers, last]).export(str(directory), verbose=False)


def _mobilenet(directory: Path) -> None:
    import keras

    keras.utils.set_random_seed(7)
    image = keras.Input((224, 224, 3), name="image")
    keras.applications.MobileNetV2(weights=None, input_tensor=image).export(
        str(directory), verbose=False
    )


def _text(directory: Path) -> None:
    import tensorflow as tf

    class Labels(tf.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            labels = [f"label {number % 50}" for number in range(BUCKETS)]
            content = tf.lookup.KeyValueTensorInitializer(
                tf.range(BUCKETS, dtype=tf.int64), tf.constant(labels)
            )
            self.table = tf.lookup.StaticHashTable(content, "unknown")

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")])  # type: ignore[untyped-decorator]
        def label(self, text: Any) -> dict[str, Any]:
            bucket = tf.strings.to_hash_bucket_fast(tf.strings.lower(text), BUCKETS)
            return {"label": self.table.lookup(bucket)}

    labels = Labels()
    tf.saved_model.save(labels, str(directory), {SIGNATURE: labels.label})


_MODELS = (
    Model(
        "dense",
        "small dense model, 28x28 to 10",
        "image",
        (28, 28, 1),
        _dense,
        ("1", "64", "512", "mixed", "open", "swap", "start"),
    ),
    Model(
        "convolution",
        "small convolution, 28x28 to 10",
        "image",
        (28, 28, 1),
        _convolution,
        ("1", "64"),
    ),
    Model(
        "mobilenet",
        "MobileNetV2, 224x224x3 to 1,000",
        "image",
        (224, 224, 3),
        _mobilenet,
        ("1", "16"),
        crowd=16,
        largest=16,
        longer=1.5,
    ),
    Model("text", "strings: lower case, hash, table", "text", (), _text, ("64",)),
)
MODELS = {model.name: model for model in _MODELS}
