"""Which processes there are, and what they are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.settings import Settings
from portal.supervisor import folders, plan
from portal.supervisor.plan import Address

HERE = Address("127.0.0.1", 8000)


@pytest.fixture
def two_gpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An nvidia-smi that lists two cards, one of them split."""
    fake = tmp_path / "bin" / "nvidia-smi"
    fake.parent.mkdir()
    fake.write_text(
        "#!/bin/sh\necho 'GPU 0: A (UUID: x)'\necho '  MIG 1g: (UUID: y)'\necho 'GPU 1: B (UUID: z)'\n"
    )
    fake.chmod(0o700)
    monkeypatch.setenv("PATH", str(fake.parent), prepend=":")


def settings(home: Path, redis_url: str = "redis://elsewhere", device: str = "cpu") -> Settings:
    return Settings(home=home, redis_url=redis_url, device=device)


def names(chosen: Settings) -> list[str]:
    return [command.name for command in plan.processes(chosen, HERE, {})]


def test_portal_is_redis_web_two_workers_and_sweeper(tmp_path: Path) -> None:
    chosen = settings(tmp_path, redis_url="")
    assert names(chosen) == ["redis", "web", "intake", "inference", "sweeper"]


def test_given_redis_is_used_and_none_started(tmp_path: Path) -> None:
    assert "redis" not in names(settings(tmp_path))
    (web, *_) = plan.processes(settings(tmp_path), HERE, {})
    assert web.environment["GREENSTICK_REDIS_URL"] == "redis://elsewhere"


def test_workers_stop_first_then_web_and_redis_last(tmp_path: Path) -> None:
    commands = plan.processes(settings(tmp_path, redis_url=""), HERE, {})
    waves = {command.name: command.wave for command in commands}
    assert waves["intake"] == waves["inference"] == waves["sweeper"] < waves["web"] < waves["redis"]


@pytest.mark.usefixtures("two_gpus")
def test_each_gpu_gets_an_inference_worker(tmp_path: Path) -> None:
    commands = plan.processes(settings(tmp_path, device="auto"), HERE, {})
    devices = {c.name: c.environment["GREENSTICK_DEVICE"] for c in commands if "inference" in c.name}
    assert devices == {"inference-0": "cuda:0", "inference-1": "cuda:1"}


@pytest.mark.usefixtures("two_gpus")
@pytest.mark.parametrize(
    ("device", "environment", "expected"),
    [
        ("auto", {"CUDA_VISIBLE_DEVICES": "1"}, ["cuda:0"]),
        ("auto", {"CUDA_VISIBLE_DEVICES": ""}, ["cpu"]),
        ("cuda:1", {}, ["cuda:1"]),
        ("cpu", {}, ["cpu"]),
    ],
)
def test_choice_of_devices_is_respected(
    device: str, environment: dict[str, str], expected: list[str]
) -> None:
    assert plan.inference_devices(device, environment) == expected


def test_without_gpu_one_worker_reads_on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert plan.inference_devices("auto", {}) == ["cpu"]


def test_first_admins_password_reaches_no_process_that_stays(tmp_path: Path) -> None:
    commands = plan.processes(settings(tmp_path, redis_url=""), HERE, {"GREENSTICK_ADMIN_PASSWORD": "sesame"})
    assert all("sesame" not in str(command) for command in commands)


def test_children_are_told_where_home_and_temporary_files_are(tmp_path: Path) -> None:
    environment = plan.children_environment(settings(tmp_path), {"HOME": "/me"})
    assert environment["GREENSTICK_HOME"] == str(tmp_path)
    assert environment["HOME"] == "/me"
    assert environment["TMPDIR"] == str(folders.scratch(tmp_path))
    assert environment["OMP_NUM_THREADS"] == "1"
    assert environment["PYTHONUNBUFFERED"] == "1"


def test_thread_count_that_someone_chose_is_kept(tmp_path: Path) -> None:
    environment = plan.children_environment(settings(tmp_path), {"OMP_NUM_THREADS": "4"})
    assert environment["OMP_NUM_THREADS"] == "4"


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),
        ("::", "http://[::1]:8000"),
        ("fe80::1", "http://[fe80::1]:8000"),
        ("reading-room", "http://reading-room:8000"),
    ],
)
def test_url_is_one_that_a_browser_here_can_open(host: str, url: str) -> None:
    assert Address(host, 8000).url == url
