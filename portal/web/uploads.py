"""Uploaded files go to disk while they are hashed; their content is sniffed and never decoded here."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, TypeVar

from flask import Flask, Request, current_app, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage

from portal.actions.cases import ReceivedFile
from portal.actions.release_sets import SentFile
from portal.errors import TooLarge
from portal.refusals import Refused
from portal.services import settings, storage
from portal.settings import MAX_TEXT_MIB, MIB, Settings
from portal.sniff import HEAD_BYTES, sniff

MAX_NAME_LENGTH = 255
FIELD_PARTS = 12

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])


def takes_files_of(max_mib: int) -> Callable[[View], View]:
    """This route takes files up to this size even where X-rays must be smaller."""

    def mark(view: View) -> View:
        view.max_file_mib = max_mib  # type: ignore[attr-defined]
        return view

    return mark


class HashingFile:
    """A temporary file that hashes and counts what is written, and stops at the limit."""

    def __init__(self, file: IO[bytes], max_bytes: int) -> None:
        self.file = file
        self.path = Path(file.name)
        self.max_bytes = max_bytes
        self.size_bytes = 0
        self.hash = hashlib.sha256()
        self.is_kept = False

    def write(self, chunk: bytes) -> int:
        self.size_bytes += len(chunk)
        if self.size_bytes > self.max_bytes:
            raise TooLarge(
                f"A file is larger than {self.max_bytes // MIB} MiB, so nothing was saved. Leave it out."
            )
        self.hash.update(chunk)
        return self.file.write(chunk)

    def discard(self) -> None:
        self.file.close()
        if not self.is_kept:
            self.path.unlink(missing_ok=True)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)


class UploadRequest(Request):
    """A request whose file parts stream into the home's tmp folder and vanish unless they are kept."""

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        storage().require_space()
        part = HashingFile(storage().temporary(), self._max_file_bytes())
        self.environ.setdefault("greenstick.parts", []).append(part)
        return part  # type: ignore[return-value]

    def _max_file_bytes(self) -> int:
        view = current_app.view_functions.get(self.endpoint or "")
        return max(getattr(view, "max_file_mib", 0) * MIB, settings().max_file_bytes)


def install(app: Flask) -> None:
    chosen: Settings = app.extensions["greenstick.settings"]
    app.request_class = UploadRequest
    app.config.update(
        MAX_CONTENT_LENGTH=chosen.max_request_bytes,
        MAX_FORM_PARTS=chosen.max_files + FIELD_PARTS,
        MAX_FORM_MEMORY_SIZE=MAX_TEXT_MIB * MIB,
    )
    app.teardown_request(_discard_parts)


def _discard_parts(_error: BaseException | None) -> None:
    for part in request.environ.get("greenstick.parts", []):
        part.discard()


def is_chosen(upload: FileStorage) -> bool:
    """Browsers send one empty part without a name when nothing was chosen; a named empty file is a file."""
    return bool(upload.filename) or _part_of(upload).size_bytes > 0


def receive(upload: FileStorage) -> ReceivedFile:
    """Keep one uploaded file under its hash, and say what its first bytes look like."""
    part = _part_of(upload)
    sha256 = part.hash.hexdigest()
    name = display_name(upload.filename or "")
    head = _head(part.path)
    storage().keep("originals", part.path, sha256)
    part.is_kept = True
    try:
        return ReceivedFile(name, sha256, part.size_bytes, sniff(head).value)
    except Refused as refused:
        return ReceivedFile(name, sha256, part.size_bytes, "", refused.code, refused.reason)


def sent_file(upload: FileStorage) -> SentFile:
    """One uploaded file as it lies in the tmp folder; who does not move it away keeps nothing."""
    part = _part_of(upload)
    return SentFile(display_name(upload.filename or ""), part.path, part.hash.hexdigest())


def _part_of(upload: FileStorage) -> HashingFile:
    part = upload.stream
    assert isinstance(part, HashingFile)
    part.file.flush()
    return part


def display_name(name: str) -> str:
    """The last part of the sender's file name, printable and cut, for display only."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    shown = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in last).strip()
    return shown[:MAX_NAME_LENGTH].encode("utf-8", "replace").decode("utf-8") or "unnamed file"


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return os.read(file.fileno(), HEAD_BYTES)
