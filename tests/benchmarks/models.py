"""Makes the SavedModels the benchmark serves: small networks of random weights, 28x28x1 to 10.

One input `image` and one output, float32, any batch size. The weights are seeded, so that two runs
serve the same numbers.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

KINDS = ("dense", "convolution")
INPUT = "image"
SIGNATURE = "serving_default"


def sample(rows: int = 1) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return images between 0 and 1, float32, `[rows, 28, 28, 1]`; the same at every call."""
    return np.random.default_rng(7).random((rows, 28, 28, 1), dtype=np.float32)


def export(kind: str, base_path: Path) -> Path:
    """Write version 1 of a model of this kind below `base_path`; return the version's directory."""
    import keras  # type: ignore[import-untyped]

    keras.utils.set_random_seed(7)
    layers: list[Any] = [keras.Input((28, 28, 1), name=INPUT)]
    if kind == "convolution":
        for filters in (32, 64):
            layers.append(keras.layers.Conv2D(filters, 3, activation="relu"))
            layers.append(keras.layers.MaxPooling2D())
        layers.append(keras.layers.Flatten())
    else:
        layers.append(keras.layers.Flatten())
        layers.append(keras.layers.Dense(128, activation="relu"))
    layers.append(keras.layers.Dense(10, activation="softmax"))
    directory = base_path / "1"
    keras.Sequential(layers).export(str(directory), verbose=False)
    return directory
