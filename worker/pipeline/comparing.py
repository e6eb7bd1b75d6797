"""Comparing: open a file again whose case has another reference now, and tell if it names that patient."""

from __future__ import annotations

import logging
import tempfile
import threading
from pathlib import Path

from portal.actions import file_patients
from portal.actions.claims import Claim, Terms
from portal.errors import StorageDamaged
from portal.queries.work import images_to_decode
from portal.refusals import Refused
from portal.sniff import Kind
from portal.storage import Storage
from worker.intake.decoder import ChildKilled, Decoder
from worker.pipeline.originals import intact_original
from worker.watchdog import Watch

log = logging.getLogger(__name__)


class ComparingPipeline:
    """One file after the other, seldom any. Each is decoded as at its intake, for the patient alone."""

    def __init__(
        self, decoder: Decoder, storage: Storage, terms: Terms, watch: Watch, stopping: threading.Event
    ) -> None:
        self.decoder, self.storage = decoder, storage
        self.terms, self.watch, self.stopping = terms, watch, stopping

    def drain(self) -> None:
        """Until none is due, this machine fails, or it is told to stop."""
        while not self.stopping.is_set():
            claim = file_patients.claim_comparison(self.terms)
            if claim is None:
                return
            self.watch.claimed([str(claim.id)])
            try:
                self._compare(claim)
            except ChildKilled:
                log.warning("decoding killed image=%s", claim.id)  # a try: due again when its lease ends
            except OSError as error:
                log.error(
                    "comparing stopped by this machine image=%s error=%s", claim.id, type(error).__name__
                )
                file_patients.put_back(claim)
                return
            finally:
                self.watch.ended(str(claim.id))

    def _compare(self, claim: Claim) -> None:
        """Raises OSError when this machine is at fault."""
        try:
            digest = self._patient_digest(claim)
        except (Refused, StorageDamaged) as error:
            log.warning("not compared image=%s error=%s", claim.id, type(error).__name__)
            file_patients.leave_uncompared(claim)
        else:
            file_patients.compare(claim, digest)

    def _patient_digest(self, claim: Claim) -> str:
        (image,) = images_to_decode([claim.id])
        original = intact_original(self.storage, image.sha256)
        with tempfile.TemporaryDirectory(dir=self.storage.tmp_dir, prefix="compare-") as folder:
            array, preview = Path(folder, "array.npy"), Path(folder, "preview.jpg")
            return self.decoder.decode(original, Kind(image.kind), array, preview).patient_digest
