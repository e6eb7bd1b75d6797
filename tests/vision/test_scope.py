"""The scope head, the pictures that teach it, and what its fit says of itself."""

from __future__ import annotations

import dataclasses
from dataclasses import asdict

import numpy as np
import pytest

from tests.needs import needs_torch
from tests.vision.limbs import broken_limb, limb
from worker.vision.card import PreprocessingCard, ReleaseCard
from worker.vision.model_card import model_card
from worker.vision.preprocess import letterbox
from worker.vision.shelf import default_release
from worker.vision.verdicts import sigmoid

pytestmark = needs_torch
pytest.importorskip("torch", reason="needs torch: ./run install torch")

import torch  # noqa: E402

from worker.vision.networks.reader import Answers  # noqa: E402
from worker.vision.networks.registry import Network, build_reader, together  # noqa: E402
from worker.vision.networks.scope_head import ScopeHead  # noqa: E402
from worker.vision.training import scope  # noqa: E402
from worker.vision.training.elsewhere import CHANGES  # noqa: E402
from worker.vision.training.other_pictures import KINDS, drawn  # noqa: E402
from worker.vision.training.samples import Sample  # noqa: E402
from worker.vision.training.scope import ScopeFit, features_of, fit_scope, scope_logits  # noqa: E402
from worker.vision.training.scope_pictures import changed, shown  # noqa: E402

Grey = np.ndarray


@pytest.fixture(params=["one reader", "an ensemble"])
def network(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Network:
    monkeypatch.setattr(scope, "DRAWN_OF_EACH_KIND", 6)
    torch.manual_seed(0)
    names = ["plain-cnn"] * (1 if request.param == "one reader" else 2)
    return together(names, [build_reader(name) for name in names]).eval()


def sample(picture: Grey, preparing: PreprocessingCard, kind: str = "hand") -> Sample:
    canvas, placement = letterbox(picture, 0, 255, preparing.canvases, preparing)
    return Sample(canvas, (), False, kind, placement)


def limbs(preparing: PreprocessingCard, seeds: range) -> list[Sample]:
    return [sample(limb(seed=seed, at=0.4 + 0.2 * (seed % 5) / 4), preparing) for seed in seeds]


def others(preparing: PreprocessingCard, seeds: range) -> list[Sample]:
    """Every other one a text, every other one a chart."""
    kinds = ("text", "shapes")
    return [
        sample(drawn(kinds[seed % 2], [], np.random.default_rng(seed)), preparing, kinds[seed % 2])
        for seed in seeds
    ]


def fit(network: Network, other: list[Sample], preparing: PreprocessingCard) -> ScopeFit:
    return fit_scope(
        network, limbs(preparing, range(60)), other, limbs(preparing, range(100, 140)), preparing
    )


@torch.inference_mode()
def answers(network: Network, samples: list[Sample], preparing: PreprocessingCard) -> Answers:
    tensors = [(one.canvas.astype(np.float32) / 255 - preparing.mean[0]) for one in samples]
    answered: Answers = network(torch.from_numpy(np.stack(tensors))[:, None])
    return answered


def test_fitted_head_tells_new_limbs_from_new_pictures(
    network: Network, preparing: PreprocessingCard
) -> None:
    told = fit(network, others(preparing, range(30)), preparing)
    new_limbs = answers(network, limbs(preparing, range(200, 220)), preparing).scope.tolist()
    new_others = answers(network, others(preparing, range(300, 320)), preparing).scope.tolist()
    assert np.mean([sigmoid(logit) >= told.least_scope for logit in new_limbs]) >= 0.95
    assert np.mean([sigmoid(logit) < told.least_scope for logit in new_others]) >= 0.6  # untrained
    assert (told.known_images, told.other_images, told.drawn_images) == (60, 30, 6 * len(KINDS))
    assert min(told.kept_share, told.kept_share_changed) >= 0.9
    assert told.refused_share >= 0.5
    assert told.refused_share_when_kind_unseen.keys() == {"text", "shapes"}


@pytest.mark.parametrize("count", [40, 201, 650])
def test_threshold_keeps_the_share_that_is_demanded(count: int) -> None:
    random = np.random.default_rng(count)
    plain, altered = (
        torch.from_numpy(random.normal(mean, 1, (count, 3)).astype(np.float32)) for mean in (0.5, 0)
    )
    others = scope.Others(
        torch.from_numpy(random.normal(-0.5, 1, (50, 3)).astype(np.float32)), np.ones(50, bool), np.arange(50)
    )
    limbs = scope.Limbs(plain, altered)
    head = scope._fitted(limbs, others, limbs, None)
    assert 1 - scope._refused(head, plain) >= scope.KEPT_SHARE
    assert 1 - scope._refused(head, altered) >= scope.KEPT_SHARE_CHANGED


def test_fit_changes_nothing_else_that_the_network_says(
    network: Network, preparing: PreprocessingCard
) -> None:
    asked = [*limbs(preparing, range(3)), sample(broken_limb(), preparing)]
    before = answers(network, asked, preparing)
    fit(network, others(preparing, range(10)), preparing)
    after = answers(network, asked, preparing)
    torch.testing.assert_close(before.logits, after.logits, rtol=0, atol=0)
    torch.testing.assert_close(before.maps, after.maps, rtol=0, atol=0)
    assert not torch.equal(before.scope, after.scope)


def test_scope_of_an_image_is_what_the_heads_say_of_its_features(
    network: Network, preparing: PreprocessingCard
) -> None:
    fit(network, others(preparing, range(10)), preparing)
    asked = [*limbs(preparing, range(3)), *others(preparing, range(300, 303))]
    with torch.inference_mode():
        by_heads = scope_logits(network, features_of(network, [one.canvas for one in asked], preparing))
    torch.testing.assert_close(answers(network, asked, preparing).scope, by_heads, rtol=1e-3, atol=1e-3)


def test_fitting_again_gives_the_same_head(preparing: PreprocessingCard, network: Network) -> None:
    first = fit(network, others(preparing, range(10)), preparing)
    weights = [head.weight.clone() for head in network.scope_heads]
    assert fit(network, others(preparing, range(10)), preparing) == first
    assert all(map(torch.equal, weights, (head.weight for head in network.scope_heads)))
    assert all(weight.any() for weight in weights), "every member has its say"


def test_kind_that_looks_like_a_limb_is_found_out_by_leaving_it_out(
    network: Network, preparing: PreprocessingCard
) -> None:
    alike = [sample(limb(seed=seed), preparing, "doll") for seed in range(400, 412)]
    told = fit(network, [*others(preparing, range(20)), *alike], preparing)
    assert told.refused_share_when_kind_unseen["doll"] <= 0.2
    assert told.refused_share_when_kind_unseen["text"] >= 0.5


def test_head_of_an_older_release_answers_as_it_did() -> None:
    torch.manual_seed(0)
    head = ScopeHead(channels_fine=3, channels_coarse=5)
    weight, bias = torch.randn(1, 5), torch.randn(1)
    head.load_state_dict({"weight": weight, "bias": bias})
    fine, coarse = torch.randn(2, 3, 4, 4), torch.randn(2, 5, 2, 2)
    torch.testing.assert_close(
        head(head.features(fine, coarse)), coarse.mean(dim=(2, 3)) @ weight.T + bias, rtol=1e-5, atol=1e-6
    )


def test_head_of_another_network_is_not_taken() -> None:
    with pytest.raises(RuntimeError, match="size mismatch"):
        ScopeHead(3, 5).load_state_dict({"weight": torch.zeros(1, 4), "bias": torch.zeros(1)})


@pytest.mark.parametrize("kind", KINDS)
def test_pictures_of_a_kind_are_grey_and_differ(kind: str) -> None:
    random = np.random.default_rng(0)
    pictures = [drawn(kind, [limb(seed=seed) for seed in range(4)], random) for _ in range(8)]
    assert all(picture.dtype == np.uint8 and picture.ndim == 2 for picture in pictures)
    assert len({picture.tobytes() for picture in pictures}) >= 3


@pytest.mark.parametrize("name", CHANGES)
def test_changed_radiograph_is_another_picture_of_the_same_limb(name: str) -> None:
    random = np.random.default_rng(0)
    for seed in range(8):
        picture = limb(seed=seed)
        other = CHANGES[name](picture.copy(), random)
        assert other.dtype == np.uint8
        assert other.ndim == 2
        assert not np.array_equal(other, picture)
        assert other.std() > 5, "there is still something to see"


def test_changed_samples_are_prepared_like_uploads(preparing: PreprocessingCard) -> None:
    samples = limbs(preparing, range(4))
    assert shown(samples[0]).shape == (samples[0].placement.height, samples[0].placement.width)
    pictures = changed(samples, preparing, np.random.default_rng(0))
    assert all(picture.shape == (preparing.side_px, preparing.side_px) for picture in pictures)
    again = changed(samples, preparing, np.random.default_rng(0))
    assert all(np.array_equal(one, other) for one, other in zip(pictures, again, strict=True))


def test_model_card_tells_what_the_fit_found_out() -> None:
    card = ReleaseCard.read(default_release())
    told = ScopeFit(0.4, 1000, 358, 440, 0.997, 0.985, 0.981, {"photo": 0.8})
    judged = dataclasses.replace(card, training={**card.training, "scope": asdict(told)})
    page = " ".join(model_card(judged).split())
    assert "fitted on 358 other pictures and 440 drawn ones" in page
    assert "it refuses 98.1% of the former" in page
    assert "lets 99.7% through, and 98.5% of them when sharpened" in page
