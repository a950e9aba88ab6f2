"""Protobuf's variable-length integers, for whole arrays at once.

    300 = 0b10_0101100  ->  1|0101100  0|0000010        seven bits a byte, the lowest first;
                                                        the top bit says that more bytes follow

A number may be written longer than needed (`0b1_0000101 0b0_0000000` is 5): protobuf's parsers
accept it. So all numbers of an array get the width of the widest, which numpy can fill column by
column. Functions; any thread may call.
Source: protobuf.dev/programming-guides/encoding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from server_ext.lifecycle.servable import Array

WORTHWHILE = 1024
"""Below this many numbers a repeated field's own `extend` is faster than `pack`."""


def one(number: int) -> bytes:
    """Return the shortest varint of a number that is not negative."""
    encoded = bytearray()
    while number > 127:
        encoded.append(number & 127 | 128)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def pack(array: Array) -> bytes:
    """Return an integer array as a packed field's bytes, every number of the same width.

    Numbers of up to 32 bits are written as their 32 bits, which an int32 field reads back as
    negative where they were.
    """
    if array.size == 0:
        return b""
    bits = _unsigned(array)
    width = max(1, -(-int(bits.max()).bit_length() // 7))
    columns = np.empty((bits.size, width), np.uint8)
    for column in range(width):
        shifted = bits >> bits.dtype.type(7 * column)
        more = 0 if column == width - 1 else 128
        columns[:, column] = (shifted & bits.dtype.type(127)) | bits.dtype.type(more)
    return columns.tobytes()


def _unsigned(array: Array) -> Array:
    """Return the array flat, as unsigned numbers of 32 or 64 bits with the same low bits."""
    flat = array.ravel()
    if flat.dtype.itemsize < 4:
        flat = flat.astype(np.int32)
    return flat.view(np.uint64 if flat.dtype.itemsize == 8 else np.uint32)


def split_strings(content: bytes, count: int) -> list[bytes]:
    """Cut `count` strings out of one buffer: first all lengths as varints, then all bytes.

    Compatible with port::DecodeStringList (tsl/platform/tensor_coding.cc), the form strings take in
    `tensor_content`.

    Raises:
        ValueError: the buffer ends too early or too late.
    """
    position, lengths = 0, []
    for _ in range(count):
        length, position = _read(content, position)
        lengths.append(length)
    if sum(lengths) != len(content) - position:
        raise ValueError(f"tensor_content has {len(content)} bytes, not those of {count} strings")
    strings = []
    for length in lengths:
        strings.append(content[position : position + length])
        position += length
    return strings


def _read(content: bytes, position: int) -> tuple[int, int]:
    """Return the varint at a position and the position after it."""
    number = shift = 0
    while position < len(content) and shift < 64:
        byte = content[position]
        number |= (byte & 127) << shift
        position += 1
        if byte < 128:
            return number, position
        shift += 7
    raise ValueError("tensor_content ends within the lengths of its strings")
