"""A REST predict document to the named arrays of a signature, in row or in column form.

    {"instances": [row, ...]}   row form: each row adds one to dimension 0 of every input
    {"inputs": value}           column form: the value is the whole tensor, dimension 0 included

Either way one input may be given bare and several are given by name. Of the signature the types
count, not the shapes. Compatible with FillPredictRequestFromJson of util/json_tensor.cc.
Pure functions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from server_ext.codecs.dtypes import BY_NUMBER
from server_ext.codecs.json_arrays import Collector, Irregular, converted, regular
from server_ext.codecs.json_elements import is_base64
from server_ext.codecs.json_named import Rows
from server_ext.codecs.json_numbers import Tensor
from server_ext.codecs.json_text import quote
from server_ext.errors import InvalidArgument, ServingError

if TYPE_CHECKING:
    from server_ext.lifecycle.servable import TensorSpec

Arrays = dict[str, NDArray[Any]]


def signature_name(document: Mapping[str, Any]) -> str:
    """Return the signature a document names, "" when it names none.

    Raises:
        InvalidArgument: the name is not a string.
    """
    name = document.get("signature_name", "")
    if not isinstance(name, str):
        raise InvalidArgument(
            f"JSON Value: {quote(document)} not formatted correctly. "
            "'signature_name' key must be a string value."
        )
    return name


def scalar_rows(document: Mapping[str, Any]) -> int | None:
    """Return in how many rows of the answer a scalar output shall stand; None for in none.

    That is as many as there are instances, if the document has `"repeat_scalars": true`. Ours.

    Raises:
        InvalidArgument: `repeat_scalars` is neither true nor false.
    """
    asked = document.get("repeat_scalars", False)
    if not isinstance(asked, bool):
        raise InvalidArgument(f"'repeat_scalars' is {quote(asked)}: it must be true or false")
    rows = document.get("instances")
    return len(rows) if asked and isinstance(rows, list) else None


def decode_predict(
    document: Mapping[str, Any], inputs: Mapping[str, TensorSpec], defaults: Set[str] = frozenset()
) -> tuple[Arrays, bool]:
    """Return the inputs by alias, and whether they came in row form.

    Arrays have the dtypes of `inputs`, strings as object arrays of bytes. Inputs in `defaults` may
    be left out and are then absent. A signature without inputs is called by `{"inputs": {}}`.

    Raises:
        InvalidArgument: the document does not fit the inputs, or a value is ragged or of a wrong
            type.
        Unimplemented: JSON has no form for an input's type (in row form: InvalidArgument).
    """
    by_row, by_column = "instances" in document, "inputs" in document
    if not inputs:
        _check_no_inputs(document)
        return {}, False
    numbers = document.get(key := "instances" if by_row else "inputs")
    if isinstance(numbers, Tensor | Rows):
        if (arrays := _from_numbers(numbers, inputs, defaults)) is not None:
            return arrays, by_row
        document = {**document, key: numbers.lists()}
    if by_row and by_column:
        raise InvalidArgument(
            f"JSON Value: {quote(document)} Not formatted correctly expecting only one of "
            "'inputs' or 'instances' keys to exist"
        )
    if by_row:
        return _rows(_instances(document), inputs, defaults), True
    if by_column:
        return _columns(document["inputs"], inputs, defaults), False
    raise InvalidArgument(
        "Missing 'inputs' or 'instances' key: "
        'send {"instances": [row, ...]} or {"inputs": whole tensors}'
    )


def _from_numbers(
    numbers: Tensor | Rows, inputs: Mapping[str, TensorSpec], defaults: Set[str]
) -> Arrays | None:
    """Return the inputs that arrays of numbers are; None to learn from their lists why not."""
    if isinstance(numbers, Rows):
        columns = numbers.columns
        if not columns.keys() <= inputs.keys() <= columns.keys() | defaults:
            return None
    else:
        columns = dict.fromkeys(inputs, numbers)
        if len(inputs) != 1:
            return None
    try:
        return {alias: _quickly(columns[alias], inputs[alias].dtype) for alias in columns}
    except Irregular:
        return None


def _check_no_inputs(document: Mapping[str, Any]) -> None:
    if "instances" in document or not isinstance(document.get("inputs"), dict):
        raise InvalidArgument(
            f"Failed to get input map for signature: {signature_name(document) or 'DEFAULT'}: "
            'it has no inputs, send {"inputs": {}}'
        )


def _instances(document: Mapping[str, Any]) -> list[Any]:
    rows = document["instances"]
    if not isinstance(rows, list):
        raise InvalidArgument(
            f"JSON Value: {quote(document)} Expecting 'instances' to be an list/array"
        )
    if not rows:
        raise InvalidArgument(f"JSON Value: {quote(document)} No values in 'instances' array")
    return rows


def _columns(value: Any, inputs: Mapping[str, TensorSpec], defaults: Set[str]) -> Arrays:
    if not _is_named(value):
        if len(inputs) > 1:
            raise InvalidArgument(
                "inputs is a plain value/list, but expecting an object as multiple input tensors "
                f"required as per tensorinfo_map: {_names(inputs)}"
            )
        (alias,) = inputs
        return {alias: _column(value, inputs[alias].dtype)}
    arrays = {}
    for alias, spec in inputs.items():
        if alias in value:
            try:
                arrays[alias] = _column(value[alias], spec.dtype)
            except ServingError as error:
                raise type(error)(f"{error.message} (input: {alias})") from None
        elif alias not in defaults:
            raise InvalidArgument(f"Missing named input: {alias} in 'inputs' object.")
    return arrays


def _column(value: Any, number: int) -> NDArray[Any]:
    try:
        return _quickly(value, number)
    except Irregular:
        value = value.lists() if isinstance(value, Tensor) else value
        collector = Collector(number)
        collector.add(value)
        return collector.whole()


def _rows(rows: list[Any], inputs: Mapping[str, TensorSpec], defaults: Set[str]) -> Arrays:
    if _is_named(rows[0]):
        given = rows[0].keys()
        fits = given <= inputs.keys() and given | defaults >= inputs.keys()
        names = [alias for alias in inputs if alias in given or not fits]
        try:
            return {
                alias: _quickly(column, inputs[alias].dtype)
                for alias, column in _transposed(rows, names).items()
            }
        except Irregular:
            return _walk_named(rows, inputs, names)
    if len(inputs) > 1:
        raise InvalidArgument(
            "instances is a plain list, but expecting list of objects as multiple input tensors "
            f"required as per tensorinfo_map: {_names(inputs)}"
        )
    (alias,) = inputs
    try:
        return {alias: _quickly(rows, inputs[alias].dtype)}
    except Irregular:
        return {alias: _walk_plain(rows, inputs[alias].dtype)}


def _quickly(value: Any, number: int) -> NDArray[Any]:
    dtype = BY_NUMBER.get(number)
    if dtype is None:
        raise Irregular
    return converted(value.numbers, dtype) if isinstance(value, Tensor) else regular(value, dtype)


def _transposed(rows: list[dict[str, Any]], names: list[str]) -> dict[str, list[Any]]:
    """Return the values of each name; Irregular unless all rows have just these names."""
    try:
        if set(map(len, rows)) == {len(names)}:
            return {name: [row[name] for row in rows] for name in names}
    except (TypeError, KeyError):
        pass
    raise Irregular


def _walk_plain(rows: list[Any], number: int) -> NDArray[Any]:
    collector = Collector(number)
    for position, row in enumerate(rows):
        if _is_named(row):
            raise InvalidArgument(
                f"Expecting value/list but got object at item {position} of input list"
            )
        try:
            collector.add(row)
        except ServingError as error:
            raise InvalidArgument(
                f"Failed to process element: {position} of 'instances' list. "
                f"Error: {error.status_text}"
            ) from None
    return collector.rows()


def _walk_named(rows: list[Any], inputs: Mapping[str, TensorSpec], names: list[str]) -> Arrays:
    collectors = {name: Collector(inputs[name].dtype) for name in names}
    for position, row in enumerate(rows):
        if not _is_named(row):
            raise InvalidArgument(f"Expecting object but got list at item {position} of input list")
        for name, value in row.items():
            try:
                if name not in inputs:
                    raise InvalidArgument(f"JSON object: does not have named input: {name}")
                if name in collectors:
                    collectors[name].add(value)
            except ServingError as error:
                raise InvalidArgument(
                    f"Failed to process element: {position} key: {name} of 'instances' list. "
                    f"Error: {error.status_text}"
                ) from None
        if row.keys() != collectors.keys():
            raise InvalidArgument(
                f"Failed to process element: {position} of 'instances' list. "
                f"JSON object: {quote(row)} keys must be equal to: {_names(names)}"
            )
    return {name: collector.rows() for name, collector in collectors.items()}


def _is_named(value: Any) -> bool:
    return isinstance(value, dict) and not is_base64(value)


def _names(names: Iterable[str]) -> str:
    return ",".join(sorted(names))
