"""An admin in front of a batch that goes on meanwhile."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from portal.actions import jobs
from portal.db import db
from portal.models import Batch
from tests.browser.steps import WITHIN_MS, sign_in
from tests.fixtures import rows
from tests.fixtures.installation import Installation
from tests.needs import needs_chromium

pytestmark = [needs_chromium, pytest.mark.slow]


def test_the_question_whether_to_cancel_stays_open_while_the_batch_goes_on(
    web: Installation, page: Page, complaints: list[str]
) -> None:
    with web.app.app_context():
        case = rows.ready_case(images_count=3)
        batch_id = db.session.scalars(select(Batch.id).where(Batch.case_id == case.id)).one()
    sign_in(page, web, "admin")
    page.goto(f"{web.url}/batches/{batch_id}")
    question = page.get_by_text("Cancel this batch…")
    question.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("3 readings not ended yet")).to_be_visible()
    with web.app.app_context():
        (claim,) = jobs.claim_jobs(1, rows.TERMS)
        jobs.finish([jobs.Result(claim, rows.finding())])
    expect(page.get_by_text("2 readings not ended yet")).to_be_visible(timeout=WITHIN_MS)
    expect(question).to_be_focused()
    page.get_by_role("button", name="Yes, cancel the batch").click()
    expect(page.get_by_text("The batch was cancelled: 2 readings will not be done.")).to_be_visible()
    expect(question).to_have_count(0)
    assert complaints == []
