"""The one place that reads settings and secrets: the environment, else an Airflow connection's.

Invariant: a resolved value is returned to its caller and never printed, logged or landed; a missing one is told by
the NAME of the setting.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from extract.errors import UserError

# what a setting is for, told to whoever has to set it
_PURPOSE = {
    "JIANHU_DROP_DIR": "the folder where offices drop their files",
    "JIANHU_PLATFORM_URL": "the address of the district's monitoring platform",
    "JIANHU_PLATFORM_USER": "the user of the monitoring platform",
    "JIANHU_PLATFORM_PASSWORD": "the password of the monitoring platform",
    "JIANHU_PLATFORM_APP_KEY": "the appKey of the monitoring platform",
    "JIANHU_PLATFORM_APP_SECRET": "the secret that signs requests to the monitoring platform",
    "JIANHU_PERMIT_DB_URL": "the SQLAlchemy URL of the permit database",
    "JIANHU_HASH_KEY": "the key with which personal fields are hashed in open tables",
}


class MissingSetting(UserError):
    """A setting that a source needs is not set. `setting` is its name."""

    def __init__(self, setting: str, needed_by: str = "") -> None:
        self.setting = setting
        purpose = _PURPOSE.get(setting, "a setting of this installation")
        super().__init__(
            f"the setting {setting} is missing ({purpose})",
            where=f"needed by {needed_by}" if needed_by else "",
            todo=f"set the environment variable {setting}, or AIRFLOW_CONN_{setting} with it as the connection's URI",
        )


def setting(name: str, default: str | None = None) -> str | None:
    """The setting of that name: environment variable `name`, else `AIRFLOW_CONN_<name>`, else the default.

    An empty text counts as not set.
    """
    return os.environ.get(name) or os.environ.get(f"AIRFLOW_CONN_{name}") or default


def resolve(value: Any, needed_by: str = "") -> str:
    """A declared value as text: `{env: NAME}` is looked up, anything else is taken as it stands.

    Raises MissingSetting (naming the variable, never a value) when it is not set, and UserError for a mapping that
    is not of the form `{env: NAME}`.
    """
    if not isinstance(value, Mapping):
        return str(value)
    if set(value) != {"env"}:
        raise UserError(
            "a setting is declared as {env: NAME}",
            where=f"{needed_by}: keys {sorted(value)}",
            todo="name the environment variable; never write a secret into a source file",
        )
    found = setting(str(value["env"]))
    if not found:
        raise MissingSetting(str(value["env"]), needed_by)
    return found
