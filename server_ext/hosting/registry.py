"""Remembers what is wanted of a host in a file, so that it survives the process.

    NAME.json, 0600, in a directory 0700; replaced in one step      NAME.lock: whose it is
    NAME-2.json while another living host has the first

A write that fails (a full disk) costs the memory of it and nothing else: `problem` says so, and the
next change is written again. Content that cannot be read is set aside as NAME.json.broken.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from filelock import FileLock, Timeout

from server_ext.errors import ServingError
from server_ext.hosting import forks
from server_ext.hosting import held as held_versions
from server_ext.hosting.held import Held
from server_ext.hosting.models import Model, parse_versions
from server_ext.hosting.settings import Owner
from server_ext.hosting.wanted import Entry

FORMAT = 1
MOST_HOSTS = 99
T = TypeVar("T")


@dataclass(frozen=True)
class Saved:
    """What is remembered: the models, the versions that are held, and whether the server ran."""

    entries: tuple[Entry, ...] = ()
    held: tuple[Held, ...] = ()
    running: bool = False


class Registry:
    """The file of one living host. `path` is the first choice. One thread at a time calls.

    `identity` is the same for all hosts that have had the file, and no other's.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._wish = Path(path)
        self.path = self._wish
        self._lock: FileLock | None = None
        self.identity = secrets.token_hex(8)
        self._write_problem = ""
        self._read_problem = ""
        self._take()
        forks.follow(self)

    @property
    def problem(self) -> str | None:
        """What is wrong with the file, in words; None if nothing is."""
        return " ".join(filter(None, (self._write_problem, self._read_problem))) or None

    def load(self) -> Saved:
        """Return what is remembered; nothing if there is no file, or none that can be read."""
        if self._lock is None:
            return Saved()
        try:
            text = self.path.read_bytes()
        except FileNotFoundError:
            return Saved()
        except OSError as error:
            self._read_problem = f"{self.path} cannot be read: {error.strerror}."
            return Saved()
        try:
            saved, left_out = _parse(text)
            self.identity = _identity(text) or self.identity
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            self._set_aside(f"it is not what a host writes ({error})")
            return Saved()
        if left_out:
            self._set_aside(f"what it says of {', '.join(left_out)} cannot be understood")
        return saved

    def save(self, saved: Saved) -> None:
        """Replace the file; `problem` says if that was not possible."""
        if self._lock is None:
            self._take()
        if self._lock is None:
            return
        try:
            document = {"host": self.identity, **_document(saved)}
            _replace(self.path, json.dumps(document, indent=1).encode())
        except OSError as error:
            self._write_problem = (
                f"{self.path} cannot be written: {error.strerror}. "
                "What is served now will not be known after a restart of this process."
            )
        else:
            self._write_problem = ""

    def close(self) -> None:
        """Leave the file to the next host."""
        if self._lock is not None:
            with contextlib.suppress(OSError):
                self._lock.release()
            self._lock = None

    def let_go(self) -> None:
        """In a forked copy: do not keep the file from the next host."""
        if self._lock is not None:
            # Closed and not released: releasing would take it from the process it belongs to.
            descriptor = getattr(getattr(self._lock, "_context", None), "lock_file_fd", None)
            if descriptor is not None:
                with contextlib.suppress(OSError):
                    os.close(descriptor)

    def _take(self) -> None:
        """Take the first file that no living host has."""
        try:
            self._wish.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            for number in range(1, MOST_HOSTS + 1):
                suffix = f"-{number}" if number > 1 else ""
                path = self._wish.with_name(f"{self._wish.stem}{suffix}{self._wish.suffix}")
                lock = FileLock(path.with_suffix(".lock"), mode=0o600, thread_local=False)
                with contextlib.suppress(Timeout):
                    lock.acquire(timeout=0)
                    self.path, self._lock, self._write_problem = path, lock, ""
                    return
            why = f"{MOST_HOSTS} hosts have theirs already"
        except (OSError, NotImplementedError) as error:
            why = getattr(error, "strerror", None) or str(error)
        self._write_problem = (
            f"{self._wish} cannot be used: {why}. "
            "What is served now will not be known after a restart of this process."
        )

    def _set_aside(self, why: str) -> None:
        aside = self.path.with_name(f"{self.path.name}.broken")
        with contextlib.suppress(OSError):
            os.replace(self.path, aside)
        self._read_problem = f"{self.path} was set aside as {aside.name}: {why}."


def _replace(path: Path, content: bytes) -> None:
    handle, fresh = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, path)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(fresh)
        raise


def _document(saved: Saved) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "wanted": "running" if saved.running else "stopped",
        "models": [
            {
                "name": entry.model.name,
                "base_path": entry.model.base_path,
                "versions": entry.model.versions.words,
                "labels": dict(entry.model.labels),
                "owner": asdict(entry.owner) if entry.owner else None,
            }
            for entry in saved.entries
        ],
        "held": [each.document() for each in saved.held],
    }


def _identity(text: bytes) -> str:
    said = json.loads(text).get("host")  # files of older hosts have none
    return said if isinstance(said, str) else ""


def _parse(text: bytes) -> tuple[Saved, list[str]]:
    """Return what a file says, and the names of what in it cannot be understood."""
    said = json.loads(text)
    if said["format"] != FORMAT:
        raise ValueError(f"format {said['format']!r}, not {FORMAT}")
    left_out: list[str] = []
    entries = _each(said["models"], _entry, left_out)
    held = _each(said["held"], held_versions.read, left_out)
    return Saved(tuple(entries), tuple(held), said["wanted"] == "running"), left_out


def _each(
    items: Iterable[Mapping[str, Any]], read: Callable[[Mapping[str, Any]], T], left_out: list[str]
) -> list[T]:
    good = []
    for item in items:
        try:
            good.append(read(item))
        except (ValueError, KeyError, TypeError, AttributeError, ServingError):
            name = item.get("name") if isinstance(item, dict) else None
            left_out.append(repr(name if name is not None else item)[:80])
    return good


def _entry(said: Mapping[str, Any]) -> Entry:
    labels = {str(label): int(version) for label, version in said["labels"].items()}
    owner = said["owner"]
    model = Model(
        str(said["name"]), str(said["base_path"]), parse_versions(said["versions"]), labels
    )
    return Entry(model, Owner(str(owner["notebook"]), str(owner["kernel"])) if owner else None)
