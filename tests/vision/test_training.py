from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file

from tests.needs import needs_gpu, needs_torch
from tests.vision.limbs import limb, write_manifest

pytestmark = needs_torch
pytest.importorskip("torch", reason="needs torch: ./run install torch")


from tests.vision.runs import best, measures, recipe, resumed, trained  # noqa: E402
from worker.commands import evaluate, train  # noqa: E402
from worker.vision.card import Calibration, ReleaseCard  # noqa: E402
from worker.vision.detector import Detector  # noqa: E402
from worker.vision.errors import BadRelease  # noqa: E402
from worker.vision.manifest import read_manifest  # noqa: E402
from worker.vision.parity import furthest_apart  # noqa: E402
from worker.vision.training import loop  # noqa: E402
from worker.vision.training.checkpoint import Options, epochs_of  # noqa: E402
from worker.vision.training.loop import Trainer  # noqa: E402

IMAGES = 40


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_manifest(tmp_path_factory.mktemp("limbs"), IMAGES)


@pytest.fixture(scope="module")
def run(manifest: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(manifest, tmp_path_factory.mktemp("runs") / "first", epochs=2)


def test_training_again_with_the_same_seed_gives_the_same_weights(
    manifest: Path, run: Path, tmp_path: Path
) -> None:
    assert best(trained(manifest, tmp_path / "again", epochs=2)) == best(run)
    assert best(trained(manifest, tmp_path / "other", epochs=2, more=["--seed", "1"])) != best(run)


def test_stopped_run_goes_on_as_if_it_had_not_been_stopped(
    manifest: Path, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_in_the_second_epoch(manifest, tmp_path / "stopped", Trainer, "_train_epoch", monkeypatch)
    assert best(resumed(tmp_path / "stopped")) == best(run)


def test_epoch_whose_state_was_not_saved_is_measured_once(
    manifest: Path, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_in_the_second_epoch(manifest, tmp_path / "stopped", loop, "save_state", monkeypatch)
    assert len(measures(tmp_path / "stopped")) == 2
    again = resumed(tmp_path / "stopped")
    assert [line["epoch"] for line in measures(again)] == ["1", "2"]
    assert best(again) == best(run)


def stop_in_the_second_epoch(
    manifest: Path, run: Path, owner: object, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Start a run and interrupt it where `owner.name` is called for the second time."""
    whole, calls = getattr(owner, name), []

    def interrupted(*given: object) -> object:
        calls.append(given)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return whole(*given)

    with monkeypatch.context() as patched:
        patched.setattr(owner, name, interrupted)
        with pytest.raises(KeyboardInterrupt):
            trained(manifest, run, epochs=2)


def test_threads_that_prepare_images_change_no_weight(manifest: Path, run: Path, tmp_path: Path) -> None:
    assert best(trained(manifest, tmp_path / "ahead", epochs=2, more=["--workers", "3"])) == best(run)


def test_release_of_a_run_loads_reads_and_can_be_judged(
    run: Path, manifest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "first-1"
    assert train.main(["--out", str(run), "--export", str(folder)]) == 0
    card = ReleaseCard.read(folder)
    assert (card.name, card.architecture, card.metrics["fold"]) == ("first-1", "plain-cnn", 0)
    assert card.training["tune_images"] == IMAGES // 5
    capsys.readouterr()
    assert evaluate.main([str(manifest), "--release", str(folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["folds"] == [0]


def test_engines_agree_on_an_exported_release(run: Path, tmp_path: Path) -> None:
    train.main(["--out", str(run), "--export", str(tmp_path / "first-1")])
    by_onnx, by_torch = (Detector.load(tmp_path / "first-1", engine=engine) for engine in ("onnx", "torch"))
    prepared = [by_onnx.prepare(limb(seed=seed), 0, 255) for seed in range(3)]
    tensors = np.stack([image.tensor for image in prepared])
    one, other = by_onnx._engine.run(tensors), by_torch._engine.run(tensors)
    # Not the card's calibration: two epochs on forty images part the classes by next to nothing.
    assert furthest_apart(one, other, Calibration(1, 0)) < 1e-4


def test_scope_taught_from_other_pictures_refuses_them(run: Path, manifest: Path, tmp_path: Path) -> None:
    others = write_stripes(tmp_path)
    folder = tmp_path / "first-1"
    assert train.main(["--out", str(run), "--export", str(folder), "--out-of-scope", str(others)]) == 0
    detector = Detector.load(folder)
    stripes, bone = stripe_picture(77), limb(seed=99)
    verdicts = [detector.read([detector.prepare(picture, 0, 255)])[0].verdict for picture in (stripes, bone)]
    assert verdicts[0] == "out of scope"
    assert verdicts[1] != "out of scope"
    fit = ReleaseCard.read(folder).training["scope"]
    assert fit["other_images"] == 12
    assert fit["refused_share_when_kind_unseen"].keys() == {"stripes", "more stripes"}


def stripe_picture(seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    return np.repeat(random.integers(0, 256, (200, 25), dtype=np.uint8), 8, axis=1)


def write_stripes(folder: Path) -> Path:
    names = [f"stripes{seed}.png" for seed in range(12)]
    for seed, name in enumerate(names):
        Image.fromarray(stripe_picture(seed)).save(folder / name)
    kinds = ["stripes", "more stripes"] * 6
    text = "\n".join(f"{name},{kind}" for name, kind in zip(names, kinds, strict=True))
    (folder / "others.csv").write_text(f"image,kind\n{text}\n")
    return folder / "others.csv"


def test_two_folders_of_pictures_are_enough_to_train(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(25):
        folder = tmp_path / "data" / ("not_fractured" if number % 3 else "fractured")
        folder.mkdir(parents=True, exist_ok=True)
        noise = np.random.default_rng(number).integers(0, 256, (64, 48), dtype=np.uint8)
        Image.fromarray(noise).save(folder / f"{number}.png")
    (folder / "other.dcm").touch()
    run = trained(tmp_path / "data", tmp_path / "run")
    assert best(run)
    assert len(read_manifest(run / "manifest.csv", [0])) == 5
    assert "are left out (1): DICOM files can be listed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("asked", "complaint"),
    [
        ([], "--data"),
        (["--data", "/no/such.csv"], "No such file"),
        (["--data", "{manifest}", "--side", "100"], "multiples of 32"),
        (["--data", "{manifest}", "--folds-train", "8"], "no row of fold"),
        (["--data", "{manifest}", "--batch-size", "64"], "fewer images"),
        (["--data", "{manifest}", "--device", "cuda:99"], "this machine has cpu"),
        (["--data", "{manifest}", "--fold-tune", "none", "--patience", "2"], "tuning fold"),
        (["--data", "{manifest}", "--patience", "0"], "at least one epoch"),
        (["--data", "{manifest}", "--fold-test", "7"], "fold 7: its folds are 0, 1, 2, 3, 4"),
        (["--data", "{manifest}", "--folds-train", "1,2,3"], "fold 1 is named twice"),
        (["--data", "{manifest}", "--fold-test", "1"], "fold 1 is named twice"),
        (["--data", "{manifest}", "--weights", "/no/such.safetensors"], "there are no weights at /no/such"),
    ],
)
def test_impossible_run_says_why(
    asked: list[str], complaint: str, manifest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    filled = [part.format(manifest=manifest) for part in asked]
    assert train.main([*filled, "--out", str(tmp_path / "run")]) == 2
    assert complaint in capsys.readouterr().err


@pytest.mark.parametrize(
    ("kind", "folds", "complaint"),
    [
        ("1", "234", "folds 2, 3, 4, to train on, have no fractured image"),
        ("0", "234", "folds 2, 3, 4, to train on, have no sound image"),
        ("1", "1", "fold 1, to tune by, has no fractured image"),
    ],
)
def test_run_needs_both_kinds_of_image_to_train_on_and_to_tune_by(
    kind: str, folds: str, complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = write_manifest(tmp_path, 20)
    header, *lines = manifest.read_text().splitlines()
    kept = [line for line in lines if not (line.split(",")[1] == kind and line[-1] in folds)]
    manifest.write_text("\n".join([header, *kept]))
    assert train.main(recipe(manifest, tmp_path / "run", 1)) == 2
    assert complaint in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_training_that_runs_away_is_stopped_and_leaves_no_weights(
    manifest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train.main([*recipe(manifest, tmp_path / "run", 1), "--learning-rate", "1e30"]) == 2
    assert "train: the loss of epoch 1 is no number" in capsys.readouterr().err
    assert not (tmp_path / "run" / "best.safetensors").exists()


def test_release_that_must_not_be_used_is_said_and_not_thrown(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(*given: object) -> None:
        raise BadRelease("it answers with what is no number")

    monkeypatch.setattr(train, "export_release", refused)
    assert train.main(["--out", str(run), "--export", str(tmp_path / "first-1")]) == 2
    assert capsys.readouterr().err == "train: it answers with what is no number\n"


def test_run_without_a_tuning_fold_keeps_its_last_weights(manifest: Path, tmp_path: Path) -> None:
    folder = trained(manifest, tmp_path / "all", epochs=2, more=["--fold-tune", "none"])
    assert measures(folder)[0].keys() == {"epoch", "loss", "seconds"}
    assert epochs_of(folder) == {"epochs_done": 2, "best_epoch": 2}
    once = trained(manifest, tmp_path / "once", epochs=1, more=["--fold-tune", "none"])
    assert best(once) != best(folder)


def test_first_half_of_the_epochs_may_use_smaller_images(manifest: Path, run: Path, tmp_path: Path) -> None:
    smaller = trained(manifest, tmp_path / "smaller", epochs=2, more=["--first-side", "32"])
    assert best(smaller) != best(run)
    assert train.main(["--data", str(manifest), "--first-side", "33", "--out", str(tmp_path / "odd")]) == 2


def test_boxes_and_limb_finding_can_be_left_out(manifest: Path, run: Path, tmp_path: Path) -> None:
    labels = trained(manifest, tmp_path / "labels", epochs=2, more=["--without-boxes"])
    assert best(labels) != best(run)
    assert not Options.read(labels).peaked_boxes
    whole = trained(manifest, tmp_path / "whole", epochs=1, more=["--whole-image"])
    assert train.main(["--out", str(whole), "--export", str(tmp_path / "whole-1")]) == 0
    assert ReleaseCard.read(tmp_path / "whole-1").preprocessing.finds_limb is False


def test_map_is_taught_the_centre_of_a_box_most_unless_told_otherwise(manifest: Path, tmp_path: Path) -> None:
    finer = ["--arch", "plain-cnn-fpn", "--side", "128"]
    peaked = trained(manifest, tmp_path / "peaked", more=finer)
    level = trained(manifest, tmp_path / "level", more=[*finer, "--level-boxes"])
    assert (Options.read(peaked).peaked_boxes, Options.read(level).peaked_boxes) == (True, False)
    assert best(peaked) != best(level)


@needs_gpu
def test_gpu_is_chosen_where_there_is_one_and_computes_in_bfloat16(manifest: Path, tmp_path: Path) -> None:
    folder = trained(manifest, tmp_path / "run", epochs=2, more=["--device", "auto"])
    options = json.loads((folder / "options.json").read_text())
    assert (options["environment"]["device"], options["precision"]) == ("cuda", "bf16")
    assert "NVIDIA" in options["environment"]["gpu"]
    assert all(0 < float(line["loss"]) < 10 for line in measures(folder))


def test_cpu_computes_in_float32_unless_asked(manifest: Path, run: Path, tmp_path: Path) -> None:
    assert Options.read(run).precision == "fp32"
    assert best(trained(manifest, tmp_path / "bf16", epochs=2, more=["--precision", "bf16"])) != best(run)


def test_run_can_end_half_way_between_its_start_and_what_it_learnt(manifest: Path, tmp_path: Path) -> None:
    start = trained(manifest, tmp_path / "start", more=["--fold-tune", "none"]) / "best.safetensors"
    more = ["--weights", str(start), "--fold-tune", "none", "--seed", "5"]
    learnt = trained(manifest, tmp_path / "on", more=more) / "best.safetensors"
    half = trained(manifest, tmp_path / "half", more=[*more, "--average-start"]) / "best.safetensors"
    began, ended, between = (load_file(path) for path in (start, learnt, half))
    assert np.abs(ended["map.weight"] - began["map.weight"]).max() > 0
    for name in ("map.weight", "image.weight", "mixed.3.running_var"):
        np.testing.assert_allclose(between[name], (began[name] + ended[name]) / 2, atol=1e-6)
    kept = half.read_bytes()
    trained(manifest, tmp_path / "half", more=[*more, "--average-start"])
    assert half.read_bytes() == kept, "asking again for a finished run changes nothing"


def test_run_without_weights_has_no_start_to_end_half_way_to(
    manifest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train.main([*recipe(manifest, tmp_path / "run", 1), "--average-start"]) == 2
    assert "--weights" in capsys.readouterr().err
