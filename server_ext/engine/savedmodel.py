"""Runs SavedModels in TensorFlow sessions. The only door to TensorFlow's runtime.

    load(path): one Session per version, variables restored, tables initialised
    run: signature + outputs --> one prepared callable (made once) --> arrays

A callable costs a sixth of calling the signature function of `tf.saved_model.load`, takes TF1, TF2
and Keras 3 models alike, and closing its session gives all memory back.

Threads: any number may run one SavedModel at a time; loads run in parallel.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

# Before the import: TensorFlow reads it once, and its notes about the build are not the user's.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow.core.protobuf.config_pb2 import CallableOptions

from server_ext.engine.shape_check import ShapeCheck
from server_ext.errors import Code, Internal, NotFound, ServingError, Unimplemented
from server_ext.lifecycle.servable import Loader, Signature, TensorSpec
from server_ext.lifecycle.storage import stamp

if TYPE_CHECKING:
    from server_ext.lifecycle.servable import Array

tf.get_logger().setLevel(logging.ERROR)  # it warns of its own deprecated loader at every load

SERVE = ("serve",)
RAM_PER_FILE_BYTE = 1.2  # servables/tensorflow/bundle_factory_util.cc
_MODEL_FILES = ("saved_model.pb", "saved_model.pbtxt", "saved_model.cpb")

Run = Callable[..., list[Any]]


def tensorflow_version() -> str:
    """Return the version of the TensorFlow that runs the models."""
    return str(tf.__version__)


def make_loader(name: str, version: int, path: str) -> Loader:
    """Return the loader of one version directory."""
    del name, version  # a SavedModel does not know what it is called
    return Loader(lambda: load(path), path, lambda: stamp(path))


def load(path: str, tags: Sequence[str] = SERVE) -> SavedModel:
    """Load a version directory into a session of its own.

    Raises:
        NotFound: no SavedModel there, none with these tags, or an op this build does not know.
        Unimplemented: a session bundle of TensorFlow 0.x.
        ServingError: whatever else TensorFlow refuses, with its code and text.
    """
    _check_is_model(path)
    graph = tf.Graph()
    session = tf.compat.v1.Session(graph=graph)
    try:
        with graph.as_default():
            meta_graph = tf.compat.v1.saved_model.load(session, list(tags), path)
        return SavedModel(session, meta_graph.signature_def, _file_bytes(path))
    except Exception as error:
        session.close()
        raise _load_error(error, path, tags) from error


class SavedModel:
    """One loaded version; a `Servable`."""

    def __init__(self, session: Any, signature_defs: Mapping[str, Any], file_bytes: int) -> None:
        self.signatures = {name: _signature(name, d) for name, d in signature_defs.items()}
        self.memory_bytes = round(RAM_PER_FILE_BYTE * file_bytes)
        self._session = session
        self._shapes = ShapeCheck(session.graph)
        self._defaults = {
            name: {alias: tf.make_ndarray(proto) for alias, proto in d.defaults.items()}
            for name, d in signature_defs.items()
        }
        self._lock = threading.Lock()
        self._callables: dict[tuple[tuple[str, ...], tuple[str, ...]], Run] = {}

    def run(
        self, signature: Signature, inputs: Mapping[str, Array], outputs: Sequence[str]
    ) -> list[Array]:
        """Compute outputs, see `Servable.run`."""
        inputs = {**self._defaults[signature.name], **inputs}
        self._shapes.check(signature, inputs)
        # By tensor, not by alias: two aliases may name one tensor, and an output may be an input.
        feeds = {signature.inputs[alias].name: array for alias, array in inputs.items()}
        names = [signature.outputs[alias].name for alias in outputs]
        fetches = tuple(dict.fromkeys(name for name in names if name not in feeds))
        try:
            values = self._callable(tuple(feeds), fetches)(*feeds.values())
        except tf.errors.OpError as error:
            if any(array.size == 0 for array in inputs.values()):
                return self._shapes.empty_outputs(signature, inputs, outputs)
            raise _run_error(error) from None
        computed = {**feeds, **dict(zip(fetches, values, strict=True))}
        return [computed[name] for name in names]

    def close(self) -> None:
        """Give back the session's memory."""
        self._session.close()
        self._callables.clear()

    def _callable(self, feeds: tuple[str, ...], fetches: tuple[str, ...]) -> Run:
        run = self._callables.get((feeds, fetches))
        if run is None:
            with self._lock:
                run = self._make_callable(feeds, fetches)
                self._callables[feeds, fetches] = run
        return run

    def _make_callable(self, feeds: tuple[str, ...], fetches: tuple[str, ...]) -> Run:
        if not fetches:
            return lambda *_: []
        options = CallableOptions(feed=feeds, fetch=fetches)
        made: Run = self._session._make_callable_from_options(options)
        return made


def _signature(name: str, definition: Any) -> Signature:
    return Signature(
        name=name,
        method_name=definition.method_name,
        inputs=_specs(definition.inputs),
        outputs=_specs(definition.outputs),
        definition=definition.SerializeToString(),
        defaults=frozenset(definition.defaults),
    )


def _specs(infos: Mapping[str, Any]) -> dict[str, TensorSpec]:
    return {
        alias: TensorSpec(
            info.name,
            info.dtype,
            None
            if info.tensor_shape.unknown_rank
            else tuple(dim.size for dim in info.tensor_shape.dim),
        )
        for alias, info in sorted(infos.items())
    }


def _check_is_model(path: str) -> None:
    if any(os.path.exists(os.path.join(path, name)) for name in _MODEL_FILES):
        return
    if os.path.exists(os.path.join(path, "export.meta")):
        raise Unimplemented(f"Session Bundle is deprecated: export {path} as a SavedModel")
    raise NotFound(
        f"{path} does not appear to contain a SavedModel bundle: it has no saved_model.pb"
    )


def _file_bytes(path: str) -> int:
    return sum(
        os.path.getsize(os.path.join(directory, name))
        for directory, _, names in os.walk(path)
        for name in names
    )


def _load_error(error: Exception, path: str, tags: Sequence[str]) -> ServingError:
    text = str(error)
    if isinstance(error, tf.errors.OpError):
        return _run_error(error)
    if isinstance(error, RuntimeError) and "could not be found in SavedModel" in text:
        return NotFound(
            "Could not find meta graph def matching supplied tags: "
            f"{{ {' '.join(tags)} }} in {path}"
        )
    if "Op type not registered" in text:
        return NotFound(text)
    if isinstance(error, DecodeError | OSError):
        return ServingError(f"Cannot read the SavedModel in {path}: {text}", Code.DATA_LOSS)
    return Internal(f"Cannot load {path}: {type(error).__name__}: {text}")


def _run_error(error: Any) -> ServingError:
    return ServingError(str(error.message), Code.from_grpc(error.error_code))
