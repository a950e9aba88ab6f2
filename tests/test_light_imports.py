"""What importing the packages costs: nothing heavy before it is needed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import requests

HEAVY = {
    "anywidget",
    "grpc",
    "jupyter_server",
    "keras",
    "numpy",
    "google.protobuf",
    "ipywidgets",
    "pygrpc_native",
    "requests",
    "tensorflow",
    "tensorflow_serving",
    "uvicorn",
}
WITHOUT_KERAS = """
from server_ext import latecomers
with latecomers.put_off("keras"):
    import server_ext.server, server_ext.frontends.grpc_native
"""
LOAD_EXTENSION = """
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

config = Config()
config.HistoryManager.hist_file = ":memory:"
shell = InteractiveShell.instance(config=config)
import sys
before = set(sys.modules)
shell.run_line_magic("load_ext", "tfs_magics")
assert "tfs_serve" in shell.magics_manager.magics["line"]
"""


def loaded_by(code: str, folder: Path) -> set[str]:
    """Return the modules that a new interpreter has loaded after this code."""
    code += "\nimport json, sys; print(json.dumps(list(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-I", "-c", code],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


def test_importing_the_server_package_loads_nothing_heavy(tmp_path: Path):
    assert not loaded_by("import server_ext", tmp_path) & HEAVY


def test_importing_what_hosts_a_server_loads_nothing_heavy(tmp_path: Path):
    loaded = loaded_by("import server_ext.hosting.host", tmp_path)

    assert not loaded & {*HEAVY, "asyncio", "jupyter_core", "tornado", "traitlets"}


def test_importing_the_magics_loads_nothing_heavy(tmp_path: Path):
    assert not loaded_by("import tfs_magics", tmp_path) & HEAVY


def test_loading_the_extension_loads_no_tensorflow_grpc_or_jupyter_server(tmp_path: Path):
    loaded = loaded_by(LOAD_EXTENSION, tmp_path)

    assert not loaded & {"tensorflow", "tensorflow_serving", "keras", "grpc", "jupyter_server"}


def test_the_extension_of_jupyter_is_light_on_top_of_jupyter(tmp_path: Path):
    loaded = loaded_by("import server_ext.jupyter.app", tmp_path)

    assert not loaded & (HEAVY - {"jupyter_server"})


def test_the_extension_of_jupyter_takes_less_than_a_tenth_of_a_second_to_import(tmp_path: Path):
    code = (
        "import jupyter_server.serverapp, jupyter_server.extension.application, time\n"
        "began = time.perf_counter()\n"
        "import server_ext; server_ext._jupyter_server_extension_points()\n"
        "print(time.perf_counter() - began)"
    )
    command = [sys.executable, "-c", code]

    best = min(
        float(subprocess.run(command, cwd=tmp_path, capture_output=True, check=True).stdout)
        for _ in range(5)
    )

    assert best < 0.1


@pytest.mark.parametrize("name", ["export", "serve", "predict", "status", "stop"])
def test_the_functions_are_there_for_scripts_all_the_same(name: str, tmp_path: Path):
    loaded = loaded_by(f"import tfs_magics; assert callable(tfs_magics.{name})", tmp_path)

    assert "tensorflow" not in loaded


@pytest.mark.tensorflow
def test_a_server_on_the_native_front_imports_neither_keras_nor_grpcio(tmp_path: Path):
    loaded = loaded_by(WITHOUT_KERAS, tmp_path)

    assert "tensorflow" in loaded
    assert not loaded & {"keras", "optree", "rich", "sklearn", "PIL", "IPython", "tensorboard"}
    assert not loaded & {"grpc", "prometheus_client"}


@pytest.mark.tensorflow
def test_operations_that_need_keras_after_all_can_import_it(tmp_path: Path):
    asks = "from tensorflow.keras.layers import Dense; import tensorflow as tf; tf.keras.Model"

    assert "keras" in loaded_by(f"{WITHOUT_KERAS}\n{asks}", tmp_path)


@pytest.mark.tensorflow
@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="reads /proc")
def test_a_server_that_answers_has_loaded_no_library_of_keras_or_grpcio(
    start_server, export_constant, tmp_path: Path
):
    export_constant(tmp_path / "m" / "1", 1.0)
    server = start_server(f"--model_base_path={tmp_path / 'm'}", "--model_name=m")
    row = {"instances": [[0, 0, 0, 0]]}

    answer = requests.post(f"{server.url}/v1/models/m:predict", json=row, timeout=30)

    assert answer.status_code == 200
    libraries = Path(f"/proc/{server.process.pid}/maps").read_text()
    assert "_pywrap_tensorflow" in libraries
    assert "/optree/" not in libraries  # needed by Keras, and by nobody else
    assert "cygrpc" not in libraries
