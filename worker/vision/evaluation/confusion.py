"""How many fractured and sound images got each verdict, counted and drawn."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageColor, ImageDraw

from worker.vision.evaluation.diagram import INK, LINE
from worker.vision.evaluation.outcome import Outcome
from worker.vision.verdicts import DOUBT, FRACTURE, NO_FRACTURE

Confusion = dict[str, dict[str, int]]  # fractured or sound, then verdict

CELL_PX, LEFT_PX, TOP_PX, BELOW_PX, RIGHT_PX = 150, 110, 100, 40, 24


def confusion(outcomes: Sequence[Outcome]) -> Confusion:
    return {
        truth: {
            verdict: sum(o.verdict == verdict and o.row.is_fractured is is_fractured for o in outcomes)
            for verdict in (NO_FRACTURE, DOUBT, FRACTURE)
        }
        for truth, is_fractured in (("fractured", True), ("sound", False))
    }


def confusion_picture(counts: Confusion) -> Image.Image:
    """Truth by rows, verdicts by columns; the darker a cell, the larger its share of the row."""
    verdicts = list(counts["sound"])
    width, height = len(verdicts) * CELL_PX, len(counts) * CELL_PX
    picture = Image.new("RGB", (LEFT_PX + width + RIGHT_PX, TOP_PX + height + BELOW_PX), "white")
    draw = ImageDraw.Draw(picture)
    draw.text((LEFT_PX + width / 2, 20), "Truth and verdict", INK, anchor="ma", font_size=18)
    for column, verdict in enumerate(verdicts):
        draw.text((_middle(LEFT_PX, column), TOP_PX - 14), verdict, INK, anchor="ms", font_size=16)
    for line, (truth, of_truth) in enumerate(counts.items()):
        draw.text((LEFT_PX - 12, _middle(TOP_PX, line)), truth, INK, anchor="rm", font_size=16)
        images = sum(of_truth.values())
        for column, count in enumerate(of_truth.values()):
            _draw_cell(draw, column, line, count, images)
    draw.text(
        (LEFT_PX + width / 2, TOP_PX + height + 12),
        "images, and their share of the row",
        INK,
        anchor="ma",
        font_size=14,
    )
    return picture


def _draw_cell(draw: ImageDraw.ImageDraw, column: int, line: int, count: int, images: int) -> None:
    share = count / images if images else 0.0
    left, top = LEFT_PX + column * CELL_PX, TOP_PX + line * CELL_PX
    draw.rectangle((left, top, left + CELL_PX, top + CELL_PX), _shade(share), outline=INK)
    x, y = _middle(LEFT_PX, column), _middle(TOP_PX, line)
    ink = "white" if share > 0.6 else INK
    draw.text((x, y - 12), str(count), ink, anchor="mm", font_size=28)
    draw.text((x, y + 22), f"{share:.1%}" if images else "none", ink, anchor="mm", font_size=15)


def _shade(share: float) -> tuple[int, int, int]:
    """From white to the colour of our curves."""
    red, green, blue = ImageColor.getrgb(LINE)[:3]
    return (
        round(255 - share * (255 - red)),
        round(255 - share * (255 - green)),
        round(255 - share * (255 - blue)),
    )


def _middle(start: int, place: int) -> float:
    return start + (place + 0.5) * CELL_PX
