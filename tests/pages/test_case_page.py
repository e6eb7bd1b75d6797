"""What the page of one case says at each point of its life."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.actions import batches, images, jobs, workers
from portal.actions.events import Actor
from portal.db import db
from portal.models import Batch, Case, Event, Finding, Job
from tests.fixtures import rows
from tests.fixtures.people import Person
from tests.pages.answers import text_of
from tests.pages.queries import counted_queries


def test_a_finding_is_shown_with_percent_verdict_release_and_limits(
    app: Flask, as_radiographer: Person
) -> None:
    with app.app_context():
        case = rows.read_case(answer=rows.finding(0.873, "fracture"))
    page = text_of(as_radiographer, f"/cases/{case.id}")
    assert "87 % probability of a fracture" in page
    assert "release-1" in page
    assert "no fracture below 20 %" in page
    assert "fracture from 70 %" in page
    assert "Decision support, not a diagnosis." in page


@pytest.mark.parametrize(("probability", "shown"), [(0.0004, "under 1 %"), (0.9996, "over 99 %")])
def test_no_probability_is_shown_as_certain(
    app: Flask, as_reader: Person, probability: float, shown: str
) -> None:
    with app.app_context():
        case = rows.read_case(answer=rows.finding(probability, "doubt"))
    assert shown in text_of(as_reader, f"/cases/{case.id}")


def test_a_probability_just_below_a_limit_is_not_shown_as_the_limit(app: Flask, as_reader: Person) -> None:
    with app.app_context():
        case = rows.read_case(answer=rows.finding(0.198, "no fracture"))
    page = text_of(as_reader, f"/cases/{case.id}")
    assert "19.8 % probability of a fracture" in page
    assert "no fracture below 20.0 %" in page
    assert "20 %" not in page


def test_the_title_names_no_patient(app: Flask, as_reader: Person) -> None:
    with app.app_context():
        case = rows.read_case(patient_ref="P-secret")
    page = as_reader.get(f"/cases/{case.id}").text
    assert "<h1>P-secret</h1>" in page
    assert "<title>Case · Greenstick</title>" in page


def test_heatmap_and_boxes_lie_on_the_image_in_its_own_pixels(app: Flask, as_reader: Person) -> None:
    boxes = [
        {"x": 10, "y": 20, "width": 30, "height": 40, "score": 0.8, "kind": "solid"},
        {"x": 50, "y": 60, "width": 70, "height": 80, "score": 0.4, "kind": "dotted"},
    ]
    with app.app_context():
        answer = rows.finding(0.9, "fracture", boxes=boxes, heatmap_sha256="d" * 64)
        case = rows.read_case(answer=answer)
        finding_id = findings_of(case)[0].id
    page = as_reader.get(f"/cases/{case.id}").text
    assert 'viewBox="0 0 300 400"' in page
    assert f'href="/findings/{finding_id}/heatmap" width="300" height="400"' in page
    assert 'viewer__box--solid" x="10" y="20" width="30" height="40"' in page
    assert 'viewer__box--dotted" x="50" y="60" width="70" height="80"' in page


def test_out_of_scope_has_no_probability_and_says_nothing_about_a_fracture(
    app: Flask, as_reader: Person
) -> None:
    with app.app_context():
        case = rows.read_case(answer=rows.finding(None, "out of scope"))
    page = text_of(as_reader, f"/cases/{case.id}")
    assert "there is no probability" in page
    assert "probability of a fracture" not in page


def test_a_failed_reading_is_shown_as_failed_with_its_reason(app: Flask, as_reader: Person) -> None:
    with app.app_context():
        path = f"/cases/{rows.ready_case().id}"
        (claim,) = jobs.claim_jobs(1, rows.TERMS)
        jobs.fail(claim, "The stored image cannot be read.")
    page = as_reader.get(path).text
    assert "Failed" in page
    assert "The stored image cannot be read." in page
    live = as_reader.get(f"{path}/live").text
    assert "badge--calm" not in live, "a failure must never look like “no fracture”"


def test_a_waiting_case_shows_its_place_and_a_rough_wait(app: Flask, as_reader: Person) -> None:
    with app.app_context():
        workers.seen(workers.Sign("inference-1", "inference"))
        rows.ready_case(images_count=3)
        case = rows.ready_case(images_count=2)
    page = text_of(as_reader, f"/cases/{case.id}")
    assert "Position 4 in the queue: 3 images before this case." in page
    assert "About 5 s." in page
    assert 'data-is-done="false"' in as_reader.get(f"/cases/{case.id}").text


def test_an_urgent_case_goes_before_routine_ones(app: Flask, as_reader: Person) -> None:
    with app.app_context():
        rows.ready_case(images_count=3)
        case = rows.ready_case(priority="urgent")
    assert "This case is next." in text_of(as_reader, f"/cases/{case.id}")


def test_images_still_to_be_opened_count_those_before_them(app: Flask, as_reader: Person) -> None:
    with app.app_context():
        rows.ready_case(images_count=2)
        rows.new_case(images_count=1)
        case = rows.new_case()
    assert "Position 4 in the queue" in text_of(as_reader, f"/cases/{case.id}")


def test_a_refused_image_shows_reason_and_code(app: Flask, as_reader: Person) -> None:
    with app.app_context():
        rows.new_release()
        case = rows.new_case()
        (claim,) = images.claim_images(1, rows.TERMS)
        images.refuse(claim, "truncated", "The file ends before the image is complete.")
    page = text_of(as_reader, f"/cases/{case.id}")
    assert "The file ends before the image is complete." in page
    assert "truncated" in page


def test_a_rerun_adds_a_reading_beside_the_earlier_one(app: Flask, as_reader: Person) -> None:
    with app.app_context():
        case = rows.read_case(answer=rows.finding(0.9, "fracture"))
        path, uploader_id = f"/cases/{case.id}", case.uploaded_by_id
        newer = rows.new_release("release-2", "available")
        first = db.session.scalars(select(Batch)).one()
        batches.rerun_batch(first.id, newer.id, "newer", Actor(uploader_id))
    waiting = text_of(as_reader, path)
    assert "90 %" in waiting
    assert "It is being read again with release-2." in waiting
    with app.app_context():
        rows.read_all(rows.finding(0.05, "no fracture"))
    page = text_of(as_reader, path)
    assert "5 % probability of a fracture" in page
    assert "90 %" in page
    assert page.index("release-2") < page.index("release-1")


def test_the_page_opens_on_the_image_with_the_most_severe_verdict(app: Flask, as_reader: Person) -> None:
    with app.app_context():
        case = rows.ready_case(images_count=3)
        for verdict, probability in (("no fracture", 0.1), ("fracture", 0.9), ("doubt", 0.4)):
            (claim,) = jobs.claim_jobs(1, rows.TERMS)
            jobs.finish([jobs.Result(claim, rows.finding(probability, verdict))])
        worst = [finding.verdict for finding in findings_of(case)].index("fracture") + 1
    assert f"Image {worst}" in text_of(as_reader, f"/cases/{case.id}")
    assert "Image 3" in text_of(as_reader, f"/cases/{case.id}?image=3")
    assert f"Image {worst}" in text_of(as_reader, f"/cases/{case.id}?image=99")


def test_the_live_part_is_the_same_fragment_as_in_the_page(app: Flask, as_reader: Person) -> None:
    with app.app_context():
        ids = [rows.read_case(images_count=2).id, rows.ready_case().id, rows.new_case().id]
    for case_id in ids:
        live = as_reader.get(f"/cases/{case_id}/live?image=1").text.strip()
        assert live.startswith('<div class="case__live"')
        page = as_reader.get(f"/cases/{case_id}?image=1").text
        first, more = live.split('<div class="case__more"')
        assert first.strip() in page
        assert more in page
        assert page.index("case__review") < page.index(more), "as it is seen where there is one column"


def test_the_number_of_queries_does_not_grow_with_the_case(app: Flask, as_reader: Person) -> None:
    with app.app_context():
        small, large = f"/cases/{rows.read_case(1).id}", f"/cases/{rows.read_case(12).id}"
    with counted_queries(app) as for_small:
        as_reader.get(small)
    with counted_queries(app) as for_large:
        as_reader.get(large)
    assert len(for_large) == len(for_small)


def test_a_page_view_is_recorded_and_a_poll_is_not(app: Flask, as_reader: Person) -> None:
    with app.app_context():
        case = rows.read_case()
    as_reader.get(f"/cases/{case.id}")
    as_reader.get(f"/cases/{case.id}")
    for _ in range(3):
        as_reader.get(f"/cases/{case.id}/live")
        as_reader.get(f"/cases/{case.id}.json")
    assert views(app, str(case.id)) == 2
    as_reader.get(f"/cases/{case.id}?image=1")
    assert views(app, str(case.id)) == 3


@pytest.mark.parametrize("said", [{}, {"is_fracture": "no", "agrees": "no", "findings": "999"}])
def test_the_page_that_answers_a_review_is_recorded_as_a_view(
    app: Flask, as_reader: Person, said: dict[str, str]
) -> None:
    with app.app_context():
        case = rows.read_case()
    assert as_reader.post(f"/cases/{case.id}/reviews", said).status_code in (409, 422)
    assert views(app, str(case.id)) == 1


def test_reading_only_the_json_is_recorded_once(app: Flask, as_reader: Person, as_admin: Person) -> None:
    with app.app_context():
        case = rows.read_case()
    for person in (as_reader, as_reader, as_admin):
        person.get(f"/cases/{case.id}.json")
    assert views(app, str(case.id)) == 2


def test_an_unknown_case_is_not_found_and_not_recorded(app: Flask, as_reader: Person) -> None:
    unknown = "00000000-0000-4000-8000-000000000000"
    for path in (f"/cases/{unknown}", f"/cases/{unknown}/live", f"/cases/{unknown}.json", "/cases/nonsense"):
        assert as_reader.get(path).status_code == 404
    assert views(app, unknown) == 0


def test_what_was_typed_is_shown_as_text(app: Flask, as_reader: Person) -> None:
    evil = "<script>alert(1)</script>"
    with app.app_context():
        case = rows.read_case(patient_ref=evil, body_part=evil, notes=evil, accession=evil)
    for path in (f"/cases/{case.id}", "/", "/history", "/batches"):
        page = as_reader.get(path).text
        assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize(
    ("others", "more"), [(5, ""), (6, "And in 1 more case."), (9, "And in 4 more cases.")]
)
def test_the_same_file_in_many_cases_is_counted(each_app: Flask, eva: Person, others: int, more: str) -> None:
    with each_app.app_context():
        user = rows.new_user()
        cases = [rows.new_case(user, files=[rows.received_file(content=b"same")]) for _ in range(others + 1)]
        case_id = cases[-1].id
    page = text_of(eva, f"/cases/{case_id}")
    assert page.count("Same file as in case") == 5
    assert more in page
    assert ("And in" in page) == bool(more)


def test_a_job_set_aside_says_so(app: Flask, as_reader: Person) -> None:
    with app.app_context():
        path = f"/cases/{rows.ready_case().id}"
        jobs.put_back(jobs.claim_jobs(1, rows.TERMS), max_attempts=1)
        assert db.session.scalars(select(Job.state)).one() == "quarantined"
    page = text_of(as_reader, path)
    assert "Set aside" in page
    assert "There is no reading of this image." in page


def findings_of(case: Case) -> list[Finding]:
    return [job.finding for job in rows.jobs_of(case) if job.finding]


def views(app: Flask, case_id: str) -> int:
    with app.app_context():
        seen = select(func.count()).where(Event.action == "case.viewed", Event.subject_id == case_id)
        return db.session.scalar(seen) or 0
