"""One square diagram with both axes from 0 to 1, drawn with Pillow: judging needs no plotting library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PIL import Image, ImageDraw

SIDE_PX, MARGIN_PX = 480, 60
INK, GRID, LINE, FAINT, POINT = "#222222", "#d8d8d8", "#b3261e", "#777777", "#0b57a4"
DASH = 0.02  # of the side

Point = tuple[float, float]  # both 0..1
MOST_DOTS = 20  # a curve of more points is drawn without dots


def diagram(
    title: str,
    axes: tuple[str, str],
    curve: Sequence[Point],
    dashed: tuple[Point, Point] | None = None,
    named: Mapping[str, Point] | None = None,
    counts: Sequence[int] = (),
) -> Image.Image:
    """A curve, a dashed line to hold it against, and named points; `counts` stand beside the curve's."""
    picture, draw = _frame(title, axes)
    if dashed is not None:
        _draw_dashed(draw, *dashed)
    draw.line([_place(*point) for point in curve], LINE, width=3)
    for point in curve if len(curve) <= MOST_DOTS else ():
        _draw_dot(draw, point, LINE)
    for point, count in zip(curve, counts, strict=False):
        _draw_beside(draw, point, str(count), INK)
    for name, point in (named or {}).items():
        _draw_dot(draw, point, POINT, radius=6)
        _draw_beside(draw, point, name, POINT)
    return picture


def empty_diagram(title: str, axes: tuple[str, str], why: str) -> Image.Image:
    """The same frame with a reason in place of the curve."""
    picture, draw = _frame(title, axes)
    draw.text(_place(0.5, 0.5), why, INK, anchor="mm", font_size=16, stroke_width=4, stroke_fill="white")
    return picture


def _frame(title: str, axes: tuple[str, str]) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    picture = Image.new("RGB", (SIDE_PX + 2 * MARGIN_PX, SIDE_PX + 2 * MARGIN_PX), "white")
    draw = ImageDraw.Draw(picture)
    for step in range(11):
        share = step / 10
        draw.line([_place(share, 0), _place(share, 1)], GRID)
        draw.line([_place(0, share), _place(1, share)], GRID)
        if step % 2 == 0:
            x, y = _place(share, 0)
            draw.text((x, y + 6), f"{share:.1f}", INK, anchor="ma", font_size=13)
            x, y = _place(0, share)
            draw.text((x - 6, y), f"{share:.1f}", INK, anchor="rm", font_size=13)
    draw.rectangle([_place(0, 1), _place(1, 0)], outline=INK)
    centre = MARGIN_PX + SIDE_PX / 2
    draw.text((centre, 16), title, INK, anchor="ma", font_size=18)
    draw.text((centre, SIDE_PX + MARGIN_PX + 28), axes[0], INK, anchor="ma", font_size=15)
    draw.text((8, MARGIN_PX - 22), axes[1], INK, font_size=15)
    return picture, draw


def _draw_dashed(draw: ImageDraw.ImageDraw, start: Point, end: Point) -> None:
    dashes = round(1 / DASH)
    for dash in range(0, dashes, 2):
        ends = (
            (start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share)
            for share in (dash / dashes, (dash + 1) / dashes)
        )
        draw.line([_place(*point) for point in ends], FAINT, width=2)


def _draw_dot(draw: ImageDraw.ImageDraw, point: Point, colour: str, radius: int = 4) -> None:
    x, y = _place(*point)
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), colour)


def _draw_beside(draw: ImageDraw.ImageDraw, point: Point, text: str, colour: str) -> None:
    """Below and to the right, or where that would leave the frame on the other side."""
    x, y = _place(*point)
    across, is_low = (-10, "r") if point[0] > 0.75 else (10, "l"), point[1] < 0.1
    draw.text(
        (x + across[0], y + (-6 if is_low else 6)),
        text,
        colour,
        anchor=across[1] + ("d" if is_low else "a"),
        font_size=14,
        stroke_width=2,
        stroke_fill="white",
    )


def _place(x: float, y: float) -> tuple[float, float]:
    return MARGIN_PX + x * SIDE_PX, MARGIN_PX + (1 - y) * SIDE_PX
