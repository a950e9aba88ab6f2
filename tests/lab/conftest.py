"""A browser, a copy of the notebooks in a directory of its own, and what a run of one left."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from chromium import VIEWPORT, chromium
from eventlog import EventLog
from jupyterprocess import Jupyter
from notebookpage import NotebookPage

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOK = "01_quickstart.ipynb"


def require(program: str | None, reason: str) -> None:
    """Skip without the program, as all tests do that need one of the system's."""
    if program is None:
        pytest.skip(reason)


@pytest.fixture(scope="session")
def hub_proxy() -> str | None:
    """The proxy of JupyterHub, beside this Python or on the system."""
    beside = Path(sys.executable).parent
    found = shutil.which(
        "configurable-http-proxy", path=f"{beside}{os.pathsep}{os.environ['PATH']}"
    )
    require(
        found,
        "configurable-http-proxy is not installed: `make test` does it where the npm registry answers",
    )
    return found


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with what `notebooks/` has, for a Jupyter server to show."""
    root = tmp_path_factory.mktemp("root")
    ignored = shutil.ignore_patterns("models", ".*", "__*")
    shutil.copytree(FOLDER, root, ignore=ignored, dirs_exist_ok=True)
    return root


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A browser without a past."""
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def page(browser: Any) -> NotebookPage:
    """A page for a notebook."""
    return NotebookPage(browser.new_page(viewport=VIEWPORT))


class Ran:
    """The quickstart after Run All: its cells with their outputs, and what went on meanwhile."""

    def __init__(self, page: NotebookPage, jupyter: Jupyter, *, token: bool) -> None:
        with EventLog(jupyter) as self.log:
            page.open(jupyter, NOTEBOOK, token=token)
            page.run_all()
            self.cells = page.saved(jupyter, NOTEBOOK).cells
        self.wrong = page.wrong

    @property
    def code(self) -> list[Any]:
        """The cells of code."""
        return [cell for cell in self.cells if cell.cell_type == "code"]

    @property
    def errors(self) -> list[str]:
        """The errors that its cells show."""
        outputs = [output for cell in self.code for output in cell.outputs]
        return [
            f"{output.ename}: {output.evalue}"
            for output in outputs
            if output.output_type == "error"
        ]


@pytest.fixture(scope="session")
def run_quickstart() -> Callable[..., Ran]:
    """Open the quickstart in a page and run it from top to bottom."""
    return Ran
