"""Decides as a version loads whether its requests run together: --batching=auto.

    each signature --has rows? keeps no state?--> trials --rows are independent--> measured
                                                                                      |
    a version is batched, up to the smallest of the sizes <--faster than single rows--+

Nothing is batched that was not shown to be safe, and none that would be slower. What cannot be
shown or tried is not batched, and its status says so; a load never fails for it.

Threads: those that load.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

from server_ext.batching import calibration, feeds, invariance
from server_ext.batching.cache import Cache, Key, machine
from server_ext.batching.calibration import BUDGET_S, Bench, Best, Clock
from server_ext.batching.decision import BATCHED, Decision, Shown, Verdict, within
from server_ext.batching.feeds import Feed
from server_ext.batching.invariance import INCONCLUSIVE, Refuted, Trials
from server_ext.batching.parameters import Parameters
from server_ext.errors import ServingError
from server_ext.lifecycle.servable import DEFAULT_SIGNATURE, Loader, Servable, Signature

if TYPE_CHECKING:
    from server_ext.lifecycle.servable import Array

log = logging.getLogger(__name__)

TRIALS_S = 5.0
"""Time for the trials of all signatures of a version; what is left then is not batched."""

ALIKE = 4
"""How many times larger the batches of a version may be than the best of one of its signatures."""

MOST_RECORDS = 100

Record = tuple[Signature, Mapping[str, "Array"]]
Records = Callable[[str, int, str, Servable], Iterable[Record]]
"""Returns the requests that a version comes with, by name, version, path and servable."""


class Runtime(NamedTuple):
    """What computes: `name` tells apart what measures differently, `stays` whether a run stays on
    the thread that asks for it.
    """

    name: str
    stays: bool


class _Proof(NamedTuple):
    """A signature whose rows are independent, and what has shown it."""

    trials: Trials
    feed: Feed
    alone: Sequence[invariance.Answers]
    bench: Bench


class Auto:
    """The decisions of one server; `threads` run batches at a time."""

    def __init__(self, records: Records, cache: Cache, runtime: Runtime, threads: int) -> None:
        self._records = records
        self._cache = cache
        self._runtime = runtime
        self._clock = Clock.of(runtime.stays, threads)
        self._machine = machine()
        self._measuring = Lock()  # two at a time would measure each other

    def decide(
        self, name: str, version: int, loader: Loader, servable: Servable, limits: Parameters
    ) -> Decision:
        """Try a version out and return how its requests are batched, within `limits`; logs it."""
        began = time.monotonic()
        try:
            decision = self._decide(name, version, loader, servable, limits)
        except Exception:  # whatever it is, it is no reason not to serve the version
            log.exception("%s version %d is not batched: a trial has failed", name, version)
            verdict = Verdict("bug", "the trials have failed; the server's log says how")
            return Decision(None, verdict.reason, {s.name: verdict for s in _in_order(servable)})
        how = f"batched up to {decision.largest} rows" if decision.largest else "not batched"
        log.info(
            "%s version %d is %s: %s; decided in %.2f s",
            *(name, version, how, decision.reason, time.monotonic() - began),
        )
        return decision

    def _decide(
        self, name: str, version: int, loader: Loader, servable: Servable, limits: Parameters
    ) -> Decision:
        records = self._rows(name, version, loader.path, servable)
        verdicts: dict[str, Verdict] = {}
        proofs: dict[str, _Proof] = {}
        deadline = time.monotonic() + TRIALS_S
        for signature in _in_order(servable):
            if time.monotonic() > deadline:
                verdicts[signature.name] = Verdict("late", "the trials of others took all the time")
                continue
            found = _try(servable, signature, records.get(signature.name, []), limits)
            if isinstance(found, Verdict):
                verdicts[signature.name] = found
            else:
                proofs[signature.name] = found
        sizes: dict[str, Best] = {}
        if proofs:
            with self._measuring:
                sizes = self._sizes(loader, limits, proofs)
        verdicts |= {name: _judged(proof, sizes[name]) for name, proof in proofs.items()}
        return _decision(servable, verdicts, sizes, limits)

    def _rows(
        self, name: str, version: int, path: str, servable: Servable
    ) -> dict[str, list[Mapping[str, Array]]]:
        """Return the inputs of the records, by signature."""
        rows: dict[str, list[Mapping[str, Array]]] = {}
        for count, (signature, inputs) in enumerate(self._records(name, version, path, servable)):
            if count == MOST_RECORDS:
                break
            rows.setdefault(signature.name, []).append(feeds.head(inputs))
        return rows

    def _sizes(
        self, loader: Loader, limits: Parameters, proofs: Mapping[str, _Proof]
    ) -> dict[str, Best]:
        """Return the best size of each signature: as remembered if it is still so, or measured."""
        key: Key = {
            "stamp": repr(loader.stamp()),
            "machine": self._machine,
            "runtime": self._runtime.name,
            "threads": self._clock.threads,
            "largest": limits.max_execution_batch_size,
            "allowed": list(limits.allowed_batch_sizes),
        }
        remembered = self._cache.get(key, limits.max_execution_batch_size)
        candidates = calibration.doubling(
            limits.max_execution_batch_size, limits.allowed_batch_sizes
        )
        sizes: dict[str, Best] = {}
        measured = False
        for name, proof in proofs.items():
            best = remembered.get(name)
            fitting = [n for n in candidates if n == 1 or n <= proof.bench.most_rows]
            if best is None or best.size not in fitting or not _holds(proof, best, self._clock):
                best = calibration.best_size(
                    proof.bench.run, fitting, self._clock, BUDGET_S / len(proofs)
                )
                measured = True
            sizes[name] = best
        if measured and all(best.sure for best in sizes.values()):
            self._cache.put(key, sizes)
        return sizes


def _holds(proof: _Proof, best: Best, clock: Clock) -> bool:
    try:
        return calibration.confirmed(proof.bench.run, best, clock)
    except ServingError:
        return False


def _in_order(servable: Servable) -> list[Signature]:
    """Return the signatures that requests may name, the usual one first."""
    signatures = [s for name, s in servable.signatures.items() if not name.startswith("__")]
    return sorted(signatures, key=lambda signature: signature.name != DEFAULT_SIGNATURE)


def _try(
    servable: Servable,
    signature: Signature,
    records: Sequence[Mapping[str, Array]],
    limits: Parameters,
) -> Verdict | _Proof:
    """Return what shows that the rows of a signature are independent, or what is against it."""
    unfit = invariance.unfit(signature)
    if unfit:
        return Verdict("shape", unfit)
    hazards = servable.hazards(signature)
    if hazards.state:
        return Verdict(
            "state", f"its operation {hazards.state} may keep a state or draw random numbers"
        )
    if hazards.compiled and not limits.allowed_batch_sizes:
        return Verdict(
            "compiled", f"XLA would compile its {hazards.compiled} anew for each size of a batch"
        )
    recorded, sizes = feeds.of_records(signature, records)
    if hazards.loop and recorded is None:
        return Verdict(
            "loop",
            f"its loop ({hazards.loop}) may not end on made-up inputs, and it has no records",
        )
    trials = Trials(servable, signature)
    shown = trials.show([[recorded]] if recorded else [])
    if shown.kind in INCONCLUSIVE and not hazards.loop:
        shown = trials.show(feeds.iterate(signature, sizes))
    elif not shown.kind and not hazards.loop:  # records may be all alike: what else is there?
        made_up = trials.show(feeds.iterate(signature, sizes))
        shown = made_up if made_up.kind and made_up.kind not in INCONCLUSIVE else shown
    if shown.kind or shown.feed is None:
        return Verdict(shown.kind, shown.reason)
    bench = Bench(servable, signature, shown.feed, shown.alone)
    return _Proof(trials, shown.feed, shown.alone, bench)


def _judged(proof: _Proof, best: Best) -> Verdict:
    """Compare the rows of a batch of the best size with what they gave alone, as the last trial."""
    if best.size == 1:
        return Verdict("no_gain", "larger batches are not faster than single rows, as was measured")
    rows = feeds.rows_of(proof.feed)
    try:
        proof.trials.compare(proof.feed, [n % rows for n in range(best.size)], proof.alone)
    except Refuted as refuted:
        return Verdict(refuted.kind, str(refuted))
    return Verdict(
        BATCHED,
        "its rows do not depend on each other, as was shown, and "
        f"{best.size} together are {best.gain:.1f} times as fast as single ones",
    )


def _decision(
    servable: Servable,
    verdicts: dict[str, Verdict],
    sizes: Mapping[str, Best],
    limits: Parameters,
) -> Decision:
    """Return the decision for a version: the first signature that is batched says the size."""
    names = [signature.name for signature in _in_order(servable)]
    batched = [name for name in names if verdicts[name].batched]
    if not names:
        return Decision(None, "it has no signature", verdicts)
    if not batched:
        return Decision(None, f"signature '{names[0]}': {verdicts[names[0]].reason}", verdicts)
    size = sizes[batched[0]].size
    for name in batched:
        if size > ALIKE * sizes[name].size:
            reason = f"its batches are best at {sizes[name].size} rows, other than those of "
            verdicts[name] = Verdict("no_gain", reason + f"'{batched[0]}'")
    batched = [name for name in batched if verdicts[name].batched]
    reason = verdicts[batched[0]].reason
    if len(batched) < len(names):
        reason = f"{len(batched)} of {len(names)} signatures, such as '{batched[0]}': {reason}"
    shown = Shown.of([servable.signatures[name] for name in batched])
    return Decision(within(limits, size), reason, verdicts, shown)
