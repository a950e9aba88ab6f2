"""What happened to a server and its models, in sentences: for a list, and as marks in charts.

    states before and after --happenings--> Journal --the last ones--> status, history

Threads: whoever adds holds the board's lock; what is kept is replaced as a whole, so anybody reads.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from server_ext.hosting.situation import Situation, State
from server_ext.hosting.wanted import Entry, Wanted

MOST_KEPT = 1000
Said = Mapping[str, Any]


class Happening(NamedTuple):
    """Something that happened, at a time in Unix seconds; to the server where it has no model."""

    at: float
    model: str | None
    version: int | None
    kind: str
    text: str


class Journal:
    """The last happenings, the oldest first."""

    def __init__(self) -> None:
        self._kept: tuple[Happening, ...] = ()

    def add(self, happenings: Iterable[Happening]) -> list[dict[str, Any]]:
        """Keep these; return them as plain values."""
        fresh = sorted(happenings, key=lambda each: each.at)
        self._kept = (*self._kept, *fresh)[-MOST_KEPT:]
        return [each._asdict() for each in fresh]

    def last(self, most: int) -> list[dict[str, Any]]:
        """Return the last of all."""
        return [each._asdict() for each in self._kept[-most:]]

    def of(self, model: str | None, version: int | None, since: float) -> list[dict[str, Any]]:
        """Return what concerns a version, or a model, or all; that of the server always does."""
        return [
            each._asdict()
            for each in self._kept
            if each.at >= since
            and (model is None or each.model in (None, model))
            and (version is None or each.version in (None, version))
        ]


def of_server(before: Situation, after: Situation) -> list[Happening]:
    """Return what a change of the situation means; nothing where the state is the same."""
    text = {
        State.RUNNING: "The model server is running"
        + (f", after {after.start_seconds:.1f} s." if after.start_seconds else "."),
        State.RESTARTING: f"{after.reason} It is started again.".strip(),
        State.FAILED: f"The model server failed: {after.reason}",
        State.STOPPED: after.reason or "The model server was stopped.",
    }.get(after.state)
    if text is None or before.state is after.state:
        return []
    return [Happening(after.since, None, None, "server", text)]


def of_models(before: Mapping[str, Said], after: Iterable[Said]) -> list[Happening]:
    """Return what new states of versions mean; `before` is what was told of the same run."""
    return [found for model in after for found in _of_model(before.get(model["name"]), model)]


def of_wanted(before: Wanted, after: Wanted) -> list[Happening]:
    """Return which models came and went, and which labels moved."""
    now = time.time()
    found = [
        Happening(now, name, None, "unloaded", f"{name} is served no longer.")
        for name in (entry.model.name for entry in before)
        if after.get(name) is None
    ]
    for entry in after:
        known = before.get(entry.model.name)
        if known is None:
            text = f"{entry.model.name} is served from {entry.model.base_path}."
            found.append(Happening(now, entry.model.name, None, "found", text))
        found += _of_labels(known, entry, now)
    return found


def _of_model(before: Said | None, model: Said) -> list[Happening]:
    name, versions = model["name"], before["versions"] if before else ()
    known = {each["version"]: each for each in versions}
    found: list[Happening] = []
    for each in model["versions"]:
        number, at = each["version"], each.get("since") or time.time()
        was = known.get(number)
        if was is None and known:
            text = f"Version {number} of {name} was found in {each.get('path', 'its directory')}."
            found.append(Happening(at, name, number, "found", text))
        if said := _of_version(name, was, each):
            found.append(Happening(at, name, number, *said))
    now = time.time()
    gone = known.keys() - {each["version"] for each in model["versions"]}
    found += [
        Happening(now, name, number, "unloaded", f"Version {number} of {name} was unloaded.")
        for number in sorted(gone)
        if known[number]["state"] != "END"
    ]
    return found


def _of_version(name: str, was: Said | None, now: Said) -> tuple[str, str] | None:
    """Return kind and text of a version's new state, None where there is nothing to say."""
    state, title = now["state"], f"Version {now['version']} of {name}"
    error = now.get("error")
    if was and (was["state"], was.get("error")) == (state, error):
        return None
    if state == "LOADING" and not (was and was["state"] == "LOADING"):
        return "loading", f"{title} is being loaded."
    if state == "AVAILABLE":
        took = now.get("load_seconds")
        return "available", f"{title} was loaded" + (f" in {took:.1f} s." if took else ".")
    if error and state in ("LOADING", "END"):
        again = " It is tried again." if state == "LOADING" else ""
        return "failed", f"{title} could not be loaded: {error['message'].rstrip('.')}.{again}"
    if state == "END" and was and was["state"] != "END":
        return "unloaded", f"{title} was unloaded."
    return None


def _of_labels(before: Entry | None, after: Entry, now: float) -> Sequence[Happening]:
    name, labels = after.model.name, after.model.labels
    known = before.model.labels if before else {}
    found = []
    for label in sorted({*known, *labels}):
        old, new = known.get(label), labels.get(label)
        if old == new:
            continue
        if new is None:
            text = f"Label {label} of {name} was removed from version {old}."
        elif old is None:
            text = f"Label {label} of {name} stands for version {new}."
        else:
            text = f"Label {label} of {name} was moved from version {old} to {new}."
        found.append(Happening(now, name, old if new is None else new, "label", text))
    return found
