"""What importing the packages costs: nothing heavy before it is needed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {
    "grpc",
    "jupyter_server",
    "keras",
    "numpy",
    "google.protobuf",
    "pygrpc_native",
    "requests",
    "tensorflow",
    "tensorflow_serving",
    "uvicorn",
}
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


def test_importing_the_magics_loads_nothing_heavy(tmp_path: Path):
    assert not loaded_by("import tfs_magics", tmp_path) & HEAVY


def test_loading_the_extension_loads_no_tensorflow_grpc_or_jupyter_server(tmp_path: Path):
    loaded = loaded_by(LOAD_EXTENSION, tmp_path)

    assert not loaded & {"tensorflow", "tensorflow_serving", "keras", "grpc", "jupyter_server"}


@pytest.mark.parametrize("name", ["export", "serve", "predict", "status", "stop"])
def test_the_functions_are_there_for_scripts_all_the_same(name: str, tmp_path: Path):
    loaded = loaded_by(f"import tfs_magics; assert callable(tfs_magics.{name})", tmp_path)

    assert "tensorflow" not in loaded
