"""How long the panel takes to answer its user, measured inside of the browser, with many models.

What counts is Chromium's own Event Timing: from a key or a click until the picture that shows what it
did. It tells of 16 ms and more, in steps of 8; what is faster counts as 16.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from panelpage import PanelPage

FASTEST_MS = 16.0
SEEN = """() => new Promise((done) => {
  const seen = window.tfsSeen ?? (window.tfsSeen = { events: [] });
  seen.observer ??= new PerformanceObserver((list) =>
    seen.events.push(...list.getEntries().map((each) => each.duration)));
  seen.observer.observe({ type: 'event', durationThreshold: 16 });
  requestAnimationFrame(() => setTimeout(() => done(seen.events.splice(0)), 50));
})"""
OPENED = """(id) => {
  const row = `#${id} [role=treeitem]`;
  window.tfsOpened = new Promise((done) => {
    addEventListener('pointerdown', () => {
      const began = performance.now();
      const look = () => document.querySelector(row)?.checkVisibility()
        ? requestAnimationFrame(() => setTimeout(() => done(performance.now() - began)))
        : requestAnimationFrame(look);
      look();
    }, { capture: true, once: true });
  });
}"""
Uses = dict[str, list[float]]


def opened_ms(page: Any, sidebar: str) -> float:
    """Open the panel; return when its first row was there to be used, after the click."""
    page.evaluate(OPENED, sidebar)
    page.locator(f".jp-SideBar [data-id='{sidebar}']").click()
    found: float = page.evaluate("window.tfsOpened")
    return found


def uses(panel: PanelPage, count: int) -> Uses:
    """Use the panel in each way so many times; return how long the picture took."""
    page, side = panel.page, panel.side
    side.get_by_role("treeitem").first.focus()
    press = page.keyboard.press
    ways: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
        "move down": (lambda: press("ArrowDown"), _nothing),
        "close and open a model": (lambda: press("ArrowLeft"), lambda: press("ArrowRight")),
        "to the end": (lambda: press("End"), lambda: press("Home")),
        "find by letters": (lambda: press("m"), _nothing),
        "open a menu": (lambda: press("Shift+F10"), lambda: press("Escape")),
        "scroll": (lambda: side.hover() or page.mouse.wheel(0, 800), lambda: press("Home")),
        "open the page of a model": (
            lambda: press("Enter"),
            lambda: side.get_by_role("treeitem").first.focus(),
        ),
    }
    return {name: [_taken(page, *way) for _ in range(count)] for name, way in ways.items()}


def _taken(page: Any, use: Callable[[], Any], back: Callable[[], Any]) -> float:
    page.evaluate(SEEN)
    use()
    taken = page.evaluate(SEEN)
    back()
    return max(taken, default=FASTEST_MS)


def _nothing() -> None:
    """Leave it as it is."""
