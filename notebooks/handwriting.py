"""Real handwritten digits as 28x28 grey images, without a download.

MNIST when Keras has it in its cache; else the 1,797 digits that come with scikit-learn, scaled up
from 8x8.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

TRAINING_SHARE = 0.8
MNIST_TRAINING_IMAGES = 6000


class Images(NamedTuple):
    """Images as float32 `[n, 28, 28, 1]` between 0 and 1, labels as integers 0 to 9."""

    x_train: NDArray[Any]
    y_train: NDArray[Any]
    x_test: NDArray[Any]
    y_test: NDArray[Any]


def load_images() -> Images:
    """Return images to train with and others to test with."""
    home = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras"))
    mnist = home / "datasets" / "mnist.npz"
    return _mnist(mnist) if mnist.exists() else _scikit_learn()


def _mnist(file: Path) -> Images:
    with np.load(file) as data:
        return Images(
            _scaled(data["x_train"][:MNIST_TRAINING_IMAGES], 255),
            data["y_train"][:MNIST_TRAINING_IMAGES],
            _scaled(data["x_test"], 255),
            data["y_test"],
        )


def _scikit_learn() -> Images:
    from scipy.ndimage import zoom
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = _scaled(zoom(digits.images, (1, 3.5, 3.5), order=1), 16)
    split = int(len(images) * TRAINING_SHARE)
    return Images(images[:split], digits.target[:split], images[split:], digits.target[split:])


def _scaled(images: NDArray[Any], brightest: int) -> NDArray[Any]:
    return (images[..., np.newaxis] / brightest).astype(np.float32)
