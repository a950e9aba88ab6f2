"""Deletes the files of a version: what may be deleted is checked, set aside at once, then removed.

    models/m/3 --rename--> models/m/.deleted-3-x7f2 --remove--> gone

After the rename no server finds the version any more; a removal that is cut off leaves no half of
one. Functions; any thread may call.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Collection, Mapping
from typing import NamedTuple

from server_ext.errors import FailedPrecondition, NotFound, PermissionDenied
from server_ext.hosting.models import Model, version_directories
from server_ext.hosting.ondisk import directory_bytes
from server_ext.hosting.wanted import inside

_MODEL_FILES = ("saved_model.pb", "saved_model.pbtxt", "model.tflite")
_UNLOADED = "END"
_OTHERS = (
    "assets",
    "assets.extra",
    "batching_params.pbtxt",
    "fingerprint.pb",
    "keras_metadata.pb",
    "variables",
)


class SetAside(NamedTuple):
    """A version's directory under a name that no server takes for one."""

    path: str
    was: str
    bytes: int


def find(model: Model, version: int, roots: Collection[str]) -> str:
    """Return the directory of a version, if it is one that may be deleted.

    Raises:
        NotFound: there is no such version.
        PermissionDenied: it lies outside of the roots, or elsewhere, by a link.
        FailedPrecondition: it does not hold a model.
    """
    there = version_directories(model.base_path)
    path = there.get(version)
    what = f"Version {version} of {model.name}"
    if path is None:
        known = ", ".join(map(str, sorted(there))) or "none"
        raise NotFound(f"{what} has no files in {model.base_path}. Versions there: {known}.")
    if os.path.islink(path):
        raise PermissionDenied(
            f"{what} is a link to {os.path.realpath(path)}: delete the link {path} by hand"
        )
    if not os.path.isdir(path):
        raise FailedPrecondition(f"{path} is no directory, and so no version: delete it by hand")
    if not inside(path, roots):
        raise PermissionDenied(
            f"{what} lies in {os.path.realpath(path)}: files may be deleted in "
            f"{', '.join(roots)} only"
        )
    names = os.listdir(path)
    strange = [name for name in names if name not in _OTHERS]
    if strange and not any(name in names for name in _MODEL_FILES):
        raise FailedPrecondition(
            f"{path} does not look like a version of a model: it has no saved_model.pb, but "
            f"{strange[0]}. Delete it by hand if you are sure"
        )
    return path


def check_unused(model: Model, path: str, states: Mapping[int, str] | None) -> None:
    """Return if a model lies elsewhere, or no version there is loaded or has a label.

    `states` are those of the versions of a server that runs, None without one.

    Raises:
        FailedPrecondition: one does.
    """
    if inside(model.base_path, [path]):
        raise FailedPrecondition(
            f"{path} also holds the versions of {model.name}: remove that model first"
        )
    there, real = version_directories(model.base_path), os.path.realpath(path)
    number = next((n for n, each in there.items() if os.path.realpath(each) == real), None)
    if number is None:
        return
    label = next((label for label, at in model.labels.items() if at == number), None)
    if label is not None:
        raise FailedPrecondition(
            f"Label {label} of {model.name} stands for version {number}: move or remove it first, "
            "then delete the files"
        )
    if states is None:
        return
    due = "about to be loaded" if number in model.versions.choose(there) else _UNLOADED
    state = states.get(number, due)
    if state != _UNLOADED:
        raise FailedPrecondition(
            f"Version {number} of {model.name} is {state.lower()}: unload it first; its files can "
            "be deleted then"
        )


def set_aside(path: str, version: int) -> SetAside:
    """Rename the directory of a version, so that it is gone for all servers at once.

    Raises:
        PermissionDenied: the system does not let us.
    """
    hidden = f".deleted-{version}-{secrets.token_hex(4)}"
    aside = os.path.join(os.path.dirname(path), hidden)
    size = directory_bytes(path)
    try:
        os.rename(path, aside)
    except OSError as error:
        raise PermissionDenied(f"{path} cannot be deleted: {error.strerror}") from None
    return SetAside(aside, path, size)


def remove(aside: SetAside) -> int:
    """Remove a directory that was set aside; return how many bytes are free now.

    Raises:
        PermissionDenied: some of it cannot be removed; the rest is.
    """
    shutil.rmtree(aside.path, ignore_errors=True)
    if os.path.lexists(aside.path):
        raise PermissionDenied(
            f"{aside.was} is served no longer, but some of its files cannot be deleted: they are "
            f"in {aside.path}. Delete that by hand"
        )
    return aside.bytes
