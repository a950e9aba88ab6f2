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

SIDE = 28
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


def varied(images: NDArray[Any], times: int = 6, seed: int = 1) -> NDArray[Any]:
    """Return each image this many times, as other hands would have drawn it.

    Turned, slanted, narrower, smaller, off the middle, with a thinner or fatter pen. All images
    come once, in their order, then all of them again: `[times * n, 28, 28, 1]`.
    """
    chance = np.random.default_rng(seed)
    rounds = [[_redrawn(image[..., 0], chance) for image in images] for _ in range(times)]
    return np.concatenate([np.stack(each) for each in rounds])[..., np.newaxis].astype(np.float32)


def _redrawn(image: NDArray[Any], chance: np.random.Generator) -> NDArray[Any]:
    from scipy.ndimage import affine_transform

    angle, slant, size = chance.uniform((-0.25, -0.2, 0.62), (0.25, 0.2, 1.0))
    width, weight, thinner = chance.uniform((0.75, 1.0, 0.0), (1.1, 2.2, 0.3))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    back = np.linalg.inv(turn @ [[1, slant], [0, 1]] @ np.diag([size, size * width]))
    middle = np.full(2, (SIDE - 1) / 2)
    offset = middle - back @ (middle + chance.uniform(-2, 2, 2))
    moved = affine_transform(image, back, offset, order=1)
    return np.clip((moved - thinner) * weight, 0, 1)


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
    images = _scaled(zoom(digits.images, (1, SIDE / 8, SIDE / 8), order=1), 16)
    split = int(len(images) * TRAINING_SHARE)
    return Images(images[:split], digits.target[:split], images[split:], digits.target[split:])


def _scaled(images: NDArray[Any], brightest: int) -> NDArray[Any]:
    return (images[..., np.newaxis] / brightest).astype(np.float32)
