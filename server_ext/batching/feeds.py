"""Rows on which a signature is tried out before anyone asks it: from warm-up records, or made up.

    of_records     the requests that a version comes with, row by row
    made_up        random numbers and words, in a few forms: a model may take one and refuse another

No two rows of a feed are the same if their type has room for it. Pure functions.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from server_ext.batching import merging
from server_ext.codecs.dtypes import BY_NUMBER
from server_ext.errors import InvalidArgument
from server_ext.lifecycle.servable import Signature, TensorSpec

if TYPE_CHECKING:
    from server_ext.lifecycle.servable import Array

ROWS = 6
MAX_BYTES = 64 * 1024 * 1024
"""Largest array of a feed."""

OPEN_SIZES = (8, 32, 128)
"""What stands for a size that the signature leaves open, besides the first one."""

TOPS = (6, 2)
"""Whole numbers are below one of these: the index into a small table must not leave it."""

SEEDS = (1, 2)
_SCALES = np.array([1.0, 0.3, 2.0, 0.1, 3.0, 1.0])
_WORDS = (b"a", b"good day", b"serving models", b"Zebra", b"what is new here", b"x y")
_NUMBERS = (b"3", b"17", b"0", b"250", b"8", b"42")

Feed = dict[str, "Array"]
"""Inputs by alias, all with the same number of rows."""


class Form(NamedTuple):
    """A way to make rows up; `sizes` are the shapes to take where records tell them, by alias."""

    size: int
    top: int
    sizes: Mapping[str, tuple[int, ...]] = {}


def forms(signature: Signature, shapes: Mapping[str, tuple[int, ...]]) -> list[Form]:
    """Return the forms to try, one after the other; `shapes` are those of records, by alias."""
    specs = signature.inputs.values()
    opened = any(size < 0 for spec in specs for size in (spec.shape or ())[1:])
    countable = any(_kind(spec) in "iuO" for spec in specs)
    sizes = OPEN_SIZES if opened and not shapes else OPEN_SIZES[:1]
    return [Form(*both, shapes) for both in product(sizes, TOPS if countable else TOPS[:1])]


def made_up(signature: Signature, form: Form, seed: int) -> Feed | None:
    """Return random rows of this form; None where a type has no numbers or a row is too large."""
    random = np.random.default_rng(seed)
    feed: Feed = {}
    for alias, spec in signature.inputs.items():
        row = BY_NUMBER.get(spec.dtype)
        if row is None or spec.shape is None:
            return None
        sizes = form.sizes.get(alias) or [n if n >= 0 else form.size for n in spec.shape[1:]]
        if 0 in sizes or ROWS * math.prod(sizes) * row.numpy.itemsize > MAX_BYTES:
            return None
        feed[alias] = _values(random, row.numpy, (ROWS, *sizes), form.top, seed)
    return feed


def of_records(
    signature: Signature, records: Iterable[Mapping[str, Array]]
) -> tuple[Feed | None, dict[str, tuple[int, ...]]]:
    """Return the first rows of records that fit together, and the sizes of their rows by alias.

    There is no feed when the records have less than two rows that differ.
    """
    kinds: dict[object, tuple[set[object], list[Feed]]] = {}
    for inputs in records:
        arrays = {alias: inputs[alias] for alias in signature.inputs if alias in inputs}
        if len(arrays) < len(signature.inputs) or not _rows(arrays):
            continue
        kind = merging.kind(list(arrays.values()), pad=False)
        seen, rows = kinds.setdefault(kind, (set(), []))
        for at in range(min(_rows(arrays), ROWS)):
            one = {alias: array[at : at + 1] for alias, array in arrays.items()}
            content = tuple([_content(array) for array in one.values()])
            if content not in seen and len(rows) < ROWS:
                seen.add(content)
                rows.append(one)
    largest = max((rows for _, rows in kinds.values()), key=len, default=[])
    sizes = {alias: array.shape[1:] for alias, array in largest[0].items()} if largest else {}
    if len(largest) < 2:
        return None, sizes
    return together(largest), sizes


def head(inputs: Mapping[str, Array]) -> Feed:
    """Return the first rows of a record, which may have many."""
    return {alias: array[:ROWS].copy() if array.ndim else array for alias, array in inputs.items()}


def together(rows: Iterable[Feed]) -> Feed:
    """Return rows as one feed."""
    rows = list(rows)
    return {alias: np.concatenate([row[alias] for row in rows]) for alias in rows[0]}


def take(feed: Feed, order: list[int]) -> Feed:
    """Return these rows of a feed, in this order."""
    return {alias: array[order] for alias, array in feed.items()}


def rows_of(feed: Feed) -> int:
    """Return the number of rows."""
    return len(next(iter(feed.values())))


def _rows(arrays: Mapping[str, Array]) -> int:
    try:
        return merging.rows_of(arrays)
    except InvalidArgument:
        return 0


def _content(array: Array) -> object:
    return tuple(array.flat) if array.dtype.kind == "O" else array.tobytes()


def _kind(spec: TensorSpec) -> str:
    row = BY_NUMBER.get(spec.dtype)
    return row.numpy.kind if row else "?"


def _values(
    random: np.random.Generator,
    dtype: np.dtype[Any],
    shape: tuple[int, ...],
    top: int,
    seed: int,
) -> Array:
    numbered = np.arange(shape[0]) + seed
    if dtype.kind in "iubO":
        count = {"b": 2, "u": 256, "O": len(_WORDS)}.get(dtype.kind, top)
        if top != TOPS[0] and dtype.kind != "O":
            count = top
        whole = random.integers(0, count, shape)
        whole.reshape(shape[0], -1)[:, 0] = numbered % count
        return _texts(whole, top) if dtype.kind == "O" else whole.astype(dtype)
    values = random.standard_normal(shape) if seed == SEEDS[0] else random.random(shape)
    scales = _SCALES[numbered % len(_SCALES)].reshape(-1, *[1] * (len(shape) - 1))
    scaled: np.ndarray[Any, Any] = values * scales
    if dtype.kind == "c":
        scaled = scaled + 1j * random.standard_normal(shape)
    return scaled.astype(dtype)


def _texts(chosen: Array, top: int) -> Array:
    """Return words of different lengths, or for the last form numbers as text."""
    texts = np.array(_WORDS if top == TOPS[0] else _NUMBERS, object)
    return np.asarray(texts[chosen], object)


def iterate(signature: Signature, shapes: Mapping[str, tuple[int, ...]]) -> Iterator[list[Feed]]:
    """Yield the made-up feeds, those of one form together."""
    for form in forms(signature, shapes):
        feeds = [made_up(signature, form, seed) for seed in SEEDS]
        if all(feed is not None for feed in feeds):
            yield [feed for feed in feeds if feed is not None]
