"""What this session has exported, and live objects that are to be served.

    %tfs_serve model --Live--> exported as the next version --> served
                        '----> unchanged since it was exported --> served as it is

A name that is a variable that can be exported means the variable, whatever lies on disk under that
name: what it is now is what answers.

Threads: any thread may call any function.
"""

from __future__ import annotations

import functools
import hashlib
import os
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from server_ext.errors import InvalidArgument
from tfs_magics.exporting.export import Exported
from tfs_magics.exporting.export import export as export_files
from tfs_magics.exporting.exportables import can_be_exported
from tfs_magics.selection import BASE_PATH

Signatures = Mapping[str, Callable[..., Any]]


@dataclass(frozen=True)
class Live:
    """An object to serve under a name; `variable` tells that it is called so in the notebook."""

    obj: Any
    name: str | None = None
    variable: bool = False


@dataclass(frozen=True)
class LastExport:
    """What an object was when it was exported last, and with which signatures."""

    obj: Callable[[], Any]
    content: str
    result: Exported
    signatures: Signatures | None

    def is_current(self, obj: Any) -> bool:
        """Tell whether the files are what the object is now."""
        same = self.obj() is obj and bool(self.content) and _content(obj) == self.content
        return same and self.result.path.is_dir()


exported: dict[str, Path] = {}  # the models of this session, by name: their directories
_last: dict[str, LastExport] = {}


@functools.wraps(export_files)
def export(
    obj: Any,
    *,
    name: str | None = None,
    base_path: str | os.PathLike[str] = BASE_PATH,
    version: int | None = None,
    timestamp: bool = False,
    overwrite: bool = False,
    signatures: Signatures | None = None,
    check: Any = None,
) -> Exported:
    """Export, and remember the model for a serve() without names."""
    result = export_files(
        obj,
        name=name,
        base_path=base_path,
        version=version,
        timestamp=timestamp,
        overwrite=overwrite,
        signatures=signatures,
        check=check,
    )
    exported[result.name] = result.path.parent
    _last.pop(result.name, None)
    if can_be_exported(obj):
        _last[result.name] = LastExport(_weak(obj), _content(obj), result, signatures)
    return result


def on_disk(
    models: Sequence[Any], name: str | None, base_path: str | None
) -> tuple[list[str], list[str], dict[tuple[str, int | None], float]]:
    """Return the names and directories to serve, objects exported; and in words what was done.

    Also the seconds that each export took, by model and version.

    Raises:
        InvalidArgument: an object cannot be exported, or has no name.
        ServingError: whatever else an export meets.
    """
    lives = [each for each in models if not isinstance(each, str | os.PathLike)]
    if name is not None and (len(lives) != 1 or len(models) != 1):
        raise InvalidArgument(
            f"--name {name} is for one live object, and {len(lives)} of {len(models)} models are. "
            "Models on disk have the names of their directories."
        )
    names, notes = [], []
    seconds: dict[tuple[str, int | None], float] = {}
    for each in models:
        if isinstance(each, str | os.PathLike):
            names.append(os.fspath(each))
            continue
        live = each if isinstance(each, Live) else Live(each)
        result, note, is_new = _exported(live, name, base_path)
        names.append(result.name)
        notes.append(note)
        if is_new:
            seconds[result.name, result.version] = result.seconds
    return names, notes, seconds


def _exported(live: Live, name: str | None, base_path: str | None) -> tuple[Exported, str, bool]:
    """Return an object on disk, a note, and whether it was exported: it may be there as it is."""
    called = f"The variable {live.name}" if live.variable else "The object"
    signatures = None
    last = _last_of(live.obj, name)
    if last is not None and _lies_in(last.result, base_path):
        result = last.result
        if last.is_current(live.obj):
            said = f"{called} is unchanged since it became version {result.version}."
            return result, said, False
        name, signatures = result.name, last.signatures
    name = name or live.name
    made = export(live.obj, name=name, base_path=base_path or BASE_PATH, signatures=signatures)
    return made, f"{called} was exported as version {made.version} of {made.path.parent}.", True


def _last_of(obj: Any, name: str | None) -> LastExport | None:
    for each in _last.values():
        if each.obj() is obj and name in (None, each.result.name):
            return each
    return None


def _lies_in(result: Exported, base_path: str | None) -> bool:
    where = Path(base_path or BASE_PATH).expanduser().resolve()
    return base_path is None or where == result.path.parents[1].resolve()


def _weak(obj: Any) -> Callable[[], Any]:
    try:
        return weakref.ref(obj)
    except TypeError:
        return lambda: None


def _content(obj: Any) -> str:
    """Return what tells two states of an object's variables apart; empty if they are not known."""
    import numpy as np

    state = hashlib.blake2b(digest_size=16)
    try:
        for variable in _variables(obj):
            array = np.ascontiguousarray(variable)
            state.update(f"{array.dtype}{array.shape}".encode())
            state.update(
                repr(array.tolist()).encode() if array.dtype.hasobject else array.tobytes()
            )
    except Exception:  # no variables, or of kinds that are no arrays: nothing is known of them
        return ""
    return state.hexdigest()


def _variables(obj: Any) -> Any:
    """Return the variables of a model, a module, or the one trace of a tf.function."""
    traced = not hasattr(obj, "variables") and hasattr(obj, "get_concrete_function")
    return obj.get_concrete_function().variables if traced else obj.variables
