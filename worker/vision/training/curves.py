"""Learning curves of a run as a picture, drawn with Pillow like the diagrams of an evaluation."""

from __future__ import annotations

import csv
import math
from pathlib import Path

from PIL import Image, ImageDraw

from worker.vision.evaluation.diagram import GRID, INK, LINE
from worker.vision.training.checkpoint import METRICS_FILE

CURVES_FILE = "curves.png"
WIDTH_PX, HEIGHT_PX, MARGIN_PX = 560, 260, 64
NOT_DRAWN = ("epoch", "seconds")

Point = tuple[float, float]  # epoch, value


def write_curves(folder: Path) -> None:
    """Draw every measure of the run's metrics over the epochs, one below the other."""
    with (folder / METRICS_FILE).open(newline="", encoding="utf-8") as stream:
        lines = list(csv.DictReader(stream))
    names = [name for name in lines[0] if name not in NOT_DRAWN]
    step = HEIGHT_PX + MARGIN_PX
    picture = Image.new("RGB", (WIDTH_PX + 2 * MARGIN_PX, len(names) * step + MARGIN_PX), "white")
    for number, name in enumerate(names):
        points = [(float(line["epoch"]), float(line[name])) for line in lines]
        known = [point for point in points if math.isfinite(point[1])]
        _draw(ImageDraw.Draw(picture), number * step + MARGIN_PX, name.replace("_", " "), known, len(lines))
    picture.save(folder / CURVES_FILE)


def _draw(draw: ImageDraw.ImageDraw, top: int, title: str, points: list[Point], epochs: int) -> None:
    draw.text((MARGIN_PX, top - 8), title, INK, anchor="ld", font_size=16)
    draw.rectangle((MARGIN_PX, top, MARGIN_PX + WIDTH_PX, top + HEIGHT_PX), outline=GRID)
    if not points:
        return
    values = [value for _, value in points]
    low, high = min(values), max(values)
    places = [_place(epoch, value, epochs, low, high, top) for epoch, value in points]
    draw.text((MARGIN_PX - 6, top + HEIGHT_PX), f"{low:.3g}", INK, anchor="rs")
    draw.text((MARGIN_PX - 6, top), f"{high:.3g}", INK, anchor="rt")
    draw.text((MARGIN_PX, top + HEIGHT_PX + 6), "epoch 1", INK, anchor="lt")
    draw.text((MARGIN_PX + WIDTH_PX, top + HEIGHT_PX + 6), f"{epochs}", INK, anchor="rt")
    draw.line(places, LINE, width=3)
    for x, y in places:
        draw.ellipse((x - 4, y - 4, x + 4, y + 4), LINE)


def _place(epoch: float, value: float, epochs: int, low: float, high: float, top: int) -> tuple[float, float]:
    across = (epoch - 1) / max(epochs - 1, 1)
    up = (value - low) / (high - low) if high > low else 0.5
    return MARGIN_PX + across * WIDTH_PX, top + (1 - up) * HEIGHT_PX
