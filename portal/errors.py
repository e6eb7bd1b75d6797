"""The one family of expected failures. Each message tells staff what happened and what to do next."""

from __future__ import annotations


class GreenstickError(Exception):
    """An expected failure; `status` is the HTTP answer when it reaches a page."""

    status = 400

    @property
    def message(self) -> str:
        return str(self.args[0]) if self.args else self.__class__.__name__


class BadSetting(GreenstickError):
    """A setting of the installation cannot be understood."""

    status = 500


class NotFound(GreenstickError):
    """The thing asked for does not exist, or not any more."""

    status = 404


class NotAllowed(GreenstickError):
    """The signed-in person's role does not cover this."""

    status = 403


class BadRequest(GreenstickError):
    """The form cannot be used as it was sent."""


class TooLarge(GreenstickError):
    """A file or a form is over a stated limit."""

    status = 413


class Conflict(GreenstickError):
    """Someone else was faster, or the thing is already under way; `link_id` names it where there is one."""

    status = 409

    def __init__(self, message: str, link_id: str | None = None) -> None:
        super().__init__(message)
        self.link_id = link_id


class TooManyTries(GreenstickError):
    """The sign-in throttle holds; `retry_after_s` says for how long."""

    status = 429

    def __init__(self, message: str, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class StorageFull(GreenstickError):
    """The disk is nearly full: nothing was saved."""

    status = 507


class StorageDamaged(GreenstickError):
    """A stored file is missing or its bytes are not the ones that were written."""

    status = 500
