"""The themes in which a screen is looked at, in JupyterLab or Notebook 7 started with EXPOSED."""

from __future__ import annotations

from typing import Any

from accessibility import complaints
from pictures import shoot

# The commands of the page, for the test to call.
EXPOSED = (
    "--LabApp.expose_app_in_browser=True",
    "--JupyterNotebookApp.expose_app_in_browser=True",
)
THEMES = {
    "light": "JupyterLab Light",
    "dark": "JupyterLab Dark",
    "contrast": "JupyterLab Dark High Contrast",
}


def change_theme(page: Any, word: str) -> None:
    """Change the theme of a page to one of THEMES."""
    change = "name => jupyterapp.commands.execute('apputils:change-theme', {theme: name})"
    page.evaluate(change, THEMES[word])
    page.locator(f'body[data-jp-theme-name="{THEMES[word]}"]').wait_for(state="attached")
    page.locator("#jupyterlab-splash").wait_for(state="detached")  # it covers all meanwhile


def complaints_in_all(page: Any, screen: str, place: str) -> list[str]:
    """Return what axe complains of in each theme, and write a picture of each."""
    lines = []
    for word in THEMES:
        change_theme(page, word)
        shoot(page, f"{screen}-{word}")
        lines += [f"{word}: {line}" for line in complaints(page, place)]
    return lines
