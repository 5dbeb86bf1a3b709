"""Emergency monitoring: risk sources, teams, stock, plans, incidents and drills, and samples with their chain of custody.

Invariant: a risk source stands either within a few kilometres of a fixed point and a team or tens of kilometres from all of
them; times of a drill lie clear of the edges of the seeded scoring; what breaks a chain of custody or a procedure is planted.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from district.names import TOWNS, phone, stream
from district.networks import Base, Feed, start_of
from district.networks._emergency_points import PARK_TOWNS, emergency_points
from district.plan import District, Row
from district.truth_kind import Kind

# event, minutes after the one before it; each lies inside a stretch of the scoring, never at its edge
STEPS = (("reported", 0), ("dispatched", 10), ("arrived", 45), ("sampling_started", 15), ("first_result", 100),
         ("result_reported", 50), ("ended", 240), ("reviewed", 1500))  # fmt: skip
# item → the two events, minutes of full and of no points, weight: as the scoring's seed has them
SCORING = {"turnout": ("reported", "dispatched", 15, 45, 1), "arrival": ("dispatched", "arrived", 30, 90, 2),
           "first_result": ("sampling_started", "first_result", 60, 180, 3),
           "reporting": ("first_result", "result_reported", 30, 90, 2)}  # fmt: skip
FAR_TOWNS = (12, 13)  # the hills, 30 km and more from every park
POSTS = ("合成采样岗", "合成样品管理岗", "合成分析岗")


def _registers(d: District, feed: Feed) -> list[str]:
    """Risk sources, teams, stock and plans; returns the numbers of the risk sources."""
    rng = stream(d.seed, "emergency registers")
    points = emergency_points(d)
    since = start_of(d)
    risks: list[str] = []

    def risk(town: int, lon: float, lat: float, level: str) -> str:
        no = f"SYNR{len(risks) + 1:03d}"
        risks.append(no)
        feed.database.setdefault("emergency_risk_source", []).append(
            {"risk_no": no, "name_zh": f"合成风险源{len(risks):03d}", "site_code": None, "town_code": TOWNS[town].code,
             "longitude": round(lon, 6), "latitude": round(lat, 6), "risk_level": level, "substance_zh": "（合成）溶剂",
             "valid_from": since, "valid_to": None}
        )  # fmt: skip
        return no

    for k in range(max(4, round(12 * d.scale))):
        p = points[k % len(points)]
        dx, dy = rng.uniform(-0.012, 0.012, 2)
        town = PARK_TOWNS[(k % len(points)) % len(PARK_TOWNS)]
        risk(town, float(p["longitude"]) + dx, float(p["latitude"]) + dy, ("重大", "较大", "一般")[k % 3])
    for town in FAR_TOWNS:
        no = risk(town, TOWNS[town].lon, TOWNS[town].lat, "重大")
        feed.truth.setdefault("emergency_uncovered", []).append({"risk_no": no})
    for k, p in enumerate(points):
        tel = phone(700_000 + k)
        name = f"演示队长{k + 1:02d}"
        feed.identifiers += [{"kind": "phone", "identifier": tel}, {"kind": "name", "identifier": name}]
        feed.registers.setdefault("emergency_team", []).append(
            {"team_no": f"SYNM{k + 1:02d}", "name_zh": f"合成监测队{k + 1:02d}", "team_kind": "监测", "town_code": p["town_code"],
             "longitude": round(float(p["longitude"]) + 0.01, 6), "latitude": round(float(p["latitude"]) - 0.01, 6),
             "turnout_minutes": 10, "member_count": 6, "leader_name": name, "leader_phone": tel, "valid_from": since,
             "valid_to": None, "register_year": d.first.year}
        )  # fmt: skip
        for n, item in enumerate(("便携式气相色谱仪", "应急防护服", "吸附棉")):
            feed.registers.setdefault("emergency_stock", []).append(
                {"stock_no": f"SYNK{k + 1:02d}{n + 1}", "team_no": f"SYNM{k + 1:02d}", "item_zh": item, "quantity": 10 - 3 * n,
                 "quantity_unit_zh": "套", "required_quantity": 6, "checked_date": d.first,
                 "expiry_date": date(d.last.year + 3, 1, 1), "register_year": d.first.year}
            )  # fmt: skip
    for k, no in enumerate(risks):
        if k % 4 == 3:
            feed.truth.setdefault("emergency_plan_gap", []).append({"risk_no": no})
        if k % 8 == 7:
            continue  # no plan at all
        feed.registers.setdefault("emergency_plan", []).append(
            {"plan_no": f"SYNY{k + 1:03d}", "risk_no": no, "title_zh": f"合成预案{k + 1:03d}", "point_code": points[k % len(points)]["point_code"],
             "team_no": f"SYNM{k % len(points) + 1:02d}", "filed_date": date(d.first.year - 2, 5, 6),
             # an expired plan covers nothing, though it stands in the register
             "valid_to": d.first if k % 4 == 3 else date(d.last.year + 2, 5, 6), "register_year": d.first.year}
        )  # fmt: skip
    return risks


def _scores(at: dict[str, datetime]) -> float:
    """The total of a drill by the scoring as its seed has it."""
    total, weights = 0.0, 0
    for first, second, full, zero, weight in SCORING.values():
        minutes = (at[second] - at[first]).total_seconds() / 60
        total += weight * min(100.0, max(0.0, 100 * (zero - minutes) / (zero - full)))
        weights += weight
    return total / weights


def _incidents(d: District, risks: list[str], feed: Feed) -> list[tuple[str, dict[str, datetime]]]:
    """Entries of the command platform, some late, some sent twice, some out of the procedure; their truth."""
    rng = stream(d.seed, "emergency incidents")
    sent: dict[str, list[tuple[datetime, Row]]] = {}
    cases: list[tuple[str, dict[str, datetime]]] = []
    entry = 0
    starts = range(2, d.days - 6, 9) if d.days >= 20 else []
    for n, day in enumerate(starts):
        no = f"SYNJ{n + 1:03d}"
        kind = "drill" if n % 2 == 0 else "incident"
        time = d.begin + timedelta(days=day, hours=9, minutes=int(rng.integers(0, 90)))
        at: dict[str, datetime] = {}
        rows: list[tuple[datetime, Row]] = []
        for event, minutes in STEPS:
            time += timedelta(minutes=minutes + (int(rng.integers(0, 5)) if minutes else 0))
            at[event] = time
            entry += 1
            row = {"entryNo": f"SYNL{entry:05d}", "incidentNo": no, "kind": kind, "riskNo": risks[n % len(risks)], "event": event,
                   "eventTime": f"{time:%Y-%m-%d %H:%M:%S}", "post": "合成指挥岗", "note": "（合成）"}  # fmt: skip
            recorded = time + timedelta(minutes=3)
            if event == "arrived":
                # told wrongly at first, two hours late; corrected under the same number the day after
                wrong = {**row, "eventTime": f"{time + timedelta(hours=2):%Y-%m-%d %H:%M:%S}"}
                rows.append((recorded, wrong))
                recorded = time + timedelta(days=1)
            if event == "dispatched":
                recorded = time + timedelta(hours=30)  # written down a day late
            rows.append((recorded, row))
            if event == "first_result":
                rows.append((recorded + timedelta(minutes=1), row))  # sent twice
        line = [(at[e], e, True) for e in at]
        if n % 3 == 1:
            # "ended" was written before anything was measured: kept, and it moves no state
            entry += 1
            early = at["arrived"] + timedelta(minutes=5)
            line.append((early, "ended", False))
            rows.append((early, {"entryNo": f"SYNL{entry:05d}", "incidentNo": no, "kind": kind, "riskNo": risks[n % len(risks)],
                                 "event": "ended", "eventTime": f"{early:%Y-%m-%d %H:%M:%S}", "post": "合成指挥岗",
                                 "note": "（合成）误录"}))  # fmt: skip
        for place, (when, event, is_legal) in enumerate(sorted(line), 1):
            feed.truth.setdefault("incident_timeline" if is_legal else "incident_illegal_event", []).append(
                {"case_id": no, "event": event, "event_at": when, "event_no": place}
            )
        if kind == "drill":
            feed.truth.setdefault("drill_score", []).append({"case_id": no, "score": round(_scores(at), 6)})
        for recorded, row in rows:
            if recorded.date() <= d.last:
                stamped = {**row, "dataTime": f"{recorded:%Y-%m-%d %H:%M:%S}"}
                sent.setdefault(f"{(recorded - timedelta(seconds=1)).date()}", []).append((recorded, stamped))
        cases.append((no, at))
    # the platform gives out a day's entries in no order of time
    feed.platform["emergency_event"] = [
        (day, [r for _, r in sorted(rows, key=lambda x: str(x[1]["entryNo"])[::-1])]) for day, rows in sorted(sent.items())
    ]  # fmt: skip
    return cases


def _samples(d: District, cases: list[tuple[str, dict[str, datetime]]], feed: Feed) -> None:
    """Two samples of each case; every third one has a break of its own kind."""
    rng = stream(d.seed, "emergency samples")
    n = 0
    for no, at in cases:
        for _ in range(2):
            n += 1
            sample = f"SYNP{n:04d}"
            taken = at["sampling_started"] + timedelta(minutes=int(rng.integers(1, 6)))
            gave, got = taken + timedelta(minutes=20), taken + timedelta(minutes=50)
            steps: list[list[Any]] = [
                ["采样", taken, None, POSTS[0]], ["交出", gave, POSTS[0], POSTS[1]], ["接收", got, POSTS[0], POSTS[1]],
                ["交出", got + timedelta(minutes=5), POSTS[1], POSTS[2]], ["接收", got + timedelta(minutes=25), POSTS[1], POSTS[2]],
                ["分析", got + timedelta(minutes=40), None, POSTS[2]],
            ]  # fmt: skip
            if n % 3 == 0:
                kind = n // 3 % 4
                if kind == 0:
                    del steps[2]  # handed over, never received
                elif kind == 1:
                    steps[4][3] = "合成外单位岗"  # received by another than it was given to
                    steps[5][3] = "合成外单位岗"
                elif kind == 2:
                    for s in steps[2:]:
                        s[1] += timedelta(hours=6)  # a whole afternoon between two hands
                else:
                    steps[3][2] = POSTS[0]  # given by somebody who no longer had it
                    steps[4][2] = POSTS[0]
                feed.truth.setdefault("sample_custody_gap", []).append({"sample_no": sample})
            who = f"演示采样员{n % 5 + 1}"
            for k, (step, time, giver, taker) in enumerate(steps):
                feed.registers.setdefault("emergency_sample", []).append(
                    {"sample_no": sample, "step_no": k + 1, "incident_no": no, "step": step, "step_at": time, "from_post": giver,
                     "to_post": taker, "person": who, "item_zh": "（合成）挥发性有机物", "register_year": d.first.year}
                )  # fmt: skip
    feed.identifiers += [{"kind": "name", "identifier": f"演示采样员{k}"} for k in range(1, 6)]


def make(base: Base) -> Feed:
    """The feed of emergency monitoring."""
    d, feed = base.d, Feed()
    risks = _registers(d, feed)
    _samples(d, _incidents(d, risks, feed), feed)
    return feed


def _listed(mart: str, key: str, where: str, says: str) -> Kind:
    return Kind(
        (mart,),
        f"""
        with told as (select distinct {key} from {mart} where {where})
        select (select count(*) from planted p inner join told t using ({key})) as found,
               (select count(*) from told t where not exists (select 1 from planted p where p.{key} = t.{key})) as falsely_found""",
        says,
        ((key, "varchar"),),
    )


_EVENT = (("case_id", "varchar"), ("event", "varchar"), ("event_at", "timestamp"), ("event_no", "bigint"))

KINDS: dict[str, Kind] = {
    "emergency_uncovered": _listed("rpt_emergency_coverage", "risk_no", "not is_covered", "rpt_emergency_coverage: no point or no team in time"),
    "emergency_plan_gap": _listed("rpt_emergency_coverage", "risk_no", "not is_plan_in_force", "rpt_emergency_coverage: no plan, or an expired one"),
    "sample_custody_gap": _listed("rpt_sample_custody", "sample_no", "not is_chain_whole", "rpt_sample_custody: the chain is broken"),
    "incident_timeline": Kind(
        ("rpt_incident_timeline",),
        """
        with told as (select case_id, event, event_at, event_no from rpt_incident_timeline where is_legal)
        select (select count(*) from planted p inner join told t using (case_id, event, event_at, event_no)) as found,
               (select count(*) from told t where not exists (select 1 from planted p where p.case_id = t.case_id
                    and p.event = t.event and p.event_at = t.event_at and p.event_no = t.event_no)) as falsely_found""",
        "the time line of each drill and incident in its true order, with the corrected times",
        _EVENT,
    ),
    "incident_illegal_event": Kind(
        ("rpt_incident_timeline",),
        """
        with told as (select case_id, event, event_at from rpt_incident_timeline where not is_legal)
        select (select count(*) from planted p inner join told t using (case_id, event, event_at)) as found,
               (select count(*) from told t where not exists (select 1 from planted p where p.case_id = t.case_id
                    and p.event = t.event and p.event_at = t.event_at)) as falsely_found""",
        "an entry out of the procedure is kept, moves no state and is told",
        _EVENT,
    ),
    "drill_score": Kind(
        ("fct_drill_score",),
        """
        with told as (select case_id, score from fct_drill_score where item = 'total' and case_kind = 'drill')
        select (select count(*) from planted p inner join told t on p.case_id = t.case_id and abs(p.score - t.score) < 0.0001) as found,
               (select count(*) from told t where not exists (select 1 from planted p where p.case_id = t.case_id
                    and coalesce(abs(p.score - t.score) < 0.0001, false))) as falsely_found""",
        "the total of fct_drill_score by the seeded scoring",
        (("case_id", "varchar"), ("score", "double")),
    ),
}  # fmt: skip
