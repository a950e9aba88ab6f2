"""Reads what an export wrote: the signatures in saved_model.pb, its size, and its answers.

read_signatures   parses the protobuf; no graph is built, no variable is read
Loaded            loads the files with TensorFlow and runs a signature, for checks
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from server_ext.errors import InvalidArgument, NotFound
from tfs_magics.exporting.runtime import tensorflow

SERVE_TAG = "serve"
DEFAULT_SIGNATURE = "serving_default"
FILE_NAMES = ("saved_model.pb", "saved_model.pbtxt")


class TensorInfo(NamedTuple):
    """Type and sizes of one input or output.

    `dtype` is numpy's name or `string`; `shape` has -1 for any size, and is None when the rank is
    open too.
    """

    dtype: str
    shape: tuple[int, ...] | None


@dataclass(frozen=True)
class Signature:
    """One computation that a server offers: inputs and outputs by alias."""

    name: str
    inputs: Mapping[str, TensorInfo]
    outputs: Mapping[str, TensorInfo]


def is_saved_model(directory: Path) -> bool:
    """Tell whether a directory has the file that makes it a SavedModel."""
    return any((directory / name).is_file() for name in FILE_NAMES)


def read_signatures(directory: Path) -> list[Signature]:
    """Return the signatures that a server will find, `serving_default` first.

    TensorFlow's own `__saved_model_*` entries are left out.

    Raises:
        NotFound: the directory holds no SavedModel.
        InvalidArgument: its protobuf cannot be parsed, no graph is tagged `serve`, or that graph
            has no signatures.
    """
    graphs = _parse(directory).meta_graphs
    served = [graph for graph in graphs if set(graph.meta_info_def.tags) == {SERVE_TAG}]
    if not served:
        tags = " and ".join(str(sorted(graph.meta_info_def.tags)) for graph in graphs) or "nothing"
        raise InvalidArgument(
            f"{directory} has no graph tagged '{SERVE_TAG}', which a server loads; it has {tags}"
        )
    signatures = [
        Signature(name, _tensors(definition.inputs), _tensors(definition.outputs))
        for name, definition in served[0].signature_def.items()
        if not name.startswith("__saved_model_")
    ]
    if not signatures:
        raise InvalidArgument(
            f"{directory} has no signatures, so a server has nothing to run; save it with "
            "tf.saved_model.save(obj, path, signatures=...)"
        )
    return sorted(signatures, key=lambda each: (each.name != DEFAULT_SIGNATURE, each.name))


def size_bytes(directory: Path) -> int:
    """Return the size of all files below a directory, in bytes."""
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())


class Loaded:
    """A SavedModel directory in memory. Any thread may call `run`."""

    def __init__(self, directory: Path) -> None:
        self._model = tensorflow().saved_model.load(str(directory), tags=[SERVE_TAG])

    def run(self, signature: str, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        """Run one signature on tensors by alias; return tensors by alias."""
        outputs: Mapping[str, Any] = self._model.signatures[signature](**inputs)
        return outputs


def _parse(directory: Path) -> Any:
    tensorflow()
    from google.protobuf import text_format
    from google.protobuf.message import DecodeError
    from tensorflow.core.protobuf import saved_model_pb2

    binary, text = (directory / name for name in FILE_NAMES)
    if not is_saved_model(directory):
        raise NotFound(f"{directory} does not appear to contain a SavedModel: no {binary.name}")
    saved_model = saved_model_pb2.SavedModel()
    try:
        if binary.is_file():
            saved_model.ParseFromString(binary.read_bytes())
        else:
            text_format.Parse(text.read_bytes(), saved_model)
    except (DecodeError, text_format.ParseError) as error:
        raise InvalidArgument(f"{directory} is damaged: {error}") from error
    return saved_model


def _tensors(infos: Mapping[str, Any]) -> dict[str, TensorInfo]:
    return {alias: _tensor(infos[alias]) for alias in sorted(infos)}


def _tensor(info: Any) -> TensorInfo:
    shape = info.tensor_shape
    sizes = None if shape.unknown_rank else tuple(int(dim.size) for dim in shape.dim)
    return TensorInfo(tensorflow().dtypes.as_dtype(info.dtype).name, sizes)
