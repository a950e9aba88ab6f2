"""Turns what a user passes into the arrays a signature takes, or says what does not fit.

Dtypes are settled here: float64 becomes float32 where the model wants that, numbers never become
text. Shapes are the server's to judge, since a graph may take more than its signature declares;
`explain_shape` puts its refusal in terms of the signature.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import ml_dtypes
import numpy as np
from numpy.typing import NDArray

from server_ext.errors import InvalidArgument
from tfs_magics.client.signatures import Signature, Tensor, shape_text
from tfs_magics.nearest import suggestion

Array = NDArray[Any]
_CHANNELS = (1, 3, 4)
_LEAST_IMAGE = 4  # rows and columns of what may be a picture


class InputMismatch(InvalidArgument):
    """An input has another dtype or shape than the signature; `remedy` says what to send.

    `cell` is one that does what was meant, where somebody has written it.
    """

    def __init__(self, expected: Tensor, got: Tensor, remedy: str) -> None:
        said = (
            f"{expected.alias}: expected {expected.dtype} {shape_text(expected.shape)}, "
            f"got {got.dtype} {shape_text(got.shape)}."
        )
        super().__init__(f"{said}\n{remedy}" if remedy else said)
        self.expected = expected
        self.got = got
        self.remedy = remedy
        self.cell = ""


def feed(value: Any, model: str, signature: Signature) -> dict[str, Array]:
    """Return the arrays to send, by alias.

    `value` is one array (or what numpy makes one of) for a signature with one required input,
    or a dict of them by alias. Inputs with a default may be left out.

    Raises:
        InvalidArgument: an input is missing or unknown, or is no array.
        InputMismatch: an array has a dtype that cannot become the signature's.
    """
    named = _named(value, model, signature)
    return {alias: _array(item, signature.inputs[alias]) for alias, item in named.items()}


def explain_shape(fed: Mapping[str, Array], signature: Signature) -> InputMismatch | None:
    """Return the first input whose shape is not the signature's, or None if all are."""
    for alias, array in fed.items():
        expected = signature.inputs[alias]
        if expected.shape is not None and not fits(array.shape, expected.shape):
            got = Tensor(alias, expected.dtype, array.shape)
            return InputMismatch(expected, got, _shape_remedy(array.shape, expected))
    return None


def dtype_of(label: str) -> np.dtype[Any]:
    """Return numpy's dtype for a label: object for `string`, ml_dtypes' for `bfloat16`."""
    if label == "string":
        return np.dtype(object)
    return np.dtype(ml_dtypes.bfloat16 if label == "bfloat16" else label)


def _named(value: Any, model: str, signature: Signature) -> Mapping[str, Any]:
    known = signature.inputs
    required = [tensor.alias for tensor in known.values() if tensor.default is None]
    if not isinstance(value, Mapping):
        if len(required) == 1 or len(known) == 1:
            return {(required or list(known))[0]: value}
        example = ", ".join(f'"{alias}": ...' for alias in known)
        raise InvalidArgument(
            f"{model} takes {len(known)} inputs: {', '.join(known)}. "
            f"Pass a dict of arrays: {{{example}}}."
        )
    for alias in value:
        if alias not in known:
            hint = suggestion(str(alias), known, label="Inputs")
            raise InvalidArgument(f"{model} has no input {alias}.{hint}")
    missing = [alias for alias in required if alias not in value]
    if missing:
        raise InvalidArgument(
            f"{model} also needs {', '.join(missing)}. Inputs: {', '.join(known)}."
        )
    return value


def _array(value: Any, tensor: Tensor) -> Array:
    if tensor.dtype == "string":
        return _strings(value, tensor)
    try:
        array = np.asarray(value)
    except (ValueError, TypeError, RuntimeError) as error:  # also what other libraries' tensors say
        raise InvalidArgument(f"{tensor.alias} is no array: {error}") from None
    wanted = dtype_of(tensor.dtype)
    if array.dtype == wanted:
        return array
    if not _may_become(array, wanted):
        got = Tensor(tensor.alias, _label(array), array.shape)
        raise InputMismatch(tensor, got, _dtype_remedy(array, wanted))
    return array.astype(wanted)


def _may_become(array: Array, wanted: np.dtype[Any]) -> bool:
    """Tell whether a cast keeps the meaning: within a kind, to a wider kind, or exactly."""
    if array.dtype.kind not in "fiubcV":
        return False
    if wanted == ml_dtypes.bfloat16 or array.dtype == ml_dtypes.bfloat16:
        return wanted.kind in "fcV" and array.dtype.kind in "fiubV"
    if wanted.kind in "iu" and array.dtype.kind in "iu":
        limits = np.iinfo(wanted)
        return not array.size or bool(limits.min <= array.min() and array.max() <= limits.max)
    return bool(np.can_cast(array.dtype, wanted, "same_kind"))


def _strings(value: Any, tensor: Tensor) -> Array:
    # as objects from the start: numpy's own text types drop zero bytes at the end
    array = np.asarray(value, dtype=object)
    if all(isinstance(item, str | bytes) for item in array.flat):
        return array
    if not any(isinstance(item, list | tuple) for item in array.flat):
        array = np.asarray(value)
    raise InputMismatch(tensor, Tensor(tensor.alias, _label(array), array.shape), "Send text.")


def _label(array: Array) -> str:
    if array.dtype.kind in "US":
        return "string"
    return str(array.dtype.name)


def _dtype_remedy(array: Array, wanted: np.dtype[Any]) -> str:
    if wanted.kind in "iu" and array.dtype.kind in "iu":
        limits = np.iinfo(wanted)
        over = array.max() if array.max() > limits.max else array.min()
        return f"{over} is outside of {limits.min} to {limits.max}."
    if array.dtype.kind in "fiubc":
        return f'Convert it first: x.astype("{wanted.name}").'
    return f"Send numbers of type {wanted.name}."


def fits(shape: tuple[int, ...], expected: tuple[int, ...]) -> bool:
    """Tell whether a shape is one that is expected, where -1 is any size."""
    return len(shape) == len(expected) and all(
        wanted in (-1, size) for size, wanted in zip(shape, expected, strict=True)
    )


def _shape_remedy(shape: tuple[int, ...], tensor: Tensor) -> str:
    """Guess what would fit: a missing batch or channel dimension, another order of the same."""
    expected = tensor.shape or ()
    if fits((1, *shape), expected):
        return "The batch dimension is missing: x[None] adds it."
    if fits((*shape, 1), expected):
        return "The last dimension is missing: x[..., None] adds it."
    if expected[:1] == (-1,) and -1 not in expected[1:] and shape:
        row = math.prod(expected[1:])
        if row and math.prod(shape[1:]) == row:
            return f"The same values fit as x.reshape{('-1', *map(str, expected[1:]))}.".replace(
                "'", ""
            )
    one_channel = len(expected) == 3 and len(shape) == 3 and min(expected[1:]) >= _LEAST_IMAGE
    channels = len(expected) == 4 and expected[3] in _CHANNELS and -1 not in expected[1:3]
    if one_channel or channels:
        return f"Send {expected[1]} \u00d7 {expected[2]} images."
    return ""
