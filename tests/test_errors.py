"""The machine's own refusals end in one message, wherever they surface."""

from __future__ import annotations

import errno

import pytest

from extract.errors import told_by_system


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device", "/home/landing/x"),
        RuntimeError("IO Error: Could not write file: No space left on device"),
    ],
)
def test_a_full_disk_is_told(error: BaseException) -> None:
    told = told_by_system(error)
    assert told is not None and "disk is full" in str(told) and "to do:" in str(told)


def test_a_missing_right_names_the_file() -> None:
    told = told_by_system(PermissionError(errno.EACCES, "Permission denied", "/home/landing"))
    assert told is not None and "/home/landing" in str(told)


def test_a_fault_of_ours_is_not_hidden() -> None:
    assert told_by_system(ValueError("x")) is None
