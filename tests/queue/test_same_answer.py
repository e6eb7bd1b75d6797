"""The command line and the portal give the same answer for the same file."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from portal.settings import PROJECT_ROOT
from tests.fixtures.installation import Installation
from tests.fixtures.pictures import limb_png
from tests.fixtures.running import PASSWORD, started
from tests.fixtures.script import PortalScript
from tests.needs import SHARED_DATA, needs_redis, needs_shared_data
from tests.services.redis import RedisServer

pytestmark = [needs_redis, pytest.mark.slow]

SHIPPED = sorted((PROJECT_ROOT / "releases").glob("*/card.json"))


def answers_of_the_command_line(paths: list[Path], release: Path) -> list[dict[str, object]]:
    ran = subprocess.run(
        [sys.executable, "-m", "worker.commands.predict", "--json", "--release", release, *paths],
        cwd=PROJECT_ROOT, capture_output=True, text=True,
    )  # fmt: skip
    return [json.loads(line) for line in ran.stdout.splitlines()]


def answers_of_the_portal(portal: Installation, paths: list[Path]) -> list[dict[str, object]]:
    script = PortalScript(portal.url, "radiographer", PASSWORD)
    script.sign_in()
    case_id = script.upload({path.name: path.read_bytes() for path in paths})
    return script.wait_for(case_id, 120)["images"]


def assert_same(by_command: list[dict[str, object]], by_portal: list[dict[str, object]]) -> None:
    for command, image in zip(by_command, by_portal, strict=True):
        assert command["refusal"] == image["refusal"]
        if image["refusal"]:
            assert command["probability"] is None
            continue
        finding = image["findings"][-1]  # type: ignore[index]
        assert command["probability"] == pytest.approx(finding["probability"], abs=1e-5)
        for key in ("verdict", "boxes", "release"):
            assert command[key] == finding[key]


def test_predict_gives_the_probability_of_the_portal(sqlite_portal: Installation, tmp_path: Path) -> None:
    paths = [tmp_path / f"{seed}.png" for seed in range(3)] + [tmp_path / "broken.png"]
    for seed, path in enumerate(paths):
        path.write_bytes(limb_png(seed * 20, 300))
    paths[-1].write_bytes(paths[0].read_bytes()[:100])
    release = sqlite_portal.settings.releases_dir / "tiny"
    assert_same(answers_of_the_command_line(paths, release), answers_of_the_portal(sqlite_portal, paths))


@needs_shared_data
@pytest.mark.parametrize("card", SHIPPED, ids=lambda card: card.parent.name)
def test_shipped_release_answers_alike_on_real_files(
    tmp_path: Path, own_redis: RedisServer, card: Path
) -> None:
    jpegs = sorted((SHARED_DATA / "data" / "fracatlas" / "images").glob("*.jpg"))[::400]
    dicoms = sorted((SHARED_DATA / "data" / "dicom").glob("cr_tibia*.dcm"))
    paths = [*jpegs, *dicoms]
    with started(Installation(tmp_path / "home", own_redis.url, release=card.parent)) as portal:
        assert_same(answers_of_the_command_line(paths, card.parent), answers_of_the_portal(portal, paths))
