"""A shell of its own for each test, and one real model server for all tests of a session."""

from __future__ import annotations

import atexit
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from traitlets.config import Config

from tfs_magics import connection, live, serving


class Shell:
    """A fresh IPython shell with the magics, in a directory of its own."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell

    def run(self, cell: str) -> Ran:
        """Run a cell as a notebook would; nothing is raised."""
        with capture_output() as captured:
            result = self.shell.run_cell(cell, store_history=True)
        return Ran(captured.stdout, captured.stderr, result.result, result.error_in_exec)

    def __getitem__(self, name: str) -> Any:
        return self.shell.user_ns[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self.shell.user_ns[name] = value


class Ran:
    """What a cell printed, returned and raised."""

    def __init__(self, out: str, err: str, value: Any, error: BaseException | None) -> None:
        self.out = out
        self.err = err
        self.value = value
        self.error = error

    @property
    def usage_error(self) -> str:
        """The text after `UsageError:`; fails if the cell did anything else."""
        text = self.err + self.out
        assert text.startswith("UsageError: "), text
        assert "Traceback" not in text
        return text.removeprefix("UsageError: ").strip()


@pytest.fixture(scope="session", autouse=True)
def no_jupyter() -> Iterator[None]:
    """Tests that run in a notebook's terminal do not talk to its Jupyter server."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("JPY_PARENT_PID", "TFS_MANAGER_URL", "JUPYTERHUB_SERVICE_URL"):
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Servers of these tests remember sizes of batches in a directory of the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    """A shell with the magics; no model was exported in this session yet."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(live, "exported", {})
    monkeypatch.setattr(serving, "exported", live.exported)
    config = Config()
    config.HistoryManager.hist_file = ":memory:"
    config.InteractiveShell.colors = "nocolor"
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance(config=config)
    shell.run_line_magic("load_ext", "tfs_magics")
    yield Shell(shell)
    shell.run_line_magic("unload_ext", "tfs_magics")
    shell.history_manager.end_session()
    # Else each shell collects all garbage once more as the tests end: minutes with TensorFlow there.
    atexit.unregister(shell.atexit_operations)
    InteractiveShell.clear_instance()


@pytest.fixture
def no_server() -> Iterator[None]:
    """No server runs before and after the test."""
    _stop()
    yield
    _stop()


def _stop() -> None:
    connection.use("")
    if connection.current().status()["server"]["state"] != "stopped":
        serving.stop(all=True)


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory, write_model: Callable[..., Path]) -> Path:
    """A directory with version 1 of digits (softmax), pair (2 inputs, 2 outputs), text, broken."""
    base = tmp_path_factory.mktemp("models")
    for kind in ("digits", "pair", "text"):
        write_model(kind, base / kind / "1")
    (base / "broken" / "1").mkdir(parents=True)
    (base / "broken" / "1" / "saved_model.pb").write_bytes(b"not a model")
    return base


@pytest.fixture(scope="session")
def write_model() -> Callable[..., Path]:
    """Write a version of a kind of model to a directory, in one step."""
    import tensorflow as tf

    def spec(dtype: Any, *shape: int | None, name: str) -> Any:
        return tf.TensorSpec(list(shape), dtype, name=name)

    def digits(shift: float) -> Any:
        """Answer with the class of the largest of the first ten pixels, plus `shift`."""

        @tf.function(input_signature=[spec(tf.float32, None, 4, 4, 1, name="image")])
        def call(image: Any) -> dict[str, Any]:
            image = tf.nn.max_pool2d(image, 1, 1, "VALID")  # takes rank 4 only
            flat = tf.reshape(image, [-1, 16])[:, :10]
            return {"probabilities": tf.nn.softmax(flat * 10 + shift)}

        return call

    def pair(shift: float) -> Any:
        @tf.function(
            input_signature=[
                spec(tf.int32, None, name="a"),
                spec(tf.float32, None, 2, name="b"),
            ]
        )
        def call(a: Any, b: Any) -> dict[str, Any]:
            return {"twice": a * 2, "sum": tf.reduce_sum(b, axis=1) + shift}

        return call

    def text(shift: float) -> Any:
        @tf.function(input_signature=[spec(tf.string, None, name="words")])
        def call(words: Any) -> dict[str, Any]:
            return {"louder": tf.strings.upper(words)}

        return call

    kinds = {"digits": digits, "pair": pair, "text": text}

    def write(kind: str, directory: Path, shift: float = 0.0) -> Path:
        module = tf.Module()
        module.call = kinds[kind](shift)
        hidden = directory.parent / f".{directory.name}"
        tf.saved_model.save(module, str(hidden), signatures={"serving_default": module.call})
        hidden.rename(directory)
        return directory

    return write


@pytest.fixture(scope="session")
def server(models: Path) -> Iterator[Path]:
    """A real server with the models digits, pair and text on free ports; returns their directory.

    It is started again if a test has stopped it.
    """
    yield models
    _stop()


@pytest.fixture
def served(server: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The server of the session, up; returns the directory of the models."""
    monkeypatch.setattr(live, "exported", {})
    monkeypatch.setattr(serving, "exported", live.exported)
    names = [str(server / name) for name in ("digits", "pair", "text")]
    serving.serve(*names, rest_port=0, grpc_port=0, versions="latest:1")
    return server


@pytest.fixture
def images() -> Any:
    """Three images of class 3, 5 and 0, for the model digits; float64 as numpy makes them."""
    found = np.zeros((3, 4, 4, 1))
    for row, pixel in enumerate((3, 5, 0)):
        found[row].flat[pixel] = 1.0
    return found
