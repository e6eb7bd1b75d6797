"""The kind of a file from its first bytes."""

import ast
import sys
from pathlib import Path

import pytest

import portal.refusals
import portal.sniff
from portal.refusals import REASONS, Refused
from portal.sniff import Kind, sniff


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\xff\xd8\xff\xe0", Kind.JPEG),
        (b"\x89PNG\r\n\x1a\n", Kind.PNG),
        (b"II*\0", Kind.TIFF),
        (b"MM\0*", Kind.TIFF),
        (bytes(128) + b"DICM", Kind.DICOM),
        (b"II*\0" + bytes(124) + b"DICM", Kind.DICOM),
        (b"any text".ljust(128) + b"DICM", Kind.DICOM),
    ],
)
def test_a_kind_is_told_by_its_first_bytes(head: bytes, kind: Kind) -> None:
    assert sniff(head) is kind


@pytest.mark.parametrize(
    ("head", "code"),
    [
        (b"", "empty"),
        (b"\x89PN", "truncated"),
        (b"MZ".ljust(128, b"\0") + b"DICM", "executable_preamble"),
        (b"\xef\xbb\xbf <svg".ljust(128, b"\0") + b"DICM", "executable_preamble"),
        (b"\x08\0\x05\0CS\x0a\0ISO_IR 100", "not_part_10"),
        (b"\x08\0\x05\0\x0a\0\0\0ISO_IR 100", "not_part_10"),
        (b"DICM\x02\0\0\0UL\x04\0", "not_part_10"),
        (b"GIF89a", "unsupported_type"),
        (b"<html>", "unsupported_type"),
        (bytes(4096), "unsupported_type"),
    ],
)
def test_a_file_of_no_kind_is_refused_by_name(head: bytes, code: str) -> None:
    with pytest.raises(Refused) as refused:
        sniff(head)
    assert refused.value.code == code


def test_every_reason_is_a_sentence_for_staff() -> None:
    for code, reason in REASONS.items():
        assert code == code.lower().replace(" ", "_")
        assert reason[0].isupper()
        assert reason.endswith(".")
        assert "/" not in reason
        assert Refused(code).reason == reason


@pytest.mark.parametrize("module", [portal.refusals, portal.sniff])
def test_the_web_process_needs_the_standard_library_only(module: object) -> None:
    source = Path(str(getattr(module, "__file__", ""))).read_text()
    imported = {node.module or "" for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom)}
    imported |= {
        name.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import)
        for name in node.names
    }
    assert {name.split(".")[0] for name in imported} <= {*sys.stdlib_module_names, "portal"}
    assert {name for name in imported if name.startswith("portal")} <= {"portal.refusals"}
