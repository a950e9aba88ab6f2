"""The table of types against TensorFlow's own."""

import numpy as np
import pytest

from server_ext.codecs.dtypes import BY_NUMBER, BY_NUMPY, DTYPES, name_of


def test_numbers_names_and_numpy_types_are_each_used_once():
    assert len(BY_NUMBER) == len(BY_NUMPY) == len(DTYPES)
    assert len({row.name for row in DTYPES}) == len({row.enum for row in DTYPES}) == len(DTYPES)


@pytest.mark.tensorflow
@pytest.mark.parametrize("row", DTYPES, ids=lambda row: row.enum)
def test_a_row_is_what_tensorflow_says(row):
    import tensorflow as tf
    from tensorflow.core.framework import tensor_pb2, types_pb2

    dtype = tf.as_dtype(row.number)

    assert types_pb2.DataType.Name(row.number) == row.enum
    assert np.dtype(dtype.as_numpy_dtype) == row.numpy
    assert types_pb2.DataType.Value(f"DT_{row.name.upper()}") == row.number
    assert row.field in tensor_pb2.TensorProto.DESCRIPTOR.fields_by_name


@pytest.mark.tensorflow
@pytest.mark.parametrize("row", DTYPES, ids=lambda row: row.enum)
def test_the_field_is_the_one_tensorflow_writes(row):
    import tensorflow as tf

    value = b"x" if row.label == "string" else np.ones((), row.numpy)

    proto = tf.make_tensor_proto(value, dtype=row.number)

    assert len(getattr(proto, row.field)) == (2 if row.numpy.kind == "c" else 1)


@pytest.mark.parametrize(
    ("number", "label"), [(1, "float32"), (7, "string"), (14, "bfloat16"), (10, "bool")]
)
def test_labels_are_the_names_of_numpy(number, label):
    assert BY_NUMBER[number].label == label


def test_types_outside_of_the_table_have_a_name_too():
    assert name_of(19) == "half"
    assert name_of(20) == "type 20"
