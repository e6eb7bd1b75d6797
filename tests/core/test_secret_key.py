"""The key that signs cookies: made once, whole, and the same for everyone."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from portal.web.secrets import secret_key


def test_key_is_made_once_and_closed_to_others(tmp_path: Path) -> None:
    path = tmp_path / "secret_key"
    key = secret_key(path)
    assert len(key) == 32
    assert secret_key(path) == path.read_bytes() == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["secret_key"]


@pytest.mark.parametrize("left", [b"", b"x" * 31])
def test_key_that_a_crash_left_unfinished_is_made_anew_and_everyone_gets_that(
    tmp_path: Path, left: bytes
) -> None:
    path = tmp_path / "secret_key"
    path.write_bytes(left)
    with ThreadPoolExecutor(8) as starting:
        keys = set(starting.map(secret_key, [path] * 8))
    assert len(keys) == 1
    assert keys == {path.read_bytes()}
    assert len(keys.pop()) == 32
