"""A small disk, for what happens when it is full, and folders that cannot be written. Both are mounts, which take root."""
import os
import subprocess

import pytest

from scenario.definitions import CUSTOMERS


class SmallDisk:
    """A tmpfs of so many MiB over the application's folder."""

    def __init__(self, folder, size_mib):
        self.folder = folder
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size_mib}m", "tmpfs", str(folder)], check=True)

    def grow(self, size_mib):
        subprocess.run(["mount", "-o", f"remount,size={size_mib}m", str(self.folder)], check=True)

    def fill_up(self):
        """Takes all the room there is; removing the file that it returns gives it back."""
        ballast = self.folder / "ballast"
        file = os.open(ballast, os.O_WRONLY | os.O_CREAT)
        try:
            while True:
                os.write(file, b"\0" * 4096)
        except OSError:
            return ballast
        finally:
            os.close(file)

    def fill(self, app, rows):
        """The database with so many customers of about 500 bytes each."""
        app.sql(CUSTOMERS + f"""
            WITH RECURSIVE n (i) AS (SELECT 4 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
            INSERT INTO customers (id, name, email) SELECT i, 'First ' || hex(randomblob(230)), i || '@x' FROM n;
            PRAGMA journal_mode = WAL;
        """)

    def unmount(self):
        subprocess.run(["umount", "-l", str(self.folder)], check=True)


def may_mount():
    """Whether this user may; where every test has to run, one that cannot is a failure."""
    if os.geteuid() != 0:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("only root may mount a disk")


@pytest.fixture
def unwritable():
    """unwritable(path): from now on a file or folder can only be read, even by root; unwritable.end() gives it back."""
    may_mount()
    paths = []

    def make(path):
        subprocess.run(["mount", "--bind", str(path), str(path)], check=True)
        paths.append(path)
        subprocess.run(["mount", "-o", "remount,ro,bind", str(path)], check=True)

    def end():
        while paths:
            subprocess.run(["umount", "-l", str(paths.pop())], check=True)
    make.end = end
    yield make
    end()


@pytest.fixture
def small_disk(app):
    may_mount()
    disk = SmallDisk(app.directory, 6)
    yield disk
    disk.unmount()
