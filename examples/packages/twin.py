"""The twin: the application once more, without a database. It knows what must be there.

Each process of the application notes what it did in the table `journal`, in the transaction that did it. The twin does
the same to plain dicts, in the order of the journal, which is the order of the commits.
"""
import json

from new_app import split_depends, split_version


class Twin:
    def __init__(self, packages):
        self.packages = {name: dict(package) for name, package in packages.items()}
        self.writes = 0

    def follow(self, db):
        """Does what the journal holds and this twin has not done yet."""
        rows = db.execute("SELECT action, name, arguments FROM journal WHERE id > ? ORDER BY id", (self.writes,))
        for action, name, arguments in rows:
            getattr(self, action)(name, *json.loads(arguments))
            self.writes += 1

    def add(self, name, package):
        self.packages[name] = package

    def set_version(self, name, version):
        self.packages[name]["version"] = version

    def require(self, name, dependency):
        package = self.packages[name]
        package["depends"] += ", " + dependency if package["depends"] else dependency

    def release(self, name, dependency):
        package = self.packages[name]
        depends = package["depends"].split(", ")
        depends.remove(dependency)
        package["depends"] = ", ".join(depends)

    def remove(self, name):
        del self.packages[name]


COMMON = ("section", "architecture", "installed_size", "maintainer", "description")


def old_shape(packages):
    """What the old tables must hold: {table: its rows}."""
    return {"packages": {(name, package["version"], *common(package), package["depends"])
                         for name, package in packages.items()}}


def new_shape(packages):
    """What the new tables must hold."""
    return {"package": {(name, *split_version(package["version"]), *common(package))
                        for name, package in packages.items()},
            "dependency": {(name, *row) for name, package in packages.items()
                           for row in split_depends(package["depends"])}}


def common(package):
    return (package[column] for column in COMMON)


def read(db, *tables):
    """What tables do hold."""
    return {table: set(db.execute(f"SELECT * FROM {table}")) for table in tables}


def differing(expected, found):
    """The names of the packages of which there is more, less or something else than expected."""
    return {row[0] for table in expected for row in expected[table] ^ found[table]}
