"""How the networks of a release were trained, one fact a line, also where several answer together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from portal.queries.card_values import text, words

Fact = tuple[str, str]

TOGETHER = "+"  # between the architectures of networks that answer together
OTHERS = "other_members"


def training_facts(training: Mapping[str, Any], architecture: str) -> tuple[Fact, ...]:
    """What all networks share once; what differs with the architecture of each."""
    others = training.get(OTHERS)
    members = [training, *others] if isinstance(others, list) else [training]
    if not all(isinstance(member, dict) for member in members):
        members = [training]
    names = _names(architecture, len(members))
    facts = ((words(name), _fact(name, members, names)) for name in training if name != OTHERS)
    return tuple((name, said) for name, said in facts if said)


def _names(architecture: str, count: int) -> Sequence[str]:
    names = architecture.split(TOGETHER)
    return names if len(names) == count else [f"network {number}" for number in range(1, count + 1)]


def _fact(name: str, members: Sequence[Mapping[str, Any]], names: Sequence[str]) -> str:
    """Of the first alone where the others do not say it: remarks and tuning are about all."""
    said = [text(member.get(name)) for member in members]
    if not any(said[1:]) or len(set(said)) == 1:
        return said[0]
    return "; ".join(f"{network}: {each}" for network, each in zip(names, said, strict=True) if each)
