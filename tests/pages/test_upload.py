"""Taking a case in through the form."""

from __future__ import annotations

import io
import re
import uuid
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import TestResponse, encode_multipart

from portal.app import create_app
from portal.db import db
from portal.models import Case, Image
from portal.settings import Settings
from tests.fixtures.doorbell import RecordingDoorbell
from tests.fixtures.people import Person, new_person, signed_in
from tests.fixtures.pictures import limb_png
from tests.pages.answers import json_of

FIELDS = {
    "patient_ref": "P-77",
    "accession": "A-1",
    "body_part": "wrist",
    "notes": "fell",
    "priority": "urgent",
}


def upload(
    person: Person, files: dict[str, bytes] | None = None, accept: str = "text/html", **changes: Any
) -> TestResponse:
    """Send the form; a field given as None is left out."""
    files = {"wrist.png": limb_png()} if files is None else files
    fields = {"csrf_token": person.csrf_token(), **FIELDS} | changes
    parts = [(name, value) for name, value in fields.items() if value is not None]
    images = [("images", FileStorage(io.BytesIO(content), name)) for name, content in files.items()]
    boundary, body = encode_multipart(MultiDict([*parts, *images]))
    return person.client.post(
        "/cases",
        data=body,
        content_type=f"multipart/form-data; boundary={boundary}",
        headers={"Accept": accept},
    )


def count(app: Flask, model: type) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(model)) or 0


def only_case(app: Flask) -> Case:
    with app.app_context():
        case = db.session.scalars(select(Case)).one()
        db.session.expunge_all()
        return case


def test_upload_makes_a_case_leads_to_it_and_rings(
    app: Flask, as_radiographer: Person, doorbell: RecordingDoorbell
) -> None:
    answer = upload(as_radiographer, {"a.png": limb_png(1), "b.png": limb_png(2)})
    case = only_case(app)
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/cases/{case.id}"
    assert (case.patient_ref, case.body_part, case.priority) == ("P-77", "wrist", "urgent")
    assert count(app, Image) == 2
    assert doorbell.rung == ["intake"]
    assert "P-77" in as_radiographer.get(answer.headers["Location"]).text


def test_the_listed_fields_alone_are_enough_for_a_script(app: Flask, as_radiographer: Person) -> None:
    answer = upload(as_radiographer, accession=None, body_part=None, notes=None, priority=None)
    assert answer.status_code == 303
    assert only_case(app).priority == "routine"


def test_the_same_form_sent_twice_makes_one_case(app: Flask, as_radiographer: Person) -> None:
    first = upload(as_radiographer, submission="one-page")
    second = upload(as_radiographer, submission="one-page")
    assert first.headers["Location"] == second.headers["Location"]
    assert count(app, Case) == 1
    upload(as_radiographer, submission="another-page")
    assert count(app, Case) == 2


def test_without_a_submission_the_token_of_the_page_says_that_it_is_the_same_form(
    app: Flask, as_radiographer: Person
) -> None:
    token = as_radiographer.csrf_token()
    upload(as_radiographer, csrf_token=token)
    upload(as_radiographer, csrf_token=token)
    assert count(app, Case) == 1


def test_a_page_makes_a_submission_of_its_own_each_time(as_radiographer: Person) -> None:
    pages = [as_radiographer.get("/cases/new").text for _ in range(2)]
    tokens = {re.findall(r'name="submission"[^>]*value="([^"]+)"', page)[0] for page in pages}
    assert len(tokens) == 2


def test_a_form_without_patient_reference_keeps_what_was_typed(app: Flask, as_radiographer: Person) -> None:
    page = upload(as_radiographer, patient_ref="  ", notes="a note <b>worth</b> keeping")
    assert page.status_code == 422
    assert "Enter the patient reference." in page.text
    assert "a note &lt;b&gt;worth&lt;/b&gt; keeping" in page.text
    assert 'value="wrist"' in page.text
    assert count(app, Case) == 0


def test_no_file_is_told_in_the_summary_and_beside_the_field(app: Flask, as_radiographer: Person) -> None:
    empty_part_of_a_browser = upload(as_radiographer, {"": b""})
    assert empty_part_of_a_browser.status_code == 422
    assert empty_part_of_a_browser.text.count("Choose at least one file.") == 2
    assert upload(as_radiographer, {}).status_code == 422
    assert count(app, Case) == 0


def test_a_named_empty_file_is_a_file_and_refused_as_empty(app: Flask, as_radiographer: Person) -> None:
    answer = upload(as_radiographer, {"nothing.png": b"", "wrist.png": limb_png()})
    assert answer.status_code == 303
    facts = json_of(as_radiographer.get(answer.headers["Location"] + ".json"))
    assert [image["refusal"] and image["refusal"]["code"] for image in facts["images"]] == ["empty", None]


def test_a_case_of_refused_files_alone_says_why_at_once(as_radiographer: Person) -> None:
    answer = upload(as_radiographer, {"letter.pdf": b"%PDF-1.7 hello"})
    page = as_radiographer.get(answer.headers["Location"])
    assert "This kind of file is not read here." in page.text
    assert "unsupported_type" in page.text
    assert 'data-is-done="true"' in page.text


def test_a_good_file_is_sent_with_what_was_said_of_the_case(app: Flask, as_radiographer: Person) -> None:
    case = upload(as_radiographer, {"letter.pdf": b"%PDF-1.7 hello"}).headers["Location"]
    found = re.search(r'href="([^"]+)">.*Send a good file as a new case', as_radiographer.get(case).text)
    assert found
    assert "P-77" not in found.group(1), "an address names no patient"
    page = as_radiographer.get(found.group(1)).text
    for said in ("P-77", "A-1", "wrist"):
        assert f'value="{said}"' in page
    assert re.search(r"<textarea[^>]*>\s*fell</textarea>", page)
    assert re.search(r'<input[^>]*checked[^>]*value="urgent"', page)
    assert count(app, Case) == 1


def test_a_form_like_a_case_that_is_not_there_is_not_found(as_radiographer: Person) -> None:
    assert as_radiographer.get(f"/cases/new?like={uuid.uuid4()}").status_code == 404
    assert as_radiographer.get("/cases/new?like=nonsense").status_code == 200


def test_a_stranger_is_shown_nothing_of_a_case(as_radiographer: Person, visitor: Person) -> None:
    case = upload(as_radiographer).headers["Location"]
    answer = visitor.get(f"/cases/new?like={case.rsplit('/', 1)[-1]}")
    assert answer.status_code == 302
    assert "P-77" not in answer.text


def test_the_same_bytes_in_another_case_are_said_to_be_the_same(as_radiographer: Person) -> None:
    first = upload(as_radiographer, patient_ref="P-first", submission="1").headers["Location"]
    second = upload(as_radiographer, {"again.png": limb_png()}, patient_ref="P-second", submission="2")
    page = as_radiographer.get(second.headers["Location"])
    assert f'<a href="{first}">P-first</a>' in page.text


def test_the_same_bytes_twice_in_one_case_are_said_to_be_the_same(as_radiographer: Person) -> None:
    case = upload(as_radiographer, {"a.png": limb_png(), "b.png": limb_png()}).headers["Location"]
    assert "Same file as" in as_radiographer.get(case + "?image=2").text
    assert "Same file as" not in as_radiographer.get(case + "?image=1").text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("patient_ref", "x" * 65),
        ("patient_ref", "P\x001"),
        ("accession", "A\x071"),
        ("body_part", "x" * 41),
        ("notes", "x" * 2001),
        ("notes", "a\x00b"),
        ("priority", "at once"),
    ],
)
def test_fields_out_of_their_limits_are_refused_with_words(
    app: Flask, as_radiographer: Person, field: str, value: str
) -> None:
    page = upload(as_radiographer, None, "text/html", **{field: value})
    assert page.status_code == 422
    assert f'id="{field}-error" data-error-slot="{field}">' in page.text
    assert count(app, Case) == 0


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "C:\\temp\\wrist.png", "a\x01b.png", "手首.png", "x" * 400]
)
def test_a_file_name_is_only_shown(app: Flask, as_radiographer: Person, name: str) -> None:
    answer = upload(as_radiographer, {name: limb_png()})
    shown = json_of(as_radiographer.get(answer.headers["Location"] + ".json"))["images"][0]["name"]
    assert answer.status_code == 303
    assert "/" not in shown
    assert "\\" not in shown
    assert len(shown) <= 255


def test_one_file_too_many_is_refused_with_the_limit(app: Flask, as_radiographer: Person) -> None:
    page = upload(as_radiographer, {f"{number}.png": limb_png(number) for number in range(21)})
    assert page.status_code == 413
    assert "one case takes at most 20" in page.text
    assert count(app, Case) == 0


def test_far_too_many_files_are_refused_before_they_are_read(app: Flask, as_radiographer: Person) -> None:
    page = upload(as_radiographer, {f"{number}.png": b"x" for number in range(60)})
    assert page.status_code == 413
    assert count(app, Case) == 0


def test_a_file_over_the_limit_is_refused_and_leaves_nothing_behind(
    sqlite_settings: Settings, doorbell: RecordingDoorbell
) -> None:
    small = Settings(home=sqlite_settings.home, max_file_mib=1, min_free_mib=1)
    app = create_app(small, doorbell)
    person = signed_in(app, new_person(app, "radiographer"))
    page = upload(person, {"large.png": b"\x89PNG" + bytes(1024 * 1024)})
    assert page.status_code == 413
    assert "larger than 1 MiB" in page.text
    assert files_below(small.tmp_dir) == files_below(small.files_dir) == []
    assert count(app, Case) == 0
    close(app)


def test_a_full_disk_is_told_before_anything_is_taken(
    sqlite_settings: Settings, doorbell: RecordingDoorbell
) -> None:
    full = Settings(home=sqlite_settings.home, min_free_mib=10**9)
    app = create_app(full, doorbell)
    page = upload(signed_in(app, new_person(app, "radiographer")))
    assert page.status_code == 507
    assert "nothing was saved" in page.text
    assert count(app, Case) == 0
    close(app)


def test_a_refused_form_leaves_no_file_behind(app: Flask, as_radiographer: Person) -> None:
    settings = app.extensions["greenstick.settings"]
    upload(as_radiographer, patient_ref="")
    assert files_below(settings.tmp_dir) == files_below(settings.files_dir) == []


def test_the_form_states_the_limits(as_radiographer: Person) -> None:
    page = as_radiographer.get("/cases/new").text
    assert "Up to 20 files, 64 MiB each, 512 MiB together, 50 megapixels an image" in page
    assert '<option value="wrist">' in page


def test_no_browser_is_asked_to_cut_what_is_pasted(as_radiographer: Person) -> None:
    assert "maxlength" not in as_radiographer.get("/cases/new").text


def test_what_is_too_long_is_told_with_both_lengths(as_radiographer: Person) -> None:
    page = upload(as_radiographer, patient_ref="x" * 65)
    assert "Use at most 64 characters; these are 65." in page.text
    assert "x" * 65 in page.text, "what was sent is kept"


def test_a_script_in_the_page_gets_the_address_instead_of_a_redirect(as_radiographer: Person) -> None:
    answer = upload(as_radiographer, accept="application/json")
    assert answer.status_code == 201
    assert json_of(answer)["location"].startswith("/cases/")


def test_a_strangers_upload_is_turned_away_before_its_form_is_read(app: Flask, visitor: Person) -> None:
    answer = visitor.client.post("/cases", data={"images": (io.BytesIO(limb_png()), "a.png")})
    assert answer.status_code == 401
    assert files_below(app.extensions["greenstick.settings"].tmp_dir) == []


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def close(app: Flask) -> None:
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def test_a_text_field_of_two_mebibytes_is_refused_before_it_fills_the_memory(as_radiographer: Person) -> None:
    head = b'--edge\r\nContent-Disposition: form-data; name="notes"\r\n\r\n'
    answer = as_radiographer.client.post(
        "/cases", data=head + b"x" * 2**21 + b"\r\n--edge--\r\n",
        content_type="multipart/form-data; boundary=edge",
    )  # fmt: skip
    assert answer.status_code == 413
    assert "512 MiB together, 20 files and 1 MiB of text" in answer.text
