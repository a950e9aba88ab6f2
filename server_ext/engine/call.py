"""Runs one signature for one choice of outputs: named arrays in, arrays in order out.

    inputs by alias -> defaults -> one array per tensor -> shape check -> TensorFlow -> outputs

Knows no TensorFlow: what executes is handed in. Any thread may run a call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from server_ext.codecs.dtypes import BY_NUMBER, name_of
from server_ext.engine.shape_check import Graph, Pattern, ShapeCheck, Sizes
from server_ext.errors import InvalidArgument, ServingError, Unimplemented
from server_ext.lifecycle.servable import Signature, TensorSpec

if TYPE_CHECKING:
    from server_ext.lifecycle.servable import Array

Executor = Callable[..., Sequence[Any]]
"""Takes an array for each feed, returns one for each fetch; raises ServingError."""


class Wiring:
    """Which tensors a call feeds and fetches: each once, though several aliases may name it.

    TensorFlow neither feeds a tensor twice nor fetches what is fed. `feeds` and `fetches` hold the
    specs, `aliases` the inputs' aliases in the order of `feeds`; all by the tensor's name.

    Raises:
        Unimplemented: a tensor of the signature is sparse or composite, or of a type without an
            array, such as a resource.
    """

    def __init__(self, signature: Signature, outputs: Sequence[str]) -> None:
        self.signature = signature
        self.outputs = [signature.outputs[alias] for alias in outputs]
        for alias, spec in [*signature.inputs.items(), *zip(outputs, self.outputs, strict=True)]:
            _refuse_what_is_no_array(signature.name, alias, spec)
        self.aliases: dict[str, list[str]] = {}
        for alias, spec in signature.inputs.items():
            self.aliases.setdefault(spec.name, []).append(alias)
        self.feeds = {spec.name: spec for spec in signature.inputs.values()}
        self.fetches = {spec.name: spec for spec in self.outputs if spec.name not in self.feeds}


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

        An empty batch gets empty outputs where shape inference knows their shapes: kernels fail on
        it, or answer with wrong sizes (oneDNN's convolutions return the input's).

        Raises:
            InvalidArgument: an input is missing, or its shape does not fit the graph.
            ServingError: with the runtime's code and text.
        """
        fed = [self._array(aliases, inputs) for aliases in self._aliases]
        shapes = tuple([array.shape for array in fed])
        self._check.check(shapes)
        for shape in shapes:
            if shape and not shape[0]:
                fetched = self._run_empty(fed, shapes)
                break
        else:
            fetched = self._execute(*fed)
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
        patterns = self._check.outputs(shapes)
        known = self._empty(patterns)
        if known is not None:
            return known
        try:
            return self._execute(*fed)
        except ServingError:
            likely = self._empty([_with_no_rows(pattern) for pattern in patterns])
            if likely is None:
                raise
            return likely

    def _empty(self, patterns: Sequence[Pattern | None]) -> list[Array] | None:
        """Return arrays of these patterns, or None if one is open or would not be empty."""
        arrays: list[Array] = []
        for pattern, dtype in zip(patterns, self._dtypes, strict=bool(patterns)):
            sizes = [] if pattern is None else [size for size in pattern if size is not None]
            if pattern is None or len(sizes) < len(pattern) or 0 not in sizes:
                return None
            arrays.append(np.empty(sizes, dtype))
        return arrays if patterns else None


def _refuse_what_is_no_array(signature: str, alias: str, spec: TensorSpec) -> None:
    if not spec.name:
        kind = "a sparse or composite tensor"
    elif spec.dtype not in BY_NUMBER:
        kind = f"of {name_of(spec.dtype)}"
    else:
        return
    raise Unimplemented(
        f"'{alias}' of signature '{signature}' is {kind}, which this server does not serve"
    )


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
