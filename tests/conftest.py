"""Fixtures of the whole suite. Expensive ones are made once per session and only read by tests."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from extract.home import REPO, Home

if TYPE_CHECKING:
    from tiny import Tiny


# Long modules, in the order in which workers take them: the first makes the tiny district, and who needs it too comes when it
# is there; short ones at the end even the workers out.
_FIRST = (
    "test_tiny_release", "test_dbt_style", "test_publish", "test_dbt_units", "test_build", "test_long_loads", "test_explain_release",
    "test_cases_build", "test_cli",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Modules of _FIRST first; within a module nothing moves."""

    def place(item: pytest.Item) -> int:
        return _FIRST.index(item.path.stem) if item.path.stem in _FIRST else len(_FIRST)

    items.sort(key=place)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real files and published figures, read-only; tests that need it are skipped where it is absent."""
    for folder in (os.environ.get("JIANHU_SHARED"), REPO.parent / "shared"):
        if folder and Path(folder).is_dir():
            return Path(folder)
    pytest.skip("the folder of real files (JIANHU_SHARED, or ../shared beside the repository) is absent")


@pytest.fixture(scope="session", autouse=True)
def steady_code() -> None:
    """Release ids of one session do not follow edits of the checkout made while it runs."""
    from warehouse import inputs

    inputs._CODE = ("warehouse/inputs.py",)


@pytest.fixture(scope="session")
def mini_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A miniature dbt project (tests/mini_project.py)."""
    from mini_project import make_project

    return make_project(tmp_path_factory.mktemp("mini") / "project")


@pytest.fixture(scope="session")
def mini_candidate(tmp_path_factory: pytest.TempPathFactory, mini_project: Path) -> Home:
    """A home with release A current and the audited candidate of release B in work/. Copy it, never use it."""
    import mini_project as mini

    from warehouse import audit
    from warehouse.build import build_and_publish, build_candidate, gather
    from warehouse.lock import build_lock

    os.environ["JIANHU_HASH_KEY"] = "a key for tests"
    home = Home(tmp_path_factory.mktemp("mini_candidate") / "home").ensure()
    mini.fill(home)
    options = mini.options(mini_project)
    build_and_publish(home, options=options)
    mini.fill(home, bump=5)
    with build_lock(home):
        candidate = build_candidate(home, gather(home, options), options)
        assert not audit.audit_candidate(home, candidate, options=options)["critical"]
    return home


@pytest.fixture(scope="session")
def mini_release(tmp_path_factory: pytest.TempPathFactory, mini_project: Path) -> Home:
    """A home with one published release of the miniature project. Read only: never build in it."""
    import mini_project as mini

    from warehouse.build import build_and_publish

    home = Home(tmp_path_factory.mktemp("mini_home")).ensure()
    mini.fill(home)
    os.environ["JIANHU_HASH_KEY"] = "a key for tests"
    outcome = build_and_publish(home, options=mini.options(mini_project))
    assert outcome.state == "published"
    return home


@pytest.fixture(scope="session")
def compiled(together: Path) -> dict[str, Any]:
    """The manifest of the compiled project (tests/compiled.py), one for all workers."""
    import compiled as project
    import tiny

    return project.read(tiny.once(together, "compiled", project.make))


@pytest.fixture(scope="session")
def together(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that all workers of a session share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base


@pytest.fixture(scope="session")
def tiny_release(together: Path) -> Tiny:
    """A small synthetic district through the real chain (tests/tiny.py), one for all workers. Read only."""
    import tiny

    return tiny.read(tiny.once(together, "tiny", tiny.make))
