"""The marker structure of a JPEG 2000 codestream, read without decoding it (ITU-T T.800, annex A).

OpenJPEG fills in what is missing from a codestream and only warns; a radiograph must not be filled in.
"""

import struct
from dataclasses import dataclass

from portal.refusals import Refused

START_AND_SIZE = b"\xff\x4f\xff\x51"
JP2_BOX = b"\0\0\0\x0cjP  "
START_OF_TILE, END_OF_CODESTREAM = 0xFF90, 0xFFD9
MAX_TILES = 65_535  # by the standard; an X-ray has one, or some hundred


@dataclass(frozen=True)
class _Grid:
    width_px: int
    height_px: int
    tiles: int
    components: int


def read_size(stream: bytes) -> tuple[int, int]:
    """Width and height of a one-component image of which every tile is there.

    raises  Refused  corrupt, truncated, too_complex (tiles)
    """
    at = stream.find(START_AND_SIZE) if stream.startswith(JP2_BOX) else 0
    if at < 0 or stream[at : at + 4] != START_AND_SIZE:
        raise Refused("corrupt")
    try:
        grid = _grid(stream, at)
        if grid.components != 1:
            raise Refused("corrupt")
        _require_tiles(stream, _behind_main_header(stream, at + 2), grid.tiles)
    except struct.error as error:
        raise Refused("truncated") from error
    return grid.width_px, grid.height_px


def _grid(stream: bytes, at: int) -> _Grid:
    right, bottom, left, top, tile_width, tile_height, tile_left, tile_top, components = struct.unpack_from(
        ">8IH", stream, at + 8
    )
    if not tile_width or not tile_height:
        raise Refused("corrupt")
    tiles = -(-(right - tile_left) // tile_width) * -(-(bottom - tile_top) // tile_height)
    if tiles > MAX_TILES:
        raise Refused("too_complex")
    return _Grid(right - left, bottom - top, tiles, components)


def _behind_main_header(stream: bytes, at: int) -> int:
    """Offset of the first tile-part; the main header is a row of segments."""
    while (marker := _number(stream, at)) != START_OF_TILE:
        if marker >> 8 != 0xFF or marker == END_OF_CODESTREAM:
            raise Refused("corrupt")
        at += 2 + _number(stream, at + 2)
    return at


def _require_tiles(stream: bytes, at: int, tiles: int) -> None:
    """Jump over all tile-parts to the end marker; each tile must have one at least."""
    seen: set[int] = set()
    while _number(stream, at) == START_OF_TILE:
        tile, length = struct.unpack_from(">HI", stream, at + 4)
        if tile >= tiles or 0 < length < 14:
            raise Refused("corrupt")
        seen.add(tile)
        at = at + length if length else _last_marker(stream)
    if _number(stream, at) != END_OF_CODESTREAM or len(seen) != tiles:
        raise Refused("corrupt")


def _last_marker(stream: bytes) -> int:
    """A tile-part without a length reaches to the end marker; one zero may pad it."""
    at = len(stream.rstrip(b"\0")) - 2
    if at < 0 or _number(stream, at) != END_OF_CODESTREAM:
        raise Refused("truncated")
    return at


def _number(stream: bytes, at: int) -> int:
    return int(struct.unpack_from(">H", stream, at)[0])
