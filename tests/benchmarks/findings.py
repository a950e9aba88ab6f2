"""All that a run has measured, and how to look it up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from table import Row, Sample


class Start(NamedTuple):
    """Seconds to the first answer; resident memory then, and after a load."""

    first_answer_s: float
    rss_mb: float
    loaded_rss_mb: float


class Swap(NamedTuple):
    """One swap under load: requests answered and failed, seconds until the old version was gone.

    `in_time` tells whether the load lasted until then.
    """

    answered: int
    failed: int
    seconds: float
    in_time: bool


@dataclass
class Findings:
    """The rows of all models, and by contender the starts of each round and the swaps.

    `failures` say what is missing, and why.
    `judged` is the mode of batching that the targets are about: auto where it exists.
    """

    judged: str
    rows: list[Row] = field(default_factory=list)
    starts: dict[str, list[Start]] = field(default_factory=dict)
    swaps: dict[str, list[Swap]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def row(self, model: str, key: str, protocol: str, load: str) -> Row | None:
        """Return what was measured so, None if it was not."""
        wanted = (model, key, protocol, load)
        for row in self.rows:
            if (row.model, row.key, row.protocol, row.load) == wanted and row.samples:
                return row
        return None


def compared(
    one: Row | None, other: Row | None, figure: Callable[[Sample, Sample], float]
) -> list[float] | None:
    """Return a figure of both for each round, None where one of them is missing."""
    if one is None or other is None:
        return None
    return [figure(*pair) for pair in zip(one.samples, other.samples, strict=True)]
