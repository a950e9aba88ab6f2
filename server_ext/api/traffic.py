"""Counts what was asked and how it ended: one place for dashboards and status pages.

    front end --answered()--> request_count, request_latency      every request, by model
    services  --served()----> runtime_latency                     the time inside of the model
                              version_request_count               those that reached a version
              --failed()----> version_request_count

Compatible with servables/tensorflow/util.cc (names, labels, limits); the count by version is ours.
Any thread may call.
"""

from __future__ import annotations

from threading import Lock
from typing import NamedTuple

from server_ext.errors import Code, ServingError
from server_ext.metrics import Joint, Registry, exponential

LATENCY_LIMITS_US = exponential(10, 1.8, 33)
EXAMPLE_LIMITS = exponential(1, 2, 15)
MAX_NAMES = 1000  # of models that failed requests name
MAX_NAME = 256


class Counts(NamedTuple):
    """Predictions a version answered since it was first asked: all of them, and the failed ones."""

    requests: int = 0
    errors: int = 0


class Refusal(NamedTuple):
    """Why a request was not answered."""

    code: Code
    reason: str


Request = tuple[str, int, float | Refusal]
"""A request: the model's name, the version, and the seconds it took, or why it failed."""


class Traffic:
    """Requests by model, entry point and version.

    Names come from clients. Those of models that have answered are always counted by name; of the
    others a bounded number, so that who asks for random names does not fill the memory.
    """

    def __init__(self, registry: Registry) -> None:
        serving = "/tensorflow/serving/"
        self._registry = registry
        self._requests = registry.counter(serving + "request_count", "model_name", "status")
        self._latency = registry.histogram(
            serving + "request_latency",
            *("model_name", "API", "entrypoint"),
            limits=LATENCY_LIMITS_US,
        )
        self._runtime = registry.histogram(
            serving + "runtime_latency",
            *("model_name", "API", "runtime"),
            limits=LATENCY_LIMITS_US,
        )
        self._versions = registry.counter(
            serving + "version_request_count", "model_name", "version", "status"
        )
        self._example_sizes = registry.histogram(
            serving + "request_example_counts", "model", limits=EXAMPLE_LIMITS
        )
        self._examples = registry.counter(serving + "request_example_count_total", "model")
        self._lock = Lock()
        self._names: set[str] = set()
        # Of those that were answered, by their labels: no more than models, versions and verbs.
        self._answered: dict[tuple[str, str, str], Joint] = {}
        self._served: dict[tuple[str, int, str], Joint] = {}

    def answered(self, name: str, code: Code, api: str, entrypoint: str, seconds: float) -> None:
        """Count one request; `seconds` are those from its arrival to its answer.

        `name` is empty where the request has none, `api` too for what is no inference.
        """
        if code is Code.OK:
            key = (name, api, entrypoint)
            joint = self._answered.get(key) or self._new_answered(key)
            joint.add(int(seconds * 1e6))
        else:
            self._requests.add((self._bounded(name), code.name))

    def served(self, name: str, version: int, api: str, seconds: float) -> None:
        """Count a request of this API that a version has answered, by a run of so long."""
        key = (name, version, api)
        joint = self._served.get(key) or self._new_served(key)
        joint.add(int(seconds * 1e6))

    def ran(self, name: str, api: str, seconds: float) -> None:
        """Count a run whose outputs were no answer."""
        self._runtime.observe((name, api, "TF1"), int(seconds * 1e6))

    def failed(self, name: str, version: int, error: ServingError) -> None:
        """Count a request that a version has not answered."""
        self._versions.add((name, str(version), error.code.name))

    def fetch(self) -> list[Request]:
        """Return the requests since the last time where they are kept, see recorded.py."""
        return []

    def examples(self, name: str, count: int) -> None:
        """Count the examples of one MultiInference (upstream counts no other's)."""
        self._example_sizes.observe((name,), count)
        self._examples.add((name,), count)

    def of(self, name: str, version: int) -> Counts:
        """Return the counts of one version; zeros when it was never asked."""
        counted = {code: self._versions.value((name, str(version), code.name)) for code in Code}
        requests = sum(counted.values())
        return Counts(requests, requests - counted[Code.OK])

    def _new_answered(self, key: tuple[str, str, str]) -> Joint:
        self._names.add(key[0])
        return self._answered.setdefault(
            key, self._registry.joint(self._requests, (key[0], "OK"), self._latency, key)
        )

    def _new_served(self, key: tuple[str, int, str]) -> Joint:
        name, version, api = key
        counted, observed = (name, str(version), "OK"), (name, api, "TF1")
        joint = self._registry.joint(self._versions, counted, self._runtime, observed)
        return self._served.setdefault(key, joint)

    def _bounded(self, name: str) -> str:
        """Return the name under which a failed request is counted: its own, or none."""
        with self._lock:
            if name in self._names:
                return name
            if len(name) > MAX_NAME or len(self._names) >= MAX_NAMES:
                return ""
            self._names.add(name)
            return name
