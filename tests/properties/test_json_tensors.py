"""Tensors over JSON: what a model answers can be sent back and is the same, whatever it is."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from strategies import JSON_DTYPES, damaged, documents, shapes, tensors, texts, values

from server_ext.codecs import json_decode, json_encode, json_reader, json_text
from server_ext.codecs.dtypes import BY_NUMBER, DTYPES, DType
from server_ext.codecs.json_arrays import Collector, Irregular, regular
from server_ext.errors import ServingError
from server_ext.lifecycle.servable import TensorSpec

BLANKS = b" " * 300  # enough for a body to be read as one tensor of numbers
MANY_BLANKS = b" " * 5000  # enough for several, by name


def spec(row: DType) -> TensorSpec:
    return TensorSpec("any:0", row.number, None)


def decoded(body: bytes, inputs: dict[str, TensorSpec]) -> tuple[dict[str, Any], bool]:
    return json_decode.decode_predict(json_text.parse(body), inputs)


def assert_same(got: np.ndarray, expected: np.ndarray) -> None:
    """Same type, shape and bits; but every NaN is like every other."""
    assert got.dtype == expected.dtype
    assert got.shape == expected.shape
    if got.dtype == object:
        assert got.tolist() == expected.tolist()
        return
    if got.dtype.kind not in "biu":
        with np.errstate(invalid="ignore"):
            assert np.array_equal(np.isnan(got), np.isnan(expected))
            got, expected = (np.where(np.isnan(x), x.dtype.type(0), x) for x in (got, expected))
    assert got.tobytes() == expected.tobytes()


def outcome(work: Any) -> Any:
    """Return what it returns, or the text of the error that a client would get."""
    try:
        return work()
    except ServingError as error:
        return error.status_text


@given(tensors(JSON_DTYPES), st.sampled_from(["y", "y_bytes"]))
def test_a_tensor_in_columns_comes_back_as_it_was(tensor, alias):
    row, array = tensor

    body = json_encode.encode_predict({alias: array}, row_form=False)
    arrays, row_form = decoded(body.replace(b'"outputs"', b'"inputs"', 1), {"x": spec(row)})

    assert not row_form
    assert_same(arrays["x"], array)


@given(tensors(JSON_DTYPES, with_rows=True), st.sampled_from(["y", "y_bytes"]))
def test_a_tensor_in_rows_comes_back_as_it_was(tensor, alias):
    row, array = tensor

    body = json_encode.encode_predict({alias: array}, row_form=True)
    arrays, row_form = decoded(body.replace(b'"predictions"', b'"instances"', 1), {"x": spec(row)})

    assert row_form
    assert_same(arrays["x"], array)


@given(st.lists(tensors(JSON_DTYPES, 3, with_rows=True), min_size=1, max_size=3), st.booleans())
def test_several_tensors_come_back_as_they_were(given_tensors, row_form):
    count = min(len(array) for _, array in given_tensors)
    rows = {f"t{n}": row for n, (row, _) in enumerate(given_tensors)}
    tensors_sent = {f"t{n}": array[:count] for n, (_, array) in enumerate(given_tensors)}

    document = json.loads(json_encode.encode_predict(tensors_sent, row_form))
    (value,) = document.values()
    if len(rows) == 1:
        value = [{"t0": item} for item in value] if row_form else {"t0": value}
    body = json.dumps({"instances" if row_form else "inputs": value}).encode()
    arrays, _ = decoded(body, {alias: spec(row) for alias, row in rows.items()})

    assert arrays.keys() == tensors_sent.keys()
    for alias, array in tensors_sent.items():
        assert_same(arrays[alias], array)


@given(st.sampled_from(JSON_DTYPES), st.lists(values(6), min_size=1, max_size=4))
def test_rows_and_columns_of_the_same_value_are_the_same_tensor(row, value):
    assume(not isinstance(value[0], dict))
    inputs = {"x": spec(row)}

    by_row = outcome(lambda: json_decode.decode_predict({"instances": value}, inputs))
    by_column = outcome(lambda: json_decode.decode_predict({"inputs": value}, inputs))

    assert isinstance(by_row, str) == isinstance(by_column, str)
    if not isinstance(by_row, str):
        assert_same(by_row[0]["x"], by_column[0]["x"])


@given(st.sampled_from(JSON_DTYPES), values())
def test_what_is_read_quickly_is_what_is_read_element_by_element(row, value):
    try:
        quick = regular(value, row)
    except Irregular:
        return
    collector = Collector(row.number)
    collector.add(value)

    assert_same(quick, collector.whole())


@st.composite
def number_texts(draw: st.DrawFn) -> bytes:
    """Bodies of one tensor of numbers, written in many ways, some of them wrong."""
    literals = st.one_of(
        st.integers(-(2**65), 2**65).map(str),
        st.integers(-130, 300).map(str),
        st.floats().map(repr),
        st.sampled_from(["-0", "0.0", "1E5", "1e400", "NaN", "01", "true", '"1"', "-", "1.", "[]"]),
    )
    shape = draw(shapes(3))
    kind = st.just(draw(literals)) if draw(st.booleans()) else literals

    def nested(sizes: tuple[int, ...]) -> str:
        if not sizes:
            return draw(kind)
        return (
            "["
            + draw(st.sampled_from([",", ", ", " ,\n"])).join(
                nested(sizes[1:]) for _ in range(sizes[0])
            )
            + "]"
        )

    key = draw(st.sampled_from(["instances", "inputs"]))
    body = f'{{"{key}": {nested(shape)}'.encode() + BLANKS + b"}"
    return draw(damaged(st.just(body))) if draw(st.booleans()) else body


@given(st.sampled_from(DTYPES), number_texts())
def test_a_body_of_numbers_is_read_as_the_general_reader_does(row, body):
    inputs = {"x": spec(row)}

    quick = outcome(lambda: decoded(body, inputs))
    general = outcome(lambda: json_decode.decode_predict(read_as_object(body), inputs))

    if isinstance(quick, str) or isinstance(general, str):
        assert quick == general
    else:
        assert_same(quick[0]["x"], general[0]["x"])


@st.composite
def named_texts(draw: st.DrawFn) -> bytes:
    """Bodies of named lists of numbers in rows or columns, most of them alike, some of them wrong."""
    values = st.sampled_from(
        ["[1, 2]", "[3,4]", "[0.5, -1]", "[[1], [2]]", "[1]", "7", "[]", '"a"']
    )
    usual = draw(values)
    value = st.just(usual) if draw(st.booleans()) else values
    colon, comma = draw(st.sampled_from([(":", ","), (": ", ", "), (" : ", ",\n")]))
    names = draw(st.sampled_from([["x"], ["y", "x"], ["x", "y", "z"], ["x", "x"], ["b64"]]))

    def members() -> str:
        return comma.join(f'"{name}"{colon}{draw(value)}' for name in names)

    rows = comma.join(f"{{{members()}}}" for _ in range(draw(st.integers(1, 4))))
    inner = draw(st.sampled_from([f'"instances":[{rows}]', f'"inputs":{{{members()}}}']))
    form = draw(st.sampled_from(["{#}", '{"signature_name":"s",#}', '{#, "signature_name":"s"}']))
    body = form.replace("#", inner)
    if draw(st.booleans()):
        body = draw(damaged(st.just(body.encode()))).decode("utf-8", "surrogateescape")
    return body.encode("utf-8", "surrogateescape") + MANY_BLANKS


@given(st.sampled_from(["float", "int32", "string"]), named_texts())
def test_named_lists_of_numbers_are_read_as_the_general_reader_does(name, body):
    row = next(row for row in DTYPES if row.name == name)
    inputs = {"x": spec(row), "y": spec(row)}

    quick = outcome(lambda: json_decode.decode_predict(json_text.parse(body), inputs, {"y"}))
    general = outcome(lambda: json_decode.decode_predict(read_as_object(body), inputs, {"y"}))

    if isinstance(quick, str) or isinstance(general, str):
        assert quick == general
    else:
        assert quick[0].keys() == general[0].keys()
        for alias, array in general[0].items():
            assert_same(quick[0][alias], array)


def read_as_object(body: bytes) -> dict[str, Any]:
    document = json_reader.read(body)
    return document if isinstance(document, dict) else json_text.parse(body)


@given(st.sampled_from(DTYPES), st.sampled_from(DTYPES), damaged(texts(documents())))
def test_any_document_is_read_or_refused(one, two, body):
    for inputs in ({"x": spec(one)}, {"a": spec(one), "b": spec(two)}, {}):
        found = outcome(lambda inputs=inputs: decoded(body, inputs))
        if not isinstance(found, str):
            for alias, array in found[0].items():
                assert array.dtype == BY_NUMBER[inputs[alias].dtype].numpy


@pytest.mark.parametrize("width", [32, 64])
def test_the_text_of_a_float_reads_back_to_the_same_bits(width):
    dtype = np.dtype(f"float{width}").type

    @given(st.floats(width=width))
    def check(value):
        array = np.array([value], dtype)
        text = json_encode.encode_predict({"y": array}, False).decode().split("[")[1].split("]")[0]

        assert_same(np.array([float(text)], dtype), array)
        assert "." in text or "e" in text or "N" in text or "I" in text

    check()
