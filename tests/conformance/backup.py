"""A backup as other programs see it: every row, unchanged, in DuckDB and in PyArrow.

    python tests/conformance/backup.py FOLDER        with spotter.zip and rows.json, as the example `backup` writes them
"""

import json
import pathlib
import sys
import zipfile

import duckdb
import pyarrow.parquet

folder = pathlib.Path(sys.argv[1])
expected = json.loads((folder / "rows.json").read_text())
with zipfile.ZipFile(folder / "spotter.zip") as archive:
    assert archive.testzip() is None
    archive.extractall(folder / "out")
about = json.loads((folder / "out/manifest.json").read_text())
files = [folder / "out" / file["name"] for file in about["files"]]
assert about["rows"] == len(expected) == sum(file["rows"] for file in about["files"])


def text(raw):
    return raw.decode() if isinstance(raw, bytes) else raw


found = duckdb.sql(f"select event_id, kind, raw from read_parquet({[str(file) for file in files]})").fetchall()
arrow = [row for file in files for row in pyarrow.parquet.read_table(file, columns=["event_id", "raw"]).to_pylist()]
for name, rows in (("DuckDB", [raw for _, _, raw in found]), ("PyArrow", [row["raw"] for row in arrow])):
    parsed = [json.loads(text(raw)) for raw in rows]
    assert parsed == expected, f"{name} reads other rows"
assert [event_id for event_id, _, _ in found] == [row["event_id"] for row in expected]
print(f"{len(expected)} rows in {len(files)} file(s): the same in DuckDB {duckdb.__version__} and PyArrow {pyarrow.__version__}")
