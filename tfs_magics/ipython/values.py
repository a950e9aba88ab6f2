"""What an argument of a magic may be now: from the server, the notebook and the disk.

Imports nothing heavy and loads nothing: variables are told by libraries that are there already.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from server_ext.flagvalues import WAYS_TO_BATCH
from server_ext.hosting.models import found_versions
from tfs_magics import connection, live
from tfs_magics.exporting.exportables import can_be_exported
from tfs_magics.ipython.evaluation import Names
from tfs_magics.ipython.slot import Slot

_MOST = 500  # entries of a directory that are looked at
_USUAL_LABELS = ("canary", "stable")


class Value(NamedTuple):
    """A text to complete to, and what it is, in a word."""

    text: str
    kind: str


def values(slot: Slot, names: Names, base_path: str) -> list[Value]:
    """Return all that may stand in a slot, each text once, in a useful order."""
    find = _BY_METAVAR.get(str(slot.action.metavar)) if slot.action is not None else None
    found: dict[str, Value] = {}
    for each in find(slot, names, base_path) if find is not None else ():
        found.setdefault(each.text, each)
    return list(found.values())


def _models() -> Mapping[str, Mapping[str, Any]]:
    return {entry["name"]: entry for entry in connection.current().status()["models"]}


def _served(slot: Slot, names: Names, base_path: str) -> Iterator[Value]:
    for name in sorted(_models()):
        yield Value(name, "model")


def _to_serve(slot: Slot, names: Names, base_path: str) -> Iterator[Value]:
    if slot.directory is not None:
        yield from _directories(slot.directory)
        return
    yield from _variables(names)
    yield from (Value(name, "exported") for name in live.exported)
    there = Path(base_path).expanduser()
    for name in _names_in(there):
        if found_versions(there / name):
            yield Value(name, "on disk")
    yield from _served(slot, names, base_path)


def _to_export(slot: Slot, names: Names, base_path: str) -> Iterator[Value]:
    if slot.directory is not None:
        yield from _directories(slot.directory)
    else:
        yield from _variables(names)


def _paths(slot: Slot, names: Names, base_path: str) -> Iterator[Value]:
    yield from _directories(slot.directory or "")


def _signatures(slot: Slot, names: Names, base_path: str) -> Iterator[Value]:
    wanted = dict(slot.chosen).get("version")
    for version in _versions_of(slot):
        if wanted in (None, str(version["version"])):
            yield from (Value(name, "signature") for name in version.get("signatures") or ())


def _versions(slot: Slot, names: Names, base_path: str) -> Iterator[Value]:
    """Yield versions with their state; of a model to load one of, also those on disk."""
    listed = {each["version"]: each for each in _versions_of(slot)}
    for number, version in sorted(listed.items(), reverse=True):
        state = "failed" if version.get("error") else str(version["state"]).lower()
        yield Value(str(number), state)
    if slot.magic == "tfs_load" and slot.given:
        entry = _models().get(slot.given[0], {})
        found = found_versions(entry.get("base_path", "")) - listed.keys()
        yield from (Value(str(number), "on disk") for number in sorted(found, reverse=True))


def _labels(slot: Slot, names: Names, base_path: str) -> Iterator[Value]:
    """Yield labels with their equals sign; behind one, the versions that can have it."""
    if slot.label:
        for version in _versions_of(slot):
            if version["state"] == "AVAILABLE":
                yield Value(str(version["version"]), "available")
        return
    entry = _models().get(slot.given[0] if slot.given else "", {})
    for label in sorted({*entry.get("labels", ()), *_USUAL_LABELS}):
        yield Value(f"{label}=", "label")


def _labels_there(slot: Slot, names: Names, base_path: str) -> Iterator[Value]:
    entry = _models().get(slot.given[0] if slot.given else "", {})
    yield from (Value(label, "label") for label in sorted(entry.get("labels", ())))


def _choices(slot: Slot, names: Names, base_path: str) -> Iterator[Value]:
    yield from (Value(text, "versions") for text in ("latest:1", "latest:2", "all"))


def _ways_to_batch(slot: Slot, names: Names, base_path: str) -> Iterator[Value]:
    yield from (Value(way, "batching") for way in WAYS_TO_BATCH)


def _servers(slot: Slot, names: Names, base_path: str) -> Iterator[Value]:
    yield Value("own", "server")


def _versions_of(slot: Slot) -> Iterable[Mapping[str, Any]]:
    found = _models().get(slot.given[0]) if slot.given else None
    return found["versions"] if found is not None else ()


def _variables(names: Names) -> Iterator[Value]:
    for name, value in sorted(names.variables().items()):
        if can_be_exported(value):
            yield Value(name, "variable")


def _directories(typed: str) -> Iterator[Value]:
    """Yield the directories below what is typed of a path, spelled as it is typed."""
    there = Path(os.path.expanduser(typed or "."))
    for name in _names_in(there):
        yield Value(f"{os.path.join(typed, name)}{os.sep}", "directory")


def _names_in(directory: Path) -> list[str]:
    try:
        with os.scandir(directory) as entries:
            found = islice((each for each in entries if each.name[0] != "."), _MOST)
            return sorted(each.name for each in found if each.is_dir())
    except OSError:
        return []


_BY_METAVAR: Mapping[str, Callable[[Slot, Names, str], Iterator[Value]]] = {
    "DIR": _paths,
    "HOW": _ways_to_batch,
    "L,L": _labels_there,
    "LABEL=N": _labels,
    "MODEL": _to_serve,
    "N": _versions,
    "N,N": _versions,
    "NAME": _served,
    "OBJ": _to_export,
    "S": _signatures,
    "URL": _servers,
    "WHICH": _choices,
}
