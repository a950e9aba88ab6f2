"""Tells things in a forked copy of the process that they are copies.

No thread of ours runs there, a lock may be held by nobody, and a descriptor that stays open keeps
alive what it belongs to.
"""

from __future__ import annotations

import os
import weakref
from typing import Protocol

from server_ext.errors import FailedPrecondition


class Origin:
    """The process that something belongs to. Any thread may ask."""

    def __init__(self) -> None:
        self._pid = os.getpid()

    @property
    def here(self) -> bool:
        """Whether this is that process, and no forked copy of it."""
        return os.getpid() == self._pid

    def check(self) -> None:
        """Return if this is that process.

        Raises:
            FailedPrecondition: it is a forked copy.
        """
        if not self.here:
            raise FailedPrecondition(
                f"The model server belongs to process {self._pid}, which forked this one. "
                "Ask for that there."
            )


class Forkable(Protocol):
    """Something that has threads, locks or descriptors."""

    def let_go(self) -> None:
        """In a copy: close descriptors, make locks anew. Must not wait for anything."""
        ...


_living: weakref.WeakSet[Forkable] = weakref.WeakSet()


def follow(thing: Forkable) -> None:
    """Have `let_go` of a thing called in each copy, as long as the thing lives."""
    _living.add(thing)


def _after_fork() -> None:
    for thing in list(_living):
        thing.let_go()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
