"""Reads a SavedModel's SignatureDefs into the plain values the server works with.

Functions; any thread may call.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef, TensorInfo

from server_ext.codecs import tensorproto
from server_ext.lifecycle.servable import Signature, TensorSpec

if TYPE_CHECKING:
    from server_ext.lifecycle.servable import Array

_REFERENCE = 100  # DT_FLOAT_REF is DT_FLOAT + 100 (tensorflow/core/framework/types.proto)


def read(definitions: Mapping[str, SignatureDef]) -> dict[str, Signature]:
    """Return the signatures by name; names and aliases sorted, since the file has no order."""
    return {name: _signature(name, definitions[name]) for name in sorted(definitions)}


def default_values(definition: SignatureDef) -> dict[str, Array]:
    """Return what the inputs that may be left out stand for, by alias.

    Raises:
        InvalidArgument: a default of the file cannot be read.
    """
    return {alias: tensorproto.decode(proto, alias) for alias, proto in definition.defaults.items()}


def _signature(name: str, definition: SignatureDef) -> Signature:
    return Signature(
        name=name,
        method_name=definition.method_name,
        inputs=_specs(definition.inputs),
        outputs=_specs(definition.outputs),
        definition=definition.SerializeToString(deterministic=True),
        defaults=frozenset(definition.defaults),
    )


def _specs(tensors: Mapping[str, TensorInfo]) -> dict[str, TensorSpec]:
    return {alias: _spec(tensors[alias]) for alias in sorted(tensors)}


def _spec(info: TensorInfo) -> TensorSpec:
    """Return one tensor; a sparse or composite one, which has several names, gets an empty name."""
    name = f"{info.name}:0" if info.name and ":" not in info.name else info.name
    dtype = info.dtype - _REFERENCE if info.dtype > _REFERENCE else info.dtype
    shape = info.tensor_shape
    sizes = None if shape.unknown_rank else tuple([dim.size for dim in shape.dim])
    return TensorSpec(name, dtype, sizes)
