"""Tells what an object is and picks the way to export it.

    str or path   .keras, .h5 -> loaded, then as a Keras model; a SavedModel directory -> copied
    keras.Model   export_keras, or export_functions when signatures are chosen
    tf.function, concrete function, tf.Module, loaded SavedModel -> export_functions

An object of a library that was never imported cannot exist, so nothing is imported to recognise it.
"""

from __future__ import annotations

import inspect
import os
import shutil
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from server_ext.errors import InvalidArgument, NotFound
from tfs_magics.exporting.files import Loaded, is_saved_model, read_signatures
from tfs_magics.exporting.functions import (
    function_subject,
    module_subject,
    own_name,
    signed_subject,
)
from tfs_magics.exporting.keras_models import keras_subject
from tfs_magics.exporting.runtime import one_line, tensorflow
from tfs_magics.exporting.subject import Subject
from tfs_magics.exporting.versions import numbers

Signatures = Mapping[str, Callable[..., Any]]

_KERAS_SUFFIXES = {".keras", ".h5", ".hdf5"}
_CAN = (
    "a Keras model, a tf.function with an input signature, a tf.Module that has one, a .keras or "
    ".h5 file, or a SavedModel directory"
)


def recognise(obj: Any, signatures: Signatures | None = None, sample: object = None) -> Subject:
    """Return how to export an object; `sample` is the input of the check, if there is one.

    Raises:
        InvalidArgument: the object cannot be exported; the message says what to do.
        NotFound: it is a path, and there is nothing.
    """
    if signatures is not None:
        _check_signatures(obj, signatures)
    if isinstance(obj, (str, os.PathLike)):
        return _path_subject(Path(obj).expanduser(), sample)
    subject = _live_subject(obj, signatures, sample)
    if subject is None:
        raise InvalidArgument(_refusal(obj))
    return subject


def can_be_exported(obj: Any) -> bool:
    """Tell whether a live object is of a kind that recognise() takes; imports nothing."""
    if _is_model(obj) or _is_function(obj):
        return True
    part = _is_a(obj, "keras", "layers.Layer") or _is_a(obj, "keras", "Optimizer")
    return _is_holder(obj) and not part


def _is_model(obj: Any) -> bool:
    return _is_a(obj, "keras", "Model")


def _is_function(obj: Any) -> bool:
    return _is_a(obj, "tensorflow", "types.experimental.GenericFunction") or _is_a(
        obj, "tensorflow", "types.experimental.ConcreteFunction"
    )


def _is_holder(obj: Any) -> bool:
    return _is_a(obj, "tensorflow", "__internal__.tracking.AutoTrackable")


def _is_a(obj: Any, module: str, path: str) -> bool:
    found: Any = sys.modules.get(module)
    for name in path.split("."):
        found = getattr(found, name, None)
    return isinstance(found, type) and isinstance(obj, found)


def _live_subject(obj: Any, signatures: Signatures | None, sample: object) -> Subject | None:
    is_model, is_function = _is_model(obj), _is_function(obj)
    if not (is_model or is_function or _is_holder(obj)):
        return None
    if signatures:
        return signed_subject(obj, own_name(obj), signatures)
    if is_model:
        return keras_subject(obj, sample)
    if is_function:
        return function_subject(obj)
    if _is_a(obj, "keras", "layers.Layer"):
        raise InvalidArgument(
            f"{type(obj).__name__} is a layer, not a model: export keras.Sequential([layer]), "
            "called once on data"
        )
    return module_subject(obj)


def _path_subject(path: Path, sample: object) -> Subject:
    if path.is_dir():
        return _directory_subject(path)
    if not path.exists():
        raise NotFound(f"there is no file or directory {path}")
    if path.suffix.lower() not in _KERAS_SUFFIXES:
        raise InvalidArgument(f"{path} is neither a .keras or .h5 file nor a SavedModel directory")
    return keras_subject(_load_keras(path), sample, path.stem)


def _load_keras(path: Path) -> Any:
    tensorflow()
    import keras

    if path.suffix == ".keras" and not zipfile.is_zipfile(path):
        raise InvalidArgument(
            f"{path} is damaged: a .keras file is a zip archive, and this is none"
        )
    if path.name.endswith(".weights.h5"):
        raise InvalidArgument(
            f"{path} holds weights without a model: build the model, "
            f"model.load_weights({path.name!r}), and export the model"
        )
    try:
        return keras.saving.load_model(path, compile=False)
    except Exception as error:  # whatever Keras and the classes in the file raise
        raise InvalidArgument(f"cannot load {path}: {one_line(error)}") from error


def _directory_subject(path: Path) -> Subject:
    path = path.resolve()
    if not is_saved_model(path):
        found = numbers(path)
        hint = (
            f"it has versions, choose one: {found[max(found)][0]}" if found else "no saved_model.pb"
        )
        raise InvalidArgument(f"{path} does not appear to contain a SavedModel: {hint}")
    signature = read_signatures(path)[0]
    source = _loaded(path)
    name = path.parent.name if path.name.isdecimal() else path.name
    return Subject(
        name,
        lambda directory: shutil.copytree(path, directory, dirs_exist_ok=True),
        lambda inputs: source.run(signature.name, inputs),
    )


def _loaded(path: Path) -> Loaded:
    try:
        return Loaded(path)
    except Exception as error:  # whatever TensorFlow raises for damaged files
        raise InvalidArgument(f"{path} cannot be loaded: {one_line(error)}") from error


def _check_signatures(obj: Any, signatures: Signatures) -> None:
    if isinstance(obj, (str, os.PathLike)):
        raise InvalidArgument(
            f"signatures cannot be chosen for the files of {os.fspath(obj)}: load the model, and "
            "export that"
        )
    if not signatures:
        raise InvalidArgument(
            "signatures is empty: leave it out, or name one: {'call': model.call}"
        )
    for name in signatures:
        if not isinstance(name, str) or not name or name.startswith("__saved_model_"):
            raise InvalidArgument(f"{name!r} is not usable as the name of a signature")


def _refusal(obj: Any) -> str:
    kind = type(obj).__name__
    if isinstance(obj, type):
        return f"{obj.__name__} is a class: export an instance of it, for example {obj.__name__}()"
    if inspect.isroutine(obj):
        return (
            f"{obj.__name__} is a plain Python function, which a model server cannot run: decorate "
            "it with @tf.function(input_signature=[tf.TensorSpec(shape, dtype)])"
        )
    return f"cannot export an object of type {kind}: export {_CAN}"
