"""The application, old version: a package is one row, and what it depends on is one text with commas.

It knows nothing of midflight, nor of the shape to come.
"""
import users


class OldApp:
    def __init__(self, db):
        self.db = db

    def get(self, name):
        """The package as a dict, or None."""
        row = self.db.execute(
            "SELECT version, section, architecture, installed_size, maintainer, description, depends"
            " FROM packages WHERE name = ?", (name,)).fetchone()
        return row and dict(row)

    def page(self, after):
        """The twenty packages after a name: [(name, version)]."""
        rows = self.db.execute("SELECT name, version FROM packages WHERE name > ? ORDER BY name LIMIT 20", (after,))
        return [tuple(row) for row in rows]

    # What follows writes, and says whether there was anything to write.

    def add(self, name, package):
        return 1 == self.db.execute(
            "INSERT INTO packages VALUES (:name, :version, :section, :architecture, :installed_size, :maintainer,"
            " :description, :depends) ON CONFLICT DO NOTHING", {"name": name, **package}).rowcount

    def set_version(self, name, version):
        return 1 == self.db.execute("UPDATE packages SET version = ? WHERE name = ?", (version, name)).rowcount

    def require(self, name, dependency):
        """Appends to what the package depends on."""
        depends = self.depends(name)
        return depends is not None and self.set_depends(name, [*depends, dependency])

    def release(self, name, dependency):
        """Takes one out of what the package depends on."""
        depends = self.depends(name)
        if depends is None or dependency not in depends:
            return False
        depends.remove(dependency)
        return self.set_depends(name, depends)

    def remove(self, name):
        return 1 == self.db.execute("DELETE FROM packages WHERE name = ?", (name,)).rowcount

    def depends(self, name):
        row = self.db.execute("SELECT depends FROM packages WHERE name = ?", (name,)).fetchone()
        return row and (row["depends"].split(", ") if row["depends"] else [])

    def set_depends(self, name, depends):
        self.db.execute("UPDATE packages SET depends = ? WHERE name = ?", (", ".join(depends), name))
        return True


if __name__ == "__main__":
    users.serve(OldApp)
