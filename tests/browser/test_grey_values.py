"""The screen shows the right grey values: each pixel at 1:1 against what the standard says (PS3.3, C.11).

Through everything: upload, the real decoder, the stored array, the graphics program, the compositor.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, Page
from pydicom.filebase import DicomBytesIO
from pydicom.pixels.processing import apply_modality_lut, apply_voi_lut

from tests.browser.steps import sign_in
from tests.browser.viewing import on_screen, open_image, placed
from tests.corpus.dicom_bytes import dicom, element, item, sequence, shifted
from tests.corpus.pictures import radiograph
from tests.fixtures.installation import Installation
from tests.fixtures.script import PortalScript
from tests.needs import needs_chromium, needs_redis

pytestmark = [needs_chromium, needs_redis, pytest.mark.slow]

TWELVE: dict[str, Any] = {"_00280101": 12, "_00280102": 11}
Shades = NDArray[np.float64]


def windowed(centre: str, width: str, **changes: Any) -> dict[str, Any]:
    return {"_00281050": ("DS", centre), "_00281051": ("DS", width), **changes}


def bent_table() -> bytes:
    """A VOI LUT with a bend: the square root, 12 bits in and out."""
    values = np.rint(np.sqrt(np.arange(4096) / 4095) * 4095).astype("<u2")
    table = element(0x00283002, "US", (4096, 0, 12)) + element(0x00283006, "OW", values.tobytes())
    return sequence(0x00283010, [item(table)])


def large() -> NDArray[np.unsignedinteger]:
    """Larger than the stage, so that its edges are out of sight."""
    return radiograph(1500, 1100, bits=16)


BUILD: dict[str, Callable[[], bytes]] = {
    "monochrome2-12": partial(dicom, radiograph(bits=12), **TWELVE, **windowed("1500", "2000")),
    "monochrome1-12": partial(
        dicom, 4095 - radiograph(bits=12), **TWELVE, **windowed("2500", "2000"), _00280004="MONOCHROME1"
    ),
    "monochrome2-16": partial(dicom, radiograph(bits=16), **windowed("20000", "30000")),
    "monochrome1-16": partial(
        dicom, 65535 - radiograph(bits=16), **windowed("45000", "30000"), _00280004="MONOCHROME1"
    ),
    "high-bits-12": partial(
        dicom, shifted(radiograph(bits=12), 4), _00280101=12, _00280102=15, **windowed("900", "900")
    ),
    "rescaled-16": partial(
        dicom,
        radiograph(bits=16),
        **windowed("0", "8000"),
        _00281052=("DS", "-4000"),
        _00281053=("DS", "0.2"),
    ),
    "narrow-16": partial(dicom, radiograph(bits=16), **windowed("30000", "100")),
    "large-16": partial(dicom, large(), **windowed("20000", "30000")),
    "voi-lut-12": partial(dicom, radiograph(bits=12), extra=bent_table(), **TWELVE),
    "voi-lut-monochrome1-12": partial(
        dicom, 4095 - radiograph(bits=12), extra=bent_table(), **TWELVE, _00280004="MONOCHROME1"
    ),
}


# pydicom reads no values in the high bits, but the same ones in the low bits.
LOW_BITS = partial(dicom, radiograph(bits=12), **TWELVE, **windowed("900", "900"))


def reference(content: bytes) -> Shades:
    """0…255 as pydicom renders the file; nothing of ours takes part."""
    dataset = pydicom.dcmread(DicomBytesIO(content))
    greys = apply_modality_lut(dataset.pixel_array, dataset)
    if "VOILUTSequence" in dataset:
        shades = apply_voi_lut(greys, dataset) / 4095
    else:
        centre, width = float(dataset.WindowCenter), float(dataset.WindowWidth)
        shades = np.clip((greys - (centre - 0.5)) / (width - 1) + 0.5, 0, 1)
    return 255.0 * (1 - shades if dataset.PhotometricInterpretation == "MONOCHROME1" else shades)


@pytest.fixture(scope="module")
def case_url(shared_portal: Installation, shared_script: PortalScript) -> str:
    """One case with all the files, in the order of BUILD, and a plain PNG at the end."""
    files = {name: build() for name, build in BUILD.items()} | {"plain-8": png()}
    case_id = shared_script.upload(files)
    assert all(image["state"] == "ready" for image in shared_script.wait_for(case_id)["images"])
    return f"{shared_portal.url}/cases/{case_id}"


def png() -> bytes:
    file = io.BytesIO()
    Image.fromarray(radiograph()).save(file, "PNG")
    return file.getvalue()


def one_to_one(page: Page, portal: Installation, case_url: str, number: int) -> None:
    sign_in(page, portal, "reader")
    open_image(page, case_url, number)
    page.keyboard.press("x")


def assert_shown(page: Page, expected: Shades, ratio: int = 1) -> None:
    """Each pixel of the image on the stage within one grey level of what is expected."""
    place = placed(page)
    screen = on_screen(page, ratio).astype(float)
    assert np.ptp(screen) > 100, "nothing to see"
    off = [
        difference(screen, expected, round(place.e * ratio) + x, round(place.f * ratio) + y)
        for x in (-1, 0, 1)
        for y in (-1, 0, 1)
    ]  # the browser may move the whole stage to the next device pixel
    assert min(off) <= 1


def difference(screen: Shades, expected: Shades, left: int, top: int) -> float:
    """The largest, with the image's corner at this pixel of the stage; what lies outside is not compared."""
    rows = slice(max(0, -top), min(expected.shape[0], screen.shape[0] - top))
    columns = slice(max(0, -left), min(expected.shape[1], screen.shape[1] - left))
    shown = screen[rows.start + top : rows.stop + top, columns.start + left : columns.stop + left]
    assert shown.shape >= (60, 60)
    inner = (slice(2, -2), slice(2, -2))  # the stage's edge may be covered by its border
    return float(np.abs(shown - expected[rows, columns])[inner].max())


@pytest.mark.parametrize("name", BUILD)
def test_each_pixel_has_the_grey_value_of_the_standard(
    shared_portal: Installation, case_url: str, page: Page, name: str
) -> None:
    one_to_one(page, shared_portal, case_url, list(BUILD).index(name) + 1)
    assert_shown(page, reference(LOW_BITS() if name == "high-bits-12" else BUILD[name]()))


def test_an_eight_bit_picture_is_shown_as_it_is(
    shared_portal: Installation, case_url: str, page: Page
) -> None:
    one_to_one(page, shared_portal, case_url, len(BUILD) + 1)
    assert_shown(page, radiograph().astype(float))


@pytest.mark.parametrize(("key", "low", "high"), [("2", 0.3, 1.0), ("3", 0.0, 0.6), ("4", None, None)])
def test_presets_show_their_part_of_the_grey_values(
    shared_portal: Installation, case_url: str, page: Page, key: str, low: float | None, high: float | None
) -> None:
    one_to_one(page, shared_portal, case_url, list(BUILD).index("monochrome2-16") + 1)
    page.keyboard.press(key)
    greys = radiograph(bits=16).astype(float)
    first, width = 20000 - 0.5 - 29999 / 2, 29999
    black = greys.min() if low is None else first + low * width
    white = greys.max() if high is None else first + high * width
    assert_shown(page, 255 * np.clip((greys - black) / (white - black), 0, 1))


def test_inverting_turns_black_to_white_and_back(
    shared_portal: Installation, case_url: str, page: Page
) -> None:
    one_to_one(page, shared_portal, case_url, 1)
    page.keyboard.press("i")
    assert_shown(page, 255 - reference(BUILD["monochrome2-12"]()))
    page.keyboard.press("i")
    assert_shown(page, reference(BUILD["monochrome2-12"]()))


def test_a_screen_of_twice_the_density_shows_each_pixel_once(
    shared_portal: Installation, case_url: str, browser: Browser
) -> None:
    context = browser.new_context(viewport={"width": 1100, "height": 800}, device_scale_factor=2)
    page = context.new_page()
    one_to_one(page, shared_portal, case_url, 1)
    assert_shown(page, reference(BUILD["monochrome2-12"]()), ratio=2)
    context.close()


def test_a_turned_and_mirrored_image_keeps_its_grey_values(
    shared_portal: Installation, case_url: str, page: Page
) -> None:
    one_to_one(page, shared_portal, case_url, 1)
    page.keyboard.press("r")
    page.keyboard.press("m")
    place = placed(page)
    screen = on_screen(page).astype(float)
    expected = reference(BUILD["monochrome2-12"]())
    seen = np.zeros_like(expected)
    for row, column in np.ndindex(*expected.shape):
        x, y = place(column + 0.5, row + 0.5)
        seen[row, column] = screen[int(y), int(x)]
    assert np.abs(seen - expected).max() <= 1


def test_seen_small_an_image_keeps_its_mean(shared_portal: Installation, case_url: str, page: Page) -> None:
    """Fitted to the stage, from smaller copies made on the graphics card: nothing gets brighter or darker."""
    sign_in(page, shared_portal, "reader")
    open_image(page, case_url, list(BUILD).index("large-16") + 1)
    place = placed(page)
    screen = on_screen(page).astype(float)
    (left, top), (right, bottom) = place(0, 0), place(1500, 1100)
    shown = screen[int(top) + 2 : int(bottom) - 2, int(left) + 2 : int(right) - 2]
    assert abs(shown.mean() - reference(BUILD["large-16"]()).mean()) < 1
