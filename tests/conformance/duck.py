"""What DuckDB answers to the queries of the corpus, and to queries that a seed made.

    python duck.py check            the committed answers are DuckDB's of today
    python duck.py bless            ask DuckDB for the answers and write them down
    python duck.py seeds < lines    compare our answers (sql-seeds) with DuckDB's, one JSON object a line
"""

import datetime
import json
import math
import pathlib
import sys

import duckdb

HERE = pathlib.Path(__file__).parent
TABLES = "\n".join(line for line in (HERE / "tables.sql").read_text().splitlines() if not line.startswith("--"))


def with_tables(sql):
    if sql.startswith("with recursive "):
        return f"with recursive {TABLES}, {sql[15:]}"
    if sql.startswith("with "):
        return f"with {TABLES}, {sql[5:]}"
    return f"with {TABLES} {sql}"


def cell(value):
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, datetime.date):
        return value.isoformat()
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    return f"{type(value).__name__} {value}"


def ask(connection, sql):
    return [[cell(value) for value in row] for row in connection.execute(sql).fetchall()]


def connect():
    connection = duckdb.connect()
    connection.execute("set threads = 1")
    return connection


def corpus():
    lines = (HERE / "corpus.sql").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("--") and not line.startswith("! ")]


def answers():
    connection = connect()
    out, refused = [], []
    for sql in corpus():
        try:
            out.append(json.dumps({"sql": sql, "rows": ask(connection, with_tables(sql))}, ensure_ascii=False) + "\n")
        except duckdb.Error as error:
            refused.append(f"{sql}\n  {str(error).splitlines()[0]}")
    if refused:
        sys.exit("DuckDB refuses:\n" + "\n".join(refused))
    return "".join(out)


def same(a, b):
    if isinstance(a, float) and isinstance(b, float):
        return a == b or abs(a - b) <= 1e-9 * max(abs(a), abs(b))
    return type(a) is type(b) and a == b


def seeds():
    connection = connect()
    equal = refused = 0
    wrong = []
    for line in sys.stdin:
        made = json.loads(line)
        if "refused" in made:
            refused += 1
            continue
        try:
            theirs = ask(connection, made["sql"])
        except duckdb.Error as error:
            wrong.append((made, f"DuckDB refuses: {str(error).splitlines()[0]}"))
            continue
        ours = made["rows"]
        if not made["ordered"]:
            ours, theirs = sorted(ours, key=json.dumps), sorted(theirs, key=json.dumps)
        fits = len(ours) == len(theirs) and all(len(a) == len(b) and all(map(same, a, b)) for a, b in zip(ours, theirs))
        if fits:
            equal += 1
        else:
            wrong.append((made, f"ours   {json.dumps(ours)}\n  DuckDB {json.dumps(theirs)}"))
    for made, how in wrong[:10]:
        print(f"seed {made['seed']}: {made['sql']}\n  {how}", file=sys.stderr)
    print(json.dumps({"engine": f"DuckDB {duckdb.__version__}", "equal": equal, "refused": refused, "different": len(wrong)}))
    return 1 if wrong else 0


def main():
    todo = sys.argv[1] if len(sys.argv) > 1 else "check"
    if todo == "seeds":
        return seeds()
    path = HERE / "answers.jsonl"
    now = answers()
    if todo == "bless":
        path.write_text(now)
        print(f"{len(now.splitlines())} answers of DuckDB {duckdb.__version__}")
        return 0
    if now != path.read_text():
        was = {json.loads(line)["sql"]: line for line in path.read_text().splitlines()}
        for line in now.splitlines():
            if was.get(json.loads(line)["sql"]) != line:
                print(f"differs: {line}", file=sys.stderr)
        print("answers.jsonl is not what DuckDB answers: run `python tests/conformance/duck.py bless` and look at the change", file=sys.stderr)
        return 1
    print(f"{len(now.splitlines())} answers are DuckDB {duckdb.__version__}'s")
    return 0


sys.exit(main())
