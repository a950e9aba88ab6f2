"""Widgets in a real page: of Jupyter with its server part, and of one where the kernel has all there is.

The second is what VS Code and Colab are to us: no page can ask the server, the kernel answers for it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from jupyterprocess import JupyterServer
from outputpage import OutputPage, write
from themes import EXPOSED, complaints_in_all

from tfs_magics.widgets.bundle import bundle

pytestmark = [pytest.mark.tensorflow, pytest.mark.notebook, pytest.mark.timeout(240)]

TRIES = 5
# The prompt is looked up each time: a cell that was just shown may be drawn anew. A page that was
# faster than its kernel asks which one to use; what it proposes is right.
RAN = """([number, before, done]) => {
  const cell = document.querySelectorAll(".jp-Notebook .jp-CodeCell")[number];
  const text = cell?.querySelector(".jp-InputPrompt")?.textContent ?? before;
  return text !== before && (!done || /\\d/.test(text));
}"""
ACCEPT = "() => document.querySelector('.jp-Dialog .jp-mod-accept')?.click()"
IDLE = ".jp-Notebook-ExecutionIndicator[data-status='idle']"
# Notebook 7 says so now and then while it starts, also where nothing of ours is installed.
OF_NOTEBOOK = "error: Cannot read properties of undefined (reading 'schema')"
STRANGER = "--ServerApp.jpserver_extensions={'server_ext': False}"
CELLS = [
    """import json, tfs_magics
from ipywidgets import HBox, VBox
%load_ext tfs_magics
%tfs_serve digits models/digits --versions all --rest-port 0 --grpc-port 0""",
    """canvas = tfs_magics.DrawingCanvas(size=(8, 8), model="digits", max=16)
HBox([canvas, tfs_magics.VersionsPanel("digits")])""",
    """VBox([tfs_magics.TryIt("digits"), tfs_magics.MetricsPanel("digits"), tfs_magics.MetadataPanel("digits")])""",
    """print(json.dumps({
    "image": canvas.image.tolist(),
    "large": [canvas.resized(64, 64).shape, float(canvas.resized(64, 64).max())],
    "answer": {version: said.tolist() for version, said in canvas.answer.items()},
    "versions": {v["version"]: v["state"] for v in tfs_magics.status().data["models"][0]["versions"]},
}))""",
    """tfs_magics.label("digits", {"stable": 7})""",
    """canvas.clear()""",
]
SERVE, DRAW, PANELS, SEE, LABEL, CLEAR = range(len(CELLS))


class Situation(NamedTuple):
    """In which application, and whether pages can ask the server themselves."""

    app: str
    hosted: bool


class WidgetPage(OutputPage):
    """A notebook with widgets; `hosts` and `asked` are what it asked for, `frames` what it was sent."""

    def __init__(self, page: Any, situation: Situation) -> None:
        super().__init__(page)
        self.situation = situation
        self.hosts: set[str | None] = set()
        self.asked: set[str] = set()
        self.frames: list[list[bytes]] = []  # of each connection to a kernel
        page.on("request", self._note)
        page.on("websocket", self._connected)

    def _note(self, request: Any) -> None:
        url = urlsplit(request.url)
        if url.scheme not in ("blob", "data"):
            self.hosts.add(url.hostname)
        if "/tfs/" in url.path:
            self.asked.add(url.path)

    def _connected(self, socket: Any) -> None:
        frames: list[bytes] = []
        self.frames.append(frames)
        socket.on(
            "framereceived",
            lambda frame: frames.append(frame.encode() if isinstance(frame, str) else frame),
        )

    def run(self, number: int) -> None:
        """Run a cell, again if the kernel was not ready for it, and wait for its new number."""
        from playwright.sync_api import TimeoutError as Late

        before = self.cell(number).locator(".jp-InputPrompt").text_content()
        for _ in range(TRIES):
            self.page.evaluate(ACCEPT)
            self.start(number)
            try:
                self.page.wait_for_function(RAN, arg=[number, before, False], timeout=10_000)
                break
            except Late:
                continue
        self.page.wait_for_function(RAN, arg=[number, before, True], timeout=120_000)

    def widget(self, cell: int, number: int) -> Any:
        """Return one of our widgets in a cell's output."""
        found = self.cell(cell).locator(".jp-tfs-Widget").nth(number)
        found.scroll_into_view_if_needed()  # what is out of sight rests
        return found

    def see(self) -> dict[str, Any]:
        """Return what Python has of the canvas and of the server."""
        self.cell(SEE).locator(".jp-InputArea-editor").scroll_into_view_if_needed()
        self.run(SEE)
        printed = self.cell(SEE).locator(".jp-OutputArea-output").inner_text()
        found: dict[str, Any] = json.loads(printed)
        return found

    def draw(self, *points: tuple[float, float]) -> None:
        """Draw one line with the mouse; places are parts of the canvas."""
        sheet = self.widget(DRAW, 0).locator(".jp-tfs-Canvas")
        sheet.scroll_into_view_if_needed()
        box = sheet.bounding_box()
        mouse = self.page.mouse
        places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
        mouse.move(*places[0])
        mouse.down()
        for place in places[1:]:
            mouse.move(*place, steps=12)
        mouse.up()


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with two versions of a model that knows a vertical line from a horizontal one."""
    import tensorflow as tf

    class Lines(tf.Module):
        def __init__(self, sure: float) -> None:
            super().__init__()
            self.sure = sure

        @tf.function(input_signature=[tf.TensorSpec([None, 8, 8], tf.float32, name="image")])
        def answer(self, image: Any) -> dict[str, Any]:
            tall = tf.reduce_max(tf.reduce_sum(image, 1), 1)
            wide = tf.reduce_max(tf.reduce_sum(image, 2), 1)
            return {"probabilities": tf.nn.softmax(tf.stack([tall, wide], 1) * self.sure)}

    root = tmp_path_factory.mktemp("root")
    for version, sure in ((7, 0.01), (8, 0.1)):
        module = Lines(sure)
        place = str(root / "models" / "digits" / str(version))
        tf.saved_model.save(module, place, signatures=module.answer)
    return root


@pytest.fixture(
    scope="module",
    params=[Situation("lab", True), Situation("notebook", True), Situation("lab", False)],
    ids=["lab", "notebook", "kernel alone"],
)
def situation(request: pytest.FixtureRequest) -> Situation:
    found: Situation = request.param
    return found


@pytest.fixture(scope="module")
def jupyter(
    root: Path, situation: Situation, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[JupyterServer]:
    home = tmp_path_factory.mktemp("lab")
    if situation.hosted:
        options = ["--TFSExtension.rest_port=0", "--TFSExtension.grpc_port=0"]
    else:
        options = [STRANGER]
        without = home / "config" / "labconfig" / "page_config.json"
        without.parent.mkdir(parents=True)
        without.write_text(json.dumps({"disabledExtensions": {"tfs-magics": True}}))
    server = JupyterServer(home, root, *EXPOSED, *options)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def page(
    browser: Any, jupyter: JupyterServer, root: Path, situation: Situation
) -> Iterator[WidgetPage]:
    """A notebook with widgets in layouts, shown once they know the server."""
    name = f"{situation.app}.ipynb"
    write(root / name, *CELLS)
    page = WidgetPage(browser.new_page(viewport={"width": 1280, "height": 1600}), situation)
    page.open(jupyter, name, app=situation.app)
    page.page.locator(IDLE).wait_for(timeout=60_000)
    for number in (SERVE, DRAW, PANELS):
        page.run(number)
    page.widget(DRAW, 1).get_by_text("Available").nth(1).wait_for(timeout=60_000)
    yield page
    page.page.close()


def test_a_drawing_is_in_python_with_the_answers_of_both_versions(
    page: WidgetPage, eventually: Callable[..., Any]
):
    page.draw((0.5, 0.1), (0.5, 0.9))
    answers = page.widget(DRAW, 0).locator(".jp-tfs-Answer")
    answers.nth(1).wait_for()

    eventually(lambda: len(page.see()["answer"]) == 2)
    seen = page.see()

    image, large = seen["image"], seen["large"]
    assert all(sum(row[3:5]) > 0.5 and sum(row[:2] + row[6:]) == 0 for row in image)
    assert large[0] == [64, 64]
    assert large[1] > 0.95
    assert {version: said[0] > said[1] for version, said in seen["answer"].items()} == {
        "7": True,
        "8": True,
    }
    assert seen["answer"]["8"][0] > seen["answer"]["7"][0], "each version has its own"


def test_axe_finds_nothing_wrong_with_widgets_in_any_theme(page: WidgetPage):
    screen = f"widgets-{page.situation.app}-{'hosted' if page.situation.hosted else 'alone'}"

    assert complaints_in_all(page.page, screen, ".jp-tfs-Widget") == []


def test_widgets_share_the_width_of_a_layout(page: WidgetPage):
    widths = [page.widget(DRAW, number).bounding_box()["width"] for number in (0, 1)]
    below = [page.widget(PANELS, number).bounding_box()["width"] for number in (0, 1, 2)]

    assert all(width > 300 for width in widths)
    assert all(width > 600 for width in below)


def test_values_are_live_and_a_button_does_what_it_says(page: WidgetPage):
    page.run(LABEL)
    panel = page.widget(DRAW, 1)
    panel.locator(".jp-tfs-Chip", has_text="stable").wait_for()

    panel.locator("tr", has_text="8").get_by_role("button").first.click()
    page.page.get_by_role("menuitem", name="Unload").click()
    if page.page.locator("dialog, .jp-Dialog").count():
        page.page.get_by_role("button", name="Unload", exact=True).click()
    panel.locator("tr", has_text="8").get_by_text("Unloaded").wait_for()

    assert page.see()["versions"]["8"] != "AVAILABLE"


def test_python_clears_the_canvas(page: WidgetPage, eventually: Callable[..., Any]):
    page.draw((0.2, 0.5), (0.8, 0.5))
    eventually(lambda: any(map(any, page.see()["image"])))

    page.run(CLEAR)

    page.widget(DRAW, 0).get_by_role("img", name="Empty").wait_for()
    assert not any(map(any, page.see()["image"]))


def test_the_views_were_not_sent_for_each_widget_and_nobody_else_was_asked(page: WidgetPage):
    sent = [sum(bundle().code in frame for frame in frames) for frames in page.frames]
    assert (
        1 <= max(sent) <= 2
    )  # with the first of six widgets; again where a page asks for all states
    assert page.hosts <= {"127.0.0.1"}
    assert bool(page.asked) == page.situation.hosted
    assert [each for each in page.wrong if each != OF_NOTEBOOK] == []
