"""The types a tensor may have: wire number, names, numpy type, field of TensorProto.

One table for REST, gRPC, status pages and error messages. Numbers are those of
tensorflow/core/framework/types.proto, fields those of tensorflow/core/framework/tensor.proto.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import ml_dtypes
import numpy as np


class DType(NamedTuple):
    """One row of the table.

    `number` and `enum` are tensorflow.DataType's, `name` is TensorFlow's short name (`float`,
    `string`), `numpy` the array type (object for strings), `field` the typed field of TensorProto.
    """

    number: int
    enum: str
    name: str
    numpy: np.dtype[Any]
    field: str

    @property
    def label(self) -> str:
        """The name people know from numpy: `float32`, `int64`, `string`."""
        return "string" if self.numpy.kind == "O" else self.numpy.name


def _row(number: int, enum: str, name: str, numpy: Any, field: str) -> DType:
    return DType(number, enum, name, np.dtype(numpy), field)


DTYPES = (
    _row(1, "DT_FLOAT", "float", np.float32, "float_val"),
    _row(2, "DT_DOUBLE", "double", np.float64, "double_val"),
    _row(3, "DT_INT32", "int32", np.int32, "int_val"),
    _row(4, "DT_UINT8", "uint8", np.uint8, "int_val"),
    _row(5, "DT_INT16", "int16", np.int16, "int_val"),
    _row(6, "DT_INT8", "int8", np.int8, "int_val"),
    _row(7, "DT_STRING", "string", np.object_, "string_val"),
    _row(8, "DT_COMPLEX64", "complex64", np.complex64, "scomplex_val"),
    _row(9, "DT_INT64", "int64", np.int64, "int64_val"),
    _row(10, "DT_BOOL", "bool", np.bool_, "bool_val"),
    _row(14, "DT_BFLOAT16", "bfloat16", ml_dtypes.bfloat16, "half_val"),
    _row(17, "DT_UINT16", "uint16", np.uint16, "int_val"),
    _row(18, "DT_COMPLEX128", "complex128", np.complex128, "dcomplex_val"),
    _row(19, "DT_HALF", "half", np.float16, "half_val"),
    _row(22, "DT_UINT32", "uint32", np.uint32, "uint32_val"),
    _row(23, "DT_UINT64", "uint64", np.uint64, "uint64_val"),
)
BY_NUMBER = {row.number: row for row in DTYPES}
BY_NUMPY = {row.numpy: row for row in DTYPES}


def name_of(number: int) -> str:
    """Return TensorFlow's short name of a type number, or `type N` for one this table lacks."""
    row = BY_NUMBER.get(number)
    return row.name if row else f"type {number}"


def enum_of(dtype: np.dtype[Any]) -> str:
    """Return tensorflow.DataType's name of an array's type, numpy's for one this table lacks."""
    row = BY_NUMPY.get(dtype)
    return row.enum if row else str(dtype)
