"""The releases that this worker has loaded, and those that it refuses for a while, with the reason."""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from worker.pipeline.faults import TRY_AGAIN_S, in_words
from worker.vision.card import seal_in
from worker.vision.detector import Detector
from worker.vision.errors import BadRelease

log = logging.getLogger(__name__)

KEPT_LOADED = 2
LONGEST_CONDITION = 200  # characters of the worker's row
CARD_CHANGED = "its card.json is not the one that was published; publish the same files again to mend it"


class Published(NamedTuple):
    """What the portal knows of a release; jobs are to be read with this and nothing else."""

    name: str
    weights_sha256: str
    card_seal: str | None  # null for a row that holds no sealed card


@dataclass(frozen=True)
class Refusal:
    """`words`: “release NAME: what is wrong”. Tried again at `until`, in seconds of the clock."""

    words: str
    until: float


class Detectors:
    """Loads a release on its first job and keeps the last two; one that cannot be used is left for a while.

    `clock` counts seconds and never goes back.
    """

    def __init__(
        self,
        releases_dir: Path,
        load: Callable[[Path], Detector],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.releases_dir = releases_dir
        self._load = load
        self._clock = clock
        self._loaded: OrderedDict[str, Detector] = OrderedDict()
        self._refusals: dict[int, Refusal] = {}

    def get(self, release: Published) -> Detector:
        """The detector of a release.

        raises  BadRelease when its files are not the published ones, and whatever kept this machine from
                loading it; no image is at fault
        """
        name, folder = release.name, self.releases_dir / release.name
        if name in self._loaded:
            self._loaded.move_to_end(name)
            return self._loaded[name]
        detector = self._load(folder)
        if detector.card.weights_sha256 != release.weights_sha256:
            raise BadRelease("The files of this release are not the ones that were published.")
        if release.card_seal not in (None, seal_in(folder)):
            raise BadRelease(CARD_CHANGED)
        self._loaded[name] = detector
        while len(self._loaded) > KEPT_LOADED:
            self._loaded.popitem(last=False)
        return detector

    def refuse(self, release_id: int, name: str, reason: Exception) -> None:
        """Leave its jobs queued for a while; then it is loaded anew, which runs its self-test."""
        log.error("release refused release=%s reason=%r", name, reason)
        self._loaded.pop(name, None)
        words = f"release {name}: {in_words(reason)}"[:LONGEST_CONDITION]
        self._refusals[release_id] = Refusal(words, self._clock() + TRY_AGAIN_S)

    def unusable(self) -> list[int]:
        """Releases that are not to be tried yet."""
        now = self._clock()
        return [release_id for release_id, refusal in self._refusals.items() if refusal.until > now]

    def trouble(self) -> str:
        """The trouble that stands longest, also while it is tried again; empty when there is none."""
        return next((refusal.words for refusal in self._refusals.values()), "")

    def mended(self, release_id: int) -> None:
        """Images were read with it and the findings kept: its trouble is over."""
        self._refusals.pop(release_id, None)

    def forget_all_but(self, release_id: int | None) -> None:
        """Nobody asks for the others any more."""
        self._refusals = {key: refusal for key, refusal in self._refusals.items() if key == release_id}
