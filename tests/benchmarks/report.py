"""Puts what was measured into words and tables, for the terminal and for RESULTS.md."""

from __future__ import annotations

from collections.abc import Sequence

from checks import check_list
from findings import Findings
from models import MODELS
from table import Row, figures, markdown, ratios, spread

HOW_TO_READ = """\
Medians of the rounds, with the lowest and the highest. `load` is the number of requests in flight; 512 are as
many connections, `mixed` is 64 in flight of 1 to 16 rows (a request counts once), `open` is 70 % of the rate
that the same server has just shown, whether answers come or not. The bare callable is TensorFlow alone in a
loop, one call after the other in each caller, and each row counts as a request. Memory is the sum over the
processes of a server. `transport alone` has the answer ready and never calls a model.
"""
JUDGED = """\
Ratios and differences are taken in each round, and the median counts. Judged is `ours-{}`. The share of time
outside TensorFlow is (CPU of the server per request - CPU of the bare callable per row) / CPU of the server per
request, with batching off, so that both run one row at a time, and as many callers as cores.
"""


def comparison(findings: Findings) -> str:
    """Return all of a run: the tables of each model, and at the end the targets."""
    parts = [HOW_TO_READ]
    for name in MODELS:
        if rows := [row for row in findings.rows if row.model == name]:
            parts.append(of_model(rows))
    if findings.starts:
        parts.append(_starts(findings))
    if findings.swaps:
        parts.append(_swaps(findings))
    if findings.failures:
        parts.append("### What is missing, and why")
        parts.append("\n".join(f"- {_short(line)}" for line in findings.failures))
    parts.append(
        f"### What must come out\n\n{JUDGED.format(findings.judged)}\n{check_list(findings)}"
    )
    return "\n\n".join(part.strip() for part in parts) + "\n"


def of_model(rows: Sequence[Row]) -> str:
    """Return the tables of one model."""
    parts = [f"### {MODELS[rows[0].model].about}", figures(rows)]
    if any(row.reference and row.samples for row in rows):
        parts += ["Divided by the reference of the same protocol, round by round:", ratios(rows)]
    return "\n\n".join(parts)


def _starts(findings: Findings) -> str:
    head = ["", "start to the first answer, s", "RSS then, MB", "RSS after load, MB"]
    body = [
        [key, *(spread(column) for column in zip(*starts, strict=True))]
        for key, starts in findings.starts.items()
    ]
    return f"### Start and memory, dense model\n\n{markdown(head, body)}"


def _swaps(findings: Findings) -> str:
    head = ["", "swaps", "requests answered", "failed", "seconds to the end of the old version"]
    head.append("within the load")
    body = [
        [
            key,
            str(len(swaps)),
            f"{sum(swap.answered for swap in swaps):,}",
            str(sum(swap.failed for swap in swaps)),
            spread(swap.seconds for swap in swaps),
            str(sum(swap.in_time for swap in swaps)),
        ]
        for key, swaps in findings.swaps.items()
    ]
    return f"### Swap of a version under full load, dense model\n\n{markdown(head, body)}"


def _short(text: str) -> str:
    return " ".join(text.split())[:300]
