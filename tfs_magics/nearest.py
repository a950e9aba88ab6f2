"""Finds what was probably meant by a name that does not exist."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def suggestion(word: str, known: Iterable[str], *, label: str = "") -> str:
    """Return ` Did you mean X?`, else what there is if it is little, else nothing.

    `label` names the known words in the plural: ` Models served: a, b.`
    """
    names = sorted(known)
    by_folded = {name.casefold(): name for name in names}
    close = difflib.get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.6)
    if close:
        return f" Did you mean {by_folded[close[0]]}?"
    if label and 0 < len(names) <= 8:
        return f" {label}: {', '.join(names)}."
    return ""
