"""Decides what happens next to the versions of one model.

    [(version, state, aspired), ...]  -->  load this one | unload that one | nothing

Pure functions: the manager asks again after every change until the answer is None. Either policy
offers aspired versions for loading from the highest down; they differ in what an unload waits for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum, IntEnum
from typing import NamedTuple


class State(IntEnum):
    """Where a version is in its life; it only ever moves forward.

    The numbers are those of tensorflow.serving.ModelVersionStatus.State.
    """

    START = 10
    LOADING = 20
    AVAILABLE = 30
    UNLOADING = 40
    END = 50


class Version(NamedTuple):
    """What a policy sees of one version; `aspired` means that the source wants it loaded."""

    version: int
    state: State
    aspired: bool


class Kind(Enum):
    """What a policy can ask for."""

    LOAD = "load"
    UNLOAD = "unload"


class Action(NamedTuple):
    """Load a version that is in START, or unload one that is AVAILABLE."""

    kind: Kind
    version: int


Policy = Callable[[Sequence[Version]], Action | None]


def availability_preserving(versions: Sequence[Version]) -> Action | None:
    """Keep a model answering: the old version goes only when a new one is AVAILABLE.

    A version no longer aspired is unloaded when an aspired one is AVAILABLE, when nothing is
    aspired, or when a higher one that is no longer aspired either still answers. So a new version
    that fails to load never displaces the old one. For a while both are in memory.

    Compatible with core/availability_preserving_policy.cc.
    """
    aspired = [entry for entry in versions if entry.aspired]
    surplus = _surplus(versions)
    replaced = not aspired or any(entry.state is State.AVAILABLE for entry in aspired)
    if surplus and (replaced or len(surplus) > 1):
        return Action(Kind.UNLOAD, min(surplus))
    return _load_highest(aspired)


def resource_preserving(versions: Sequence[Version]) -> Action | None:
    """Keep memory low: load nothing until every version no longer aspired has ended.

    Old and new are never in memory together; in between the model does not answer.

    Compatible with core/resource_preserving_policy.cc.
    """
    surplus = _surplus(versions)
    if surplus:
        return Action(Kind.UNLOAD, min(surplus))
    if any(not entry.aspired and entry.state is not State.END for entry in versions):
        return None
    return _load_highest([entry for entry in versions if entry.aspired])


def _surplus(versions: Sequence[Version]) -> list[int]:
    return [v.version for v in versions if v.state is State.AVAILABLE and not v.aspired]


def _load_highest(aspired: Sequence[Version]) -> Action | None:
    waiting = [entry.version for entry in aspired if entry.state is State.START]
    return Action(Kind.LOAD, max(waiting)) if waiting else None
