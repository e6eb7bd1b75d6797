"""Two people who read side by side, on both databases."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.fixtures.people import Person, new_person, signed_in


@pytest.fixture
def eva(each_app: Flask) -> Person:
    return signed_in(each_app, new_person(each_app, "reader", "eva"))


@pytest.fixture
def tom(each_app: Flask) -> Person:
    return signed_in(each_app, new_person(each_app, "admin", "tom"))
