"""`./run` prepares its environment and hands over, here in a small checkout of its own."""

from __future__ import annotations

import ast
import importlib.util
import os
import shutil
import subprocess
import sys
import venv
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

import pytest

RUN = Path(__file__).resolve().parents[1] / "run"
SHOW = """
import os, sys
assert os.environ["ORT_DISABLE_TELEMETRY"] == "1"
print(sys.argv[1:], os.getcwd(), os.environ.get("GREENSTICK_HOME"))
"""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout with `run` and modules that only show what they were given, already installed."""
    checkout = tmp_path_factory.mktemp("checkout")
    shutil.copy(RUN, checkout)
    for module in ("worker/commands/predict.py", "portal/commands/users.py", "portal/supervisor/__main__.py"):
        (checkout / module).parent.mkdir(parents=True)
        (checkout / module).write_text(SHOW)
    (checkout / "requirements").mkdir()
    for name in ("serve", "torch", "tests"):
        (checkout / "requirements" / f"{name}.txt").touch()
    assert run(checkout, "install", "tests").returncode == 0
    return checkout


@pytest.fixture
def script() -> ModuleType:
    """`run` as a module."""
    loader = SourceFileLoader("greenstick_run", str(RUN))
    spec = importlib.util.spec_from_loader("greenstick_run", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def run(
    checkout: Path, *arguments: str, cwd: Path | None = None, **extra: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, checkout / "run", *arguments],
        cwd=cwd or checkout,
        env=environment(**extra),
        capture_output=True,
        text=True,
    )


def environment(**extra: str) -> dict[str, str]:
    foreign = ("GREENSTICK_", "PYTHONPATH", "ORT_")
    ours = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return {**ours, "PIP_NO_INDEX": "1", **extra}


def require_in(checkout: Path, line: str) -> None:
    (checkout / "requirements" / "serve.txt").write_text(line)


def test_help_has_one_line_for_each_command(script: ModuleType) -> None:
    lines = run(RUN.parent, "--help").stdout.splitlines()
    for command in script.COMMANDS:
        assert sum(line.startswith(f"  {command} ") for line in lines) == 1
    assert {"portal", "tests", "predict", "evaluate", "compare", "train"} <= script.COMMANDS.keys()


def test_unknown_command_says_where_to_look(prepared: Path) -> None:
    done = run(prepared, "predikt")
    assert done.returncode == 1
    assert "no command “predikt”" in done.stderr
    assert "./run --help" in done.stderr


def test_without_a_command_the_portal_starts_with_the_home_beside_run(prepared: Path, tmp_path: Path) -> None:
    done = run(prepared, "--port", "8080", cwd=tmp_path)
    assert done.stdout == f"['--port', '8080'] {tmp_path} {prepared / 'var'}\n"


@pytest.mark.parametrize("spelling", [["--home", "here"], ["--home=here"]])
def test_home_is_taken_from_the_option_relative_to_where_one_stands(
    prepared: Path, tmp_path: Path, spelling: list[str]
) -> None:
    done = run(prepared, "user", "add", *spelling, "anna", cwd=tmp_path, GREENSTICK_HOME="/elsewhere")
    assert done.stdout == f"['add', 'anna'] {tmp_path} {tmp_path / 'here'}\n"


def test_files_are_named_from_where_one_stands_and_a_namesake_there_is_not_run(
    prepared: Path, tmp_path: Path
) -> None:
    (tmp_path / "worker").mkdir()
    (tmp_path / "worker" / "__init__.py").write_text("raise SystemExit('the wrong worker')")
    done = run(prepared, "predict", "hand.png", "--json", cwd=tmp_path)
    assert done.stdout == f"['hand.png', '--json'] {tmp_path} None\n"


def test_run_works_through_a_link(prepared: Path, tmp_path: Path) -> None:
    (tmp_path / "greenstick").symlink_to(prepared / "run")
    done = subprocess.run(
        [tmp_path / "greenstick", "predict"], env=environment(), capture_output=True, text=True
    )
    assert done.stdout.startswith("[]")


def test_second_start_installs_nothing_and_a_changed_requirement_does(prepared: Path) -> None:
    assert "installing" not in run(prepared, "predict").stderr
    require_in(prepared, "# changed")
    assert "installing serve" in run(prepared, "predict").stderr
    assert "installing" not in run(prepared, "predict").stderr


def test_failed_install_says_so_and_is_tried_again(prepared: Path) -> None:
    before = (prepared / "requirements" / "serve.txt").read_text()
    require_in(prepared, "no-such-package==1.0")
    try:
        for _ in range(2):
            done = run(prepared, "predict")
            assert done.returncode == 1
            assert "No matching distribution found for no-such-package==1.0" in done.stderr
            assert "use Python 3.11 or 3.12" in done.stderr
            assert done.stdout == ""
    finally:
        require_in(prepared, before)


def test_broken_environment_is_made_anew(prepared: Path) -> None:
    python = prepared / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to("/no/such/python")
    done = run(prepared, "predict")
    assert "making a virtual environment" in done.stderr
    assert "installing" in done.stderr
    assert done.returncode == 0


def test_folder_that_is_no_virtual_environment_keeps_what_it_holds(prepared: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    done = run(prepared, "predict", GREENSTICK_VENV=str(tmp_path))
    assert done.returncode == 1
    assert f"{tmp_path}: the folder holds other things" in done.stderr
    assert "Set GREENSTICK_VENV to a new or an empty folder" in done.stderr
    assert os.listdir(tmp_path) == ["thesis.txt"]


def test_environment_whose_making_was_interrupted_is_made_anew(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    (tmp_path / "lib" / "python3.11").mkdir(parents=True)
    (tmp_path / "lib64").symlink_to("lib")
    (tmp_path / "pyvenv.cfg").touch()
    monkeypatch.setattr(script, "VENV", str(tmp_path))
    steps: list[tuple[object, str]] = [
        (shutil, "rmtree"), (venv, "create"), (venv.EnvBuilder, "create_configuration"),
    ]  # fmt: skip
    for owner, step in steps:
        with monkeypatch.context() as patched:
            patched.setattr(owner, step, interrupted)
            with pytest.raises(KeyboardInterrupt):
                script.make_venv()
    script.make_venv()
    assert script.venv_works()


def test_two_at_once_make_one_environment(prepared: Path, tmp_path: Path) -> None:
    command = [sys.executable, str(prepared / "run"), "install"]
    both = [
        subprocess.Popen(
            command,
            env=environment(GREENSTICK_VENV=str(tmp_path / "venv")),
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    said = [process.communicate()[1] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sum("making a virtual environment" in words for words in said) == 1
    assert sum("waiting for it" in words for words in said) == 1


@pytest.mark.parametrize(
    ("command", "arguments", "sets"),
    [
        ("portal", [], ["serve"]),
        ("predict", ["a.png"], ["serve"]),
        ("evaluate", ["m.csv"], ["serve"]),
        ("evaluate", ["m.csv", "--engine", "torch"], ["serve", "torch"]),
        ("evaluate", ["m.csv", "--engine=torch"], ["serve", "torch"]),
        ("predict", ["--heatmap", "gradcam", "a.png"], ["serve", "torch"]),
        ("predict", ["--overlay=gradcam", "a.png"], ["serve", "torch"]),
        ("compare", ["a", "b", "m.csv"], ["serve"]),
        ("train", [], ["serve", "torch"]),
        ("export", ["--out", "a.onnx"], ["serve", "torch"]),
        ("migrate", [], ["serve"]),
        ("tests", [], ["serve", "torch", "tests"]),
        ("install", [], ["serve"]),
        ("install", ["torch"], ["serve", "torch"]),
    ],
)
def test_torch_is_installed_only_where_it_is_used(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, command: str, arguments: list[str], sets: list[str]
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert script.sets_for(command, arguments) == sets


def test_machine_with_a_gpu_gets_torch_unless_it_shall_read_on_the_cpu(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "nvidia-smi").write_text("#!/bin/sh\necho 'GPU 0: A (UUID: x)'\n")
    (tmp_path / "nvidia-smi").chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert script.sets_for("portal", []) == ["serve", "torch"]
    assert script.sets_for("user", []) == ["serve"]
    monkeypatch.setenv("GREENSTICK_DEVICE", "cpu")
    assert script.sets_for("portal", []) == ["serve"]


def test_old_python_without_a_newer_one_is_told_what_to_install(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(script, "NEEDS_PYTHON", (99, 0))
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SystemExit):
        script.main([])
    assert "Install a newer one" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("pip_said", "advice"),
    [
        ("Failed to establish a new connection: NewConnectionError", "does not answer"),
        ("ERROR: [Errno 28] No space left on device", "disk is full"),
        ("error: subprocess-exited-with-error", "Mend what pip names"),
    ],
)
def test_failure_of_pip_comes_with_what_to_do(
    script: ModuleType, capsys: pytest.CaptureFixture[str], pip_said: str, advice: str
) -> None:
    with pytest.raises(SystemExit):
        script.explain_pip([pip_said])
    said = capsys.readouterr().err
    assert pip_said in said
    assert advice in said


def test_run_is_written_for_pythons_too_old_to_run_the_rest() -> None:
    """`ast` cannot check against 3.6 any more; 3.7 is the oldest it knows."""
    assert ast.parse(RUN.read_text(), feature_version=(3, 7)).body


def test_torch_and_torchvision_are_pinned_side_by_side_without_a_local_version() -> None:
    lines = (RUN.parent / "requirements" / "torch.txt").read_text().splitlines()
    assert {"torch==2.13.0", "torchvision==0.28.0"} <= set(lines)


@pytest.mark.parametrize("name", ["serve", "torch", "tests"])
def test_every_requirement_is_pinned_exactly_and_names_no_index(name: str) -> None:
    text = (RUN.parent / "requirements" / f"{name}.txt").read_text()
    lines = [line.partition("#")[0].strip() for line in text.splitlines()]
    for line in filter(None, lines):
        assert line.count("==") >= 1
        assert "+" not in line
        assert not line.startswith("-")
