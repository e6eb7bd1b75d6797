"""How well a release tells limbs from other pictures, in the words of its page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from portal.queries.card_values import number, section, whole


def scope_sentences(fit: Mapping[str, Any]) -> tuple[str, ...]:
    """From what the card says of the check's fit; nothing where it says nothing."""
    return tuple(_sentences(fit))


def _sentences(fit: Mapping[str, Any]) -> Iterator[str]:
    if kept := _share(fit, "kept_share"):
        yield f"Of the limbs by which its threshold was chosen it lets {kept} through."
    if kept := _share(fit, "kept_share_changed"):
        yield f"Of the same, sharpened, blurred, cropped, framed or exposed otherwise, {kept}."
    pictures = whole(fit.get("other_images"))
    collected = "other pictures" if pictures is None else f"{pictures:,} other pictures"
    if refused := _share(fit, "refused_share"):
        yield f"Of {collected} it refuses {refused}, asked in turn about a fifth left out of the fit."
    unseen = section(fit, "refused_share_when_kind_unseen")
    kinds = {kind.replace("_", " "): _share(unseen, kind) for kind in unseen}
    if shares := ", ".join(f"{kind} {share}" for kind, share in kinds.items() if share):
        yield f"Of a whole kind of picture that was left out of the fit it refuses: {shares}."
        yield "So a reading does not prove that the image is a limb."


def _share(fit: Mapping[str, Any], name: str) -> str:
    share = number(fit.get(name))
    return "" if share is None else f"{100 * share:.1f} %"
