"""Finds the directories behind what a user asks to serve.

a name       of a model exported in this session, or of a directory in the base path
a directory  that holds numbered versions; its own name is the model's
nothing      all that was exported in this session, else all there is in the base path
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from server_ext.errors import FailedPrecondition, InvalidArgument, NotFound
from server_ext.hosting.models import Model, Versions, found_versions
from tfs_magics.nearest import suggestion

BASE_PATH = "./models"
_SAVED_MODEL = ("saved_model.pb", "saved_model.pbtxt")


class NoModel(NotFound):
    """There is no model `name`."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


class Selection:
    """What there is to choose from.

    `exported` maps the models of this session to their directories, `served` are those the server
    was asked to serve before; a `base_path` that is given goes before both.
    """

    def __init__(
        self, base_path: str | None, exported: Mapping[str, Path], served: Mapping[str, Model]
    ) -> None:
        self._shown = _local(base_path or BASE_PATH)
        self._base_path = Path(os.path.abspath(os.path.expanduser(self._shown)))
        self._exported: Mapping[str, Path] = {} if base_path else exported
        self._served: Mapping[str, Model] = {} if base_path else served

    def models(self, wanted: Sequence[str], versions: Versions | None) -> list[Model]:
        """Return the models to serve, each once; `versions` None keeps what is served of one.

        Raises:
            NotFound: a name or directory does not exist, or there is nothing to serve.
            FailedPrecondition: a directory holds something else than numbered versions.
            InvalidArgument: two directories have the same name, or one is in a store.
        """
        paths = [self._find(name) for name in wanted] or list(self._all())
        if not paths:
            raise NotFound(
                f"There is nothing to serve: nothing was exported in this session, and "
                f"{self._shown} has no models. %tfs_export MODEL comes first."
            )
        by_name: dict[str, Model] = {}
        for name, path in paths:
            before = by_name.get(name)
            if before is not None and before.base_path != path:
                raise InvalidArgument(
                    f"{before.base_path} and {path} would both be served as {name}: rename one."
                )
            kept = self._served[name].versions if name in self._served else Versions()
            by_name[name] = Model(name, path, versions or kept)
        return list(by_name.values())

    def _all(self) -> Iterator[tuple[str, str]]:
        there = {name: path for name, path in self._exported.items() if path.is_dir()}
        if there:
            yield from ((name, str(path)) for name, path in there.items())
        elif any(self._in_base_path()):
            yield from ((path.name, str(path)) for path in self._in_base_path())
        else:
            yield from ((model.name, model.base_path) for model in self._served.values())

    def _find(self, wanted: str) -> tuple[str, str]:
        wanted = _local(wanted)
        if _is_path(wanted):
            return self._directory(Path(os.path.abspath(os.path.expanduser(wanted))), wanted)
        if wanted in self._exported:
            return wanted, str(self._exported[wanted])
        if (self._base_path / wanted).is_dir():
            return self._directory(self._base_path / wanted, f"{self._shown}/{wanted}")
        if wanted in self._served:
            return wanted, self._served[wanted].base_path
        known = {*self._exported, *self._served, *(path.name for path in self._in_base_path())}
        hint = suggestion(wanted, known, label="There are")
        raise NoModel(wanted, f"No model {wanted} in {self._shown}.{hint}")

    def _directory(self, path: Path, shown: str) -> tuple[str, str]:
        if not path.is_dir():
            known = [each.name for each in _subdirectories(path.parent)]
            raise NotFound(f"No directory {shown}.{suggestion(path.name, known)}")
        if not found_versions(path):
            _check_kind(path, shown)
        return path.name, str(path)

    def _in_base_path(self) -> list[Path]:
        return [path for path in _subdirectories(self._base_path) if found_versions(path)]


def _check_kind(path: Path, shown: str) -> None:
    """Refuse a directory that was probably meant otherwise; an empty one may get versions yet.

    Raises:
        FailedPrecondition: it is a SavedModel, or holds models.
    """
    if any((path / name).is_file() for name in _SAVED_MODEL):
        if path.name.isdigit():
            raise FailedPrecondition(
                f"{shown} is one version. Serve the directory above it: {path.parent}"
            )
        raise FailedPrecondition(
            f"{shown} is a SavedModel without a version number. "
            f"%tfs_export {shown} --name {path.name} makes version 1 of it."
        )
    inside = [each.name for each in _subdirectories(path) if found_versions(each)]
    if inside:
        raise FailedPrecondition(
            f"{shown} holds {len(inside)} models ({', '.join(inside[:5])}). "
            f"%tfs_serve --base-path {shown} serves them all."
        )


def _local(wanted: str) -> str:
    """Return a name or directory as it is, a file:// address as its directory.

    Raises:
        InvalidArgument: it is in a store. The server takes such a list of models as a whole or not
            at all, so one of those would keep all others from being served.
    """
    scheme, separator, path = wanted.partition("://")
    if not separator:
        return wanted
    if scheme != "file":
        raise InvalidArgument(
            f"{wanted} is not on this machine. Copy or mount it, and serve that directory."
        )
    return path


def _is_path(wanted: str) -> bool:
    return wanted.startswith(("~", ".")) or any(
        separator in wanted for separator in (os.sep, os.altsep or os.sep)
    )


def _subdirectories(path: Path) -> list[Path]:
    try:
        return sorted(each for each in path.iterdir() if each.is_dir() and each.name[0] != ".")
    except OSError:
        return []
