"""DICOM files, how their pixels are stored: kinds 47, 48 and 50 to 52."""

import struct
import zlib
from collections.abc import Callable, Iterator
from functools import partial

from tests.corpus import bombs, codecs
from tests.corpus.dicom_bytes import (
    BIG_ENDIAN,
    EXPLICIT,
    IMPLICIT,
    describe,
    dicom,
    encapsulated,
    part10,
    written,
)
from tests.corpus.jpegs import jpeg
from tests.corpus.pictures import radiograph
from tests.corpus.sample import ACCEPTED, Sample

COMPRESSED = "1.2.840.10008.1.2.4."
RLE, DEFLATED = "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.1.99"
BASELINE, EXTENDED, LOSSLESS, LOSSLESS_SV1 = (COMPRESSED + end for end in ("50", "51", "57", "70"))
JPEG_LS, JPEG_LS_NEAR, JPEG_2000, JPEG_2000_LOSSY = (COMPRESSED + end for end in ("80", "81", "90", "91"))
REFUSED_SYNTAXES = {
    "big-endian": BIG_ENDIAN,
    "deflated": DEFLATED,
    "deflated-frame": "1.2.840.10008.1.2.8.1",
    "jpeg-spectral": COMPRESSED + "53",
    "jpeg-progressive": COMPRESSED + "55",
    "jpeg-2000-multi": COMPRESSED + "92",
    "jpip": COMPRESSED + "94",
    "mpeg-2": COMPRESSED + "100",
    "mpeg-4": COMPRESSED + "102",
    "hevc": COMPRESSED + "107",
    "jpeg-xl": COMPRESSED + "110",
    "htj2k": COMPRESSED + "201",
    "htj2k-lossy": COMPRESSED + "203",
    "encapsulated-uncompressed": "1.2.840.10008.1.2.1.98",
    "private-ge": "1.2.840.113619.5.2",
    "unknown": "1.2.3.4",
    "empty": "",
    "not-a-uid": "../../etc/passwd",
}
MR_LS = "MR_small_jpeg_ls_lossless.dcm"
MR_16_SIGNED = {"_00280103": 1}


def encoding_samples() -> Iterator[Sample]:
    for part in (_read(), _refused(), _mislabelled(), _run_lengths(), _codestreams()):
        for sample in part:
            yield Sample(sample.kind, sample.name, sample.expected, sample.build, file_name="IM00002.dcm")


def twins() -> dict[str, Callable[[], bytes]]:
    """The 16 bit `radiograph` in every lossless syntax that can be made here: all must decode the same."""
    pixels = radiograph(bits=16)
    return {
        "implicit": partial(dicom, syntax=IMPLICIT),
        "explicit": partial(dicom, syntax=EXPLICIT),
        "rle": lambda: encapsulated(codecs.rle(pixels), RLE, pixels),
        "jpeg-lossless": lambda: encapsulated(codecs.jpeg_lossless(pixels, 16), LOSSLESS, pixels),
        "jpeg-lossless-sv1": lambda: encapsulated(codecs.jpeg_lossless(pixels, 16), LOSSLESS_SV1, pixels),
        "jpeg-lossless-fragments": lambda: encapsulated(
            codecs.jpeg_lossless(pixels, 16), LOSSLESS_SV1, pixels, parts=5
        ),
        "jpeg-2000": lambda: encapsulated(codecs.jpeg_2000(pixels), JPEG_2000, pixels),
    }


def small_mr(stream: bytes, syntax: str) -> bytes:
    """A CR file around a stream of the 64 x 64 signed 16 bit image that comes with pydicom."""
    return encapsulated(stream, syntax, codecs.borrowed_pixels("MR_small.dcm"), **MR_16_SIGNED)


def _read() -> Iterator[Sample]:
    for name, build in twins().items():
        yield Sample(47, f"syntax-{name}", ACCEPTED, build)
    eight, sixteen = radiograph(), radiograph(bits=16)
    yield Sample(47, "syntax-baseline", ACCEPTED, lambda: encapsulated(jpeg(), BASELINE, eight))
    yield Sample(47, "syntax-extended-8-bit", ACCEPTED, lambda: encapsulated(jpeg(), EXTENDED, eight))
    lossy = partial(codecs.jpeg_2000, sixteen, lossy=True)
    yield Sample(
        47, "syntax-jpeg-2000-lossy", ACCEPTED, lambda: encapsulated(lossy(), JPEG_2000_LOSSY, sixteen)
    )
    for name, syntax in (("lossless", JPEG_LS), ("near", JPEG_LS_NEAR)):
        build = partial(_borrowed, MR_LS, syntax)
        yield Sample(47, f"syntax-jpeg-ls-{name}", ACCEPTED, build)


def _borrowed(name: str, syntax: str) -> bytes:
    return small_mr(codecs.borrowed(name), syntax)


def _refused() -> Iterator[Sample]:
    for name, uid in REFUSED_SYNTAXES.items():
        expected = "transfer_syntax"
        yield Sample(47, f"syntax-{name}", expected, partial(part10, b"\xff" * 200, uid))
    yield Sample(52, "deflated-bomb", "transfer_syntax", _deflated_bomb)
    yield Sample(52, "deflated-image", "transfer_syntax", _deflated)


def _deflated_bomb() -> bytes:
    return part10(bombs.zeros(3 << 30)[2:], DEFLATED)


def _deflated() -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return part10(packer.compress(written(describe(radiograph()))) + packer.flush(), DEFLATED)


def _mislabelled() -> Iterator[Sample]:
    eight = radiograph()
    streams = {
        "jpeg-2000-as-baseline": (codecs.jpeg_2000(eight), BASELINE),
        "jpeg-2000-as-lossless": (codecs.jpeg_2000(eight), LOSSLESS_SV1),
        "jpeg-2000-as-rle": (codecs.jpeg_2000(eight), RLE),
        "baseline-as-jpeg-2000": (jpeg(), JPEG_2000),
        "baseline-as-lossless": (jpeg(), LOSSLESS_SV1),
        "baseline-as-jpeg-ls": (jpeg(), JPEG_LS),
        "progressive-as-baseline": (jpeg(progressive=True), BASELINE),
        "colour-as-baseline": (jpeg(mode="RGB"), BASELINE),
        "png-as-baseline": (b"\x89PNG\r\n\x1a\n" + bytes(50), BASELINE),
        "nothing-as-baseline": (b"", BASELINE),
    }
    for name, (stream, syntax) in streams.items():
        yield Sample(48, name, "corrupt", partial(encapsulated, stream, syntax, eight))
    for name, syntax in (("baseline", BASELINE), ("jpeg-2000", JPEG_2000), ("rle", RLE)):
        yield Sample(48, f"uncompressed-as-{name}", "corrupt", partial(dicom, eight, syntax=syntax))
    enclosed = partial(encapsulated, radiograph().tobytes(), EXPLICIT, eight)
    yield Sample(48, "fragments-in-uncompressed", "corrupt", enclosed)


def _run_lengths() -> Iterator[Sample]:
    pixels = radiograph(bits=16)
    good = codecs.rle(pixels)
    spoilt = {
        "no-segments": struct.pack("<16I", *[0] * 16),
        "16-segments": struct.pack("<16I", 16, *[64] * 15) + good[64:],
        "offsets-beyond": struct.pack("<16I", 2, 1 << 30, 1 << 31, *[0] * 13) + good[64:],
        "offsets-backwards": struct.pack("<16I", 2, 2000, 64, *[0] * 13) + good[64:],
        "header-short": good[:30],
        "half": good[: len(good) // 2],
        "one-segment": struct.pack("<16I", 1, 64, *[0] * 14) + good[64:],
    }
    for name, stream in spoilt.items():
        yield Sample(50, f"rle-{name}", "corrupt", partial(encapsulated, stream, RLE, pixels))
    bomb = partial(encapsulated, good[:200], RLE, pixels, _00280010=65535, _00280011=65535)
    yield Sample(50, "rle-65535", "too_many_pixels", bomb)


def _codestreams() -> Iterator[Sample]:
    pixels = radiograph(bits=16)
    j2k, lossless = codecs.jpeg_2000(pixels), codecs.jpeg_lossless(pixels, 16)
    enclosed = partial(encapsulated, pixels=pixels)
    spoilt = {
        "j2k-half": (j2k[: len(j2k) // 2], JPEG_2000, "truncated"),
        "j2k-header-only": (j2k[:30], JPEG_2000, "truncated"),
        "j2k-no-end": (j2k[:-2], JPEG_2000, "truncated"),
        "j2k-tiny-tiles": (_patched(j2k, 24, struct.pack(">II", 1, 1)), JPEG_2000, "corrupt"),
        "j2k-90000-tiles": (_many_tiles(j2k), JPEG_2000, "too_complex"),
        "j2k-second-tile-missing": (_patched(j2k, 24, struct.pack(">I", 40)), JPEG_2000, "corrupt"),
        "j2k-no-tiles": (_patched(j2k, 24, bytes(8)), JPEG_2000, "corrupt"),
        "j2k-huge": (_patched(j2k, 8, struct.pack(">II", 1 << 31, 1 << 31)), JPEG_2000, "too_complex"),
        "j2k-two-components": (_patched(j2k, 40, b"\0\2"), JPEG_2000, "corrupt"),
        "j2k-33-resolutions": (_resolutions(j2k), JPEG_2000, "corrupt"),
        "lossless-half": (lossless[: len(lossless) // 2], LOSSLESS_SV1, "truncated"),
        "lossless-no-table": (lossless.replace(b"\xff\xc4", b"\xff\xfe", 1), LOSSLESS_SV1, "corrupt"),
        "lossless-selection-9": (
            lossless.replace(b"\1\1\0\1\0\0", b"\1\1\0\x09\0\0", 1),
            LOSSLESS_SV1,
            "corrupt",
        ),
    }
    for name, (stream, syntax, expected) in spoilt.items():
        yield Sample(51, name, expected, partial(enclosed, stream, syntax))
    ls = codecs.borrowed(MR_LS)
    yield Sample(51, "jpeg-ls-half", "truncated", partial(small_mr, ls[: len(ls) // 2], JPEG_LS))
    yield Sample(
        51,
        "jpeg-ls-bad-marker",
        "corrupt",
        partial(small_mr, ls.replace(b"\xff\xf7", b"\xff\xc0", 1), JPEG_LS),
    )
    yield Sample(51, "jpeg-ls-huge", "dimensions", partial(small_mr, _huge_ls(ls), JPEG_LS))


def _patched(stream: bytes, at: int, new: bytes) -> bytes:
    return stream[:at] + new + stream[at + len(new) :]


def _many_tiles(stream: bytes) -> bytes:
    return _patched(stream, 8, struct.pack(">6I", 300, 300, 0, 0, 1, 1))


def _resolutions(stream: bytes) -> bytes:
    """More decomposition levels than the standard has."""
    return _patched(stream, stream.index(b"\xff\x52") + 9, b"\x40")


def _huge_ls(stream: bytes) -> bytes:
    return _patched(stream, stream.index(b"\xff\xf7") + 5, b"\xff\xff\xff\xff")
