"""Errors that a user can cause. Every one ends in a single message: what, where, which rule, what to do.

Invariant: nothing that a user did wrong reaches the terminal as a traceback; the command line prints `UserError` alone.
"""

from __future__ import annotations


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
