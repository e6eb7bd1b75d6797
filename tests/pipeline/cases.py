"""Cases as intake leaves them, their arrays in storage."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from portal.actions import images
from portal.actions.images import Decoded
from portal.models import Case
from portal.storage import Storage
from tests.fixtures.rows import DECODED, TERMS, new_case


def case_with(storage: Storage, *brightness: int) -> Case:
    """A case of decoded images, each with a patch of its own brightness on black."""
    case = new_case(images_count=len(brightness))
    claims = images.claim_images(len(brightness), TERMS)
    for claim, value in zip(claims, brightness, strict=True):
        array = np.zeros((80, 80), np.uint8)
        array[10:70, 10:70] = value
        array[20:30, 20:30] = 255
        with storage.temporary() as file:
            np.save(file, array)
        sha256 = storage.keep_file("arrays", Path(file.name))
        images.accept(claim, Decoded(DECODED | {"array_sha256": sha256}))
    return case
