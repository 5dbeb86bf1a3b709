"""The one place that knows where a warehouse lives: `JIANHU_HOME` (default ./var) and the folders in it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Home:
    """Folders of one warehouse. Landing and work hold personal data as received: mode 0750."""

    root: Path

    @property
    def landing(self) -> Path:
        return self.root / "landing"

    @property
    def releases(self) -> Path:
        return self.root / "releases"

    @property
    def exports(self) -> Path:
        return self.root / "exports"

    @property
    def work(self) -> Path:
        return self.root / "work"

    @property
    def current(self) -> Path:
        """The pointer: a symbolic link to the released folder."""
        return self.releases / "current"

    def ensure(self) -> Home:
        """Make the folders; landing and work readable by owner and group only."""
        for folder in (self.landing, self.work):
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o750)
        for folder in (self.releases, self.exports):
            folder.mkdir(parents=True, exist_ok=True)
        return self


def home(root: str | os.PathLike[str] | None = None) -> Home:
    """The home named by the argument, else by JIANHU_HOME, else ./var of the repository."""
    chosen = root or os.environ.get("JIANHU_HOME") or REPO / "var"
    return Home(Path(chosen).resolve())
