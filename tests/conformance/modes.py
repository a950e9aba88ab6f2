"""Which cases have another answer with --batching=on, and which one: that of the rules in 6.

TensorFlow Serving refuses in batches what its own models answer without them. Mode auto has none of
this: what it batches is answered as without batches, and all else is not batched.
"""

from __future__ import annotations

import os

from casefile import Case

MODE = os.environ.get("BATCHING_MODE", "off")
"""The mode of servers whose configuration says nothing about it."""

# 6.2/rows-of-outputs and 6.2/scalar-output: an output has a row for each row of the inputs.
WITHOUT_ROWS = {
    *("4.4/number-of-classes", "4.4/number-of-scores", "4.4/rows-of-classes", "4.4/rows-of-scores"),
    *("4.5/number-of-values", "4.5/one-row", "5.5/as-it-is", "5.5/empty-lists", "5.5/one-row-more"),
    *("5.6/columns-of-several-outputs", "5.6/layout-of-no-rows", "5.6/no-rows"),
    *("5.6/outputs-of-other-sizes", "5.6/repeated-scalars", "5.6/scalar-column"),
    *("5.6/scalar-has-no-rows", "5.7/no-results"),
}
TOO_MANY_ROWS = {"5.2/gzip-response", "5.2/plain-response"}  # 6.3/too-many-rows: they have 1001
REFUSALS = dict.fromkeys(WITHOUT_ROWS, "Batched output tensor") | dict.fromkeys(
    TOO_MANY_ROWS, "larger than maximum input batch size 1000"
)


def refused(case: Case, mode: str, words: str) -> bool:
    """Tell whether an error is what a case gets in batches instead of its answer."""
    return mode == "on" and case.id in REFUSALS and REFUSALS[case.id] in words
