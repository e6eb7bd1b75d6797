"""What a run leaves in its folder, and whose folder it is."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.needs import needs_torch
from tests.vision.full_disk import room_for
from tests.vision.limbs import write_manifest

pytestmark = needs_torch
pytest.importorskip("torch", reason="needs torch: ./run install torch")


from tests.vision.runs import ON_CPU, best, measures, recipe, trained  # noqa: E402
from worker.commands import evaluate, train  # noqa: E402
from worker.vision.training.curves import write_curves  # noqa: E402
from worker.vision.training.environment import ROOT, commit_of  # noqa: E402

IMAGES = 40


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_manifest(tmp_path_factory.mktemp("limbs"), IMAGES)


@pytest.fixture(scope="module")
def run(manifest: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(manifest, tmp_path_factory.mktemp("runs") / "first", epochs=2)


def test_run_keeps_weights_state_options_and_measures(run: Path) -> None:
    lines = measures(run)
    assert [line["epoch"] for line in lines] == ["1", "2"]
    assert all(0 <= float(line["tune_auroc"]) <= 1 for line in lines)
    options = json.loads((run / "options.json").read_text())
    assert options["arch"] == "plain-cnn"
    assert options["environment"]["torch"] == version("torch")
    assert best(run)


def test_rows_that_name_no_fold_are_counted(
    manifest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    header, *lines = manifest.read_text().splitlines()
    lines = [line if number % 8 else line.rpartition(",")[0] + "," for number, line in enumerate(lines)]
    partly = manifest.with_name("partly.csv")
    partly.write_text("\n".join([header, *lines]))
    trained(partly, tmp_path / "run")
    assert "5 of 40 rows name no fold and are left out" in capsys.readouterr().err


def test_run_says_on_what_machine_when_and_by_which_code_it_was_trained(run: Path) -> None:
    environment = json.loads((run / "options.json").read_text())["environment"]
    assert datetime.now(UTC) - datetime.fromisoformat(environment["started"]) < timedelta(hours=1)
    assert environment.get("commit") == commit_of(ROOT)
    assert environment["device"] == "cpu"
    assert "gpu" not in environment


def test_code_that_is_no_git_checkout_has_no_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert commit_of(tmp_path) is None
    (tmp_path / ".git").mkdir()
    assert commit_of(tmp_path) is None  # git finds nothing in it
    monkeypatch.setenv("PATH", str(tmp_path))
    assert commit_of(ROOT) is None  # there is no git


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_commit_says_whether_the_code_was_changed_since(tmp_path: Path) -> None:
    def git(*arguments: str) -> str:
        by = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
        done = subprocess.run(["git", "-C", str(tmp_path), *by, *arguments], capture_output=True, check=True)
        return done.stdout.decode().strip()

    git("init", "--quiet")
    (tmp_path / "code.py").write_text("1\n")
    git("add", "code.py")
    git("commit", "--quiet", "-m", "one")
    head = git("rev-parse", "HEAD")
    assert commit_of(tmp_path) == head
    (tmp_path / "code.py").write_text("2\n")
    assert commit_of(tmp_path) == f"{head}, changed since"


def test_run_draws_its_learning_curves(run: Path, tmp_path: Path) -> None:
    assert drawn_halves(run / "curves.png") == [True, True]  # loss above, AUROC below
    (tmp_path / "metrics.csv").write_text("epoch,loss,tune_auroc,seconds\n1,0.7,nan,3\n")
    write_curves(tmp_path)
    assert drawn_halves(tmp_path / "curves.png") == [True, False]


def drawn_halves(path: Path) -> list[bool]:
    """Whether the upper and the lower half show a curve."""
    with Image.open(path) as picture:
        pixels = np.asarray(picture.convert("RGB")).astype(int)
    is_red = pixels[..., 0] - pixels[..., 1] > 100
    return [bool(half.any()) for half in np.array_split(is_red, 2)]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--arch", "resnet18"], "arch: plain-cnn there, resnet18 asked for"),
        (["--epochs", "3"], "epochs: 2 there, 3 asked for"),
        (
            ["--learning-rate", "0.1", "--seed", "4"],
            "seed: 0 there, 4 asked for; learning rate: 0.0004 there",
        ),
    ],
)
def test_folder_of_a_run_is_not_taken_for_another_recipe(
    more: list[str], words: str, manifest: Path, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path.name: path.read_bytes() for path in run.iterdir()}
    assert train.main([*recipe(manifest, run, 2), *more]) == 2
    assert words in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in run.iterdir()} == before


def test_same_recipe_goes_on_in_its_folder(manifest: Path, run: Path) -> None:
    before = best(run)
    trained(manifest, run, epochs=2)
    assert (best(run), len(measures(run))) == (before, 2)


def test_folder_of_a_run_is_not_taken_for_other_images(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(21):
        folder = (
            tmp_path
            / ("other" if number == 20 else "data")
            / ("not_fractured" if number % 3 else "fractured")
        )
        folder.mkdir(parents=True, exist_ok=True)
        noise = np.random.default_rng(number).integers(0, 256, (64, 48), dtype=np.uint8)
        Image.fromarray(noise).save(folder / f"{number}.png")
    run = trained(tmp_path / "data", tmp_path / "run", more=["--batch-size", "4"])
    before = {path.name: path.read_bytes() for path in run.iterdir()}
    (tmp_path / "other" / "not_fractured" / "20.png").rename(tmp_path / "data" / "not_fractured" / "20.png")
    assert train.main([*recipe(tmp_path / "data", run, 1), "--batch-size", "4"]) == 2
    assert "lists other images" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in run.iterdir()} == before


@pytest.fixture
def changing(tmp_path: Path) -> Path:
    return write_manifest(tmp_path, IMAGES)


def deal_anew(manifest: Path) -> None:
    """Turn the folds of a list on by one, in its own file."""
    header, *lines = manifest.read_text().splitlines()
    parts = [line.rsplit(",", 1) for line in lines]
    manifest.write_text("\n".join([header, *(f"{first},{(int(fold) + 1) % 5}" for first, fold in parts)]))


def test_run_does_not_go_on_with_a_list_whose_folds_were_changed(
    changing: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = trained(changing, tmp_path / "run")
    release = ["--out", str(run), "--export", str(tmp_path / "own-1")]
    before = {path.name: path.read_bytes() for path in run.iterdir()}
    deal_anew(changing)
    for again in (recipe(changing, run, 1), ["--out", str(run), "--resume", *ON_CPU], release):
        assert train.main(again) == 2
        assert "manifest.csv lists other images, labels, boxes, groups or folds" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in run.iterdir()} == before
    assert not (tmp_path / "own-1").exists()


def test_list_that_was_changed_is_not_recorded_as_held_back(
    changing: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    release = tmp_path / "own-1"
    assert train.main(["--out", str(trained(changing, tmp_path / "run")), "--export", str(release)]) == 0
    judged = [str(changing), "--release", str(release)]
    assert evaluate.main(judged) == 0
    said = capsys.readouterr().err
    assert "The release never saw these images (fold 0), but some of their groups" in said
    assert "WARNING: some groups" in said  # when it was trained
    deal_anew(changing)
    assert evaluate.main([*judged, "--record"]) == 2
    assert "for the list that the release was trained with" in capsys.readouterr().err


def test_run_of_a_version_that_kept_no_digest_goes_on(changing: Path, tmp_path: Path) -> None:
    run = trained(changing, tmp_path / "run")
    options = json.loads((run / "options.json").read_text())
    options.pop("list_sha256")
    (run / "options.json").write_text(json.dumps(options))
    assert train.main(recipe(changing, run, 1)) == 0


def test_folder_that_holds_a_release_takes_no_other(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    export = ["--out", str(run), "--export", str(tmp_path / "own-1")]
    assert train.main(export) == 0
    before = (tmp_path / "own-1" / "card.json").read_bytes()
    assert train.main(export) == 2
    assert "holds a release already" in capsys.readouterr().err
    assert (tmp_path / "own-1" / "card.json").read_bytes() == before


@pytest.mark.parametrize("name", ["last.pt", "options.json"])
def test_file_of_a_run_that_was_cut_short_is_named(
    name: str, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cut = tmp_path / "cut"
    shutil.copytree(run, cut)
    whole = (cut / name).read_bytes()
    for content in (whole[: len(whole) // 2], b""):
        (cut / name).write_bytes(content)
        assert train.main(["--out", str(cut), "--resume", *ON_CPU]) == 2
        assert f"{cut / name} is damaged" in capsys.readouterr().err


def test_run_that_is_taken_up_on_a_full_disk_can_be_taken_up_later(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stopped = tmp_path / "stopped"
    shutil.copytree(run, stopped)
    before = {path.name: path.read_bytes() for path in stopped.iterdir()}
    with room_for(200):
        assert train.main(["--out", str(stopped), "--resume", *ON_CPU]) == 2
    assert "File too large" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in stopped.iterdir()} == before
    assert train.main(["--out", str(stopped), "--resume", *ON_CPU]) == 0


def test_options_that_name_no_folds_are_told(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = json.loads((run / "options.json").read_text())
    options.pop("folds_train")
    (tmp_path / "options.json").write_text(json.dumps(options))
    assert train.main(["--out", str(tmp_path), "--export", str(tmp_path / "own-1")]) == 2
    assert "options.json is damaged or of another version" in capsys.readouterr().err


def test_run_that_cannot_start_leaves_its_folder_free(manifest: Path, tmp_path: Path) -> None:
    assert train.main([*recipe(manifest, tmp_path / "run", 1), "--batch-size", "64"]) == 2
    assert best(trained(manifest, tmp_path / "run"))
