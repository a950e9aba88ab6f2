"""Directories that are no model, or not a whole one: a code and a text, never a traceback."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from server_ext.engine import savedmodel
from server_ext.errors import Code, NotFound, ServingError

pytestmark = pytest.mark.tensorflow

VALUES = "variables/variables.data-00000-of-00001"


@pytest.fixture
def copy(convolution, tmp_path) -> Path:
    """A copy of a good model, to be damaged."""
    return Path(shutil.copytree(convolution, tmp_path / "1"))


def failure_of(path: Path, **options) -> ServingError:
    with pytest.raises(ServingError) as raised:
        savedmodel.load(str(path), **options)
    assert "Traceback" not in raised.value.message
    return raised.value


def halve(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def change_saved_model(path: Path, change) -> None:
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

    file = path / "saved_model.pb"
    saved_model = SavedModel.FromString(file.read_bytes())
    change(saved_model.meta_graphs[0])
    file.write_bytes(saved_model.SerializeToString())


def test_a_missing_directory_is_named(tmp_path):
    error = failure_of(tmp_path / "7")

    assert error.code is Code.NOT_FOUND
    assert "does not appear to contain a SavedModel bundle" in error.message
    assert f"{tmp_path / '7'}" in error.message
    assert "no such directory" in error.message


def test_a_directory_without_a_model_says_which_file_is_missing(tmp_path):
    error = failure_of(tmp_path)

    assert error.code is Code.NOT_FOUND
    assert "does not appear to contain a SavedModel bundle" in error.message
    assert "saved_model.pb" in error.message


def test_a_file_is_not_a_model(tmp_path):
    (tmp_path / "1").write_text("model")

    assert "does not appear to contain a SavedModel" in failure_of(tmp_path / "1").message


def test_a_session_bundle_is_deprecated(tmp_path):
    (tmp_path / "export.meta").touch()

    error = failure_of(tmp_path)

    assert error.code is Code.UNIMPLEMENTED
    assert "Session Bundle is deprecated" in error.message


def test_other_tags_than_the_models_are_not_found(convolution):
    error = failure_of(convolution, tags=("serve", "gpu"))

    assert isinstance(error, NotFound)
    assert "Could not find meta graph def matching supplied tags: { serve gpu }" in error.message
    assert "with available tags '[{'serve'}]'" in error.message


def test_an_empty_model_file_has_no_graph(copy):
    (copy / "saved_model.pb").write_bytes(b"")

    assert "Could not find meta graph def matching supplied tags" in failure_of(copy).message


def test_half_a_model_file_is_data_loss(copy):
    halve(copy / "saved_model.pb")

    error = failure_of(copy)

    assert error.code is Code.DATA_LOSS
    assert f"Cannot load {copy}: Cannot parse file" in error.message


@pytest.mark.parametrize(
    ("damage", "text"),
    [
        (lambda path: shutil.rmtree(path / "variables"), "not a valid checkpoint"),
        (lambda path: (path / "variables/variables.index").unlink(), "not a valid checkpoint"),
        (lambda path: (path / VALUES).unlink(), "No such file"),
        (lambda path: halve(path / VALUES), "Read less bytes than requested"),
        (lambda path: halve(path / "variables/variables.index"), "not an sstable"),
    ],
    ids=["no variables", "no index", "no values", "half the values", "half the index"],
)
def test_variables_copied_by_half_fail_the_load(damage, text, copy):
    damage(copy)

    error = failure_of(copy)

    assert error.message.startswith(f"Cannot load {copy}: ")
    assert text in error.message


def test_values_that_changed_on_disk_are_data_loss(copy):
    values = copy / VALUES
    values.write_bytes(bytes(byte ^ 255 for byte in values.read_bytes()))

    error = failure_of(copy)

    assert error.code is Code.DATA_LOSS
    assert "Checksum does not match" in error.message


def test_an_unknown_operation_is_named(copy):
    change_saved_model(copy, lambda graph: graph.graph_def.node.add(name="n", op="OfAnotherKind"))

    error = failure_of(copy)

    assert error.code is Code.NOT_FOUND
    assert "Op type not registered 'OfAnotherKind'" in error.message


def test_a_graph_with_a_dangling_input_is_refused(copy):
    change_saved_model(
        copy, lambda graph: graph.graph_def.node.add(name="n", op="Identity", input=["nowhere"])
    )

    error = failure_of(copy)

    assert error.code is Code.INVALID_ARGUMENT
    assert "nowhere" in error.message


def test_a_missing_asset_fails_the_load(vocabulary, tmp_path):
    copy = Path(shutil.copytree(vocabulary, tmp_path / "1"))
    shutil.rmtree(copy / "assets")

    error = failure_of(copy)

    assert error.code is Code.NOT_FOUND
    assert "words.txt; No such file or directory" in error.message


def test_a_signature_whose_tensor_is_gone_leaves_the_others_alone(copy):
    def add_broken(graph):
        broken = graph.signature_def["broken"]
        broken.CopyFrom(graph.signature_def["serving_default"])
        broken.outputs["output_0"].name = "nowhere:0"

    change_saved_model(copy, add_broken)
    model = savedmodel.load(str(copy))
    image = np.zeros((1, 8, 8, 1), "f")

    with pytest.raises(ServingError, match="nowhere:0"):
        model.run(model.signatures["broken"], {"image": image}, ["output_0"])
    (fine,) = model.run(model.signatures["serving_default"], {"image": image}, ["output_0"])

    assert fine.shape == (1, 3)
    model.close()


def test_loading_again_works_once_the_files_are_whole(convolution, copy):
    loader = savedmodel.make_loader("m", 1, str(copy))
    halve(copy / VALUES)
    failed = loader.stamp()
    with pytest.raises(ServingError):
        loader.load()

    shutil.copy(convolution / VALUES, copy / VALUES)

    assert loader.stamp() != failed
    loader.load().close()
