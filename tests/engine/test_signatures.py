"""What of a SignatureDef the server keeps."""

import pytest
from google.protobuf import text_format
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef

from server_ext.engine import signatures
from server_ext.errors import InvalidArgument
from server_ext.lifecycle.servable import TensorSpec

pytestmark = pytest.mark.tensorflow


def definition(text):
    return text_format.Parse(text, SignatureDef())


@pytest.mark.parametrize(
    ("tensor", "spec"),
    [
        (
            "name: 'x:0' dtype: DT_FLOAT tensor_shape { dim { size: -1 } dim { size: 3 } }",
            TensorSpec("x:0", 1, (-1, 3)),
        ),
        ("name: 'x:1' dtype: DT_STRING tensor_shape {}", TensorSpec("x:1", 7, ())),
        ("name: 'x:0' tensor_shape { unknown_rank: true }", TensorSpec("x:0", 0, None)),
        ("name: 'x' dtype: DT_INT64", TensorSpec("x:0", 9, ())),
        ("name: 'x:0' dtype: DT_FLOAT_REF", TensorSpec("x:0", 1, ())),
        ("coo_sparse { values_tensor_name: 'v:0' } dtype: DT_FLOAT", TensorSpec("", 1, ())),
    ],
    ids=["sizes", "scalar", "open rank", "no output number", "reference", "sparse"],
)
def test_a_tensor_has_name_type_and_shape(tensor, spec):
    found = signatures.read({"s": definition(f"inputs {{ key: 'a' value {{ {tensor} }} }}")})

    assert found["s"].inputs == {"a": spec}


def test_names_and_aliases_are_sorted():
    outputs = "".join(f"outputs {{ key: '{alias}' value {{ name: 'y:0' }} }}" for alias in "cab")

    found = signatures.read({"z": definition(outputs), "a": definition(outputs)})

    assert list(found) == ["a", "z"]
    assert list(found["a"].outputs) == ["a", "b", "c"]


def test_a_default_is_named_and_can_be_read():
    given = definition(
        "method_name: 'm' defaults { key: 'k' value { dtype: DT_FLOAT tensor_shape {} float_val: 2 } }"
    )

    found = signatures.read({"s": given})["s"]

    assert (found.name, found.method_name, found.defaults) == ("s", "m", {"k"})
    assert signatures.default_values(given) == {"k": 2}
    assert SignatureDef.FromString(found.definition) == given


def test_a_default_that_is_no_tensor_is_refused():
    with pytest.raises(InvalidArgument, match="tensor parsing error: k"):
        signatures.default_values(definition("defaults { key: 'k' value {} }"))
