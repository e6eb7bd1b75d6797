"""The Part 10 file header: group 2, always explicit little endian, with the transfer syntax (PS3.10, 7.1)."""

from dataclasses import dataclass

from portal.refusals import Refused
from worker.intake.dicom.elements import Cursor

FIRST_ELEMENT_AT = 132
META_GROUP = 0x0002
MEDIA_SOP_CLASS, TRANSFER_SYNTAX = 0x00020002, 0x00020010
MAX_META_ELEMENTS = 64


@dataclass(frozen=True)
class FileHeader:
    transfer_syntax: str
    sop_class: str  # as the header has it; empty when it does not say
    dataset_at: int  # offset of the first element behind group 2


def read_header(stream: bytes) -> FileHeader:
    """Group 2 of a DICOM file, and nothing behind it.

    raises  Refused  not_part_10, truncated, corrupt
    """
    if stream[128:132] != b"DICM":
        raise Refused("not_part_10")
    cursor = Cursor(stream, FIRST_ELEMENT_AT)
    uids: dict[int, str] = {}
    for _ in range(MAX_META_ELEMENTS):
        if cursor.group() != META_GROUP:
            break
        element = cursor.element(is_explicit=True)
        value = cursor.value(element)
        if element.tag in (MEDIA_SOP_CLASS, TRANSFER_SYNTAX):
            uids[element.tag] = value.rstrip(b"\0 ").decode("ascii", "replace")
    if TRANSFER_SYNTAX not in uids:
        raise Refused("not_part_10")
    return FileHeader(uids[TRANSFER_SYNTAX], uids.get(MEDIA_SOP_CLASS, ""), cursor.at)
