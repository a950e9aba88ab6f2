"""Which versions are not loaded again, because the model server ended while it loaded them.

    loading --> what loads now --the server ends by itself-->  one of them: it is held
                                                               several: the next run loads one at a
                                                               time, and so finds out which

A held version is loaded again when its files change, which its stamp shows, or when that is asked
for.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Held:
    """A version that ended the server; `stamp` changes with its files, `since` is Unix seconds."""

    name: str
    version: int
    stamp: str
    reason: str
    since: float

    def document(self) -> dict[str, Any]:
        """Return all of it as plain values."""
        return asdict(self)


class HeldVersions:
    """What loads and what is held. Any thread may call any method."""

    def __init__(self, held: Iterable[Held] = ()) -> None:
        self._held = {(each.name, each.version): each for each in held}
        self._loading: dict[tuple[str, int], str] = {}
        self._several = False
        self._lock = threading.Lock()

    @property
    def one_at_a_time(self) -> bool:
        """Whether the next run is to load one version after the other."""
        return self._several

    def all(self) -> list[Held]:
        """Return what is held."""
        with self._lock:
            return list(self._held.values())

    def loading(self, name: str, version: int, stamp: str) -> bool:
        """Take note that a load begins; tell whether that ends a hold: its files have changed."""
        with self._lock:
            self._loading[name, version] = stamp
            return self._held.pop((name, version), None) is not None

    def loaded(self, name: str, version: int) -> None:
        """Take note that a load is over."""
        with self._lock:
            self._loading.pop((name, version), None)

    def release(self, name: str, version: int | None = None) -> bool:
        """Hold a version no longer, or none of a model; tell whether one was held."""
        with self._lock:
            freed = [key for key in self._held if key[0] == name and version in (None, key[1])]
            for key in freed:
                del self._held[key]
            return bool(freed)

    def forget(self) -> None:
        """Hold nothing."""
        with self._lock:
            self._held.clear()

    def let_go(self) -> None:
        """In a forked copy: nobody may hold the lock for ever."""
        self._lock = threading.Lock()

    def run_is_over(self, how: str) -> bool:
        """Take note of the end of the server: `how` it ended by itself, nothing if it was asked to.

        Tell whether the next run will do something about the cause: not load the one version that
        was loading, or find out which of several it was.
        """
        with self._lock:
            loading, self._loading = self._loading, {}
            knew_better, self._several = self._several, bool(how) and len(loading) > 1
            if not how or len(loading) != 1:
                return self._several and not knew_better
            ((name, version), stamp) = loading.popitem()
            self._held[name, version] = Held(
                name, version, stamp, _reason(name, version, how), round(time.time(), 3)
            )
            return True


def read(said: Mapping[str, Any]) -> Held:
    """Return what `Held.document` wrote.

    Raises:
        KeyError, TypeError, ValueError: it did not.
    """
    return Held(
        str(said["name"]),
        int(said["version"]),
        str(said["stamp"]),
        str(said["reason"]),
        float(said["since"]),
    )


def _reason(name: str, version: int, how: str) -> str:
    clock = time.strftime("%H:%M:%S")
    return (
        f"It ended the model server while it was loading ({how}) at {clock}. "
        "It is loaded again when its files change, "
        f"or with %tfs_load {name} --version {version}."
    )
