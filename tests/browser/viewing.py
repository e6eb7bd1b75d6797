"""The viewer seen and handled: read its pixels from the screen, know where the image stands, drag, press."""

from __future__ import annotations

import io
import re
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.browser.steps import WITHIN_MS

WIDTH_PX, HEIGHT_PX = 900, 1200
CALIBRATED, DETECTOR, UNSPACED, WRIST = 1, 2, 3, 4
"""The images of `case_url`, by how their pixels are spaced."""
HIDE = (
    "for (const part of document.querySelectorAll('.viewer__readout, .pane__name'))"
    " part.style.visibility = 'hidden'"
)


class Placed(NamedTuple):
    """stage x = a·x + c·y + e, stage y = b·x + d·y + f; CSS px of the stage from px of the image."""

    a: float
    b: float
    c: float
    d: float
    e: float
    f: float

    def __call__(self, x: float, y: float) -> tuple[float, float]:
        return self.a * x + self.c * y + self.e, self.b * x + self.d * y + self.f


def open_image(page: Page, url: str, number: int = 1) -> None:
    """The case page with all grey values of one image drawn."""
    page.goto(f"{url}?image={number}")
    expect(pane(page, number).and_(page.locator("[data-shows=all]"))).to_be_attached(timeout=WITHIN_MS)


def placed(page: Page, number: int | None = None) -> Placed:
    """Where the image stands, once what was asked for is drawn; `number` says which, of several."""
    settle(page)
    transform = pane(page, number).locator(".viewer__image").evaluate("picture => picture.style.transform")
    return Placed(*(float(part) for part in transform.removeprefix("matrix(").removesuffix(")").split(",")))


def pane(page: Page, number: int | None = None) -> Locator:
    """The place of one image; the active one where no number is given."""
    return page.locator(".pane[data-active]" if number is None else f".pane[data-image='{number}']")


def numbers(page: Page) -> list[int]:
    """Which images stand side by side."""
    return [int(found.get_attribute("data-image") or 0) for found in page.locator(".pane").all()]


def settle(page: Page) -> None:
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def on_screen(page: Page, ratio: int = 1, number: int | None = None) -> NDArray[np.uint8]:
    """The stage as the screen shows it, without marks and words: (rows, columns) of device pixels."""
    page.evaluate(HIDE)
    settle(page)
    box = pane(page, number).locator(".viewer__stage").bounding_box()
    assert box is not None
    left, top = int(box["x"] * ratio + 0.5), int(box["y"] * ratio + 0.5)
    width, height = int(box["width"] * ratio), int(box["height"] * ratio)
    window = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    colours = np.asarray(window)[top : top + height, left : left + width]
    assert np.ptp(colours[2:-2, 2:-2], axis=2).max() == 0, "the screen shows colours"
    return colours[:, :, 0]


def readout(page: Page, number: int | None = None) -> str:
    """As "W 4096 L 2048 · 100 %"."""
    settle(page)
    return " ".join(pane(page, number).locator(".viewer__readout--window").inner_text().split())


def at(page: Page, x: float, y: float, number: int | None = None) -> tuple[float, float]:
    """A stage point as the mouse counts it."""
    box = pane(page, number).locator(".viewer__stage").bounding_box()
    assert box is not None
    return box["x"] + x, box["y"] + y


def drag(page: Page, start: tuple[float, float], way: tuple[float, float], button: str = "left") -> None:
    x, y = at(page, *start)
    page.mouse.move(x, y)
    page.mouse.down(button=button)  # type: ignore[arg-type]
    page.mouse.move(x + way[0] / 2, y + way[1] / 2)
    page.mouse.move(x + way[0], y + way[1])
    page.mouse.up(button=button)  # type: ignore[arg-type]


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def window_of(page: Page, number: int | None = None) -> tuple[int, int]:
    """Width and level, as the readout names them."""
    found = re.match(r"W (\d+) L (\d+)", readout(page, number))
    assert found, readout(page, number)
    return int(found.group(1)), int(found.group(2))
