"""Which versions of the models lie on disk, and how large they are, for those who look.

    status, events --somebody looks--> a thread of its own: what has changed? --changed--> board

A file system may be slow, so nobody waits for it: what is told is what the last look found, a few
seconds ago. While nobody looks, nothing is read. What was measured of a directory counts until its
times change.
"""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from server_ext.hosting.models import version_directories
from server_ext.hosting.wanted import Wanted, inside

LOOK_S = 3.0  # between two looks
MOST_SHOWN = 200  # versions of a model; of more, the newest


class Found(NamedTuple):
    """A directory of a version: all its files together, and when it was changed last."""

    version: int
    bytes: int
    modified: float


class OnDisk:
    """The versions of wanted models. Any thread may call; `changed` is called by the own one."""

    def __init__(
        self,
        wanted: Callable[[], Wanted],
        roots: Iterable[str],
        changed: Callable[[Iterable[str]], None],
    ) -> None:
        self._wanted = wanted
        self._roots = tuple(roots)
        self._changed = changed
        self._found: Mapping[str, tuple[Found, ...]] = {}
        self._measured: dict[str, tuple[object, int]] = {}
        self._asked: queue.SimpleQueue[bool] = queue.SimpleQueue()  # False is the end
        self._looked_at = 0.0
        self._thread: threading.Thread | None = None
        self._closed = False
        self._lock = threading.Lock()

    def of(self, name: str) -> tuple[Found, ...]:
        """Return the versions of a model as the last look found them, the newest first."""
        return self._found.get(name, ())

    def bytes_of(self, name: str, version: int) -> int | None:
        """Return the size of a version, None if it is not known."""
        return next((each.bytes for each in self.of(name) if each.version == version), None)

    def look(self, *, now: bool = False) -> None:
        """Look soon, if the last look is not fresh, or `now` says that something has changed."""
        if self._closed or not (now or time.monotonic() - self._looked_at > LOOK_S):
            return
        with self._lock:
            if self._closed or not self._asked.empty():
                return
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="on-disk", daemon=True)
                thread.start()
                self._thread = thread
            self._asked.put(True)

    def close(self) -> None:
        """End the thread."""
        with self._lock:
            self._closed = True
            self._asked.put(False)
        if self._thread is not None:
            self._thread.join()

    def let_go(self) -> None:
        """In a forked copy: there is no thread, and nobody may hold the lock for ever."""
        self._lock = threading.Lock()
        self._closed = True

    def _run(self) -> None:
        with self._lock:
            if self._thread is not threading.current_thread():
                return  # whoever started us was interrupted
        while self._asked.get() and not self._closed:
            self._looked_at = time.monotonic()
            before, found = self._found, self._look_at_all()
            self._found = found
            changed = [name for name in found if found[name] != before.get(name, ())]
            if changed:
                self._changed(changed)

    def _look_at_all(self) -> dict[str, tuple[Found, ...]]:
        found: dict[str, tuple[Found, ...]] = {}
        measured: dict[str, tuple[object, int]] = {}
        for entry in self._wanted():
            paths = version_directories(entry.model.base_path)
            newest = sorted(paths, reverse=True)[:MOST_SHOWN]
            sizes = [(number, self._measure(paths[number], measured)) for number in newest]
            found[entry.model.name] = tuple(
                Found(number, *size) for number, size in sizes if size is not None
            )
            if self._closed:
                break
        self._measured = measured
        return found

    def _measure(
        self, path: str, measured: dict[str, tuple[object, int]]
    ) -> tuple[int, float] | None:
        """Return size and time of a directory; None of one that is none, or not to be looked at."""
        try:
            stamp = _stamp(path)
        except OSError:
            return None
        if self._roots and not inside(path, self._roots):
            return None
        known = self._measured.get(path)
        size = known[1] if known and known[0] == stamp else directory_bytes(path)
        measured[path] = stamp, size
        return size, round(max(modified for _, modified, _ in stamp), 3)


def directory_bytes(path: str) -> int:
    """Return what all files below a directory take; links are not followed."""
    total = 0
    for directory, _, names in os.walk(path):
        for name in names:
            try:
                total += os.lstat(os.path.join(directory, name)).st_size
            except OSError:  # gone meanwhile
                continue
    return total


def shown(found: Iterable[Found]) -> list[dict[str, Any]]:
    """Return versions as plain values."""
    return [each._asdict() for each in found]


def _stamp(path: str) -> tuple[tuple[str, float, int], ...]:
    """Return what changes with a version: the directory and what lies right in it.

    Raises:
        OSError: it cannot be read, or is no directory.
    """
    with os.scandir(path) as entries:
        inner = sorted((each.name, each.stat(follow_symlinks=False)) for each in entries)
    itself = os.stat(path)
    return (
        ("", itself.st_mtime, 0),
        *((name, found.st_mtime, found.st_size) for name, found in inner),
    )
