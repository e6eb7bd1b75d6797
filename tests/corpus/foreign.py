"""What is no radiograph file at all: kinds 1, 2, 20 to 23, 30 and 31. Magic bytes only, nothing that runs."""

import gzip
import io
import random
import tarfile
import zipfile
from collections.abc import Iterator
from functools import partial

from PIL import Image

from tests.corpus import bombs
from tests.corpus.pictures import radiograph
from tests.corpus.sample import Sample

# By Pillow's name; saved by the installed Pillow.
OTHER_IMAGES = ("GIF", "BMP", "WEBP", "AVIF", "ICO", "PCX", "JPEG2000", "EPS", "PDF", "TGA", "PPM")
HEADS = {
    "heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
    "psd": b"8BPS\0\x01" + bytes(20),
    "fits": b"SIMPLE  =                    T",
    "jxl": b"\0\0\0\x0cJXL \r\n\x87\n",
    "big-tiff": b"II+\0\x08\0\0\0" + bytes(8),
    "dng-like-raw": b"IIU\0" + bytes(30),
    "nifti": b"\x5c\x01\0\0" + bytes(340) + b"n+1\0",
    "video": b"\0\0\0\x20ftypisom" + bytes(40),
}
TEXTS = {
    "svg": '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "html": "<!doctype html><script>alert(1)</script>",
    "javascript": "alert(document.cookie)",
    "php": "<?php echo 1; ?>",
    "postscript": "%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(%pipe%id) (r) file",
    "pdf": "%PDF-1.7\n1 0 obj<</Type/Catalog/OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj",
    "virus-test-text": "X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + "INERT-VARIANT-OF-A-TEST-FILE!$H+H*",
    "csv": "id;name\n1;x\n",
    "utf16": "\ufeffhello",
    "dicom-word": "this text mentions DICM somewhere",
}


def _saved_as(name: str) -> bytes:
    target = io.BytesIO()
    image = Image.fromarray(radiograph())
    image.convert("RGB" if name in ("AVIF", "WEBP", "EPS", "PDF") else "L").save(target, name)
    return target.getvalue()


def _animated_gif() -> bytes:
    target = io.BytesIO()
    frames = [Image.fromarray(radiograph() // n) for n in range(1, 7)]
    frames[0].save(target, "GIF", save_all=True, append_images=frames[1:])
    return target.getvalue()


def _zip(members: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members.items():
            archive.writestr(name, body)
    return target.getvalue()


def _zip_with_link() -> bytes:
    link = zipfile.ZipInfo("link.png")
    link.external_attr = 0o120777 << 16
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(link, "/etc/hostname")
    return target.getvalue()


def _tar_gz() -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as archive:
        member = tarfile.TarInfo("../../image.png")
        archive.addfile(member, io.BytesIO())
    return target.getvalue()


def _noise(seed: int) -> bytes:
    source = random.Random(seed)
    return source.randbytes(source.choice((1, 7, 200, 5000, 60_000)))


def foreign_samples() -> Iterator[Sample]:
    refused = partial(Sample, expected="unsupported_type")
    yield Sample(1, "empty", "empty", bytes)
    yield Sample(2, "one-byte-of-jpeg", "truncated", lambda: b"\xff")
    yield refused(2, "one-byte", build=lambda: b"x")
    for name in OTHER_IMAGES:
        kind = {"GIF": 20, "EPS": 22, "PDF": 22}.get(name, 21)
        yield refused(kind, f"image-{name.lower()}", build=partial(_saved_as, name), file_name="hand.png")
    yield refused(20, "gif-animated", build=_animated_gif, file_name="hand.png")
    for name, head in HEADS.items():
        yield refused(21, f"head-{name}", build=partial(bytes.ljust, head, 4000, b"\0"))
    for name, text in TEXTS.items():
        kind = 22 if name in ("svg", "postscript", "pdf") else 23
        encoding = "utf-16" if name == "utf16" else "utf-8"
        yield refused(kind, f"text-{name}", build=partial(text.encode, encoding))
    for seed in range(20):
        yield refused(30, f"noise-{seed}", build=partial(_noise, seed))
    yield from _archives()


def _archives() -> Iterator[Sample]:
    refused = partial(Sample, 31, expected="unsupported_type", file_name="images.jpg")
    yield refused("zip", build=lambda: _zip({"image.png": b"x"}))
    yield refused("zip-slip", build=lambda: _zip({"../../../image.png": b"x"}))
    yield refused("zip-bomb", build=lambda: _zip({str(n): bytes(1 << 20) for n in range(20)}))
    yield refused("zip-in-zip", build=lambda: _zip({"a.zip": _zip({"b.zip": _zip({"c": b"x"})})}))
    yield refused("zip-link", build=_zip_with_link)
    yield refused("tar-gz", build=_tar_gz)
    yield refused("gzip-bomb", build=lambda: gzip.compress(bytes(1 << 24)))
    yield refused("zlib-bomb", build=lambda: bombs.zeros(1 << 30))
    yield refused("7z", build=lambda: b"7z\xbc\xaf\x27\x1c" + bytes(60))
    yield refused("rar", build=lambda: b"Rar!\x1a\x07\x01\0" + bytes(60))
