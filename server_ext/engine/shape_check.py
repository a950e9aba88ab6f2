"""Keeps shapes away from TensorFlow that its kernels would abort the process on.

A shape the signature declares goes through unchecked. Any other may still be what the graph can
take (half_plus_two is fed rank 1 where it declares [-1, 1]), so the graph decides: shape inference
over a copy of it, fed with placeholders of the shape in question. The verdict is remembered.

Threads: any; an inference under way does not hold up requests of declared shapes.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import tensorflow as tf

from server_ext.codecs.dtypes import BY_NUMBER
from server_ext.errors import InvalidArgument
from server_ext.lifecycle.servable import Signature, TensorSpec

if TYPE_CHECKING:
    from server_ext.lifecycle.servable import Array

REMEMBERED = 1024  # shapes; a client that varies them for ever must not fill the memory

Shape = tuple[int | None, ...]


class Feed(NamedTuple):
    """A tensor of the graph and the shape it would be fed with; None is any size."""

    tensor: str
    dtype: int
    shape: Shape


class Verdict(NamedTuple):
    """What inference says: why it refuses, or the shapes of the fetched tensors."""

    refusal: str | None
    shapes: tuple[Shape | None, ...] = ()


class ShapeCheck:
    """The check for one graph."""

    def __init__(self, graph: Any) -> None:
        self._graph = graph
        self._infer = functools.lru_cache(REMEMBERED)(self._infer_anew)

    def check(self, signature: Signature, inputs: Mapping[str, Array]) -> None:
        """Let shapes pass that the signature declares or the graph can take.

        Raises:
            InvalidArgument: naming the input, the shape expected and the shape got.
        """
        odd = [
            alias
            for alias, array in inputs.items()
            if not _declared(signature.inputs[alias].shape, array.shape)
        ]
        if not odd:
            return
        feeds = tuple(
            _feed(signature.inputs[alias], array.shape) for alias, array in inputs.items()
        )
        fetches = tuple(spec.name for spec in signature.outputs.values())
        verdict = self._infer(feeds, fetches)
        if verdict.refusal is not None:
            raise InvalidArgument(_refused(signature, inputs, odd, verdict.refusal))

    def empty_outputs(
        self, signature: Signature, inputs: Mapping[str, Array], outputs: Sequence[str]
    ) -> list[Array]:
        """Return outputs without rows, of the shapes inference gives; unknown sizes become 0."""
        feeds = tuple(
            Feed(signature.inputs[alias].name, signature.inputs[alias].dtype, array.shape)
            for alias, array in inputs.items()
        )
        specs = [signature.outputs[alias] for alias in outputs]
        verdict = self._infer(feeds, tuple(spec.name for spec in specs))
        shapes = verdict.shapes or (None,) * len(specs)
        return [_empty(spec, shape) for spec, shape in zip(specs, shapes, strict=True)]

    def _infer_anew(self, feeds: tuple[Feed, ...], fetches: tuple[str, ...]) -> Verdict:
        graph_def = tf.compat.v1.graph_util.extract_sub_graph(
            self._graph.as_graph_def(), [name.rpartition(":")[0] for name in fetches]
        )
        present = {node.name for node in graph_def.node}
        with tf.Graph().as_default():
            placeholders = {
                feed.tensor: tf.compat.v1.placeholder(feed.dtype, feed.shape)
                for feed in feeds
                if feed.tensor.rpartition(":")[0] in present
            }
            try:
                fetched = tf.import_graph_def(
                    graph_def, input_map=placeholders, return_elements=list(fetches), name="fed"
                )
            except ValueError as error:
                return Verdict(str(error))
            return Verdict(None, tuple(_known(tensor.shape) for tensor in fetched))


def _declared(declared: tuple[int, ...] | None, shape: tuple[int, ...]) -> bool:
    return (
        declared is not None
        and len(declared) == len(shape)
        and all(want in (-1, got) for want, got in zip(declared, shape, strict=True))
    )


def _feed(spec: TensorSpec, shape: tuple[int, ...]) -> Feed:
    """Leave sizes open that the signature leaves open: one verdict serves every batch size."""
    declared = spec.shape
    if declared is None:
        fed: Shape = (None,) * len(shape)
    elif len(declared) == len(shape):
        fed = tuple(None if want == -1 else got for want, got in zip(declared, shape, strict=True))
    else:
        fed = (None, *shape[1:]) if shape and declared and declared[0] == -1 else shape
    return Feed(spec.name, spec.dtype, fed)


def _known(shape: Any) -> Shape | None:
    return None if shape.rank is None else tuple(shape.as_list())


def _empty(spec: TensorSpec, shape: Shape | None) -> Array:
    if shape is None:
        shape = (0,) if spec.shape is None else tuple(None if s < 0 else s for s in spec.shape)
    return np.zeros([0 if size is None else size for size in shape], BY_NUMBER[spec.dtype].numpy)


def _refused(
    signature: Signature, inputs: Mapping[str, Array], odd: Sequence[str], reason: str
) -> str:
    parts = []
    for alias in odd:
        spec = signature.inputs[alias]
        label = BY_NUMBER[spec.dtype].label
        parts.append(
            f"input '{alias}' of signature '{signature.name}': expected {label} "
            f"{shape_text(spec.shape)}, got {label} {shape_text(inputs[alias].shape)}"
        )
    return f"{'; '.join(parts)}. {reason.partition(' for ')[0]}"


def shape_text(shape: tuple[int, ...] | None) -> str:
    """Write a shape for people: `[n, 28, 28, 1]`, n for any size."""
    if shape is None:
        return "any shape"
    return "[" + ", ".join("n" if size < 0 else str(size) for size in shape) + "]"
