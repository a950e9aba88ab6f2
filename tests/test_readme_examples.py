"""The README's examples, as a reader types them: in a notebook, and without one.

The ports are the only change: the server's command gets two more flags, of which the last one wins,
and the clients the ports that came of it.
"""

import json
import re
import select
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
START_TIMEOUT_S = 90
ANSWER = [2.5, 3.0, 4.5]
NOTEBOOK = """
import sys

import keras
import numpy as np
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

config = Config()
config.HistoryManager.hist_file = ":memory:"
shell = InteractiveShell.instance(config=config)
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
x_test = np.random.default_rng(1).random((10, 4), dtype=np.float32)
shell.push({"model": model, "x_test": x_test})
for line in sys.argv[1].splitlines():
    done = shell.run_cell(line)
    done.raise_error()
np.testing.assert_allclose(done.result, model.predict(x_test[:3], verbose=0), atol=1e-6)
"""

pytestmark = pytest.mark.tensorflow


def examples() -> dict[str, str]:
    """Return the code blocks of the section, each by what it starts with or what it imports."""
    section = README.split("## Serving without Jupyter\n")[1]
    blocks = re.findall(r"^```\w+\n(.*?)^```", section.split("\n## ")[0], re.MULTILINE | re.DOTALL)
    marks = {
        "export": "tfs_magics.export(",
        "serve": "tensorflow_model_server --",
        "curl": "curl ",
        "node": "| node ",
        "rest": "requests.post(",
        "grpc": "grpc.insecure_channel(",
    }
    found = {}
    for key, mark in marks.items():
        [found[key]] = [block for block in blocks if mark in block]
    return found


EXAMPLES = examples()


class Served:
    """The README's server: where it listens, and its examples with those ports."""

    def __init__(self, ready: dict[str, int]) -> None:
        self._ports = {":8501": f":{ready['rest_api_port']}", ":8500": f":{ready['port']}"}

    def run(self, command: list[str], example: str) -> str:
        """Run one example from the repository's root; return what it prints."""
        for port, real in self._ports.items():
            example = example.replace(port, real)
        done = subprocess.run(
            [*command, example], cwd=ROOT, capture_output=True, text=True, timeout=90, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("readme")
    subprocess.run([sys.executable, "-c", EXAMPLES["export"]], cwd=folder, check=True, timeout=90)
    command = [*shlex.split(EXAMPLES["serve"]), "--port=0", "--rest_api_port=0"]
    script = Path(sys.executable).with_name(command[0])
    log = (folder / "server.log").open("w")
    server = subprocess.Popen(
        [script, *command[1:]], cwd=folder, stdout=subprocess.PIPE, stderr=log, text=True
    )
    assert server.stdout
    try:
        assert select.select([server.stdout], [], [], START_TIMEOUT_S)[0], "no line within the time"
        yield Served(json.loads(server.stdout.readline()))
        server.send_signal(signal.SIGTERM)
        assert server.wait(40) == 0
    finally:
        if server.poll() is None:
            server.kill()
        server.wait()
        server.stdout.close()
        log.close()


def test_the_four_lines_in_a_notebook_answer_as_the_model_does(tmp_path: Path):
    [lines] = re.findall(r"^```ipython\n(.*?)^```", README, re.MULTILINE | re.DOTALL)

    done = subprocess.run(
        [sys.executable, "-c", NOTEBOOK, lines],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "models" / "model" / "1").is_dir()


def test_curl_gets_the_answer(served: Served):
    if not shutil.which("curl"):
        pytest.skip("curl is not installed")

    assert json.loads(served.run(["sh", "-c"], EXAMPLES["curl"])) == {"predictions": ANSWER}


def test_the_node_client_gets_the_answer(served: Served):
    if not shutil.which("node"):
        pytest.skip("Node.js is not installed: install Debian's nodejs, or run `make test` as root")

    assert json.loads(served.run(["sh", "-c"], EXAMPLES["node"])) == {"predictions": ANSWER}


def test_the_rest_client_gets_the_answer(served: Served):
    assert served.run([sys.executable, "-c"], EXAMPLES["rest"]).split("\n")[0] == str(ANSWER)


def test_the_grpc_client_gets_the_answer(served: Served):
    assert served.run([sys.executable, "-c"], EXAMPLES["grpc"]).strip() == "[2.5 3.  4.5]"
