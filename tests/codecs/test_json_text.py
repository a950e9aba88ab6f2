"""Bodies to documents, values to bodies, messages that quote values."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from server_ext.codecs import json_text
from server_ext.errors import InvalidArgument


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "JSON Parse error: The document is empty"),
        (b" ", "JSON Parse error: The document is empty. at offset: 1"),
        (b"instances = [1, 2]", "JSON Parse error: Invalid value. at offset: 0"),
        (b'{"a":1,}', "JSON Parse error: Missing a name for object member. at offset: 7"),
        (b'{"a":1e400}', "JSON Parse error: Number too big to be stored in double. at offset: 5"),
        (
            b'{"a":1}]',
            "JSON Parse error: The document root must not be followed by other values. "
            "at offset: 7",
        ),
        (b"[1]", "JSON Value: [1] Is not object: the body must be a JSON object"),
        (b"NaN", "JSON Value: NaN Is not object: the body must be a JSON object"),
        (b'"x"', 'JSON Value: "x" Is not object: the body must be a JSON object'),
    ],
)
def test_a_body_that_is_no_json_object_is_refused(body, message):
    with pytest.raises(InvalidArgument) as caught:
        json_text.parse(body)

    assert caught.value.message == message


def test_a_byte_order_mark_a_nan_and_foreign_bytes_are_let_through():
    assert json_text.parse(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}
    assert math.isnan(json_text.parse(b'{"a": [1, NaN]}')["a"][1])
    assert json_text.parse(b'{"a": "\xff"}') == {"a": "\udcff"}


@pytest.mark.parametrize(
    ("body", "document"),
    [
        (b'{"a": 1, "a": 2}', {"a": 1}),
        (b'{"a": [1], "b" : 2, "a" :[3]}', {"a": [1], "b": 2}),
        (b'{"instances": [{"x": 1, "x": 2}]}', {"instances": [{"x": 1}]}),
        (b'{"inputs": {"x": [1], "y": [2], "x": [3]}}', {"inputs": {"x": [1], "y": [2]}}),
        (
            b'{"instances": [{"x": {"b64": "QQ==", "b64": "Qg=="}}]}',
            {"instances": [{"x": {"b64": "QQ=="}}]},
        ),
        (
            b'{"instances": [[{"b64": "QQ==", "b64": "Qg=="}]]}',
            {"instances": [[{"b64": "QQ=="}]]},
        ),
        (b'{"note": "a:b", "x": {"y": {"z": 1, "z": 2}}}', {"note": "a:b", "x": {"y": {"z": 1}}}),
    ],
)
def test_of_equal_names_the_first_counts(body, document):
    assert json_text.parse(body) == document


def test_colons_in_strings_change_nothing():
    document = {"instances": [{"x": 'see "http": //a:b', "y": {"b64": "QQ=="}}], "note": ":::"}

    assert json_text.parse(json.dumps(document).encode()) == document


def test_deep_objects_do_not_exhaust_the_stack():
    depth = 100_000

    document = json_text.parse(b'{"a":' * depth + b"1" + b"}" * depth)

    assert json_text.quote(document).startswith('{\n    "a": {\n        "a": {')


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (1, "1"),
        (1.0, "1.0"),
        (math.nan, "NaN"),
        (-math.inf, "-Infinity"),
        ('é"\n/', '"é\\"\\n/"'),
        ([], "[]"),
        ({}, "{}"),
        ([1, [2.5, "a"], []], '[1, [2.5, "a"], []]'),
        ({"a": 1, "b": {}}, '{\n    "a": 1,\n    "b": {}\n}'),
        ({"a": {"b": [1]}}, '{\n    "a": {\n        "b": [1]\n    }\n}'),
        (
            [{"b64": "AA=="}, {"b64": "AQ=="}],
            '[{\n        "b64": "AA=="\n    }, {\n        "b64": "AQ=="\n    }]',
        ),
    ],
)
def test_a_quoted_value_is_indented_with_lists_on_one_line(value, text):
    assert json_text.quote(value) == text


def test_a_long_value_is_cut_between_tokens_past_256_bytes():
    text = json_text.quote([10000000] * 1000)

    assert text == "[" + "10000000, " * 25 + "10000000..."


def test_a_long_string_is_cut():
    assert json_text.quote("x" * 3_000_000) == '"' + "x" * 256 + '..."'


def test_quoting_looks_at_no_more_than_it_prints():
    value = []
    for _ in range(500_000):
        value = [value]

    assert json_text.quote(value) == "[" * 257 + "..."


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("plain", "plain"),
        ('"\\', '\\"\\\\'),
        ("\b\f\n\r\t", "\\b\\f\\n\\r\\t"),
        ("\x00\x1f", "\\u0000\\u001F"),
        ("/ é \U0001f600 \x7f", "/ é \U0001f600 \x7f"),
        ("foreign \udcff", "foreign ?"),
    ],
)
def test_an_error_body_is_escaped_and_laid_out_as_tensorflow_servings(message, text):
    body = json_text.error_body(message)

    assert body == ('{\n    "error": "' + text + '"\n}').encode()
    assert list(json.loads(body)) == ["error"]


def test_what_is_dumped_reads_back():
    value = {
        "a": [1, 2.5, None, "null", True, {"b": "é"}],
        "f": np.array([[1.5, 2], [3, 4]], np.float32),
        "i": np.array(7, np.int64),
        "t": np.arange(6, dtype=np.int32).reshape(2, 3).T,
        "s": np.array([b"x", b"\xff"], object),
    }

    assert json.loads(json_text.dump(value)) == {
        "a": [1, 2.5, None, "null", True, {"b": "é"}],
        "f": [[1.5, 2.0], [3.0, 4.0]],
        "i": 7,
        "t": [[0, 3], [1, 4], [2, 5]],
        "s": ["x", {"b64": "/w=="}],
    }


def test_numbers_that_are_not_finite_are_words():
    value = [
        math.nan,
        {"null": np.array([[1, math.inf], [-math.inf, math.nan]], np.float32)},
        (np.float32("inf"), None, "null", np.float64("nan"), np.array(math.nan)),
    ]

    assert json_text.dump(value) == (
        b'[NaN,{"null":[[1.0,Infinity],[-Infinity,NaN]]},[Infinity,null,"null",NaN,NaN]]'
    )


def test_what_json_has_no_form_for_is_refused():
    with pytest.raises(TypeError, match="not JSON serializable"):
        json_text.dump({"a": np.zeros(2, np.complex64)})
