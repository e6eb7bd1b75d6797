"""Every file of the corpus through the portal: the exact refusal for each, and nobody else disturbed."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TypeVar

import pytest

from tests.corpus import ACCEPTED, samples
from tests.corpus.mutations import mutations
from tests.corpus.names import HOSTILE_NAMES
from tests.fixtures.installation import Installation
from tests.fixtures.pictures import limb_png
from tests.fixtures.script import PortalScript
from tests.needs import needs_redis
from tests.processes import marked

pytestmark = [needs_redis, pytest.mark.slow, pytest.mark.timeout(600)]

PER_CASE = 20
MUTATIONS = 60
Item = TypeVar("Item")


def test_each_bad_file_gets_its_code_and_good_ones_their_finding(
    running_portal: Installation, script: PortalScript, record_property: Callable[[str, object], None]
) -> None:
    before = worker_processes(running_portal)
    everything = list(samples())
    wrong = []
    for chunk in chunked(everything, PER_CASE):
        files = {f"{number}-{sample.file_name}": sample.content() for number, sample in enumerate(chunk)}
        facts = script.wait_for(script.upload(files), 300)
        for sample, image in zip(chunk, facts["images"], strict=True):
            if outcome(image) != sample.expected:
                wrong.append((sample.kind, sample.name, sample.expected, outcome(image)))
    figures = {"files": len(everything), "kinds": len({sample.kind for sample in everything})}
    record_property("figures", json.dumps(figures))
    print(json.dumps(figures))
    assert wrong == []
    assert worker_processes(running_portal) == before, "a worker died"


def test_damaged_files_are_never_an_error_of_ours(running_portal: Installation, script: PortalScript) -> None:
    before = worker_processes(running_portal)
    for chunk in chunked(list(mutations(list(samples()), MUTATIONS, seed=1)), PER_CASE):
        files = {f"{name}.bin": content for name, content in chunk}
        facts = script.wait_for(script.upload(files), 300)
        assert all(outcome(image) for image in facts["images"])
    assert worker_processes(running_portal) == before


def test_hostile_names_are_shown_as_text_and_touch_no_file(
    running_portal: Installation, script: PortalScript
) -> None:
    files_before = {path.name for path in running_portal.settings.home.parent.iterdir()}
    for number, name in enumerate(HOSTILE_NAMES):
        answer = script.send(script.token("/cases/new"), {name: limb_png(number)}, patient_ref=f"P-{number}")
        assert answer.status_code in (303, 422), (name, answer.status_code)
        if answer.status_code == 303:
            page = script.http.get(running_portal.url + answer.headers["Location"], timeout=20)
            assert page.status_code == 200
            assert "<img onerror" not in page.text
            assert "<script>" not in page.text.replace('<script type="module"', "")
    assert {path.name for path in running_portal.settings.home.parent.iterdir()} == files_before


def outcome(image: dict[str, object]) -> str:
    """The refusal's code, or ACCEPTED when a finding was written."""
    refusal = image["refusal"]
    if isinstance(refusal, dict):
        return str(refusal["code"])
    findings = image["findings"]
    assert isinstance(findings, list)
    assert findings[-1]["state"] == "done", image
    return ACCEPTED


def worker_processes(installation: Installation) -> set[int]:
    commands = marked(installation.mark)
    return {pid for pid, command in commands.items() if "worker.start" in command}


def chunked(items: Sequence[Item], size: int) -> list[Sequence[Item]]:
    return [items[start : start + size] for start in range(0, len(items), size)]
