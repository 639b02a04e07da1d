"""--log: a line for each attempt that has ended, as it ends, whole and in time."""
import fcntl
import re
from collections import namedtuple

import pytest

from conversation import WithSink
from pipeline import BIN, eventually, refused

COLUMNS = "task attempt worker slot started seconds cpu_seconds max_rss_bytes outcome status text".split()
Line = namedtuple("Line", COLUMNS)


@pytest.fixture
def log(pipeline):
    return pipeline.file("log.tsv")


def lines(log):
    """What is in it, each line with all of its columns."""
    head, *rest, end = log.read_bytes().decode(errors="surrogateescape").split("\n")
    assert (head.split("\t"), end) == (COLUMNS, "")
    return [Line(*line.split("\t")) for line in rest]


def test_each_attempt_has_a_line_with_what_it_came_to(pipeline, log):
    script = 'case $DIVVY_ATTEMPT in 1) exit 7;; *) echo "$1";; esac'
    pipeline.batch(["a", "b c"], command=("sh", "-c", script, "sh", "{}"), sink=("--log", log), ventilator=("--retries", "1"))
    found = lines(log)
    assert sorted((line.task, line.attempt, line.outcome, line.status, line.text) for line in found) == [
        ("1", "1", "exited", "7", "a"), ("1", "2", "exited", "0", "a"),
        ("2", "1", "exited", "7", "b c"), ("2", "2", "exited", "0", "b c")]
    worker = pipeline.processes[-1]
    for line in found:
        assert line.worker.endswith(f":{worker.pid}") and line.slot == "1"
        assert re.fullmatch(r"1\d{9}\.\d{6}", line.started) and re.fullmatch(r"\d+\.\d{6}", line.seconds)
        assert float(line.cpu_seconds) > 0 and int(line.max_rss_bytes) > 0


def test_an_attempt_has_its_line_while_others_run(pipeline, gate, log):
    pipeline.sink("--log", log)
    pipeline.ventilator(tasks=[1, 2])
    pipeline.worker("-j", "2", command=("sh", "-c", f'[ "$1" = 1 ] || {{ {gate.command[2]}; }}', "gate", "{}"))
    gate.came(1)
    eventually(lambda: len(lines(log)) == 1, "the line of the first task")
    gate.open()


def test_a_text_with_any_bytes_is_in_a_line(pipeline, log):
    text = b"a\tb\nc\\d\x1b\xff'\"e"
    pipeline.batch(text + b"\0", command=("true",), sink=("--log", log), ventilator=("-0",))
    (line,) = lines(log)
    assert line.text.encode(errors="surrogateescape") == b"a\\tb\\nc\\\\d\\x1b\xff'\"e"


def test_a_killed_attempt_has_a_line(pipeline, log):
    pipeline.batch([1], command=("sleep", "100"), sink=("--log", log), worker=("--timeout", "0.1"))
    (line,) = lines(log)
    assert line.outcome == "timed out" and float(line.seconds) >= 0.1


def test_an_interrupted_attempt_has_a_line(context, pipeline, log):
    sink = WithSink(context, pipeline, "--log", log)
    sink.open()
    sink.result(1, outcome=6, started=1000, ended=2000)
    sink.result(1, started=2000)
    assert sink.receipt()[3] == 0
    assert [line.outcome for line in lines(log)] == ["interrupted", "exited"]


def test_a_result_that_comes_again_has_one_line(context, pipeline, log):
    sink = WithSink(context, pipeline, "--log", log)
    sink.open(tasks=2)
    for _ in range(2):
        sink.result(1)
        assert sink.receipt()[3] == 0
    assert len(lines(log)) == 1


def test_each_of_several_tasks_of_a_result_has_a_line(context, pipeline, log):
    sink = WithSink(context, pipeline, "--log", log)
    sink.open(tasks=3)
    sink.several(1, "a", "", "c", started=10**9, ended=8 * 10**9, took=[10**9, 4 * 10**9, 2 * 10**9], cpu=3 * 10**9)
    sink.receipt()
    assert [(line.task, line.started, line.seconds, line.cpu_seconds, line.text) for line in lines(log)] == [
        ("1", "1.000000", "1.000000", "1.000000", "text 1"), ("2", "2.000000", "4.000000", "1.000000", "text 2"),
        ("3", "6.000000", "2.000000", "1.000000", "text 3")]


def test_a_second_batch_is_appended_without_a_second_headline(pipeline, log):
    for task in "a", "b":
        pipeline.batch([task], command=("true",), sink=("--log", log))
        pipeline.processes[-1].kill()
    assert [line.text for line in lines(log)] == ["a", "b"]


HEADLINE = "\t".join(COLUMNS) + "\n"


@pytest.mark.parametrize("size", [1, 65_535, 65_536, 200_000])
def test_a_last_line_that_is_torn_is_cut_off(pipeline, log, size):
    whole = "\t".join(["1"] * len(COLUMNS)) + "\n"
    log.write_text(HEADLINE + whole + "2" * size)
    pipeline.batch(["a"], command=("true",), sink=("--log", log))
    assert log.read_text().startswith(HEADLINE + whole)
    assert [line.text for line in lines(log)] == ["1", "a"]


def test_a_line_that_another_sink_is_writing_is_not_torn(pipeline, log):
    log.write_text(HEADLINE + "half a li")
    with open(log) as other:
        fcntl.flock(other, fcntl.LOCK_SH)
        pipeline.sink("--log", log).says("results on")
    assert log.read_text() == HEADLINE + "half a li"


def test_what_was_never_a_log_is_only_completed(pipeline, log):
    log.write_text("my notes")
    pipeline.batch(["a"], command=("true",), sink=("--log", log))
    first, second = log.read_text().splitlines()
    assert first == "my notes" and second.endswith("\ta")


def test_after_a_sink_was_killed_there_are_whole_lines_of_all_that_has_a_receipt(context, pipeline, log):
    sink = WithSink(context, pipeline, "--log", log)
    sink.open(tasks=10_000)
    for task in range(1, 2_001):
        sink.result(task, texts=[b"text %d of the tasks " % task * 20], started=task, ended=task + 1)
    receipts = {sink.receipt()[1][0] for _ in range(500)}
    sink.process.kill()
    pipeline.sink("--log", log).says("results on")
    logged = [int(line.task) for line in lines(log)]
    assert receipts <= set(logged)
    assert len(logged) == len(set(logged))


def test_a_log_that_cannot_be_written_is_refused_at_the_start(pipeline):
    said = refused(pipeline, "sink", *pipeline.at, "--log", pipeline.file("no/such/log"))
    assert said == f"sink: cannot open log {pipeline.file('no/such/log')}: No such file or directory\n"


def test_a_dash_is_no_file(pipeline):
    assert refused(pipeline, "sink", *pipeline.at, "--log", "-") == (
        "sink: --log: - is no file; name one, such as lab.tsv or /dev/stderr\n")


def test_a_full_disk_is_an_error(pipeline):
    sink = pipeline.start(BIN / "sink", *pipeline.at, "--log", "/dev/full")
    assert sink.status() == 255
    assert sink.err.endswith("sink: cannot write log /dev/full: No space left on device\n")


def test_the_launcher_has_it_but_not_in_a_dry_run(divvy, log):
    run = divvy("--log", str(log), "--dry-run", "--", "true", stdin=-1)
    assert run.end("a\n") == 0
    assert not log.exists()
    run = divvy("--log", str(log), "--", "false", stdin=-1)
    assert run.end("a\nb\n") == 2
    assert sorted(line.text for line in lines(log)) == ["a", "b"]
