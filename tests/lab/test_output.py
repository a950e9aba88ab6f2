"""What magics show, in a real JupyterLab and Notebook 7: it is live, each button does what it says."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest
from jupyterprocess import JupyterServer
from outputpage import BEGUN, OutputPage, write

pytestmark = [pytest.mark.tensorflow, pytest.mark.notebook, pytest.mark.timeout(240)]

LOAD = "%load_ext tfs_magics\nimport numpy as np\nX = np.load('rows.npy')"
CELLS = [
    LOAD,
    "%tfs_serve digits --versions all --replace",
    "%tfs_status",
    "%tfs_metadata digits",
    "%tfs_predict digits X[:3]",
    "%tfs_predict digits np.zeros((1, 28, 28))",
    "%tfs_draw digits",
]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with digits in two versions, three rows of them, and notebooks."""
    import numpy as np
    import tensorflow as tf

    class Nearest(tf.Module):
        """Answers which of ten patterns an image is nearest to."""

        def __init__(self, scale: float) -> None:
            super().__init__()
            drawn = np.random.default_rng(7).integers(0, 17, (64, 10)).astype("float32")
            self.patterns = tf.Variable(drawn)
            self.scale = scale

        @tf.function(input_signature=[tf.TensorSpec([None, 8, 8], tf.float32, name="image")])
        def answer(self, image: Any) -> dict[str, Any]:
            rows = tf.reshape(image, [-1, 64])
            near = tf.matmul(rows, self.patterns) - tf.reduce_sum(self.patterns**2, 0) / 2
            return {"probabilities": tf.nn.softmax(near * self.scale)}

    root = tmp_path_factory.mktemp("root")
    for number, scale in ((7, 0.004), (8, 0.008)):
        module = Nearest(scale)
        tf.saved_model.save(
            module, str(root / "models" / "digits" / str(number)), signatures=module.answer
        )
    broken = root / "models" / "fraud" / "2"
    broken.mkdir(parents=True)
    (broken / "saved_model.pb").write_text("this is no model")
    np.save(root / "rows.npy", module.patterns.numpy().T[[3, 5, 0]].reshape(-1, 8, 8))
    return root


@pytest.fixture(scope="module")
def jupyter(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    free_ports = ("--TFSExtension.rest_port=0", "--TFSExtension.grpc_port=0")
    server = JupyterServer(tmp_path_factory.mktemp("lab"), root, *free_ports)
    yield server
    server.stop()


@pytest.fixture(scope="module", params=["lab", "notebook"])
def app(request: pytest.FixtureRequest) -> str:
    """JupyterLab, and Notebook 7."""
    return str(request.param)


@pytest.fixture(scope="module")
def page(browser: Any, jupyter: JupyterServer, root: Path, app: str) -> Iterator[OutputPage]:
    """A notebook whose cells have run, with two versions and labels on them."""
    write(root / f"{app}.ipynb", *CELLS)
    context = browser.new_context(viewport={"width": 1280, "height": 2200})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = OutputPage(context.new_page())
    page.open(jupyter, f"{app}.ipynb", app=app)
    for number in range(len(CELLS)):
        page.run(number)
    yield page
    context.close()


@pytest.fixture
def shown(page: OutputPage, jupyter: JupyterServer) -> OutputPage:
    """The notebook, with the server as tests expect it: both versions, stable on 7, canary on 8."""
    wanted = {"base_path": "models/digits", "versions": "all", "replace": True}
    jupyter.tell("PUT", "tfs/api/models/digits", json=wanted)
    for version in (7, 8):
        row(page, f"digits/{version}").get_by_text("Available").wait_for(timeout=60_000)
    labels = {"labels": {"stable": 7, "canary": 8}}
    jupyter.tell("PATCH", "tfs/api/models/digits", json=labels)
    chip = row(page, "digits/8").locator(".jp-tfs-Chip", has_text="canary")
    chip.wait_for(timeout=60_000)
    return page


STATUS = 2


def row(page: OutputPage, key: str) -> Any:
    """Return the row of a version in the output of %tfs_status."""
    return page.output(STATUS).locator(f'tr[data-key="{key}"]')


def labels(jupyter: JupyterServer) -> Any:
    return model(jupyter)["labels"]


def model(jupyter: JupyterServer) -> dict[str, Any]:
    models = jupyter.tell("GET", "tfs/api/status")["models"]
    found: dict[str, Any] = next(each for each in models if each["name"] == "digits")
    return found


def state(jupyter: JupyterServer, version: int) -> str:
    return next(
        str(each["state"]) for each in model(jupyter)["versions"] if each["version"] == version
    )


def copied(page: OutputPage) -> str:
    return str(page.page.evaluate("navigator.clipboard.readText()"))


def test_each_magic_shows_itself_as_in_the_design(shown: OutputPage, app: str):
    for number, text in [
        (1, "Next:"),
        (2, "Model server"),
        (3, "same as 7"),
        (4, "probability"),
        (5, "has another shape than the model expects"),
        (6, "predicts as you draw"),
    ]:
        shown.output(number).get_by_text(text).first.wait_for()
    shown.shoot(f"cell-{app}-light")
    assert shown.wrong == []


def test_what_happens_elsewhere_is_seen_at_once(shown: OutputPage, jupyter: JupyterServer):
    jupyter.tell("PATCH", "tfs/api/models/digits", json={"labels": {"stable": 8}})

    row(shown, "digits/8").locator(".jp-tfs-Chip", has_text="stable").wait_for()
    jupyter.tell("POST", "tfs/api/models/digits/versions/7/unload")
    row(shown, "digits/7").get_by_text("Unloaded").wait_for()


def test_a_version_is_unloaded_and_loaded_from_its_menu(
    shown: OutputPage, jupyter: JupyterServer, eventually: Callable[..., Any]
):
    row(shown, "digits/7").get_by_role("button", name="Actions for digits 7").click()
    shown.menu("Unload")
    shown.page.locator(".jp-Dialog").get_by_role("button", name="Unload", exact=True).click()
    eventually(lambda: state(jupyter, 7) == "END")

    row(shown, "digits/7").click(button="right")
    shown.menu("Load")

    eventually(lambda: state(jupyter, 7) == "AVAILABLE")


def test_a_label_is_dragged_to_the_other_version_and_brought_back_by_undo(
    shown: OutputPage, jupyter: JupyterServer, eventually: Callable[..., Any]
):
    chip = row(shown, "digits/7").locator(".jp-tfs-Chip", has_text="stable")
    chip.drag_to(row(shown, "digits/8"))
    eventually(lambda: labels(jupyter) == {"stable": 8, "canary": 8})

    shown.output(STATUS).get_by_role("button", name="Undo").last.click()

    eventually(lambda: labels(jupyter) == {"stable": 7, "canary": 8})


def test_arrows_and_letters_move_in_the_table_and_the_notebook_keeps_its_cells(shown: OutputPage):
    before = shown.page.locator(".jp-Notebook .jp-CodeCell").count()
    first = row(shown, "digits/8").get_by_role("button")
    first.focus()

    shown.page.keyboard.press("ArrowDown")
    assert (
        row(shown, "digits/7").get_by_role("button").evaluate("e => e === document.activeElement")
    )
    for key in ("Home", "d", "d", "x"):
        shown.page.keyboard.press(key)

    assert shown.page.locator(".jp-Notebook .jp-CodeCell").count() == before


def test_addresses_are_copied(shown: OutputPage, jupyter: JupyterServer):
    server = jupyter.tell("GET", "tfs/api/status")["server"]

    shown.output(1).get_by_role("button", name="Copy REST address").click()
    assert copied(shown) == f"{server['rest_url'].rstrip('/')}/v1/models/digits"
    shown.output(1).get_by_role("button", name="Copy gRPC address").click()
    assert copied(shown) == server["grpc_target"]


def test_signatures_are_copied_as_json_and_tried(shown: OutputPage):
    shown.output(3).get_by_role("button", name="Copy as JSON").click()
    assert json.loads(copied(shown))[0]["tensors"][0]["name"] == "image"

    shown.output(3).get_by_role("button", name="Try it").click()
    shown.output(3).get_by_role("button", name="Run", exact=True).wait_for()
    shown.output(3).get_by_role("button", name="Try it").click()


def test_the_server_is_restarted_stopped_and_started(
    shown: OutputPage, jupyter: JupyterServer, eventually: Callable[..., Any]
):
    def server() -> Any:
        return jupyter.tell("GET", "tfs/api/status")["server"]

    before = server()["pid"]
    output = shown.output(STATUS)
    output.get_by_role("button", name="Restart server").click()
    eventually(lambda: server()["state"] == "running" and server()["pid"] != before)
    output.get_by_text("Running").wait_for()

    output.get_by_role("button", name="Stop server").click()
    eventually(lambda: server()["state"] == "stopped")
    output.get_by_role("button", name="Start", exact=True).click()
    eventually(lambda: server()["state"] == "running")


def test_a_crash_and_the_come_back_are_seen(
    shown: OutputPage, jupyter: JupyterServer, eventually: Callable[..., Any]
):
    before = jupyter.tell("GET", "tfs/api/status")["server"]["pid"]

    psutil.Process(before).kill()

    shown.output(STATUS).get_by_text("Restarting").first.wait_for()
    shown.output(STATUS).get_by_text("Running").wait_for(timeout=60_000)
    assert jupyter.tell("GET", "tfs/api/status")["server"]["pid"] not in (None, before)


def test_a_click_works_while_a_cell_runs(
    shown: OutputPage, jupyter: JupyterServer, root: Path, eventually: Callable[..., Any]
):
    editor = shown.cell(0).locator(".cm-content")
    editor.fill("import os, time\nwhile not os.path.exists('go'): time.sleep(0.1)")
    shown.start(0)
    shown.wait_for_prompt(0, BEGUN, 20_000)

    row(shown, "digits/8").get_by_role("button").click()
    shown.menu("Roll back to 7")
    eventually(lambda: labels(jupyter) == {"stable": 7, "canary": 7})

    (root / "go").touch()
    shown.finish(0)
    (root / "go").unlink()
    editor.fill(LOAD)


def test_a_cell_that_works_is_inserted(shown: OutputPage):
    before = shown.page.locator(".jp-Notebook .jp-CodeCell").count()

    shown.output(5).get_by_role("button", name="Insert cell that works").click()

    inserted = shown.page.locator(".jp-Notebook .jp-CodeCell").nth(6)
    inserted.get_by_text("tf.image.resize").wait_for()
    assert shown.page.locator(".jp-Notebook .jp-CodeCell").count() == before + 1
    shown.page.keyboard.press("Escape")
    shown.page.keyboard.press("d")
    shown.page.keyboard.press("d")


def test_it_is_live_after_the_kernel_was_restarted_or_shut_down_and_the_page_loaded_again(
    shown: OutputPage, jupyter: JupyterServer
):
    shown.save()
    for session in jupyter.tell("GET", "api/sessions"):
        jupyter.tell("POST", f"api/kernels/{session['kernel']['id']}/restart")
    jupyter.tell("PATCH", "tfs/api/models/digits", json={"labels": {"beta": 7}})
    row(shown, "digits/7").locator(".jp-tfs-Chip", has_text="beta").wait_for()

    for session in jupyter.tell("GET", "api/sessions"):
        jupyter.ask("DELETE", f"api/sessions/{session['id']}")
    shown.reload()

    row(shown, "digits/7").locator(".jp-tfs-Chip", has_text="beta").wait_for(timeout=60_000)
    jupyter.tell("PATCH", "tfs/api/models/digits", json={"labels": {"beta": 8}})
    row(shown, "digits/8").locator(".jp-tfs-Chip", has_text="beta").wait_for()
    jupyter.tell("PATCH", "tfs/api/models/digits", json={"labels": {"beta": None}})


def test_a_notebook_that_is_not_trusted_is_live_and_changes_nothing_before_a_click(
    shown: OutputPage, jupyter: JupyterServer, root: Path, app: str, eventually: Callable[..., Any]
):
    shown.save()
    notebook = nbformat.read(root / f"{app}.ipynb", 4)
    notebook.cells[2].outputs[0]["data"]["text/plain"] += " of somebody else"
    nbformat.write(notebook, root / f"{app}-other.ipynb")
    other = OutputPage(shown.page.context.new_page())
    changes: list[str] = []
    other.page.on(
        "request",
        lambda asked: (
            changes.append(asked.url) if asked.method != "GET" and "/tfs/" in asked.url else None
        ),
    )

    other.open(jupyter, f"{app}-other.ipynb", app=app)
    row(other, "digits/8").locator(".jp-tfs-Chip", has_text="canary").wait_for(timeout=60_000)
    jupyter.tell("PATCH", "tfs/api/models/digits", json={"labels": {"canary": 7}})
    row(other, "digits/7").locator(".jp-tfs-Chip", has_text="canary").wait_for()
    assert changes == []

    row(other, "digits/8").click(button="right")
    other.menu("Unload")
    eventually(lambda: state(jupyter, 8) == "END")
    assert len(changes) == 1
    other.page.close()


def test_the_saved_notebook_reads_as_a_page_without_us(
    shown: OutputPage, root: Path, app: str, browser: Any
):
    from nbconvert import HTMLExporter

    shown.save()
    html, _ = HTMLExporter().from_filename(str(root / f"{app}.ipynb"))
    saved = root / f"{app}.html"
    saved.write_text(re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL))
    page = browser.new_page(viewport={"width": 1000, "height": 1800}, java_script_enabled=False)
    page.goto(saved.as_uri())

    told = re.compile("Run the cell to see it live|As of ")  # the latter before the first sample
    assert page.get_by_text(told).first.is_visible()
    assert page.get_by_role("cell", name="Available").count() >= 2
    assert page.get_by_role("button").count() == 0
    OutputPage(page).shoot(f"cell-{app}-saved")
    page.close()
