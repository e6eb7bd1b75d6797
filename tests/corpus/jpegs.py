"""JPEG files, whole and spoilt: kinds 2 to 14."""

import io
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.corpus.pictures import colour_photo, radiograph
from tests.corpus.sample import ACCEPTED, Sample

END = b"\xff\xd9"
SOF0, SOF1, SOF3, SOF5, SOF9, SOF10 = (bytes((0xFF, 0xC0 + n)) for n in (0, 1, 3, 5, 9, 10))


def jpeg(pixels: NDArray[Any] | None = None, **options: Any) -> bytes:
    image = Image.fromarray(radiograph() if pixels is None else pixels)
    mode = options.pop("mode", image.mode)
    target = io.BytesIO()
    image.convert(mode).save(target, "JPEG", **{"quality": 90, **options})
    return target.getvalue()


def with_orientation(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return jpeg(_stored_as(orientation), exif=exif.tobytes())


def _stored_as(orientation: int) -> NDArray[Any]:
    """The pixels that, turned as the orientation says, show `radiograph()` upright."""
    upright = radiograph()
    undo = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.T,
        6: upright.T[::-1],
        7: upright[::-1, ::-1].T,
        8: upright.T[:, ::-1],
    }
    return np.ascontiguousarray(undo[orientation])


def with_segment(marker: int, body: bytes, whole: bytes | None = None) -> bytes:
    """`body` as a segment directly behind the start of the image."""
    stream = whole or jpeg()
    return stream[:2] + bytes((0xFF, marker)) + (len(body) + 2).to_bytes(2) + body + stream[2:]


def resized_header(width_px: int, height_px: int) -> bytes:
    """A small image whose header claims another size."""
    stream = jpeg()
    at = stream.index(SOF0) + 5
    return stream[:at] + height_px.to_bytes(2) + width_px.to_bytes(2) + stream[at + 4 :]


def _ended_early(share: float, **options: Any) -> bytes:
    """Cut in a scan, and closed as if it were whole: some programs mend files so."""
    whole = jpeg(**options)
    return whole[: int(len(whole) * share)] + END


def _truncated(share: float) -> bytes:
    stream = jpeg(radiograph(300, 400))
    return stream[: int(len(stream) * share)]


def _as_process(marker: bytes) -> bytes:
    return jpeg().replace(SOF0, marker, 1)


def _twelve_bit() -> bytes:
    return jpeg().replace(SOF0 + b"\x00\x0b\x08", SOF1 + b"\x00\x0b\x0c", 1)


def _without(marker: int) -> bytes:
    """Without its first segment of that kind."""
    stream = jpeg()
    at = stream.index(bytes((0xFF, marker)))
    return stream[:at] + stream[at + 2 + int.from_bytes(stream[at + 2 : at + 4]) :]


def _bad_huffman() -> bytes:
    """A table that promises more codes than its lengths allow."""
    stream = bytearray(jpeg())
    at = stream.index(b"\xff\xc4") + 5
    stream[at : at + 16] = bytes((255,)) * 16
    return bytes(stream)


def _multi_picture() -> bytes:
    target = io.BytesIO()
    page = Image.fromarray(radiograph())
    page.save(target, "MPO", save_all=True, append_images=[page])
    return target.getvalue()


def _private_notes() -> bytes:
    exif = Image.Exif()
    exif[0x010E] = "DOE^JANE 1970-01-01"
    exif.get_ifd(0x8825)[1] = "N"
    stream = jpeg(exif=exif.tobytes(), comment=b"DOE^JANE", icc_profile=b"profile DOE^JANE")
    return with_segment(0xED, b"Photoshop 3.0\x008BIM DOE^JANE", stream)


def _foreign_thumbnail() -> bytes:
    thumbnail = jpeg(colour_photo())
    exif = b"Exif\0\0II*\0\x08\0\0\0\0\0" + (14).to_bytes(4, "little")
    entries = ((0x0103, 6), (0x0201, 56), (0x0202, len(thumbnail)))
    directory = b"".join(
        tag.to_bytes(2, "little") + b"\x04\0\x01\0\0\0" + value.to_bytes(4, "little")
        for tag, value in entries
    )
    return with_segment(0xE1, exif + b"\x03\0" + directory + b"\0\0\0\0" + thumbnail)


def _many_scans() -> bytes:
    """Cheap to store, a pass over the whole image each."""
    stream = jpeg(progressive=True)
    first = stream.index(b"\xff\xda")
    return stream[:-2] + stream[first : stream.index(b"\xff\xda", first + 2)] * 200 + END


def jpeg_samples() -> Iterator[Sample]:
    yield Sample(2, "jpeg-magic-only", "truncated", lambda: b"\xff\xd8\xff")
    for share in (0.10, 0.50, 0.90, 0.99):
        yield Sample(3, f"jpeg-truncated-{share:.0%}", "truncated", partial(_truncated, share))
    yield Sample(3, "jpeg-truncated-progressive", "truncated", lambda: jpeg(progressive=True)[:-400])
    for share in (0.3, 0.6, 0.95):
        yield Sample(3, f"jpeg-truncated-{share:.0%}-then-ended", "truncated", partial(_ended_early, share))
        build = partial(_ended_early, share, progressive=True)
        yield Sample(3, f"jpeg-truncated-progressive-{share:.0%}-then-ended", "truncated", build)
    build = partial(_ended_early, 0.7, mode="RGB")
    yield Sample(3, "jpeg-truncated-colour-then-ended", "truncated", build)
    yield Sample(4, "jpeg-no-end", "truncated", lambda: jpeg().removesuffix(END))
    yield Sample(5, "jpeg-bad-huffman", "corrupt", _bad_huffman)
    yield Sample(5, "jpeg-no-quantisation", "corrupt", lambda: _without(0xDB))
    yield Sample(5, "jpeg-no-frame", "corrupt", lambda: _without(0xC0))
    yield from _encodings()
    yield from _sizes()
    for orientation in range(1, 9):
        yield Sample(9, f"orientation-{orientation}", ACCEPTED, partial(with_orientation, orientation))
    yield Sample(9, "orientation-0", ACCEPTED, lambda: jpeg(exif=_exif_with(0)))
    yield Sample(9, "orientation-77", ACCEPTED, lambda: jpeg(exif=_exif_with(77)))
    yield Sample(10, "private-notes", ACCEPTED, _private_notes)
    yield Sample(11, "foreign-thumbnail", ACCEPTED, _foreign_thumbnail)
    for name, tail in (
        ("zip", b"PK\x03\x04" + b"x" * 90),
        ("html", b"<script>1</script>"),
        ("pe", b"MZ\x90"),
    ):
        yield Sample(12, f"jpeg-then-{name}", ACCEPTED, partial(_joined, tail), flags=("trailing_bytes",))
    yield Sample(12, "jpeg-then-zeros", ACCEPTED, partial(_joined, bytes(100)))
    yield Sample(13, "multi-picture", "multi_image", _multi_picture)
    yield Sample(14, "photo", ACCEPTED, lambda: jpeg(colour_photo()), flags=("colour",))
    yield Sample(14, "grey-as-colour", ACCEPTED, lambda: jpeg(mode="RGB"))


def _exif_with(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif.tobytes()


def _joined(tail: bytes) -> bytes:
    return jpeg() + tail


def _encodings() -> Iterator[Sample]:
    yield Sample(6, "jpeg-baseline", ACCEPTED, jpeg)
    yield Sample(6, "jpeg-progressive", ACCEPTED, lambda: jpeg(progressive=True))
    yield Sample(6, "jpeg-extended-8-bit", ACCEPTED, lambda: _as_process(SOF1))
    yield Sample(6, "jpeg-12-bit", "unsupported_encoding", _twelve_bit)
    yield Sample(6, "jpeg-arithmetic", "unsupported_encoding", lambda: _as_process(SOF9))
    yield Sample(6, "jpeg-arithmetic-progressive", "unsupported_encoding", lambda: _as_process(SOF10))
    yield Sample(6, "jpeg-lossless", "unsupported_encoding", lambda: _as_process(SOF3))
    yield Sample(6, "jpeg-differential", "unsupported_encoding", lambda: _as_process(SOF5))
    yield Sample(6, "jpeg-hierarchical", "unsupported_encoding", lambda: with_segment(0xDE, jpeg()[4:10]))
    yield Sample(6, "jpeg-two-frames", "corrupt", lambda: with_segment(0xC0, b"\x08\0\x70\0\x50\x01\1\x11\0"))
    yield Sample(6, "jpeg-200-scans", "too_complex", _many_scans)
    yield Sample(6, "jpeg-20000-segments", "too_complex", lambda: b"\xff\xd8" + b"\xff\xfe\0\2" * 20000 + END)
    yield Sample(7, "jpeg-cmyk", "cmyk", lambda: jpeg(mode="CMYK"))


def _sizes() -> Iterator[Sample]:
    yield Sample(8, "jpeg-1x1", "dimensions", lambda: jpeg(radiograph(1, 1)))
    yield Sample(8, "jpeg-1x20000", "dimensions", lambda: jpeg(radiograph(1, 20000)))
    yield Sample(8, "jpeg-65535x1", "dimensions", lambda: resized_header(65535, 1))
    yield Sample(8, "jpeg-no-height", "dimensions", lambda: resized_header(80, 0))
    yield Sample(8, "jpeg-31x31", "dimensions", lambda: jpeg(radiograph(31, 31)))
    yield Sample(8, "jpeg-32x32", ACCEPTED, lambda: jpeg(radiograph(32, 32)))
    yield Sample(8, "jpeg-32x321", "dimensions", lambda: jpeg(radiograph(32, 321)))
    yield Sample(8, "jpeg-65500x65500", "too_many_pixels", lambda: resized_header(65500, 65500))
