"""What batching counts about itself, for dashboards.

Compatible with batching/batching_session.cc (names, labels, limits); what is marked as ours is not
there. Any thread may call.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence

from server_ext.batching.task import Task
from server_ext.metrics import Labels, Registry, exponential

QUEUING_LIMITS_US = exponential(100, 1.2, 52)
SIZE_LIMITS = exponential(1, 2, 14)


MAX_KEPT = 100_000
"""Batches that are kept if nobody fetches them; of more, the newest."""

Version = tuple[str, int]


class Counts:
    """The metrics of one scheduler; `queued` returns the requests that wait now, by model.

    With `recording` each batch is kept until somebody fetches it, for figures of the last second.
    """

    def __init__(
        self,
        registry: Registry,
        pool_name: str,
        queued: Callable[[], Mapping[Labels, int]],
        *,
        recording: bool = False,
    ) -> None:
        self._recent: deque[tuple[Version, int]] | None = None
        if recording:
            self._recent = deque(maxlen=MAX_KEPT)
        session = "/tensorflow/serving/batching_session/"
        self._pool = (pool_name,)
        self._queuing = registry.histogram(
            session + "queuing_latency", "thread_pool_name", limits=QUEUING_LIMITS_US
        )
        self._runs = registry.counter(session + "wrapped_run_count")
        self._padding = registry.histogram(
            session + "padding_size", "execution_batch_size", limits=SIZE_LIMITS
        )
        self._input = registry.histogram(session + "input_batch_size", limits=SIZE_LIMITS)
        self._processed = registry.histogram(session + "processed_batch_size", limits=SIZE_LIMITS)
        self._alone = registry.counter(session + "requests_run_alone", "model_name")  # ours
        registry.gauge(session + "queued_requests", "model_name", read=queued)  # ours

    def waited(self, tasks: Sequence[Task]) -> None:
        """Count how long tasks have waited until now."""
        now = time.monotonic()
        self._queuing.observe_all(self._pool, [int((now - task.came) * 1e6) for task in tasks])

    def ran(self, version: Version, tasks: Sequence[Task], rows: int, filling: int) -> None:
        """Count a run of these tasks with so many rows, some of which only fill it up."""
        if self._recent is not None:
            self._recent.append((version, rows - filling))
        self._runs.add()
        self._padding.observe((str(rows),), filling)
        self._processed.observe((), rows)
        self._input.observe_all((), [task.rows for task in tasks for _ in task.arrays])

    def fetch(self) -> list[tuple[Version, int]]:
        """Return version and rows of the batches that were kept since the last time."""
        recent = self._recent
        return [recent.popleft() for _ in range(len(recent))] if recent else []

    def ran_alone(self, model: str) -> None:
        """Count a request that runs again by itself, as its batch has failed."""
        self._alone.add((model,))
