"""TIFF files: the plain kind that is read, and the others (kinds 2, 16 and 21)."""

import io
import struct
from collections.abc import Iterator
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.corpus.pictures import colour_photo, radiograph
from tests.corpus.sample import ACCEPTED, Sample

WHITE_IS_ZERO, BLACK_IS_ZERO = 0, 1
ORDERS: tuple[Literal["<", ">"], ...] = ("<", ">")


def tiff(pixels: NDArray[Any] | None = None, **options: Any) -> bytes:
    image = Image.fromarray(radiograph() if pixels is None else pixels)
    mode = options.pop("mode", image.mode)
    target = io.BytesIO()
    image.convert(mode).save(target, "TIFF", **options)
    return target.getvalue()


def raw_tiff(
    pixels: NDArray[Any], *, photometric: int = BLACK_IS_ZERO, order: Literal["<", ">"] = "<"
) -> bytes:
    """An uncompressed grey TIFF written by hand, in either byte order and polarity."""
    rows, columns = pixels.shape
    data = pixels.astype(pixels.dtype.newbyteorder(order)).tobytes()
    tags = (
        *((256, columns), (257, rows), (258, pixels.dtype.itemsize * 8), (259, 1), (262, photometric)),
        *((273, 8 + 2 + 9 * 12 + 4), (277, 1), (278, rows), (279, len(data))),
    )
    entries = b"".join(struct.pack(order + "HHII", tag, 4, 1, value) for tag, value in tags)
    magic = b"II*\0" if order == "<" else b"MM\0*"
    return magic + struct.pack(order + "IH", 8, len(tags)) + entries + bytes(4) + data


def _two_pages() -> bytes:
    page = Image.fromarray(radiograph())
    return tiff(save_all=True, append_images=[page])


def _patched(tag: int, value: int) -> bytes:
    """A plain TIFF with one number of its directory replaced."""
    stream = bytearray(raw_tiff(radiograph()))
    at = next(at for at in range(10, 118, 12) if struct.unpack_from("<H", stream, at)[0] == tag)
    struct.pack_into("<I", stream, at + 8, value)
    return bytes(stream)


def tiff_samples() -> Iterator[Sample]:
    for sample in (*_plain(), *_others()):
        yield Sample(sample.kind, sample.name, sample.expected, sample.build, file_name="scan.tif")


def _plain() -> Iterator[Sample]:
    for bits in (8, 16):
        for compression in ("raw", "tiff_lzw", "tiff_deflate", "tiff_adobe_deflate"):
            build = partial(tiff, radiograph(bits=bits), compression=compression)
            yield Sample(21, f"tiff-{bits}-bit-{compression}", ACCEPTED, build)
        for photometric in (WHITE_IS_ZERO, BLACK_IS_ZERO):
            for order in ORDERS:
                name = f"tiff-{bits}-bit-photometric-{photometric}-{'intel' if order == '<' else 'motorola'}"
                build = partial(raw_tiff, radiograph(bits=bits), photometric=photometric, order=order)
                odd = (bits, photometric, order) == (16, WHITE_IS_ZERO, ">")
                yield Sample(21, name, "unsupported_encoding" if odd else ACCEPTED, build)
    yield Sample(21, "tiff-rgb-grey", ACCEPTED, lambda: tiff(mode="RGB"))


def _others() -> Iterator[Sample]:
    yield Sample(2, "tiff-magic-only", "truncated", lambda: b"II*\0")
    yield Sample(16, "tiff-black", "no_contrast", lambda: raw_tiff(np.zeros((64, 64), np.uint16)))
    yield Sample(21, "tiff-two-pages", "multi_image", _two_pages)
    unsupported = "unsupported_encoding"
    yield Sample(21, "tiff-jpeg", unsupported, lambda: tiff(compression="jpeg"))
    yield Sample(21, "tiff-packbits", unsupported, lambda: tiff(compression="packbits"))
    yield Sample(21, "tiff-fax", unsupported, lambda: tiff(mode="1", compression="group4"))
    yield Sample(21, "tiff-float", unsupported, lambda: tiff(radiograph().astype(np.float32)))
    yield Sample(21, "tiff-32-bit", unsupported, lambda: tiff(radiograph().astype(np.int32)))
    yield Sample(21, "tiff-cmyk", unsupported, lambda: tiff(colour_photo(), mode="CMYK"))
    yield Sample(21, "tiff-palette", unsupported, lambda: tiff(mode="P"))
    yield Sample(21, "tiff-bilevel", unsupported, lambda: tiff(mode="1"))
    yield Sample(21, "tiff-truncated", "corrupt", lambda: raw_tiff(radiograph())[:-500])
    yield Sample(21, "tiff-directory-beyond", "truncated", lambda: b"II*\0\xff\xff\xff\x7f" + bytes(99))
    yield Sample(21, "tiff-bomb", "too_many_pixels", lambda: _patched(256, 3_000_000))
    yield Sample(21, "tiff-data-beyond", "corrupt", lambda: _patched(273, 5_000_000))
    yield Sample(21, "tiff-zero-width", "dimensions", lambda: _patched(256, 0))
