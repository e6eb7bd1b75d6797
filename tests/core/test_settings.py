"""Settings: the README lists every one as it is, and their values are understood."""

from __future__ import annotations

from dataclasses import fields

import pytest

from portal.errors import BadSetting
from portal.settings import PROJECT_ROOT, Settings


def described() -> list[tuple[str, str, str]]:
    """Variable, default and meaning of each setting."""
    return [
        (
            entry.metadata["variable"],
            "var/" if entry.name == "home" else str(entry.default),
            entry.metadata["meaning"],
        )
        for entry in fields(Settings)
    ]


@pytest.mark.parametrize(("variable", "default", "meaning"), described())
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


@pytest.mark.parametrize(
    ("variable", "value", "allowed"),
    [
        ("GREENSTICK_WEB_THREADS", "-3", "from 1 to 256"),
        ("GREENSTICK_SWEEP_S", "nan", "from 0.1 to 3600"),
        ("GREENSTICK_SWEEP_S", "inf", "from 0.1 to 3600"),
        ("GREENSTICK_MAX_FILES", "-1", "from 1 to 1000"),
        ("GREENSTICK_LEASE_S", "0", "from 1 to 86400"),
        ("GREENSTICK_CPU_BATCH", "0", "from 1 to 1024"),
        ("GREENSTICK_MAX_FILE_MIB", "-5", "from 1 to 4096"),
        ("GREENSTICK_PROXY_HOPS", "-1", "from 0 to 10"),
    ],
)
def test_number_out_of_its_range_is_refused_with_the_range(variable: str, value: str, allowed: str) -> None:
    with pytest.raises(BadSetting, match=f"{variable} must be {allowed}; it is now “{value}”"):
        Settings.from_environment({variable: value})


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("GREENSTICK_DATABASE_URL", "mysql://anna:secret@host/d"),
        ("GREENSTICK_DATABASE_URL", "secret"),
        ("GREENSTICK_REDIS_URL", "secret"),
        ("GREENSTICK_REDIS_URL", "http://:secret@host"),
        ("GREENSTICK_REDIS_URL", "redis://:secret@host:port/0"),
        *[("GREENSTICK_DEVICE", device) for device in ("gpu", "cuda", "cuda:", "cuda:x", "cuda:-1", "CPU")],
    ],
)
def test_address_or_device_that_cannot_be_is_refused_without_telling_a_password(
    variable: str, value: str
) -> None:
    with pytest.raises(BadSetting, match=variable) as refusal:
        Settings.from_environment({variable: value})
    assert "secret" not in refusal.value.message


@pytest.mark.parametrize(
    "given",
    [
        "redis://host",
        "rediss://:word@host:6379/1",
        "unix:///run/redis.sock",
        "redis+socket:///run/redis.sock",
    ],
)
def test_each_form_of_a_redis_address_is_understood(given: str) -> None:
    assert Settings(redis_url=given).redis_client_url.startswith(("redis", "unix"))


def test_every_number_has_a_range_that_holds_its_default() -> None:
    for entry in fields(Settings):
        if entry.metadata["kind"] in (int, float):
            low, high = entry.metadata["within"]
            assert low <= entry.default <= high


def test_a_case_is_read_once_or_twice() -> None:
    assert Settings.from_environment({"GREENSTICK_READINGS": "2"}).readings == 2
    with pytest.raises(BadSetting, match="GREENSTICK_READINGS must be from 1 to 2; it is now “3”"):
        Settings.from_environment({"GREENSTICK_READINGS": "3"})


def test_empty_variable_means_the_default() -> None:
    assert Settings.from_environment({"GREENSTICK_LEASE_S": " "}).lease_s == Settings().lease_s


@pytest.mark.parametrize("given", ["postgres://u@h/d", "postgresql://u@h/d", "postgresql+psycopg://u@h/d"])
def test_each_form_of_a_postgresql_address_is_understood(given: str) -> None:
    assert Settings(database_url=given).sqlalchemy_url == "postgresql+psycopg://u@h/d"
