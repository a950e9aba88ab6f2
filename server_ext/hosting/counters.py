"""The counters of versions as the last samples had them, put into what is shown of models.

A server tells of its models when a state changes, and of requests in samples; whoever looks wants
both as they are. A value that never changes; the next sample makes another one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_COUNTED = ("requests", "errors")
MOST = 5000  # versions; of more, those that were asked last


class Counters:
    """Requests and errors so far, and requests in flight, by model and version."""

    def __init__(
        self,
        counted: Mapping[tuple[str, int], tuple[int, int]] | None = None,
        in_flight: Mapping[tuple[str, int], int] | None = None,
    ) -> None:
        self._counted = counted or {}
        self._in_flight = in_flight

    def after(self, sample: Mapping[str, Any]) -> Counters:
        """Return this with what a sample says."""
        versions = {(each["name"], each["version"]): each for each in sample.get("versions", ())}
        in_flight = {key: each["in_flight"] for key, each in versions.items()}
        if not versions:
            return Counters(self._counted, in_flight)
        counted = {key: each for key, each in self._counted.items() if key not in versions}
        counted |= {key: (each["requests"], each["errors"]) for key, each in versions.items()}
        return Counters(dict(list(counted.items())[-MOST:]), in_flight)

    def put_into(self, name: str, version: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a version of a model with its counters; as it is before the first sample."""
        if self._in_flight is None:
            return version
        key = name, version["version"]
        fresh: dict[str, Any] = {**version, "in_flight": self._in_flight.get(key, 0)}
        for field, value in zip(_COUNTED, self._counted.get(key, ()), strict=False):
            fresh[field] = max(value, version.get(field, 0))
        return fresh
