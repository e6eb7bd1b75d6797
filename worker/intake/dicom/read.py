"""A DICOM file to greyscale: header, structure, what it says about itself, and only then its pixels."""

import io
import warnings
from pathlib import Path

import pydicom
from pydicom import config
from pydicom.dataset import Dataset

from worker.intake.dicom import tags
from worker.intake.dicom.describe import Description, describe
from worker.intake.dicom.frame import decode_frame
from worker.intake.dicom.greys import Rendering, render
from worker.intake.dicom.header import FileHeader, read_header
from worker.intake.dicom.scan import has_pixel_data
from worker.intake.dicom.syntaxes import syntax_of
from worker.intake.greyscale import Greyscale
from worker.intake.guard import corrupt_if_raised

config.settings.reading_validation_mode = config.IGNORE  # spelling mistakes in texts harm nobody

# All that is ever looked at; pydicom leaves every other element as unread bytes.
NEEDED = [
    *tags.KEPT,
    tags.PATIENT,
    *("SOPClassUID", "NumberOfFrames", "SamplesPerPixel", "PhotometricInterpretation", "Rows", "Columns"),
    *("BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation"),
    *("PixelPaddingValue", "PixelPaddingRangeLimit"),
    *("RescaleSlope", "RescaleIntercept", "ModalityLUTSequence"),
    *("WindowCenter", "WindowWidth", "VOILUTFunction", "VOILUTSequence", "PixelData"),
]


def read_dicom(source: Path) -> Greyscale:
    """Decode one CR or DX image.

    raises  Refused
    """
    stream = source.read_bytes()
    header = read_header(stream)
    syntax = syntax_of(header.transfer_syntax)
    has_pixels = has_pixel_data(stream, header.dataset_at, is_explicit=syntax.is_explicit)
    with warnings.catch_warnings(), corrupt_if_raised():
        warnings.simplefilter("ignore")
        dataset = pydicom.dcmread(io.BytesIO(stream), specific_tags=NEEDED)
        description = describe(dataset, header.sop_class, has_pixels=has_pixels)
        stored = decode_frame(dataset, description, header.transfer_syntax)
        rendering = render(stored, description, dataset)
    return _greyscale(dataset, stream, header, description, rendering)


def _greyscale(
    dataset: Dataset, stream: bytes, header: FileHeader, description: Description, rendering: Rendering
) -> Greyscale:
    flags = [*description.flags]
    if stream[:4] in (b"II*\0", b"MM\0*"):
        flags.append("dual_preamble")
    return Greyscale(
        pixels=rendering.pixels,
        window=rendering.window,
        source_width_px=description.columns,
        source_height_px=description.rows,
        flags=flags,
        tags=tags.kept_tags(dataset),
        patient_digest=tags.patient_digest(dataset),
        ignored=rendering.padding,
    )
