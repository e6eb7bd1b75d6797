"""The releases that this worker has loaded, checked before their first job."""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from worker.vision.detector import Detector
from worker.vision.errors import BadRelease

log = logging.getLogger(__name__)

KEPT_LOADED = 2
TRY_AGAIN_S = 30.0


class Detectors:
    """Loads a release on its first job and keeps the last two; a damaged one is refused for a while."""

    def __init__(self, releases_dir: Path, load: Callable[[Path], Detector]) -> None:
        self.releases_dir = releases_dir
        self._load = load
        self._loaded: OrderedDict[str, Detector] = OrderedDict()
        self._refused_until: dict[int, float] = {}

    def get(self, release_id: int, name: str, weights_sha256: str) -> Detector:
        """The detector of a release; raises BadRelease when its files are not the published ones."""
        if name in self._loaded:
            self._loaded.move_to_end(name)
            return self._loaded[name]
        try:
            detector = self._load(self.releases_dir / name)
            if detector.card.weights_sha256 != weights_sha256:
                raise BadRelease("The files of this release are not the ones that were published.")
        except BadRelease as error:
            self._refused_until[release_id] = time.monotonic() + TRY_AGAIN_S
            log.error("release refused release=%s reason=%s", name, error)
            raise
        self._refused_until.pop(release_id, None)
        self._loaded[name] = detector
        while len(self._loaded) > KEPT_LOADED:
            self._loaded.popitem(last=False)
        return detector

    def unusable(self) -> list[int]:
        """Releases that were just found damaged: their jobs stay queued until the files are mended."""
        now = time.monotonic()
        return [release_id for release_id, until in self._refused_until.items() if until > now]
