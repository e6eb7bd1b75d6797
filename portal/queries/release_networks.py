"""How the networks of a release were trained, one fact a line, also where several answer together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from portal.queries.card_values import text, whole, words

Fact = tuple[str, str]

TOGETHER = "+"  # between the architectures of networks that answer together
OTHERS = "other_members"


def training_facts(training: Mapping[str, Any], architecture: str) -> tuple[Fact, ...]:
    """What all networks share once; what differs with the architecture of each."""
    members = _members(training)
    names = _names(architecture, len(members))
    facts = ((words(name), _fact(name, members, names)) for name in training if name != OTHERS)
    return tuple((name, said) for name, said in facts if said)


def networks_in(architecture: str) -> int:
    """How many networks answer together."""
    return len(architecture.split(TOGETHER))


def folds_seen(training: Mapping[str, Any]) -> set[int]:
    """The folds by which any network, or one that it went on from, was taught or its weights were chosen."""
    stated = [
        member.get(name) for member in _members(training) for name in ("folds_train", "folds_seen_before")
    ]
    taught = {fold for folds in stated if isinstance(folds, list) for fold in folds if isinstance(fold, int)}
    chosen_by = {whole(member.get("fold_tune")) for member in _members(training)}
    return taught | {fold for fold in chosen_by if fold is not None}


def may_have_seen_all(training: Mapping[str, Any]) -> bool:
    """Whether a network went on from a release of which the card cannot tell what it saw."""
    return any(text(member.get("went_on_from")) for member in _members(training))


def _members(training: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    others = training.get(OTHERS)
    members = [training, *others] if isinstance(others, list) else [training]
    return members if all(isinstance(member, dict) for member in members) else [training]


def _names(architecture: str, count: int) -> Sequence[str]:
    names = architecture.split(TOGETHER)
    return names if len(names) == count else [f"network {number}" for number in range(1, count + 1)]


def _fact(name: str, members: Sequence[Mapping[str, Any]], names: Sequence[str]) -> str:
    """Of the first alone where the others do not say it: remarks and tuning are about all."""
    said = [text(member.get(name)) for member in members]
    if not any(said[1:]) or len(set(said)) == 1:
        return said[0]
    return "; ".join(f"{network}: {each}" for network, each in zip(names, said, strict=True) if each)
