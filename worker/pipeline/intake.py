"""Intake: claim received files, decode each in a throw-away child, make the image ready or refuse it."""

from __future__ import annotations

import logging
import tempfile
import threading
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path

from portal.actions import images
from portal.actions.claims import Claim, Terms
from portal.actions.images import Decoded
from portal.errors import StorageDamaged
from portal.queries.work import ImageToDecode, images_to_decode
from portal.queueing import Doorbell
from portal.refusals import REASONS, Refused
from portal.sniff import Kind
from portal.storage import Storage
from worker.intake.decoder import ChildKilled, Decoder
from worker.intake.record import Intake
from worker.pipeline.originals import intact_original
from worker.watchdog import Watch

log = logging.getLogger(__name__)

LOOK_AGAIN_S = 0.5
DAMAGED = "stored_damaged"


class IntakePipeline:
    """Decodes up to `parallel` files side by side until none is due or it is told to stop."""

    def __init__(
        self,
        decoder: Decoder,
        storage: Storage,
        doorbell: Doorbell,
        terms: Terms,
        parallel: int,
        watch: Watch,
        stopping: threading.Event,
    ) -> None:
        self.decoder, self.storage, self.doorbell = decoder, storage, doorbell
        self.terms, self.parallel = terms, parallel
        self.watch, self.stopping = watch, stopping

    def drain(self) -> None:
        """Work until nothing is due. The database is touched by this thread alone."""
        with ThreadPoolExecutor(self.parallel) as pool:
            try:
                self._drain(pool)
            finally:
                self.watch.nothing_claimed()  # what an error left behind goes back when its lease ends

    def _drain(self, pool: ThreadPoolExecutor) -> None:
        running: dict[Future[Decoded], Claim] = {}
        renewed_at = time.monotonic()
        while True:
            running.update(self._start(pool, self.parallel - len(running)))
            if not running:
                return
            finished, _ = wait(running, timeout=LOOK_AGAIN_S, return_when=FIRST_COMPLETED)
            for future in finished:
                self._settle(running.pop(future), future)
            if running and time.monotonic() - renewed_at > self.terms.lease_s / 3:
                images.renew(list(running.values()), self.terms)
                renewed_at = time.monotonic()

    def _start(self, pool: ThreadPoolExecutor, free: int) -> dict[Future[Decoded], Claim]:
        if free == 0 or self.stopping.is_set():
            return {}
        claims = images.claim_images(free, self.terms)
        if not claims:
            return {}
        self.watch.claimed(str(claim.id) for claim in claims)
        facts = {image.id: image for image in images_to_decode([claim.id for claim in claims])}
        return {pool.submit(self._decode, facts[claim.id]): claim for claim in claims}

    def _decode(self, image: ImageToDecode) -> Decoded:
        """In a pool thread: files only, no database."""
        original = intact_original(self.storage, image.sha256)
        with tempfile.TemporaryDirectory(dir=self.storage.tmp_dir, prefix="decode-") as folder:
            array, preview = Path(folder, "array.npy"), Path(folder, "preview.jpg")
            intake = self.decoder.decode(original, Kind(image.kind), array, preview)
            array_sha256 = self.storage.keep_file("arrays", array)
            preview_sha256 = self.storage.keep_file("previews", preview)
        kept = {"array_sha256": array_sha256, "preview_sha256": preview_sha256}
        return Decoded(_columns(intake) | kept, intake.patient_digest)

    def _settle(self, claim: Claim, future: Future[Decoded]) -> None:
        self.watch.ended(str(claim.id))
        try:
            is_ready = images.accept(claim, future.result())
        except Refused as refused:
            images.refuse(claim, refused.code, refused.reason)
        except StorageDamaged:
            images.refuse(claim, DAMAGED, REASONS[DAMAGED])
        except ChildKilled:
            log.warning("decoding killed image=%s", claim.id)  # a try: due again when its lease ends
        except OSError as error:
            log.error("intake stopped by this machine image=%s error=%s", claim.id, type(error).__name__)
            images.put_back(claim)
            time.sleep(LOOK_AGAIN_S)
        else:
            if is_ready:
                self.doorbell.ring("inference")


def _columns(intake: Intake) -> dict[str, object]:
    return {
        "width_px": intake.width_px,
        "height_px": intake.height_px,
        "source_width_px": intake.source_width_px,
        "source_height_px": intake.source_height_px,
        "bit_depth": intake.bit_depth,
        "window_low": intake.window_low,
        "window_high": intake.window_high,
        "tags": intake.tags,
        "flags": intake.flags,
    }
