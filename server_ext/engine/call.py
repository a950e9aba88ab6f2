"""Runs one signature for one choice of outputs: named arrays in, arrays in order out.

    inputs by alias -> defaults -> one array per tensor -> shape check -> TensorFlow -> outputs

Knows no TensorFlow: what executes is handed in. Any thread may run a call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from server_ext.codecs.dtypes import BY_NUMBER
from server_ext.engine.shape_check import Graph, Pattern, ShapeCheck, Sizes
from server_ext.engine.wiring import Wiring
from server_ext.errors import InvalidArgument, ServingError

if TYPE_CHECKING:
    from server_ext.lifecycle.servable import Array

Executor = Callable[..., Sequence[Any]]
"""Takes an array for each feed, returns one for each fetch; raises ServingError."""

LARGEST_SIZE_OF_EMPTY = 2**20
"""Largest size in the shape of an array without elements that a graph is run on."""


class Call:
    """One signature with one choice of outputs, ready to run."""

    def __init__(
        self, wiring: Wiring, execute: Executor, graph: Graph, defaults: Mapping[str, Array]
    ) -> None:
        self._signature = wiring.signature.name
        self._aliases = list(wiring.aliases.values())
        self._execute = execute
        self._defaults = defaults
        names = [aliases[0] for aliases in self._aliases]
        self._check = ShapeCheck(names, list(wiring.feeds.values()), graph)
        position = {name: at for at, name in enumerate([*wiring.feeds, *wiring.fetches])}
        self._order = [position[spec.name] for spec in wiring.outputs]
        self._dtypes = [BY_NUMBER[spec.dtype].numpy for spec in wiring.fetches.values()]

    def __call__(self, inputs: Mapping[str, Array]) -> list[Array]:
        """Return the outputs in the order in which the call was made for them.

        Raises:
            InvalidArgument: an input is missing, or its shape does not fit the graph.
            ServingError: with the runtime's code and text.
        """
        fed = [self._array(aliases, inputs) for aliases in self._aliases]
        shapes = tuple([array.shape for array in fed])
        self._check.check(shapes)
        empty = any(0 in shape for shape in shapes)
        fetched = self._run_empty(fed, shapes) if empty else self._execute(*fed)
        arrays = [*fed, *fetched]
        return [_as_array(arrays[at]) for at in self._order]

    def _array(self, aliases: Sequence[str], inputs: Mapping[str, Array]) -> Array:
        """Return the array for a tensor that goes by these aliases."""
        given = [inputs[alias] for alias in aliases if alias in inputs]
        given = given or [self._defaults[alias] for alias in aliases if alias in self._defaults]
        if not given:
            raise InvalidArgument(
                f"Input '{aliases[0]}' of signature '{self._signature}' is missing and has no "
                "default value"
            )
        if len(given) > 1 and not all(_equal(given[0], other) for other in given[1:]):
            raise InvalidArgument(
                f"Inputs {', '.join(aliases)} of signature '{self._signature}' are one tensor of "
                "the model but have different values: send the same for each, or only one"
            )
        return given[0]

    def _run_empty(self, fed: Sequence[Array], shapes: tuple[Sizes, ...]) -> Sequence[Any]:
        """Answer empty inputs, such as a batch of no rows, with empty outputs of inferred shapes.

        Kernels fail on such a batch, or answer with wrong sizes (oneDNN's convolutions with the
        input's), so the graph runs only where inference does not know, or for outputs that are not
        empty.
        """
        patterns = self._check.outputs(shapes)
        known = self._empty(patterns)
        if known is not None:
            return known
        self._refuse_sizes_without_data(shapes)
        try:
            return self._execute(*fed)
        except ServingError:
            no_rows = any(shape[:1] == (0,) for shape in shapes)
            likely = self._empty([_with_no_rows(pattern) for pattern in patterns])
            if not no_rows or likely is None:
                raise
            return likely

    def _refuse_sizes_without_data(self, shapes: tuple[Sizes, ...]) -> None:
        """Refuse what costs the sender nothing and us everything: a loop over `[0, 2147483648]`.

        TensorFlow would make a list of that many rows, and end the process when it cannot.
        """
        for aliases, shape in zip(self._aliases, shapes, strict=True):
            if 0 in shape and max(shape) > LARGEST_SIZE_OF_EMPTY:
                raise InvalidArgument(
                    f"Input '{aliases[0]}' is empty but has shape {list(shape)}: no size may "
                    f"be over {LARGEST_SIZE_OF_EMPTY}"
                )

    def _empty(self, patterns: Sequence[Pattern | None]) -> list[Array] | None:
        """Return arrays of these patterns, or None if one is open or would not be empty."""
        arrays: list[Array] = []
        for pattern, dtype in zip(patterns, self._dtypes, strict=bool(patterns)):
            sizes = [] if pattern is None else [size for size in pattern if size is not None]
            if pattern is None or len(sizes) < len(pattern) or 0 not in sizes:
                return None
            arrays.append(np.empty(sizes, dtype))
        return arrays if patterns else None


def _with_no_rows(pattern: Pattern | None) -> Pattern | None:
    """Close an open first dimension with 0: of an empty batch it is most likely the batch."""
    return (0, *pattern[1:]) if pattern and pattern[0] is None else pattern


def _equal(one: Array, other: Array) -> bool:
    return one is other or np.array_equal(one, other, equal_nan=one.dtype.kind in "fc")


def _as_array(value: Any) -> Array:
    """Undo what TensorFlow does to scalars: they come as numpy scalars, strings as bytes."""
    if isinstance(value, np.ndarray):
        return value
    return np.array(value, object if isinstance(value, bytes) else None)
