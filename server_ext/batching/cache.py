"""Remembers what was measured, in files, so that a version that loads again is not measured again.

    DIRECTORY/batch-sizes/HASH.json    {"key": {...}, "sizes": {"serving_default": [64, 9.1]}}

HASH is of the key: the stamp of the version's files, the machine, TensorFlow, the settings of its
threads, the limits. An entry counts when its key is the same and its sizes are possible; whatever
else lies there is left aside, as is a directory that cannot be written to. Files are for their
owner alone and appear whole. Any thread of any process may call.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import platform
import tempfile
from collections.abc import Mapping
from pathlib import Path

from server_ext.batching.calibration import Best

log = logging.getLogger(__name__)

FOLDER = "batch-sizes"
MOST_FILES = 1000
MOST_BYTES = 64 * 1024
Key = Mapping[str, object]


class Cache:
    """The files in one directory."""

    def __init__(self, directory: str | Path) -> None:
        self._folder = Path(directory) / FOLDER

    def get(self, key: Key, largest: int) -> dict[str, Best]:
        """Return what is remembered by signature: sizes up to `largest`; nothing if none is."""
        file = self._file(key)
        try:
            with file.open("rb") as opened:
                text = opened.read(MOST_BYTES)
            return _sizes(json.loads(text), key, largest)
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            log.warning("%s is left aside, sizes are measured again: %r", file, error)
            return {}

    def put(self, key: Key, sizes: Mapping[str, Best]) -> None:
        """Remember sizes by signature."""
        file = self._file(key)
        entry = {"key": key, "sizes": {name: best[:2] for name, best in sizes.items()}}
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._forget()
            number, fresh = tempfile.mkstemp(dir=self._folder, prefix=".", suffix=".new")  # 0600
            try:
                with os.fdopen(number, "w", encoding="utf-8") as opened:
                    json.dump(entry, opened)
                os.replace(fresh, file)
            except BaseException:
                with contextlib.suppress(OSError):
                    os.unlink(fresh)
                raise
        except OSError as error:
            log.warning("Measured sizes of batches cannot be remembered: %s", error)

    def _file(self, key: Key) -> Path:
        text = json.dumps(key, sort_keys=True)
        return self._folder / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.json"

    def _forget(self) -> None:
        """Make room where too many files have come together: the older half goes."""
        files = list(self._folder.glob("*.json"))
        if len(files) < MOST_FILES:
            return
        for file in sorted(files, key=_modified)[: MOST_FILES // 2]:
            with contextlib.suppress(OSError):
                file.unlink()


def default_directory(environ: Mapping[str, str]) -> str:
    """Return where files of this kind belong: $XDG_CACHE_HOME, or ~/.cache."""
    base = environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):  # as its specification has it
        base = os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(base, "tfs-magics")


def machine() -> str:
    """Return what tells machines of another speed apart: processor and cores."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{_processor()}, {cores} of {os.cpu_count()} cores"


def _processor() -> str:
    with contextlib.suppress(OSError), open("/proc/cpuinfo", encoding="utf-8") as lines:
        for line in lines:
            name, _, value = line.partition(":")
            if name.strip() in ("model name", "Model", "cpu"):
                return f"{platform.machine()} {value.strip()}"
    return f"{platform.machine()} {platform.processor()}"


def _sizes(entry: dict[str, dict[str, object]], key: Key, largest: int) -> dict[str, Best]:
    """Read an entry.

    Raises:
        ValueError, TypeError, KeyError, AttributeError: it is not what `put` has written.
    """
    if entry["key"] != json.loads(json.dumps(key)):
        raise ValueError("it is of another key")
    sizes = {name: Best(*found) for name, found in entry["sizes"].items()}  # type: ignore[misc]
    for size, gain, _ in sizes.values():
        if type(size) is not int or not 1 <= size <= largest or not isinstance(gain, float):
            raise ValueError(f"a size is {size!r}, {gain!r}")
    return sizes


def _modified(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0
