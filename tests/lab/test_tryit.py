"""The form that asks a model, in a real JupyterLab: each control is used, and the server is asked what it got."""

from __future__ import annotations

import base64
import json
import os
import shutil
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyterprocess import JupyterServer
from outputpage import OutputPage, write
from panelpage import PanelPage, panel_of
from trymodels import save_digits, save_kinds

pytestmark = [pytest.mark.tensorflow, pytest.mark.notebook, pytest.mark.timeout(180)]

THREE = [(72, 66), (86, 46), (120, 40), (148, 60), (146, 92), (106, 110), (140, 112), (160, 140)]
THREE += [(150, 172), (112, 184), (66, 166)]
SNIPPET_TIMEOUT_S = 120
BROUGHT = """(zone, [event, name, base64]) => {
    const bytes = Uint8Array.from(atob(base64), (each) => each.charCodeAt(0));
    const data = new DataTransfer();
    data.items.add(new File([bytes], name, { type: 'image/png' }));
    const given = { bubbles: true, cancelable: true };
    zone.dispatchEvent(
        event === 'drop'
            ? new DragEvent('drop', { ...given, dataTransfer: data })
            : new ClipboardEvent('paste', { ...given, clipboardData: data }),
    );
}"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with both models, a table and pictures."""
    root = tmp_path_factory.mktemp("root")
    save_digits(root / "models" / "digits")
    save_kinds(root / "models" / "kinds")
    (root / "people.csv").write_text('city,age,member\nOslo,41,true\n"Rio, Brazil",7,false\n')
    (root / "ink.png").write_bytes(
        png(28, 28, lambda row, column: 0 if column in (13, 14) else 255)
    )
    return root


def png(rows: int, columns: int, grey: Callable[[int, int], int]) -> bytes:
    """Return a picture as a file."""
    lines = b"".join(
        b"\0" + bytes(grey(row, column) for column in range(columns)) for row in range(rows)
    )
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", columns, rows, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(lines)),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


@pytest.fixture(scope="module")
def lab(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    server = JupyterServer(tmp_path_factory.mktemp("lab"), root)
    for name in ("digits", "kinds"):
        body = {"base_path": f"models/{name}", "versions": "all"}
        server.tell("PUT", f"tfs/api/models/{name}", json=body)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def panel(browser: Any, lab: JupyterServer) -> PanelPage:
    """The panel, with both models served and labels on the versions of the digits."""
    page = panel_of(browser, lab, permissions=["clipboard-read", "clipboard-write"])
    for key in ("digits/1", "digits/2", "kinds/1"):
        page.row(key).get_by_text("Available").wait_for(timeout=60_000)
    labels = {"labels": {"stable": 1, "canary": 2}}
    lab.tell("PATCH", "tfs/api/models/digits", json=labels)
    page.row("digits/2").get_by_text("canary", exact=True).wait_for()
    return page


def drag(page: Any, canvas: Any, points: list[tuple[int, int]]) -> None:
    """Draw a line through points of a canvas, by the mouse."""
    box = canvas.bounding_box()
    (x, y), *rest = [(box["x"] + x, box["y"] + y) for x, y in points]
    page.mouse.move(x, y)
    page.mouse.down()
    for x, y in rest:
        page.mouse.move(x, y, steps=4)
    page.mouse.up()


class TryPage:
    """The tab of a model with its form."""

    def __init__(self, panel: PanelPage, model: str) -> None:
        self.panel = panel
        self.page = panel.page
        self.page.keyboard.press("Escape")
        panel.row(f"{model}/1").focus()
        self.page.keyboard.press("Enter")
        title = self.page.get_by_role("heading", name=model, exact=True)
        here = self.page.locator(".jp-tfs-Page").filter(has=title)
        here.get_by_role("tab", name="Try it").click()
        self.form = here.locator("form")
        self.form.wait_for()
        self.here = here

    def way(self, name: str, way: str) -> None:
        group = self.form.get_by_role("group", name=f"Input of {name}", exact=True)
        group.get_by_role("button", name=way, exact=True).click()

    def ask(self, whom: str) -> None:
        group = self.form.get_by_role("group", name="Versions to ask")
        group.get_by_role("button", name=whom, exact=True).click()

    def run(self) -> None:
        self.form.get_by_role("button", name="Run", exact=True).click()

    def signature(self, name: str) -> None:
        self.here.get_by_label("Signature", exact=True).select_option(name)

    def answer_of(self, version: int) -> Any:
        return self.form.get_by_role("group", name=f"Answer of version {version}", exact=True)

    def draw(self, points: list[tuple[int, int]]) -> None:
        canvas = self.form.locator(".jp-tfs-Canvas")
        canvas.scroll_into_view_if_needed()
        drag(self.page, canvas, points)

    def copied(self, form: str) -> str:
        group = self.form.get_by_role("group", name="Copy as", exact=True)
        group.get_by_role("button", name=form, exact=True).click()
        self.page.evaluate("navigator.clipboard.writeText('')")
        self.form.get_by_role("button", name="Copy", exact=True).click()
        self.page.wait_for_function("async () => (await navigator.clipboard.readText()) !== ''")
        text: str = self.page.evaluate("navigator.clipboard.readText()")
        return text


@pytest.fixture
def digits(panel: PanelPage) -> TryPage:
    return TryPage(panel, "digits")


@pytest.fixture
def kinds(panel: PanelPage) -> TryPage:
    return TryPage(panel, "kinds")


def requests_of(lab: JupyterServer, name: str) -> dict[int, int]:
    """Return how many requests each version has had."""
    models = lab.tell("GET", "tfs/api/status")["models"]
    versions = next(model for model in models if model["name"] == name)["versions"]
    return {each["version"]: each["requests"] for each in versions}


def test_both_versions_say_what_is_drawn_while_it_is_drawn(
    lab: JupyterServer, digits: TryPage, eventually: Callable[..., Any]
):
    before = requests_of(lab, "digits")
    digits.form.get_by_text("Draw, upload or paste an input to see answers.").wait_for()
    digits.form.get_by_role("button", name="Copy", exact=True, disabled=True).wait_for()
    digits.panel.shoot("try-empty")

    digits.draw(THREE)

    for version in (1, 2):
        digits.answer_of(version).locator("b", has_text="3").wait_for()
        eventually(
            lambda version=version: requests_of(lab, "digits")[version] > before[version] + 1
        )
    digits.form.get_by_text("predicts as you draw").wait_for()
    digits.form.get_by_role("button", name="Copy", exact=True, disabled=False).wait_for()
    digits.form.get_by_role("status").get_by_text("Version 2: 3,").wait_for(state="attached")
    digits.panel.shoot("try-drawn")


def test_one_label_can_be_asked_alone(
    lab: JupyterServer, digits: TryPage, eventually: Callable[..., Any]
):
    before = requests_of(lab, "digits")
    asked: list[str] = []
    digits.panel.page.on("request", lambda request: asked.append(request.url))

    digits.ask("canary")

    eventually(lambda: requests_of(lab, "digits")[2] > before[2])
    digits.answer_of(1).wait_for(state="detached")
    asked = [url for url in asked if url.endswith(":predict")]
    assert asked
    assert all("/canary:" in url or "/versions/2:" in url for url in asked), asked
    digits.ask("Both")
    digits.answer_of(1).wait_for()


def test_the_answer_is_a_table_or_json_for_who_wants_that(digits: TryPage):
    views = digits.form.get_by_role("group", name="Answer as")

    views.get_by_role("button", name="Table").click()
    digits.answer_of(1).get_by_role("columnheader", name="Place").wait_for()
    views.get_by_role("button", name="JSON").click()
    answer = json.loads(digits.answer_of(2).locator("pre").inner_text())

    [probabilities] = answer["outputs"]
    assert max(range(10), key=probabilities.__getitem__) == 3
    views.get_by_role("button", name="Chart").click()


def test_the_eraser_undo_and_clear_do_what_they_say(digits: TryPage):
    strokes = digits.form.locator(".jp-tfs-Canvas path")
    drawn = strokes.count()

    digits.form.get_by_role("button", name="Eraser").click()
    digits.draw([(20, 20), (40, 20)])
    strokes.nth(drawn).wait_for(state="attached")
    digits.form.get_by_role("button", name="Undo").click()
    strokes.nth(drawn).wait_for(state="detached")
    digits.form.get_by_role("button", name="Clear").click()

    digits.form.get_by_text("Draw, upload or paste an input to see answers.").wait_for()
    digits.form.get_by_role("button", name="Undo").click()
    digits.answer_of(1).wait_for()


def test_a_drawing_is_fitted_to_what_models_have_learnt_from_unless_one_does_not_want_that(
    digits: TryPage,
):
    choice = digits.form.get_by_label("Size and place of the drawing")
    got = digits.form.get_by_role("img", name="What the model gets").locator("visible=true")
    fitted = got.inner_html()

    choice.select_option("as drawn")
    assert got.inner_html() != fitted
    choice.select_option("fills the image")

    assert got.inner_html() == fitted


def test_the_canvas_is_drawn_on_with_keys_alone(digits: TryPage):
    canvas = digits.form.locator(".jp-tfs-Canvas")
    canvas.focus()
    keys = digits.page.keyboard

    keys.press("Delete")
    digits.answer_of(1).wait_for(state="detached")
    keys.press("p")
    for key in ["Shift+ArrowUp", "Shift+ArrowUp", " ", *["Shift+ArrowDown"] * 4, " "]:
        keys.press(key)

    digits.answer_of(2).wait_for()
    assert canvas.locator("path").count() == 1
    keys.press("Control+z")
    digits.answer_of(2).wait_for(state="detached")


def test_a_picture_is_made_as_the_model_takes_it(
    lab: JupyterServer, root: Path, digits: TryPage, eventually: Callable[..., Any]
):
    digits.way("image", "Upload")
    with digits.page.expect_file_chooser() as chooser:
        digits.form.get_by_role("button", name="Choose…").click()
    chooser.value.set_files(root / "ink.png")
    digits.form.get_by_text("resized to 8 \u00d7 8, grey,").wait_for()
    before = requests_of(lab, "digits")

    digits.run()

    digits.answer_of(1).wait_for()
    digits.panel.shoot("try-upload")
    eventually(lambda: requests_of(lab, "digits")[1] > before[1])
    digits.way("image", "JSON")
    sent = json.loads(digits.form.get_by_label("image, as JSON").input_value())
    assert [len(sent), len(sent[0]), len(sent[0][0])] == [1, 8, 8]
    assert sent[0][0][0] == 0
    assert sent[0][0][3] > 0  # ink is what counts, whichever colour it had


def test_what_white_is_to_the_model_is_chosen_and_remembered(digits: TryPage):
    digits.way("image", "Upload")
    choice = digits.form.get_by_label("Range of image").locator("visible=true")

    choice.select_option("0 to 1")

    digits.way("image", "JSON")
    sent = json.loads(digits.form.get_by_label("image, as JSON").input_value())
    assert 0 < max(max(row) for row in sent[0]) <= 1
    kept = digits.page.evaluate("localStorage.getItem('tfs-magics:try:range digits image')")
    assert kept == "0 to 1"
    digits.way("image", "Upload")
    choice.select_option("0 to 16")


@pytest.mark.parametrize("event", ["drop", "paste"])
def test_a_picture_can_be_dropped_and_pasted(digits: TryPage, event: str):
    digits.way("image", "Upload")
    zone = digits.form.get_by_role("group", name="Image for image: choose, drop or paste one")
    file = base64.b64encode(png(10, 20, lambda *_: 0)).decode()

    zone.evaluate(BROUGHT, [event, f"{event}.png", file])

    zone.get_by_text(f"{event}.png, 10 \u00d7 20").wait_for()


def test_json_is_checked_as_it_is_typed(digits: TryPage):
    digits.way("image", "JSON")
    field = digits.form.get_by_label("image, as JSON")
    row = [0, 2, 11, 16, 14, 4, 0, 0]

    field.fill(json.dumps([[row, row, row[:7]]]))
    digits.form.get_by_text("Row 3 has 7 numbers, expected 8. Rows 4 to 8 are missing.").wait_for()

    assert field.get_attribute("aria-invalid") == "true"
    assert digits.form.get_by_role("button", name="Run", exact=True).is_disabled()
    digits.panel.shoot("try-json-wrong")


def test_what_the_server_refuses_is_explained_and_mended_by_a_button(
    lab: JupyterServer, digits: TryPage, eventually: Callable[..., Any]
):
    digits.way("image", "JSON")
    large = [[[16 if column in (13, 14) else 0 for column in range(28)] for _ in range(28)]]
    digits.form.get_by_label("image, as JSON").fill(json.dumps(large))
    digits.run()

    notice = digits.form.get_by_role("region", name="Error")
    notice.get_by_text("The image has another shape than the model expects.").wait_for()
    assert notice.locator(".jp-mod-wrong").inner_text() == "[1, 28, 28]"
    notice.get_by_text("400 from version").wait_for()
    digits.panel.shoot("try-error")
    before = requests_of(lab, "digits")
    notice.get_by_role("button", name="Resize and run").click()

    digits.answer_of(1).wait_for()
    notice.wait_for(state="detached")
    eventually(lambda: requests_of(lab, "digits")[1] > before[1])


def test_single_values_have_fields_and_what_is_optional_can_be_left_out(kinds: TryPage):
    kinds.form.get_by_label("age", exact=True).fill("old")
    kinds.form.get_by_text("old is no float32.").wait_for()
    assert kinds.form.get_by_role("button", name="Run", exact=True).is_disabled()

    age = kinds.form.get_by_label("age", exact=True)
    age.fill("40")
    kinds.form.get_by_label("city", exact=True).fill("Oslo")
    kinds.form.get_by_label("member", exact=True).select_option("true")
    assert kinds.form.get_by_label("factor, optional").get_attribute("placeholder") == "2"
    age.press("Control+Enter")
    kinds.answer_of(1).get_by_text("88").wait_for()

    kinds.form.get_by_label("factor, optional").fill("10")
    kinds.run()
    kinds.answer_of(1).get_by_text("440").wait_for()
    kinds.answer_of(1).get_by_text("from Oslo").wait_for()
    kinds.panel.shoot("try-kinds")


def test_several_rows_go_as_json(kinds: TryPage):
    kinds.signature("size")
    kinds.form.get_by_role("button", name="blob as JSON").click()
    kinds.form.get_by_label("blob, as JSON").fill('["one", "three", {"b64": "AAE="}]')
    kinds.run()

    for row, size in enumerate((3, 5, 2), start=1):
        kinds.answer_of(1).get_by_role("row", name=f"{row} {size}").wait_for()
    kinds.signature("serving_default")


def test_a_row_of_a_table_fills_the_fields(root: Path, kinds: TryPage):
    kinds.form.get_by_role("button", name="CSV row").click()
    with kinds.page.expect_file_chooser() as chooser:
        kinds.form.get_by_role("button", name="Choose…").click()
    chooser.value.set_files(root / "people.csv")
    kinds.form.get_by_label("Row", exact=True).fill("2")

    city = kinds.form.get_by_label("city", exact=True).first
    kinds.page.wait_for_function(
        "field => field.value === 'Rio, Brazil'", arg=city.element_handle()
    )
    assert kinds.form.get_by_label("age", exact=True).first.input_value() == "7"
    kinds.form.get_by_label("factor, optional").first.fill("1")
    kinds.run()
    kinds.answer_of(1).get_by_text("from Rio, Brazil").wait_for()
    kinds.panel.shoot("try-csv")


def test_a_vector_takes_columns_of_a_table(kinds: TryPage):
    kinds.signature("vector")
    kinds.way("x", "CSV row")
    kinds.form.get_by_label("x, a row of a table").fill("a,b,c,class\n1,2,3,one\n4,5,6,two")
    kinds.form.get_by_label("Row", exact=True).fill("2")
    kinds.run()

    kinds.answer_of(1).get_by_role("row", name="2 13").wait_for()
    kinds.panel.shoot("try-vector")


def test_colours_go_in_and_a_picture_comes_out(root: Path, kinds: TryPage):
    kinds.signature("negative")
    with kinds.page.expect_file_chooser() as chooser:
        kinds.form.get_by_role("button", name="Choose…").click()
    chooser.value.set_files(root / "ink.png")
    kinds.form.get_by_text("resized to 6 \u00d7 6, colour,").wait_for()
    kinds.run()

    kinds.answer_of(1).get_by_role("img", name="negative, a picture of 6 by 6 pixels").wait_for()
    kinds.panel.shoot("try-picture")


def test_a_file_goes_as_bytes(root: Path, kinds: TryPage):
    kinds.signature("size")
    kinds.form.get_by_role("button", name="blob from a file").click()
    with kinds.page.expect_file_chooser() as chooser:
        kinds.form.get_by_role("button", name="Choose…").click()
    chooser.value.set_files(root / "ink.png")
    kinds.form.get_by_text("ink.png,").wait_for()
    kinds.run()

    size = (root / "ink.png").stat().st_size
    kinds.answer_of(1).get_by_text(str(size), exact=True).wait_for()


@pytest.fixture
def drawn(digits: TryPage) -> TryPage:
    """The form of the digits, with a drawing in it and the answer as JSON."""
    digits.way("image", "Draw")
    digits.form.locator(".jp-tfs-Canvas").press("Delete")
    digits.ask("stable")
    digits.draw(THREE)
    digits.answer_of(1).wait_for()
    return digits


def shown(digits: TryPage) -> Any:
    """Return the answer that the form shows, as JSON."""
    views = digits.form.get_by_role("group", name="Answer as")
    views.get_by_role("button", name="JSON").click()
    answer = json.loads(digits.answer_of(1).locator("pre").inner_text())
    views.get_by_role("button", name="Chart").click()
    return answer


def run(*command: str, **options: Any) -> str:
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=SNIPPET_TIMEOUT_S, check=False, **options
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_copied_command_gets_the_same_answer_in_a_terminal(drawn: TryPage):
    if not shutil.which("curl"):
        pytest.skip("curl is not installed")
    command = drawn.copied("curl")
    drawn.panel.shoot("try-copy")

    answer = json.loads(run("bash", "-c", command))

    assert "/labels/stable:predict" in command
    assert answer == shown(drawn)


def test_the_copied_python_gets_the_same_answer(drawn: TryPage, tmp_path: Path):
    script = tmp_path / "ask.py"
    script.write_text(drawn.copied("Python"))

    assert json.loads(run(sys.executable, str(script)).replace("'", '"')) == shown(drawn)


def test_the_copied_grpc_client_gets_the_same_answer(drawn: TryPage, tmp_path: Path):
    script = tmp_path / "ask.py"
    script.write_text(drawn.copied("gRPC"))

    name, _, values = run(sys.executable, str(script)).partition(" ")

    assert name == "probabilities"
    [[*expected]] = shown(drawn)["outputs"]
    assert json.loads(values)[0] == pytest.approx(expected, abs=1e-6)


def test_the_copied_javascript_gets_the_same_answer(drawn: TryPage, tmp_path: Path):
    if not shutil.which("node"):
        pytest.skip("Node.js is not installed")
    script = tmp_path / "ask.mjs"
    script.write_text(drawn.copied("Node.js"))

    assert json.loads(run("node", str(script))) == shown(drawn)


def test_the_copied_cell_has_the_values_and_the_magic(drawn: TryPage):
    cell = drawn.copied("Notebook cell")

    *_, magic = cell.splitlines()

    assert magic == "%tfs_predict digits image --version 1"
    names: dict[str, Any] = {}
    exec(cell.removesuffix(magic), names)
    assert names["image"].shape == (1, 8, 8)


def test_where_the_server_wants_a_token_requests_go_through_jupyter(
    root: Path, panel: PanelPage, tmp_path: Path
):
    server = JupyterServer(tmp_path, root, "--TFSExtension.require_token=always")
    try:
        body = {"base_path": "models/digits", "versions": "all"}
        server.tell("PUT", "tfs/api/models/digits", json=body)
        there = PanelPage(panel.page.context.new_page())
        there.open(server)
        there.row("digits/1").get_by_text("Available").wait_for(timeout=60_000)
        form = TryPage(there, "digits")
        form.draw(THREE)
        form.answer_of(1).wait_for()
        command = form.copied("curl")
        there.page.close()

        assert f"{server.url}tfs/v1/models/digits" in command
        assert server.token not in command
        environment = {**os.environ, "JUPYTER_TOKEN": server.token}
        assert "outputs" in json.loads(run("bash", "-c", command, env=environment))
        environment.pop("JUPYTER_TOKEN")
        failed = subprocess.run(
            ["bash", "-c", command], env=environment, capture_output=True, text=True, check=False
        )
        assert "set it to a token of Jupyter" in failed.stderr
    finally:
        server.stop()


def test_in_the_dark_it_is_as_clear(digits: TryPage, kinds: TryPage):
    page = digits.page
    page.get_by_role("menuitem", name="Settings").click()
    page.get_by_text("Theme", exact=True).hover()
    page.get_by_role("menuitem", name="JupyterLab Dark", exact=True).click()
    page.wait_for_function("document.body.dataset.jpThemeLight === 'false'")
    page.locator("#jupyterlab-splash").wait_for(state="detached")
    kinds.panel.shoot("try-kinds-dark")
    again = TryPage(digits.panel, "digits")
    again.way("image", "Draw")
    again.ask("Both")
    again.answer_of(2).wait_for()
    digits.panel.shoot("try-drawn-dark")


def test_in_a_cell_a_drawing_is_read_by_both_versions(
    lab: JupyterServer, root: Path, panel: PanelPage
):
    write(root / "draw.ipynb", "%load_ext tfs_magics", "%tfs_draw digits")
    page = OutputPage(panel.page.context.new_page())
    page.open(lab, "draw.ipynb")
    for number in range(2):
        page.run(number)
    output = page.output(1)
    canvas = output.locator(".jp-tfs-Canvas")
    canvas.scroll_into_view_if_needed()

    drag(page.page, canvas, THREE)

    for version in (1, 2):
        answer = output.get_by_role("group", name=f"Answer of version {version}", exact=True)
        answer.locator("b", has_text="3").wait_for()
    output.get_by_role("button", name="Copy as").click()
    output.get_by_role("group", name="Copy as").wait_for()
    page.shoot("draw-cell")
    page.page.close()


def test_the_browser_complains_of_nothing_but_the_refusal(panel: PanelPage):
    assert [each for each in panel.wrong if "400 (Bad Request)" not in each] == []
    assert panel.hosts <= {"127.0.0.1", "localhost"}
