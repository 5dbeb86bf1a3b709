"""The real project compiled once per test session over empty raw tables: the manifest, with the SQL of every model."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

from extract.home import Home

AS_OF = "2026-04-01 03:17:29"  # a text that stands nowhere else


def make(folder: Path) -> None:
    """Compile in `folder` and leave `manifest.json` there. The project is always parsed here, with this as_of, and what was
    parsed is then given to the homes of the session that share a parse (tests/tiny.py)."""
    from tiny import shared_parse

    from warehouse.devbuild import devbuild

    home = Home(folder / "home").ensure()
    run = devbuild(home, ["compile", "--no-introspect"], as_of=AS_OF)
    (run.target / "manifest.json").rename(folder / "manifest.json")
    (parsed,) = (home.work / "dbt" / "parsed").iterdir()
    shutil.copyfile(parsed, folder / parsed.name)
    os.replace(folder / parsed.name, shared_parse(folder.parent) / parsed.name)


def read(folder: Path) -> dict[str, Any]:
    """What `make` left."""
    manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text("utf-8"))
    return manifest


def models(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """The entries of the project's own models."""
    return [
        n
        for n in manifest["nodes"].values()
        if n["resource_type"] == "model" and n["package_name"] == "jianhu"
    ]
