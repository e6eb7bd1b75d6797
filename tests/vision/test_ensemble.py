"""Several networks that answer together: judged out of fold, and made a release of."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest

from tests.needs import needs_torch
from tests.vision.limbs import write_manifest

pytestmark = needs_torch
pytest.importorskip("torch", reason="needs torch: ./run install torch")

import torch  # noqa: E402

from tests.vision.engines import check_reads_alike_on_both_engines_and_explains_itself  # noqa: E402
from tests.vision.runs import ON_CPU  # noqa: E402
from worker.commands import cross_validate, train  # noqa: E402
from worker.vision.card import ReleaseCard  # noqa: E402
from worker.vision.engine import Outputs  # noqa: E402
from worker.vision.networks.halves import round_to_half  # noqa: E402
from worker.vision.networks.reader import soft_maximum  # noqa: E402
from worker.vision.networks.registry import (  # noqa: E402
    ARCHITECTURES,
    build,
    build_reader,
    together,
)
from worker.vision.onnx_engine import OnnxEngine  # noqa: E402
from worker.vision.training.judgement import read_judgement  # noqa: E402
from worker.vision.training.onnx_export import export_onnx  # noqa: E402

IMAGES, FOLDS = 40, 5
RECIPE = ["--arch", "plain-cnn", "--epochs", "1", "--side", "64", "--batch-size", "8", *ON_CPU]
EVERY_FOLD = ["--folds-train", "0,1,2,3,4", "--fold-tune", "none", "--fold-test", "none"]
NAMES = "plain-cnn", "resnet18"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two cross-validations, cv-0 and cv-1, and two networks of all folds, all-0 and all-1, by two seeds."""
    folder = tmp_path_factory.mktemp("runs")
    data = ["--data", str(write_manifest(folder, IMAGES)), *RECIPE]
    for seed in ("0", "1"):
        asked = [*data, "--seed", seed]
        assert cross_validate.main([*asked, "--out", str(folder / f"cv-{seed}")]) == 0
        assert train.main([*asked, *EVERY_FOLD, "--out", str(folder / f"all-{seed}")]) == 0
    return folder


def judged_together(runs: Path, out: Path, more: Sequence[str] = ()) -> int:
    members = [str(runs / "cv-0"), str(runs / "cv-1")]
    return cross_validate.main(["--mean-of", *members, "--out", str(out), *more])


@pytest.fixture(scope="module")
def judged(runs: Path) -> Path:
    assert judged_together(runs, runs / "pair") == 0
    return runs / "pair"


@pytest.fixture(scope="module")
def release(runs: Path, judged: Path) -> Path:
    made = runs / "pair-1"
    members = ["--out", str(runs / "all-0"), "--with", str(runs / "all-1")]
    assert train.main([*members, "--export", str(made), "--out-of-fold", str(judged)]) == 0
    return made


def kept(folder: Path) -> Outputs:
    with np.load(folder / "answers.npz") as stored:
        maps = stored["cells"].reshape(-1, *stored["shapes"][0])
        return Outputs(stored["logits"], maps, stored["scope"])


def hottest(maps: np.ndarray) -> torch.Tensor:
    return soft_maximum(torch.from_numpy(maps))


def test_ensemble_answers_with_the_mean_of_its_members_and_leans_on_their_map(
    runs: Path, judged: Path
) -> None:
    for fold in range(FOLDS):
        one, other, both = (kept(where / f"fold-{fold}") for where in (runs / "cv-0", runs / "cv-1", judged))
        leaning = (one.logits + other.logits) / 2 + hottest(both.maps).numpy()
        np.testing.assert_allclose(both.logits, leaning, atol=1e-5)
        np.testing.assert_allclose(both.maps, (one.maps + other.maps) / 2, atol=1e-5)
        np.testing.assert_allclose(both.scope, one.scope + other.scope, atol=1e-5)
        assert np.abs(one.logits - other.logits).max() > 1e-3
    assert read_judgement(judged).metrics["images"] == IMAGES


def test_each_member_gets_the_image_as_it_was_trained_to() -> None:
    torch.manual_seed(0)
    readers = [build_reader(name).eval() for name in NAMES]
    for reader in readers:
        torch.nn.init.normal_(reader.scope.weight)
    grey = torch.rand(2, 1, 64, 64)
    scales = [ARCHITECTURES[name].scale for name in NAMES]
    assert scales[0] != scales[1]
    images = [(grey - scale.mean) / scale.deviation for scale in scales]
    with torch.inference_mode():
        together_said = together(NAMES, readers)(images[0])
        said = [reader(image) for reader, image in zip(readers, images, strict=True)]
    maps = (said[0].maps + said[1].maps) / 2
    torch.testing.assert_close(together_said.maps, maps)
    mean = (said[0].logits + said[1].logits) / 2
    torch.testing.assert_close(together_said.logits, mean + soft_maximum(maps))
    torch.testing.assert_close(together_said.scope, said[0].scope + said[1].scope)


def test_release_of_an_ensemble_reads_alike_on_both_engines_and_explains_itself(release: Path) -> None:
    card = ReleaseCard.read(release)
    assert card.architecture == "plain-cnn+plain-cnn"
    check_reads_alike_on_both_engines_and_explains_itself(release)


def test_card_of_an_ensemble_tells_how_every_member_was_trained(release: Path, judged: Path) -> None:
    card = ReleaseCard.read(release)
    assert card.training["seed"] == 0
    assert [other["seed"] for other in card.training["other_members"]] == [1]
    assert card.calibration == read_judgement(judged).rules.calibration
    assert card.backbone["name"] == "none: random weights"


def test_networks_judged_together_leave_the_whole_report_too(judged: Path) -> None:
    report = json.loads((judged / "report.json").read_text())
    assert report["measures"]["auroc"]["value"] == read_judgement(judged).metrics["auroc"]
    assert (judged / "report.html").exists()
    assert (judged / "reliability_before_calibration.png").exists()


def test_members_that_saw_the_fold_or_are_not_there_are_refused(
    runs: Path, judged: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cross_validate.main(["--mean-of", str(runs), "--out", str(tmp_path / "none")]) == 2
    assert f"{runs} holds no network of a cross-validation" in capsys.readouterr().err
    assert judged_together(runs, tmp_path / "some", ["--fold", "9"]) == 2
    assert "one of 0, 1, 2, 3, 4" in capsys.readouterr().err
    assert judged_together(runs, tmp_path / "some", ["--data", str(runs / "manifest.csv")]) == 2
    assert "leave out --data" in capsys.readouterr().err
    swapped = tmp_path / "swapped"
    swapped.mkdir()
    for fold, other in ((0, 1), (1, 0)):
        (swapped / f"fold-{fold}").symlink_to(runs / "cv-1" / f"fold-{other}")
    members = [str(runs / "cv-0"), str(swapped)]
    asked = ["--mean-of", *members, "--out", str(tmp_path / "pair")]
    assert cross_validate.main(asked) == 2
    assert f"{swapped} has no network of fold 2, 3, 4, as another member has" in capsys.readouterr().err
    assert cross_validate.main([*asked, "--folds", "0,1"]) == 2
    assert "not trained without fold 0" in capsys.readouterr().err
    assert not (tmp_path / "pair" / "out_of_fold.json").exists()


def still_learning(run: Path) -> None:
    options = run / "options.json"
    options.write_text(json.dumps(json.loads(options.read_text("utf-8")) | {"epochs": 2}), "utf-8")


def test_member_that_is_still_learning_is_neither_judged_nor_released(
    runs: Path, judged: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    learning = shutil.copytree(runs / "all-1", tmp_path / "all")
    still_learning(learning)
    members = ["--out", str(runs / "all-0"), "--with", str(learning)]
    asked = [*members, "--export", str(tmp_path / "early-1"), "--out-of-fold", str(judged)]
    assert train.main(asked) == 2
    assert f"{learning} has learnt 1 of 2 epochs: finish its training first" in capsys.readouterr().err
    assert not (tmp_path / "early-1").exists()
    learning = shutil.copytree(runs / "cv-0", tmp_path / "learning")
    still_learning(learning / "fold-3")
    assert cross_validate.main(["--mean-of", str(learning), "--out", str(tmp_path / "alone")]) == 2
    assert "fold-3 has learnt 1 of 2 epochs: finish its training first" in capsys.readouterr().err
    assert not (tmp_path / "alone").exists()


def test_fold_that_a_member_was_trained_on_tunes_no_release(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = ["--data", str(runs / "manifest.csv"), *RECIPE]
    assert train.main([*data, "--out", str(tmp_path / "one")]) == 0
    asked = [
        "--out",
        str(tmp_path / "one"),
        "--with",
        str(runs / "all-1"),
        "--export",
        str(tmp_path / "made-1"),
    ]
    assert train.main(asked) == 2
    assert "fold 1, which would tune the release" in capsys.readouterr().err
    assert not (tmp_path / "made-1").exists()


def test_answers_of_other_members_are_not_taken_for_these(
    runs: Path, judged: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cross_validate.main(["--mean-of", str(runs / "cv-1"), "--out", str(judged)]) == 2
    assert "answers of other networks" in capsys.readouterr().err


def test_runs_that_see_an_image_differently_make_no_ensemble(
    runs: Path, judged: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    larger = tmp_path / "larger"
    options = json.loads((runs / "all-1" / "options.json").read_text()) | {"side": 96}
    larger.mkdir()
    (larger / "options.json").write_text(json.dumps(options))
    asked = ["--out", str(runs / "all-0"), "--with", str(larger), "--export", str(tmp_path / "made-1")]
    assert train.main([*asked, "--out-of-fold", str(judged)]) == 2
    assert "see an image differently" in capsys.readouterr().err
    assert not (tmp_path / "made-1").exists()


def test_weights_that_fit_half_the_space_are_stored_in_it_and_answer_the_same(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = build("plain-cnn+resnet18").eval()
    image = np.random.default_rng(0).standard_normal((1, 1, 64, 64), dtype=np.float32)
    sizes = []
    for name in ("whole", "half"):
        export_onnx(network, tmp_path / name)
        sizes.append((tmp_path / name).stat().st_size)
        with torch.inference_mode():
            wanted = network(torch.from_numpy(image))
        np.testing.assert_allclose(
            OnnxEngine(tmp_path / name).run(image).logits, wanted.logits, rtol=1e-4, atol=1e-4
        )
        round_to_half(network)
    assert sizes[1] < 0.51 * sizes[0]
    weights = onnx.load(tmp_path / "half").graph.initializer
    assert {each.data_type for each in weights if len(each.dims) == 4} == {onnx.TensorProto.FLOAT16}
