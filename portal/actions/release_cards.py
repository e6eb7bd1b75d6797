"""The card of a release that someone sent: read and checked with nothing but the standard library."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from typing import Any, TypeGuard

from portal.errors import BadRequest

CARD_FILE = "card.json"
WEIGHTS_FILE = "weights.safetensors"
RELEASE_FILES = (WEIGHTS_FILE, "model.onnx", "golden.npz")
"""What lies beside the card, each with its SHA-256 in it."""
MAX_CARD_BYTES = 1024 * 1024
LONGEST_TEXT = 1000
SAFE_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,62}[A-Za-z0-9])?")
SHA256 = re.compile(r"[0-9a-f]{64}")


def checked_card(content: bytes) -> dict[str, Any]:
    """The card that these bytes hold. Raises BadRequest saying what is wrong with it.

    Only what the portal relies on is looked at; whether the network does what the card says is for the
    inference worker's self-test.
    """
    if len(content) > MAX_CARD_BYTES:
        raise BadRequest("card.json is larger than a card can be. Choose the card that was exported.")
    card, seal = _parsed(content)
    if card.get("seal") != seal:
        raise BadRequest("card.json was changed after the release was made: its seal does not fit.")
    for entry, is_usable in CHECKS.items():
        if not is_usable(card.get(entry)):
            raise BadRequest(f"card.json: “{entry}” is missing or cannot be used. Export the release again.")
    return card


def _parsed(content: bytes) -> tuple[dict[str, Any], str]:
    """The card, and the seal that belongs to what it says (as `worker.vision.card` makes it)."""
    try:
        card = json.loads(content)
        if not isinstance(card, dict):
            raise ValueError("not an object")
        sealed = {name: value for name, value in card.items() if name != "seal"}
        text = json.dumps(sealed, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        return card, hashlib.sha256(text.encode("utf-8")).hexdigest()
    except (ValueError, RecursionError) as error:
        raise BadRequest("card.json cannot be read as JSON. Choose the card that was exported.") from error


def _is_name(value: Any) -> bool:
    """It becomes the name of a folder."""
    return isinstance(value, str) and SAFE_NAME.fullmatch(value) is not None


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_TEXT and value.isprintable()


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_text, value))


def _are_parts(value: Any) -> bool:
    """None at all where whoever trained the release did not say which parts its images show."""
    return isinstance(value, list) and all(map(_is_text, value))


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_preprocessing(value: Any) -> bool:
    whole = (value.get(name) for name in ("version", "side_px")) if isinstance(value, dict) else (None,)
    return all(type(number) is int and 0 < number <= 4096 for number in whole)


def _are_points(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    low, high = value.get("rule_out"), value.get("rule_in")
    return _is_number(low) and _is_number(high) and 0 <= low <= high <= 1


def _is_training_data(value: Any) -> bool:
    """Data without a licence and an attribution may not be used; a card may say that they are not stated."""
    return isinstance(value, dict) and all(
        _is_text(value.get(name)) for name in ("name", "licence", "attribution")
    )


def _are_checksums(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and set(value) == set(RELEASE_FILES)
        and all(isinstance(sha256, str) and SHA256.fullmatch(sha256) for sha256 in value.values())
    )


CHECKS: dict[str, Callable[[Any], bool]] = {
    "name": _is_name,
    "architecture": _is_text,
    "created": _is_text,
    "preprocessing": _is_preprocessing,
    "normalisation": _is_object,
    "classes": _are_texts,
    "calibration": _is_object,
    "operating_points": _are_points,
    "body_parts": _are_parts,
    "training_data": _is_training_data,
    "training": _is_object,
    "metrics": _is_object,
    "checksums": _are_checksums,
}
