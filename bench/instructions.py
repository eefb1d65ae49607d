"""Instructions of a PostgreSQL server outside the kernel for one statement, which other work on the machine does not disturb: valgrind's
callgrind counts those of a server for a single user."""
import os
import re
import shutil
import subprocess

from support.postgres import binaries, environment, unprivileged

WARM, COUNTED = 30, 200  # by then the plans are made


def session(statement, keys, times):
    """What such a server reads: a prepared statement, run so many times."""
    return f"PREPARE write(bigint) AS {statement};\n\n" + "".join(f"EXECUTE write({number * 37 % keys + 1});\n\n" for number in range(times))


def whole(data, folder, database, text):
    """Instructions of a whole session on a copy of the data."""
    copy, out = os.path.join(folder, "single"), os.path.join(folder, "callgrind.out")
    shutil.copytree(data, copy, symlinks=True)
    try:
        subprocess.run(["chown", "-R", "--reference", data, folder], check=True)
        done = subprocess.run([*unprivileged(), "valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", binaries() / "postgres", "--single", "-j",
                               "-D", copy, database], input=text, capture_output=True, text=True, env=environment(), cwd=folder, check=False)
    finally:
        shutil.rmtree(copy)
    counted = re.search(r"Collected : ([0-9]+)", done.stderr)
    if done.returncode != 0 or counted is None or "ERROR:" in done.stderr:
        raise SystemExit(f"postgres --single failed\n{done.stdout}{done.stderr}")
    return int(counted.group(1))


def instructions(data, folder, database, statement, keys):
    """Of one run of the statement, whose parameter is a key; `data` is of a server that was stopped."""
    few, many = (whole(data, folder, database, session(statement, keys, times)) for times in (WARM, WARM + COUNTED))
    return (many - few) / COUNTED
