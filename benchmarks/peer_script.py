"""Peer script: runs in a peer's environment, reads requests as lines of JSON, answers in kind.

It imports nothing of the project. A request names the tool, and either two Parquet files (`sent`,
`found`) or two tables (`url`, `sent`, `found`), the compared `columns`, and a `mode`.
"""

import contextlib
import json
import os
import sys
import time


def compare_with_datacompy(request):
    """Everything in memory, as Polars frames."""
    import datacompy
    import polars

    if "url" in request:
        from adbc_driver_postgresql import dbapi

        def read(table):
            with dbapi.connect(request["url"]) as connection, connection.cursor() as cursor:
                # Frames know no uuid: as text, or every row would be said to differ.
                cursor.execute(f"SELECT * FROM {table} LIMIT 0")
                names = [
                    f"{f.name}::text"
                    if "uuid" in str(f.type) or "binary" in str(f.type)
                    else f.name
                    for f in cursor.fetch_arrow_table().schema
                ]
                cursor.execute(f"SELECT {', '.join(names)} FROM {table}")
                return polars.from_arrow(cursor.fetch_arrow_table())
    else:
        read = polars.read_parquet
    sent, found = (
        read(request[side]).select(["id", *request["columns"]]) for side in ("sent", "found")
    )
    compare = datacompy.PolarsCompare(sent, found, join_columns="id")
    ids = set()
    for frame in (compare.all_mismatch(), compare.df1_unq_rows, compare.df2_unq_rows):
        ids.update(map(_text, frame["id"].to_list()))
    return ids


def _diff(module, request):
    options = {"key_columns": ("id",), "extra_columns": tuple(request["columns"])}
    tables = [
        module.connect_to_table(request["url"], request[side], ("id",), thread_count=2)
        for side in ("sent", "found")
    ]
    algorithm = getattr(module.Algorithm, request["mode"].upper())
    try:
        return {
            _text(row[0]) for _, row in module.diff_tables(*tables, algorithm=algorithm, **options)
        }
    finally:
        for table in tables:
            table.database.close()


def compare_with_reladiff(request):
    """Two tables by checksums of segments (hashdiff) or by a join in the database (joindiff)."""
    import reladiff

    return _diff(reladiff, request)


def compare_with_data_diff(request):
    """As reladiff, which it is the parent of."""
    import data_diff

    return _diff(data_diff, request)


def _text(value):
    import uuid

    return str(uuid.UUID(bytes=value)) if isinstance(value, bytes) else str(value)


TOOLS = {
    "datacompy": compare_with_datacompy,
    "reladiff": compare_with_reladiff,
    "data-diff": compare_with_data_diff,
}


def main():
    """Answer until there is nothing more to read. What a tool prints goes nowhere."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        request = json.loads(line)
        start = time.perf_counter()
        try:
            with contextlib.redirect_stdout(sys.stderr):
                ids = TOOLS[request["tool"]](request)
            answer = {"count": len(ids), "ids": sorted(ids)[:100]}
        except BaseException as error:  # a crash is a result here
            answer = {"error": f"{type(error).__name__}: {error}"[:300]}
        answer["seconds"] = time.perf_counter() - start
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


main()
