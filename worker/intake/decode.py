"""One untrusted file to our own working array and preview. This is what a throw-away child runs."""

from pathlib import Path

import numpy as np
from PIL import Image, TiffImagePlugin  # noqa: F401  (Pillow preloads its other plugins itself)
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import UID

from portal.sniff import Kind
from worker.intake.dicom.read import read_dicom
from worker.intake.dicom.syntaxes import SYNTAXES
from worker.intake.greyscale import Greyscale, Pixels, shrink, to_display, usable_window
from worker.intake.limits import PREVIEW_SIDE_PX
from worker.intake.quality import quality_flags
from worker.intake.raster import read_raster
from worker.intake.record import Intake

JPEG_QUALITY = 90


def decode(source: str | Path, kind: str | Kind, array_path: str | Path, preview_path: str | Path) -> Intake:
    """Decode in this very process; call it through `Decoder` for anything from outside.

    array_path    gets a C-contiguous (rows, columns) .npy, uint8 or uint16, bone bright
    preview_path  gets the windowed image, 8 bit grey without metadata; JPEG when named .jpg, else PNG
    raises        Refused; OSError for a missing file or a full disk
    """
    image, pixels, low, high = working_array(Path(source), Kind(kind))
    _write_array(pixels, Path(array_path))
    _write_preview(pixels, low, high, Path(preview_path))
    return _record(image, pixels, low, high)


def working_array(source: Path, kind: Kind) -> tuple[Greyscale, Pixels, float, float]:
    """The image as it was read, its working array, and the values of that to be shown black and white.

    raises  as `decode` does
    """
    image = _read(source, kind)
    return image, np.ascontiguousarray(shrink(image.pixels)), *usable_window(image)


def warm_up() -> None:
    """Load what the libraries would load at the first file, so that no child pays for it."""
    Image.preinit()
    for uid in SYNTAXES:
        get_decoder(UID(uid))


def _read(source: Path, kind: Kind) -> Greyscale:
    return read_dicom(source) if kind is Kind.DICOM else read_raster(source, kind)


def _write_array(pixels: Pixels, path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, pixels, allow_pickle=False)


def _write_preview(pixels: Pixels, low: float, high: float, path: Path) -> None:
    preview = Image.fromarray(shrink(to_display(pixels, low, high), PREVIEW_SIDE_PX))
    if path.suffix in (".jpg", ".jpeg"):
        preview.save(path, "JPEG", quality=JPEG_QUALITY)
    else:
        preview.save(path, "PNG")


def _record(image: Greyscale, pixels: Pixels, low: float, high: float) -> Intake:
    height_px, width_px = pixels.shape
    return Intake(
        width_px=width_px,
        height_px=height_px,
        bit_depth=pixels.dtype.itemsize * 8,
        source_width_px=image.source_width_px,
        source_height_px=image.source_height_px,
        window_low=low,
        window_high=high,
        tags=image.tags,
        flags=[*image.flags, *quality_flags(image)],
        patient_digest=image.patient_digest,
    )
