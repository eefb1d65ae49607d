"""The layers check bites: what it forbids is found, and what the tree does today is allowed."""
import shutil
import subprocess

import pytest

from support.midflight import ROOT


def layers(source):
    return subprocess.run([ROOT / "tools" / "layers", source], capture_output=True, text=True)


def test_the_tree_keeps_to_its_floors():
    result = layers(ROOT / "src")
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("file, line", [
    ("cli/output.c", '#include "engine/flight.h"'),
    ("midflight.c", '#include "store/sql/sync.h"'),
    ("engine/start.c", '#include "store/sqlite/sqlite.h"'),
    ("engine/start.c", '#include "cli/cli.h"'),
    ("engine/gate.c", '  #  include "store/sql/sync.h"'),
    ("engine/gate.c", "#include <sqlite3.h>"),
    ("migration/stage.c", '#include "engine/flight.h"'),
    ("migration/stage.c", '#include "store/sql/ledger.h"'),
    ("store/sqlite/shape.c", '#include "migration/stage.h"'),
    ("store/sql/sync.c", '#include "store/sqlite/sqlite.h"'),
    ("store/sql/sync.c", "#include <sqlite3.h>"),
    ("store/store.h", '#include "store/sqlite/sqlite.h"'),
    ("store/store.c", '#include "engine/flight.h"'),
    ("base/text.c", '#include "store/shape.h"'),
    ("base/text.c", '#include "../engine/flight.h"'),
    ("attic/new.c", '#include "base/text.h"'),
])
def test_a_planted_violation_is_found(tmp_path, file, line):
    source = tmp_path / "src"
    shutil.copytree(ROOT / "src", source)
    planted = source / file
    planted.parent.mkdir(exist_ok=True)
    text = planted.read_text() if planted.exists() else ""
    planted.write_text(f"{line}\n{text}")
    result = layers(source)
    assert result.returncode == 1
    assert f"{planted}:1:" in result.stdout
