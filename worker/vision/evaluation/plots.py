"""Three small diagrams, drawn with Pillow so that judging a release needs no plotting library."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw

from worker.vision.evaluation import metrics
from worker.vision.evaluation.metrics import Labels, Scores

SIDE_PX, MARGIN_PX = 480, 60
INK, GRID, LINE = "#222222", "#d8d8d8", "#b3261e"

Points = Sequence[tuple[float, float]]  # both axes 0..1


def write_plots(folder: Path, labels: Labels, probabilities: Scores) -> list[Path]:
    """ROC, precision-recall and reliability as PNG files."""
    precision, recall = metrics.precision_recall(labels, probabilities)
    false_rate, true_rate = metrics.roc(labels, probabilities)
    bins = metrics.reliability(labels, probabilities)
    auroc = metrics.auroc(labels, probabilities)
    ap = metrics.average_precision(labels, probabilities)
    error = metrics.calibration_error(labels, probabilities)
    drawn = {
        "roc.png": _diagram(
            f"ROC, area {auroc:.3f}",
            ("1 - specificity", "sensitivity"),
            list(zip(false_rate.tolist(), true_rate.tolist(), strict=True)),
        ),
        "precision_recall.png": _diagram(
            f"Precision and recall, area {ap:.3f}",
            ("recall", "precision"),
            list(zip(recall.tolist(), precision.tolist(), strict=True)),
        ),
        "reliability.png": _diagram(
            f"Reliability, calibration error {error:.3f}",
            ("mean probability", "share fractured"),
            [(said, true) for said, true, _ in bins],
        ),
    }
    for name, picture in drawn.items():
        picture.save(folder / name)
    return [folder / name for name in drawn]


def _diagram(title: str, axes: tuple[str, str], points: Points) -> Image.Image:
    picture = Image.new("RGB", (SIDE_PX + 2 * MARGIN_PX, SIDE_PX + 2 * MARGIN_PX), "white")
    draw = ImageDraw.Draw(picture)
    for step in range(11):
        share = step / 10
        draw.line([_place(share, 0), _place(share, 1)], GRID)
        draw.line([_place(0, share), _place(1, share)], GRID)
        if step % 2 == 0:
            x, y = _place(share, 0)
            draw.text((x, y + 6), f"{share:.1f}", INK, anchor="ma")
            x, y = _place(0, share)
            draw.text((x - 6, y), f"{share:.1f}", INK, anchor="rm")
    draw.rectangle([_place(0, 1), _place(1, 0)], outline=INK)
    draw.line([_place(*point) for point in points], LINE, width=3)
    for point in points if len(points) <= 20 else ():
        x, y = _place(*point)
        draw.ellipse((x - 4, y - 4, x + 4, y + 4), LINE)
    centre = MARGIN_PX + SIDE_PX / 2
    draw.text((centre, 20), title, INK, anchor="ma", font_size=18)
    draw.text((centre, SIDE_PX + MARGIN_PX + 28), axes[0], INK, anchor="ma", font_size=14)
    draw.text((8, MARGIN_PX - 24), axes[1], INK, font_size=14)
    return picture


def _place(x: float, y: float) -> tuple[float, float]:
    return MARGIN_PX + x * SIDE_PX, MARGIN_PX + (1 - y) * SIDE_PX
