"""The application, new version: a version is three columns, and each dependency a row that an index finds.

It does what the old version does, and one thing more: `dependents`. It knows nothing of midflight, nor of the shape
that was.
"""
import users


class NewApp:
    def __init__(self, db):
        self.db = db

    def get(self, name):
        """The package as a dict, or None."""
        row = self.db.execute(
            "SELECT epoch, upstream, revision, section, architecture, installed_size, maintainer, description"
            " FROM package WHERE name = ?", (name,)).fetchone()
        if row is None:
            return None
        package = dict(row)
        package["version"] = join_version(package.pop("epoch"), package.pop("upstream"), package.pop("revision"))
        package["depends"] = join_depends(self.db.execute(
            "SELECT position, alternative, name, version FROM dependency WHERE package = ?"
            " ORDER BY position, alternative", (name,)))
        return package

    def page(self, after):
        """The twenty packages after a name: [(name, version)]."""
        rows = self.db.execute(
            "SELECT name, epoch, upstream, revision FROM package WHERE name > ? ORDER BY name LIMIT 20", (after,))
        return [(name, join_version(*version)) for name, *version in rows]

    def dependents(self, name):
        """Who depends on it: what the old shape could only answer by reading every row."""
        rows = self.db.execute("SELECT DISTINCT package FROM dependency WHERE name = ? LIMIT 20", (name,))
        return [package for package, in rows]

    # What follows writes, and says whether there was anything to write.

    def add(self, name, package):
        epoch, upstream, revision = split_version(package["version"])
        added = self.db.execute(
            "INSERT INTO package VALUES (:name, :epoch, :upstream, :revision, :section, :architecture, :installed_size,"
            " :maintainer, :description) ON CONFLICT DO NOTHING",
            {"name": name, "epoch": epoch, "upstream": upstream, "revision": revision, **package}).rowcount
        if added:
            self.db.executemany("INSERT INTO dependency VALUES (?, ?, ?, ?, ?)",
                                [(name, *row) for row in split_depends(package["depends"])])
        return added == 1

    def set_version(self, name, version):
        return 1 == self.db.execute("UPDATE package SET epoch = ?, upstream = ?, revision = ? WHERE name = ?",
                                    (*split_version(version), name)).rowcount

    def require(self, name, dependency):
        """Appends to what the package depends on."""
        if self.db.execute("SELECT 1 FROM package WHERE name = ?", (name,)).fetchone() is None:
            return False
        end, = self.db.execute("SELECT coalesce(max(position) + 1, 0) FROM dependency WHERE package = ?",
                               (name,)).fetchone()
        self.db.executemany("INSERT INTO dependency VALUES (?, ?, ?, ?, ?)",
                            [(name, end, *row) for _, *row in split_depends(dependency)])
        return True

    def release(self, name, dependency):
        """Takes one out of what the package depends on; those behind it move up."""
        position = self.find(name, split_depends(dependency))
        if position is None:
            return False
        self.db.execute("DELETE FROM dependency WHERE package = ? AND position = ?", (name, position))
        self.db.execute("UPDATE dependency SET position = position - 1 WHERE package = ? AND position > ?",
                        (name, position))
        return True

    def remove(self, name):
        return 1 == self.db.execute("DELETE FROM package WHERE name = ?", (name,)).rowcount  # dependencies go with it

    def find(self, name, wanted):
        """The first position that holds just these alternatives, or None."""
        groups = {}
        for position, *row in self.db.execute("SELECT position, alternative, name, version FROM dependency"
                                              " WHERE package = ? ORDER BY position, alternative", (name,)):
            groups.setdefault(position, []).append((0, *row))
        return next((position for position, group in groups.items() if group == wanted), None)


def split_version(text):
    """'1:2.0-3' -> (1, '2.0', '3'), '2.0' -> (None, '2.0', None)"""
    epoch, _, rest = text.partition(":") if ":" in text else (None, None, text)
    upstream, _, revision = rest.rpartition("-") if "-" in rest else (rest, None, None)
    return None if epoch is None else int(epoch), upstream, revision


def join_version(epoch, upstream, revision):
    return ("" if epoch is None else f"{epoch}:") + upstream + ("" if revision is None else f"-{revision}")


def split_depends(text):
    """'a, b (>= 1) | c' -> [(0, 0, 'a', None), (1, 0, 'b', '>= 1'), (1, 1, 'c', None)]"""
    return [(position, alternative, *split_item(item))
            for position, group in enumerate(text.split(", ") if text else [])
            for alternative, item in enumerate(group.split(" | "))]


def split_item(text):
    name, bracket, version = text.partition(" (")
    return name, version[:-1] if bracket else None


def join_depends(rows):
    text = ""
    for position, alternative, name, version in rows:
        text += " | " if alternative > 0 else ", " if position > 0 else ""
        text += name if version is None else f"{name} ({version})"
    return text


if __name__ == "__main__":
    users.serve(NewApp)
