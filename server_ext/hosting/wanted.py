"""Which models are wanted, and whose they are: an unchanging value, from which the next is made.

Wanted --served(model, owner)--> Wanted      refused here: names, paths, owners, labels, numbers
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from server_ext.errors import (
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    ResourceExhausted,
)
from server_ext.hosting.models import Model, config_text
from server_ext.hosting.settings import Owner, Settings

_NAME = re.compile(r"[A-Za-z0-9_.-]+")
LABEL = "[A-Za-z0-9_.-]{1,200}"
MOST_LABELS = 100


@dataclass(frozen=True)
class Entry:
    """A model that is wanted, and its owner; None if nobody in particular."""

    model: Model
    owner: Owner | None = None


class Wanted:
    """Entries by name. It never changes, so any thread may read it."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._entries = {entry.model.name: entry for entry in entries}

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    def __len__(self) -> int:
        return len(self._entries)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Wanted) and self._entries == other._entries

    __hash__ = None  # type: ignore[assignment]

    def get(self, name: str) -> Entry | None:
        """Return the entry of this name, None without one."""
        return self._entries.get(name)

    def __getitem__(self, name: str) -> Entry:
        """Return the entry of this name.

        Raises:
            NotFound: there is none; says what there is.
        """
        entry = self._entries.get(name)
        if entry is None:
            known = ", ".join(sorted(self._entries)) or "none"
            raise NotFound(f"Model {name!r} is not served. Models served: {known}.")
        return entry

    def config(self, names: Collection[str] | None = None) -> str:
        """Return the ModelServerConfig, in text format; of these names only, if given."""
        return config_text(
            entry.model for entry in self if names is None or entry.model.name in names
        )

    def served(self, model: Model, owner: Owner | None, *, replace_owner: bool) -> Wanted:
        """Return this with a model added or changed.

        Without labels of its own a model keeps those it has, and without an owner its owner.

        Raises:
            AlreadyExists: the name belongs to another owner.
            InvalidArgument: so many labels.
        """
        before = self._entries.get(model.name)
        if before is not None:
            if not replace_owner:
                _check_owner(before, owner)
            owner = owner or before.owner
            if not model.labels:
                model = replace(model, labels=before.model.labels)
        return self._with(Entry(model, owner))

    def changed(self, model: Model) -> Wanted:
        """Return this with another choice of versions or labels for a model."""
        return self._with(replace(self[model.name], model=model))

    def without(self, name: str) -> Wanted:
        """Return this without a model.

        Raises:
            NotFound: it is not there.
        """
        gone = self[name]
        return Wanted(entry for entry in self if entry is not gone)

    def _with(self, entry: Entry) -> Wanted:
        model = entry.model
        if len(model.labels) > MOST_LABELS:
            raise InvalidArgument(
                f"Model {model.name} cannot have {len(model.labels)} labels: "
                f"{MOST_LABELS} are the most"
            )
        return Wanted([*{**self._entries, entry.model.name: entry}.values()])


def check_model(model: Model, settings: Settings) -> None:
    """Return if a model may be served here.

    Raises:
        InvalidArgument: its name cannot be part of a URL, or its path is not absolute.
        PermissionDenied: its directory lies outside of the roots.
    """
    if not _NAME.fullmatch(model.name) or not model.name.strip("."):
        raise InvalidArgument(
            f"{model.name!r} cannot be the name of a model: use letters, digits, '_', '-' and '.'"
        )
    if not os.path.isabs(model.base_path):
        raise InvalidArgument(
            f"base_path {model.base_path!r} of model {model.name} is not absolute: "
            "write the whole path"
        )
    if not inside(model.base_path, settings.roots):
        raise PermissionDenied(
            f"Model {model.name} cannot be served from {model.base_path}: models may lie in "
            f"{', '.join(settings.roots)} only"
        )


def inside(path: str, roots: Collection[str]) -> bool:
    """Tell whether a path leads to a place in one of these directories; all are, without any."""
    real = os.path.realpath(path)
    return not roots or any(
        os.path.commonpath([real, root]) == root for root in map(os.path.realpath, roots)
    )


def check_number(wanted: Wanted, settings: Settings) -> None:
    """Return if these are not too many models.

    Raises:
        ResourceExhausted: they are.
    """
    if len(wanted) > settings.max_models:
        raise ResourceExhausted(
            f"{len(wanted)} models would be served, and {settings.max_models} are the most "
            "(max_models): remove some"
        )


def check_labels(
    name: str, labels: Mapping[str, int], before: Mapping[str, int], usable: Collection[int]
) -> None:
    """Return if all labels that are new or moved stand for versions that are `usable`.

    Raises:
        InvalidArgument: one cannot be part of a URL.
        FailedPrecondition: one does not.
    """
    wrong = next((label for label in labels if not re.fullmatch(LABEL, label)), None)
    if wrong is not None:
        raise InvalidArgument(
            f"{wrong[:80]!r} cannot be a label of model {name}: use letters, digits, '_', '-' and "
            "'.', at most 200 of them"
        )
    for label, version in labels.items():
        if before.get(label) != version and version not in usable:
            there = ", ".join(map(str, sorted(usable))) or "none"
            stays = f" It stays at version {before[label]}." if label in before else ""
            raise FailedPrecondition(
                f"Label {label!r} of model {name} cannot stand for version {version}, which is not "
                f"available. Versions available: {there}.{stays}"
            )


def _check_owner(entry: Entry, asking: Owner | None) -> None:
    owner = entry.owner
    if owner is None or asking is None or not owner.identity:
        return
    if owner.identity != asking.identity:
        who = f"notebook {owner.notebook}" if owner.notebook else f"kernel {owner.kernel}"
        raise AlreadyExists(
            f"Model {entry.model.name!r} is served by {who}, from {entry.model.base_path}. "
            "Use another name, or --replace to take it over."
        )
