"""How long a load will take, where earlier ones make an honest guess: of that model, or that size.

A value that never changes; each load that is over makes another one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

MOST_KEPT = 1000
ALIKE = 1.5  # times as large, or as small, is about the same size
LEAST_S = 1.0  # what takes less is over before a guess is of use


class _Load(NamedTuple):
    bytes: int | None
    seconds: float


class LoadTimes:
    """The last load of each model."""

    def __init__(self, loads: Mapping[str, _Load] | None = None) -> None:
        self._loads = loads or {}

    def after(self, model: Mapping[str, Any]) -> LoadTimes:
        """Return this with what a server tells of the loaded versions of a model."""
        loaded = [each for each in model["versions"] if each.get("load_seconds")]
        if not loaded:
            return self
        last = max(loaded, key=lambda each: each.get("loaded_at") or 0)
        name, load = model["name"], _Load(last.get("bytes"), last["load_seconds"])
        others = {key: each for key, each in self._loads.items() if key != name}
        return LoadTimes(dict([*others.items(), (name, load)][-MOST_KEPT:]))

    def expected_s(self, name: str, size_bytes: int | None) -> float | None:
        """Return how many seconds a load of so much will take; None if nobody can know."""
        own = self._loads.get(name)
        if own is not None:
            ratio = size_bytes / own.bytes if size_bytes and own.bytes else 1.0
            return _told(own.seconds * ratio)
        if not size_bytes:
            return None
        alike = [
            each
            for each in self._loads.values()
            if each.bytes and 1 / ALIKE <= size_bytes / each.bytes <= ALIKE
        ]
        return _told(alike[-1].seconds) if alike else None


def _told(seconds: float) -> float | None:
    return round(seconds, 1) if seconds >= LEAST_S else None
