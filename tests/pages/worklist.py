"""What a person sees in the worklist, and cases to fill it with."""

from __future__ import annotations

import re
import uuid
from typing import Any

from flask import Flask

from tests.fixtures import rows
from tests.fixtures.people import Person

NAME = re.compile(r'<a class="table__lead" id="[^"]+" href="/cases/[^"]+">([^<]+)</a>')


def names(person: Person, path: str = "/worklist") -> list[str]:
    """The patient references, in the list's order."""
    answer = person.get(path)
    assert answer.status_code == 200, answer.text
    return NAME.findall(answer.text)


def add_cases(app: Flask, count: int) -> list[uuid.UUID]:
    with app.app_context():
        user = rows.new_user()
        return [rows.new_case(user, patient_ref=f"P-{number:03}").id for number in range(count)]


def add_case(app: Flask, **facts: Any) -> uuid.UUID:
    with app.app_context():
        return rows.new_case(**facts).id
