"""The transfer syntaxes that are read, and with which decoder; others are refused from group 2 alone."""

from dataclasses import dataclass

from portal.refusals import Refused
from worker.intake import jpeg


@dataclass(frozen=True)
class Syntax:
    """How pixels are stored.

    is_explicit     the data set names its value representations
    jpeg_processes  frame markers its JPEG streams may have; empty: not a JPEG stream
    is_jpeg_2000    a JPEG 2000 codestream
    plugin          the one pydicom decoder to use: an error from it is final, no other is tried
    """

    is_explicit: bool = True
    jpeg_processes: tuple[int, ...] = ()
    is_jpeg_2000: bool = False
    plugin: str = ""

    @property
    def is_codestream(self) -> bool:
        return bool(self.jpeg_processes) or self.is_jpeg_2000


JPEG_EXTENDED = "1.2.840.10008.1.2.4.51"

SYNTAXES = {
    "1.2.840.10008.1.2": Syntax(is_explicit=False),  # implicit little endian
    "1.2.840.10008.1.2.1": Syntax(),  # explicit little endian
    "1.2.840.10008.1.2.5": Syntax(plugin="pydicom"),  # RLE
    "1.2.840.10008.1.2.4.50": Syntax(jpeg_processes=(jpeg.BASELINE,), plugin="pylibjpeg"),
    JPEG_EXTENDED: Syntax(jpeg_processes=(jpeg.BASELINE, jpeg.EXTENDED), plugin="pylibjpeg"),
    "1.2.840.10008.1.2.4.57": Syntax(jpeg_processes=(jpeg.LOSSLESS,), plugin="pylibjpeg"),
    "1.2.840.10008.1.2.4.70": Syntax(jpeg_processes=(jpeg.LOSSLESS,), plugin="pylibjpeg"),  # first-order
    "1.2.840.10008.1.2.4.80": Syntax(jpeg_processes=(jpeg.JPEG_LS,), plugin="pylibjpeg"),
    "1.2.840.10008.1.2.4.81": Syntax(jpeg_processes=(jpeg.JPEG_LS,), plugin="pylibjpeg"),  # near-lossless
    "1.2.840.10008.1.2.4.90": Syntax(is_jpeg_2000=True, plugin="pylibjpeg"),  # lossless only
    "1.2.840.10008.1.2.4.91": Syntax(is_jpeg_2000=True, plugin="pylibjpeg"),
}


def syntax_of(uid: str) -> Syntax:
    """raises  Refused  transfer_syntax"""
    if uid not in SYNTAXES:
        raise Refused("transfer_syntax")
    return SYNTAXES[uid]
