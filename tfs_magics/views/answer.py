"""Shows the answer to a request as it came from the server: %%tfs_request."""

from __future__ import annotations

import http

from tfs_magics.views.markup import element, head, join, muted
from tfs_magics.views.markup import state as state_markup
from tfs_magics.views.numbers import duration, size
from tfs_magics.views.view import View

MOST_CHARACTERS = 10_000


def answer(model: str, status: int, body: bytes, seconds: float) -> View:
    """Return status, time and body; a long body is cut off and its size told."""
    word = f"{status} {_phrase(status)}".strip()
    facts = f"{duration(seconds)} · {size(len(body))}"
    shown = body.decode("utf-8", "replace").rstrip()
    left = ""
    if len(shown) > MOST_CHARACTERS:
        left = f"… cut off here; `.text` of the result is the whole answer of {size(len(body))}"
        shown = shown[:MOST_CHARACTERS]
    kind = "available" if status < 400 else "failed"
    html = join(
        head(model, state_markup(word, kind), muted(facts)),
        element("pre", shown, class_="jp-tfs-Code", tabindex="0"),
        *([element("p", left, class_="jp-tfs-small jp-tfs-muted")] if left else []),
    )
    top = f"{model}  {word}   {facts.replace(' · ', ', ')}"
    return View(f"Answer of {model}", html, "\n".join(part for part in (top, shown, left) if part))


def _phrase(status: int) -> str:
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return ""
