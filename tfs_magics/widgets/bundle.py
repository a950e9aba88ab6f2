"""The part of the widgets that a browser runs; js/widgets.mjs builds it."""

from __future__ import annotations

import gzip
import hashlib
from functools import cache
from pathlib import Path
from typing import NamedTuple

STATIC = Path(__file__).parent / "static"
_MISSING = (
    "The widgets were left out when tfs-magics was built (TFS_SKIP_JS): {} is missing. "
    "`pip install .` without TFS_SKIP_JS, or `jlpm build:prod` in js/, builds them."
)


class Bundle(NamedTuple):
    """`loader` goes with each widget; `code`, gzipped, goes to a page once, known by `digest`."""

    loader: str
    code: bytes
    digest: str


@cache
def bundle() -> Bundle:
    """Return what was built.

    Raises:
        ImportError: nothing was.
    """
    try:
        loader = (STATIC / "loader.js").read_text(encoding="utf-8")
        code = (STATIC / "views.js").read_bytes()
    except FileNotFoundError as error:
        raise ImportError(_MISSING.format(error.filename)) from None
    return Bundle(loader, gzip.compress(code, mtime=0), hashlib.sha256(code).hexdigest()[:16])
