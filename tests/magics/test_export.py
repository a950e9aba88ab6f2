from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from server_ext.errors import Code, FailedPrecondition, InvalidArgument, ServingError
from tfs_magics.exporting.export import Exported, TensorInfo, export

pytestmark = pytest.mark.tensorflow


@pytest.fixture(scope="module")
def digits() -> tuple[Any, Any]:
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    return (images / 16).reshape(-1, 8, 8, 1).astype("float32"), labels


@pytest.fixture(scope="module")
def model(digits: tuple[Any, Any]) -> Any:
    """A Sequential classifier of real digits, trained in a second or two."""
    import keras

    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [
            keras.layers.Input((8, 8, 1)),
            keras.layers.Conv2D(8, 3, activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(*digits, epochs=4, batch_size=32, verbose=0)
    return model


@pytest.fixture(scope="module")
def exported(model: Any, digits: tuple[Any, Any], tmp_path_factory: Any) -> Exported:
    base_path = tmp_path_factory.mktemp("models")
    return export(model, name="digits", base_path=base_path, check=digits[0][:8])


def _module(value: float = 1.0) -> Any:
    """A small tf.Module that takes 20 ms to export: x -> value * x."""
    import tensorflow as tf

    class Times(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.value = tf.Variable(value)

        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])
        def call(self, x: Any) -> Any:
            return x * self.value

    return Times()


def _answer(path: Path, x: Any) -> Any:
    import tensorflow as tf

    loaded = tf.saved_model.load(str(path))
    (output,) = loaded.signatures["serving_default"](tf.constant(x)).values()
    return output.numpy()


def test_the_files_answer_as_the_trained_model(
    exported: Exported, model: Any, digits: tuple[Any, Any]
) -> None:
    images, labels = digits

    answers = _answer(exported.path, images)

    np.testing.assert_allclose(answers, model.predict(images, verbose=0), atol=1e-5)
    assert (answers.argmax(axis=1) == labels).mean() > 0.9


def test_the_result_says_what_was_written(exported: Exported) -> None:
    files = [path for path in exported.path.rglob("*") if path.is_file()]

    assert (exported.name, exported.version, exported.replaced) == ("digits", 1, False)
    assert exported.path.parts[-2:] == ("digits", "1")
    assert exported.bytes == sum(path.stat().st_size for path in files) > 10_000
    assert 0 < exported.seconds < 60
    assert exported.difference is not None
    assert exported.difference < 1e-5
    assert [each.name for each in exported.signatures] == ["serving_default", "serve"]
    assert exported.signatures[0].inputs == {"inputs": TensorInfo("float32", (-1, 8, 8, 1))}
    assert exported.signatures[0].outputs == {"output_0": TensorInfo("float32", (-1, 10))}


def test_the_result_shows_itself(exported: Exported) -> None:
    text = repr(exported)
    bundle = exported._repr_mimebundle_()

    for fact in ("digits", str(exported.path), "serving_default", "float32", "output_0"):
        assert fact in text
    assert bundle["text/plain"] == text
    assert "serving_default" in bundle["text/html"]


def test_the_package_has_the_function_also_after_its_module_was_imported(tmp_path: Path) -> None:
    import tfs_magics
    import tfs_magics.exporting.export

    assert tfs_magics.export(_module(), base_path=tmp_path).path == tmp_path / "times" / "1"


def test_the_next_version_is_the_highest_plus_one(tmp_path: Path) -> None:
    versions = [export(_module(), name="m", base_path=tmp_path).version for _ in range(2)]
    versions.append(export(_module(), name="m", base_path=tmp_path, version=40).version)
    versions.append(export(_module(), name="m", base_path=tmp_path).version)

    assert versions == [1, 2, 40, 41]
    assert sorted(os.listdir(tmp_path / "m")) == ["1", "2", "40", "41"]


def test_the_default_base_path_is_models_in_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert export(_module()).path == tmp_path / "models" / "times" / "1"


def test_a_timestamp_is_the_time_in_seconds_and_unique(tmp_path: Path) -> None:
    before = int(time.time())

    versions = [export(_module(), base_path=tmp_path, timestamp=True).version for _ in range(3)]

    assert len(set(versions)) == 3
    assert before <= min(versions) <= max(versions) <= time.time() + 3


def test_an_existing_version_is_refused_and_stays(tmp_path: Path) -> None:
    export(_module(1.0), base_path=tmp_path, version=3)

    with pytest.raises(ServingError, match="version 3 exists") as refused:
        export(_module(2.0), base_path=tmp_path, version=3)

    assert refused.value.code is Code.ALREADY_EXISTS
    assert _answer(tmp_path / "times" / "3", [1.0]) == [1.0]


def test_overwrite_replaces_the_version(tmp_path: Path) -> None:
    export(_module(1.0), base_path=tmp_path, version=3)

    exported = export(_module(2.0), base_path=tmp_path, version=3, overwrite=True)

    assert exported.replaced
    assert _answer(exported.path, [1.0]) == [2.0]
    assert os.listdir(exported.path.parent) == ["3"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"version": 0}, "version 0 is not an integer from 1"),
        ({"version": 2**63}, "not an integer from 1"),
        ({"version": "1"}, "version '1' is not"),
        ({"version": 1, "timestamp": True}, "version 1 and timestamp both"),
        ({"overwrite": True}, "overwrite needs the version"),
        ({"name": "a/b"}, "model name 'a/b' is not usable"),
        ({"name": ""}, "model name '' is not usable"),
        ({"base_path": "s3://bucket"}, "cannot export to s3://bucket"),
        ({"signatures": {}}, "signatures is empty"),
        ({"signatures": {"": None}}, "'' is not usable as the name"),
    ],
)
def test_wrong_options_are_refused(tmp_path: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidArgument, match=message):
        export(_module(), **{"base_path": tmp_path / "models", **options})

    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("old", [False, True])
def test_a_model_that_fails_leaves_nothing_behind(tmp_path: Path, old: bool) -> None:
    import keras

    class Failing(keras.Model):
        def call(self, x: Any) -> Any:
            if not hasattr(x, "numpy"):  # only while it is traced
                raise RuntimeError("no graph\nfor me")
            return x

    failing = Failing()
    with pytest.raises(RuntimeError):
        failing(keras.Input((2,)))
    failing(np.ones((1, 2), "float32"))
    if old:
        export(_module(), name="m", base_path=tmp_path)
    before = sorted(tmp_path.rglob("*"))

    with pytest.raises(InvalidArgument, match=r"RuntimeError: .*no graph for me") as failed:
        export(failing, name="m", base_path=tmp_path)

    assert "\n" not in str(failed.value)
    assert sorted(tmp_path.rglob("*")) == before


def test_an_interrupt_leaves_nothing_behind(tmp_path: Path) -> None:
    import keras

    class Interrupted(keras.Model):
        def call(self, x: Any) -> Any:
            if not hasattr(x, "numpy"):
                raise KeyboardInterrupt
            return x

    interrupted = Interrupted()
    interrupted(np.ones((1, 2), "float32"))

    with pytest.raises(KeyboardInterrupt):
        export(interrupted, base_path=tmp_path / "models")

    assert os.listdir(tmp_path) == []


def test_a_directory_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file")

    with pytest.raises(
        FailedPrecondition, match=rf"the model could not be exported: .*{tmp_path}/models"
    ):
        export(_module(), base_path=tmp_path / "models")


def test_an_export_says_nothing_and_changes_no_log_level(
    tmp_path: Path, model: Any, capfd: pytest.CaptureFixture[str], caplog: Any
) -> None:
    levels = [logging.getLogger(name).level for name in ("absl", "tensorflow")]

    export(model, base_path=tmp_path, check=np.zeros((1, 8, 8, 1)))

    assert capfd.readouterr() == ("", "")
    assert caplog.records == []
    assert [logging.getLogger(name).level for name in ("absl", "tensorflow")] == levels


def test_importing_it_and_refusing_an_object_load_nothing_heavy() -> None:
    code = (
        "import tfs_magics.exporting.export as exporting, server_ext.errors, sys\n"
        "try:\n"
        "    exporting.export(lambda x: x)\n"
        "except server_ext.errors.InvalidArgument as error:\n"
        "    print(error)\n"
        "print([name for name in ('tensorflow', 'keras', 'numpy') if name in sys.modules])\n"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    refusal, heavy = done.stdout.splitlines()
    assert "plain Python function" in refusal
    assert heavy == "[]"
