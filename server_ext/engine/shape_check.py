"""Refuses arrays whose shapes the graph cannot take, before they reach it.

    fits the signature -> taken as it is
    does not           -> shape inference over the graph decides, once for each kind of shape

TensorFlow leaves shapes to each kernel, and some of them end the process: oneDNN's convolution
aborts on a rank it does not expect. Yet a graph may well take what its signature does not say (the
half_plus_two example answers three numbers where it declares `[-1, 1]`), so the signature alone
cannot judge either.

What inference cannot see into, branches and loops, it cannot vouch for: there an array must have
the rank that the signature declares.

Threads: any thread may use a check.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from typing import NamedTuple, Protocol

from server_ext.errors import InvalidArgument
from server_ext.lifecycle.servable import TensorSpec

Sizes = tuple[int, ...]
Pattern = tuple[int | None, ...]
"""Sizes of a tensor; None for any."""

_NODE = re.compile(r" for '\{\{node (\S+)\}\} = (\w+).*", re.DOTALL)
"""Where TensorFlow's text goes on for lines about one node: attributes, inputs, their shapes."""


class Graph(Protocol):
    """The part of a model's graph that leads from some inputs to some outputs."""

    def infer(self, inputs: Sequence[Pattern]) -> list[Pattern | None]:
        """Return the outputs' patterns, None where not even the rank is known.

        Raises:
            ValueError: the graph cannot take the inputs; TensorFlow's text says why.
        """
        ...

    @property
    def hides_operations(self) -> bool:
        """Whether the graph has branches or loops, which inference does not look into."""
        ...


class Verdict(NamedTuple):
    """What inference says of some inputs: the outputs' patterns, or why they cannot be taken."""

    outputs: tuple[Pattern | None, ...] = ()
    refusal: str = ""


class ShapeCheck:
    """Checks the inputs of one call.

    `aliases` and `declared` are the names and specs of the inputs, in the order in which their
    shapes are given to the methods. Answers are remembered, the last thousand of each kind.
    """

    def __init__(
        self, aliases: Sequence[str], declared: Sequence[TensorSpec], graph: Graph
    ) -> None:
        # Without `self`: a cycle would keep the graph's memory until a garbage collection.
        inputs = dict(zip(aliases, declared, strict=True))
        self._verdict = lru_cache(maxsize=1024)(partial(_ask, graph))
        self._problem = lru_cache(maxsize=1024)(partial(_problem, inputs, graph, self._verdict))

    def check(self, shapes: tuple[Sizes, ...]) -> None:
        """Let the shapes pass, or refuse them.

        Raises:
            InvalidArgument: the graph cannot take them; names the input, both shapes and the cause.
        """
        problem = self._problem(shapes)
        if problem:
            raise InvalidArgument(problem)

    def outputs(self, shapes: tuple[Sizes, ...]) -> tuple[Pattern | None, ...]:
        """Return the patterns of the outputs for exactly these shapes; empty when unknown."""
        return self._verdict(shapes).outputs


def shape_text(shape: Sizes | None) -> str:
    """Return a declared shape as people write it: `[n, 28, 28, 1]`, `any` for an open rank."""
    if shape is None:
        return "any"
    return f"[{', '.join('n' if size < 0 else str(size) for size in shape)}]"


def _ask(graph: Graph, inputs: tuple[Pattern, ...]) -> Verdict:
    try:
        return Verdict(outputs=tuple(graph.infer(inputs)))
    except ValueError as error:
        return Verdict(refusal=_NODE.sub(r" (\2 \1)", str(error)))


def _problem(
    inputs: Mapping[str, TensorSpec],
    graph: Graph,
    verdict: Callable[[tuple[Pattern, ...]], Verdict],
    shapes: tuple[Sizes, ...],
) -> str:
    """Return what a client is told about these shapes; empty when the graph can take them."""
    declared = [spec.shape for spec in inputs.values()]
    pairs = list(zip(shapes, declared, strict=True))
    if all(_fits(shape, want) for shape, want in pairs):
        return ""
    if any(_rank_differs(shape, want) for shape, want in pairs) and graph.hides_operations:
        cause = "the model has branches or loops, for which the rank must be that of the signature"
    else:
        cause = verdict(tuple(_pattern(shape, want) for shape, want in pairs)).refusal
    wrong = [
        f"input '{alias}' has shape {list(shape)} where the signature has {shape_text(want)}"
        for alias, (shape, want) in zip(inputs, pairs, strict=True)
        if not _fits(shape, want)
    ]
    return f"{', '.join(wrong)}: {cause}" if cause else ""


def _fits(shape: Sizes, declared: Sizes | None) -> bool:
    """Tell whether the declaration covers the shape; one of open rank covers nothing for sure."""
    if declared is None or len(shape) != len(declared):
        return False
    return all(want < 0 or want == size for size, want in zip(shape, declared, strict=True))


def _rank_differs(shape: Sizes, declared: Sizes | None) -> bool:
    return declared is not None and len(shape) != len(declared)


def _pattern(shape: Sizes, declared: Sizes | None) -> Pattern:
    """Return what to ask inference: the shape, open where the signature is open.

    So the answer for one batch size holds for all of them.
    """
    if declared is None:
        return (None,) * len(shape)
    if len(shape) == len(declared):
        return tuple(None if want < 0 else size for size, want in zip(shape, declared, strict=True))
    any_batch = bool(shape and declared and declared[0] < 0)
    return (None, *shape[1:]) if any_batch else shape
