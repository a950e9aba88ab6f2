"""What a magic or a function shows: HTML in a notebook, the same facts as text in a terminal."""

from __future__ import annotations

from typing import Any

from tfs_magics.views.markup import Markup, element, join
from tfs_magics.views.numbers import NBSP
from tfs_magics.views.style import STYLE

WIDTH = 80


class View:
    """A finished output. `data` is what it was made from, for scripts; immutable once made.

    `html` holds its own style and no script, so that it reads the same in a saved notebook.
    """

    def __init__(self, label: str, html: Markup, text: str, data: Any = None) -> None:
        inner = element("div", html, class_="jp-tfs-Output")
        section = element("section", inner, class_="jp-tfs", aria_label=label)
        self.html = str(join(STYLE, section))
        self.text = text.replace(NBSP, " ")
        self.data = data

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/plain": self.text, "text/html": self.html}
