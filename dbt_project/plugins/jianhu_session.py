"""dbt-duckdb plugin: pins the time zone, and gives every cursor the key of `keyed_hash` as a session variable.

Invariant: the key never appears in SQL text, so neither compiled models nor logs nor the manifest hold it.
"""

from __future__ import annotations

from typing import Any

from dbt.adapters.duckdb.plugins import BasePlugin


class Plugin(BasePlugin):
    """Reads `hash_key` from the profile; an empty one leaves the variable unset, and every hash null."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        self._key = str(plugin_config.get("hash_key") or "")

    def configure_connection(self, conn: Any) -> None:
        conn.execute("set global TimeZone = 'Asia/Shanghai'")  # cursors take it over

    def configure_cursor(self, cursor: Any) -> None:
        if self._key:
            cursor.execute("set variable jianhu_hash_key = '" + self._key.replace("'", "''") + "'")
