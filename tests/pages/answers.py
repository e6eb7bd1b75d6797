"""Reading answers."""

from __future__ import annotations

import json
import re
from typing import Any

from werkzeug.test import TestResponse

from tests.fixtures.people import Person


def json_of(answer: TestResponse) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(answer.data)
    return facts


def text_of(person: Person, path: str) -> str:
    """The words of a page, without markup."""
    answer = person.get(path)
    assert answer.status_code == 200, answer.status_code
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())
