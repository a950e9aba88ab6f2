"""Bodies of named tensors of numbers: read at once, or left to the general reader."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import orjson
import pytest

from server_ext.codecs import json_decode, json_named, json_text
from server_ext.codecs.dtypes import DTYPES
from server_ext.codecs.json_named import Rows
from server_ext.errors import InvalidArgument
from server_ext.lifecycle.servable import TensorSpec

NUMBERS = {dtype.name: dtype.number for dtype in DTYPES}
LONG = ", ".join(["0"] * json_named.SMALLEST)
STYLES: dict[str, dict[str, Any]] = {
    "compact": {"separators": (",", ":")},
    "as Python writes it": {},
    "indented": {"indent": 2},
}


def specs(**dtypes: str) -> dict[str, TensorSpec]:
    return {
        alias: TensorSpec(f"{alias}:0", NUMBERS[dtype], None) for alias, dtype in dtypes.items()
    }


def random(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).normal(size=shape)


def read(body: str) -> dict[str, Any] | None:
    return json_named.read(body.replace("#", LONG).encode())


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
@pytest.mark.parametrize("shapes", [[(1, 28, 28)], [(5, 200), (5, 9, 30)], [(200,), (200, 4)]])
def test_rows_of_named_lists_are_read_by_column(style: dict[str, Any], shapes):
    columns = {f"input {n}": random(*shape, 2) for n, shape in enumerate(shapes)}
    rows = [
        dict(zip(columns, row, strict=True))
        for row in zip(*(array.tolist() for array in columns.values()), strict=True)
    ]

    document = json_named.read(json.dumps({"instances": rows}, **style).encode())

    assert document is not None
    read = document["instances"]
    assert isinstance(read, Rows)
    assert read.lists() == rows
    assert list(read.columns) == list(columns)
    for name, array in columns.items():
        np.testing.assert_array_equal(read.columns[name].numbers, array)


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
def test_columns_are_read_one_by_one_and_scalars_with_them(style: dict[str, Any]):
    image, ids = random(2, 28, 28), np.arange(600).reshape(2, 300)
    inputs = {"image": image.tolist(), "rate": 0.5, "ids": ids.tolist(), "top": 3}

    document = json_named.read(json.dumps({"inputs": inputs}, **style).encode())

    assert document is not None
    read = document["inputs"]
    assert list(read) == list(inputs)
    np.testing.assert_array_equal(read["image"].numbers, image)
    np.testing.assert_array_equal(read["ids"].numbers, ids)
    assert read["ids"].numbers.dtype == np.int64
    assert (read["rate"], read["top"]) == (0.5, 3)


@pytest.mark.parametrize(
    "form",
    [
        '{"signature_name": "s", "inputs": {"x": [#]}}',
        '{"inputs": {"x": [#]}, "signature_name" : "s" }\n',
        '{ "signature_name":"s","instances": [{"x": [#]}, {"x": [#]}]}',
        '{"instances": [{"x": [#]}, {"x": [#]}] ,"signature_name":"s"}',
    ],
)
def test_a_signature_may_be_named_before_or_behind(form: str):
    document = read(form)

    assert document is not None
    assert document["signature_name"] == "s"
    assert len(document) == 2


@pytest.mark.parametrize(
    "body",
    [
        "",
        '"',
        '""""',
        '{"inputs": {"x": [1, 2]}}',  # short: the general reader is as quick
        '{"inputs": {}}',
        '{"inputs": {"x": [#], "x": [#]}}',
        '{"inputs": {"x": [[1], [#]]}}',
        '{"inputs": {"x": [#], "y": "text"}}',
        '{"inputs": {"x": [#], "y": true}}',
        '{"inputs": {"x": [#], "y": []}}',
        '{"inputs": {"x": [#], "y": 01}}',
        '{"inputs": {"x": [#], "y": }}',
        '{"inputs": {"x": [#], "y": 1 2}}',
        '{"inputs": {"x": [#] 1, "y": 2}}',
        '{"inputs": {"x": [#]}}}',
        '{"inputs": {"x": [#]}',
        '{"inputs": {"x": [#],}}',
        '{"inputs": {"x" [#]}}',
        '{"inputs": {"x":: [#]}}',
        '{"inputs": {"x": [#}}',
        '{"inputs": {"x": [#], y: [1]}}',
        '{"inputs": {"x\\n": [#]}}',
        '{"inputs": {"x\n": [#]}}',
        '{"inputs": {"x": {"y": [#]}}}',
        '{"inputs": {"x": [#]}, "inputs": {"y": [#]}}',
        '{"inputs": {"x": [#]}, "instances": [{"y": [#]}]}',
        '{"inputs": {"x": [#]}, "signature_name": 3}',
        '{"inputs": {"x": [#]}, "signature_name": "a]"}',
        '{"inputs": {"x": [#]} "signature_name": "a"}',
        '{"signature_name": "a", "inputs": {"x": [#]}, "signature_name": "b"}',
        '{"signature_name": "a" "inputs": {"x": [#]}}',
        '{"signature_name": "a", "signature_name": "b", "inputs": {"x": [#]}}',
        '{"signature_name": "a", "more": {"x": [#]}}',
        '{"instances": {"x": [#]}}',
        '{"inputs": [{"x": [#]}]}',
        '{"instances": [{"x": [#]}, {"x": [1]}]}',
        '{"instances": [{"x": [#]}, {"y": [#]}]}',
        '{"instances": [{"x": [#], "y": [1]}, {"y": [1], "x": [#]}]}',
        '{"instances": [{"x": [#], "y": [1]}, {"x": [#]}]}',
        '{"instances": [{"x": [#], "x": [#]}, {"x": [#], "x": [#]}]}',
        '{"instances": [{"x": [#], "y": 1}]}',
        '{"instances": [{"x": [#], "y": "text"}]}',
        '{"instances": [{"x": [#]},{"x": [#]}, {"x": [#]}]}',  # another blank; rare
        '{"instances": [{"x": [#]}, [#]]}',
        '{"instances": [{"x": [#]}, 1]}',
        '{"instances": [1, {"x": [#]}]}',
        '{"instances": [{"x": [#]}, {"x": [#]} 1]}',
        '{"instances": [{"x": [#]}1, {"x": [#]}]}',
        '{"instances": [{"x": [#]}, 1{"x": [#]}]}',
        '{"instances": [{"x": [#]}, {"x": 1[#]}]}',
        '{"instances": [{"x": [#]}, {"x": [#]1}]}',
        '{"instances": [{"x": [#]}, {"x": [#]}}',
        '{"instances": [{"x": [#]}, {"x": [#]]}',
        '{"instances": [{"x": [#]}, {"x": [#]}]]}',
        '{"instances": [{"x": [#]}}, {"x": [#]}]}',
        '{"instances": [[{"x": [#]}, {"x": [#]}]]}',
        '{"instances": [{"x": [[#], [#]}, {"x": [#]]}]}',
        '{"instances": [{"x": [#],[#]}, {"x": [#],[#]}]}',
        '{"instances": [{"x": [[#]}, {"x": [#]]}]}',
        '{"instances": [{"x": []}, {"x": [#]}]}',
        '{"instances": [{"x": [[], [#]]}]}',
        '{"instances": [{"x": [#null]}]}',
        '{"instances": [{"x": [# NaN]}]}',
        '[{"inputs": {"x": [#]}}]',
        '\ufeff{"inputs": {"x": [#]}}',
    ],
)
def test_everything_else_is_left_to_the_general_reader(body: str):
    assert read(body) is None


def test_a_name_that_is_not_utf8_is_left_to_the_general_reader():
    assert json_named.read(b'{"inputs": {"\xff": [' + LONG.encode() + b"]}}") is None


def test_many_names_for_few_numbers_are_left_to_the_general_reader():
    rows = [{"age": [30 + n], "income": [n]} for n in range(500)]

    assert json_named.read(orjson.dumps({"instances": rows})) is None


def both_ways(body: bytes, inputs: dict[str, TensorSpec], defaults=frozenset()) -> list[Any]:
    """Return the arrays, or the text of the error: of the quick way, and of the general one."""
    assert json_named.read(body) is not None
    results: list[Any] = []
    for document in (json_text.parse(body), orjson.loads(body)):
        try:
            results.append(json_decode.decode_predict(document, inputs, defaults))
        except InvalidArgument as error:
            results.append(error.message)
    return results


@pytest.mark.parametrize("dtype", ["float", "double", "half", "bfloat16", "int8", "uint64"])
@pytest.mark.parametrize("by_row", [True, False])
def test_the_quick_way_and_the_general_one_give_the_same_arrays(dtype: str, by_row: bool):
    numbers = np.random.default_rng(2).integers(0, 100, size=(4, 500)).tolist()
    rows = [{"b": row, "a": row[:3]} for row in numbers]
    columns = {"b": numbers, "a": [row[:3] for row in numbers]}
    body = orjson.dumps({"instances": rows} if by_row else {"inputs": columns})

    quick, general = both_ways(body, specs(a=dtype, b=dtype, c=dtype), frozenset("c"))

    assert quick[1] is general[1] is by_row
    assert quick[0].keys() == general[0].keys() == {"a", "b"}
    for alias, array in general[0].items():
        assert quick[0][alias].dtype == array.dtype
        np.testing.assert_array_equal(quick[0][alias], array)


@pytest.mark.parametrize(
    ("inputs", "body"),
    [
        (specs(x="int32"), '{"instances": [{"x": [#]}, {"x": [#]}]}'.replace("[#]", "[#, 1.5]")),
        (specs(x="int8"), '{"inputs": {"x": [#, 300]}}'),
        (specs(x="string"), '{"inputs": {"x": [#]}}'),
        (specs(x="bool"), '{"instances": [{"x": [#]}]}'),
        (specs(x="float", y="float"), '{"instances": [{"x": [#]}]}'),
        (specs(x="float", y="float"), '{"inputs": {"x": [#]}}'),
        (specs(x="float"), '{"instances": [{"x": [#], "z": [1]}]}'),
        (specs(x="float", y="int32"), '{"inputs": {"x": [#], "y": 1.5}}'),
        (specs(), '{"instances": [{"x": [#]}]}'),
    ],
)
def test_what_does_not_fit_has_the_error_of_the_general_way(inputs, body: str):
    quick, general = both_ways(body.replace("#", LONG).encode(), inputs)

    assert isinstance(quick, str)
    assert quick == general


def test_columns_that_the_signature_lacks_are_ignored_as_ever():
    quick, general = both_ways(
        f'{{"inputs": {{"x": [{LONG}], "z": 1}}}}'.encode(), specs(x="float")
    )

    assert quick[0].keys() == general[0].keys() == {"x"}


def test_rows_can_be_quoted():
    body = f'{{"instances": [{{"x": [1.5, {LONG}]}}]}}'.encode()

    quoted = json_text.quote(json_text.parse(body))

    assert quoted.startswith('{\n    "instances": [{\n            "x": [1.5, 0, 0')
