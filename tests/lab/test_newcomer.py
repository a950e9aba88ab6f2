"""What a newcomer does after `make demo`: opens the notebook it names, draws a digit, copies the request.

One story in one page, told from top to bottom. Each step needs the ones before.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyterprocess import JupyterServer
from notebookpage import NotebookPage
from pictures import shoot

pytestmark = [pytest.mark.tensorflow, pytest.mark.notebook, pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[2]
NOTEBOOK = "02_panels_and_widgets.ipynb"
VERSIONS = (1, 2)
# A two as people draw it: from the left, over the top, down to the left, and along the bottom.
TWO = [(0.26, 0.3), (0.36, 0.16), (0.55, 0.12), (0.7, 0.22), (0.68, 0.4), (0.5, 0.6), (0.25, 0.85)]
TWO += [(0.5, 0.84), (0.78, 0.85)]


@pytest.fixture(scope="module")
def lab(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    server = JupyterServer(tmp_path_factory.mktemp("lab"), root)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def story(lab: JupyterServer, page: NotebookPage) -> NotebookPage:
    """The notebook that `make lab` opens, after Run All."""
    page.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.open(lab, NOTEBOOK, token=True)
    page.run_all()
    return page


@pytest.fixture(scope="module")
def drawn(story: NotebookPage) -> Any:
    """The output with the canvas, on which a two has been drawn with the mouse."""
    output = below(story, "%tfs_draw")
    canvas = output.locator(".jp-tfs-Canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in TWO]
    mouse = story.page.mouse
    mouse.move(*points[0])
    mouse.down()
    for point in points[1:]:
        mouse.move(*point, steps=6)
    mouse.up()
    return output


def below(story: NotebookPage, line: str) -> Any:
    """Return what the cell with this line shows."""
    cell = story.page.locator(".jp-CodeCell", has=story.page.locator(".cm-line", has_text=line))
    return cell.locator(".jp-OutputArea").first


def answer(drawn: Any, version: int) -> Any:
    """Return where a version says what it takes the drawing for."""
    return drawn.get_by_role("group", name=f"Answer of version {version}")


def asked(lab: JupyterServer, command: str) -> int:
    """Return the version that a command asks: by its number, its label, or as the newest."""
    kind, name = re.search(r"/models/drawn(?:/(versions|labels)/(\w+))?:predict", command).groups()
    if kind == "labels":
        return lab.tell("GET", "tfs/api/status")["models"][0]["labels"][name]
    return int(name) if kind else max(VERSIONS)


def would_run(target: str) -> str:
    """Return the commands of a target of the Makefile."""
    make = ["make", "--dry-run", "--no-print-directory", "--old-file=install", target]
    return subprocess.run(make, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_the_last_line_of_the_demo_names_the_command_that_opens_the_notebook():
    assert "make lab" in would_run("demo").splitlines()[-1]
    assert f"notebooks/{NOTEBOOK}" in would_run("lab")


def test_every_cell_runs_without_an_error(lab: JupyterServer, story: NotebookPage):
    cells = [cell for cell in story.saved(lab, NOTEBOOK).cells if cell.cell_type == "code"]

    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert [
        output.evalue for cell in cells for output in cell.outputs if output.output_type == "error"
    ] == []


def test_the_panel_below_its_cell_is_live(lab: JupyterServer, story: NotebookPage):
    panel = below(story, "%tfs_panel")
    panel.scroll_into_view_if_needed()
    panel.get_by_text("stable", exact=True).wait_for()

    lab.tell("PATCH", "tfs/api/models/drawn", json={"labels": {"candidate": 2}})

    panel.get_by_text("candidate", exact=True).wait_for()
    shoot(story.page, "newcomer-panel")


def test_both_versions_say_what_they_take_the_drawing_for(story: NotebookPage, drawn: Any):
    from playwright.sync_api import expect

    for version in VERSIONS:
        expect(answer(drawn, version).locator(".jp-tfs-Answer-top b")).to_have_text(
            re.compile(r"^\d$")
        )
    shoot(story.page, "newcomer-drawn")


def test_the_better_version_reads_the_digit(drawn: Any):
    from playwright.sync_api import expect

    expect(answer(drawn, 2).locator(".jp-tfs-Answer-top b")).to_have_text("2")


def test_the_copied_command_gets_the_same_answer_in_a_terminal(
    lab: JupyterServer, story: NotebookPage, drawn: Any
):
    if not shutil.which("curl"):
        pytest.skip("curl is not installed")
    drawn.get_by_role("button", name="Copy as").click()
    drawn.get_by_role("button", name="Copy", exact=True).click()
    command = story.page.evaluate("navigator.clipboard.readText()")
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, timeout=60, check=True
    )

    version = asked(lab, command)
    [probabilities] = json.loads(done.stdout)["outputs"]
    said = answer(drawn, version).locator(".jp-tfs-Answer-top").inner_text().split()
    best = max(range(10), key=probabilities.__getitem__)
    assert said[0] == str(best)
    assert float(said[1].rstrip("%")) == pytest.approx(probabilities[best] * 100, abs=0.06)


def test_what_is_drawn_in_a_widget_is_an_array_in_python(story: NotebookPage, drawn: Any):
    widget = below(story, "DrawingCanvas(")
    canvas = widget.locator(".jp-tfs-Canvas")
    canvas.scroll_into_view_if_needed()
    canvas.click()
    shoot(story.page, "newcomer-widgets")

    cell = story.page.locator(".jp-CodeCell", has_text="np.count_nonzero(image)")
    cell.locator(".jp-InputArea-editor").click()
    story.page.keyboard.press("Control+Enter")

    cell.get_by_text(re.compile(r"\(28, 28\) float32, [1-9]\d* pixels with ink")).wait_for()


def test_the_browser_complains_of_nothing(story: NotebookPage):
    assert story.wrong == []
