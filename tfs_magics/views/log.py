"""Shows the last lines of the server's log: %tfs_logs."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tfs_magics.views.markup import Markup, element, head, join, muted
from tfs_magics.views.numbers import plural
from tfs_magics.views.view import View

# `2026-11-21 12:50:07,123 ERROR name: ...` of logging, `E0000 ...` and `...: E external/` of TF
_LEVEL = re.compile(r"\b(WARNING|ERROR|CRITICAL|FATAL)\b|(?:^|: )([EWF])(?:\d{4} | )")
_WARN = ("WARNING", "W")


def log(lines: Sequence[str]) -> View:
    """Return log lines as they are; what looks like a warning or an error is coloured."""
    if not lines:
        text = "Nothing logged yet."
        return View("Log", element("p", text, class_="jp-tfs-muted"), text, [])
    said = plural(len(lines), "line")
    body = join(*(join(_coloured(line), "\n") for line in lines))
    html = join(
        head("Log", muted(f"last {said}")), element("pre", body, class_="jp-tfs-Code", tabindex="0")
    )
    return View("Log", html, "\n".join(lines), list(lines))


def _coloured(line: str) -> str | Markup:
    found = _LEVEL.search(line)
    if not found:
        return line
    kind = "jp-mod-warn" if (found[1] or found[2]) in _WARN else "jp-mod-error"
    return element("span", line, class_=kind)
