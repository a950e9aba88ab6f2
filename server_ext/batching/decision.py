"""Whether a version is batched, up to how many rows, and why: for its queues, status and metrics.

    Decision   of a version    -> parameters of its queues, or none
    Verdict    of a signature  -> a word for metrics, a reason for people

Immutable values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from server_ext.batching.parameters import Parameters
from server_ext.lifecycle.servable import Signature
from server_ext.metrics import Registry

BATCHED = "batched"


class Verdict(NamedTuple):
    """What auto mode says of one signature: `kind` is BATCHED or what is against it.

    Other kinds: `shape`, `state`, `loop`, `compiled`, `untried`, `failed`, `slow`, `unsteady`,
    `no_rows`, `mixes_rows`, `constant`, `no_gain`, `late`, `bug`.
    """

    kind: str
    reason: str

    @property
    def batched(self) -> bool:
        """Whether requests for it run together."""
        return self.kind == BATCHED


class Shown(NamedTuple):
    """Which tensors were shown to be computed row by row: from these feeds, these fetches."""

    tensors: Mapping[frozenset[str], frozenset[str]]

    @classmethod
    def of(cls, signatures: Sequence[Signature]) -> Shown:
        """Take the tensors of signatures that were tried out, each with all its inputs."""
        tensors: dict[frozenset[str], frozenset[str]] = {}
        for signature in signatures:
            feeds = frozenset(spec.name for spec in signature.inputs.values())
            fetches = frozenset(spec.name for spec in signature.outputs.values())
            tensors[feeds] = tensors.get(feeds, frozenset()) | fetches
        return cls(tensors)

    def covers(self, signature: Signature, given: Sequence[str], outputs: Sequence[str]) -> bool:
        """Tell whether a request for these aliases is one of what was shown."""
        if len(given) < len(signature.inputs):
            return False  # a default takes part, which has not
        feeds = frozenset(signature.inputs[alias].name for alias in given)
        fetches = self.tensors.get(feeds, frozenset())
        return all(signature.outputs[alias].name in fetches for alias in outputs)


class Decision(NamedTuple):
    """How requests for a version are batched: by `parameters`, or not at all; and why.

    In auto mode there are `signatures` by name, and what was `shown` of them.
    """

    parameters: Parameters | None
    reason: str
    signatures: Mapping[str, Verdict] | None = None
    shown: Shown | None = None

    @property
    def largest(self) -> int:
        """How many rows may run together; 0 where none do."""
        return self.parameters.max_execution_batch_size if self.parameters else 0

    def description(self) -> dict[str, Any]:
        """Return it for status pages."""
        page: dict[str, Any] = {
            "mode": "on" if self.parameters else "off",
            "max_batch_size": self.largest or None,
            "reason": self.reason,
        }
        if self.signatures is not None:
            page["signatures"] = {
                name: {"mode": "on" if verdict.batched else "off", "reason": verdict.reason}
                for name, verdict in self.signatures.items()
            }
        return page


def within(limits: Parameters, size: int) -> Parameters:
    """Return the parameters for batches of this size; as many rows may wait as the limits allow."""
    rows = limits.max_enqueued_batches * limits.max_execution_batch_size
    return replace(
        limits,
        max_batch_size=size,
        max_execution_batch_size=size,
        max_enqueued_batches=-(-rows // size),
        allowed_batch_sizes=tuple(n for n in limits.allowed_batch_sizes if n <= size),
        pad_variable_length_inputs=False,  # what is filled up is not what was shown
        split=False,
    )


Decisions = Callable[[], Mapping[tuple[str, int], Decision]]


def register(registry: Registry, read: Decisions) -> None:
    """Make the gauges for decisions, which are read by model and version; ours."""
    batching = "/tensorflow/serving/batching_session/"
    registry.gauge(
        batching + "max_batch_size",
        *("model_name", "version"),
        read=lambda: {(n, str(v)): decision.largest for (n, v), decision in read().items()},
    )
    registry.gauge(
        batching + "decision",
        *("model_name", "version", "signature_name", "decision"),
        read=lambda: {
            (n, str(v), name, verdict.kind): 1
            for (n, v), decision in read().items()
            for name, verdict in (decision.signatures or {}).items()
        },
    )
