"""What a data set says about its image, checked before a pixel is touched."""

from dataclasses import dataclass

from pydicom.dataset import Dataset

from portal.refusals import Refused
from worker.intake.guard import require_size

PLAIN_XRAYS = {
    "1.2.840.10008.5.1.4.1.1.1",  # Computed Radiography Image Storage
    "1.2.840.10008.5.1.4.1.1.1.1",  # Digital X-Ray Image Storage, for presentation
    "1.2.840.10008.5.1.4.1.1.1.1.1",  # Digital X-Ray Image Storage, for processing
}
PLAIN_MODALITIES = {"CR", "DX"}
DOCUMENTS = "1.2.840.10008.5.1.4.1.1.104."  # encapsulated PDF, CDA, STL, OBJ, MTL


@dataclass(frozen=True)
class Description:
    """rows, columns in pixels; `bits_stored` of `bits_allocated` (8 or 16), the lowest at `shift`."""

    rows: int
    columns: int
    bits_allocated: int
    bits_stored: int
    shift: int
    is_signed: bool
    is_monochrome1: bool
    flags: tuple[str, ...]


def describe(dataset: Dataset, header_sop_class: str, *, has_pixels: bool) -> Description:
    """raises  Refused  document, no_image, modality, multi_frame, photometric, dimensions,
    too_many_pixels, bit_depth"""
    sop_class = str(dataset.get("SOPClassUID") or header_sop_class)
    if sop_class.startswith(DOCUMENTS):
        raise Refused("document")
    if not has_pixels:
        raise Refused("no_image")
    if sop_class not in PLAIN_XRAYS:
        raise Refused("modality")
    if int(dataset.get("NumberOfFrames") or 1) > 1:
        raise Refused("multi_frame")
    rows, columns = _size(dataset)
    photometric = _photometric(dataset)
    allocated, stored, shift = _bits(dataset)
    return Description(
        rows=rows,
        columns=columns,
        bits_allocated=allocated,
        bits_stored=stored,
        shift=shift,
        is_signed=dataset.get("PixelRepresentation") == 1,
        is_monochrome1=photometric == "MONOCHROME1",
        # The class of the object is what its maker built; the modality field is often filled in by hand.
        flags=() if dataset.get("Modality") in PLAIN_MODALITIES else ("modality_mismatch",),
    )


def _size(dataset: Dataset) -> tuple[int, int]:
    rows, columns = dataset.get("Rows"), dataset.get("Columns")
    if not isinstance(rows, int) or not isinstance(columns, int):
        raise Refused("dimensions")
    require_size(columns, rows)
    return rows, columns


def _photometric(dataset: Dataset) -> str:
    photometric = dataset.get("PhotometricInterpretation")
    if photometric not in ("MONOCHROME1", "MONOCHROME2") or dataset.get("SamplesPerPixel", 1) != 1:
        raise Refused("photometric")
    return photometric


def _bits(dataset: Dataset) -> tuple[int, int, int]:
    """Bits allocated, bits stored, and how far the stored ones lie above the lowest bit."""
    allocated = dataset.get("BitsAllocated")
    stored = dataset.get("BitsStored", allocated)
    highest = dataset.get("HighBit")
    if highest is None and isinstance(stored, int):
        highest = stored - 1
    if allocated not in (8, 16) or not isinstance(stored, int) or not isinstance(highest, int):
        raise Refused("bit_depth")
    if not 2 <= stored <= allocated or not stored - 1 <= highest < allocated:
        raise Refused("bit_depth")
    return allocated, stored, highest + 1 - stored
