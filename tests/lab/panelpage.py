"""The panel in JupyterLab, in a real browser: opened, used, and photographed for who judges it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from chromium import VIEWPORT
from jupyterprocess import Jupyter
from pictures import shoot

SIDEBAR = "tfs-magics-sidebar"
OPEN_TIMEOUT_MS = 60_000


class PanelPage:
    """A page with the panel open; `wrong` is what the browser complains of, `hosts` whom it asked."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.side = page.locator(f"#{SIDEBAR}")
        self.wrong: list[str] = []
        self.hosts: set[str | None] = set()
        page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        page.on("console", self._hear)
        page.on("requestfailed", self._lose)
        page.on("request", lambda request: self.hosts.add(urlsplit(request.url).hostname))

    def _hear(self, said: Any) -> None:
        if said.type == "error":
            self.wrong.append(f"console: {said.text} {said.location.get('url', '')}")

    def _lose(self, request: Any) -> None:
        if request.failure != "net::ERR_ABORTED":  # a page that is left ends its stream of events
            self.wrong.append(f"failed: {request.method} {request.url} {request.failure}")

    def open(self, jupyter: Jupyter) -> None:
        """Show JupyterLab with the panel at its side."""
        self.page.goto(f"{jupyter.url}lab?reset&token={jupyter.token}", timeout=OPEN_TIMEOUT_MS)
        self.page.locator(f".jp-SideBar [data-id='{SIDEBAR}']").click(timeout=OPEN_TIMEOUT_MS)
        self.side.get_by_text("Model server", exact=True).wait_for(timeout=OPEN_TIMEOUT_MS)

    def says(self, text: str) -> Any:
        """Wait until the panel says this; return where."""
        place = self.side.get_by_text(text).first
        place.wait_for(timeout=OPEN_TIMEOUT_MS)
        return place

    def row(self, key: str) -> Any:
        """Return the row of a model, or of a version like digits/2."""
        return self.side.locator(f'[data-key="{key}"]')

    def choose(self, key: str, action: str) -> None:
        """Choose an action in the menu of a row."""
        self.row(key).first.click(button="right")
        self.page.get_by_role("menuitem", name=action, exact=True).click()

    def answer(self, button: str) -> None:
        """Press a button of the question that is asked."""
        self.page.locator(".jp-Dialog").get_by_role("button", name=button, exact=True).click()

    def shoot(self, name: str) -> None:
        """Write a picture of the whole page."""
        shoot(self.page, name)


def panel_of(browser: Any, jupyter: Jupyter, **more: Any) -> PanelPage:
    """Show JupyterLab with the panel on a page of its own; `more` is what the page can do."""
    page = PanelPage(browser.new_context(**{"viewport": VIEWPORT, **more}).new_page())
    page.open(jupyter)
    return page
