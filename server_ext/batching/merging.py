"""Many small arrays to one large one, and back: the arithmetic of a batch.

    a [2, 4]  b [1, 4]            merge -> [4, 4]: a, b and, up to an allowed size, b's first row
    outputs [4, 10]               split -> a's [2, 10], b's [1, 10]

Functions of numpy arrays of any dtype, strings (objects) included; any thread may call.
Compatible with batching/batching_session.cc and batching/batching_util.cc, which refuse a batch
whose members do not agree: here only what agrees is put together (`kind`).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from server_ext.errors import FailedPrecondition, InvalidArgument

if TYPE_CHECKING:
    from server_ext.lifecycle.servable import Array

MAX_PADDED_RANK = 6
LARGE_BYTES = 1024 * 1024  # of a batch, from which on copies are worth letting others go on


def rows_of(inputs: Mapping[str, Array]) -> int:
    """Return the size of dimension 0 of the inputs; 0 when they have none to put together.

    That is so without inputs, and when one of them is a scalar.

    Raises:
        InvalidArgument: the inputs differ in it.
    """
    shapes = [array.shape for array in inputs.values()]
    if len(shapes) == 1:
        return shapes[0][0] if shapes[0] else 0
    if not shapes or () in shapes:
        return 0
    rows: int = shapes[0][0]
    if any(shape[0] != rows for shape in shapes):
        raise _unequal(inputs)
    return rows


def kind(arrays: Sequence[Array], pad: bool) -> Hashable:
    """Return what the arrays of two members have in common when they can be merged.

    Without `pad` those are all sizes but the first, with it the ranks. Arrays of more than six
    dimensions are not padded, nor are those without elements: there is nothing to fill up with.
    """
    if not pad:
        return tuple([array.shape[1:] for array in arrays])
    return tuple(
        [
            array.ndim if array.ndim <= MAX_PADDED_RANK and array.size else array.shape[1:]
            for array in arrays
        ]
    )


def merge(members: Sequence[Sequence[Array]], rows: int, pad: bool) -> list[Array]:
    """Put arrays of members of one `kind` together; returns one array for each of a member's.

    The first row of the last member is repeated at the end until there are `rows` rows. With `pad`,
    sizes after the first are filled up to the largest, each array with its own first element.
    One member that needs no filling is not copied.
    """
    return [_merged(column, rows, pad) for column in zip(*members, strict=True)]


def split(
    outputs: Sequence[Array], names: Sequence[str], sizes: Sequence[int], rows: int
) -> list[list[Array]]:
    """Return the outputs of each member, as views; what follows the last member is dropped.

    `sizes` are the members' rows, `rows` those that ran, `names` the outputs' for errors.

    Raises:
        FailedPrecondition: an output does not have one row for each that ran.
    """
    for name, array in zip(names, outputs, strict=True):
        if not array.ndim:
            raise FailedPrecondition(
                f"Batched output tensor has 0 dimensions: '{name}' must have one row for each row "
                "of the inputs"
            )
        if array.shape[0] != rows:
            raise FailedPrecondition(
                "Batched output tensor's 0th dimension does not equal the sum of the 0th dimension "
                f"sizes of the input tensors: '{name}' has {array.shape[0]} rows, expected {rows}"
            )
    if len(sizes) == 1 and sizes[0] == rows:
        return [list(outputs)]
    members, start = [], 0
    for size in sizes:
        members.append([array[start : start + size] for array in outputs])
        start += size
    return members


def rounded(rows: int, allowed: Sequence[int]) -> int:
    """Return the smallest of the rising allowed sizes that holds so many rows; else the rows."""
    at = bisect_left(allowed, rows)
    return allowed[at] if at < len(allowed) else rows


def _merged(arrays: Sequence[Array], rows: int, pad: bool) -> Array:
    if pad:
        arrays = _padded(arrays)
    missing = rows - sum([len(array) for array in arrays])
    if missing:
        last = arrays[-1]
        arrays = [*arrays, np.broadcast_to(last[:1], (missing, *last.shape[1:]))]
    return arrays[0] if len(arrays) == 1 else _joined(arrays, rows)


def _joined(arrays: Sequence[Array], rows: int) -> Array:
    """Return the arrays as one.

    numpy lets another thread have the interpreter for each copy of more than 500 elements, and to
    have it back takes longer than the copy. So small arrays are copied as bytes.
    """
    first = arrays[0]
    size = first.nbytes // (len(first) or 1) * rows
    plain = first.dtype.isbuiltin == 1 and not first.dtype.hasobject and size <= LARGE_BYTES
    if not plain or not all(array.flags.c_contiguous for array in arrays):
        return np.concatenate(arrays)
    numbers = b"".join([array.data for array in arrays])
    return np.frombuffer(numbers, first.dtype).reshape(rows, *first.shape[1:])


def _padded(arrays: Sequence[Array]) -> Sequence[Array]:
    shapes = {array.shape[1:] for array in arrays}
    if len(shapes) == 1:
        return arrays
    largest = tuple([max(sizes) for sizes in zip(*shapes, strict=True)])
    return [_filled_up(array, (len(array), *largest)) for array in arrays]


def _filled_up(array: Array, shape: tuple[int, ...]) -> Array:
    if array.shape == shape:
        return array
    filled: Array = np.empty(shape, array.dtype)
    filled[...] = array.flat[0]
    filled[tuple([slice(size) for size in array.shape])] = array
    return filled


def _unequal(inputs: Mapping[str, Array]) -> InvalidArgument:
    sizes = ", ".join(f"'{name}' has {len(array)}" for name, array in inputs.items())
    return InvalidArgument(
        f"Batching Run() input tensors must have equal 0th-dimension size: {sizes}"
    )
