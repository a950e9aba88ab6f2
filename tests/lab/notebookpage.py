"""A notebook in JupyterLab, in a real browser: opened, run from top to bottom, and saved."""

from __future__ import annotations

import re
from typing import Any

import nbformat
from jupyterprocess import Jupyter

KERNEL_READY = re.compile(r"\(ipykernel\) \| Idle")
OPEN_TIMEOUT_MS = 60_000
RUN_TIMEOUT_MS = 90_000
# Done: some cell has its number and none runs or waits. A cell with an error lets no other one run.
# A page that was faster than its kernel asks which one to use; what it proposes is right.
DONE = """() => {
  document.querySelector(".jp-Dialog .jp-mod-accept")?.click();
  const prompts = [...document.querySelectorAll(".jp-CodeCell .jp-InputPrompt")];
  const texts = prompts.map((prompt) => prompt.textContent);
  return texts.some((text) => /\\d/.test(text)) && !texts.some((text) => text.includes("*"));
}"""


class NotebookPage:
    """A page that shows a notebook of a Jupyter server; `wrong` is what the browser complains of."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.wrong: list[str] = []
        page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        page.on("console", self._hear)
        page.on("dialog", lambda dialog: self.wrong.append(f"dialog: {dialog.message}"))

    def _hear(self, said: Any) -> None:
        if said.type == "error":
            self.wrong.append(f"console: {said.text} {said.location.get('url', '')}")

    def open(self, jupyter: Jupyter, path: str, *, token: bool) -> None:
        """Show the notebook and wait for its kernel; with the token, or as who has logged in."""
        secret = f"&token={jupyter.token}" if token else ""
        self.page.goto(f"{jupyter.url}lab/tree/{path}?reset{secret}", timeout=OPEN_TIMEOUT_MS)
        ready = self.page.locator("#jp-bottom-panel, .jp-StatusBar-Widget").get_by_text(
            KERNEL_READY
        )
        ready.first.wait_for(timeout=OPEN_TIMEOUT_MS)

    def run_all(self) -> None:
        """Choose Run All Cells, and wait until all of them have run, or one has failed."""
        self.page.get_by_role("menuitem", name="Run", exact=True).click()
        self.page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        self.page.wait_for_function(DONE, timeout=RUN_TIMEOUT_MS)

    def saved(self, jupyter: Jupyter, path: str) -> nbformat.NotebookNode:
        """Save the notebook; return what the server then has."""
        with self.page.expect_response(
            lambda answer: (
                answer.request.method == "PUT"
                and re.search(rf"/api/contents/{re.escape(path)}", answer.url)
            )
        ) as saved:
            self.page.keyboard.press("Control+s")
        assert saved.value.ok
        content = jupyter.tell("GET", f"api/contents/{path}")["content"]
        return nbformat.from_dict(content)
