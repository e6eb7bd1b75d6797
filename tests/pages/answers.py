"""Reading answers."""

from __future__ import annotations

import json
from typing import Any

from werkzeug.test import TestResponse


def json_of(answer: TestResponse) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(answer.data)
    return facts
