"""What users install: the built wheel has all of the packages and nothing else."""

import gzip
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from email import message_from_string
from pathlib import Path

import pytest

import server_ext

ROOT = Path(__file__).parents[1]
NOT_PACKED = {"__pycache__", "labextension"}
LABEXTENSION = ".data/data/share/jupyter/labextensions/tfs-magics/"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[zipfile.ZipFile]:
    """Build the wheel as `pip install .` does, without an index."""
    folder = tmp_path_factory.mktemp("wheel")
    options = ["--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check"]
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "-q", *options, "-w", str(folder), str(ROOT)],
        check=True,
        capture_output=True,
        timeout=100,
    )
    [file] = folder.iterdir()
    with zipfile.ZipFile(file) as archive:
        yield archive


def read(wheel: zipfile.ZipFile, suffix: str) -> str:
    [name] = [name for name in wheel.namelist() if name.endswith(suffix)]
    return wheel.read(name).decode()


def test_every_file_of_the_packages_is_in_the_wheel(wheel: zipfile.ZipFile):
    tree = {
        path.relative_to(ROOT).as_posix()
        for package in ("server_ext", "tfs_magics")
        for path in (ROOT / package).rglob("*.*")
        if not any(part[0] == "." or part in NOT_PACKED for part in path.relative_to(ROOT).parts)
    }

    outside = (".dist-info/", ".data/")
    packed = {name for name in wheel.namelist() if not any(part in name for part in outside)}

    assert packed == tree
    assert {"server_ext/py.typed", "tfs_magics/py.typed", "server_ext/ARCHITECTURE.md"} <= packed


def test_the_wheel_brings_the_command_and_the_license(wheel: zipfile.ZipFile):
    scripts = read(wheel, ".dist-info/entry_points.txt")

    assert "tensorflow_model_server = server_ext.cli:main" in scripts
    assert "Apache License" in read(wheel, "licenses/LICENSE")


def test_the_wheel_enables_the_extension_of_the_jupyter_server(wheel: zipfile.ZipFile):
    config = read(wheel, ".data/data/etc/jupyter/jupyter_server_config.d/tfs-magics.json")

    assert json.loads(config) == {"ServerApp": {"jpserver_extensions": {"server_ext": True}}}
    assert "jupyter-tfs = " in read(wheel, ".dist-info/entry_points.txt")


def test_the_wheel_brings_the_panel_and_says_where_it_is_from(wheel: zipfile.ZipFile):
    package = json.loads(read(wheel, f"{LABEXTENSION}package.json"))
    install = json.loads(read(wheel, f"{LABEXTENSION}install.json"))
    sizes = [
        each.file_size for each in wheel.infolist() if f"{LABEXTENSION}static/" in each.filename
    ]

    assert package["version"] == server_ext.__version__
    assert package["jupyterlab"]["_build"]["load"].startswith("static/remoteEntry.")
    assert install["packageName"] == "tfs-magics"
    assert 0 < sum(sizes) < 1_000_000


def test_the_wheel_brings_what_browsers_run_of_the_widgets(wheel: zipfile.ZipFile):
    views = read(wheel, "tfs_magics/widgets/static/views.js")

    assert len(read(wheel, "tfs_magics/widgets/static/loader.js")) < 2000
    assert len(gzip.compress(views.encode())) < 90_000
    assert "jp-tfs" in views


def test_what_jupyterlab_loads_of_the_panel_is_under_250_kb_packed(wheel: zipfile.ZipFile):
    loaded = [
        name
        for name in wheel.namelist()
        if f"{LABEXTENSION}static/" in name and name.endswith((".js", ".css"))
    ]

    assert 0 < sum(len(gzip.compress(wheel.read(name))) for name in loaded) < 250_000


def test_the_wheel_says_its_version_and_shows_the_readme(wheel: zipfile.ZipFile):
    metadata = message_from_string(read(wheel, ".dist-info/METADATA"))

    assert metadata["Name"] == "tfs-magics"
    assert metadata["Version"] == server_ext.__version__
    assert metadata["Requires-Python"] == ">=3.10"
    assert metadata.get_payload() == (ROOT / "README.md").read_text()
