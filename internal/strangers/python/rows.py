"""Writes the rows of Parquet files as JSON, one a line, into a file beside each: rows.py FILE... makes FILE.pyarrow.

Decimals, dates and times are text.
"""

import datetime
import decimal
import json
import sys

import pyarrow as pa
import pyarrow.parquet as pq


def plain(kind, v):
    """Makes what JSON has of a value of an Arrow type."""
    if v is None:
        return None
    if pa.types.is_list(kind):
        return [plain(kind.value_type, e) for e in v]
    if pa.types.is_map(kind):
        return {k: plain(kind.item_type, e) for k, e in v}
    if pa.types.is_struct(kind):
        return {f.name: plain(f.type, v[f.name]) for f in kind}
    if isinstance(v, datetime.datetime):
        return v.strftime("%Y-%m-%dT%H:%M:%S.") + "%03dZ" % (v.microsecond // 1000)
    if isinstance(v, datetime.date):
        return v.isoformat()
    if isinstance(v, decimal.Decimal):
        return format(v, "f")
    return v


def rows(path):
    """Gives the rows of a file, without the nanoseconds that Python's times do not have."""
    table = pq.read_table(path, coerce_int96_timestamp_unit="us")
    for i, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type) and field.type.unit == "ns":
            table = table.set_column(i, field.name, table.column(i).cast(pa.timestamp("us", tz=field.type.tz)))
    for row in table.to_pylist():
        yield {f.name: plain(f.type, row[f.name]) for f in table.schema}


for path in sys.argv[1:]:
    with open(path + ".pyarrow", "w", encoding="ascii") as out:
        for row in rows(path):
            out.write(json.dumps(row) + "\n")
