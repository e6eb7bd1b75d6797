"""The restart intervals of a one-component JPEG scan (ITU-T T.81, B.2.4.4 and E.2.4; T.87 for JPEG-LS).

Markers divide the data of a scan into intervals, each decoded by itself. Of a stream that ends between two of
them all that is there is whole: only the number of intervals tells that others are missing.
"""

from worker.intake import jpeg

MARKERS = [bytes((0xFF, number)) for number in range(0xD0, 0xD8)]
BLOCK_SIDE_PX = 8


def has_all_restarts(stream: bytes, structure: jpeg.JpegStructure) -> bool:
    """Whether the one scan of the image has a marker between every two of its intervals."""
    (scan,) = structure.scans
    if not scan.restart_interval:
        return True
    data = stream[scan.data_at : jpeg.data_end(stream, scan)]
    found = sum(data.count(marker) for marker in MARKERS)
    return found >= -(-_units(structure) // scan.restart_interval) - 1


def _units(structure: jpeg.JpegStructure) -> int:
    """What intervals are counted in: lines of JPEG-LS, pixels of lossless JPEG, else blocks."""
    width, height = structure.width_px, structure.height_px
    if structure.process == jpeg.JPEG_LS:
        return height
    if structure.process == jpeg.LOSSLESS:
        return width * height
    return -(-width // BLOCK_SIDE_PX) * -(-height // BLOCK_SIDE_PX)
