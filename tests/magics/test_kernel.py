"""The magics in a real kernel: what a notebook shows, and that nothing outlives the kernel."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from jupyter_client.manager import KernelManager

pytestmark = pytest.mark.tensorflow

TIMEOUT_S = 90


class Kernel:
    """A kernel in the directory of the models; `run` returns what a cell put into the notebook."""

    def __init__(self, directory: Path) -> None:
        self.manager = KernelManager(kernel_name="python3")
        self.manager.start_kernel(cwd=str(directory))
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=TIMEOUT_S)

    def run(self, cell: str) -> list[dict[str, Any]]:
        outputs: list[dict[str, Any]] = []

        def hear(message: dict[str, Any]) -> None:
            kind, content = message["msg_type"], message["content"]
            if kind in ("execute_result", "display_data", "error", "stream"):
                outputs.append({"kind": kind, **content})
            if kind == "update_display_data":
                for shown in outputs:
                    if shown.get("transient") == content["transient"]:
                        shown["data"] = content["data"]

        self.reply = self.client.execute_interactive(cell, timeout=TIMEOUT_S, output_hook=hear)
        return outputs

    def one(self, cell: str) -> dict[str, str]:
        """Run a cell that shows one thing; return it by its types."""
        (shown,) = self.run(cell)
        data: dict[str, str] = shown["data"]
        return data

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel()


@pytest.fixture(scope="module")
def kernel(models: Path) -> Iterator[Kernel]:
    """A kernel that serves digits and pair."""
    kernel = Kernel(models)
    kernel.run("%load_ext tfs_magics\nimport numpy as np\nx = np.eye(16)[:3].reshape(-1, 4, 4, 1)")
    yield kernel
    kernel.close()


@pytest.fixture
def serving_kernel(kernel: Kernel) -> Kernel:
    kernel.run("%tfs_serve ./digits ./pair --rest-port 0 --grpc-port 0;")
    assert kernel.reply["content"]["status"] == "ok"
    return kernel


def test_serving_shows_its_progress_in_one_place_and_then_only_the_result(kernel: Kernel):
    progress, result = kernel.run("%tfs_serve ./digits --rest-port 0 --grpc-port 0")

    assert progress["data"] == {"text/plain": "", "text/html": ""}
    assert result["kind"] == "execute_result"
    assert result["data"]["text/plain"].startswith("digits 1  available   server started ")
    assert "Available" in result["data"]["text/html"]


def test_a_prediction_is_shown_once_as_a_table(serving_kernel: Kernel):
    shown = serving_kernel.one("%tfs_predict digits x[:2]")

    assert shown["text/plain"].startswith("row  class  probability  ")
    assert shown["text/html"].count("<svg") == 2


def test_an_assigned_prediction_is_a_plain_array_and_shows_nothing(serving_kernel: Kernel):
    assert serving_kernel.run("p = %tfs_predict digits x[:2]") == []
    assert serving_kernel.one("type(p).__name__, p.dtype.name, p.argmax(1).tolist()") == {
        "text/plain": "('ndarray', 'float32', [0, 1])"
    }
    assert serving_kernel.one("p")["text/plain"].startswith("array([[")


def test_numbers_and_dicts_show_themselves(serving_kernel: Kernel):
    shown = serving_kernel.one('%tfs_predict pair {"a": [1], "b": [[1, 2]]}')

    assert shown == {
        "text/plain": "{'sum': array([3.], dtype=float32), 'twice': array([2], dtype=int32)}"
    }


def test_a_semicolon_hides_the_result(serving_kernel: Kernel):
    assert serving_kernel.run("%tfs_status ;") == []


def test_a_wrong_shape_is_a_notice_and_a_line_and_stops_the_notebook(serving_kernel: Kernel):
    notice, error = serving_kernel.run("%tfs_predict digits x[0]")

    assert "jp-tfs-Notice" in notice["data"]["text/html"]
    assert error["kind"] == "error"
    assert error["traceback"] == [
        "UsageError: image: expected float32 [n, 4, 4, 1], got float32 [4, 4, 1]."
    ]
    assert serving_kernel.reply["content"]["status"] == "error"


def test_a_wrong_name_is_one_line(serving_kernel: Kernel):
    (error,) = serving_kernel.run("%tfs_predict digts x[:1]")

    assert error["kind"] == "stream"
    assert error["text"].strip() == "UsageError: No model digts is served. Did you mean digits?"


def test_a_model_that_does_not_load_is_a_notice_with_the_log(serving_kernel: Kernel):
    *_, notice, error = serving_kernel.run("%tfs_serve ./broken")  # progress, if it took a while

    assert notice["data"]["text/plain"].startswith("broken 1 is not served: ")
    assert "<pre" in notice["data"]["text/html"]
    assert error["traceback"] == ["UsageError: broken 1 is not served."]
    assert error["evalue"].startswith("broken 1 is not served: ")


def test_the_cells_json_is_posted_braces_and_all(serving_kernel: Kernel):
    shown = serving_kernel.one('%%tfs_request pair\n{"inputs": {"a": [1], "b": [[1, 2]]}}')

    assert shown["text/plain"].startswith("pair  200 OK")
    assert '"twice"' in shown["text/plain"]


@pytest.mark.parametrize("body", ['{"inputs": [[1, 2,', '{"inputs": "\'\'\'"}', "((("])
def test_json_that_is_broken_is_answered_by_the_server_not_by_ipython(
    serving_kernel: Kernel, body: str
):
    shown = serving_kernel.one(f"%%tfs_request pair\n{body}")

    assert shown["text/plain"].startswith("pair  400 Bad Request")


def test_tab_completes_values_from_what_is_served(
    serving_kernel: Kernel, eventually: Callable[..., Any]
):
    def found(code: str) -> list[str]:
        client = serving_kernel.client
        message = client.complete(code)
        content = client.get_shell_msg(timeout=TIMEOUT_S)
        assert content["parent_header"]["msg_id"] == message
        matches: list[str] = content["content"]["matches"]
        return matches

    assert eventually(lambda: found("%tfs_predict di")) == ["digits"]
    assert found("%tfs_predict digits --sig") == ["--signature"]
    assert found("p = %tfs_predict digits --version ") == ["1"]


def test_a_magic_in_a_function_sees_its_names(serving_kernel: Kernel):
    serving_kernel.run("def ask(rows):\n    p = %tfs_predict digits x[:rows]\n    return p.shape")

    assert serving_kernel.one("ask(2)")["text/plain"] == "(2, 10)"


def test_a_magic_that_loads_tensorflow_shows_nothing_of_it(models: Path):
    kernel = Kernel(models)
    try:
        kernel.run("%load_ext tfs_magics\n%tfs_serve ./digits --rest-port 0 --grpc-port 0")
        kernel.run("import numpy as np\nx = np.zeros((1, 4, 4, 1))")

        shown = kernel.one("%tfs_predict digits x --grpc")
        assert shown["text/plain"].startswith("row  class  probability  ")
    finally:
        kernel.close()


@pytest.mark.parametrize("killed", [False, True])
def test_the_server_ends_with_its_kernel(
    models: Path, eventually: Callable[..., Any], killed: bool
):
    kernel = Kernel(models)
    kernel.run("%load_ext tfs_magics\n%tfs_serve ./digits --rest-port 0 --grpc-port 0")
    pid = int(kernel.one("import tfs_magics; tfs_magics.status().data['pid']")["text/plain"])
    server = psutil.Process(pid)
    directory = Path(server.cwd())

    kernel.client.stop_channels()
    kernel.manager.shutdown_kernel(now=killed)

    eventually(lambda: not server.is_running() or server.status() == psutil.STATUS_ZOMBIE)
    if killed:
        shutil.rmtree(directory)
    assert not directory.exists(), "a kernel that ends properly tidies up"
