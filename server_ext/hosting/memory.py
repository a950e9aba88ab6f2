"""How much memory a model server may take here, and how often the system had to end something.

cgroup v2, then v1, then the machine: whoever is asked first knows best. Functions; any thread may
call.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import psutil

_OOM_KILL = re.compile(r"^oom_kill (\d+)$", re.MULTILINE)


@lru_cache(maxsize=1)
def limit_bytes() -> int:
    """Return the memory of this machine, or what this process and its children may have of it."""
    return limit_below(Path("/"), int(psutil.virtual_memory().total))


def limit_below(root: Path, total_bytes: int) -> int:
    """Return the least limit of the control groups of this process, at most the total."""
    limits = [total_bytes]
    for directory in _groups(root):
        for name in ("memory.max", "memory.limit_in_bytes"):
            text = _text(directory / name).strip()  # `max` where there is no limit
            if text.isdigit() and int(text) > 0:
                limits.append(int(text))
    return min(limits)


def killed(root: Path = Path("/")) -> int | None:
    """Return how many processes were ended for want of memory so far; None if nobody counts."""
    for directory in _groups(root):
        for name in ("memory.events", "memory.oom_control"):
            if found := _OOM_KILL.search(_text(directory / name)):
                return int(found[1])
    found = _OOM_KILL.search(_text(root / "proc" / "vmstat"))
    return int(found[1]) if found else None


def _groups(root: Path) -> Iterator[Path]:
    """Yield the directories of this process's control groups that may bound memory, inner first."""
    mounted = root / "sys" / "fs" / "cgroup"
    for line in _text(root / "proc" / "self" / "cgroup").splitlines():
        _, controllers, inside = (*line.split(":", 2), "", "")[:3]
        if controllers not in ("", "memory"):
            continue
        top = mounted / controllers
        group = top / inside.lstrip("/")
        # In a container the path may be that of the machine, which is not mounted there.
        yield from (each for each in (group, *group.parents) if each == top or top in each.parents)


def _text(file: Path) -> str:
    with contextlib.suppress(OSError, UnicodeDecodeError):
        return file.read_text()
    return ""
