"""Turns a file of named SQL statements into a C header of constants: embed.py IN.sql OUT.h"""
import json
import sys

name, statements = None, {}
for line in open(sys.argv[1], encoding="utf-8"):
    if line.startswith("-- name: "):
        name = line.split(":")[1].strip()
        statements[name] = []
    elif name and not line.startswith("--"):
        statements[name].append(line)
with open(sys.argv[2], "w", encoding="utf-8") as out:
    for name, lines in statements.items():
        body = "\n".join("    " + json.dumps(line) for line in lines if line.strip())
        out.write(f"static const char SQL_{name}[] =\n{body};\n")
