"""How well a release's networks tell limbs from other pictures, each asked of a fit that never saw it.

python -m benchmarks.scope MANIFEST.csv PICTURES.csv [--release DIR] [--folds 0 1 …]

For each fold a scope head is fitted on the other folds' limbs, one of which chooses its threshold, and then
judges this fold's: as they are, and changed as other hospitals might hand them out. The pictures are left out
a fifth at a time, and kind by kind. The networks themselves may have been trained on the limbs; the release's
own files are not touched.
"""

from __future__ import annotations

import argparse
import copy
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.stage import shipped_release
from worker.commands.files import known_image
from worker.vision.card import PreprocessingCard, ReleaseCard
from worker.vision.manifest import read_manifest, read_unlabelled
from worker.vision.networks.mirrored import Mirrored
from worker.vision.networks.registry import Network
from worker.vision.torch_engine import TorchEngine
from worker.vision.training.samples import Sample, read_samples
from worker.vision.training.scope import ScopeFit, features_of, fit_scope, scope_logits
from worker.vision.training.scope_pictures import changed
from worker.vision.verdicts import sigmoid

FOLDS = 5
SEED = 1  # not that of the fit: other changes than those it was taught with
MOST_JUDGED = 300


def main() -> None:
    asked = _parser().parse_args()
    torch.set_num_threads(asked.threads)
    release = asked.release or shipped_release()
    card = ReleaseCard.read(release)
    network = _network(release, card)
    pictures = read_samples(read_unlabelled(asked.pictures), card.preprocessing, False, known_image)
    kinds = sorted({picture.kind for picture in pictures})
    head = ["fold", "limbs refused", "changed limbs refused", "other pictures refused"]
    head += [f"{kind}, kind left out" for kind in kinds]
    print(f"| {' | '.join(head)} |\n{'|---' * len(head)}|")
    for fold in asked.folds:
        fit, limbs, changed_limbs = _judged(network, card.preprocessing, asked.manifest, pictures, fold)
        shares = [limbs, changed_limbs, fit.refused_share]
        shares += [fit.refused_share_when_kind_unseen[kind] for kind in kinds]
        print(f"| {fold} | {' | '.join(f'{100 * share:.1f} %' for share in shares)} |", flush=True)


def _network(release: Path, card: ReleaseCard) -> Network:
    """As it reads an image once: the scope is no question of left and right."""
    network = TorchEngine(release, card, "cpu").network
    if isinstance(network, Mirrored):
        network = network.network
    assert isinstance(network, Network)
    return network


def _judged(
    network: Network, card: PreprocessingCard, manifest: Path, pictures: Sequence[Sample], fold: int
) -> tuple[ScopeFit, float, float]:
    """The fit without this fold, and the shares of its limbs that it refuses, as they are and changed."""
    tuning = (fold + 1) % FOLDS
    known = _limbs(manifest, [other for other in range(FOLDS) if other not in (fold, tuning)], card)
    fitted = copy.deepcopy(network)
    fit = fit_scope(fitted, known, pictures, _limbs(manifest, [tuning], card), card)
    limbs = _limbs(manifest, [fold], card)
    limbs = limbs[:: -(-len(limbs) // MOST_JUDGED)]
    as_they_are = [limb.canvas for limb in limbs]
    elsewhere = changed(limbs, card, np.random.default_rng((SEED, fold)))
    return fit, _refused(fitted, fit, as_they_are, card), _refused(fitted, fit, elsewhere, card)


def _limbs(manifest: Path, folds: Sequence[int], card: PreprocessingCard) -> list[Sample]:
    return read_samples(read_manifest(manifest, folds), card, False, known_image)


@torch.inference_mode()
def _refused(
    network: Network, fit: ScopeFit, canvases: Sequence[NDArray[np.uint8]], card: PreprocessingCard
) -> float:
    logits = scope_logits(network, features_of(network, canvases, card)).tolist()
    return float(np.mean([sigmoid(logit) < fit.least_scope for logit in logits]))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("pictures", type=Path, help="list of pictures to be refused: columns image, kind")
    parser.add_argument("--release", type=Path)
    parser.add_argument("--folds", type=int, nargs="+", default=list(range(FOLDS)))
    parser.add_argument("--threads", type=int, default=1)
    return parser


if __name__ == "__main__":
    main()
