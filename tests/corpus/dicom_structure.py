"""DICOM files whose skeleton is wrong: kinds 49, 53 and 54."""

import struct
from collections.abc import Iterator
from functools import partial
from typing import Any

from tests.corpus.dicom_bytes import (
    EXPLICIT,
    IMPLICIT,
    PIXEL_DATA,
    UNDEFINED,
    describe,
    dicom,
    element,
    encapsulated,
    item,
    part10,
    sequence,
    written,
)
from tests.corpus.dicom_encodings import BASELINE
from tests.corpus.jpegs import jpeg
from tests.corpus.pictures import radiograph
from tests.corpus.sample import ACCEPTED, Sample

SEQUENCE = 0x00081140
SEQUENCE_END = struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)


def structure_samples() -> Iterator[Sample]:
    for part in (_sizes(), _nests(), _lengths()):
        for sample in part:
            yield Sample(sample.kind, sample.name, sample.expected, sample.build, file_name="IM00003.dcm")


def _sizes() -> Iterator[Sample]:
    sizes = {"0x0": (0, 0), "1x1": (1, 1), "1x65535": (1, 65535), "31x31": (31, 31), "40x4000": (40, 4000)}
    for name, (rows, columns) in sizes.items():
        yield Sample(49, f"size-{name}", "dimensions", partial(dicom, _00280010=rows, _00280011=columns))
    huge = partial(dicom, _00280010=65535, _00280011=65535)
    yield Sample(49, "size-65535x65535", "too_many_pixels", huge)
    for name, changes in _odd_sizes().items():
        yield Sample(49, f"size-{name}", "dimensions", partial(dicom, **changes))
    as_long = partial(dicom, _00280010=("UL", struct.pack("<I", 112)))
    yield Sample(49, "size-as-long", ACCEPTED, as_long)
    yield Sample(49, "size-over-pixels", "truncated", partial(dicom, _00280010=200))
    yield Sample(49, "size-under-pixels", ACCEPTED, partial(dicom, _00280010=100))
    other = partial(encapsulated, jpeg(), BASELINE, radiograph(), _00280010=100)
    yield Sample(49, "size-not-codestream", "dimensions", other)
    yield Sample(49, "pixels-empty", "no_image", partial(dicom, data=b""))


def _odd_sizes() -> dict[str, dict[str, Any]]:
    return {
        "rows-missing": {"_00280010": None},
        "columns-missing": {"_00280011": None},
        "rows-text": {"_00280010": ("LO", "112")},
        "rows-two": {"_00280010": ("US", (112, 80))},
        "rows-empty": {"_00280010": ("US", b"")},
    }


def nested(depth: int, *, explicit: bool = True, undefined: bool = True) -> bytes:
    """A CR file with `depth` sequences inside one another, with or without stated lengths."""
    syntax = EXPLICIT if explicit else IMPLICIT
    body = _nested_undefined(depth, explicit) if undefined else _nested_defined(depth, explicit)
    return dicom(syntax=syntax, extra=body)


def _nested_undefined(depth: int, explicit: bool, closed: bool = True) -> bytes:
    opening = element(SEQUENCE, "SQ", b"", explicit=explicit, length=UNDEFINED)
    opening += struct.pack("<HHI", 0xFFFE, 0xE000, UNDEFINED)
    closing = struct.pack("<HHI", 0xFFFE, 0xE00D, 0) + SEQUENCE_END
    return opening * depth + (closing * depth if closed else b"")


def _nested_defined(depth: int, explicit: bool) -> bytes:
    body = b""
    for _ in range(depth):
        body = sequence(SEQUENCE, [item(body)], explicit=explicit)
    return body


def _nests() -> Iterator[Sample]:
    for explicit in (True, False):
        for undefined in (True, False):
            ways = {"explicit": explicit, "undefined": undefined}
            name = f"{'explicit' if explicit else 'implicit'}-{'undefined' if undefined else 'defined'}"
            yield Sample(53, f"nested-32-{name}", ACCEPTED, partial(nested, 32, **ways))
            for depth in (33, 250, 1000, 5000):
                yield Sample(53, f"nested-{depth}-{name}", "too_complex", partial(nested, depth, **ways))
    yield Sample(53, "nested-no-end", "truncated", _unclosed)
    yield Sample(53, "nested-unknown", "too_complex", _nested_unknown)
    items = element(SEQUENCE, "SQ", item() * 1_000_000)
    yield Sample(53, "million-items", "too_complex", partial(dicom, extra=items))
    yield Sample(53, "million-fragments", "too_complex", _million_fragments)
    yield Sample(53, "delimiter-astray", "corrupt", partial(dicom, extra=SEQUENCE_END))
    astray = element(SEQUENCE, "SQ", element(0x00100010, "OB", b"A^B "))
    yield Sample(53, "element-between-items", "corrupt", partial(dicom, extra=astray))
    overlapping = element(SEQUENCE, "SQ", item(element(0x00100010, "PN", "A^B "))[:-2])
    yield Sample(53, "item-over-its-end", "corrupt", partial(dicom, extra=overlapping))


def _unclosed() -> bytes:
    return part10(written(describe(radiograph())) + _nested_undefined(3, explicit=True, closed=False))


def _nested_unknown() -> bytes:
    """Undefined length under UN means implicit inside (CP-246)."""
    opening = element(0x00091001, "UN", b"", length=UNDEFINED) + struct.pack(
        "<HHI", 0xFFFE, 0xE000, UNDEFINED
    )
    return dicom(extra=opening + _nested_undefined(1000, explicit=False, closed=False))


def _million_fragments() -> bytes:
    head = written(describe(radiograph())) + element(PIXEL_DATA, "OB", b"", length=UNDEFINED)
    return part10(head + item() * 1_000_000 + SEQUENCE_END, BASELINE)


def _lengths() -> Iterator[Sample]:
    private = 0x00111001
    lengths = {
        "fffffffe": element(private, "OB", b"x" * 8, length=0xFFFFFFFE),
        "1-gigabyte": element(private, "OB", b"x" * 8, length=1 << 30),
        "undefined-text": element(private, "UT", b"x" * 8, length=UNDEFINED),
    }
    for name, extra in lengths.items():
        expected = "corrupt" if name == "undefined-text" else "truncated"
        yield Sample(54, f"length-{name}", expected, partial(dicom, extra=extra))
    yield Sample(54, "length-odd", ACCEPTED, partial(dicom, extra=element(private, "LO", b"odd")))
    for name in ("??", "\0\0", "  ", "XX", "ox"):
        extra = element(private, name, b"xx")
        yield Sample(54, f"representation-{name.encode().hex()}", "corrupt", partial(dicom, extra=extra))
    yield Sample(54, "group-2-bad-representation", "corrupt", _bad_group_2)
    yield Sample(54, "group-2-endless", "truncated", _endless_group_2)
    yield Sample(54, "cut-in-element", "truncated", lambda: dicom()[:400])
    yield Sample(54, "cut-in-pixels", "truncated", lambda: dicom()[:-1000])
    yield Sample(54, "implicit-as-explicit", "corrupt", _implicit_as_explicit)
    yield Sample(54, "explicit-as-implicit", "truncated", _explicit_as_implicit)
    yield Sample(54, "padded-with-zeros", ACCEPTED, lambda: dicom() + bytes(1000))


def _bad_group_2() -> bytes:
    return bytes(128) + b"DICM" + element(0x00020010, "??", EXPLICIT)


def _endless_group_2() -> bytes:
    return bytes(128) + b"DICM" + element(0x00020001, "OB", b"\0\1", length=1 << 31)


def _implicit_as_explicit() -> bytes:
    stream = dicom(syntax=IMPLICIT)
    return stream.replace(element(0x00020010, "UI", IMPLICIT), element(0x00020010, "UI", EXPLICIT), 1)


def _explicit_as_implicit() -> bytes:
    return dicom().replace(element(0x00020010, "UI", EXPLICIT), element(0x00020010, "UI", IMPLICIT), 1)
