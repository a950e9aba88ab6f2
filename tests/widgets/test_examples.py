"""The examples of the widgets, in the README and in their docstrings, beside a server."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import tfs_magics
from server_ext.errors import ServingError
from tfs_magics import connection, serving
from tfs_magics.widgets.widget import Widget

pytestmark = [pytest.mark.tensorflow, pytest.mark.usefixtures("digits")]

WIDGETS = ("VersionsPanel", "MetadataPanel", "MetricsPanel", "TryIt", "DrawingCanvas")
README = (Path(__file__).parents[2] / "README.md").read_text()


def example_of(name: str) -> str:
    """Return the lines of a docstring that are code: those further in than its text."""
    text = (inspect.getdoc(getattr(tfs_magics, name)) or "").split("\nRaises:")[0]
    return "\n".join(line[4:] for line in text.splitlines() if line.startswith("    "))


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A server of this very process with versions 7 and 8 of a model of images."""
    import tensorflow as tf

    @tf.function(input_signature=[tf.TensorSpec([None, 8, 8], tf.float32, name="image")])
    def answer(image: Any) -> dict[str, Any]:
        return {"probabilities": tf.nn.softmax(tf.reshape(image, [-1, 64])[:, :10])}

    module = tf.Module()
    module.answer = answer
    base = tmp_path_factory.mktemp("models") / "digits"
    for version in (7, 8):
        tf.saved_model.save(module, str(base / str(version)), signatures=module.answer)
    connection.use("own")
    serving.serve(str(base), rest_port=0, grpc_port=0, versions="all")
    yield
    serving.stop()
    connection.use("")


@pytest.mark.parametrize("name", WIDGETS)
def test_the_examples_of_a_docstring_make_widgets(name: str):
    made: list[Widget] = []
    widget = getattr(tfs_magics, name)

    def noted(*args: Any, **fields: Any) -> Widget:
        made.append(widget(*args, **fields))
        return made[-1]

    exec(example_of(name), {name: noted})

    assert made
    assert all(isinstance(each, Widget) for each in made)


def test_the_example_of_the_readme_is_a_canvas_beside_a_panel():
    section = README.split("### Widgets\n")[1].split("\n### ")[0]
    [example] = re.findall(r"^```python\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    *before, last = example.strip().splitlines()
    names: dict[str, Any] = {}

    exec("\n".join(before), names)
    box = eval(last, names)

    assert [each.spec["kind"] for each in box.children] == ["draw", "status"]


def test_metadata_of_what_is_not_served_is_an_error_as_its_docstring_says():
    with pytest.raises(ServingError, match="nothing"):
        tfs_magics.MetadataPanel("nothing")
