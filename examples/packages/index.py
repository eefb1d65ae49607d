"""The Debian package index of this machine, as rows of the old shape."""
import subprocess

SHAPE = """
CREATE TABLE packages (
  name           TEXT PRIMARY KEY NOT NULL,
  version        TEXT NOT NULL,               -- such as '1:128.0~rc2-1+b1'
  section        TEXT NOT NULL,
  architecture   TEXT NOT NULL,
  installed_size INTEGER,
  maintainer     TEXT NOT NULL,
  description    TEXT NOT NULL,
  depends        TEXT NOT NULL DEFAULT ''     -- such as 'libc6 (>= 2.34), default-mta | mail-transport-agent'
)"""

COLUMNS = "name, version, section, architecture, installed_size, maintainer, description, depends"


def read():
    """Every package by name: {name: {"version": ..., "section": ..., ...}}."""
    listing = subprocess.run(["apt-cache", "dumpavail"], stdout=subprocess.PIPE, check=True).stdout
    packages = {}
    for stanza in listing.decode(errors="replace").split("\n\n"):
        fields = parse(stanza)
        if "Package" not in fields or "Version" not in fields:
            continue
        name, package = fields["Package"], as_row(fields)
        # A name comes again with another architecture or version: the newest is the one.
        if name not in packages or is_newer(package["version"], packages[name]["version"]):
            packages[name] = package
    return packages


def parse(stanza):
    """'Package: bash\\nVersion: 5.2' -> {"Package": "bash", "Version": "5.2"}; lines that begin with a space go on."""
    fields, field = {}, None
    for line in stanza.split("\n"):
        if line.startswith(" ") and field:
            fields[field] += "\n" + line
        elif ":" in line:
            field, _, text = line.partition(":")
            fields[field] = text.strip()
    return fields


def as_row(fields):
    size = fields.get("Installed-Size")
    return {
        "version": fields["Version"],
        "section": fields.get("Section", ""),
        "architecture": fields.get("Architecture", ""),
        "installed_size": size and int(size),
        "maintainer": fields.get("Maintainer", ""),
        "description": fields.get("Description", ""),
        "depends": fields.get("Depends", ""),
    }


def is_newer(version, other):
    return version != other and subprocess.run(["dpkg", "--compare-versions", version, "gt", other]).returncode == 0


def load(db, packages):
    """Makes the old shape and fills it."""
    db.execute(SHAPE)
    marks = ", ".join(":" + column for column in COLUMNS.split(", "))
    rows = ({"name": name, **package} for name, package in sorted(packages.items()))
    db.executemany(f"INSERT INTO packages ({COLUMNS}) VALUES ({marks})", rows)
