"""The long proofs, over a synthetic district: `python -m warehouse.prove [--only kills,readers,equal,truth] [--json]`.

kills    SIGKILL at random moments of a refresh: the pointer is valid each time, the next refresh gives the hashes of
         an undisturbed one.
readers  reader processes throughout publications, without an error.
equal    two builds of the same load list and as_of: equal table hashes, equal Parquet and workbook bytes.
truth    planted truth on unseen seeds: recall and precision per kind.

Invariant: a proof judges only what it measured here; the report holds every figure and `ok` per proof.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import psutil

from extract.errors import UserError
from extract.home import Home
from extract.home import home as find_home
from warehouse import connect as reading
from warehouse.hashing import file_hash, table_hash

JIANHU = [sys.executable, "-m", "warehouse.cli"]
# what runs at one time, readers aside: a refresh keeps little more than one core busy, and a third one slows the other two
_SLOTS = threading.BoundedSemaphore(2)
Say = Callable[[str], None]
T = TypeVar("T")


@dataclass(frozen=True)
class Subject:
    """What the proofs are tried on. landing: a home whose loads are used; refresh(home, as_of) → command line;
    export(home) → command line or None."""

    base: Home
    refresh: Callable[[Home, str], list[str]]
    export: Callable[[Home], list[str]] | None
    first_as_of: str
    second_as_of: str
    env: Mapping[str, str]


def fresh_home(subject: Subject, folder: Path, releases_of: Home | None = None) -> Home:
    """A home over the subject's landing; optionally with the releases of another home, and the project as it parsed it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    os.symlink(subject.base.landing, folder / "landing")
    if (subject.base.root / "synthetic").exists():
        os.symlink(subject.base.root / "synthetic", folder / "synthetic")
    if releases_of:
        shutil.copytree(releases_of.releases, folder / "releases", symlinks=True)
        shutil.copytree(releases_of.work / "dbt" / "parsed", folder / "work" / "dbt" / "parsed")
    return Home(folder).ensure()


def run(command: list[str], home: Home, env: Mapping[str, str], log: Path) -> float:
    """Run to the end; the seconds of processor time. Raises UserError with the last lines when it fails."""
    with _SLOTS, log.open("w", encoding="utf-8") as out:
        process = subprocess.Popen(
            command, env={**os.environ, **env, "JIANHU_HOME": str(home.root)}, stdout=out, stderr=out
        )
        try:
            _, status, used = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            raise
        code = process.returncode = os.waitstatus_to_exitcode(status)
    if code not in (0, 4):
        tail = " | ".join(log.read_text("utf-8", "replace").splitlines()[-4:])
        raise UserError(f"{' '.join(command[-4:])} ended with {code}: {tail}", where=f"log {log}")
    return used.ru_utime + used.ru_stime


def current_whole(home: Home) -> tuple[str, dict[str, Any]]:
    """(id, tables) of the current release after reading every open table and holding it against release.json.

    Raises AssertionError when a table differs, NoRelease or UserError when the release cannot be read.
    """
    folder = reading.current_folder(home)
    told = reading.read_release(folder)
    with reading.connect(home, restricted=True, release_id=folder.name) as con:
        for name, t in told["tables"].items():
            found = table_hash(con, name if "." in name else f'main."{name}"').as_json()
            assert found == t, f"table {name} of {folder.name} is not what release.json tells"
    return folder.name, told["tables"]


@dataclass(frozen=True)
class Undisturbed:
    """A refresh that nothing disturbed: its seconds of processor time, the release's id and tables."""

    cpu_seconds: float
    release_id: str
    tables: dict[str, Any]


def undisturbed(subject: Subject, home: Home, log: Path, *more: str) -> Undisturbed:
    """Refresh `home` for `second_as_of`, and read what came."""
    used = run([*subject.refresh(home, subject.second_as_of), *more], home, subject.env, log)
    return Undisturbed(used, *current_whole(home))


def _together(tasks: Sequence[Callable[[], T]], at_once: int = 2) -> list[T]:
    """The results of all tasks in their order; those at work share the slots."""
    with ThreadPoolExecutor(max_workers=at_once) as pool:
        return list(pool.map(lambda task: task(), tasks))


def _used(process: psutil.Process) -> float:
    """Seconds of processor time of a process, of those that it started and of those of them that have ended."""
    total = 0.0
    for one in [process, *process.children(recursive=True)]:
        with contextlib.suppress(psutil.NoSuchProcess):
            total += sum(one.cpu_times()[:4])
    return total


def _refresh_killed(subject: Subject, home: Home, at: float, log: Path) -> tuple[bool, float]:
    """Start a refresh and kill it after `at` seconds of processor time: whether it was still there, and what it had used.

    Processor time, since the machine is shared: the same second of the clock is a later or an earlier step each time.
    """
    with _SLOTS, log.open("w") as out:
        process = subprocess.Popen(
            subject.refresh(home, subject.second_as_of), stdout=out, stderr=out, start_new_session=True,
            env={**os.environ, **subject.env, "JIANHU_HOME": str(home.root)},
        )  # fmt: skip
        watched, used = psutil.Process(process.pid), 0.0
        with contextlib.suppress(psutil.NoSuchProcess):
            while process.poll() is None and used < at:
                used = max(used, _used(watched))
                time.sleep(0.05)
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.wait()
    return process.returncode == -signal.SIGKILL, used


def _kill_once(
    subject: Subject, folder: Path, before: Home, part: float, span: list[float], known: tuple[str, str, dict[str, Any]]
) -> dict[str, Any]:  # fmt: skip
    """One refresh killed when `part` of its work is done, and the next one.

    span: the processor time of a whole refresh, corrected when one was over before its moment came (it is then tried again).
    known: ids before and after, tables after.
    """
    first_id, second_id, expected = known
    for _ in range(4):
        home = fresh_home(subject, folder, before)
        killed, used = _refresh_killed(subject, home, part * span[0], folder.with_suffix(".log"))
        if killed:
            break
        span[0] = used
    moment: dict[str, Any] = {
        "part": round(part, 3),
        "cpu_second": round(used, 2),
        "killed": killed,
        "pointer_valid": False,
        "next_equal": False,
    }
    try:
        seen, _ = current_whole(home)
        moment["pointer_valid"] = seen in (first_id, second_id)
        run(subject.refresh(home, subject.second_as_of), home, subject.env, folder.with_suffix(".next.log"))
        next_id, tables = current_whole(home)
        moment["next_equal"] = next_id == second_id and tables == expected
    except (UserError, AssertionError) as e:
        moment["fault"] = str(e)
    shutil.rmtree(folder, ignore_errors=True)
    return moment


def first_release(subject: Subject, folder: Path) -> Home:
    """A home whose current release speaks for `first_as_of`: where readers begin and where killed refreshes start from."""
    home = fresh_home(subject, folder / "before")
    run(subject.refresh(home, subject.first_as_of), home, subject.env, folder / "before.log")
    return home


def prove_kills(
    subject: Subject, folder: Path, before: Home, calm: Undisturbed | None, rounds: int, seed: int, say: Say
) -> dict[str, Any]:
    """SIGKILL at `rounds` random moments of a refresh, each in a home where an earlier release is current.

    calm: an undisturbed refresh, of a home that parsed the project by itself; made here where it is None.
    """
    rng = random.Random(seed)
    first_id, _ = current_whole(before)
    if calm is None:
        home = fresh_home(subject, folder / "calm", before)
        calm = undisturbed(subject, home, folder / "calm.log")
    known = (first_id, calm.release_id, calm.tables)

    span = [calm.cpu_seconds]

    def one(i: int, part: float) -> dict[str, Any]:
        m = _kill_once(subject, folder / f"killed-{i}", before, part, span, known)
        say(
            f"kill {i}/{rounds} at {part:.0%} of a refresh: killed {m['killed']}, pointer {m['pointer_valid']}, "
            f"next refresh equal {m['next_equal']}"
        )
        return m

    parts = [rng.random() for _ in range(rounds)]
    moments = _together([functools.partial(one, i, part) for i, part in enumerate(parts, 1)])
    return {
        "ok": all(m["killed"] and m["pointer_valid"] and m["next_equal"] for m in moments),
        "refresh_cpu_seconds": round(span[0], 1),
        "rounds": rounds,
        "killed": sum(m["killed"] for m in moments),
        "pointer_valid": sum(m["pointer_valid"] for m in moments),
        "next_equal": sum(m["next_equal"] for m in moments),
        "moments": moments,
    }


_READER = """
import json, os, sys
from pathlib import Path
from extract.home import Home
from warehouse import connect as reading
home, stop, reads, seen = Home(Path(sys.argv[1])), Path(sys.argv[2]), 0, set()
parent = os.getppid()
while not stop.exists() and os.getppid() == parent:  # a killed proof leaves no reader behind
    with reading.connect(home) as con:
        told = con.execute("select release_id from release").fetchone()[0]
        for (name,) in con.execute("select table_name from duckdb_tables()").fetchall():
            con.execute(f'select count(*) from "{name}"').fetchone()
    reads, _ = reads + 1, seen.add(told)
print(json.dumps({"reads": reads, "releases": sorted(seen)}))
"""


def prove_readers(
    subject: Subject, folder: Path, before: Home, readers: int, publishes: int, say: Say
) -> dict[str, Any]:
    """`readers` processes read without pause while `publishes` releases are built and published."""
    home = fresh_home(subject, folder / "read", before)
    stop = folder / "stop"
    stop.unlink(missing_ok=True)
    processes = [
        subprocess.Popen(
            # they take what the refreshes leave
            ["nice", "-n", "19", sys.executable, "-c", _READER, str(home.root), str(stop)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(readers)
    ]  # fmt: skip
    failure = ""
    done = 0
    try:
        for i in range(publishes):
            as_of = re.sub(r"\d\d:\d\d$", f"{i + 1:02d}:00", subject.second_as_of)
            run([*subject.refresh(home, as_of), "--force"], home, subject.env, folder / "publish.log")
            done += 1
            say(f"readers: publication {done}/{publishes}")
    except UserError as e:
        failure = str(e)
    stop.touch()
    results = []
    for p in processes:
        out, err = p.communicate(timeout=300)
        told = json.loads(out) if p.returncode == 0 else {"reads": 0, "releases": []}
        results.append({"exit_code": p.returncode, "reads": told["reads"], "releases": len(told["releases"]),
                        **({"error": err.strip().splitlines()[-1:]} if p.returncode else {})})  # fmt: skip
    return {
        "ok": not failure and done == publishes and all(r["exit_code"] == 0 and r["reads"] for r in results),
        "readers": readers,
        "publishes": done,
        "reads": sum(r["reads"] for r in results),
        "errors": sum(r["exit_code"] != 0 for r in results),
        "releases_seen": max(r["releases"] for r in results),
        **({"failure": failure} if failure else {}),
        "each": results,
    }


def prove_equal(subject: Subject, folder: Path, say: Say) -> tuple[dict[str, Any], Undisturbed]:
    """Two homes, one load list, one as_of; built at the same time, the second one on one thread: an order that is not total
    shows when rows come in another one. Also gives the first build."""

    def build(name: str, *more: str) -> tuple[Undisturbed, dict[str, str], dict[str, str]]:
        home = fresh_home(subject, folder / name)
        built = undisturbed(subject, home, folder / f"{name}.log", *more)
        release = reading.current_release(home)
        files = {k: v["sha256"] for k, v in release["files"].items() if k.startswith("parquet/")}
        books: dict[str, str] = {}
        if subject.export:
            run(subject.export(home), home, subject.env, folder / f"{name}-export.log")
            books = {p.name: file_hash(p) for p in sorted(home.exports.rglob("*.xlsx"))}
        say(f"equal: build {name} {release['id']}")
        return built, files, books

    one, two = _together([lambda: build("one"), lambda: build("two", "--threads", "1")])
    tables, files, books = [one[0].tables, two[0].tables], [one[1], two[1]], [one[2], two[2]]
    differing = sorted(t for t in set(tables[0]) | set(tables[1]) if tables[0].get(t) != tables[1].get(t))
    bytes_differ = sorted(f for f in set(files[0]) | set(files[1]) if files[0].get(f) != files[1].get(f))
    books_equal = None if not subject.export else books[0] == books[1] and bool(books[0])
    report = {
        "ok": not differing and not bytes_differ and books_equal is not False,
        "tables": len(tables[0]),
        "tables_differing": differing,
        "parquet_files": len(files[0]),
        "parquet_differing": bytes_differ,
        "workbooks": sorted(books[0]),
        "workbook_bytes_equal": books_equal,
    }
    return report, one[0]


def prove_truth(
    folder: Path, seeds: list[int], span: tuple[str, str], scale: float, built: Mapping[int, Home], say: Say
) -> dict[str, Any]:
    """Simulate, extract, refresh and compare with the planted truth, once per seed. built: homes that have done all but the last."""

    def one(seed: int) -> dict[str, Any]:
        home = built.get(seed)
        if home is None:
            home = Home(folder / f"seed-{seed}")
            shutil.rmtree(home.root, ignore_errors=True)
            home.ensure()
            with district(home, seed, span, scale, folder / f"seed-{seed}.log") as env:
                run([*JIANHU, "refresh"], home, env, folder / f"seed-{seed}-refresh.log")
        done = subprocess.run(
            [*JIANHU, "truth", "--json"], env={**os.environ, "JIANHU_HOME": str(home.root)},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        try:
            told: dict[str, Any] = json.loads(done.stdout)
        except json.JSONDecodeError:
            told = {"error": (done.stderr or done.stdout)[-500:]}
        say(f"truth: seed {seed} {'all found' if told.get('is_perfect') else 'differs'}")
        return told

    told = _together([functools.partial(one, seed) for seed in seeds])
    return {
        "ok": all(t.get("is_perfect") for t in told),
        "seeds": {str(seed): t for seed, t in zip(seeds, told, strict=True)},
    }


@contextlib.contextmanager
def district(
    home: Home, seed: int, span: tuple[str, str], scale: float, log: Path
) -> Iterator[dict[str, str]]:
    """A synthetic district simulated, served and extracted into `home`; gives the settings that reach it."""
    since, until = span
    day_after = str(
        date.fromisoformat(until) + timedelta(days=1)
    )  # --to is the last day, --until is the day after it
    simulate = ["simulate", "--seed", str(seed), "--from", since, "--to", until, "--scale", str(scale)]
    run([*JIANHU, *simulate, "--out", str(home.root)], home, {}, log)
    from district.serve import running, set_phase

    with running(home.root) as told:
        env = {k: str(v) for k, v in told.items()}
        # before the late data; with them and a wrong payload; that payload sent again as it was
        for phase in (1, 2, 3):
            set_phase(home.root, phase)
            run(
                [*JIANHU, "extract", "--all", "--since", since, "--until", day_after, "--json"],
                home,
                env,
                log,
            )
        yield env


def main() -> int:
    """Run the proofs; 0 when all hold, else 1. The report stands in <home>/prove/prove.json."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--only", default="kills,readers,equal,truth")
    p.add_argument("--kills", type=int, default=20)
    p.add_argument("--readers", type=int, default=8)
    p.add_argument("--publishes", type=int, default=10)
    p.add_argument("--seeds", default="", help="three seeds; default: drawn now")
    p.add_argument("--scale", type=float, default=0.1)
    p.add_argument("--from", dest="since", default="2026-02-01")
    p.add_argument("--to", dest="until", default="2026-03-20")
    p.add_argument("--json", action="store_true", help="print the report")
    a = p.parse_args()
    folder = find_home().root / "prove"
    folder.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()

    def say(line: str) -> None:
        print(f"[{time.monotonic() - started:5.0f} s] {line}", file=sys.stderr, flush=True)

    wanted = [x for x in a.only.split(",") if x]
    draw = random.SystemRandom()
    seeds = [int(x) for x in a.seeds.split(",") if x] or [draw.randrange(10**6, 10**7) for _ in range(3)]
    report: dict[str, Any] = {"seeds": seeds, "proofs": {}}
    proofs: dict[str, Any] = report["proofs"]
    long: dict[str, Callable[[], dict[str, Any]]] = {}
    try:
        if {"kills", "readers", "equal"} & set(wanted):
            base = Home(folder / "base")
            shutil.rmtree(base.root, ignore_errors=True)
            base.ensure()
            say(f"a district of seed {seeds[0]}, {a.since} to {a.until}, scale {a.scale}")
            with district(base, seeds[0], (a.since, a.until), a.scale, folder / "base.log") as env:
                keep = dict(env)
            subject = Subject(
                base=base,
                refresh=lambda _home, as_of: [*JIANHU, "refresh", "--as-of", as_of, "--json"],
                export=lambda _home: [*JIANHU, "export", "leadership_quarterly"],
                first_as_of=f"{a.until} 08:00:00",
                second_as_of=_later(a.until),
                env={"JIANHU_HASH_KEY": keep.get("JIANHU_HASH_KEY", "")},
            )
            calm: Undisturbed | None = None

            def equal() -> None:
                nonlocal calm
                if "equal" in wanted:
                    proofs["equal"], calm = prove_equal(subject, folder, say)

            begins = bool({"kills", "readers"} & set(wanted))
            before, _ = _together([lambda: first_release(subject, folder) if begins else None, equal])
            if before is not None:
                start = before
                long["readers"] = lambda: prove_readers(subject, folder, start, a.readers, a.publishes, say)
                long["kills"] = lambda: prove_kills(subject, folder, start, calm, a.kills, seeds[0], say)
        # the equal builds speak for the instant that a synthetic home takes by itself
        built = {seeds[0]: Home(folder / "one")} if "equal" in proofs else {}
        long["truth"] = lambda: prove_truth(folder, seeds, (a.since, a.until), a.scale, built, say)
        names = [n for n in long if n in wanted]
        proofs.update(zip(names, _together([long[n] for n in names], len(long) or 1), strict=True))
    except UserError as e:
        report["error"] = str(e)
    report["seconds"] = round(time.monotonic() - started)
    report["ok"] = "error" not in report and all(x["ok"] for x in proofs.values())
    (folder / "prove.json").write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", "utf-8")
    if a.json:
        print(json.dumps(report, ensure_ascii=False, indent=1))
    else:
        for name, x in proofs.items():
            print(
                name,
                json.dumps({k: v for k, v in x.items() if k not in ("moments", "each")}, ensure_ascii=False),
            )
    if "error" in report:
        print(f"error: {report['error']}", file=sys.stderr)
    print(f"report: {folder / 'prove.json'}", file=sys.stderr)
    return 0 if report["ok"] else 1


def _later(day: str) -> str:
    return (datetime.strptime(day, "%Y-%m-%d") + timedelta(days=15, hours=8)).strftime("%Y-%m-%d %H:%M:%S")


if __name__ == "__main__":
    sys.exit(main())
