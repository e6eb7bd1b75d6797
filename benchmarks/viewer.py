"""The viewer in headless Chromium: how soon a large image is seen, how smoothly it is windowed.

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
  const figure = document.querySelector('.viewer');
  if (figure?.querySelector('[role=application]')) window.seen.answers ??= performance.now();
  if (figure?.dataset.shows === 'all') window.seen.all ??= performance.now();
}).observe(document, { subtree: true, childList: true, attributes: true });
"""

# One change of the window for each picture of the screen; a long frame shows as a low rate.
SPIN = """(forMs) => new Promise((done) => {
  const stage = document.querySelector('.viewer__stage');
  const box = stage.getBoundingClientRect();
  const send = (kind, x) => stage.dispatchEvent(new PointerEvent(kind, {
    pointerId: 1, button: 2, clientX: box.x + x, clientY: box.y + 200, bubbles: true }));
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
    content = dicom(radiograph(options.width, options.height, bits=16), **WINDOW)
    with tempfile.TemporaryDirectory() as folder, chromium_browser() as browser:
        release = write_tiny_release(Path(folder) / "tiny")
        with portal(release) as (installation, script):
            case_id = script.upload({"large.dcm": content})
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
    return {
        "first paint, ms": seen["first-paint"],
        "preview there, ms": seen["preview"],
        "first interaction (zoom, move), ms": seen["answers"],
        "all grey values drawn, ms": seen["all"],
        "answer to the first window drag, ms": answer_ms(page),
        "frames per second while windowing": frames_per_second(page),
        "transferred, MiB": transferred / 1024 / 1024,
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


def frames_per_second(page: Page) -> float:
    times = np.array(page.evaluate(SPIN, FRAMES_FOR_MS))
    return float(1000 / np.diff(times).mean())


if __name__ == "__main__":
    main()
