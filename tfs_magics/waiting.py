"""Decides from the server's own page whether a model that was asked for is up, and if not, why.

    what is on disk, what was asked --Goal--> judge(goal, page, seconds) --> Pending or Settled

The server looks at its configuration and at the directories once a second. What its page says in
the first moments may be older than the question, so bad news counts only after a while.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from server_ext.errors import Code, NotFound, ServingError
from server_ext.hosting.models import Model, found_versions
from server_ext.hosting.process import ServerFailed
from tfs_magics.ipython.notebook import Progress
from tfs_magics.views.numbers import whole_seconds
from tfs_magics.views.served import ServedVersion

POLL_S = 0.1
GRACE_S = 5.0
STALE_S = 2.5
CONFIG_S = 30.0
MOST_LINES = 4
_MOVING = ("START", "LOADING", "UNLOADING")


@dataclass(frozen=True)
class Goal:
    """A model to wait for: the versions on disk its policy chooses, none if that is not known.

    `stale` are versions that had failed before: their old failure is no answer yet. `absent` are
    versions asked for by number that are not on disk.
    """

    model: Model
    wanted: frozenset[int] = frozenset()
    stale: frozenset[int] = frozenset()
    absent: frozenset[int] = frozenset()


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


def goal(model: Model, before: Mapping[str, Any] | None) -> Goal:
    """Return what to wait for; `before` is the model's page as it was before the question."""
    found = found_versions(model.base_path)
    wanted = frozenset(model.versions.choose(found))
    absent = frozenset(model.versions.numbers) - found
    return Goal(model, wanted, failed_versions(before), absent)


def check_versions(goals: Sequence[Goal]) -> None:
    """Return if each model has at least one of the versions asked for by number.

    The server would unload what it serves of a model to look for versions that are not there.

    Raises:
        NotFound: a model has none of them.
    """
    for each in goals:
        if each.absent and not each.wanted:
            asked = ", ".join(map(str, sorted(each.absent)))
            there = ", ".join(map(str, sorted(found_versions(each.model.base_path)))) or "none"
            raise NotFound(
                f"{each.model.name} has no version {asked} in {each.model.base_path}. "
                f"Versions there: {there}."
            )


def wait(
    goals: Sequence[Goal],
    page: Callable[[], Mapping[str, Mapping[str, Any]] | None],
    progress: Progress,
    timeout_s: float | None,
) -> list[Settled]:
    """Look at the server's page, by model, until each model answers or cannot.

    A server without a page is starting: what it says counts from when it has one.

    Raises:
        ServingError: DEADLINE_EXCEEDED, it took longer than `timeout_s`; or what `page` raises.
    """
    began = up_since = time.monotonic()
    while True:
        waited_s = time.monotonic() - began
        models = page()
        if models is None:
            up_since = time.monotonic()
        heard_s = time.monotonic() - up_since
        judged = [judge(goal, (models or {}).get(goal.model.name), heard_s) for goal in goals]
        settled = [each for each in judged if isinstance(each, Settled)]
        if len(settled) == len(goals):
            return settled
        pending = ", ".join(each.what for each in judged if not isinstance(each, Settled))
        of = f"{len(settled) + 1} of {len(goals)}: " if len(goals) > 1 else ""
        progress.show("Loading", f"{of}{pending} · {whole_seconds(waited_s)}")
        if timeout_s is not None and waited_s > timeout_s:
            raise ServingError(
                f"Not up after {timeout_s:g} s: {pending}. They go on loading; "
                "%tfs_status shows how far they are.",
                Code.DEADLINE_EXCEEDED,
            )
        time.sleep(POLL_S)


def not_up(settled: Sequence[Settled], log: Sequence[str]) -> ServerFailed:
    """Return why nothing that was asked for answers, with what the log says of it."""
    reasons = []
    for each in settled:
        for version in each.versions:
            title = version.name if version.version is None else f"{version.name} {version.version}"
            reasons.append(
                f"{title} is not served: {version.reason.rstrip('.')}."
                if version.reason
                else f"{title} goes on serving."
            )
    names = {version.name for each in settled for version in each.versions}
    about = [line for line in log if any(name in line for name in names)]
    error = ServerFailed("\n".join(reasons), about[-MOST_LINES:])
    error.code = Code.FAILED_PRECONDITION
    return error


def judge(goal: Goal, entry: Mapping[str, Any] | None, waited_s: float) -> Pending | Settled:
    """Return how it stands; `entry` is the model's part of GET /v1/server, None without one."""
    name = goal.model.name
    if entry is None or not _is_current(goal.model, entry):
        if waited_s < CONFIG_S:
            return Pending(name)
        return _nothing(name, "the server did not take up its new configuration")
    listed = {item["version"]: item for item in entry["versions"]}
    if goal.absent and not goal.wanted:
        asked = ", ".join(str(version) for version in sorted(goal.absent))
        return _nothing(name, f"{goal.model.base_path} has no version {asked}")
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
        or (not _lies_in(listed[version], goal.model) and waited_s < STALE_S)
        or (_was_unloaded(listed[version]) and waited_s < GRACE_S)  # and is wanted again
        or (version in goal.stale and listed[version]["error"] and waited_s < STALE_S)
    }
    if moving:
        return Pending(_titled(name, moving))
    settled = _settled(name, entry["problem"], wanted, listed)
    absent = [
        ServedVersion(name, version, f"{goal.model.base_path} has no such version")
        for version in sorted(goal.absent, reverse=True)
    ]
    return Settled((*settled.versions, *absent))


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


def _lies_in(item: Mapping[str, Any], model: Model) -> bool:
    """Tell whether a version is of the model's directory, not of one that it had before.

    It stays loaded where the files are the same.
    """
    path = item.get("path")
    return not path or os.path.realpath(os.path.dirname(path)) == os.path.realpath(model.base_path)


def _was_unloaded(item: Mapping[str, Any]) -> bool:
    return bool(item["state"] == "END" and not item["error"])


def _is_current(model: Model, entry: Mapping[str, Any]) -> bool:
    """Tell whether the server's page speaks of the model as it is configured now."""
    same_place = os.path.realpath(entry["base_path"]) == os.path.realpath(model.base_path)
    return bool(entry["policy"] == model.versions.text and same_place)
