"""The example applications do what they say while their data is migrated."""
import subprocess
import sys
import threading
import time

from server.conftest import ONE
from support.midflight import AWAITING_FINALIZATION, ROOT, binary

CUSTOMERS = """PRAGMA journal_mode = WAL; CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT);
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200) INSERT INTO customers SELECT i, 'Ann Lee', 'a' || i FROM n;"""
DEFINITION = ROOT / "examples/split-name.yaml"


def test_a_c_service_migrates_itself_and_serves_meanwhile(app):
    app.sql(CUSTOMERS)
    run = subprocess.run([binary().parent / "examples/service", DEFINITION, "200"], env=app.environment(), capture_output=True, text=True, timeout=60)
    assert run.returncode == 0 and "0 failed" in run.stdout and AWAITING_FINALIZATION in run.stdout, run
    served = int(run.stdout.splitlines()[-1].split()[0])
    assert served > 20
    names = app.rows("SELECT p.first_name || ' ' || p.last_name, c.name, p.email, c.email FROM people p JOIN customers c USING (id)")
    assert len(names) == 200 and all(new == old and theirs == its for new, old, theirs, its in names)
    assert app.value("SELECT count(*) FROM people WHERE last_name LIKE 'the %th'") == min(200, served)


def test_a_python_service_goes_on_through_a_cut_over(app, stage):
    app.sql(CUSTOMERS)
    server = stage.serve(DEFINITION, environment=app.environment())
    verbs = []

    def operate():
        for verb in ("start", "advance"):
            verbs.append(server.post(f"{ONE}/{verb}", headers={"Prefer": "wait=60"}).status)
            time.sleep(0.2)
    operator = threading.Thread(target=operate)
    operator.start()
    number = 0
    while operator.is_alive() or number < 5:
        number += 1
        run = subprocess.run([sys.executable, ROOT / "examples/service/client.py", "new", "42", f"last_name=King {number}"],
                             env={**app.environment(), "SERVER": f"http://{server.address}"}, capture_output=True, text=True, timeout=60)
        assert run.returncode == 0 and f'"King {number}"' in run.stdout, run
    operator.join()
    assert verbs == [200, 200] and server.get(ONE).json["stage"] == AWAITING_FINALIZATION
    assert app.rows("SELECT name FROM customers WHERE id = 42") == [(f"Ann King {number}",)]
