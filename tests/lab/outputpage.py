"""A notebook whose outputs are live, in JupyterLab or in Notebook 7, in a real browser."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import nbformat
from jupyterprocess import Jupyter
from pictures import shoot

OPEN_TIMEOUT_MS = 60_000
RUN_TIMEOUT_MS = 120_000
# A page that was faster than its kernel asks which one to use; what it proposes is right.
RAN = """prompt => {
  document.querySelector(".jp-Dialog .jp-mod-accept")?.click();
  return /\\d/.test(prompt.textContent);
}"""
# A cell that is run before the page has its kernel is not run at all: then it is run again.
BEGUN = """prompt => {
  document.querySelector(".jp-Dialog .jp-mod-accept")?.click();
  return /[\\d*]/.test(prompt.textContent);
}"""
# Notebook 7 says so of its settings and its file browser, without us too.
NOTEBOOKS_OWN = ("reading 'schema'", "'filebrowser:open-path' not registered")
BEGIN_TIMEOUT_MS = 5000
TRIES = 12
KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}


def write(path: Path, *cells: str) -> None:
    """Write a notebook of these cells, none of which has run."""
    made = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell) for cell in cells], metadata=KERNEL
    )
    nbformat.write(made, path)


class OutputPage:
    """A page with one notebook; `wrong` is what the browser complains of."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.wrong: list[str] = []
        page.on("pageerror", self._hear_error)
        page.on("console", self._hear)

    def _hear_error(self, error: Any) -> None:
        if not any(own in str(error) for own in NOTEBOOKS_OWN):
            self.wrong.append(f"error: {error}")

    def _hear(self, said: Any) -> None:
        if said.type == "error":
            self.wrong.append(f"console: {said.text} {said.location.get('url', '')}")

    def open(self, jupyter: Jupyter, path: str, *, app: str = "lab") -> None:
        """Show a notebook; `app` is lab or notebook."""
        where = f"lab/tree/{path}?reset" if app == "lab" else f"notebooks/{path}?"
        self.page.goto(f"{jupyter.url}{where}&token={jupyter.token}", timeout=OPEN_TIMEOUT_MS)
        self.page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=OPEN_TIMEOUT_MS)

    def run(self, number: int) -> None:
        """Run one cell, and wait for its number."""
        for _ in range(TRIES):
            self.start(number)
            with contextlib.suppress(TimeoutError):
                self.wait_for_prompt(number, BEGUN, BEGIN_TIMEOUT_MS)
                break
        self.finish(number)

    def finish(self, number: int) -> None:
        """Wait until a cell has its number."""
        self.wait_for_prompt(number, RAN, RUN_TIMEOUT_MS)

    def wait_for_prompt(self, number: int, condition: str, timeout_ms: int) -> None:
        """Wait until the prompt of a cell is as the condition says."""
        from playwright.sync_api import TimeoutError as NotInTime

        prompt = self.cell(number).locator(".jp-InputPrompt").element_handle()
        try:
            self.page.wait_for_function(condition, arg=prompt, timeout=timeout_ms)
        except NotInTime:
            raise TimeoutError(f"The prompt of cell {number} is not as awaited.") from None

    def start(self, number: int) -> None:
        """Run one cell, whatever becomes of it."""
        self.cell(number).locator(".jp-InputArea-editor").click()
        self.page.keyboard.press("Control+Enter")

    def cell(self, number: int) -> Any:
        """Return a cell, the first is 0."""
        return self.page.locator(".jp-Notebook .jp-CodeCell").nth(number)

    def output(self, number: int) -> Any:
        """Return what a cell shows that is ours."""
        return self.cell(number).locator(".jp-OutputArea .jp-tfs-Cell").last

    def reload(self) -> None:
        """Load the page anew, as its user does."""
        self.page.reload(timeout=OPEN_TIMEOUT_MS)
        self.page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=OPEN_TIMEOUT_MS)

    def save(self) -> None:
        """Save the notebook."""
        with self.page.expect_response(
            lambda answer: answer.request.method == "PUT" and "/api/contents/" in answer.url
        ):
            self.page.keyboard.press("Control+s")

    def menu(self, item: str) -> None:
        """Choose an action in the menu that is open."""
        self.page.get_by_role("menuitem", name=item, exact=True).click()

    def shoot(self, name: str, of: Any = None) -> None:
        """Write a picture of the page, or of a part of it."""
        shoot(of or self.page, name)
