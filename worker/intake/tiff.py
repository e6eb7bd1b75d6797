"""The first directory of a TIFF, read without decoding (TIFF 6.0): enough to know that it is a plain page."""

import struct
from dataclasses import dataclass

from portal.refusals import Refused

WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 256, 257, 258, 259, 262
SAMPLES, PLANAR, SAMPLE_FORMAT = 277, 284, 339
NONE, LZW, DEFLATE, OLD_DEFLATE = 1, 5, 8, 32946
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB = 0, 1, 2
SHORT, LONG = 3, 4
MAX_ENTRIES = 512


@dataclass(frozen=True)
class TiffPage:
    width_px: int
    height_px: int
    bit_depth: int
    is_white_zero: bool


def read_page(stream: bytes) -> TiffPage:
    """The one page of a greyscale (8 or 16 bit) or RGB (8 bit) TIFF.

    raises  Refused  truncated, corrupt, multi_image, unsupported_encoding
    """
    order = "<" if stream[:2] == b"II" else ">"
    try:
        tags, next_page = _directory(stream, order, struct.unpack_from(order + "I", stream, 4)[0])
    except struct.error as error:
        raise Refused("truncated") from error
    if next_page:
        raise Refused("multi_image")
    if WIDTH not in tags or HEIGHT not in tags:
        raise Refused("corrupt")
    bits = tags.get(BITS, (1,))
    if not _is_plain(tags, bits):
        raise Refused("unsupported_encoding")
    is_white_zero = tags[PHOTOMETRIC] == (WHITE_IS_ZERO,)
    if is_white_zero and bits == (16,) and order == ">":
        raise Refused("unsupported_encoding")  # unknown to Pillow
    return TiffPage(tags[WIDTH][0], tags[HEIGHT][0], bits[0], is_white_zero)


def _is_plain(tags: dict[int, tuple[int, ...]], bits: tuple[int, ...]) -> bool:
    grey = tags.get(PHOTOMETRIC) in ((WHITE_IS_ZERO,), (BLACK_IS_ZERO,)) and bits in ((8,), (16,))
    colour = tags.get(PHOTOMETRIC) == (RGB,) and bits == (8, 8, 8)
    return (
        (grey or colour)
        and tags.get(SAMPLES, (1,)) == (len(bits),)
        and tags.get(COMPRESSION, (NONE,))[0] in (NONE, LZW, DEFLATE, OLD_DEFLATE)
        and tags.get(PLANAR, (1,)) == (1,)
        and set(tags.get(SAMPLE_FORMAT, (1,))) == {1}
    )


def _directory(stream: bytes, order: str, at: int) -> tuple[dict[int, tuple[int, ...]], int]:
    """Its short and long numbers by tag, and the offset of the next directory (0: none)."""
    (count,) = struct.unpack_from(order + "H", stream, at)
    if not 0 < count <= MAX_ENTRIES:
        raise Refused("corrupt")
    tags: dict[int, tuple[int, ...]] = {}
    for index in range(count):
        tag, kind, number = struct.unpack_from(order + "HHI", stream, at + 2 + 12 * index)
        if kind in (SHORT, LONG) and 0 < number <= 4:
            tags[tag] = _numbers(stream, order, at + 10 + 12 * index, kind, number)
    (next_page,) = struct.unpack_from(order + "I", stream, at + 2 + 12 * count)
    return tags, next_page


def _numbers(stream: bytes, order: str, at: int, kind: int, number: int) -> tuple[int, ...]:
    """Up to four numbers, in the entry itself when they fit in its four bytes."""
    size = 2 if kind == SHORT else 4
    if number * size > 4:
        (at,) = struct.unpack_from(order + "I", stream, at)
    return struct.unpack_from(f"{order}{number}{'H' if kind == SHORT else 'I'}", stream, at)
