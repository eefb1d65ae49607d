"""The stores that the tests run on, and what they say differently. MIDFLIGHT_STORES=sqlite,postgresql chooses others."""
import os
import re

SQLITE, POSTGRESQL = "sqlite", "postgresql"

STORES = tuple(os.environ.get("MIDFLIGHT_STORES", SQLITE).split(","))

# SQL of the tests is written for SQLite: patterns of what others have no like of, and what they say for it.
WORDS = {SQLITE: (), POSTGRESQL: (
    (r"\binstr\(", "strpos("),
    (r"\bepoch INTEGER\b", "epoch BIGINT"),  # as SQLite has it, of eight bytes
    (r"(?<=':'\) - 1\) )AS INTEGER\b", "AS BIGINT"),
    (r"\bplans TEXT\b", "plans JSONB"),
    (r"\bjson_each\(([^()]+)\) (\w)\b", r"jsonb_array_elements_text(\1) WITH ORDINALITY \2 (value, number)"),
    (r"\b(\w)\.key\b", r"\1.number - 1"),
    (r"\bjson_group_array\(([^()]+)\)", r"coalesce(jsonb_agg(\1), '[]')"),
    (r"\bjson_insert\((\w+), '\$\[#\]', ([^()]+)\)", r"\1 || to_jsonb(\2::text)"),
    (r"\bDROP TABLE (\w+)", r"DROP TABLE \1 CASCADE"),
    (r"\s+WITHOUT ROWID\b|(?<=\)) STRICT\b|PRAGMA [^;]*;", ""))}


def spoken(sql, store):
    """In the words of a store."""
    for pattern, words in WORDS[store]:
        sql = re.sub(pattern, words, sql)
    return sql
