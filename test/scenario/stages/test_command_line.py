"""What a person meets at the command line: help, mistakes, progress on a terminal and elsewhere, JSON, completion."""
import json
import os
import pty
import subprocess

import pytest

from scenario.definitions import CUSTOMERS, SPLIT_NAME
from scenario.stages.conftest import awaiting_additional_action, uninitialized
from support.midflight import USAGE, binary

VERBS = ["check", "start", "status", "verify", "advance", "demote", "rollback", "history"]


def command(*words, env=None, stdin=None):
    return subprocess.run([str(binary()), *map(str, words)], capture_output=True, text=True, env=env, input=stdin, timeout=60)


class TestHelp:
    @pytest.mark.parametrize("words", [["help"], ["--help"]])
    def test_names_every_verb_and_every_exit_status(self, words):
        outcome = command(*words)
        assert outcome.returncode == 0 and outcome.stderr == ""
        for verb in VERBS + ["completion"]:
            assert f"\n  {verb} " in outcome.stdout
        for status in ("0 done", "2 wrong", "3 refused", "4 failed", "5 the sides differ"):
            assert status in outcome.stdout

    @pytest.mark.parametrize("verb", VERBS)
    def test_of_a_verb_has_an_example_and_its_options(self, verb):
        outcome = command(verb, "--help")
        assert outcome.returncode == 0 and outcome.stderr == ""
        assert f"\n  midflight {verb} " in outcome.stdout and ".yaml" in outcome.stdout
        assert "--json" in outcome.stdout

    def test_gives_the_version(self):
        outcome = command("--version")
        assert outcome.returncode == 0 and outcome.stdout.strip()[0].isdigit()


# Words, and what the complaint has in it.
MISTAKES = {
    "no_verb": ([], "VERB"), "unknown_verb": (["begin", "x.yaml"], "'begin'"), "no_file": (["start"], "definition file"),
    "two_files": (["start", "a.yaml", "b.yaml"], "one definition file"),
    "unknown_option": (["start", "--fast", "x.yaml"], "fast"),
    "option_of_another_verb": (["status", "--load", "0.5", "x.yaml"], "takes no --load"),
    "load_is_no_share": (["start", "--load", "much", "x.yaml"], "'much'"),
    "load_of_nothing": (["start", "--load", "0", "x.yaml"], "'0'"),
    "load_of_more_than_all": (["start", "--load", "1.5", "x.yaml"], "'1.5'"),
    "load_below_nothing": (["start", "--load", "-0.1", "x.yaml"], "'-0.1'"),
    "sample_over_all": (["verify", "--sample", "101%", "x.yaml"], "'101%'"),
    "sample_is_nan": (["verify", "--sample", "nan", "x.yaml"], "'nan'"),
    "option_without_its_value": (["verify", "x.yaml", "--from"], "from"),
    "a_file_that_is_not_there": (["start", "x.yaml"], "x.yaml"),
    "a_folder": (["start", "/"], "/"), "unknown_shell": (["completion", "tcsh"], "tcsh"), "no_shell": (["completion"], "bash"),
    "json_with_a_value": (["status", "--json=yes", "x.yaml"], "json"),
}


@pytest.mark.parametrize("words, complaint", MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_named_and_has_its_exit_status(words, complaint, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    outcome = command(*words)
    assert outcome.returncode == USAGE, outcome
    assert complaint in outcome.stderr and outcome.stdout == ""


@pytest.mark.parametrize("word", ["0.5", "50%", "1", "100%", "1e-1"])
def test_a_share_is_written_as_a_number_or_as_a_percentage(app, word):
    uninitialized(app).midflight.start("--load", word).done()


def test_options_may_stand_before_and_after_the_file(app):
    midflight = uninitialized(app).midflight
    outcome = command("status", midflight.file, "--json", env=midflight.environment)
    assert outcome.returncode == 0 and json.loads(outcome.stdout)["stage"] == "Uninitialized"


@pytest.mark.parametrize("verb", VERBS)
def test_json_is_json_line_by_line_on_both_outputs(app, verb):
    outcome = awaiting_additional_action(app).midflight.run(verb)
    for line in (outcome.out + outcome.err).splitlines():
        assert isinstance(json.loads(line), dict)


def test_an_error_in_json_has_its_name_its_status_and_the_message(app):
    outcome = uninitialized(app).midflight.advance().refused()
    assert outcome.json["error"] == "gate" and outcome.json["status"] == 3 and "start" in outcome.json["message"]


def test_texts_that_are_not_utf8_are_still_shown_as_json(app):
    midflight = awaiting_additional_action(app).midflight
    app.sql("UPDATE customers SET name = CAST(x'42ff' AS TEXT) WHERE id = 2")
    app.behind_the_back("UPDATE people SET email = 'astray' WHERE id = 2")
    outcome = midflight.verify().diverged()
    assert outcome.lines[0]["key"] == "2" and "'astray'" in outcome.lines[0]["found"]


class TestProgress:
    ROWS = 60000
    SCHEMA = "PRAGMA journal_mode = WAL;" + CUSTOMERS + f"""
        WITH RECURSIVE n (i) AS (SELECT 4 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS})
        INSERT INTO customers (id, name, email) SELECT i, 'First Last' || i, i || '@x' FROM n;
    """

    @pytest.fixture
    def midflight(self, app):
        app.sql(self.SCHEMA)
        return app.migration(SPLIT_NAME)

    def test_on_a_terminal_is_a_bar_that_is_drawn_over_itself(self, midflight):
        keyboard, screen = pty.openpty()
        process = subprocess.Popen(midflight.words("start", "--load", "0.1", json=False), env=midflight.environment,
                                   stdin=screen, stdout=screen, stderr=screen)
        os.close(screen)
        text = b""
        while True:
            try:
                piece = os.read(keyboard, 65536)
            except OSError:  # the other end is closed
                break
            text += piece
        os.close(keyboard)
        assert process.wait() == 0
        text = text.decode()
        bars = [part for part in text.split("\r") if "rows/s" in part and "[" in part]
        assert len(bars) > 2 and any("[....................]" not in bar and "." in bar for bar in bars)
        assert "[####################] 100.0 %" in bars[-1] and f"{self.ROWS} of {self.ROWS} rows" in bars[-1]
        assert all(" %" in bar and "left" in bar for bar in bars)

    def test_elsewhere_is_plain_lines(self, midflight):
        outcome = midflight.start("--load", "0.1", json=False).done()
        lines = outcome.err.splitlines()
        assert "\r" not in outcome.err and "\033" not in outcome.err
        assert f"backfill: 100.0 %, {self.ROWS} of {self.ROWS} rows" in outcome.err
        assert 3 <= len(lines) < 60 and "Awaiting Additional Action" in outcome.out

    def test_for_programs_is_json_on_standard_error(self, midflight):
        outcome = midflight.start().done()
        progress = [json.loads(line) for line in outcome.err.splitlines() if '"phase"' in line]
        assert {"phase", "rows_done", "rows_total", "rows_per_s", "eta_s"} == set(progress[0])
        assert progress[-1]["rows_done"] == progress[-1]["rows_total"] == self.ROWS
        assert {step["phase"] for step in progress} >= {"backfill", "verify"}

    def test_never_says_more_than_all(self, midflight):
        outcome = midflight.start().done()
        for line in outcome.err.splitlines():
            step = json.loads(line)
            assert "phase" not in step or 0 <= step["rows_done"] <= step["rows_total"] and step["eta_s"] >= 0


def test_watch_ends_with_the_migration(app):
    midflight = awaiting_additional_action(app).midflight
    midflight.advance().done()
    midflight.advance().done()
    outcome = midflight.status("--watch").done()
    assert [line["stage"] for line in outcome.lines] == ["Finished"]


def test_watch_goes_on_until_then(app):
    midflight = awaiting_additional_action(app).midflight
    process = midflight.begin("status", "--watch")
    assert json.loads(process.stdout.readline())["stage"] == "Awaiting Additional Action"
    midflight.advance().done()
    while json.loads(process.stdout.readline())["stage"] != "Awaiting Finalization":
        pass
    process.terminate()
    process.communicate()


class TestCompletion:
    def bash(self, script):
        script = f'source <("{binary()}" completion bash); {script}'
        outcome = subprocess.run(["bash", "--norc", "-c", script], capture_output=True, text=True, timeout=60)
        assert outcome.returncode == 0 and outcome.stderr == "", outcome
        return sorted(outcome.stdout.split())

    def complete(self, *words, folder="."):
        quoted = " ".join(f"'{word}'" for word in words)
        return self.bash(f"cd '{folder}'; COMP_WORDS=(midflight {quoted}); COMP_CWORD={len(words)}; _midflight; "
                         'printf "%s\\n" "${COMPREPLY[@]}"')

    def test_in_bash_is_known_for_the_command(self):
        assert "_midflight" in self.bash("complete -p midflight")

    def test_in_bash_of_verbs(self):
        assert self.complete("st") == ["start", "status"]
        assert set(VERBS) < set(self.complete(""))

    def test_in_bash_of_options_is_that_of_the_verb(self):
        assert self.complete("start", "--") == ["--help", "--join", "--json", "--load", "--workers"]
        assert self.complete("verify", "--r") == ["--repair"]

    def test_in_bash_of_files_offers_definitions_and_folders(self, tmp_path):
        (tmp_path / "one.yaml").touch()
        (tmp_path / "two.yml").touch()
        (tmp_path / "other.db").touch()
        (tmp_path / "folder").mkdir()
        assert self.complete("start", "", folder=tmp_path) == ["folder", "one.yaml", "two.yml"]

    def test_in_bash_of_shells(self):
        assert self.complete("completion", "") == ["bash", "fish", "zsh"]

    @pytest.mark.parametrize("shell", ["zsh", "fish"])
    def test_for_other_shells_names_every_verb(self, shell):
        outcome = command("completion", shell)
        assert outcome.returncode == 0
        for verb in VERBS:
            assert verb in outcome.stdout
