"""What a magic or a function shows: HTML in a notebook, the same facts as text in a terminal."""

from __future__ import annotations

import copy
import importlib
import logging
from collections.abc import Mapping
from typing import Any

from tfs_magics.views.markup import Markup, element, join
from tfs_magics.views.numbers import NBSP
from tfs_magics.views.spec import MIME_TYPE
from tfs_magics.views.style import STYLE

log = logging.getLogger(__name__)

WIDTH = 80


class View:
    """A finished output. `data` is what it was made from, for scripts; immutable once made.

    `html` holds its own style and no script, so that it reads the same in a saved notebook. `spec`
    tells a front end that can be live what to show instead.
    """

    def __init__(self, label: str, html: Markup, text: str, data: Any = None) -> None:
        inner = element("div", html, class_="jp-tfs-Output")
        section = element("section", inner, class_="jp-tfs", aria_label=label)
        self.html = str(join(STYLE, section))
        self.text = text.replace(NBSP, " ")
        self.data = data
        self.spec: Mapping[str, Any] | None = None
        self._hosted = False

    def live(self, spec: Mapping[str, Any], *, hosted: bool) -> View:
        """Return the same view with a spec; `hosted`: the page it is in can ask the server."""
        view = copy.copy(self)
        view.spec, view._hosted = spec, hosted
        return view

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        bundle: dict[str, Any] = {"text/plain": self.text, "text/html": self.html}
        if self.spec is not None:
            bundle |= _widget(self.spec)
            if self._hosted:
                bundle[MIME_TYPE] = dict(self.spec)
        return bundle


def _widget(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return what shows a view that is live in front ends of widgets, if there are any."""
    try:
        display = importlib.import_module("tfs_magics.widgets.display")
        found: dict[str, Any] = display.widget_view(dict(spec))
    except ImportError:
        return {}
    except Exception:  # whatever versions of ipywidgets meet here: the other parts are shown
        log.debug("An output could not be made a widget", exc_info=True)
        return {}
    return found
