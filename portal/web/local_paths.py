"""Where a form may lead: to pages of this portal alone."""

from __future__ import annotations

from urllib.parse import urlsplit


def local_path(target: str | None) -> str | None:
    """`target` when it is a path of this portal, written so that no browser can take it for another site."""
    if not target or not target.startswith("/") or not target.isprintable() or "\\" in target:
        return None
    parts = urlsplit(target)
    is_ours = not parts.scheme and not parts.netloc and not target.startswith("//")
    return target if is_ours else None
