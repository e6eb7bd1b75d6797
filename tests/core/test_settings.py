"""Settings: the README lists every one as it is, and their values are understood."""

from __future__ import annotations

import pytest

from portal.errors import BadSetting
from portal.settings import PROJECT_ROOT, Settings, describe


@pytest.mark.parametrize(("variable", "default", "meaning"), describe())
def test_readme_lists_each_setting_with_default_and_meaning(
    variable: str, default: str, meaning: str
) -> None:
    readme = (PROJECT_ROOT / "README.md").read_text("utf-8")
    [row] = [line for line in readme.splitlines() if line.startswith(f"| `{variable}` |")]
    shown = "0" if default == "False" else default
    assert f"| {meaning} |" in row
    assert shown in row


def test_setting_that_cannot_be_understood_is_named() -> None:
    with pytest.raises(BadSetting, match="GREENSTICK_LEASE_S"):
        Settings.from_environment({"GREENSTICK_LEASE_S": "soon"})


def test_a_case_is_read_once_or_twice() -> None:
    assert Settings.from_environment({"GREENSTICK_READINGS": "2"}).readings == 2
    with pytest.raises(BadSetting, match="GREENSTICK_READINGS must be 1 or 2"):
        Settings.from_environment({"GREENSTICK_READINGS": "3"})


def test_empty_variable_means_the_default() -> None:
    assert Settings.from_environment({"GREENSTICK_LEASE_S": " "}).lease_s == Settings().lease_s


@pytest.mark.parametrize("given", ["postgres://u@h/d", "postgresql://u@h/d", "postgresql+psycopg://u@h/d"])
def test_each_form_of_a_postgresql_address_is_understood(given: str) -> None:
    assert Settings(database_url=given).sqlalchemy_url == "postgresql+psycopg://u@h/d"
