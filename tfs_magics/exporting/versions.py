"""Numbers the versions of a model and makes a new one visible in a single step.

    base/name/.export-1f0c…   written here: to a poller this name is no version
    base/name/4               os.rename: every file at once, or nothing

A number that exists is replaced by exchanging the two directories (renameat2 on Linux). Where the
kernel or the file system cannot do that, the old one is renamed away and the new one renamed in:
for microseconds there is no such version, and never half of one. A server that has the old files
loaded keeps them: TensorFlow Serving loads a version number once.

Threads and processes: any number may publish below the same directory; each gets its own number.
"""

from __future__ import annotations

import ctypes
import errno
import operator
import os
import re
import shutil
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from server_ext.errors import Code, FailedPrecondition, InvalidArgument, ServingError

LARGEST = 2**63 - 1
_NAME = re.compile(r"[A-Za-z0-9_.-]+")
_NUMBER = re.compile(r"[+-]?[0-9]+")
_TAKEN = {errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR}


def check_name(name: object) -> str:
    """Return a model's name if it is one: letters, digits, `_`, `.` and `-`; not `.` or `..`.

    Raises:
        InvalidArgument: it is something else; the message has the characters allowed.
    """
    if isinstance(name, str) and _NAME.fullmatch(name) and name not in {".", ".."}:
        return name
    raise InvalidArgument(
        f"model name {name!r} is not usable: it becomes a directory and a part of URLs; use "
        "letters, digits, '_', '.' and '-'"
    )


def check_version(version: Any) -> int:
    """Return a version number if it is one: an integer from 1 to 2**63 - 1, Python's or numpy's.

    Raises:
        InvalidArgument: it is not an integer, or outside of that range.
    """
    try:
        number = operator.index(version)
    except TypeError:
        number = 0
    if isinstance(version, bool) or not 1 <= number <= LARGEST:
        raise InvalidArgument(f"version {version!r} is not an integer from 1 to {LARGEST}")
    return number


def local_directory(base_path: str | os.PathLike[str]) -> Path:
    """Return a base path as an absolute local path; `~` and `file://` are understood.

    Raises:
        InvalidArgument: the path is a URL of another scheme.
    """
    text = os.fspath(base_path).removeprefix("file://")
    if "://" in text:
        raise InvalidArgument(
            f"cannot export to {text}: export to a local directory and copy it there"
        )
    return Path(os.path.abspath(os.path.expanduser(text)))


def numbers(parent: Path) -> dict[int, list[Path]]:
    """Return the versions below a model's directory: number -> directories that stand for it.

    A name counts when it parses as a signed 64-bit decimal; leading zeros, a sign and surrounding
    blanks are tolerated, so `007` is 7. An absent directory has no versions.

    Compatible with sources/storage_path/file_system_storage_path_source.cc of TensorFlow Serving.
    """
    found: dict[int, list[Path]] = {}
    with suppress(FileNotFoundError):
        for name in sorted(os.listdir(parent)):
            text = name.strip(" \t\n\v\f\r")
            if _NUMBER.fullmatch(text) and -LARGEST - 1 <= int(text) <= LARGEST:
                found.setdefault(int(text), []).append(parent / name)
    return found


def free_number(parent: Path, at_least: int | None = None) -> int:
    """Return a number no version has: the highest one plus 1, or the first from `at_least` on.

    Raises:
        FailedPrecondition: the highest version is the largest 64-bit integer.
    """
    taken = numbers(parent)
    number = max(max(taken, default=0), 0) + 1 if at_least is None else at_least
    while number in taken:
        number += 1
    if number > LARGEST:
        raise FailedPrecondition(f"{parent} has version {LARGEST}; there is no next number")
    return number


def existing(parent: Path, version: int, *, overwrite: bool) -> Path | None:
    """Return the directory that a version would replace; None when the number is free.

    Raises:
        ServingError: ALREADY_EXISTS, the version exists and `overwrite` is False;
            FAILED_PRECONDITION, two directories stand for it (`7` and `007`).
    """
    paths = numbers(parent).get(version, [])
    if len(paths) > 1:
        names = ", ".join(path.name for path in paths)
        raise FailedPrecondition(
            f"{parent} has version {version} more than once: {names}; remove one"
        )
    if paths and not overwrite:
        raise ServingError(
            f"version {version} exists in {parent}; leave the version out for the next number "
            f"({free_number(parent)}), or overwrite it",
            Code.ALREADY_EXISTS,
        )
    return paths[0] if paths else None


@contextmanager
def staging(parent: Path) -> Iterator[Path]:
    """Lend an empty hidden directory below `parent`; leave nothing behind that is not published.

    Whatever ends the block, what is still in the hidden directory is removed, and so are the
    directories above it that did not exist before and are empty.
    """
    created = [path for path in (parent, *parent.parents) if not path.exists()]
    hidden = parent / f".export-{uuid.uuid4().hex}"
    try:
        hidden.mkdir(parents=True)
        yield hidden
    finally:
        _remove(hidden)
        for path in created:
            with suppress(OSError):
                path.rmdir()


def publish_free(staged: Path, at_least: int | None = None) -> Path:
    """Rename a staged directory to a number no version has, also while others do the same.

    `at_least` is the first number to try; None takes the highest existing number plus 1.
    """
    while True:
        path = staged.parent / str(free_number(staged.parent, at_least))
        if _rename_to_free(staged, path):
            return path


def publish(staged: Path, version: int, *, overwrite: bool = False) -> Path:
    """Rename a staged directory to this number; with `overwrite`, in exchange for what is there.

    The replaced files are then where the staged ones were, for `staging` to remove.

    Raises:
        ServingError: ALREADY_EXISTS or FAILED_PRECONDITION as in `existing`.
    """
    old = existing(staged.parent, version, overwrite=overwrite)
    path = old or staged.parent / str(version)
    if old is not None:
        _swap(staged, old)
    elif not _rename_to_free(staged, path):
        return publish(staged, version, overwrite=overwrite)  # another exporter was first
    return path


def _rename_to_free(staged: Path, path: Path) -> bool:
    try:
        os.rename(staged, path)
    except OSError as error:
        if error.errno in _TAKEN:
            return False
        raise
    return True


def _swap(staged: Path, old: Path) -> None:
    if _exchange(staged, old):
        return
    aside = staged.with_name(f".replaced-{uuid.uuid4().hex}")
    os.rename(old, aside)
    try:
        os.rename(staged, old)
    finally:
        os.rename(aside, old if not old.exists() else staged)


def _exchange(one: Path, other: Path) -> bool:
    """Let two paths change places in one step; False where the system cannot."""
    if sys.platform != "linux":
        return False
    rename = getattr(ctypes.CDLL(None), "renameat2", None)
    if rename is None:
        return False
    here, exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE: linux/fcntl.h, linux/fs.h
    failed: int = rename(here, os.fsencode(one), here, os.fsencode(other), exchange)
    return failed == 0


def _remove(path: Path) -> None:
    if path.is_symlink() or path.is_file():
        path.unlink()
    else:
        shutil.rmtree(path, ignore_errors=True)
