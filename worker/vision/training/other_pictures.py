"""Pictures that are no radiographs of a limb, drawn at random: what nobody collects but someone will upload.

They are negatives for the scope check, beside collected ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Grey = NDArray[np.uint8]  # (rows, columns)
SIDES_PX = (200, 500)
LETTERS = np.array(list("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,:%()-"))


def drawn(kind: str, radiographs: Sequence[Grey], random: np.random.Generator) -> Grey:
    """One picture of a kind of `KINDS`; those made of radiographs take them from `radiographs`."""
    return KINDS[kind](radiographs, random)


def _page(_: Sequence[Grey], random: np.random.Generator) -> Grey:
    """One grey, or nearly: an empty page, a lens cap, an unexposed plate."""
    level = random.choice((0.0, 1.0, random.random()))
    return _to_grey(level + random.normal(0, random.choice((0, 0.003, 0.02)), _size(random)))


def _gradient(_: Sequence[Grey], random: np.random.Generator) -> Grey:
    y, x = _grid(random)
    if random.random() < 0.5:
        slope = x * random.normal() + y * random.normal()
    else:
        slope = np.hypot(x - random.uniform(-1, 1), y - random.uniform(-1, 1))
    return _to_grey(_spread(slope) + random.normal(0, random.uniform(0, 0.03), x.shape))


def _noise(_: Sequence[Grey], random: np.random.Generator) -> Grey:
    """From white noise to clouds, by the exponent of its spectrum."""
    rows, columns = _size(random)
    frequency = np.hypot(np.fft.fftfreq(rows)[:, None], np.fft.rfftfreq(columns)[None])
    frequency[0, 0] = 1
    spectrum = np.fft.rfft2(random.normal(size=(rows, columns))) / frequency ** random.uniform(0, 2)
    return _to_grey(_spread(np.fft.irfft2(spectrum, s=(rows, columns))))


def _pattern(_: Sequence[Grey], random: np.random.Generator) -> Grey:
    """Stripes, checks, rings."""
    y, x = _grid(random)
    turn, many = random.uniform(0, np.pi), random.uniform(4, 60)
    wave = np.sin(many * (x * np.cos(turn) + y * np.sin(turn)))
    kind = random.integers(3)
    if kind == 1:
        wave = wave * np.sin(many * (y * np.cos(turn) - x * np.sin(turn)))
    elif kind == 2:
        wave = np.sin(many * np.hypot(x - random.uniform(-1, 1), y))
    return _to_grey(_spread(np.sign(wave) if random.random() < 0.5 else wave))


def _text(_: Sequence[Grey], random: np.random.Generator) -> Grey:
    """A page or a screen of text, in one to three columns, sometimes with a table's lines."""
    rows, columns = _size(random)
    paper, ink = (255, 0) if random.random() < 0.75 else (int(random.integers(40)), 230)
    page = Image.new("L", (columns, rows), paper)
    draw = ImageDraw.Draw(page)
    height_px = int(random.integers(9, 28))
    font = ImageFont.load_default(height_px)
    for y in range(height_px, rows - height_px, round(height_px * random.uniform(1.2, 1.9))):
        draw.text((int(random.integers(5, 30)), y), _words(columns // height_px * 2, random), ink, font)
        if random.random() < 0.1:
            draw.line((10, y, columns - 10, y), ink)
    return np.asarray(page)


def _shapes(_: Sequence[Grey], random: np.random.Generator) -> Grey:
    """Ellipses, boxes and lines over each other, as in drawings and charts."""
    rows, columns = _size(random)
    page = Image.new("L", (columns, rows), int(random.integers(256)))
    draw = ImageDraw.Draw(page)
    for _shape in range(random.integers(3, 30)):
        left, right = sorted(random.integers(-40, columns + 40, 2).tolist())
        top, bottom = sorted(random.integers(-40, rows + 40, 2).tolist())
        paint = (draw.ellipse, draw.rectangle, draw.line)[random.integers(3)]
        paint((left, top, right, bottom), fill=int(random.integers(256)))
    return np.asarray(page)


def _slice(_: Sequence[Grey], random: np.random.Generator) -> Grey:
    """A bright oval on black with ovals in it, as a section through head or trunk."""
    y, x = _grid(random)
    slice_ = np.zeros_like(x)
    for number in range(random.integers(4, 14)):
        reach = 0.85 if number == 0 else random.uniform(0.05, 0.4)
        middle_x, middle_y = (0.0, 0.0) if number == 0 else random.uniform(-0.5, 0.5, 2)
        radius = np.hypot(
            (x - middle_x) / random.uniform(0.7, 1.1), (y - middle_y) / random.uniform(0.7, 1.1)
        )
        inside = radius < reach
        slice_[inside] = random.uniform(0.1, 1)
        if random.random() < 0.4:
            slice_[inside & (radius > reach * 0.9)] = 1
    blurred = Image.fromarray(_to_grey(slice_)).resize((64, 64), Image.Resampling.BOX)
    return np.asarray(blurred.resize((256, 256), Image.Resampling.BICUBIC))


def _trunk(_: Sequence[Grey], random: np.random.Generator) -> Grey:
    """A spine between two dark or bright sides, crossed by ribs: a trunk, as a child would draw its X-ray."""
    y, x = _grid(random)
    body = np.clip(1.3 - np.hypot(x * random.uniform(0.8, 1.1), y * random.uniform(0.3, 0.8)), 0, 1) ** 0.4
    sides = np.exp(-(((np.abs(x) - 0.45) / 0.28) ** 4 + ((y + random.uniform(-0.2, 0.3)) / 0.75) ** 4))
    spine = np.exp(-((x / random.uniform(0.08, 0.18)) ** 4)) * (
        0.75 + 0.25 * np.sin(random.uniform(25, 45) * y)
    )
    ribs = np.sin(random.uniform(18, 32) * (y + random.uniform(0.3, 0.8) * np.abs(x) ** 1.5)) > 0.5
    trunk = 0.45 * body - random.uniform(-0.2, 0.4) * sides + random.uniform(0.2, 0.5) * spine
    trunk = trunk + random.uniform(0, 0.18) * ribs * (np.abs(x) < 0.9)
    return _to_grey(_spread(trunk) + random.normal(0, 0.02, x.shape))


def _shuffled(radiographs: Sequence[Grey], random: np.random.Generator) -> Grey:
    """A radiograph cut into tiles that are laid anew."""
    tiles, many = _tiles(_one_of(radiographs, random), random)
    order = random.permutation(len(tiles))
    return _laid([tiles[index] for index in order], many)


def _patchwork(radiographs: Sequence[Grey], random: np.random.Generator) -> Grey:
    """Tiles of several radiographs side by side."""
    many = int(random.integers(3, 7))
    chosen = [_one_of(radiographs, random) for _ in range(4)]
    tiles = []
    for _tile in range(many * many):
        whole = chosen[random.integers(4)]
        side = max(8, min(whole.shape) // 3)
        top, left = (int(random.integers(0, length - side + 1)) for length in whole.shape)
        tile = Image.fromarray(whole[top : top + side, left : left + side])
        tiles.append(np.asarray(tile.resize((64, 64), Image.Resampling.BILINEAR)))
    return _laid(tiles, many)


def _inverted(radiographs: Sequence[Grey], random: np.random.Generator) -> Grey:
    """Bone dark: the network was never shown that, and would answer all the same."""
    inverted: Grey = 255 - _one_of(radiographs, random)
    return inverted


KINDS: dict[str, Callable[[Sequence[Grey], np.random.Generator], Grey]] = {
    "page": _page,
    "gradient": _gradient,
    "noise": _noise,
    "pattern": _pattern,
    "text": _text,
    "shapes": _shapes,
    "slice": _slice,
    "trunk": _trunk,
    "shuffled": _shuffled,
    "patchwork": _patchwork,
    "inverted": _inverted,
}


def _size(random: np.random.Generator) -> tuple[int, int]:
    rows, columns = random.integers(*SIDES_PX, size=2).tolist()
    return rows, columns


def _grid(random: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Row and column positions, -1..1."""
    rows, columns = _size(random)
    y, x = np.meshgrid(np.linspace(-1, 1, rows), np.linspace(-1, 1, columns), indexing="ij")
    return y, x


def _spread(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return (values - values.min()) / max(float(np.ptp(values)), 1e-9)


def _to_grey(shares: NDArray[np.float64]) -> Grey:
    return np.rint(np.clip(shares, 0, 1) * 255).astype(np.uint8)


def _words(length: int, random: np.random.Generator) -> str:
    words = [
        "".join(random.choice(LETTERS, random.integers(1, 12)).tolist()) for _ in range(max(1, length // 6))
    ]
    return " ".join(words)


def _one_of(pictures: Sequence[Grey], random: np.random.Generator) -> Grey:
    return pictures[int(random.integers(len(pictures)))]


def _tiles(picture: Grey, random: np.random.Generator) -> tuple[list[Grey], int]:
    many = int(random.integers(3, 9))
    rows, columns = (max(1, length // many) for length in picture.shape)
    cut = [
        picture[row * rows : (row + 1) * rows, column * columns : (column + 1) * columns]
        for row in range(many)
        for column in range(many)
    ]
    return cut, many


def _laid(tiles: Sequence[Grey], many: int) -> Grey:
    """many x many tiles of one size, row by row."""
    lines = [np.hstack(tiles[start : start + many]) for start in range(0, many * many, many)]
    return np.vstack(lines)
