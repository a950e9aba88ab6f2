"""Which versions may load, where whoever started the server has a say; and what loads right now.

    make_loader --Admission--> Loader:  outside of the roots?  PERMISSION_DENIED
                                        held, and unchanged?   FAILED_PRECONDITION, with the reason
                                        else                   begins -> its load -> ended

What is refused has ended like any version that failed, and is tried again when its files change, or
what is held does: the stamp of a loader says both.

Threads: any thread may call; the rules are replaced as a whole.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Hashable, Iterable
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from server_ext.errors import FailedPrecondition, PermissionDenied, ServingError
from server_ext.lifecycle.servable import Loader, Servable
from server_ext.lifecycle.source import MakeLoader


class Held(NamedTuple):
    """A version that is not to be loaded, for a `reason`, as long as its files have this stamp."""

    name: str
    version: int
    stamp: str
    reason: str


class Rules(NamedTuple):
    """What is held, and the directories that models may come from; none of these: any."""

    held: tuple[Held, ...] = ()
    roots: tuple[str, ...] = ()


class Admission:
    """Makes loaders, which refuse what the `rules` forbid.

    `begins` hears of each load with the text of its stamp, right before; `ended` whether it was a
    success, after it.
    """

    def __init__(self, make_loader: MakeLoader) -> None:
        self._make_loader = make_loader
        self._rules = Rules()
        self.begins: Callable[[str, int, str], None] = lambda name, version, stamp: None
        self.ended: Callable[[str, int, bool], None] = lambda name, version, ok: None

    @property
    def rules(self) -> Rules:
        """What counts for loads from now on; what is loaded already stays."""
        return self._rules

    @rules.setter
    def rules(self, rules: Rules) -> None:
        self._rules = rules

    def __call__(self, name: str, version: int, path: str) -> Loader:
        """Make the loader of one version."""
        loader = self._make_loader(name, version, path)
        return replace(
            loader,
            load=partial(self._load, name, version, loader),
            stamp=partial(self._stamp, name, version, loader),
        )

    def _load(self, name: str, version: int, loader: Loader) -> Servable:
        stamp = repr(loader.stamp())
        refusal = self._refusal(name, version, loader.path, stamp)
        if refusal:
            raise refusal
        self.begins(name, version, stamp)
        ok = False
        try:
            servable = loader.load()
            ok = True
        finally:
            self.ended(name, version, ok)
        return servable

    def _stamp(self, name: str, version: int, loader: Loader) -> Hashable:
        stamp = loader.stamp()
        refusal = self._refusal(name, version, loader.path, repr(stamp))
        return stamp, refusal.message if refusal else None

    def _refusal(self, name: str, version: int, path: str, stamp: str) -> ServingError | None:
        rules = self._rules
        if rules.roots and (way := _way_out(path, rules.roots)):
            return PermissionDenied(
                f"{way} outside of the directories that models may come from, "
                f"{', '.join(rules.roots)}: move the model into one of them, or let whoever runs "
                "this server allow its directory"
            )
        for held in rules.held:
            if (held.name, held.version, held.stamp) == (name, version, stamp):
                return FailedPrecondition(held.reason)
        return None


def _way_out(path: str, roots: Collection[str]) -> str:
    """Say how a version's directory or a link in it leaves the roots; nothing when it does not."""
    real_roots = [os.path.realpath(root) for root in roots]
    real = os.path.realpath(path)
    if not _below(real, real_roots):
        return f"{path} is" if real == path else f"{path} is a link to {real}, which is"
    for directory, folders, files in os.walk(path):
        for name in (*folders, *files):
            entry = os.path.join(directory, name)
            if os.path.islink(entry):
                real = os.path.realpath(entry)
                if not _below(real, real_roots):
                    return f"{entry} is a link to {real}, which is"
    return ""


def _below(real: str, real_roots: Iterable[str]) -> bool:
    return any(real == root or real.startswith(os.path.join(root, "")) for root in real_roots)
