"""The chunk structure of a PNG, checked before any pixel is decoded (PNG specification, third edition)."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from portal.refusals import Refused
from worker.intake.limits import MAX_PARTS, MAX_TEXT_BYTES

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY, PALETTE = 0, 3
SAMPLES = {GREY: 1, 2: 3, PALETTE: 1, 4: 2, 6: 4}  # per pixel, by colour type
DEPTHS = {GREY: (1, 2, 4, 8, 16), 2: (8, 16), PALETTE: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
# First column, first row, column step, row step of the seven Adam7 passes.
ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
ANIMATION = {b"acTL", b"fcTL", b"fdAT"}
UNPACK_STEP_BYTES = 1 << 20


@dataclass(frozen=True)
class PngHeader:
    width_px: int
    height_px: int
    bit_depth: int
    colour_type: int
    is_interlaced: bool

    @property
    def unpacked_bytes(self) -> int:
        """The exact size of the image data once unpacked: each row is preceded by its filter byte."""
        if not self.is_interlaced:
            return self._rows_bytes(self.width_px, self.height_px)
        return sum(
            self._rows_bytes(-(-(self.width_px - left) // right), -(-(self.height_px - top) // down))
            for left, top, right, down in ADAM7
        )

    def _rows_bytes(self, width: int, height: int) -> int:
        if width <= 0 or height <= 0:
            return 0
        bits = width * SAMPLES[self.colour_type] * self.bit_depth
        return height * (1 + (bits + 7) // 8)


def read_header(stream: bytes) -> PngHeader:
    """The first chunk.

    raises  Refused  truncated, corrupt
    """
    if len(stream) < 33:
        raise Refused("truncated")
    if stream[8:16] != b"\x00\x00\x00\x0dIHDR" or not _checks(stream[12:29], stream[29:33]):
        raise Refused("corrupt")
    width, height = int.from_bytes(stream[16:20]), int.from_bytes(stream[20:24])
    depth, colour_type, compression, filtering, interlace = stream[24:29]
    if depth not in DEPTHS.get(colour_type, ()) or compression or filtering or interlace > 1:
        raise Refused("corrupt")
    return PngHeader(width, height, depth, colour_type, bool(interlace))


def check_chunks(stream: bytes, header: PngHeader) -> int:
    """Walk over all chunks, unpack the image data to nowhere; the offset behind the last chunk.

    raises  Refused  truncated, corrupt (checksums, too much or too little image data),
                     multi_image (animated), too_complex (bombs beside the image)
    """
    image = _Unpacked(header.unpacked_bytes)
    may_start = header.colour_type != PALETTE
    for name, body, end in _chunks(stream):
        if name in ANIMATION:
            raise Refused("multi_image")
        may_start |= name == b"PLTE"
        if name == b"IDAT" and may_start:
            image.add(body)
        elif name in (b"zTXt", b"iTXt", b"iCCP"):
            _require_small(name, bytes(body))
        elif name == b"IEND":
            image.require_all()
            return end
    raise Refused("truncated")


def _chunks(stream: bytes) -> Iterator[tuple[bytes, memoryview, int]]:
    at = len(SIGNATURE)
    view = memoryview(stream)
    for _ in range(MAX_PARTS):
        length = int.from_bytes(stream[at : at + 4])
        end = at + 12 + length
        if end > len(stream):
            raise Refused("truncated")
        if not _checks(view[at + 4 : end - 4], stream[end - 4 : end]):
            raise Refused("corrupt")
        yield stream[at + 4 : at + 8], view[at + 8 : end - 4], end
        at = end
    raise Refused("too_complex")


def _checks(covered: bytes | memoryview, checksum: bytes) -> bool:
    return zlib.crc32(covered) == int.from_bytes(checksum)


class _Unpacked:
    """Counts what the image data unpack to, never holding more than one step of it."""

    def __init__(self, expected_bytes: int) -> None:
        self._missing = expected_bytes
        self._stream = zlib.decompressobj()

    def add(self, packed: memoryview) -> None:
        waiting: bytes | memoryview = packed
        piece = b""
        while waiting or len(piece) == UNPACK_STEP_BYTES:
            if self._stream.eof:
                raise Refused("corrupt")  # more data behind the end of the packed stream
            try:
                piece = self._stream.decompress(waiting, UNPACK_STEP_BYTES)
            except zlib.error as error:
                raise Refused("corrupt") from error
            self._missing -= len(piece)
            if self._missing < 0:
                raise Refused("corrupt")
            waiting = self._stream.unconsumed_tail

    def require_all(self) -> None:
        if self._missing or not self._stream.eof or self._stream.unused_data:
            raise Refused("corrupt")


def _require_small(name: bytes, body: bytes) -> None:
    """Refuse packed text or a profile that unpacks to more than anyone writes beside an X-ray."""
    unpacker = zlib.decompressobj()
    try:
        unpacker.decompress(_packed_part(name, body), MAX_TEXT_BYTES)
    except zlib.error as error:
        raise Refused("corrupt") from error
    if unpacker.unconsumed_tail:
        raise Refused("too_complex")


def _packed_part(name: bytes, body: bytes) -> bytes:
    """What is behind the keyword and the method; empty for text that is not packed."""
    _, _, rest = body.partition(b"\0")
    if name != b"iTXt":
        return rest[1:]
    is_packed = rest[:1] == b"\1"
    _language, _, rest = rest[2:].partition(b"\0")
    _keyword, _, text = rest.partition(b"\0")
    return text if is_packed else b""
