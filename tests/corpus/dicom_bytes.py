"""DICOM files written byte by byte, so that any of them can be wrong in exactly one place."""

import struct
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.corpus.pictures import radiograph

LONG = ("OB", "OW", "SQ", "UN", "UT", "OF")
UNDEFINED = 0xFFFFFFFF
IMPLICIT, EXPLICIT, BIG_ENDIAN = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"
CR = "1.2.840.10008.5.1.4.1.1.1"
PIXEL_DATA = 0x7FE00010

Value = bytes | str | int | Sequence[int]
Elements = dict[int, tuple[str, Value]]


def element(
    tag: int, representation: str, value: Value, *, explicit: bool = True, length: int | None = None
) -> bytes:
    """One element; `length` overrides the true one."""
    body = _encoded(representation, value)
    size = len(body) if length is None else length
    head = struct.pack("<HH", tag >> 16, tag & 0xFFFF)
    if not explicit:
        return head + struct.pack("<I", size) + body
    name = representation.encode()
    if representation in LONG:
        return head + name + struct.pack("<2xI", size) + body
    return head + name + struct.pack("<H", size) + body


def _encoded(representation: str, value: Value) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        pad = "\0" if representation == "UI" else " "
        return (value + pad * (len(value.encode()) % 2)).encode()
    numbers = [value] if isinstance(value, int) else value
    letter = {"US": "H", "SS": "h", "UL": "I", "OW": "H"}[representation]
    return struct.pack(f"<{len(numbers)}{letter}", *(number & 0xFFFF for number in numbers))


def item(body: bytes = b"", *, undefined: bool = False) -> bytes:
    if undefined:
        return struct.pack("<HHI", 0xFFFE, 0xE000, UNDEFINED) + body + struct.pack("<HHI", 0xFFFE, 0xE00D, 0)
    return struct.pack("<HHI", 0xFFFE, 0xE000, len(body)) + body


def sequence(tag: int, items: Iterable[bytes], *, explicit: bool = True) -> bytes:
    return element(tag, "SQ", b"".join(items), explicit=explicit)


def fragments(*parts: bytes) -> bytes:
    """Encapsulated pixel data with an empty offset table."""
    padded = (part + b"\0" * (len(part) % 2) for part in parts)
    return item() + b"".join(item(part) for part in padded) + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)


def part10(dataset: bytes, syntax: str = EXPLICIT, *, sop_class: str = CR, preamble: bytes = b"") -> bytes:
    """`dataset` behind a preamble and a group 2 that declare it."""
    meta = (
        element(0x00020001, "OB", b"\0\1")
        + element(0x00020002, "UI", sop_class)
        + element(0x00020003, "UI", "1.2.3.4.5")
        + element(0x00020010, "UI", syntax)
    )
    length = element(0x00020000, "UL", struct.pack("<I", len(meta)))
    return preamble.ljust(128, b"\0") + b"DICM" + length + meta + dataset


def describe(pixels: NDArray[Any], **changes: Any) -> Elements:
    """The elements of a CR image of these pixels, without the pixels; changes by tag, as `_00280010=...`."""
    stored = pixels.dtype.itemsize * 8
    elements: Elements = {
        0x00080016: ("UI", CR),
        0x00080020: ("DA", "20240229"),
        0x00080050: ("SH", "A-17"),
        0x00080060: ("CS", "CR"),
        0x00080070: ("LO", "Acme"),
        0x00100010: ("PN", "DOE^JANE"),
        0x00100020: ("LO", "PATIENT-1"),
        0x00180015: ("CS", "HAND"),
        0x00185101: ("CS", "PA"),
        0x00280002: ("US", 1),
        0x00280004: ("CS", "MONOCHROME2"),
        0x00280010: ("US", pixels.shape[0]),
        0x00280011: ("US", pixels.shape[1]),
        0x00280100: ("US", stored),
        0x00280101: ("US", stored),
        0x00280102: ("US", stored - 1),
        0x00280103: ("US", 0),
    }
    for key, change in changes.items():
        tag = int(key[1:], 16)
        if change is None:
            elements.pop(tag, None)
        else:
            elements[tag] = change if isinstance(change, tuple) else (elements[tag][0], change)
    return elements


def written(elements: Elements, *, explicit: bool = True) -> bytes:
    return b"".join(element(tag, *elements[tag], explicit=explicit) for tag in sorted(elements))


def dicom(
    pixels: NDArray[Any] | None = None,
    *,
    syntax: str = EXPLICIT,
    extra: bytes = b"",
    data: bytes | None = None,
    preamble: bytes = b"",
    sop_class: str = CR,
    **changes: Any,
) -> bytes:
    """A CR file. `extra` goes before the pixels; `data` replaces them; changes by tag, see `describe`."""
    pixels = radiograph(bits=16) if pixels is None else pixels
    explicit = syntax != IMPLICIT
    elements = describe(pixels, _00080016=sop_class, **changes)
    body = pixels.astype(pixels.dtype.newbyteorder("<")).tobytes() if data is None else data
    body += b"\0" * (len(body) % 2)
    dataset = written(elements, explicit=explicit) + extra
    dataset += element(PIXEL_DATA, "OW", body, explicit=explicit)
    return part10(dataset, syntax, sop_class=sop_class, preamble=preamble)


def encapsulated(
    stream: bytes, syntax: str, pixels: NDArray[Any], *, parts: int = 1, **changes: Any
) -> bytes:
    """A CR file around a compressed stream, in one or several fragments."""
    size = max(2, -(-len(stream) // parts))
    size += size % 2
    pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
    dataset = written(describe(pixels, **changes))
    dataset += element(PIXEL_DATA, "OB", fragments(*pieces), length=UNDEFINED)
    return part10(dataset, syntax)


def shifted(pixels: NDArray[np.uint16], up: int, noise: int = 0) -> NDArray[np.uint16]:
    """Values moved up by some bits, with `noise` in the bits thereby free."""
    return (pixels << up | noise).astype(np.uint16)
