"""DICOM files, what they are and say: kinds 32 to 46 and 55 to 62."""

import struct
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.corpus.dicom_bytes import (
    describe,
    dicom,
    element,
    item,
    part10,
    sequence,
    shifted,
    written,
)
from tests.corpus.pictures import radiograph
from tests.corpus.sample import ACCEPTED, Sample

STORAGE = "1.2.840.10008.5.1.4.1.1."
DX_PRESENTATION, DX_PROCESSING = STORAGE + "1.1", STORAGE + "1.1.1"
PREAMBLES = {
    "mz": b"MZ\x90\0",
    "elf": b"\x7fELF\2\1\1",
    "mach-o": b"\xcf\xfa\xed\xfe",
    "mach-o-universal": b"\xca\xfe\xba\xbe",
    "script": b"#!/bin/sh\n",
    "html": b"<html><script>alert(1)</script>",
    "indented-html": b"\r\n  <!doctype html>",
    "pdf": b"%PDF-1.7",
    "zip": b"PK\x03\x04",
}
NO_IMAGE = {"sr": "88.33", "pr": "11.1", "ko": "88.59", "rtstruct": "481.3"}
DOCUMENTS = {"pdf": "104.1", "cda": "104.2", "stl": "104.3"}
OTHER_MODALITIES = {
    "ct": ("2", "CT"),
    "mr": ("4", "MR"),
    "us": ("6.1", "US"),
    "nm": ("20", "NM"),
    "pt": ("128", "PT"),
    "xa": ("12.1", "XA"),
    "rf": ("12.2", "RF"),
    "mg": ("1.2", "MG"),
    "sc": ("7", "OT"),
    "ct-called-cr": ("2", "CR"),
}


def dicom_samples() -> Iterator[Sample]:
    parts = (_headers(), _classes(), _frames(), _bits(), _greys(), _padding(), _texts(), _pictures())
    for part in parts:
        for sample in part:
            yield Sample(
                sample.kind, sample.name, sample.expected, sample.build, sample.flags, file_name="IM00001"
            )


def _headers() -> Iterator[Sample]:
    bare = "not_part_10"
    yield Sample(32, "dicom-bare", bare, lambda: written(describe(radiograph())))
    yield Sample(32, "dicom-bare-implicit", bare, lambda: written(describe(radiograph()), explicit=False))
    yield Sample(32, "dicom-no-preamble", bare, lambda: dicom()[128:])
    yield Sample(32, "dicom-no-prefix", bare, lambda: dicom().replace(b"DICM", b"", 1))
    yield Sample(32, "dicom-no-group-2", bare, lambda: _headed(written(describe(radiograph()))))
    yield Sample(32, "dicom-no-syntax", bare, lambda: _headed(element(0x00020002, "UI", "1.2.3")))
    yield Sample(32, "dicom-prefix-only", bare, lambda: _headed(b""))
    for name, preamble in PREAMBLES.items():
        yield Sample(33, f"preamble-{name}", "executable_preamble", partial(dicom, preamble=preamble))
    for name, preamble in (("intel", b"II*\0"), ("motorola", b"MM\0*")):
        build = partial(dicom, preamble=preamble)
        yield Sample(33, f"preamble-tiff-{name}", ACCEPTED, build, flags=("dual_preamble",))
    yield Sample(60, "dicomdir", "no_image", _dicomdir)


def _headed(dataset: bytes) -> bytes:
    return bytes(128) + b"DICM" + dataset


def _dicomdir() -> bytes:
    record = item(element(0x00041430, "CS", "IMAGE") + element(0x00041500, "CS", "..\\..\\PASSWD"))
    return part10(sequence(0x00041220, [record]), sop_class="1.2.840.10008.1.3.10")


def _classes() -> Iterator[Sample]:
    for name, uid in NO_IMAGE.items():
        yield Sample(34, f"no-image-{name}", "no_image", partial(_without_pixels, STORAGE + uid))
    yield Sample(34, "no-image-cr", "no_image", partial(_without_pixels, STORAGE + "1"))
    for name, uid in DOCUMENTS.items():
        yield Sample(35, f"document-{name}", "document", partial(_document, STORAGE + uid))
    for name, (uid, modality) in OTHER_MODALITIES.items():
        build = partial(dicom, sop_class=STORAGE + uid, _00080060=modality)
        yield Sample(36, f"modality-{name}", "modality", build)
    for name, uid in (("presentation", DX_PRESENTATION), ("processing", DX_PROCESSING)):
        yield Sample(36, f"dx-{name}", ACCEPTED, partial(dicom, sop_class=uid, _00080060="DX"))
    yield Sample(37, "chest", ACCEPTED, lambda: dicom(_00180015="CHEST"))
    mismatch = ("modality_mismatch",)
    yield Sample(38, "cr-called-ct", ACCEPTED, lambda: dicom(_00080060="CT"), flags=mismatch)
    yield Sample(38, "cr-called-nothing", ACCEPTED, lambda: dicom(_00080060=None), flags=mismatch)


def _without_pixels(sop_class: str) -> bytes:
    return part10(written(describe(radiograph(), _00080016=sop_class)), sop_class=sop_class)


def _document(sop_class: str) -> bytes:
    body = element(0x00080016, "UI", sop_class) + element(0x00420011, "OB", b"%PDF-1.7 ")
    return part10(body, sop_class=sop_class)


def _frames() -> Iterator[Sample]:
    for count in (2, 300, 2**31 - 1):
        build = partial(dicom, _00280008=("IS", str(count)))
        yield Sample(39, f"frames-{count}", "multi_frame", build)
    yield Sample(39, "frames-1", ACCEPTED, lambda: dicom(_00280008=("IS", "1")))
    yield Sample(39, "frames-text", "corrupt", lambda: dicom(_00280008=("IS", "many")))
    for bits in (8, 16):
        build = partial(dicom, _inverse(radiograph(bits=bits), bits), _00280004="MONOCHROME1")
        yield Sample(40, f"monochrome1-{bits}-bit", ACCEPTED, build)
    yield Sample(41, "palette-colour", "photometric", lambda: dicom(_00280004="PALETTE COLOR"))
    yield Sample(41, "no-photometric", "photometric", lambda: dicom(_00280004=None))
    for name in ("RGB", "YBR_FULL", "YBR_FULL_422"):
        build = partial(dicom, np.zeros((40, 40, 3), np.uint8), _00280002=3, _00280004=name)
        yield Sample(42, f"colour-{name.lower()}", "photometric", build)
    yield Sample(42, "three-samples-grey", "photometric", lambda: dicom(_00280002=3))


def _inverse(pixels: NDArray[Any], bits: int) -> NDArray[Any]:
    return (1 << bits) - 1 - pixels


def _bits() -> Iterator[Sample]:
    for stored in (9, 10, 12, 14, 15, 16):
        build = partial(dicom, radiograph(bits=stored), _00280101=stored, _00280102=stored - 1)
        yield Sample(43, f"stored-{stored}-of-16", ACCEPTED, build)
    yield Sample(43, "stored-8-of-8", ACCEPTED, lambda: dicom(radiograph()))
    yield Sample(43, "stored-7-of-8", ACCEPTED, lambda: dicom(radiograph(bits=7), _00280101=7, _00280102=6))
    high = partial(dicom, shifted(radiograph(bits=12), 4), _00280101=12, _00280102=15)
    yield Sample(43, "stored-12-high-bit-15", ACCEPTED, high)
    signed = (radiograph(bits=16).astype(np.int32) - 32768).astype(np.int16)
    yield Sample(43, "signed-16", ACCEPTED, partial(dicom, signed, _00280103=1))
    narrow = (radiograph(bits=12).astype(np.int16) - 2048).astype(np.int16)
    yield Sample(43, "signed-12", ACCEPTED, partial(dicom, narrow, _00280101=12, _00280102=11, _00280103=1))
    for name, changes in _bad_bits().items():
        yield Sample(43, f"bits-{name}", "bit_depth", partial(dicom, **changes))
    noisy = shifted(radiograph(bits=12), 0, 0xF000)
    yield Sample(44, "noise-in-high-bits", ACCEPTED, partial(dicom, noisy, _00280101=12, _00280102=11))
    overlay = element(0x60000010, "US", 112) + element(0x60000011, "US", 80) + element(0x60000102, "US", 12)
    yield Sample(
        44, "overlay-in-high-bits", ACCEPTED, partial(dicom, noisy, extra=overlay, _00280101=12, _00280102=11)
    )


def _bad_bits() -> dict[str, dict[str, Any]]:
    return {
        "allocated-1": {"_00280100": 1, "_00280101": 1, "_00280102": 0},
        "allocated-12": {"_00280100": 12, "_00280101": 12, "_00280102": 11},
        "allocated-32": {"_00280100": 32, "_00280101": 32, "_00280102": 31},
        "allocated-missing": {"_00280100": None},
        "stored-0": {"_00280101": 0},
        "stored-17": {"_00280101": 17},
        "high-bit-20": {"_00280102": 20},
        "high-bit-too-low": {"_00280102": 3},
    }


def _window(centre: str, width: str, **changes: Any) -> dict[str, Any]:
    return {"_00281050": ("DS", centre), "_00281051": ("DS", width), **changes}


def _greys() -> Iterator[Sample]:
    windows = {
        "plain": _window("30000", "40000"),
        "two": _window("30000\\10000", "40000\\200"),
        "exact": _window("30000", "40000", _00281056=("CS", "LINEAR_EXACT")),
        "sigmoid": _window("30000", "20000", _00281056=("CS", "SIGMOID")),
        "zero-width": _window("30000", "0"),
        "negative-width": _window("30000", "-5"),
        "one-wide": _window("30000", "1"),
        "text": _window("bright", "wide"),
        "infinite": _window("1e400", "1e400"),
        "empty": _window("", ""),
        "centre-only": {"_00281050": ("DS", "30000")},
    }
    for name, changes in windows.items():
        yield Sample(45, f"window-{name}", ACCEPTED, partial(dicom, **changes))
    beside = partial(dicom, **_window("900000", "100"))
    yield Sample(45, "window-beside-values", ACCEPTED, beside, flags=("window_ignored",))
    yield Sample(45, "rescale", ACCEPTED, partial(_rescaled, "0.25", "-1000"))
    yield Sample(45, "rescale-negative", ACCEPTED, partial(_rescaled, "-1", "65535"))
    for slope in ("0", "0.0", "nan", "steep", ""):
        yield Sample(45, f"rescale-slope-{slope or 'empty'}", "rescale", partial(_rescaled, slope, "0"))
    yield Sample(45, "rescale-intercept-text", "rescale", partial(_rescaled, "1", "low"))
    yield from _tables()


def _rescaled(slope: str, intercept: str) -> bytes:
    return dicom(_00281052=("DS", intercept), _00281053=("DS", slope))


def _tables() -> Iterator[Sample]:
    for name, tag in (("modality", 0x00283000), ("voi", 0x00283010)):
        yield Sample(45, f"{name}-table", ACCEPTED, partial(with_table, tag, (4096, 0, 12), 4096))
        yield Sample(45, f"{name}-table-short", "corrupt", partial(with_table, tag, (4096, 0, 12), 40))
        yield Sample(45, f"{name}-table-32-bit", "corrupt", partial(with_table, tag, (4096, 0, 32), 4096))
        yield Sample(45, f"{name}-table-no-descriptor", "corrupt", partial(with_table, tag, (), 4096))
        yield Sample(45, f"{name}-table-two-numbers", "corrupt", partial(with_table, tag, (4096, 0), 4096))
        yield Sample(45, f"{name}-table-one-entry", "no_contrast", partial(with_table, tag, (1, 0, 12), 1))
        yield Sample(45, f"{name}-table-full", ACCEPTED, partial(with_table, tag, (0, 0, 16), 65536))
        yield Sample(45, f"{name}-no-items", ACCEPTED, partial(dicom, extra=sequence(tag, [])))


def with_table(tag: int, descriptor: tuple[int, ...], entries: int, **changes: Any) -> bytes:
    """A 12 bit image with a rising look-up table of a modality or VOI LUT sequence."""
    values = np.linspace(0, min(entries, 4096) - 1, entries).astype("<u2")
    table = element(0x00283002, "US", descriptor) + element(0x00283006, "OW", values.tobytes())
    changes = {"_00280101": 12, "_00280102": 11, **changes}
    return dicom(radiograph(bits=12), extra=sequence(tag, [item(table)]), **changes)


def _padding() -> Iterator[Sample]:
    pixels = radiograph(bits=16)
    pixels[:20] = 65535
    yield Sample(46, "padding", ACCEPTED, partial(dicom, pixels, _00280120=("US", 65535)))
    ranged = pixels.copy()
    ranged[:10] = 65000
    changes: dict[str, Any] = {"_00280120": ("US", 65000), "_00280121": ("US", 65535)}
    yield Sample(46, "padding-range", ACCEPTED, partial(dicom, ranged, **changes))
    yield Sample(46, "padding-unused", ACCEPTED, partial(dicom, _00280120=("US", 65535)))
    nothing = np.full((64, 64), 7, np.uint16)
    yield Sample(46, "padding-only", "no_contrast", partial(dicom, nothing, _00280120=("US", 7)))
    bordered = radiograph(bits=16)
    bordered[:, :20] = 0
    yield Sample(46, "collimator-border", ACCEPTED, partial(dicom, bordered))


def _texts() -> Iterator[Sample]:
    private = b"".join(element(0x00111000 + n, "LO", "DOE^JANE") for n in range(1, 200))
    nested = sequence(0x00081140, [item(element(0x00100010, "PN", "DOE^JANE"))])
    yield Sample(55, "private-and-nested", ACCEPTED, partial(dicom, extra=nested + private))
    many = b"".join(struct.pack("<HH2sHI", 0x0011, n & 0xFFFF, b"UL", 4, n) for n in range(100_000))
    yield Sample(55, "100000-private", "too_complex", partial(dicom, extra=many))
    charsets = {
        "missing": "",
        "wrong": "ISO_IR 999",
        "multi": "ISO 2022 IR 6\\ISO 2022 IR 87",
        "gb": "GB18030",
    }
    for name, charset in charsets.items():
        changes: dict[str, Any] = {"_00080005": ("CS", charset), "_00080070": b"\xb1\xa4\x1b$B<\xff "}
        yield Sample(56, f"charset-{name}", ACCEPTED, partial(dicom, **changes))
    yield Sample(56, "markup", ACCEPTED, lambda: dicom(_00080050="<script>", _00080070="a\x01\x7f\x1bb"))
    yield Sample(56, "endless-text", ACCEPTED, lambda: dicom(_00180015="X" * 5000))
    yield Sample(57, "impossible-date", ACCEPTED, lambda: dicom(_00080020="20249999", _00100020=""))
    yield Sample(59, "burned-in", ACCEPTED, lambda: dicom(_00280301=("CS", "YES")))
    lossy: dict[str, Any] = {
        "_00282110": ("CS", "01"),
        "_00282112": ("DS", "50"),
        "_00280030": ("DS", "0\\1e9"),
    }
    yield Sample(61, "lossy-absurd-spacing", ACCEPTED, partial(dicom, **lossy))


def _pictures() -> Iterator[Sample]:
    for name, value in (("black", 0), ("white", 65535)):
        yield Sample(62, f"all-{name}", "no_contrast", partial(dicom, np.full((64, 64), value, np.uint16)))
    noise = np.random.default_rng(1).integers(0, 65536, (64, 64)).astype(np.uint16)
    yield Sample(62, "noise", ACCEPTED, partial(dicom, noise))
    yield Sample(62, "upside-down", ACCEPTED, lambda: dicom(radiograph(bits=16)[::-1]))
    saturated = np.where(radiograph() > 60, 65535, 0).astype(np.uint16)
    yield Sample(62, "saturated", ACCEPTED, partial(dicom, saturated))
    one_dot = np.zeros((64, 64), np.uint16)
    one_dot[3, 3] = 1
    yield Sample(62, "one-dot", ACCEPTED, partial(dicom, one_dot))
