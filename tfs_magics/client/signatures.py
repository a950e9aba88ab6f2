"""What a model takes and returns, read from the server's metadata answer.

Metadata: model name and version, signatures by name
  Signature: inputs and outputs by alias
    Tensor: dtype label (`float32`, `string`), shape with -1 for any size
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

DEFAULT_SIGNATURE = "serving_default"
INIT_SIGNATURE = "__saved_model_init_op"

# tensorflow/core/framework/types.proto: DT_ names as the metadata spells them -> numpy's names
_LABELS = {
    "DT_FLOAT": "float32",
    "DT_DOUBLE": "float64",
    "DT_HALF": "float16",
    "DT_BFLOAT16": "bfloat16",
    "DT_INT8": "int8",
    "DT_INT16": "int16",
    "DT_INT32": "int32",
    "DT_INT64": "int64",
    "DT_UINT8": "uint8",
    "DT_UINT16": "uint16",
    "DT_UINT32": "uint32",
    "DT_UINT64": "uint64",
    "DT_BOOL": "bool",
    "DT_STRING": "string",
    "DT_COMPLEX64": "complex64",
    "DT_COMPLEX128": "complex128",
}


@dataclass(frozen=True)
class Tensor:
    """One input or output; `shape` is None when even the rank is open."""

    alias: str
    dtype: str
    shape: tuple[int, ...] | None
    default: str | None = None


@dataclass(frozen=True)
class Signature:
    """A named computation; `method` is the last word of TensorFlow's method name."""

    name: str
    method: str
    inputs: Mapping[str, Tensor]
    outputs: Mapping[str, Tensor]


@dataclass(frozen=True)
class Metadata:
    """The signatures of one version of a model, without the one that only initialises it."""

    name: str
    version: int
    signatures: Mapping[str, Signature]


def parse(document: Mapping[str, Any]) -> Metadata:
    """Read the JSON of `GET /v1/models/NAME/metadata`."""
    spec = document["model_spec"]
    definitions = document["metadata"]["signature_def"]["signature_def"]
    signatures = {
        name: _signature(name, definition)
        for name, definition in sorted(definitions.items(), key=_default_first)
        if name != INIT_SIGNATURE
    }
    return Metadata(spec["name"], int(spec["version"]), signatures)


def shape_text(shape: Sequence[int | None] | None) -> str:
    """Return a shape as people write it: `[n, 28, 28, 1]`, `[]`, or `any` for an open rank."""
    if shape is None:
        return "any"
    sizes = ["n" if size is None or size < 0 else str(size) for size in shape]
    return f"[{', '.join(sizes)}]"


def _default_first(item: tuple[str, Any]) -> tuple[bool, str]:
    return item[0] != DEFAULT_SIGNATURE, item[0]


def _signature(name: str, definition: Mapping[str, Any]) -> Signature:
    defaults = definition.get("defaults", {})
    return Signature(
        name,
        definition.get("method_name", "").rpartition("/")[2],
        {
            alias: _tensor(alias, info, defaults.get(alias))
            for alias, info in sorted(definition.get("inputs", {}).items())
        },
        {
            alias: _tensor(alias, info)
            for alias, info in sorted(definition.get("outputs", {}).items())
        },
    )


def _tensor(
    alias: str, info: Mapping[str, Any], default: Mapping[str, Any] | None = None
) -> Tensor:
    shape = info.get("tensor_shape", {})
    sizes = tuple(int(dim["size"]) for dim in shape.get("dim", ()))
    dtype = info["dtype"]
    return Tensor(
        alias,
        _LABELS.get(dtype, dtype.removeprefix("DT_").lower()),
        None if shape.get("unknown_rank") else sizes,
        None if default is None else _default(default),
    )


def _default(proto: Mapping[str, Any]) -> str:
    """Return a default for people: its value when it is one value, else that there is one."""
    values = [value for key, value in proto.items() if key.endswith(("_val", "Val"))]
    if len(values) == 1 and len(values[0]) == 1:
        return str(values[0][0])
    return "has a default"
