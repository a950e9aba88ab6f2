"""Bodies of requests: what is taken, and what is said of what is not."""

from __future__ import annotations

import json

import jsonschema
import pytest

from server_ext.errors import InvalidArgument
from server_ext.hosting import bodies
from server_ext.hosting.bodies import LABELS, OWNER, PORT, TEXT, YES_NO, Field

FIELDS = [
    Field("base_path", TEXT, "The directory", required=True),
    Field("rest_port", PORT, "A port"),
    Field("replace", YES_NO, "Whether"),
    Field("labels", LABELS, "Labels"),
    Field("owner", OWNER, "Whose"),
    Field("batching", bodies.one_of("off", "on"), "How"),
]
GOOD = [
    {"base_path": "/m"},
    {"base_path": "/m", "rest_port": 0, "replace": False, "batching": "on"},
    {"base_path": "é", "labels": {"stable": 3, "canary": None}, "owner": {"notebook": "a.ipynb"}},
]
BAD = [
    ({}, "`base_path` is missing"),
    ({"base_path": 1}, "`base_path` is 1, and must be a text"),
    ({"base_path": None}, "`base_path` is null"),
    ({"base_path": "/m", "rest_port": 70000}, "`rest_port` is 70000, and must be a whole number"),
    ({"base_path": "/m", "rest_port": True}, "`rest_port` is true"),
    ({"base_path": "/m", "rest_port": 1.5}, "`rest_port` is 1.5"),
    ({"base_path": "/m", "replace": "yes"}, '`replace` is "yes", and must be true or false'),
    ({"base_path": "/m", "labels": []}, "`labels` is [], and must be labels with a version"),
    ({"base_path": "/m", "labels": {"a": "1"}}, "`labels`"),
    ({"base_path": "/m", "labels": {"a": 2**63}}, "`labels`"),
    ({"base_path": "/m", "labels": {"": 1}}, "`labels`"),
    ({"base_path": "/m", "labels": {"a/b": 1}}, "`labels`"),
    (
        {"base_path": "/m", "labels": {"\ud800": 1}},
        '`labels` is {"\\ud800": 1}, and must be labels',
    ),
    ({"base_path": "/m", "labels": {"a" * 201: 1}}, "each of up to 200 letters"),
    ({"base_path": "/m", "labels": {str(n): 1 for n in range(101)}}, "at most 100"),
    ({"base_path": "/m", "owner": {"notebook": "a" * 4097}}, "`owner`"),
    ({"base_path": "m" * 4097}, "must be a text of at most 4096 characters"),
    ({"base_path": "/m", "owner": {"name": "a"}}, "`owner`"),
    ({"base_path": "/m", "owner": "a.ipynb"}, "`owner`"),
    ({"base_path": "/m", "batching": "auto"}, "must be one of off, on"),
    ({"base_path": "/m", "basepath": "/m"}, "did you mean `base_path`?"),
    ({"base_path": "/m", "xyz": 1}, 'There is no field "xyz"; this takes base_path, rest_port'),
]
RAW = [
    (b"{", "The body is not JSON"),
    (b"\xff\xfe{}", "The body is not JSON"),
    (b"[1, 2]", "The body is [1, 2], and must be a JSON object"),
    (b'"' + b"a" * 5000 + b'"', "must be a JSON object"),
    (b"[" * 100_000, "The body is not JSON"),
    (b'{"base_path": ' + b"9" * 5000 + b"}", "not JSON"),
]


@pytest.mark.parametrize("body", GOOD)
def test_a_body_with_known_fields_of_the_right_kind_is_taken(body):
    assert bodies.read(json.dumps(body).encode(), FIELDS) == body
    jsonschema.validate(body, bodies.schema(FIELDS))


@pytest.mark.parametrize(("body", "said"), BAD)
def test_a_wrong_field_is_named_with_its_value_and_what_it_must_be(body, said):
    with pytest.raises(InvalidArgument) as refused:
        bodies.read(json.dumps(body).encode(), FIELDS)

    assert said in refused.value.message
    assert not jsonschema.Draft202012Validator(bodies.schema(FIELDS)).is_valid(body)


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "a\udfff"])
def test_what_no_file_and_no_log_can_hold_is_no_text(text):
    for body in ({"base_path": text}, {"base_path": "/m", "owner": {"notebook": text}}):
        with pytest.raises(InvalidArgument) as refused:
            bodies.read(json.dumps(body).encode(), FIELDS)

        refused.value.message.encode()


@pytest.mark.parametrize(("raw", "said"), RAW)
def test_what_is_no_json_object_is_refused_in_a_few_words(raw, said):
    with pytest.raises(InvalidArgument) as refused:
        bodies.read(raw, FIELDS)

    assert said in refused.value.message
    assert len(refused.value.message) < 300


@pytest.mark.parametrize("raw", [b"", b"  \n", b"{}"])
def test_an_empty_body_has_no_fields(raw):
    assert bodies.read(raw, FIELDS[1:]) == {}


def test_a_request_that_takes_nothing_says_so():
    with pytest.raises(InvalidArgument, match="takes an empty object"):
        bodies.read(b'{"now": true}', [])
