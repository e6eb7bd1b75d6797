"""Boxes drawn into a picture, in the colour and the strokes of the portal's viewer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PIL import Image, ImageDraw

from worker.vision.reading import Box

STROKE = "#ffe066"  # as .viewer__box in static/css/viewer.css, and so are the dots
DOT, GAP = 1.2, 2.0  # in widths of the line
LINES_A_SIDE = 400  # the picture's longer side, in widths of the line

Edges = tuple[int, int, int, int]  # left, top, right, bottom, each inside


def draw_boxes(picture: Image.Image, boxes: Sequence[Box], image_size_px: tuple[int, int]) -> None:
    """Draw boxes, which are in pixels of the working image of that width and height, into a picture of it."""
    draw = ImageDraw.Draw(picture)
    line_px = max(2, round(max(picture.size) / LINES_A_SIDE))
    for box in boxes:
        edges = _edges(box, picture.size, image_size_px)
        if box.kind == "solid":
            draw.rectangle(edges, outline=STROKE, width=line_px)
            continue
        for dot in _dots(edges, line_px):
            draw.rectangle(dot, fill=STROKE)


def _edges(box: Box, picture_px: tuple[int, int], image_px: tuple[int, int]) -> Edges:
    scale_x, scale_y = picture_px[0] / image_px[0], picture_px[1] / image_px[1]
    left = min(round(box.x * scale_x), picture_px[0] - 1)
    top = min(round(box.y * scale_y), picture_px[1] - 1)
    right = max(left, round((box.x + box.width) * scale_x) - 1)
    bottom = max(top, round((box.y + box.height) * scale_y) - 1)
    return left, top, right, bottom


def _dots(edges: Edges, line_px: int) -> Iterator[Edges]:
    """Short strokes along the four sides, a corner having one."""
    left, top, right, bottom = edges
    dot_px, step_px = round(DOT * line_px), round((DOT + GAP) * line_px)
    for x in range(left, right + 1, step_px):
        end = min(x + dot_px - 1, right)
        yield x, top, end, min(top + line_px - 1, bottom)
        yield x, max(bottom - line_px + 1, top), end, bottom
    for y in range(top, bottom + 1, step_px):
        end = min(y + dot_px - 1, bottom)
        yield left, y, min(left + line_px - 1, right), end
        yield max(right - line_px + 1, left), y, right, end
