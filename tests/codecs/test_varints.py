"""Variable-length integers against protobuf's own parser."""

import numpy as np
import pytest
from google.protobuf.internal import decoder, encoder

from server_ext.codecs import varints


@pytest.mark.parametrize("number", [0, 1, 127, 128, 300, 16383, 16384, 2**32, 2**63 - 1, 2**64 - 1])
def test_one_number_is_written_as_protobuf_does(number):
    assert varints.one(number) == encoder._VarintBytes(number)


@pytest.mark.parametrize(
    "values",
    [
        np.array([0]),
        np.array([1, 127, 128, 300, 2**40, -1, -(2**63), 2**63 - 1]),
        np.array([0, 2**64 - 1], np.uint64),
        np.array([[0, -1], [2**31 - 1, -(2**31)]], np.int32),
        np.array([0, 2**32 - 1], np.uint32),
        np.array([-128, 127], np.int8),
        np.array([0, 65535], np.uint16),
    ],
    ids=lambda values: values.dtype.name,
)
def test_packed_numbers_are_read_back_by_protobuf(values):
    packed = varints.pack(values)

    bits = 64 if values.dtype.itemsize == 8 else 32
    position, read = 0, []
    while position < len(packed):
        number, position = decoder._DecodeVarint(packed, position)
        negative = values.dtype.kind == "i" and number >= 2 ** (bits - 1)
        read.append(number - 2**bits if negative else number)
    assert read == values.ravel().tolist()


def test_nothing_is_packed_as_nothing():
    assert varints.pack(np.array([], np.int64)) == b""


def test_strings_are_cut_by_their_lengths():
    long = b"x" * 300
    content = varints.one(2) + varints.one(0) + varints.one(300) + b"ab" + long

    assert varints.split_strings(content, 3) == [b"ab", b"", long]


@pytest.mark.parametrize(
    "content",
    [b"", b"\x80", b"\xff" * 11, b"\x05abc", b"\x01ab"],
    ids=lambda content: repr(content),
)
def test_content_that_does_not_add_up_is_refused(content):
    with pytest.raises(ValueError, match="tensor_content"):
        varints.split_strings(content, 1)
