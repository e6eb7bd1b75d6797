"""Whether a JPEG holds all of its image. A file that was cut and then ended looks whole by its markers."""

import re

import simplejpeg

from portal.refusals import Refused

# Of libjpeg's warnings, which Pillow keeps to itself; D9 is the end marker.
ENDS_EARLY = re.compile("premature end|marker 0xd9 instead of RST")


def require_whole(stream: bytes, components: int) -> None:
    """Refuse a stream whose scans end before the last block: decoders fill in grey for the rest.

    Other complaints are left to the decoder that gives the pixels.

    raises  Refused  truncated
    """
    colours = "GRAY" if components == 1 else "RGB"
    try:
        # An eighth of the size: all scans are read to their end, and the pixels are not needed.
        simplejpeg.decode_jpeg(stream, colours, min_height=1, min_width=1, strict=True)
    except ValueError as complaint:
        if ENDS_EARLY.search(str(complaint)):
            raise Refused("truncated") from complaint
