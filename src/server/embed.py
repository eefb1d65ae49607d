"""Turns the description of the API into bytes in a C header, without its blanks: embed.py IN.json OUT.h"""
import json
import sys

data = json.dumps(json.load(open(sys.argv[1], encoding="utf-8")), separators=(",", ":")).encode()
lines = [", ".join(map(str, data[at:at + 24])) for at in range(0, len(data), 24)]
with open(sys.argv[2], "w", encoding="utf-8") as out:
    out.write("static const char openapi_json[] = {\n    " + ",\n    ".join(lines) + "};\n")
