"""The models natively and on one thread, beside DuckDB and Polars.

    python native.py MODEL_BENCH SEED_LOG [--events 10000,100000,1000000] [--runs 3] [--out file.json]

All read one Parquet file of events. DuckDB runs the same SQL: every model, and the twelve questions of Today and Progress.
Polars' own SQL answers some of our queries otherwise than DuckDB, so it is written in its expressions: the two models that
cost most (the last word on every set, and sets and volume per muscle and day), from the same inputs. Answers must be equal
before a time counts.
"""

import argparse
import datetime
import json
import os
import pathlib
import platform
import re
import statistics
import subprocess
import tempfile
import time

os.environ["POLARS_MAX_THREADS"] = "1"

import duckdb  # noqa: E402
import polars as pl  # noqa: E402

ROOT = pathlib.Path(__file__).parent.parent
PREBUILT = ["dim_date", "dim_muscle_group", "exercise_catalog", "exercise_catalog_aliases", "exercise_catalog_muscles"]


def rendered(path):
    text = re.sub(r"\{\{\s*config\(.*?\)\s*\}\}", "", path.read_text(), flags=re.S)
    return re.sub(r"\{\{\s*(?:ref|source)\([^)]*?'(\w+)'\)\s*\}\}", r"\1", text)


def models():
    files = {path.stem: path for folder in ("staging", "intermediate", "marts") for path in (ROOT / "sql/models" / folder).glob("*.sql")}
    order = []

    def visit(name):
        if name in files and name not in order:
            for ref in re.findall(r"ref\('(\w+)'\)", files[name].read_text()):
                visit(ref)
            order.append(name)

    for name in sorted(files):
        visit(name)
    return [(name, rendered(files[name])) for name in order]


def dashboard(user, to):
    day = lambda before: (datetime.date(1970, 1, 1) + datetime.timedelta(days=to - before)).isoformat()  # noqa: E731
    year, exercise, far = {"from": day(365), "to": day(0)}, "bench-press-barbell", 4_102_444_800_000
    asked = [
        ("totals", year), ("totals", {"from": day(28), "to": day(0)}), ("muscle_weeks", year), ("top_exercises", {**year, "limit": 6}),
        ("records", {**year, "limit": 12}), ("training_days", year), ("e1rm_series", {**year, "exercise": exercise}),
        ("workout_list", {"before_ms": far, "limit": 20}), ("exercise_list", {}), ("body_weights", {"limit": 30}),
        ("last_sets", {"exercise": exercise, "before_ms": far}), ("open_workouts", {}),
    ]
    return [{"name": name, "params": {"user": user, **params}} for name, params in asked]


def filled(name, params):
    literal = lambda found: str(params[found[1]]) if isinstance(params[found[1]], int) else f"'{params[found[1]]}'"  # noqa: E731
    return re.sub(r":(\w+)", lambda found: literal(found) if found[1] in params else found[0], rendered(ROOT / f"sql/analyses/{name}.sql"))


def plain(value):
    if isinstance(value, datetime.date):
        return (value - datetime.date(1970, 1, 1)).days
    return float(value) if hasattr(value, "as_tuple") else value


def close(a, b):
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return abs(a - b) <= 1e-9 * max(abs(a), abs(b), 1)
    return a == b


def must_equal(what, ours, theirs):
    same = len(ours) == len(theirs) and all(close(row.get(name), value) for row, other in zip(ours, theirs) for name, value in other.items())
    if not same:
        raise SystemExit(f"{what}: the answers differ\nours   {ours[:3]}\ntheirs {theirs[:3]}")


def took(act):
    began = time.perf_counter()
    out = act()
    return (time.perf_counter() - began) * 1000, out


def duck(events, dims, asked, runs):
    times = {"open": [], "rebuild": [], "dashboard": []}
    for _ in range(runs):
        con = duckdb.connect(config={"threads": 1})
        for name in PREBUILT:
            con.execute(f"create table {name} as select * from '{dims / name}.parquet'")
        con.execute(f"create table intensity_bands as select * from read_csv_auto('{ROOT / 'sql/seeds/intensity_bands.csv'}', header = true)")
        times["open"].append(took(lambda: con.execute(f"create table events as select * exclude (raw) from '{events}'"))[0])

        def rebuild():
            for name, sql in models():
                con.execute(f"create or replace {'view' if name.startswith('stg_') else 'table'} {name} as {sql}")

        def ask(one):
            done = con.execute(filled(one["name"], one["params"]))
            names = [column[0] for column in done.description]
            return [dict(zip(names, map(plain, row))) for row in done.fetchall()]

        times["rebuild"].append(took(rebuild)[0])
        answers = [ask(one) for one in asked]
        times["dashboard"].append(took(lambda: [ask(one) for one in asked])[0])
    return times, answers, con


def table(con, folder, name):
    path = folder / f"{name}.parquet"
    con.execute(f"copy {name} to '{path}' (format parquet)")
    return pl.read_parquet(path)


def polars(events, con, runs):
    """Two models in Polars' expressions, and whether they came out as DuckDB's."""
    columns = [row[0] for row in con.execute("describe stg_set_events").fetchall()]
    last = ["workout_id", "exercise_id", "exercise_no", "set_no", "set_kind", "unit", "load_g", "reps", "rpe10", "rest_ms"]
    cleared = ["load_g", "reps", "rpe10"]
    kinds = ["set.logged", "set.corrected", "set.removed", "set.restored"]

    def int_sets():
        staged = pl.scan_parquet(events).filter(pl.col("kind").is_in(kinds) & (pl.col("enc") == "none"))
        staged = staged.with_columns(version=pl.col("hlc") + "/" + pl.col("event_id")).select([*dict.fromkeys([*last, "set_id", "kind", "version"])])
        words = [pl.col(name).drop_nulls().last().alias(name) for name in last]
        grouped = staged.sort("version").group_by("set_id").agg(*words, logged=(pl.col("kind") == "set.logged").sum())
        return grouped.filter(pl.col("logged") > 0).with_columns(pl.col(name).replace(-1, None) for name in cleared).drop("logged").collect()

    assert set(last) <= set(columns)
    facts, muscles = (table(con, events.parent, name) for name in ("fact_sets", "exercise_muscles"))

    def by_muscle():
        joined = facts.lazy().join(muscles.lazy(), on="exercise_id").with_columns(part=pl.col("volume_g") * pl.col("weight_tenths") // 10)
        working = pl.col("weight_tenths").filter(pl.col("is_working")).sum()
        return joined.group_by("user_id", "workout_date", "muscle").agg(sets_tenths=working, volume_g=pl.col("part").sum()).collect()

    times = {"int_sets": [], "workouts_by_muscle_group": [], "duckdb": {"int_sets": [], "workouts_by_muscle_group": []}}
    sql = dict(models())
    for _ in range(runs):
        spent, sets = took(int_sets)
        times["int_sets"].append(spent)
        spent, rows = took(by_muscle)
        times["workouts_by_muscle_group"].append(spent)
        for name, of in times["duckdb"].items():
            of.append(took(lambda: con.execute(f"create or replace table timed as {sql[name]}"))[0])  # noqa: B023
    theirs = con.execute(f"select set_id, {', '.join(last)} from int_sets order by set_id").fetchall()
    if theirs != sets.sort("set_id").select("set_id", *last).rows():
        raise SystemExit("int_sets: Polars and DuckDB differ")
    keys = "user_id, workout_date, muscle"
    theirs = con.execute(f"select {keys}, cast(sets_tenths as bigint), cast(volume_g as bigint) from workouts_by_muscle_group order by {keys}").fetchall()
    if theirs != rows.sort("user_id", "workout_date", "muscle").select("user_id", "workout_date", "muscle", "sets_tenths", "volume_g").rows():
        raise SystemExit("workouts_by_muscle_group: Polars and DuckDB differ")
    return times


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model_bench")
    parser.add_argument("seed_log")
    parser.add_argument("--spotter", required=True)
    parser.add_argument("--events", default="10000,100000,1000000")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--out")
    args = parser.parse_args()
    results = []
    for wanted in map(int, args.events.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            events, asked = folder / "events.parquet", folder / "asked.json"
            log = json.loads(subprocess.check_output([args.seed_log, "steady", "7", str(wanted), events, "300"]))
            asked.write_text(json.dumps(dashboard(log["user"], log["last_day"])))
            subprocess.check_call([args.spotter, "build-dims", "--out", folder / "dims"], stdout=subprocess.DEVNULL)
            ours = json.loads(subprocess.check_output([args.model_bench, events, asked, str(args.runs), f"{events}.tail"]))
            times, answers, con = duck(events, folder / "dims", json.loads(asked.read_text()), args.runs)
            for one, mine, other in zip(json.loads(asked.read_text()), ours["answers"], answers):
                must_equal(f"{wanted} events, {one['name']}", mine, other)
            peers = polars(events, con, args.runs)
            con.close()
        p50 = statistics.median
        mine = {model["name"]: model["ms"] for model in ours["models"]}
        refresh = sorted(ours["refresh"])
        results.append({
            "events": log["events"],
            "open": {"ours": p50(ours["open"]), "duckdb": p50(times["open"])},
            "rebuild": {"ours": p50(ours["rebuild"]), "duckdb": p50(times["rebuild"])},
            "dashboard": {"ours": p50(ours["dashboard"]), "duckdb": p50(times["dashboard"])},
            "int_sets": {"ours": mine["stg_set_events"] + mine["int_sets"], "polars": p50(peers["int_sets"]), "duckdb": p50(peers["duckdb"]["int_sets"])},
            "workouts_by_muscle_group": {"ours": mine["workouts_by_muscle_group"], "polars": p50(peers["workouts_by_muscle_group"]), "duckdb": p50(peers["duckdb"]["workouts_by_muscle_group"])},
            "refresh_one": {"p50": p50(refresh), "p99": refresh[int(len(refresh) * 0.99)]},
            "table_bytes": ours["bytes"],
        })
        print(json.dumps(results[-1]), flush=True)
    settings = {"duckdb": duckdb.__version__, "polars": pl.__version__, "python": platform.python_version(), "threads": 1, "runs": args.runs, "log": "steady_log, seed 7, shuffled", "polars_note": "fewer columns than the model has, no median", "cpus": os.cpu_count()}
    if args.out:
        pathlib.Path(args.out).write_text(json.dumps({"bench": "native", "settings": settings, "results": results, "unit": "ms, median"}, indent=2) + "\n")


if __name__ == "__main__":
    main()
