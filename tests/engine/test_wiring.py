"""Which tensors are fed and fetched for the aliases of a signature."""

import pytest

from server_ext.engine.wiring import Wiring
from server_ext.errors import Unimplemented
from server_ext.lifecycle.servable import Signature, TensorSpec

DT_FLOAT, DT_RESOURCE = 1, 20


def tensors(**names):
    return {alias: TensorSpec(name, DT_FLOAT, (-1, 2)) for alias, name in names.items()}


def signature(inputs, outputs):
    return Signature("s", "", inputs, outputs, b"")


def test_each_tensor_is_fed_and_fetched_once():
    wiring = Wiring(
        signature(tensors(a="x:0", b="x:0", c="z:0"), tensors(d="x:0", e="y:0", f="y:0")),
        ["f", "d", "e", "f"],
    )

    assert list(wiring.feeds) == ["x:0", "z:0"]
    assert list(wiring.fetches) == ["y:0"]
    assert wiring.aliases == {"x:0": ["a", "b"], "z:0": ["c"]}
    assert [spec.name for spec in wiring.outputs] == ["y:0", "x:0", "y:0", "y:0"]


def test_outputs_not_asked_for_are_not_fetched():
    wiring = Wiring(signature(tensors(a="x:0"), tensors(y="y:0", z="z:0")), ["z"])

    assert list(wiring.fetches) == ["z:0"]


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        (TensorSpec("", DT_FLOAT, (-1,)), "sparse or composite"),
        (TensorSpec("x:0", DT_RESOURCE, ()), "of type 20"),
    ],
)
def test_what_is_no_array_is_refused(spec, text):
    with pytest.raises(Unimplemented, match=f"'a' of signature 's' is .*{text}"):
        Wiring(signature({"a": spec}, {}), [])
    with pytest.raises(Unimplemented, match=text):
        Wiring(signature({}, {"a": spec}), ["a"])
