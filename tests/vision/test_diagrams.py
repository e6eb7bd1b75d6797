"""The pictures of a report."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageColor

from worker.vision.evaluation.confusion import CELL_PX, LEFT_PX, TOP_PX, confusion, confusion_picture
from worker.vision.evaluation.contact_sheet import CAPTION_LETTERS, caption_of
from worker.vision.evaluation.diagram import FAINT, LINE, MARGIN_PX, POINT, SIDE_PX
from worker.vision.evaluation.outcome import Outcome
from worker.vision.evaluation.plots import write_plots
from worker.vision.manifest import Row

CALLED = [  # probability, verdict, fractured
    *[(0.9, "fracture", True)] * 6,
    *[(0.5, "doubt", True)] * 2,
    *[(0.1, "no fracture", True)] * 2,
    *[(0.9, "fracture", False)] * 2,
    *[(0.5, "doubt", False)] * 3,
    *[(0.1, "no fracture", False)] * 5,
]


def outcomes(called: list[tuple[float, str, bool]] = CALLED) -> list[Outcome]:
    return [
        Outcome(
            Row(Path(f"{n}.png"), f"{n}.png", is_fractured, "hand", (), f"g{n}", None), score, verdict, None
        )
        for n, (score, verdict, is_fractured) in enumerate(called)
    ]


def has(picture: Image.Image, x: float, y: float, colour: str, within_px: int = 4) -> bool:
    """Whether the colour is at a place of a diagram's plane, or as near as a dash is long."""
    column, row = round(MARGIN_PX + x * SIDE_PX), round(MARGIN_PX + (1 - y) * SIDE_PX)
    pixels = np.asarray(picture.convert("RGB"))
    near = pixels[row - within_px : row + within_px + 1, column - within_px : column + within_px + 1]
    return bool((near == ImageColor.getrgb(colour)).all(axis=2).any())


def test_roc_shows_chance_and_both_operating_points(tmp_path: Path) -> None:
    write_plots(tmp_path, outcomes())
    with Image.open(tmp_path / "roc.png") as roc:
        assert has(roc, 0.7, 0.7, FAINT, within_px=12)
        assert has(roc, 0.2, 0.6, POINT)  # rule-in: two of ten sound called, six of ten fractured found
        assert has(roc, 0.5, 0.8, POINT)  # rule-out
        assert not has(roc, 0.8, 0.2, POINT)


def test_precision_shows_the_prevalence_and_the_rule_in_point(tmp_path: Path) -> None:
    write_plots(tmp_path, outcomes())
    with Image.open(tmp_path / "precision_recall.png") as curve:
        assert has(curve, 0.1, 0.5, FAINT, within_px=12)
        assert has(curve, 0.6, 0.75, POINT)


def test_reliability_shows_the_diagonal_and_before_calibration_where_that_is_known(tmp_path: Path) -> None:
    write_plots(tmp_path, outcomes())
    assert not (tmp_path / "reliability_before_calibration.png").exists()
    write_plots(tmp_path, outcomes(), np.full(len(CALLED), 0.3))
    with Image.open(tmp_path / "reliability_before_calibration.png") as before:
        assert has(before, 0.7, 0.7, FAINT, within_px=12)
        assert has(before, 0.3, 0.5, LINE)
    with Image.open(tmp_path / "reliability.png") as after:
        assert has(after, 0.9, 0.75, LINE)


def test_curves_without_fractured_images_say_so_and_draw_nothing(tmp_path: Path) -> None:
    write_plots(tmp_path, [outcome for outcome in outcomes() if not outcome.row.is_fractured])
    for name in ("roc", "precision_recall"):
        with Image.open(tmp_path / f"{name}.png") as drawn:
            colours = {colour for _, colour in drawn.convert("RGB").getcolors(1 << 16) or ()}
        assert ImageColor.getrgb("#222222") in colours
        assert not colours & {ImageColor.getrgb(colour) for colour in (LINE, POINT)}


def test_confusion_cells_are_darker_the_larger_their_share_of_the_row() -> None:
    counts = confusion(outcomes())
    assert counts == {
        "fractured": {"no fracture": 2, "doubt": 2, "fracture": 6},
        "sound": {"no fracture": 5, "doubt": 3, "fracture": 2},
    }
    light = np.asarray(confusion_picture(counts).convert("L"))
    corner = [
        [int(light[TOP_PX + line * CELL_PX + 8, LEFT_PX + column * CELL_PX + 8]) for column in range(3)]
        for line in range(2)
    ]
    assert corner[0][2] < corner[1][0] < corner[1][1] < corner[1][2] == corner[0][0]


def test_caption_names_the_file_and_keeps_both_ends_of_a_long_name() -> None:
    assert caption_of("/a/very/long/way/to/the/images/IMG0000006.jpg") == "IMG0000006.jpg"
    shortened = caption_of("/x/" + "1.2.840." * 10 + "77.dcm")
    assert len(shortened) <= CAPTION_LETTERS
    assert (shortened[:8], shortened[-6:]) == ("1.2.840.", "77.dcm")
