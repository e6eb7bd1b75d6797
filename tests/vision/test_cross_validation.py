"""Judging a recipe out of fold, and making a release of it."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.needs import needs_torch
from tests.vision.limbs import limb, write_manifest

pytestmark = needs_torch
pytest.importorskip("torch", reason="needs torch: ./run install torch")

import torch  # noqa: E402

from tests.vision.runs import ON_CPU  # noqa: E402
from worker.commands import cross_validate, evaluate, train  # noqa: E402
from worker.vision.boxes import BoxRule  # noqa: E402
from worker.vision.card import ReleaseCard, file_sha256  # noqa: E402
from worker.vision.detector import Detector  # noqa: E402
from worker.vision.evaluation.seen import folds_trained_on  # noqa: E402
from worker.vision.networks.mirrored import Mirrored  # noqa: E402
from worker.vision.networks.registry import build  # noqa: E402
from worker.vision.shelf import RELEASES  # noqa: E402
from worker.vision.training.checkpoint import Options  # noqa: E402
from worker.vision.training.judgement import JUDGEMENT_FILE, read_judgement  # noqa: E402

IMAGES, FOLDS = 60, 5
RELIABILITY = ("reliability_before_calibration", "reliability")
RECIPE = ["--arch", "plain-cnn", "--epochs", "1", "--side", "128", "--batch-size", "8", *ON_CPU]


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of limbs in folds that share no group, as the folds we deal."""
    here = write_manifest(tmp_path_factory.mktemp("limbs"), IMAGES)
    with here.open(newline="", encoding="utf-8") as stream:
        header, *lines = csv.reader(stream)
    with here.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(header)
        writer.writerows([*line[:-1], number // 2 % FOLDS] for number, line in enumerate(lines))
    return here


def validate(manifest: Path, out: Path, more: Sequence[str] = ()) -> int:
    return cross_validate.main(["--data", str(manifest), *RECIPE, "--out", str(out), *more])


@pytest.fixture(scope="module")
def validated(manifest: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "cv"
    assert validate(manifest, out, ["--mirrored"]) == 0
    return out


@pytest.fixture(scope="module")
def release(manifest: Path, validated: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("runs") / "all"
    every_fold = ["--folds-train", "0,1,2,3,4", "--fold-tune", "none", "--fold-test", "none"]
    assert train.main(["--data", str(manifest), *RECIPE, *every_fold, "--out", str(run)]) == 0
    made = run.parent / "limbs-2"
    assert train.main(["--out", str(run), "--export", str(made), "--out-of-fold", str(validated)]) == 0
    return made


def test_every_image_is_judged_once_by_a_network_that_never_saw_its_fold(validated: Path) -> None:
    lines = (validated / "predictions.csv").read_text().splitlines()
    assert len(lines) == 1 + IMAGES == 1 + len(set(lines[1:]))
    for fold in range(FOLDS):
        options = Options.read(validated / f"fold-{fold}")
        assert options.fold_test == fold
        assert fold not in options.folds_train
        assert options.fold_tune is None


def test_judgement_gives_measures_with_intervals_and_what_calibration_changed(validated: Path) -> None:
    judgement = read_judgement(validated)
    assert judgement.is_mirrored
    assert judgement.metrics["images"] == IMAGES
    assert judgement.metrics["intervals_95"]["auroc"][0] <= judgement.metrics["auroc"]
    assert judgement.metrics["before_calibration"].keys() == {"calibration_error", "brier"}
    assert 0 <= judgement.rules.operating_points.rule_out <= judgement.rules.operating_points.rule_in <= 1


def test_cross_validation_leaves_the_whole_report_with_its_worst_errors(validated: Path) -> None:
    page = (validated / "report.html").read_text()
    report = json.loads((validated / "report.json").read_text())
    assert "Each image was judged by a network that never saw its group." in page
    assert (report["images"], report["folds"]) == (IMAGES, list(range(FOLDS)))
    assert report["out_of_scope"] is None  # networks that are judged out of fold know no scope
    assert f"AUROC</th><td>{report['measures']['auroc']['value']:.3f}" in page
    assert page.count("data:image/png;base64,") == len(list(validated.glob("*.png")))
    assert list(validated.glob("worst_false_*.png"))  # so little training leaves some


def test_reliability_before_calibration_stands_beside_that_after(validated: Path) -> None:
    page = (validated / "report.html").read_text()
    before, after = page.index("networks&#39; own probabilities"), page.index("probabilities mean what they")
    assert page[before:after].count("<figure") == 1
    told = read_judgement(validated).metrics
    assert told["before_calibration"]["calibration_error"] != told["calibration_error"]
    drawn = [(validated / f"{name}.png").read_bytes() for name in RELIABILITY]
    assert drawn[0] != drawn[1]


def test_data_that_cannot_be_calibrated_is_refused_before_any_training(
    manifest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    header, *lines = manifest.read_text().splitlines()
    whole = "\n".join([header, *(line for line in lines if line.split(",")[1] == "0")])
    (manifest.parent / "sound.csv").write_text(whole)
    assert validate(manifest.parent / "sound.csv", tmp_path / "cv") == 2
    assert "need fractured images and sound ones" in capsys.readouterr().err
    assert not list(tmp_path.glob("cv/fold-*"))


def test_folds_can_be_shared_among_processes_and_give_the_same_verdict(
    manifest: Path, validated: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for fold in reversed(range(FOLDS)):
        capsys.readouterr()
        assert validate(manifest, tmp_path / "cv", ["--mirrored", "--fold", str(fold)]) == 0
        assert ("folds are read" in capsys.readouterr().out) == (fold > 0)
    assert (tmp_path / "cv" / "out_of_fold.json").read_text() == (validated / "out_of_fold.json").read_text()


def test_finished_folds_are_not_trained_again(manifest: Path, validated: Path) -> None:
    before = [path.stat().st_mtime_ns for path in sorted(validated.glob("fold-*/best.safetensors"))]
    assert validate(manifest, validated, ["--mirrored"]) == 0
    assert before == [path.stat().st_mtime_ns for path in sorted(validated.glob("fold-*/best.safetensors"))]


def test_recipe_can_be_judged_on_some_folds_by_networks_trained_on_all_others(
    manifest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert validate(manifest, tmp_path / "cv", ["--folds", "1,3"]) == 0
    assert read_judgement(tmp_path / "cv").metrics["folds"] == [1, 3]
    assert read_judgement(tmp_path / "cv").metrics["images"] == IMAGES * 2 // FOLDS
    assert Options.read(tmp_path / "cv" / "fold-3").folds_train == (0, 1, 2, 4)
    before = (tmp_path / "cv" / JUDGEMENT_FILE).read_bytes()
    for others in (["--folds", "0,1"], []):
        assert validate(manifest, tmp_path / "cv", others) == 2
        assert "holds the judgement of folds 1, 3" in capsys.readouterr().err
    assert (tmp_path / "cv" / JUDGEMENT_FILE).read_bytes() == before
    for wrong in ("1", "1,9"):
        assert validate(manifest, tmp_path / "cv", ["--folds", wrong]) == 2
        assert "two or more of 0, 1, 2, 3, 4" in capsys.readouterr().err


def test_each_fold_goes_on_from_its_own_network_of_an_earlier_cross_validation(
    manifest: Path, validated: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    going_on = ["--arch", "plain-cnn-fpn", "--weights", str(validated)]
    assert validate(manifest, tmp_path / "cv", [*going_on, "--fold", "2"]) == 0
    assert Options.read(tmp_path / "cv" / "fold-2").weights == str(validated / "fold-2" / "best.safetensors")
    swapped = tmp_path / "swapped"
    swapped.mkdir()
    for fold in range(FOLDS):
        (swapped / f"fold-{fold}").symlink_to(validated / f"fold-{(fold + 1) % FOLDS}")
    assert validate(manifest, tmp_path / "other", ["--weights", str(swapped)]) == 2
    assert "not trained without fold 0" in capsys.readouterr().err
    for nowhere in (tmp_path, tmp_path / "mistyped.safetensors"):
        assert validate(manifest, tmp_path / "other", ["--weights", str(nowhere)]) == 2
        assert "there are no weights at" in capsys.readouterr().err


def test_network_that_went_on_from_one_that_saw_the_fold_does_not_judge_it(
    manifest: Path, validated: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nor two trainings later: the network of fold 0 saw fold 1, whatever it was trained on since."""
    later = tmp_path / "later"
    start = ["--weights", str(validated / "fold-0" / "best.safetensors")]
    folds = ["--folds-train", "2,3,4", "--fold-tune", "none", "--fold-test", "1"]
    assert train.main(["--data", str(manifest), *RECIPE, *start, *folds, "--out", str(later)]) == 0
    going_on = ["--weights", str(later / "best.safetensors"), "--folds", "0,1"]
    assert validate(manifest, tmp_path / "cv", going_on) == 2
    assert "not trained without fold 1" in capsys.readouterr().err
    made = tmp_path / "limbs-4"
    assert validate(manifest, tmp_path / "cv", ["--folds", "0,1"]) == 0
    assert (
        train.main(["--out", str(later), "--export", str(made), "--out-of-fold", str(tmp_path / "cv")]) == 0
    )
    assert ReleaseCard.read(made).training["folds_seen_before"] == [1]
    assert folds_trained_on(ReleaseCard.read(made)) == {1, 2, 3, 4}


def test_figures_of_networks_that_went_on_from_a_release_are_not_called_unseen(
    manifest: Path, release: Path, tmp_path: Path
) -> None:
    start = ["--weights", str(release / "weights.safetensors"), "--folds", "0,1"]
    assert validate(manifest, tmp_path / "cv", start) == 0
    seen = json.loads((tmp_path / "cv" / "report.json").read_text())["seen"]
    assert seen["share"] == "unknown"
    assert "limbs-2" in seen["says"]


def test_card_of_a_finer_map_names_the_weights_of_its_backbone(
    manifest: Path, validated: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = tmp_path / "start.safetensors"
    shutil.copy(validated / "fold-0" / "best.safetensors", weights)
    run, made = str(tmp_path / "all"), tmp_path / "limbs-3"
    going_on = ["--arch", "plain-cnn-fpn", "--weights", str(weights)]
    every_fold = ["--folds-train", "0,1,2,3,4", "--fold-tune", "none", "--fold-test", "none"]
    assert train.main(["--data", str(manifest), *RECIPE, *going_on, *every_fold, "--out", run]) == 0
    assert validate(manifest, tmp_path / "cv", [*going_on, "--folds", "0,1"]) == 0
    facts = json.loads(Path(RELEASES, "facts.json").read_text("utf-8"))
    ours = dict.fromkeys(facts["backbones"]["other"], "ours")
    facts["backbones"]["plain-cnn"] = ours | {"sha256": file_sha256(weights)}
    (tmp_path / "facts.json").write_text(json.dumps(facts))
    export = ["--out", run, "--export", str(made), "--facts", str(tmp_path / "facts.json"), "--out-of-fold"]
    assert train.main([*export, str(validated)]) == 2
    assert "architecture: plain-cnn there, plain-cnn-fpn asked for" in capsys.readouterr().err
    assert train.main([*export, str(tmp_path / "cv")]) == 0
    assert set(ReleaseCard.read(made).backbone.values()) == {"ours"}


def test_finished_folds_are_not_judged_by_other_labels(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here = write_manifest(tmp_path, IMAGES)
    assert validate(here, tmp_path / "cv", ["--folds", "0,1"]) == 0
    before = (tmp_path / "cv" / JUDGEMENT_FILE).read_bytes()
    with here.open(newline="", encoding="utf-8") as stream:
        header, *lines = csv.reader(stream)
    with here.open("w", newline="", encoding="utf-8") as stream:
        flipped = [[name, "10"[int(label)], part, "", *rest] for name, label, part, _, *rest in lines]
        csv.writer(stream).writerows([header, *flipped])
    assert validate(here, tmp_path / "cv", ["--folds", "0,1"]) == 2
    together = ["--mean-of", str(tmp_path / "cv"), "--out", str(tmp_path / "mean")]
    assert cross_validate.main(together) == 2
    assert capsys.readouterr().err.count("lists other images, labels") == 2
    assert (tmp_path / "cv" / JUDGEMENT_FILE).read_bytes() == before


def test_answers_for_other_images_are_not_taken_for_these(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_manifest(tmp_path, IMAGES)
    here = tmp_path / "manifest.csv"
    assert validate(here, tmp_path / "cv", ["--fold", "0"]) == 0
    lines = here.read_text().splitlines(keepends=True)
    here.write_text("".join([*lines[:1], *lines[7:]]))
    assert validate(here, tmp_path / "cv", ["--fold", "0"]) == 2
    assert "other images" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["fold-0/answers.npz", "out_of_fold.json"])
def test_file_of_a_cross_validation_that_was_cut_short_is_named(
    name: str, manifest: Path, validated: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cut = tmp_path / "cv"
    shutil.copytree(validated, cut)
    whole = (cut / name).read_bytes()
    for content in (whole[: len(whole) // 2], b"", b"{}"):
        (cut / name).write_bytes(content)
        assert validate(manifest, cut, ["--mirrored"]) == 2
        assert f"{cut / name} is damaged: remove it" in capsys.readouterr().err


def test_what_another_recipe_or_way_of_reading_left_is_not_taken_for_this_one(
    manifest: Path, validated: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for more, complaint in (([], "read mirrored too"), (["--mirrored", "--seed", "9"], "another recipe")):
        assert validate(manifest, validated, more) == 2
        assert complaint in capsys.readouterr().err
    assert validate(manifest, validated, ["--mirrored", "--fold", "7"]) == 2
    assert "one of 0, 1, 2, 3, 4" in capsys.readouterr().err


def test_release_of_the_recipe_is_tuned_and_described_by_the_cross_validation(
    release: Path, validated: Path
) -> None:
    card, judgement = ReleaseCard.read(release), read_judgement(validated)
    assert card.calibration == judgement.rules.calibration
    assert card.operating_points == judgement.rules.operating_points
    assert BoxRule(card.box_threshold, card.box_trim) == judgement.rules.boxes
    assert card.metrics["auroc"] == judgement.metrics["auroc"]
    assert card.metrics["folds"] == list(range(FOLDS))
    assert card.training["tune_images"] == IMAGES
    assert card.is_mirrored


def test_release_of_some_folds_is_described_as_such_and_not_offered_to_be_judged(
    manifest: Path, validated: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, made = tmp_path / "some", tmp_path / "limbs-5"
    assert train.main(["--data", str(manifest), *RECIPE, "--out", str(run)]) == 0
    assert train.main(["--out", str(run), "--export", str(made), "--out-of-fold", str(validated)]) == 0
    assert "--record" not in capsys.readouterr().out
    assert ReleaseCard.read(made).training["folds_left_out"] == [0, 1]


@pytest.mark.parametrize(
    ("other", "complaint"),
    [
        (["--learning-rate", "1e-2"], "learning rate: 0.0004 there, 0.01 asked for"),
        (["--without-boxes"], "box supervision: True there, False asked for"),
        ([], "another list of images"),
    ],
)
def test_judgement_of_another_recipe_or_list_describes_no_release(
    other: list[str],
    complaint: str,
    manifest: Path,
    validated: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    listed = manifest if other else write_manifest(tmp_path, IMAGES)
    run = ["--out", str(tmp_path / "run")]
    assert train.main(["--data", str(listed), *RECIPE, *other, *run]) == 0
    assert train.main([*run, "--export", str(tmp_path / "x-1"), "--out-of-fold", str(validated)]) == 2
    assert complaint in capsys.readouterr().err
    assert not (tmp_path / "x-1").exists()


def test_judgement_that_does_not_say_by_what_it_was_taught_is_taken(
    manifest: Path, validated: Path, release: Path, tmp_path: Path
) -> None:
    stored = json.loads((validated / JUDGEMENT_FILE).read_text())
    stored["judged"].pop("lessons")
    stored.pop("known_folds")
    (tmp_path / JUDGEMENT_FILE).write_text(json.dumps(stored))
    run, made = release.parent / "all", tmp_path / "limbs-6"
    assert train.main(["--out", str(run), "--export", str(made), "--out-of-fold", str(tmp_path)]) == 0
    assert "folds_left_out" not in ReleaseCard.read(made).training


def test_judgement_of_an_older_version_is_asked_for_anew(validated: Path, tmp_path: Path) -> None:
    stored = json.loads((validated / JUDGEMENT_FILE).read_text())
    rules = {**stored["rules"], "box_threshold": 0.3}
    rules.pop("boxes")
    nameless = {name: value for name, value in stored.items() if name != "judged"}
    for older in ({**stored, "rules": rules}, nameless):
        (tmp_path / JUDGEMENT_FILE).write_text(json.dumps(older))
        with pytest.raises(ValueError, match="cross-validate"):
            read_judgement(tmp_path)


def test_mirrored_release_reads_a_limb_and_its_mirror_image_alike_on_both_engines(release: Path) -> None:
    for engine in ("onnx", "torch"):
        detector = Detector.load(release, engine=engine)
        tensor = detector.prepare(limb(seed=5), 0, 255).tensor
        one, other = detector._engine.run(np.stack([tensor, tensor[:, :, ::-1]])).logits
        assert one == pytest.approx(other, abs=1e-4)


def test_mirroring_is_the_mean_of_both_readings() -> None:
    torch.manual_seed(3)
    network = build("tiny").eval()
    image = torch.rand(2, 1, 64, 64)
    plain, turned, both = network(image), network(image.flip(3)), Mirrored(network)(image)
    torch.testing.assert_close(both.logits, (plain.logits + turned.logits) / 2)
    torch.testing.assert_close(both.maps, (plain.maps + turned.maps.flip(2)) / 2)
    torch.testing.assert_close(both.scope, plain.scope)


def test_release_without_any_tuning_is_refused(
    manifest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "all"
    asked = ["--data", str(manifest), *RECIPE, "--fold-tune", "none", "--out", str(run)]
    assert train.main(asked) == 0
    assert train.main(["--out", str(run), "--export", str(tmp_path / "x-1")]) == 2
    assert "--out-of-fold" in capsys.readouterr().err
    unfinished = ["--out", str(run), "--export", str(tmp_path / "x-1"), "--out-of-fold", str(tmp_path)]
    assert train.main(unfinished) == 2


def test_release_trained_on_every_fold_is_not_said_to_be_judged_on_held_back_images(
    release: Path, manifest: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate.main([str(manifest), "--release", str(release), "--json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["folds"] is None
    assert "trained on all of these images (folds 0, 1, 2, 3, 4): the figures show" in said.err


def test_release_reads_standing_and_lying_limbs_together_as_each_alone(release: Path) -> None:
    detector = Detector.load(release)
    assert detector.card.preprocessing.follows_limb
    pictures = [limb(), np.ascontiguousarray(limb().T), limb(240, 240), limb(seed=3)]
    prepared = [detector.prepare(picture, 0, 255) for picture in pictures]
    assert len({image.tensor.shape for image in prepared}) > 1
    for image, together, picture in zip(prepared, detector.read(prepared), pictures, strict=True):
        (alone,) = detector.read([image])
        assert together.probability == pytest.approx(alone.probability, abs=1e-5)
        assert together.boxes == alone.boxes
        assert together.heatmap.shape == tuple(
            round(side * 128 / max(picture.shape)) for side in picture.shape
        )
