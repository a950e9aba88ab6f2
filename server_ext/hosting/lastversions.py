"""The versions that models had when their server was last there, for as long as it is not.

a run is over --keep--> END (stopped, failed), or START (it comes back) --told anew--> forgotten

A value that never changes; whoever changes it gets another one.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import Any

Version = Mapping[str, Any]

# What is not so any more when the process is gone.
_OVER = {"in_flight": 0, "memory_bytes": 0, "loaded_at": None, "load_started_at": None}


class LastVersions:
    """Versions by the name of their model."""

    def __init__(self, versions: Mapping[str, Sequence[Version]] | None = None) -> None:
        self._versions = versions or {}

    def __len__(self) -> int:
        return len(self._versions)

    def kept(self, models: Mapping[str, Mapping[str, Any]], now: float) -> LastVersions:
        """Return this with what a server that has ended now said last of its models."""
        fresh = {
            name: [_over(version, now) for version in model["versions"]]
            for name, model in models.items()
            if model["versions"]
        }
        return LastVersions({**self._versions, **fresh})

    def without(self, names: Container[str]) -> LastVersions:
        """Return this without some models."""
        left = {name: each for name, each in self._versions.items() if name not in names}
        return LastVersions(left)

    def of(self, name: str, *, coming: bool) -> list[dict[str, Any]]:
        """Return the versions of a model; those that answered come back, or have ended."""
        return [
            {**each, "state": "START" if coming and not each.get("error") else "END"}
            for each in self._versions.get(name, ())
        ]


def _over(version: Version, now: float) -> Version:
    gone = {key: value for key, value in _OVER.items() if key in version}
    return {**version, **gone, "state": "END", "since": round(now, 3)}
