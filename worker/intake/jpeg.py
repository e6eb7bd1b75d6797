"""The marker structure of a JPEG stream, read without decoding it (ITU-T T.81, annex B)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from portal.refusals import Refused
from worker.intake.limits import MAX_PARTS

MAX_SCANS = 100  # a progressive X-ray has about ten; each scan costs a pass over the whole image

BASELINE, EXTENDED, PROGRESSIVE, LOSSLESS, JPEG_LS = 0xC0, 0xC1, 0xC2, 0xC3, 0xF7
FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC} | {JPEG_LS}
HIERARCHICAL = 0xDE
RESTART_INTERVAL = 0xDD
START_OF_SCAN, END_OF_IMAGE = 0xDA, 0xD9
ALONE = {0x01, *range(0xD0, 0xD9)}  # markers without a segment
# In a scan, not a restart nor a fill byte; JPEG stuffs FF 00 and JPEG-LS FF 00..7F.
MARKER_IN_SCAN = re.compile(rb"\xff[\x80-\xcf\xd8-\xfe]")


@dataclass(frozen=True)
class Scan:
    data_at: int
    restart_interval: int  # in units of the process, see `restarts`; 0: it has none


@dataclass(frozen=True)
class JpegStructure:
    process: int  # the frame marker: BASELINE, PROGRESSIVE, ...
    precision: int
    width_px: int
    height_px: int
    components: int
    scans: tuple[Scan, ...]
    is_complete: bool  # has an end-of-image marker
    length_bytes: int  # up to and with that marker


def read_structure(stream: bytes) -> JpegStructure:
    """Walk over all markers of the first image in `stream`.

    raises  Refused  truncated, corrupt, unsupported_encoding (hierarchical), too_complex
    """
    frames: list[tuple[int, bytes]] = []
    scans: list[Scan] = []
    restart_interval = 0
    end = None
    for marker, at, segment in _markers(stream):
        if marker == END_OF_IMAGE:
            end = at
        elif marker == HIERARCHICAL:
            raise Refused("unsupported_encoding")
        elif marker in FRAMES:
            frames.append((marker, segment))
        elif marker == RESTART_INTERVAL:
            restart_interval = int.from_bytes(segment)
        elif marker == START_OF_SCAN:
            scans.append(Scan(at, restart_interval))
    if len(scans) > MAX_SCANS:
        raise Refused("too_complex")
    if not frames or not scans:
        raise Refused("truncated" if end is None else "corrupt")
    if len(frames) > 1:
        raise Refused("corrupt")
    return _structure(*frames[0], scans, end, len(stream))


def _structure(
    process: int, segment: bytes, scans: list[Scan], end: int | None, length: int
) -> JpegStructure:
    if len(segment) < 6:
        raise Refused("corrupt")
    return JpegStructure(
        process=process,
        precision=segment[0],
        height_px=int.from_bytes(segment[1:3]),
        width_px=int.from_bytes(segment[3:5]),
        components=segment[5],
        scans=tuple(scans),
        is_complete=end is not None,
        length_bytes=length if end is None else end,
    )


def _markers(stream: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Each marker, the offset behind it and its segment, up to the end of the image or of the bytes."""
    if not stream.startswith(b"\xff\xd8"):
        raise Refused("corrupt")
    at = 2
    for _ in range(MAX_PARTS):
        at = _past_fill(stream, at)
        if at + 2 > len(stream):
            return
        if stream[at] != 0xFF:
            raise Refused("corrupt")
        marker = stream[at + 1]
        at += 2
        if marker == END_OF_IMAGE:
            yield marker, at, b""
            return
        if marker in ALONE:
            continue
        length = int.from_bytes(stream[at : at + 2])
        segment = stream[at + 2 : at + length]
        if len(segment) + 2 != length:
            return  # cut off, or a length under two
        at += length
        yield marker, at, segment
        if marker == START_OF_SCAN:
            found = MARKER_IN_SCAN.search(stream, at)
            if found is None:
                return
            at = found.start()
    raise Refused("too_complex")


def data_end(stream: bytes, scan: Scan) -> int:
    """The offset behind the data of a scan: of the next marker, or of the fill bytes before it."""
    found = MARKER_IN_SCAN.search(stream, scan.data_at)
    return len(stream[: found.start() if found else None].rstrip(b"\xff"))


def _past_fill(stream: bytes, at: int) -> int:
    while stream[at : at + 2] == b"\xff\xff":
        at += 1
    return at
