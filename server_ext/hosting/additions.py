"""What a host adds to what a server says of its models: counters, last versions, loads, the disk.

    told of models, samples, ends of runs --> Additions --versions(name, said)--> what is shown

Threads: whoever changes it holds the board's lock; each part is a value that is replaced as a
whole, so anybody reads.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from server_ext.hosting import ondisk
from server_ext.hosting.counters import Counters
from server_ext.hosting.lastversions import LastVersions
from server_ext.hosting.loadtimes import LoadTimes
from server_ext.hosting.ondisk import OnDisk

Said = Mapping[str, Any]
_NOT_LOADED = ("START", "LOADING")


class Additions:
    """Of all models. See the module for who may call what."""

    def __init__(self, disk: OnDisk) -> None:
        self.disk = disk
        self._counters = Counters()
        self._last = LastVersions()
        self._loads = LoadTimes()

    @property
    def remembers(self) -> bool:
        """Whether there are versions of a server that is gone."""
        return bool(self._last)

    def hear_models(self, changed: Iterable[Said], removed: Collection[str]) -> None:
        """Take what a server tells: it knows better than we remember."""
        told = {*removed}
        for model in changed:
            self._loads = self._loads.after(model)
            if _is_telling(model):
                told.add(model["name"])
        self._last = self._last.without(told)

    def hear_sample(self, sample: Said) -> None:
        """Take the counters."""
        self._counters = self._counters.after(sample)

    def run_is_over(self, models: Mapping[str, Said]) -> None:
        """Remember the versions of these models, which are all gone now."""
        gone = {
            name: {**each, "versions": self._counted(name, each)} for name, each in models.items()
        }
        self._last, self._counters = self._last.kept(gone, time.time()), Counters()

    def forget(self, names: Collection[str]) -> None:
        """Remember no version of these models."""
        self._last = self._last.without(names)

    def of(self, name: str, said: Said | None, *, coming: bool) -> dict[str, Any]:
        """Return versions of a model, those that a server had as far as it says nothing itself.

        They are `coming` back, or they have ended.
        """
        if said is not None and _is_telling(said):
            versions: Sequence[Said] = self._counted(name, said)
        else:
            versions = self._last.of(name, coming=coming)
        return {
            "versions": [self._expecting(name, each) for each in versions],
            "on_disk": ondisk.shown(self.disk.of(name)),
        }

    def _counted(self, name: str, said: Said) -> list[Said]:
        counters = self._counters
        return [counters.put_into(name, each) for each in said["versions"]]

    def _expecting(self, name: str, version: Said) -> dict[str, Any]:
        expected_s = None
        if version["state"] in _NOT_LOADED:
            size = self.disk.bytes_of(name, version["version"])
            expected_s = self._loads.expected_s(name, size)
        return {**version, "load_expected_s": expected_s}


def told(sample: Said) -> dict[str, Any]:
    """Return what of a sample is of use to others than the history."""
    versions = [
        {key: value for key, value in each.items() if key != "latencies"}
        for each in sample["versions"]
    ]
    return {**{key: value for key, value in sample.items() if key != "event"}, "versions": versions}


def _is_telling(said: Said) -> bool:
    """Tell whether a server has looked for the versions of a model, and not just heard of it."""
    return bool(said["versions"] or said.get("problem"))
