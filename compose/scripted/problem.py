"""The one error that the control API answers with, besides an input's list of problems (:mod:`scripted.check`)."""

from __future__ import annotations


class RefusedError(Exception):
    """A request that cannot be carried out; ``status`` is HTTP's, ``hint`` the next step."""

    def __init__(self, status: int, cause: str, hint: str) -> None:
        """*cause* and *hint* are sentences without a final stop."""
        super().__init__(cause)
        self.status = status
        self.hint = hint
