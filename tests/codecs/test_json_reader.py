"""The reader takes what rapidjson takes and says what is wrong in its words, at its offsets."""

from __future__ import annotations

import json
import math
import random

import pytest

from server_ext.codecs import json_reader
from server_ext.errors import InvalidArgument

FAULTS = [
    (b" ", "The document is empty.", 1),
    (b"\xef\xbb\xbf", "The document is empty.", 3),
    (b"\x00", "The document is empty.", 0),
    (b"instances = [1, 2]", "Invalid value.", 0),
    (b"{", "Missing a name for object member.", 1),
    (b'{"a":1,}', "Missing a name for object member.", 7),
    (b"{'a':1}", "Missing a name for object member.", 1),
    (b'{"a"}', "Missing a colon after a name of object member.", 4),
    (b'{"a":+1}', "Invalid value.", 5),
    (b'{"a":.5}', "Invalid value.", 5),
    (b'{"a":/*c*/1}', "Invalid value.", 5),
    (b'{"a":nan}', "Invalid value.", 6),
    (b'{"a":01}', "Missing a comma or '}' after an object member.", 6),
    (b'{"a":[1 2]}', "Missing a comma or ']' after an array element.", 8),
    (b'{"a":"', "Missing a closing quotation mark in string.", 6),
    (b'{"a":1.}', "Miss fraction part in number.", 7),
    (b'{"a":1e400}', "Number too big to be stored in double.", 5),
    (b'{"a":"\\ud800"}', "The surrogate pair in string is invalid.", 6),
    (b'{"a":"\\x"}', "Invalid escape character in string.", 6),
    (b'{"a":tru}', "Invalid value.", 8),  # codespell:ignore tru
    (b'{"a":', "Invalid value.", 5),
    (b'{"a":}', "Invalid value.", 5),
    (b'{"a":-}', "Invalid value.", 6),
    (b'{"a":Infinite}', "Invalid value.", 12),
    (b'{"a":-Nope}', "Invalid value.", 7),
    (b'{"a":INF}', "Invalid value.", 6),
    (b'{"a":1e}', "Miss exponent in number.", 7),
    (b'{"a":1e+}', "Miss exponent in number.", 8),
    (b'{"a":-1e999}', "Number too big to be stored in double.", 5),
    (b'{"a":1' + b"0" * 400 + b"}", "Number too big to be stored in double.", 5),
    (b'{"a":"\\u12g4"}', "Incorrect hex digit after \\u escape in string.", 6),
    (b'{"a":"\\ud800\\u0041"}', "The surrogate pair in string is invalid.", 6),
    (b'{"a":"\\ud800\\u00', "Incorrect hex digit after \\u escape in string.", 6),
    (b'{"a":"b\nc"}', "Invalid escape character in string.", 7),
    (b'{"a":"b\x00c"}', "Missing a closing quotation mark in string.", 7),
    (b'{"a":"\\', "Invalid escape character in string.", 6),
    (b"[", "Invalid value.", 1),
    (b"[1,]", "Invalid value.", 3),
    (b"[1", "Missing a comma or ']' after an array element.", 2),
    (b"[1}", "Missing a comma or ']' after an array element.", 2),
    (b"[null, Inf, 1NaN]", "Missing a comma or ']' after an array element.", 13),
    (b'{"a":1', "Missing a comma or '}' after an object member.", 6),
    (b'{"a":1]', "Missing a comma or '}' after an object member.", 6),
    (b"\xef\xbb\xbf[1 2]", "Missing a comma or ']' after an array element.", 6),
    (b'{"a":1} x', "The document root must not be followed by other values.", 8),
    (b"{}{}", "The document root must not be followed by other values.", 2),
]


@pytest.mark.parametrize(("text", "what", "offset"), FAULTS)
def test_a_fault_is_named_with_its_offset(text, what, offset):
    with pytest.raises(InvalidArgument) as caught:
        json_reader.read(text)

    assert caught.value.message == f"JSON Parse error: {what} at offset: {offset}"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"NaN", math.nan),
        (b"-NaN", math.nan),
        (b"Inf", math.inf),
        (b"Infinity", math.inf),
        (b"-Inf", -math.inf),
        (b"-Infinity", -math.inf),
    ],
)
@pytest.mark.parametrize("around", [b"%s", b"[%s]", b"[1, %s , 2.5]", b'["", %s]', b"[null, %s]"])
def test_numbers_that_are_not_finite_are_read(text, value, around):
    read = json_reader.read(around % text)

    found = next(
        item
        for item in (read if isinstance(read, list) else [read])
        if isinstance(item, float) and not math.isfinite(item)
    )
    assert found == value or (math.isnan(found) and math.isnan(value))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"0", 0),
        (b"-0", 0),
        (b"-12", -12),
        (b"9223372036854775808", 2**63),
        (b"18446744073709551615", 2**64 - 1),
        (b"-9223372036854775808", -(2**63)),
        (b"18446744073709551616", 2.0**64),
        (b"-9223372036854775809", -(2.0**63)),
        (b"1.0", 1.0),
        (b"1e2", 100.0),
        (b"2E-3", 0.002),
        (b"1e-400", 0.0),
        (b"-0.0", -0.0),
    ],
)
@pytest.mark.parametrize("around", [b"%s", b"[%s]"], ids=["alone", "in a list"])
def test_a_number_is_an_integer_only_when_written_as_one_that_fits_64_bits(text, value, around):
    read = json_reader.read(around % text)
    number = read[0] if isinstance(read, list) else read

    assert (type(number), repr(number)) == (type(value), repr(value))


def test_a_byte_order_mark_is_skipped():
    assert json_reader.read(b'\xef\xbb\xbf {"a": 1}') == {"a": 1}


def test_of_equal_names_the_first_counts():
    assert json_reader.read(b'{"a": 1, "b": {"c": 2, "c": 3}, "a": 4}') == {"a": 1, "b": {"c": 2}}


def test_bytes_that_are_not_utf8_survive():
    value = json_reader.read(b'{"a\xff": "\xed\xa0\x80 \\udc00"}')

    assert list(value) == ["a\udcff"]
    assert value["a\udcff"].encode("utf-8", "surrogateescape") == b"\xed\xa0\x80 \xed\xb0\x80"


def test_escapes_are_decoded():
    text = b'"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00 \x7f \xc3\xa9"'

    assert json_reader.read(text) == '"\\/\b\f\n\r\té\U0001f600 \x7f é'


def test_half_a_million_levels_are_read():
    depth = 500_000

    value = json_reader.read(b"[" * depth + b"]" * depth)

    levels = 1
    while value:
        (value,) = value
        levels += 1
    assert levels == depth


def test_half_a_million_levels_that_do_not_end_are_an_error():
    with pytest.raises(InvalidArgument, match=r"Invalid value\. at offset: 500000$"):
        json_reader.read(b"[" * 500_000)


@pytest.mark.parametrize("indent", [None, 1])
def test_whatever_python_writes_is_read_back(indent):
    chance = random.Random(7)
    for _ in range(300):
        value = anything(chance, 4)

        assert json_reader.read(json.dumps(value, indent=indent).encode()) == value


def test_a_text_cut_anywhere_is_an_error_not_a_crash():
    chance = random.Random(8)
    for _ in range(300):
        text = json.dumps([anything(chance, 4)]).encode()
        cut = chance.randrange(len(text))

        with pytest.raises(InvalidArgument, match=r"^JSON Parse error: "):
            json_reader.read(text[:cut])


def anything(chance, depth):
    """Return a random JSON value with finite numbers."""
    kind = chance.randrange(8 if depth else 6)
    if kind == 0:
        return chance.choice([None, True, False])
    if kind == 1:
        return chance.randrange(-(2**63), 2**64)
    if kind in (2, 3):
        return chance.uniform(-1, 1) * 10.0 ** chance.randrange(-300, 300)
    if kind in (4, 5):
        return "".join(chance.choice('aé"\\\n\x01€\U0001f600/') for _ in range(chance.randrange(8)))
    items = [anything(chance, depth - 1) for _ in range(chance.randrange(5))]
    return items if kind == 6 else {str(number): item for number, item in enumerate(items)}
