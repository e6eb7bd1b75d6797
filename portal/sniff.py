"""What kind of file this is, told from its first bytes alone; nothing is decoded here."""

from enum import StrEnum

from portal.refusals import Refused

HEAD_BYTES = 4096


class Kind(StrEnum):
    JPEG = "jpeg"
    PNG = "png"
    TIFF = "tiff"
    DICOM = "dicom"


MAGIC: dict[bytes, Kind] = {
    b"\xff\xd8\xff": Kind.JPEG,
    b"\x89PNG\r\n\x1a\n": Kind.PNG,
    b"II*\x00": Kind.TIFF,
    b"MM\x00*": Kind.TIFF,
}
DICOM_PREFIX = b"DICM"
DICOM_PREFIX_AT = 128

RUNNABLE = (
    b"MZ",
    b"\x7fELF",
    b"\xfe\xed\xfa\xce",  # Mach-O, 32 and 64 bit, both byte orders, and universal
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
    b"\xbe\xba\xfe\xca",
    b"#!",
    b"%PDF",
    b"PK",
)


def sniff(head: bytes) -> Kind:
    """The kind of a file from its first HEAD_BYTES; the name and the declared type never count.

    raises  Refused  empty, truncated, unsupported_type, executable_preamble, not_part_10
    """
    if not head:
        raise Refused("empty")
    if head[DICOM_PREFIX_AT : DICOM_PREFIX_AT + 4] == DICOM_PREFIX:
        return _dicom_with_harmless_preamble(head[:DICOM_PREFIX_AT])
    for magic, kind in MAGIC.items():
        if head.startswith(magic):
            return kind
    if any(magic.startswith(head) for magic in MAGIC):
        raise Refused("truncated")
    if _looks_like_bare_dicom(head):
        raise Refused("not_part_10")
    raise Refused("unsupported_type")


def _dicom_with_harmless_preamble(preamble: bytes) -> Kind:
    """A preamble may be anything by the standard (a TIFF header is usual), but not something that runs."""
    text = preamble.removeprefix(b"\xef\xbb\xbf").lstrip()
    if preamble.startswith(RUNNABLE) or text.startswith(b"<"):
        raise Refused("executable_preamble")
    return Kind.DICOM


def _looks_like_bare_dicom(head: bytes) -> bool:
    """DICOM elements without the Part 10 header: at the start, after `DICM`, or after a bare preamble."""
    return any(_is_first_element(head[at : at + 8]) for at in (0, 4, 128) if _may_start(head, at))


def _may_start(head: bytes, at: int) -> bool:
    return at != 4 or head.startswith(DICOM_PREFIX)


def _is_first_element(element: bytes) -> bool:
    """Group 2 or 8, little or big endian, then a value representation or a short length."""
    if len(element) < 8 or element[:2] not in (b"\x02\x00", b"\x08\x00", b"\x00\x02", b"\x00\x08"):
        return False
    has_representation = element[4:6].isalpha() and element[4:6].isupper()
    is_implicit = element[6:8] == b"\x00\x00" and element[3] == 0
    return has_representation or is_implicit
