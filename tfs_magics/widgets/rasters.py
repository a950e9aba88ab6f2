"""Pictures at other sizes: each pixel gets the mean of what it covers."""

from __future__ import annotations

from typing import Any

import numpy as np

Picture = np.ndarray[Any, np.dtype[np.float32]]


def resized(picture: np.ndarray[Any, Any], height: int, width: int) -> Picture:
    """Return a picture of the same scene with this many rows and columns; its mean stays."""
    rows = _means(picture.astype(np.float64), height)
    found: Picture = _means(rows.T, width).T.astype(np.float32)
    return found


def _means(values: np.ndarray[Any, Any], count: int) -> np.ndarray[Any, Any]:
    """Return the means of `count` equal parts along the first axis."""
    length = len(values)
    sums = np.concatenate([np.zeros_like(values[:1]), np.cumsum(values, axis=0)])
    edges = np.linspace(0, length, count + 1)
    below = np.minimum(edges.astype(int), length - 1)
    part = (edges - below)[:, np.newaxis]
    at_edges = sums[below] * (1 - part) + sums[below + 1] * part
    means: np.ndarray[Any, Any] = np.diff(at_edges, axis=0) * (count / length)
    return means
