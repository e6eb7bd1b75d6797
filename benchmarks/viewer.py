"""The viewer in headless Chromium: how soon large images are seen, how smoothly they are windowed and moved.

python -m benchmarks.viewer [--runs 5] [--width 3000] [--height 2500]

Chromium draws WebGL without a graphics card here (SwiftShader, on the processor): a desk with one is faster.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from playwright.sync_api import Page

from benchmarks.stage import PASSWORD, portal
from tests.browser.viewing import at, settle
from tests.corpus.dicom_bytes import dicom
from tests.corpus.pictures import radiograph
from tests.services.chromium import chromium_browser
from worker.vision.tiny import write_tiny_release

WINDOW: dict[str, Any] = {"_00281050": ("DS", "30000"), "_00281051": ("DS", "40000")}
FRAMES_FOR_MS = 3000
LEFT, RIGHT = 0, 2
"""Buttons of the mouse, as the browser counts them: the left moves, the right windows."""

# Times are ms since the click; `performance.now()` starts with the navigation that it caused.
WATCH = """
window.seen = {};
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.seen[entry.name || entry.entryType] ??= entry.startTime;
}).observe({ type: 'paint', buffered: true });
document.addEventListener('load', (event) => {
  if (event.target.matches?.('.viewer__image')) window.seen.preview ??= performance.now();
}, true);
new MutationObserver(() => {
  if (document.querySelector('.viewer [role=application]')) window.seen.answers ??= performance.now();
  const all = document.querySelectorAll('.pane[data-shows=all]').length;
  if (all) window.seen.all ??= performance.now();
  if (all === 2) window.seen.both ??= performance.now();
}).observe(document, { subtree: true, childList: true, attributes: true });
"""

# One change for each picture of the screen; a long frame shows as a low rate.
SPIN = """([button, forMs]) => new Promise((done) => {
  const stage = document.querySelector('.viewer__stage');
  const box = stage.getBoundingClientRect();
  const send = (kind, x) => stage.dispatchEvent(new PointerEvent(kind, {
    pointerId: 1, button, clientX: box.x + x, clientY: box.y + 200, bubbles: true }));
  stage.setPointerCapture = () => {};
  const times = [];
  send('pointerdown', 300);
  const step = (now) => {
    times.push(now);
    send('pointermove', 300 + 200 * Math.sin(now / 150));
    if (now - times[0] < forMs) return requestAnimationFrame(step);
    send('pointerup', 300);
    done(times);
  };
  requestAnimationFrame(step);
})"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--width", type=int, default=3000)
    parser.add_argument("--height", type=int, default=2500)
    options = parser.parse_args()
    pixels = radiograph(options.width, options.height, bits=16)
    files = {"one.dcm": dicom(pixels, **WINDOW), "two.dcm": dicom(np.fliplr(pixels), **WINDOW)}
    with tempfile.TemporaryDirectory() as folder, chromium_browser() as browser:
        release = write_tiny_release(Path(folder) / "tiny")
        with portal(release) as (installation, script):
            case_id = script.upload(files)
            script.wait_for(case_id)
            visits = []
            for _ in range(options.runs):
                page = browser.new_page(viewport={"width": 1280, "height": 900})
                visits.append(visit(page, installation.url, case_id))
                page.close()
    print(f"{options.width} × {options.height}, 16 bit, {options.runs} visits, none cached; medians")
    for name in visits[0]:
        print(f"{name:44} {median(visit[name] for visit in visits):10.1f}")
    print(json.dumps(visits))


def visit(page: Page, url: str, case_id: str) -> dict[str, float]:
    """From the click on a case in the list to a windowed image; a browser that knows nothing yet."""
    sign_in(page, url)
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.clearBrowserCache")
    sizes: list[float] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.add_init_script(WATCH)
    page.locator(f"a[href='/cases/{case_id}']").first.click()
    page.wait_for_function("() => window.seen?.all")
    settle(page)
    seen = page.evaluate("() => window.seen")
    transferred = sum(sizes)
    alone = frames_per_second(page, RIGHT)
    return {
        "first paint, ms": seen["first-paint"],
        "preview there, ms": seen["preview"],
        "first interaction (zoom, move), ms": seen["answers"],
        "all grey values drawn, ms": seen["all"],
        "answer to the first window drag, ms": answer_ms(page),
        "frames per second while windowing": alone,
        "transferred, MiB": transferred / 1024 / 1024,
    } | side_by_side(page)


def side_by_side(page: Page) -> dict[str, float]:
    """The second image opened beside the first by key, then both in the hand."""
    pressed = page.evaluate("() => performance.now()")
    page.keyboard.press("d")
    page.wait_for_function("() => window.seen.both")
    settle(page)
    windowed = frames_per_second(page, RIGHT)
    page.keyboard.press("x")
    return {
        "two: all grey values of the second drawn, ms": page.evaluate("() => window.seen.both") - pressed,
        "two: frames per second while windowing one": windowed,
        "two: frames per second while moving both": frames_per_second(page, LEFT),
    }


def sign_in(page: Page, url: str) -> None:
    page.goto(f"{url}/login")
    page.get_by_label("User name").fill("script")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{url}/")


def answer_ms(page: Page) -> float:
    """From a movement of the mouse to the picture that shows it."""
    x, y = at(page, 300, 200)
    page.mouse.move(x, y)
    page.mouse.down(button="right")
    page.evaluate(
        "() => { const stage = document.querySelector('.viewer__stage');"
        " window.answered = new Promise((done) => stage.addEventListener('pointermove', (event) =>"
        " requestAnimationFrame(() => setTimeout(() => done(performance.now() - event.timeStamp))),"
        " { once: true })) }"
    )
    page.mouse.move(x + 30, y)
    took = float(page.evaluate("() => window.answered"))
    page.mouse.up(button="right")
    return took


def frames_per_second(page: Page, button: int) -> float:
    times = np.array(page.evaluate(SPIN, [button, FRAMES_FOR_MS]))
    return float(1000 / np.diff(times).mean())


if __name__ == "__main__":
    main()
