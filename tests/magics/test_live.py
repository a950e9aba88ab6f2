"""%tfs_serve of what is a variable: exported first, unless it is on disk as it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tfs_magics import live, serving

pytestmark = pytest.mark.tensorflow

ADDER = """
import numpy as np, tensorflow as tf
class Adder(tf.Module):
    def __init__(self):
        self.shift = tf.Variable(1.0)
    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32, name="x")])
    def add(self, x):
        return {"sum": tf.reduce_sum(x, axis=1) + self.shift}
adder = Adder()
x = np.array([[1.0, 2.0]])
"""


@pytest.fixture
def adding(shell: Any, served: Path) -> Iterator[Any]:
    """A shell with the module adder, and a server that runs; other models are as before."""
    shell.run(ADDER)
    yield shell
    if "adder" in {model["name"] for model in serving.status().data["models"]}:
        serving.unload("adder")


def test_a_variable_is_exported_and_served_in_one_line(adding: Any, tmp_path: Path):
    adding.run("s = %tfs_serve adder")

    where = tmp_path / "models" / "adder"
    said = repr(adding["s"])
    assert said.startswith("adder 1  available")
    assert f"The variable adder was exported as version 1 of {where}." in said
    assert adding["s"].predict([[1.0, 2.0]]).tolist() == [4.0]


def test_it_is_exported_again_only_when_it_has_changed(adding: Any):
    adding.run("%tfs_serve adder")

    again = repr(adding.run("%tfs_serve adder").value)
    assert "The variable adder is unchanged since it became version 1." in again
    adding.run("adder.shift.assign(11.0)")
    changed = adding.run("%tfs_serve adder").value

    assert [version.version for version in changed.versions] == [2]
    assert changed.predict([[1.0, 2.0]]).tolist() == [14.0]


def test_what_was_exported_by_hand_is_served_as_it_was_exported(adding: Any):
    adding.run("%tfs_export adder --name plus --signature call=adder.add")
    try:
        served = adding.run("%tfs_serve adder").value

        assert served.name == "plus"
        assert "call" in serving.metadata("plus").data.signatures
        adding.run("adder.shift.assign(2.0)")
        again = adding.run("%tfs_serve adder").value
        assert [(each.name, each.version) for each in again.versions] == [("plus", 2)]
        assert "call" in serving.metadata("plus").data.signatures
    finally:
        serving.unload("plus")


def test_a_name_on_disk_that_is_a_variable_means_the_variable(
    adding: Any, tmp_path: Path, served: Path
):
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "adder").symlink_to(served / "text")

    said = repr(adding.run("%tfs_serve adder").value)

    assert "The variable adder was exported as version 2" in said
    (served / "text" / "2").rename(tmp_path / "gone")


def test_a_variable_that_is_no_model_means_the_name(adding: Any, served: Path):
    adding["digits"] = {"images": np.zeros(3)}

    assert adding.run("s = %tfs_serve digits").error is None
    assert "exported" not in repr(adding["s"])


def test_a_path_means_the_path(adding: Any, tmp_path: Path):
    said = adding.run("%tfs_serve ./adder").usage_error

    assert said == "No directory ./adder."


def test_an_attribute_and_another_name_are_served(adding: Any):
    adding.run("class Trainer:\n    model = adder\ntrainer = Trainer()")
    try:
        named = adding.run("%tfs_serve trainer.model --name sum").value

        assert named.name == "sum"
        assert "The variable model was exported as version 1" in repr(named)
    finally:
        serving.unload("sum")


def test_a_function_is_served_under_its_name(adding: Any):
    adding.run(
        "@tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])\n"
        "def twice(x):\n    return 2 * x"
    )
    try:
        assert adding.run("%tfs_serve twice").value.predict([1.0]).tolist() == [2.0]
        assert "unchanged" in repr(adding.run("%tfs_serve twice").value)
    finally:
        serving.unload("twice")


def test_a_script_passes_objects(adding: Any, tmp_path: Path):
    served = serving.serve(adding["adder"], name="adder", base_path=str(tmp_path / "here"))

    assert served.predict([[0.0, 0.0]]).tolist() == [1.0]
    assert (tmp_path / "here" / "adder" / "1").is_dir()


def test_a_name_for_what_is_on_disk_is_refused(adding: Any):
    assert "Models on disk have the names of their directories." in (
        adding.run("%tfs_serve digits --name d").usage_error
    )


def test_weights_of_a_keras_model_tell_whether_it_has_changed(shell: Any, tmp_path: Path):
    import keras

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    first = live.export(model, name="dense")

    assert live.on_disk([live.Live(model, "dense", variable=True)], None, None)[1] == [
        "The variable dense is unchanged since it became version 1."
    ]
    model.layers[0].bias.assign([1.0])
    names, notes, _ = live.on_disk([model], None, None)

    assert names == ["dense"]
    assert notes == [f"The object was exported as version 2 of {first.path.parent}."]
