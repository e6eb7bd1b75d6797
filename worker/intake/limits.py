"""How much of the machine, and how much of a file, reading one image may cost."""

from dataclasses import dataclass

from portal.refusals import MAX_MEGAPIXELS

MEBIBYTE = 1024 * 1024

MAX_PIXELS = MAX_MEGAPIXELS * 1_000_000
MIN_SIDE_PX = 32
MAX_ASPECT_RATIO = 10
LONGEST_SIDE_PX = 4096  # of the working array
PREVIEW_SIDE_PX = 1600

MAX_ELEMENTS = 20_000  # DICOM elements and items, at all depths; an ordinary CR or DX has under 500
MAX_DEPTH = 32  # nested DICOM sequences
MAX_PARTS = 10_000  # PNG chunks, JPEG segments
MAX_TEXT_BYTES = MEBIBYTE  # a compressed text or profile inside a PNG, unpacked

REPORT_BYTES = 64 * 1024


@dataclass(frozen=True)
class Limits:
    """What one decoding child may use; the kernel keeps all of them but the wall time."""

    memory_bytes: int = 2048 * MEBIBYTE  # address space
    cpu_s: int = 20
    wall_s: float = 30.0  # from the start of the child
    file_bytes: int = 64 * MEBIBYTE  # any file it writes; the largest array is 32 MiB
    open_files: int = 32
