"""PNG files, whole and spoilt: kinds 2 and 15 to 20."""

import io
import zlib
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.corpus import bombs
from tests.corpus.pictures import colour_photo, radiograph
from tests.corpus.sample import ACCEPTED, Sample

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY, RGB, PALETTE, GREY_ALPHA, RGB_ALPHA = 0, 2, 3, 4, 6
ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def chunk(name: bytes, body: bytes = b"") -> bytes:
    return len(body).to_bytes(4) + name + body + zlib.crc32(name + body).to_bytes(4)


def header(width_px: int, height_px: int, depth: int = 8, colour: int = GREY, interlace: int = 0) -> bytes:
    sizes = width_px.to_bytes(4) + height_px.to_bytes(4)
    return SIGNATURE + chunk(b"IHDR", sizes + bytes((depth, colour, 0, 0, interlace)))


def png(
    pixels: NDArray[Any] | None = None,
    *,
    colour: int = GREY,
    before: bytes = b"",
    between: bytes = b"",
    interlaced: bool = False,
) -> bytes:
    """A PNG of (rows, columns[, samples]) uint8 or uint16 pixels, with extra chunks around the image data."""
    pixels = radiograph() if pixels is None else pixels
    rows = _adam7(pixels) if interlaced else _filtered(pixels)
    head = header(pixels.shape[1], pixels.shape[0], pixels.dtype.itemsize * 8, colour, int(interlaced))
    return head + before + chunk(b"IDAT", zlib.compress(rows, 1)) + between + chunk(b"IEND")


def _filtered(pixels: NDArray[Any]) -> bytes:
    """Each row behind a zero: no filter."""
    return b"".join(b"\0" + row.astype(row.dtype.newbyteorder(">")).tobytes() for row in pixels)


def _adam7(pixels: NDArray[Any]) -> bytes:
    return b"".join(_filtered(pixels[top::down, left::right]) for left, top, right, down in ADAM7)


def low_depth(depth: int) -> bytes:
    """Greys of 1, 2 or 4 bits."""
    values = (radiograph(80, 112) >> (8 - depth)).astype(np.uint8)
    bits = np.unpackbits(values[..., None], axis=2)[..., 8 - depth :].reshape(112, -1)
    rows = b"".join(b"\0" + row.tobytes() for row in np.packbits(bits, axis=1))
    return header(80, 112, depth) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND")


def bomb(width_px: int, height_px: int, depth: int, colour: int, samples: int) -> bytes:
    row_bytes = 1 + (width_px * samples * depth + 7) // 8
    data = bombs.zeros(row_bytes * height_px)
    return header(width_px, height_px, depth, colour) + chunk(b"IDAT", data) + chunk(b"IEND")


def hidden_half() -> NDArray[np.uint8]:
    """(rows, columns, 2): the left half of the picture transparent."""
    grey = radiograph()
    alpha = np.full_like(grey, 255)
    alpha[:, :40] = 0
    return np.dstack([grey, alpha])


def rgb(pixels: NDArray[Any]) -> NDArray[Any]:
    return np.dstack([pixels] * 3)


def _palette(*, transparent: bool = False) -> bytes:
    greys = bytes(value for value in range(256) for _ in range(3))
    before = chunk(b"PLTE", greys) + (chunk(b"tRNS", bytes(128)) if transparent else b"")
    return png(colour=PALETTE, before=before)


def _twelve_of_sixteen() -> bytes:
    return png(radiograph(bits=12))


def _spoilt(old: bytes, new: bytes) -> bytes:
    return png().replace(old, new, 1)


def _bad_checksum() -> bytes:
    stream = bytearray(png())
    stream[-14] ^= 1  # in the checksum of the image data
    return bytes(stream)


def _with_data(rows: bytes) -> bytes:
    """A 40 x 40 image around image data of any length."""
    return header(40, 40) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND")


def _unfinished_data() -> bytes:
    packed = zlib.compress(bytes(range(41)) * 40)
    return header(40, 40) + chunk(b"IDAT", packed[:-6]) + chunk(b"IEND")


def _animated() -> bytes:
    target = io.BytesIO()
    first, second = Image.fromarray(radiograph()), Image.fromarray(255 - radiograph())
    first.save(target, "PNG", save_all=True, append_images=[second])
    return target.getvalue()


def _text_bomb(name: bytes, head: bytes) -> bytes:
    return png(before=chunk(name, head + bombs.zeros(200 << 20)))


def png_samples() -> Iterator[Sample]:
    for sample in (*_depths(), *_broken(), *_bombs()):
        yield Sample(
            sample.kind, sample.name, sample.expected, sample.build, sample.flags, file_name="image.png"
        )


def _depths() -> Iterator[Sample]:
    for depth in (1, 2, 4):
        yield Sample(15, f"png-{depth}-bit", ACCEPTED, partial(low_depth, depth), flags=("few_grey_levels",))
    yield Sample(15, "png-8-bit", ACCEPTED, png)
    yield Sample(15, "png-16-bit", ACCEPTED, lambda: png(radiograph(bits=16)))
    yield Sample(15, "png-interlaced", ACCEPTED, lambda: png(interlaced=True))
    yield Sample(15, "png-interlaced-16-bit", ACCEPTED, lambda: png(radiograph(81, 113, 16), interlaced=True))
    flattened = ("alpha_flattened",)
    yield Sample(
        15, "png-grey-alpha", ACCEPTED, lambda: png(hidden_half(), colour=GREY_ALPHA), flags=flattened
    )
    yield Sample(15, "png-rgb-grey", ACCEPTED, lambda: png(rgb(radiograph()), colour=RGB))
    yield Sample(15, "png-rgb-colour", ACCEPTED, lambda: png(colour_photo(), colour=RGB), flags=("colour",))
    yield Sample(
        15,
        "png-rgb-16-bit",
        ACCEPTED,
        lambda: png(rgb(radiograph(bits=16)), colour=RGB),
        flags=("reduced_to_8_bit",),
    )
    yield Sample(15, "png-rgba", ACCEPTED, _rgba, flags=flattened)
    yield Sample(15, "png-palette", ACCEPTED, _palette)
    yield Sample(15, "png-palette-alpha", ACCEPTED, lambda: _palette(transparent=True), flags=flattened)
    yield Sample(15, "png-transparent-grey", ACCEPTED, _transparent_grey, flags=flattened)
    yield Sample(16, "png-12-of-16-bit", ACCEPTED, _twelve_of_sixteen)
    yield Sample(16, "png-black", "no_contrast", lambda: png(np.zeros((64, 64), np.uint8)))
    yield Sample(16, "png-grey", "no_contrast", lambda: png(np.full((64, 64), 700, np.uint16)))


def _rgba() -> bytes:
    half = hidden_half()
    return png(np.dstack([rgb(half[..., 0]), half[..., 1]]), colour=RGB_ALPHA)


def _transparent_grey() -> bytes:
    pixels = radiograph(bits=16)
    return png(pixels, before=chunk(b"tRNS", int(pixels[5, 5]).to_bytes(2)))


def _broken() -> Iterator[Sample]:
    yield Sample(2, "png-signature-only", "truncated", lambda: SIGNATURE)
    yield Sample(2, "png-half-signature", "truncated", lambda: SIGNATURE[:5])
    yield Sample(17, "png-bad-checksum", "corrupt", _bad_checksum)
    yield Sample(17, "png-bad-header-checksum", "corrupt", lambda: _spoilt(b"\0\0\0P", b"\0\0\0Q"))
    yield Sample(17, "png-no-end", "truncated", lambda: png().removesuffix(chunk(b"IEND")))
    yield Sample(17, "png-half", "truncated", lambda: png()[:2000])
    yield Sample(17, "png-data-short", "corrupt", lambda: _with_data(bytes(range(41)) * 39))
    yield Sample(17, "png-data-long", "corrupt", lambda: _with_data(bytes(41) + bytes(range(41)) * 40))
    yield Sample(17, "png-data-unfinished", "corrupt", _unfinished_data)
    yield Sample(17, "png-data-twice", "corrupt", lambda: png(between=chunk(b"IDAT", zlib.compress(b"more"))))
    yield Sample(
        17, "png-bad-filter", "corrupt", lambda: _with_data(b"\x09" + bytes(range(40)) * 40 + bytes(39))
    )
    yield Sample(17, "png-no-palette", "corrupt", lambda: png(colour=PALETTE))
    yield Sample(17, "png-depth-3", "corrupt", lambda: header(40, 40, 3) + chunk(b"IEND"))
    yield Sample(17, "png-no-data", "corrupt", lambda: header(40, 40) + chunk(b"IEND"))
    yield Sample(17, "png-then-html", ACCEPTED, lambda: png() + b"<html>", flags=("trailing_bytes",))


def _bombs() -> Iterator[Sample]:
    yield Sample(18, "png-13000-rgb", "too_many_pixels", lambda: bomb(13_000, 13_000, 8, RGB, 3))
    yield Sample(18, "png-20000-1-bit", "too_many_pixels", lambda: bomb(20_000, 20_000, 1, GREY, 1))
    yield Sample(18, "png-65000-1-bit", "too_many_pixels", lambda: bomb(65_000, 65_000, 1, GREY, 1))
    yield Sample(18, "png-0x0", "dimensions", lambda: bomb(0, 0, 8, GREY, 1))
    yield Sample(18, "png-small-header-big-data", "corrupt", _overflowing)
    yield Sample(19, "png-ztxt-bomb", "too_complex", lambda: _text_bomb(b"zTXt", b"Comment\0\0"))
    yield Sample(19, "png-itxt-bomb", "too_complex", lambda: _text_bomb(b"iTXt", b"Comment\0\1\0\0\0"))
    yield Sample(19, "png-iccp-bomb", "too_complex", lambda: _text_bomb(b"iCCP", b"profile\0\0"))
    yield Sample(
        19, "png-100000-chunks", "too_complex", lambda: png(before=chunk(b"tEXt", b"a\0b") * 100_000)
    )
    yield Sample(20, "png-animated", "multi_image", _animated)


def _overflowing() -> bytes:
    return header(64, 64) + chunk(b"IDAT", bombs.zeros(1 << 30)) + chunk(b"IEND")
