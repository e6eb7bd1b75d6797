"""What people do in a browser, for the tests to be made of."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.fixtures.installation import Installation
from tests.fixtures.running import PASSWORD
from tests.fixtures.script import PortalScript

WITHIN_MS = 60_000
HIDDEN = re.compile(r'name="(csrf_token|findings)"[^>]*value="([^"]*)"')


def sign_in(page: Page, portal: Installation, role: str) -> None:
    page.goto(f"{portal.url}/login")
    page.get_by_label("User name").fill(role)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def save_review(portal: Installation, role: str, case_id: str, **said: str) -> None:
    """Someone else's, through the form but without a browser."""
    script = PortalScript(portal.url, role, PASSWORD)
    script.sign_in()
    address = f"{portal.url}/cases/{case_id}"
    hidden = dict(HIDDEN.findall(script.http.get(address, timeout=20).text))
    fields = {"is_fracture": "yes", "agrees": "no"} | hidden | said
    answer = script.http.post(f"{address}/reviews", data=fields, allow_redirects=False, timeout=20)
    assert answer.status_code == 303, answer.text[:500]


def upload(
    page: Page,
    portal: Installation,
    files: list[Path],
    patient_ref: str,
    body_part: str = "hand",
    priority: str = "Routine",
) -> str:
    """Through the form; returns the address of the case once the browser is there."""
    page.goto(f"{portal.url}/cases/new")
    page.set_input_files("input[type=file]", files)
    page.get_by_label("Patient reference").fill(patient_ref)
    page.get_by_label("Body part").fill(body_part)
    page.get_by_label(priority).check()
    page.get_by_role("button", name="Upload case").click()
    page.wait_for_url(re.compile(r"/cases/[0-9a-f-]{36}"), timeout=WITHIN_MS)
    return page.url


def written(folder: Path, **files: bytes) -> list[Path]:
    paths = []
    for name, content in files.items():
        paths.append(folder / f"{name}.png")
        paths[-1].write_bytes(content)
    return paths
