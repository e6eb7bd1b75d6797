"""Looking at the viewer: open an image, read its pixels back from the screen, know where it stands."""

from __future__ import annotations

import io
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.steps import WITHIN_MS

HIDE = "for (const part of document.querySelectorAll('.viewer__readout')) part.style.visibility = 'hidden'"


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
    expect(page.locator("[data-shows=all]")).to_be_attached(timeout=WITHIN_MS)


def placed(page: Page) -> Placed:
    """Where the image stands, once what was asked for is drawn."""
    settle(page)
    transform = page.locator(".viewer__image").evaluate("picture => picture.style.transform")
    return Placed(*(float(part) for part in transform.removeprefix("matrix(").removesuffix(")").split(",")))


def settle(page: Page) -> None:
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def on_screen(page: Page, ratio: int = 1) -> NDArray[np.uint8]:
    """The stage as the screen shows it, without marks and words: (rows, columns) of device pixels."""
    page.evaluate(HIDE)
    settle(page)
    box = page.locator(".viewer__stage").bounding_box()
    assert box is not None
    left, top = int(box["x"] * ratio + 0.5), int(box["y"] * ratio + 0.5)
    width, height = int(box["width"] * ratio), int(box["height"] * ratio)
    window = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    colours = np.asarray(window)[top : top + height, left : left + width]
    assert np.ptp(colours[2:-2, 2:-2], axis=2).max() == 0, "the screen shows colours"
    return colours[:, :, 0]


def readout(page: Page) -> str:
    """As "W 4096 L 2048 · 100 %"."""
    settle(page)
    return " ".join(page.locator(".viewer__readout--window").inner_text().split())


def at(page: Page, x: float, y: float) -> tuple[float, float]:
    """A stage point as the mouse counts it."""
    box = page.locator(".viewer__stage").bounding_box()
    assert box is not None
    return box["x"] + x, box["y"] + y
