"""Stock dbt with dbt-duckdb builds and tests sql/ on a log, and every table equals ours.

    python dbt.py EVENTS.parquet OURS_FOLDER     OURS_FOLDER is what `spotter sql --models --format parquet` wrote
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import duckdb

PROJECT = pathlib.Path(__file__).parent.parent.parent / "sql"


def main():
    events, ours = (pathlib.Path(arg).resolve() for arg in sys.argv[1:3])
    with tempfile.TemporaryDirectory() as folder:
        # dbt writes logs and a target folder beside the project: not into the working copy.
        project = pathlib.Path(folder) / "sql"
        shutil.copytree(PROJECT, project, ignore=shutil.ignore_patterns("target", "logs"))
        database = pathlib.Path(folder) / "dbt.duckdb"
        env = {**os.environ, "SPOTTER_EVENTS": str(events), "SPOTTER_DUCKDB": str(database), "DO_NOT_TRACK": "1"}
        dbt = pathlib.Path(sys.executable).parent / "dbt"
        done = subprocess.run([dbt, "--no-use-colors", "build", "--profiles-dir", "."], cwd=project, env=env, capture_output=True, text=True)
        last = [line for line in done.stdout.splitlines() if "PASS=" in line]
        if done.returncode != 0:
            sys.exit(f"dbt build failed:\n{done.stdout[-6000:]}{done.stderr[-2000:]}")
        manifest = json.loads((project / "target/manifest.json").read_text())
        models = [node for node in manifest["nodes"].values() if node["resource_type"] == "model" and "staging" not in node["path"]]
        with duckdb.connect(str(database), read_only=True) as connection:
            wrong, rows = compare(connection, models, ours)
    if wrong:
        sys.exit("ours and dbt's differ:\n" + "\n".join(wrong))
    print(json.dumps({"dbt": last[-1].split("Done. ")[-1] if last else "", "tables": len(models), "rows": rows, "different": 0}))


def compare(connection, models, ours):
    wrong, rows = [], 0
    for node in sorted(models, key=lambda node: node["name"]):
        name, path = node["name"], ours / f"{node['name']}.parquet"
        if not path.exists():
            wrong.append(f"{name}: we have no such table")
            continue
        theirs = dict((row[0], row[1]) for row in connection.execute(f"describe {name}").fetchall())
        mine = dict((row[0], row[1]) for row in connection.execute(f"describe select * from '{path}'").fetchall())
        if set(theirs) != set(mine):
            wrong.append(f"{name}: columns {sorted(set(theirs) ^ set(mine))} are on one side only")
            continue

        # Integers of any width are integers; doubles are compared to nine digits, everything else exactly.
        def column(name, kind):
            if kind in ("DOUBLE", "FLOAT"):
                return f'round("{name}", 9)'
            return f'cast("{name}" as varchar)'

        columns = ", ".join(column(name, kind) for name, kind in sorted(theirs.items()))
        count = connection.execute(f"select count(*) from {name}").fetchone()[0]
        for way, (a, b) in {"only dbt has": (name, f"'{path}'"), "only we have": (f"'{path}'", name)}.items():
            extra = connection.execute(f"select {columns} from {a} except all select {columns} from {b} limit 2").fetchall()
            if extra:
                wrong.append(f"{name}: {way} {extra}")
        rows += count
    return wrong, rows


main()
