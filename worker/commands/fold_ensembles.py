"""What the networks of several cross-validations say together of the folds that none of them saw."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Sequence
from pathlib import Path

from worker.commands.fold_runs import KeptFold, is_read, judged_of, members_of, read_fold, wanted_of
from worker.commands.trained import refuse_unfinished
from worker.vision.card import file_sha256
from worker.vision.one_step import write_in_one_step
from worker.vision.training.checkpoint import BEST_FILE, Options
from worker.vision.training.progress import Progress

MEMBERS_FILE = "members.json"


def folds_of_ensemble(asked: argparse.Namespace, progress: Progress) -> list[KeptFold]:
    """Read the folds asked for by the mean of --mean-of; every fold that is judged, also those not read yet.

    raises  OSError and ValueError when a member is not trained to the end, lacks a fold that another one has
            and --folds does not name those wanted, saw the fold, or --out holds other members'
    """
    if asked.data is not None:
        raise ValueError("--mean-of trains nothing, and takes the images of its members: leave out --data")
    judged = judged_of(asked, _folds_of_all(asked))
    folders = {number: asked.out / f"fold-{number}" for number in judged}
    options = {number: _options(asked.mean_of, number) for number in judged}
    wanted = wanted_of(asked, judged)
    for number in wanted:
        refuse_unfinished(members_of(asked, number))
    for number in progress.over(wanted, len(wanted), "folds"):
        members = members_of(asked, number)
        _claim(folders[number], members)
        if not is_read(folders[number], options[number], asked.mirrored):
            read_fold(folders[number], members, asked.mirrored)
    return [(folders[number], options[number]) for number in judged]


def _folds_of_all(asked: argparse.Namespace) -> set[int]:
    """The folds of which every member has a network. Raises ValueError when one lacks some unasked."""
    folds = {member: _folds_in(member) for member in asked.mean_of}
    for member, found in folds.items():
        if asked.folds is None and (lacking := sorted(set.union(*folds.values()) - found)):
            raise ValueError(
                f"{member} has no network of fold {', '.join(map(str, lacking))}, as another member has:"
                " train it, or name by --folds on which to judge"
            )
    return set.intersection(*folds.values())


def _folds_in(cross_validation: Path) -> set[int]:
    """Raises ValueError, which names the folder, when no network of a fold is there."""
    found = {
        int(named[1])
        for run in cross_validation.glob("fold-*")
        if (named := re.fullmatch(r"fold-(\d+)", run.name)) and (run / BEST_FILE).exists()
    }
    if not found:
        raise ValueError(f"{cross_validation} holds no network of a cross-validation")
    return found


def _options(members: Sequence[Path], number: int) -> Options:
    """The first member's, after a look at whether the fold was held back from every one."""
    every = [Options.read(member / f"fold-{number}") for member in members]
    for options in every:
        if options.fold_test != number or number in options.folds_train:
            raise ValueError(f"a member was not trained without fold {number}")
        if options.manifest != every[0].manifest:
            raise ValueError("the members were trained by different manifests")
    return every[0]


def _claim(folder: Path, members: Sequence[Path]) -> None:
    """Note whose answers the folder holds. Raises ValueError when it holds those of other networks."""
    folder.mkdir(parents=True, exist_ok=True)
    checksums = json.dumps([file_sha256(member / BEST_FILE) for member in members])
    note = folder / MEMBERS_FILE
    if note.exists() and note.read_text("utf-8") != checksums:
        raise ValueError(f"{folder} holds the answers of other networks: give another --out")
    write_in_one_step(note, checksums)
