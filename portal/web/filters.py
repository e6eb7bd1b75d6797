"""What templates may use: formats, words for states, the person signed in, the limits, the navigation."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from flask import Flask, url_for
from flask_login import current_user
from sqlalchemy.exc import SQLAlchemyError

from portal.models import Finding
from portal.models.accounts import covers
from portal.models.withdrawals import REASON_WORDS
from portal.queries.corrections import DETAIL_WORDS
from portal.queries.queue import in_words
from portal.refusals import MAX_MEGAPIXELS
from portal.services import settings

CASE_WORDS = {
    "waiting": "Waiting", "done": "Read", "refused": "Refused", "failed": "Failed", "cancelled": "Cancelled",
    "withdrawn": "Withdrawn",
}  # fmt: skip
JOB_WORDS = {
    "queued": "Waiting", "running": "Being read", "done": "Read", "failed": "Failed",
    "cancelled": "Cancelled", "quarantined": "Set aside",
}  # fmt: skip
ANSWER_WORDS = {"yes": "fracture", "no": "no fracture", "unsure": "unsure"}
ANSWER_TONES = {"yes": "alarm", "no": "calm", "unsure": "caution"}
AWAITS_WORDS = {
    "first": "open", "second": "second reader asked", "third": "third reader asked", "nothing": "reviewed",
}  # fmt: skip
VERDICT_TONES = {"fracture": "alarm", "doubt": "caution", "no fracture": "calm", "out of scope": "quiet"}
STATE_TONES = {
    "waiting": "busy", "queued": "busy", "running": "busy", "received": "busy", "done": "plain",
    "ready": "plain", "refused": "trouble", "failed": "trouble", "quarantined": "trouble",
    "cancelled": "quiet", "withdrawn": "quiet",
}  # fmt: skip
FLAG_WORDS = {
    "colour": "The file is in colour; it was read as greyscale.",
    "alpha_flattened": "Transparent parts were set on black.",
    "few_grey_levels": "The image has unusually few grey levels.",
    "reduced_to_8_bit": "Grey values were reduced to 8 bit.",
    "trailing_bytes": "The file carries extra bytes behind the image; they were ignored.",
    "orientation_unreadable": "The file's orientation mark could not be read.",
    "window_ignored": "The file's display window was unusable; the full range is shown.",
    "modality_mismatch": "The file names another modality than CR or DX; it was read as a plain X-ray.",
    "same_patient": "The file names the patient of this case.",
    "dual_preamble": "The file can also be opened as a TIFF; it was read as DICOM.",
}

MOST_DECIMALS = 6


@dataclass(frozen=True)
class Viewer:
    """Who is signed in, for the page around the content; survives a database that goes away."""

    id: int
    username: str
    role: str

    def may(self, role: str) -> bool:
        return covers(self.role, role)


@dataclass(frozen=True)
class Link:
    label: str
    endpoint: str
    role: str = "radiographer"


NAVIGATION = (
    Link("Dashboard", "dashboard.show"),
    Link("Worklist", "worklist.show", "reader"),
    Link("New case", "cases.new"),
    Link("History", "history.show"),
    Link("Batches", "batches.show_all"),
    Link("Releases", "releases.show_all"),
    Link("Users", "users.show_all", "admin"),
    Link("Audit", "events.show_all", "admin"),
)


def install(app: Flask) -> None:
    app.jinja_env.filters.update(
        percent=percent, told=told, of_hundred=of_hundred, in_zone=in_zone, iso=iso, mebibytes=mebibytes,
        plural=plural, wait=in_words, case_word=CASE_WORDS.get, job_word=JOB_WORDS.get, flag_word=flag_word,
        tag_words=tag_words, tag_value=tag_value, answer_word=ANSWER_WORDS.get, answer_tone=ANSWER_TONES.get,
        awaits_word=AWAITS_WORDS.get, regions_words=regions_words, verdict_tone=VERDICT_TONES.get,
        state_tone=STATE_TONES.get, detail_word=DETAIL_WORDS.get, reason_word=REASON_WORDS.get,
    )  # fmt: skip
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.context_processor(page_context)


def page_context() -> dict[str, Any]:
    who = viewer()
    links = [link for link in NAVIGATION if who and who.may(link.role)]
    return {
        "viewer": who,
        "navigation": links,
        "settings": settings(),
        "max_megapixels": MAX_MEGAPIXELS,
        "asset": asset,
    }


def viewer() -> Viewer | None:
    """The signed-in person; None also when the database cannot say, so that error pages always work."""
    try:
        user = current_user if current_user.is_authenticated else None
        return Viewer(user.id, user.username, user.role) if user else None
    except SQLAlchemyError:
        return None


def asset(name: str) -> str:
    return url_for("static", filename=name)


def percent(share: float | None, decimals: int = 0) -> str:
    """0…1 as staff read it; never a false certainty at either end."""
    if share is None:
        return "–"
    least = 10.0 ** -(decimals + 2)
    if share < least:
        return f"under {least * 100:.{decimals}f} %"
    if share > 1 - least:
        return f"over {(1 - least) * 100:.{decimals}f} %"
    return f"{share * 100:.{decimals}f} %"


class ToldFinding(NamedTuple):
    probability: str
    rule_out: str
    rule_in: str


def told(finding: Finding) -> ToldFinding:
    """The probability and its two limits, with as many decimals as keep it apart from a limit beside it."""
    exact = (finding.probability, finding.rule_out, finding.rule_in)
    for decimals in range(MOST_DECIMALS + 1):
        words = ToldFinding(*(percent(share, decimals) for share in exact))
        if all((limit == words.probability) == (share == finding.probability)
               for limit, share in zip(words[1:], exact[1:], strict=True)):  # fmt: skip
            break
    return words


def of_hundred(share: float) -> str:
    """0…1 as so many of a hundred, as careful at both ends as `percent`."""
    return percent(share).removesuffix(" %")


def in_zone(moment: datetime) -> str:
    """By the department's clock; a browser shortens it."""
    return f"{moment.astimezone(settings().zone):%Y-%m-%d %H:%M %Z}"


def iso(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z") if moment else None


def mebibytes(size_bytes: int) -> str:
    if size_bytes < 1024 * 1024:
        return f"{max(1, round(size_bytes / 1024))} KiB"
    return f"{size_bytes / 1024 / 1024:.1f} MiB"


def tag_words(keyword: str) -> str:
    """A DICOM keyword as staff read it: `ImagerPixelSpacing` is Imager pixel spacing, `KVP` stays."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", keyword.replace("_", " ")).split()
    text = " ".join(word if word.isupper() else word.lower() for word in words)
    return text[:1].upper() + text[1:]


def tag_value(value: str, keyword: str) -> str:
    """A DICOM date as a date; several values side by side."""
    if keyword.endswith("Date") and re.fullmatch(r"\d{8}", value):
        return f"{value[:4]}-{value[4:6]}-{value[6:]}"
    return value.replace("\\", " × ")


def flag_word(flag: str) -> str:
    return FLAG_WORDS.get(flag, flag.replace("_", " ").capitalize() + ".")


def regions_words(regions: Sequence[Mapping[str, Any]]) -> str:
    """How many places a reader marked, by image: 2 regions on image 1, 1 region on image 3."""
    counts = Counter(region["image"] for region in regions)
    return ", ".join(f"{plural(counts[image], 'region')} on image {image}" for image in sorted(counts))


def plural(count: int, one: str, many: str = "") -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}".replace(",", "\N{NARROW NO-BREAK SPACE}")
