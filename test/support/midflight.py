"""Runs the command midflight on one definition file, as a user would.

MIDFLIGHT_BUILD names the build directory whose binary is tested; without it, build/ of the checkout.
"""
import json
import os
import re
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

DONE, USAGE, REFUSED, FAILED, DIVERGED = 0, 2, 3, 4, 5

UNINITIALIZED = "Uninitialized"
INITIALIZING = "Initializing"
RUNNING = "Running"
AWAITING_ADDITIONAL_ACTION = "Awaiting Additional Action"
AWAITING_FINALIZATION = "Awaiting Finalization"
FINISHING = "Finishing"
FINISHED = "Finished"
ROLLING_BACK = "Rolling Back"

# What stays in the database after the end, of midflight's own.
LEDGER = ("midflight_drain", "midflight_finding", "midflight_history", "midflight_landing", "midflight_migration", "midflight_mismatch", "midflight_node",
          "midflight_rollout", "midflight_step")

# No verb in a test takes longer; one that does hangs.
TIMEOUT_S = 300


def binary(build=None):
    """The path of midflight in a build directory; the default is as said above."""
    return ROOT / (build or os.environ.get("MIDFLIGHT_BUILD", "build")) / "midflight"


def listens(process, number):
    """Does the process catch that signal by now?"""
    caught = re.search(r"^SigCgt:\s*(\w+)$", Path(f"/proc/{process.pid}/status").read_text(), re.MULTILINE)[1]
    return int(caught, 16) >> (number - 1) & 1 == 1


def tell(process, number):
    """Sends a signal as soon as the process listens to it: before that it would just die."""
    until = time.monotonic() + TIMEOUT_S
    while process.poll() is None and not listens(process, number):
        assert time.monotonic() < until, f"{' '.join(process.args)} does not listen to signal {number}"
        time.sleep(0.005)
    if process.poll() is None:
        process.send_signal(number)


class Outcome:
    """What a run of midflight came to."""

    def __init__(self, words, status, out, err):
        self.words, self.status, self.out, self.err = words, status, out, err

    def __repr__(self):
        return f"{' '.join(self.words)}: exit status {self.status}\n{self.out}{self.err}"

    @property
    def lines(self):
        """Every JSON object on standard output: differences and the like come before the result."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def json(self):
        """The result: the last JSON object on standard output."""
        return self.lines[-1]

    @property
    def message(self):
        """What the user is told when it failed."""
        return self.json["message"] if self.out.startswith("{") and "message" in self.json else self.err

    def exits(self, status):
        assert self.status == status, self
        return self

    def done(self):
        return self.exits(DONE)

    def refused(self):
        return self.exits(REFUSED)

    def failed(self):
        return self.exits(FAILED)

    def diverged(self):
        return self.exits(DIVERGED)


class Midflight:
    """Each verb is a method: midflight.verify("--repair"). It prints JSON unless told json=False."""

    def __init__(self, file, environment=None, build=None):
        self.file = Path(file)
        self.environment = dict(os.environ if environment is None else environment)
        self.binary = binary(build)

    def words(self, verb, *options, json=True):
        return [str(self.binary), verb, *(["--json"] if json else []), *map(str, options), str(self.file)]

    def run(self, verb, *options, json=True, env=None):
        """To its end. `env`: variables for this run alone."""
        process = self.begin(verb, *options, json=json, env=env)
        return self.end(process)

    def again(self, verb, *options):
        """Once more for as long as another midflight has the lease, as it says itself: who follows has it most of the time."""
        until = time.monotonic() + TIMEOUT_S
        while (outcome := self.run(verb, *options)).status == FAILED and outcome.json.get("error") == "held":
            assert time.monotonic() < until, outcome
        return outcome

    def begin(self, verb, *options, json=True, env=None):
        """Starts a verb and returns the process; see `end`."""
        return subprocess.Popen(self.words(verb, *options, json=json), env={**self.environment, **(env or {})},
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def end(self, process):
        """Waits for a process that `begin` started."""
        try:
            out, err = process.communicate(timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            raise AssertionError(f"{' '.join(process.args)} hangs\n{out}{err}") from None
        outcome = Outcome(process.args[1:], process.returncode, out, err)
        for sign in ("AddressSanitizer", "LeakSanitizer", "ThreadSanitizer", "runtime error:"):
            assert sign not in err, outcome
        return outcome

    def check(self, *options, **more):
        return self.run("check", *options, **more)

    def start(self, *options, **more):
        return self.run("start", *options, **more)

    def status(self, *options, **more):
        return self.run("status", *options, **more)

    def quarantined_keys(self):
        """The entities in quarantine, as the user is shown them."""
        status = self.status(json=False).done().out
        listed = status[status.index("\nquarantined "):status.index("\ndiverged ")]
        return [line.split(":")[0].strip() for line in listed.splitlines() if line.startswith("    ")]

    def verify(self, *options, **more):
        return self.run("verify", *options, **more)

    def advance(self, *options, **more):
        return self.run("advance", *options, **more)

    def demote(self, *options, **more):
        return self.run("demote", *options, **more)

    def rollback(self, *options, **more):
        return self.run("rollback", *options, **more)

    def history(self, *options, **more):
        return self.run("history", *options, **more)

    def stage(self):
        return self.status().done().json["stage"]

    def reach(self, stage, timeout_s=60):
        """Waits until a running midflight has brought the migration to a stage."""
        until = time.monotonic() + timeout_s
        while (now := self.stage()) != stage:
            assert time.monotonic() < until, f"still {now}, not {stage}"
            time.sleep(0.01)
