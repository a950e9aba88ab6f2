"""Writes the cell that does what one that was refused was meant to do."""

from __future__ import annotations

import math

from tfs_magics.client.feeds import InputMismatch, fits
from tfs_magics.client.signatures import Tensor

_IMAGE = 2  # dimensions of an image


def cell(model: str, expression: str, error: InputMismatch) -> str:
    """Return a cell that asks the model with `expression` made to fit, else with an example."""
    name = f'"{model}"' if any(char.isspace() for char in model) else model
    expected, got = error.expected, error.got
    if expected.dtype != got.dtype:
        fits = got.dtype != "string" and expected.dtype not in ("string", "bfloat16")
        made = f'np.asarray({expression}).astype("{expected.dtype}")' if fits else ""
    else:
        made = _shaped(expression, got.shape or (), expected.shape or ())
    if made.startswith("tf."):
        return f"import tensorflow as tf\n\n%tfs_predict {name} {made}"
    return f"import numpy as np\n\n%tfs_predict {name} {made or _example(expected)}"


def _shaped(expression: str, got: tuple[int, ...], expected: tuple[int, ...]) -> str:
    """Return the expression in another shape; empty if none is sure to be what was meant."""
    array = f"np.asarray({expression})"
    if fits((1, *got), expected):
        return f"{array}[None]"
    if fits((*got, 1), expected):
        return f"{array}[..., None]"
    row = expected[1:]
    if expected[:1] != (-1,) or -1 in row:
        return ""
    if got and math.prod(got[1:]) == math.prod(row):
        return f"{array}.reshape({(-1, *row)})"
    if len(row) == _IMAGE and len(got) == len(expected):
        return f"tf.image.resize(tf.expand_dims({expression}, -1), {row}).numpy()[..., 0]"
    if len(row) == _IMAGE + 1 and len(got) == len(expected) and got[3] == row[2]:
        return f"tf.image.resize({expression}, {row[:2]}).numpy()"
    return ""


def _example(tensor: Tensor) -> str:
    shape = tuple(1 if size < 0 else size for size in tensor.shape or ())
    if tensor.dtype == "string":
        return f'np.full({shape}, "text", object)'
    return f'np.zeros({shape}, "{tensor.dtype}")'
