"""What has succeeded is not run again, wherever in the input it is: --resume."""
import json
import random
import re
import sqlite3
import subprocess

import pytest

from journals import recorded, rows
from pipeline import BIN, eventually, refused

RUN = ("sh", "-c", 'echo "ran $1"; [ ! -e "$DIR/broken-$1" ]', "sh", "{}")


@pytest.fixture
def resume(divvy, tmp_path, monkeypatch):
    """Runs tasks with --resume; returns which of them were run, and the run."""
    monkeypatch.setenv("DIR", str(tmp_path))

    def start(*tasks, options=(), command=RUN, status=0):
        run = divvy("-k", "-j2", "--journal", tmp_path / "j.db", "--resume", *options, "--", *command, stdin=subprocess.PIPE)
        assert run.end("".join(f"{task}\n" for task in tasks)) == status, run.err
        return run.out.replace("ran ", "").split(), run

    return start


# --- what is run

def test_the_first_run_is_the_same_command_line_as_all_later_ones(resume):
    assert resume(1, 2, 3)[0] == ["1", "2", "3"]
    assert resume(1, 2, 3)[0] == []


def test_an_empty_file_is_a_journal_without_anything(resume, tmp_path):
    (tmp_path / "j.db").touch()
    assert resume(1)[0] == ["1"]


def test_only_what_is_new_is_run_however_the_input_has_changed(resume):
    resume("a", "b", "c", "d")
    assert resume("d", "new", "a", "c", "other")[0] == ["new", "other"]
    assert resume("other", "x", "b", "new")[0] == ["x"]


def test_of_several_of_one_text_all_are_run_or_none(resume):
    assert resume("a", "b", "a")[0] == ["a", "b", "a"]
    assert resume("c", "a", "c", "a")[0] == ["c", "c"]


def test_what_has_failed_is_run_again(resume, tmp_path):
    (tmp_path / "broken-b").touch()
    assert resume("a", "b", status=1)[0] == ["a", "b"]
    assert resume("a", "b", status=1)[0] == ["b"]
    (tmp_path / "broken-b").unlink()
    assert resume("b", "a")[0] == ["b"]
    assert resume("b", "a")[0] == []


def test_a_text_is_compared_to_its_last_byte(resume):
    long = "x" * 5000
    assert resume(long, "ü", "a b")[0] != []
    assert resume(long + "y", "u", "a  b")[1].out.count("ran") == 3


def test_what_was_left_over_by_a_kill_is_run(divvy, tmp_path, resume):
    first = divvy("-j2", "--journal", tmp_path / "j.db", "--resume", "--", "sh", "-c", '[ "$1" = 1 ] || sleep 1000', "sh", "{}", stdin=subprocess.PIPE)
    first.process.stdin.write("1\n2\n3\n")
    first.process.stdin.close()
    eventually(lambda: recorded(tmp_path / "j.db") == 1, "the first task to be recorded")
    eventually(lambda: first.kill() or first.alive() == {}, "all of it to be killed")
    assert resume(3, 1, 2)[0] == ["3", "2"]


# --- how it is counted

def test_tasks_keep_their_places_and_what_is_skipped_counts_as_done(resume, tmp_path):
    resume("b", "d")
    out, run = resume("a", "b", "c", "d", options=("--tag", "--summary", tmp_path / "s.json"), command=("sh", "-c", 'echo "$1"', "sh", "{#}"))
    assert run.out == "a\t1\nc\t3\n"
    assert "4 tasks, 0 failed, 0 retried, 0 duplicates, 2 skipped\n" in run.err
    summary = json.loads((tmp_path / "s.json").read_text())
    assert {name: summary[name] for name in ("tasks", "recorded", "succeeded", "failed", "skipped", "complete", "unknown")} == {
        "tasks": 4, "recorded": 4, "succeeded": 4, "failed": 0, "skipped": 2, "complete": True, "unknown": 0}
    assert sum(worker["tasks"] for worker in summary["workers"]) == 2


def test_a_batch_of_which_all_is_done_already_ends_without_a_word_of_its_tasks(resume):
    resume("a", "b")
    _, run = resume("a", "b")
    assert "2 tasks, 0 failed, 0 retried, 0 duplicates, 2 skipped\n" in run.err
    assert "warn" not in run.err and "another command" not in run.err


def test_what_is_skipped_has_no_row_of_its_own(resume, tmp_path):
    resume("a", "b")
    resume("b", "c", "a")
    assert rows(tmp_path / "j.db", "SELECT text FROM result ORDER BY text") == [("a",), ("b",), ("c",)]


def test_the_row_of_a_batch_tells_how_many_were_skipped(resume, tmp_path):
    (tmp_path / "broken-c").touch()
    resume("a", "b")
    resume("b", "c", "a", "d", status=1)
    resume("a", "b", "d")
    assert rows(tmp_path / "j.db", "SELECT tasks, succeeded, failed, skipped FROM batch ORDER BY begun") == [
        (2, 2, 0, 0), (4, 1, 1, 2), (3, 0, 0, 3)]


def test_that_another_command_has_done_it_is_told(resume):
    resume("a", "b")
    resume("c", command=("true", "{}"))
    _, run = resume("a", "b", "c", "d", command=("true", "{}"))
    assert re.search(r"of 3 tasks that are skipped 2 succeeded with another command than true '\{\}'; "
                     "to run them with this one, give it another --journal", run.err)
    _, run = resume("c", "d", command=("true", "{}"))
    assert "another command" not in run.err


def test_a_dry_run_shows_what_is_left(divvy, resume, tmp_path):
    resume("a", "b")
    run = divvy("--dry-run", "--journal", tmp_path / "j.db", "--resume", "--", "echo", stdin=subprocess.PIPE)
    assert run.end("b\nc\na\n") == 0
    assert run.out == "echo c\n"


def test_the_longest_first_of_what_is_left(resume, tmp_path):
    resume("0.2", "0.3", command=("sleep", "{}"))
    out, _ = resume("9", "0.2", "0.3", options=("--longest-first", "--history", tmp_path / "j.db"), command=("echo", "ran", "{}"))
    assert out == ["9"]


def test_pieces_of_a_file_are_done_until_it_changes(resume, tmp_path):
    lines = tmp_path / "lines"
    lines.write_text("1\n2\n3\n")
    options = ("--block", "2", lines)
    assert resume(options=options, command=("cat",))[0] == ["1", "2", "3"]
    assert resume(options=options, command=("cat",))[0] == []
    lines.write_text("1\n5\n3\n")
    assert resume(options=options, command=("cat",))[0] == ["1", "5", "3"]


def test_pieces_of_a_pipe_are_known_by_their_bytes(resume):
    assert resume("1", "2", "3", options=("--block", "2"), command=("cat",))[0] == ["1", "2", "3"]
    assert resume("1", "5", "3", options=("--block", "2"), command=("cat",))[0] == ["5"]


# --- in three programs

def test_a_sink_that_is_started_again_is_told_again(pipeline, journal, gate):
    pipeline.batch(["a", "b", "c", "d"], command=("true",), sink=("--journal", journal))[1].status()
    pipeline.processes[-1].kill()
    sink = pipeline.sink()
    ventilator = pipeline.ventilator("--resume", journal, tasks=["a", "1", "b", "c", "2", "d"])
    pipeline.worker(command=gate.command)
    gate.came(1)
    sink.kill()
    sink = pipeline.sink("-k")
    gate.open()
    assert (ventilator.status(), sink.status()) == (0, 0)
    # A result that came before the new sink knew its batch comes once more.
    assert re.search(r"^6 tasks, 0 failed, 0 retried, [01] duplicates?, 4 skipped$", sink.err, re.MULTILINE)


@pytest.mark.parametrize("scattered", [False, True], ids=["in order", "scattered"])
def test_many_are_skipped_in_little_time(pipeline, journal, scattered):
    """300,000 recorded texts; where each second one is new every other one is a range of its own."""
    database = sqlite3.connect(journal)
    database.executescript("CREATE TABLE batch (id INTEGER PRIMARY KEY, name TEXT NOT NULL, command TEXT NOT NULL DEFAULT '');"
                           "CREATE TABLE result (batch INTEGER, task INTEGER, text TEXT, success INTEGER);"
                           "INSERT INTO batch (id, name) VALUES (1, '')")
    texts = [f"0{number:08}" for number in range(300_000)]
    database.executemany("INSERT INTO result VALUES (1, ?, ?, 1)", enumerate(texts, 1))
    database.commit()
    database.close()
    tasks = [task for text in texts[:20_000] for task in (text, "0")] if scattered else random.Random(1).sample(texts, len(texts))
    sink = pipeline.sink()
    ventilator = pipeline.ventilator("--resume", journal, tasks=tasks)
    pipeline.worker("-j", "4")
    assert (ventilator.status(), sink.status()) == (0, 0)
    skipped = 20_000 if scattered else 300_000
    assert f"{len(tasks)} tasks, 0 failed, 0 retried, 0 duplicates, {skipped} skipped" in sink.err


# --- misuse

@pytest.mark.parametrize("given, why", [
    ([], "--resume skips what a journal knows; add --journal FILE"),
    (["--journal", "j", "--name", "n"],
     "--resume goes by the tasks' texts, --name by their places in the input; leave one out"),
])
def test_misuse_is_refused_with_what_to_type(divvy, tmp_path, monkeypatch, given, why):
    monkeypatch.chdir(tmp_path)
    run = divvy("--resume", *given, "--", "true")
    assert run.end() == 255
    assert run.err == f"divvy: {why}\n"
    assert list(tmp_path.iterdir()) == []


def test_the_ventilator_refuses_both_too_and_what_is_no_journal(pipeline):
    assert "leave one out" in refused(pipeline, "ventilator", *pipeline.at, "--resume", "j", "--name", "n", "x")
    text = pipeline.file("text")
    text.write_text("no database, but long enough to be taken for one" * 100)
    assert f"journal {text}: file is not a database" in refused(pipeline, "ventilator", *pipeline.at, "--resume", text, text)


# --- a batch with a name whose input has changed

def named(divvy, tmp_path, *tasks):
    run = divvy("-q", "-j1", "--journal", tmp_path / "j.db", "--name", "n", "--", "true", stdin=subprocess.PIPE)
    return run.end("".join(f"{task}\n" for task in tasks)), run.err


def test_a_named_batch_says_which_lines_have_changed_and_names_resume(divvy, tmp_path):
    assert named(divvy, tmp_path, *range(1, 9))[0] == 0
    status, err = named(divvy, tmp_path, 1, "two", 3, 4, "five", 6, 7, "eight\tand more")
    assert status == 255
    assert err.startswith("ventilator: of batch n task 2 is recorded as '2' and is 'two' now, task 5 is recorded as '5' and is "
                          "'five' now, task 8 is recorded as '8' and is 'eight\tand more' now: it is another input; ")
    assert "--resume" in err
    status, err = named(divvy, tmp_path, "new", *range(1, 9))
    assert status == 255
    assert "task 1 is recorded as '1' and is 'new' now, task 2 is recorded as '2' and is '1' now, " in err
    assert "is '2' now, and so on: it is another input" in err


def test_a_ventilator_that_does_not_know_the_journal_names_the_tasks_of_which_some_differ(pipeline, journal):
    pipeline.batch([1, 2, 3], sink=("--journal", journal), ventilator=("--name", "n"))
    sink = pipeline.sink("--journal", journal)
    with pipeline.input([1, 9, 3]) as file:
        ventilator = pipeline.start(BIN / "ventilator", *pipeline.at, "--name", "n", stdin=file)
    assert ventilator.status() == 255
    assert "tasks 1 to 3 are not what is recorded of batch n" in ventilator.err
    assert "--resume" in ventilator.err
