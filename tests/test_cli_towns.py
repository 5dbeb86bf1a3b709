"""`jianhu status --towns` reads rpt_town_assessment of the current release and says which period it shows."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from extract.errors import UserError
from extract.home import Home
from warehouse import town_table

COLUMNS = (
    "town_name_zh, subject_id, group_name_zh, period_type, period, score, rank_in_group, good_air_days, "
    "water_class_1_3_pct, complaint_in_time_pct, permit_report_on_time_pct, label_zh"
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path).ensure()
    folder = home.releases / "20260416-0800-00000000"
    folder.mkdir()
    with duckdb.connect(str(folder / "warehouse.duckdb")) as con:
        con.execute(
            f"""create table rpt_town_assessment as select * from (values
            ('柯桥街道', '330603001', '街道组', 'year', '2026', null, null, 90, 100, 95.25, 100, '示意'),
            ('柯桥街道', '330603001', '街道组', 'year', '2025', 81.239, 2, 301, null, 95.25, 100, '示意'),
            ('柯桥街道', '330603001', '街道组', 'year', '2024', null, null, null, null, null, null, '示意'),
            ('柯桥街道', '330603001', '街道组', 'quarter', '2026-Q1', 80, null, 88, 100, 95.25, 100, '示意')
            ) as t({COLUMNS})"""
        )
    told = {
        "id": folder.name,
        "as_of": "2026-04-16 08:00:00",
        "scheme_mode": "illustrative",
        "warnings": ["示意权重"],
    }
    (folder / "release.json").write_text(json.dumps(told), "utf-8")
    home.current.symlink_to(folder.name)
    return home


def test_default_is_the_last_ended_year_with_figures(home: Home) -> None:
    body = town_table.read(home)
    assert body["period"] == "2025" and body["release"] == "20260416-0800-00000000"
    assert [t["rank_in_group"] for t in body["towns"]] == [2]


def test_table_prints_figures_dashes_and_warnings(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    town_table.show(home)
    out = capsys.readouterr().out
    for text in ("柯桥街道", "81.24", "301", "—", "95.2", "20260416-0800-00000000", "! 示意权重"):
        assert text in out
    assert "…" not in out


def test_other_periods_and_unknown_ones(home: Home) -> None:
    assert town_table.read(home, "2026-Q1")["towns"][0]["good_air_days"] == 88
    with pytest.raises(UserError, match=r"no period '2023'.*2026-Q1"):
        town_table.read(home, "2023")
