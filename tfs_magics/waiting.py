"""Decides from the server's own page whether a model that was asked for is up, and if not, why.

    what is on disk, what was asked --Goal-->  judge(goal, page, seconds)  --> Pending or Settled

The server looks at its configuration and at the directories once a second. What its page says in
the first moments may be older than the question, so bad news counts only after GRACE_S.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tfs_magics.modelfile import Model
from tfs_magics.views.served import ServedVersion

GRACE_S = 5.0
CONFIG_S = 30.0
_MOVING = ("START", "LOADING", "UNLOADING")


@dataclass(frozen=True)
class Goal:
    """A model to wait for: the versions on disk its policy chooses, none if that is not known.

    `stale` are versions that had failed before: their old failure is no answer yet.
    """

    model: Model
    wanted: frozenset[int] = frozenset()
    stale: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Pending:
    """Not decided yet; `what` is being waited for."""

    what: str


@dataclass(frozen=True)
class Settled:
    """Decided: each wanted version answers or has a reason why not."""

    versions: tuple[ServedVersion, ...]

    @property
    def ok(self) -> bool:
        """Whether anything that was asked for answers."""
        return any(not version.reason and version.wanted for version in self.versions)


def failed_versions(entry: Mapping[str, Any] | None) -> frozenset[int]:
    """Return the versions of a model that the server's page shows as failed."""
    if entry is None:
        return frozenset()
    return frozenset(item["version"] for item in entry["versions"] if item["error"])


def judge(goal: Goal, entry: Mapping[str, Any] | None, waited_s: float) -> Pending | Settled:
    """Return how it stands; `entry` is the model's part of GET /v1/server, None without one."""
    name = goal.model.name
    if entry is None or not _is_current(goal.model, entry):
        if waited_s < CONFIG_S:
            return Pending(name)
        return _nothing(name, "the server did not take up its new configuration")
    listed = {item["version"]: item for item in entry["versions"]}
    wanted = goal.wanted or frozenset(listed)
    if not wanted and (entry["problem"] or waited_s > GRACE_S):
        return _nothing(name, entry["problem"] or f"{goal.model.base_path} has no version yet")
    unlisted = wanted - listed.keys()
    if not wanted or (unlisted and waited_s < GRACE_S):
        return Pending(_titled(name, unlisted))
    moving = {
        version
        for version in wanted - unlisted
        if listed[version]["state"] in _MOVING
        or (version in goal.stale and listed[version]["error"] and waited_s < GRACE_S)
    }
    if moving:
        return Pending(_titled(name, moving))
    return _settled(name, entry["problem"], wanted, listed)


def _settled(
    name: str, problem: str | None, wanted: frozenset[int], listed: Mapping[int, Mapping[str, Any]]
) -> Settled:
    versions = []
    for version in sorted(wanted, reverse=True):
        item = listed.get(version)
        if item is None:
            reason = problem or "the server does not find it"
            versions.append(ServedVersion(name, version, reason))
        elif item["state"] == "AVAILABLE":
            versions.append(ServedVersion(name, version, load_seconds=item["load_seconds"]))
        else:
            error = item["error"]
            versions.append(
                ServedVersion(name, version, error["message"] if error else "it was unloaded")
            )
    if all(version.reason for version in versions):
        versions += [
            ServedVersion(name, version, load_seconds=item["load_seconds"], wanted=False)
            for version, item in listed.items()
            if item["state"] == "AVAILABLE" and version not in wanted
        ]
    return Settled(tuple(versions))


def _nothing(name: str, reason: str) -> Settled:
    return Settled((ServedVersion(name, None, reason),))


def _titled(name: str, versions: frozenset[int] | set[int]) -> str:
    return f"{name} {max(versions)}" if versions else name


def _is_current(model: Model, entry: Mapping[str, Any]) -> bool:
    """Tell whether the server's page speaks of the model as it is configured now."""
    same_place = os.path.realpath(entry["base_path"]) == os.path.realpath(model.base_path)
    return bool(entry["policy"] == model.versions.text and (same_place or "://" in model.base_path))
