"""JSON examples and Input messages to serialized tf.Example, and what cannot be one."""

import base64

import numpy as np
import pytest
from tensorflow.core.example.example_pb2 import Example
from tensorflow_serving.apis.input_pb2 import Input

from server_ext.codecs import examples, json_text
from server_ext.errors import InvalidArgument, ResourceExhausted

pytestmark = pytest.mark.tensorflow


def feature_of(value):
    """Return kind and values that a JSON value becomes."""
    (row,) = examples.from_json({"examples": [{"f": value}]})
    feature = Example.FromString(row).features.feature["f"]
    kind = feature.WhichOneof("kind")
    return (kind, list(getattr(feature, kind).value)) if kind else (None, [])


@pytest.mark.parametrize(
    ("value", "kind", "values"),
    [
        (80, "int64_list", [80]),
        ([-(2**63), 2**63 - 1], "int64_list", [-(2**63), 2**63 - 1]),
        (True, "int64_list", [1]),
        ([False, 2, True], "int64_list", [0, 2, 1]),
        (80.0, "float_list", [80.0]),
        ([1.5, -2.0], "float_list", [1.5, -2.0]),
        ([1e39, -1e39, 1e-50], "float_list", [np.inf, -np.inf, 0.0]),
        (float("inf"), "float_list", [np.inf]),
        ("a", "bytes_list", [b"a"]),
        (["n\u00e9", ""], "bytes_list", ["n\u00e9".encode(), b""]),
        ({"b64": "AP8="}, "bytes_list", [b"\x00\xff"]),
        (["a", {"b64": base64.b64encode(b"b").decode()}], "bytes_list", [b"a", b"b"]),
        ([], None, []),
    ],
)
def test_the_type_of_a_json_value_decides_the_kind_of_the_feature(value, kind, values):
    assert feature_of(value) == (kind, values)


def test_literals_and_not_their_values_decide_between_integers_and_floats():
    document = json_text.parse(b'{"examples": [{"a": 1, "b": 1.0, "c": 1e0, "d": NaN}]}')

    (row,) = examples.from_json(document)

    features = Example.FromString(row).features.feature
    kinds = {name: feature.WhichOneof("kind") for name, feature in features.items()}
    assert kinds == {"a": "int64_list", "b": "float_list", "c": "float_list", "d": "float_list"}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "Feature: names has element with unexpected JSON type: Null"),
        ({"a": 1}, "Feature: names has element with unexpected JSON type: Object"),
        ({"b64": 1}, "Feature: names has element with unexpected JSON type: Object"),
        ([[1]], "Feature: names has element with unexpected JSON type: Array"),
        ([1, None], "Feature: names has element with unexpected JSON type: Null"),
        ([1, 1.5], "Unexpected element type in feature: names expecting type: int64"),
        ([True, "a"], "Unexpected element type in feature: names expecting type: int64"),
        ([1.5, 1], "Unexpected element type in feature: names expecting type: float"),
        (["a", 1.5], "Unexpected element type in feature: names expecting type: bytes"),
        ([{"b64": "AA=="}, 1], "Unexpected element type in feature: names expecting type: bytes"),
        (2**63, "Feature: names has uint64_t element. Only int64_t is supported."),
        ([1, 2**64 - 1], "Feature: names has uint64_t element. Only int64_t is supported."),
        ({"b64": "?"}, "Unable to base64 decode"),
    ],
)
def test_a_value_that_no_feature_holds_is_refused(value, words):
    for document in (
        {"examples": [{"names": value}]},
        {"context": {"names": value}, "examples": [{}]},
    ):
        with pytest.raises(InvalidArgument) as failed:
            examples.from_json(document)
        assert words in failed.value.message


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"context": None}, "Example must be JSON object but got JSON Null"),
        ({"context": [], "examples": 1}, "Example must be JSON object but got JSON Array"),
        ({"context": {}}, "When method is classify, key 'examples' is expected and was not found"),
        ({"examples": None}, "Expecting 'examples' value to be an list/array"),
        ({"examples": {"a": 1}}, "Expecting 'examples' value to be an list/array"),
        ({"examples": []}, "'examples' value is an empty array"),
        ({"examples": [{}, "a"]}, "Example must be JSON object but got JSON String"),
        ({"examples": [{"\udcff": 1}]}, "is not UTF-8"),
    ],
)
def test_a_document_without_right_examples_is_refused(document, words):
    with pytest.raises(InvalidArgument) as failed:
        examples.from_json(document)

    assert words in failed.value.message


def test_a_context_is_merged_and_an_example_wins():
    document = {"context": {"a": 1, "b": [2.0]}, "examples": [{}, {"b": ["own"]}]}

    rows = [Example.FromString(row).features.feature for row in examples.from_json(document)]

    assert [list(row["a"].int64_list.value) for row in rows] == [[1], [1]]
    assert list(rows[0]["b"].float_list.value) == [2.0]
    assert list(rows[1]["b"].bytes_list.value) == [b"own"]


def test_messages_and_documents_give_the_same_examples():
    plain, shared = Input(), Input()
    for add in (plain.example_list.examples.add, shared.example_list_with_context.examples.add):
        add().features.feature["x"].float_list.value.append(1.5)
        add()
    shared.example_list_with_context.context.features.feature["y"].int64_list.value.append(3)
    rows = [{"x": 1.5}, {}]

    without = examples.from_input(plain)
    with_context = examples.from_input(shared)

    assert without.dtype == object
    assert without.shape == (2,)
    assert _parsed(without) == _parsed(examples.from_json({"examples": rows}))
    expected = examples.from_json({"examples": rows, "context": {"y": 3}})
    assert list(with_context) == list(expected)


def _parsed(rows):
    """Return the messages: that of no features may be written with or without an empty map."""
    return [dict(Example.FromString(row).features.feature) for row in rows]


def test_an_input_without_examples_is_refused():
    context = Input()
    context.example_list_with_context.context.features.feature["y"].int64_list.value.append(3)
    nothing = Input()
    nothing.example_list.SetInParent()

    for message in (Input(), nothing, context):
        with pytest.raises(InvalidArgument, match="Input is empty"):
            examples.from_input(message)


def test_copies_of_a_context_may_not_fill_the_memory(monkeypatch):
    monkeypatch.setattr(examples, "MAX_CONTEXT_BYTES", 1000)
    context = {"text": "a" * 300}

    assert len(examples.from_json({"context": context, "examples": [{}] * 3})) == 3
    with pytest.raises(ResourceExhausted, match="send fewer examples"):
        examples.from_json({"context": context, "examples": [{}] * 4})
