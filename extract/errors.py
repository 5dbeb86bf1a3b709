"""Errors that a user can cause. Every one ends in a single message: what, where, which rule, what to do.

Invariant: nothing that a user did wrong reaches the terminal as a traceback; the command line prints `UserError` alone.
"""

from __future__ import annotations

import errno


class UserError(Exception):
    """A mistake in input, settings or use, told in one message.

    what: what is wrong; where: file, row, column, value (as far as known); rule: the rule that was broken;
    todo: what the reader of the message can do about it. `exit_code` is what a command ends with.
    """

    exit_code = 1

    def __init__(self, what: str, *, where: str = "", rule: str = "", todo: str = "") -> None:
        self.what, self.where, self.rule, self.todo = what, where, rule, todo
        parts = [what]
        if where:
            parts.append(f"where: {where}")
        if rule:
            parts.append(f"rule: {rule}")
        if todo:
            parts.append(f"to do: {todo}")
        super().__init__("; ".join(parts))


class UsageError(UserError):
    """The command was called with arguments that cannot be served."""

    exit_code = 2


class LoadRefused(UserError):
    """A load as a whole is wrong (columns, volume, template version); nothing of it was landed."""


class Unreachable(UserError):
    """A provider did not answer; other providers are not affected."""


def told_by_system(error: BaseException) -> UserError | None:
    """The machine's own refusals as one message: disk full, no right to write; None for everything else.

    DuckDB and pyarrow wrap the system's words, so the text is looked at where there is no errno.
    """
    number, text = getattr(error, "errno", None), str(error)
    if number in (errno.ENOSPC, errno.EDQUOT) or "No space left on device" in text or "Out of Disk" in text:
        return UserError(
            "the disk is full",
            where=getattr(error, "filename", None) or text.splitlines()[0][:200],
            rule="what was not committed whole does not exist; what was committed stands",
            todo="free space (old releases: --keep; work/), then run the same command again",
        )
    if number in (errno.EACCES, errno.EPERM, errno.EROFS):
        return UserError(
            "a file or folder may not be written or read",
            where=str(getattr(error, "filename", None) or text),
            todo="run as the user that owns the home, or correct its rights",
        )
    return None
