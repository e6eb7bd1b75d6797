"""The worst errors of a release as one picture, to be looked at before its figures are believed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw

from worker.vision.evaluation.outcome import Outcome
from worker.vision.manifest import BoxPx
from worker.vision.verdicts import FRACTURE, NO_FRACTURE

MOST_TILES, COLUMNS = 12, 4
TILE_PX, CAPTION_PX, GAP_PX = 280, 40, 8
CAPTION_LETTERS = 40
GROUND, INK = "#101418", "#e9eef4"
MARKED, FOUND = "#5fd38d", "#ff9084"  # by radiologists; by the release


@dataclass(frozen=True)
class Tile:
    """A windowed grey picture of the size that the outcome's boxes refer to."""

    picture: Image.Image
    outcome: Outcome


def worst_misses(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Fractured images not called fracture, the least probable first."""
    missed = [outcome for outcome in outcomes if outcome.row.is_fractured and outcome.verdict != FRACTURE]
    return sorted(missed, key=lambda outcome: outcome.probability)[:MOST_TILES]


def worst_false_alarms(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Sound images called doubt or fracture, the most probable first."""
    alarms = [
        outcome for outcome in outcomes if not outcome.row.is_fractured and outcome.verdict != NO_FRACTURE
    ]
    return sorted(alarms, key=lambda outcome: -outcome.probability)[:MOST_TILES]


def contact_sheet(tiles: Sequence[Tile]) -> Image.Image:
    """The tiles in rows of COLUMNS at most, each with name, probability, verdict, marked and found boxes."""
    columns, rows = min(len(tiles), COLUMNS), -(-len(tiles) // COLUMNS)
    step_x, step_y = TILE_PX + GAP_PX, TILE_PX + CAPTION_PX + GAP_PX
    sheet = Image.new("RGB", (max(columns, 1) * step_x + GAP_PX, max(rows, 1) * step_y + GAP_PX), GROUND)
    for number, tile in enumerate(tiles):
        left, top = GAP_PX + number % COLUMNS * step_x, GAP_PX + number // COLUMNS * step_y
        picture = _drawn(tile)
        sheet.paste(picture, (left + (TILE_PX - picture.width) // 2, top + (TILE_PX - picture.height) // 2))
        outcome = tile.outcome
        draw = ImageDraw.Draw(sheet)
        draw.text((left, top + TILE_PX + 3), caption_of(outcome.row.name), INK, font_size=12)
        draw.text(
            (left, top + TILE_PX + 20), f"{outcome.probability:.3f}  {outcome.verdict}", INK, font_size=13
        )
    return sheet


def caption_of(name: str) -> str:
    """The file's name without its folders; of a long one both ends, since either may tell it apart."""
    file_name = Path(name).name
    if len(file_name) <= CAPTION_LETTERS:
        return file_name
    half = CAPTION_LETTERS // 2
    return f"{file_name[: half - 3]}...{file_name[-half:]}"


def _drawn(tile: Tile) -> Image.Image:
    picture = tile.picture.convert("RGB")
    scale = TILE_PX / max(picture.size)
    picture = picture.resize((max(1, round(picture.width * scale)), max(1, round(picture.height * scale))))
    draw = ImageDraw.Draw(picture)
    for box in tile.outcome.boxes:
        draw.rectangle(_edges(box.px, scale), outline=FOUND, width=2)
    for marked in tile.outcome.row.boxes:
        draw.rectangle(_edges(marked, scale), outline=MARKED, width=2)
    return picture


def _edges(box: BoxPx, scale: float) -> tuple[float, float, float, float]:
    x, y, width, height = (value * scale for value in box)
    return x, y, x + max(width, 1), y + max(height, 1)
