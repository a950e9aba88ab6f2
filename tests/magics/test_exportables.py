from __future__ import annotations

import os
import shutil
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from server_ext.errors import InvalidArgument, NotFound
from tfs_magics.exporting.export import export

pytestmark = pytest.mark.tensorflow

ROWS = np.arange(12, dtype="float32").reshape(3, 4)


@pytest.fixture(scope="module")
def model() -> Any:
    import keras

    return keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(2)])


@pytest.fixture(scope="module")
def files(model: Any, tmp_path_factory: Any) -> Path:
    """A directory with line.keras, line.h5, line.weights.h5 and models/line/1."""
    directory: Path = tmp_path_factory.mktemp("files")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras and numpy 2; HDF5 is a legacy format to Keras
        model.save(directory / "line.keras")
        model.save(directory / "line.h5")
        model.save_weights(directory / "line.weights.h5")
    export(model, name="line", base_path=directory / "models")
    return directory


@pytest.mark.parametrize("name", ["line.keras", "line.h5"])
def test_a_keras_file_is_exported_under_its_stem(
    tmp_path: Path, files: Path, model: Any, name: str
) -> None:
    import tensorflow as tf

    exported = export(str(files / name), base_path=tmp_path, check=ROWS)

    assert exported.path == tmp_path / "line" / "1"
    assert list(exported.signatures[0].inputs) == ["inputs"]
    loaded = tf.saved_model.load(str(exported.path))
    np.testing.assert_allclose(loaded.serve(ROWS), model(ROWS), rtol=1e-5)


def test_a_saved_model_directory_is_copied_whole(tmp_path: Path, files: Path) -> None:
    source = files / "models" / "line" / "1"

    exported = export(source, base_path=tmp_path, check=ROWS)

    assert exported.path == tmp_path / "line" / "1"
    copied = sorted(each.relative_to(exported.path) for each in exported.path.rglob("*"))
    assert copied == sorted(each.relative_to(source) for each in source.rglob("*"))
    assert exported.bytes == sum(each.stat().st_size for each in source.rglob("*.*"))


def test_a_version_can_be_exported_again_as_the_next_one(tmp_path: Path, files: Path) -> None:
    shutil.copytree(files / "models", tmp_path, dirs_exist_ok=True)

    exported = export(tmp_path / "line" / "1", base_path=tmp_path)

    assert exported.version == 2


@pytest.mark.parametrize("damage", ["variables", "graph", "empty graph"])
def test_a_damaged_saved_model_is_refused(tmp_path: Path, files: Path, damage: str) -> None:
    source = tmp_path / "source"
    shutil.copytree(files / "models" / "line" / "1", source)
    if damage == "variables":
        (source / "variables" / "variables.data-00000-of-00001").write_bytes(b"")
    else:
        (source / "saved_model.pb").write_bytes(b"\xff\xff" if damage == "graph" else b"")

    with pytest.raises(InvalidArgument, match=f"^{source} (cannot be loaded|is damaged|has no)"):
        export(source, base_path=tmp_path / "models")

    assert os.listdir(tmp_path) == ["source"]


def test_a_saved_model_without_signatures_is_refused(tmp_path: Path) -> None:
    import tensorflow as tf

    tf.saved_model.save(tf.Module(), str(tmp_path / "source"))

    with pytest.raises(InvalidArgument, match=r"has no signatures.*signatures=\.\.\."):
        export(tmp_path / "source", base_path=tmp_path)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("models/line", r"it has versions, choose one: .*models/line/1"),
        ("models", "no saved_model.pb"),
        ("line.weights.h5", r"weights without a model.*load_weights\('line.weights.h5'\)"),
        ("text.txt", "neither a .keras or .h5 file nor a SavedModel"),
        ("text.keras", "text.keras is damaged: a .keras file is a zip"),
        ("text.h5", "cannot load .*text.h5"),
    ],
)
def test_other_paths_are_refused_with_what_to_do(
    tmp_path: Path, files: Path, path: str, message: str
) -> None:
    for name in ("text.txt", "text.keras", "text.h5"):
        (files / name).write_text("text")

    with pytest.raises(InvalidArgument, match=message):
        export(files / path, base_path=tmp_path)


def test_a_path_to_nothing_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"no file or directory /nowhere/model\.keras"):
        export("/nowhere/model.keras", base_path=tmp_path)


def test_signatures_of_files_cannot_be_chosen(tmp_path: Path, files: Path) -> None:
    with pytest.raises(InvalidArgument, match="load the model, and export that"):
        export(files / "line.keras", base_path=tmp_path, signatures={"a": print})


def test_objects_that_cannot_be_served_are_refused_with_what_to_do(tmp_path: Path) -> None:
    import keras
    import tensorflow as tf
    from sklearn.linear_model import LinearRegression

    for obj, message in (
        (3, "an object of type int: export a Keras model"),
        (None, "an object of type NoneType"),
        (LinearRegression(), "an object of type LinearRegression"),
        (tf.constant(1), "an object of type EagerTensor"),
        (lambda x: x, r"plain Python function.*decorate it with @tf\.function\(input_signature"),
        (len, "len is a plain Python function"),
        (tf.function(lambda x: x), "has no input signature"),
        (keras.Sequential, "Sequential is a class: export an instance"),
        (keras.layers.Dense(2), r"is a layer, not a model: export keras\.Sequential"),
    ):
        with pytest.raises(InvalidArgument, match=message):
            export(obj, name="m", base_path=tmp_path / "models")

    assert os.listdir(tmp_path) == []
