"""The notebooks, run as `make demo` runs them: from an empty state, in a copy, without a browser."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import nbformat
import psutil
import pytest

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
CLIENTS = ["magic", "REST", "gRPC", *(["Node.js"] if shutil.which("node") else [])]
STEPS = [
    "Load handwritten digits",
    "Train a small network",
    "Export it as version 1",
    "Serve it",
    "Ask by magic",
    "Ask over REST",
    "Ask over gRPC",
    "Ask from Node.js",
    "Compare with model.predict",
    "Train on",
    "Export it as version 2",
    "Watch version 2 go live",
    "Look at the status",
    "Show the metadata",
    "Stop the server",
]


class Demo(NamedTuple):
    """What a run of the demo printed, and what its notebook's cells show, by step."""

    printed: str
    cells: dict[str, str]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The quickstart, which the demo is, run once."""
    return run(tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="module")
def panels(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    return run(tmp_path_factory.mktemp("panels"), "02_panels_and_widgets.ipynb")


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    return run(tmp_path_factory.mktemp("versions"), "03_versions_labels_batching.ipynb")


def run(folder: Path, *notebook: str) -> Demo:
    """Run a notebook; its processes carry a mark in their environment."""
    environment = {**os.environ, "TFS_DEMO_TEST": str(folder)}
    environment.pop("PYTHONSAFEPATH", None)  # notebooks import what lies beside them
    done = subprocess.run(
        [sys.executable, FOLDER / "run_demo.py", *notebook, "--save", folder / "executed.ipynb"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert not marked(str(folder)), "the demo left processes behind"
    cells = nbformat.read(folder / "executed.ipynb", as_version=4).cells
    return Demo(done.stdout, {cell.metadata.step: text(cell) for cell in cells if is_step(cell)})


def is_step(cell: nbformat.NotebookNode) -> bool:
    return "step" in cell.metadata


def text(cell: nbformat.NotebookNode) -> str:
    return "\n".join(
        output.get("text") or output.get("data", {}).get("text/plain", "")
        for output in cell.outputs
        if output.get("name") != "stderr"
    )


def marked(mark: str) -> list[psutil.Process]:
    """Return the processes that were started by the demo or by one of its children."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("TFS_DEMO_TEST") == mark:
                found.append(process)
        except psutil.Error:
            continue
    return found


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_notebooks_are_stored_without_outputs(path: Path):
    cells = nbformat.read(path, as_version=4).cells

    assert not [cell.id for cell in cells if cell.get("outputs") or cell.get("execution_count")]


@pytest.mark.notebook
@pytest.mark.tensorflow
@pytest.mark.timeout(300)
class TestQuickstart:
    def test_each_step_is_printed_in_order_with_the_time_it_took(self, demo: Demo):
        printed = re.findall(r"^\[\d+/\d+\] (.+) \.\.\. \d+\.\d s$", demo.printed, re.MULTILINE)

        assert printed == STEPS

    def test_every_client_gets_the_numbers_of_the_model(self, demo: Demo):
        agreed = re.findall(
            r"^(\S+) +says .*, as model\.predict does$",
            demo.cells["Compare with model.predict"],
            re.MULTILINE,
        )

        assert agreed == CLIENTS

    def test_version_2_answers_and_version_1_is_gone(self, demo: Demo):
        assert "version 2 answers" in demo.cells["Watch version 2 go live"]
        assert re.search(r"\b2\b.*\bavailable\b", demo.cells["Look at the status"], re.IGNORECASE)

    def test_metadata_names_the_input_and_the_output(self, demo: Demo):
        shown = demo.cells["Show the metadata"]

        assert "image" in shown
        assert "output_0" in shown
        assert "float32" in shown


@pytest.mark.notebook
@pytest.mark.tensorflow
@pytest.mark.timeout(300)
class TestPanelsAndWidgets:
    def test_the_second_network_reads_digits_of_other_hands_better(self, panels: Demo):
        shares = dict(
            re.findall(r"^(\w+) +reads ([\d.]+)% of them", panels.cells["Train a better one"], re.M)
        )

        assert float(shares["first"]) < 60
        assert float(shares["better"]) > 85

    def test_without_a_browser_the_panel_and_the_canvas_say_what_there_is(self, panels: Demo):
        assert re.search(r"\b2\b.*\bavailable\b.*\bcanary\b", panels.cells["Show the panel"])
        assert "drawn" in panels.cells["Draw"]

    def test_a_canvas_on_which_nothing_is_drawn_is_an_array_of_zeros(self, panels: Demo):
        assert "(28, 28) float32, 0 pixels" in panels.cells["Get the drawing as numpy"]


@pytest.mark.notebook
@pytest.mark.tensorflow
@pytest.mark.timeout(300)
class TestVersionsLabelsBatching:
    def test_a_label_that_moves_takes_its_clients_along_and_back(self, versions: Demo):
        steps = ["Ask by label", "Ask stable again", "Ask stable once more"]
        shares = [re.search(r"([\d.]+)% rightly", versions.cells[step])[1] for step in steps]

        assert shares[0] == shares[2]
        assert float(shares[1]) > float(shares[0])

    def test_a_tenth_of_the_requests_asked_the_canary(self, versions: Demo):
        shown = versions.cells["Send a tenth of the requests to the canary"]

        assert re.findall(r"was asked (\d+) times", shown) == ["90", "10"]

    def test_requests_that_come_together_ride_in_one_batch(self, versions: Demo):
        sizes = re.findall(
            r"^ *(\d+) to .*: +(\d+) requests", versions.cells["Ask 32 at a time"], re.M
        )

        assert "50 of 50" in versions.cells["Ask one by one"]
        assert sum(int(count) for _, count in sizes) == 2000
        assert any(int(count) for low, count in sizes if int(low) > 1)
