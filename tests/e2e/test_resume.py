"""Batches that go on: the journal, names, and what happens when one of the three is killed and started again."""
import re
import shlex
import signal

import pytest

from journals import recorded, rows
from pipeline import BIN, eventually


def trace(pipeline, seconds="0"):
    """A command that leaves a line for each execution."""
    return ("sh", "-c", f"echo {{}} >> {pipeline.file('trace')}; sleep {seconds}; echo out {{}}")


def executions(pipeline):
    return sorted(int(line) for line in pipeline.file("trace").read_text().split())


def test_a_journal_has_one_row_for_each_task_with_all_that_is_known_of_it(pipeline, journal):
    command = ("sh", "-c", "echo out {}; echo err {} >&2; exit {}")
    sink, ventilator = pipeline.batch([0, 3], command=command, sink=("--journal", journal), ventilator=("--name", "b"))
    assert (ventilator.status(), sink.status()) == (1, 1)
    query = "SELECT name, text, attempt, outcome, status, success, stdout, stderr FROM result JOIN batch ON batch.id = batch"
    assert rows(journal, query) == [("b", "0", 1, "exited", 0, 1, "out 0\n", "err 0\n"),
                                    ("b", "3", 1, "exited", 3, 0, "out 3\n", "err 3\n")]
    assert rows(journal, "SELECT count(*) FROM result WHERE started > 1.6e9 AND ended >= started") == [(2,)]
    assert rows(journal, "SELECT text, status FROM failed") == [("3", 3)]
    assert rows(journal, "SELECT tasks, failed FROM workers") == [(2, 1)]
    assert len(rows(journal, "SELECT * FROM slowest")) == 2
    assert journal.stat().st_mode & 0o077 == 0


def test_a_batch_goes_on_after_everything_was_killed(pipeline, journal):
    tasks = range(1, 61)
    first = [pipeline.sink("--journal", journal), pipeline.ventilator("--name", "b", tasks=tasks),
             pipeline.worker(command=trace(pipeline, "0.01"))]
    eventually(lambda: recorded(journal) >= 10, "some results")
    for process in first:
        process.kill()
    before = recorded(journal)
    sink, ventilator = pipeline.batch(tasks, command=trace(pipeline), sink=("--journal", journal),
                                      ventilator=("--name", "b"))
    assert (ventilator.status(), sink.status()) == (0, 0)
    assert rows(journal) == [(task, str(task), 1) for task in tasks]
    assert len(sink.out.splitlines()) == len(tasks) - before
    assert set(executions(pipeline)) == set(tasks)


def test_a_sink_that_is_killed_and_started_again_lets_nothing_run_twice(pipeline, journal):
    tasks = range(1, 61)
    sink = pipeline.sink("--journal", journal)
    pipeline.workers(2, command=trace(pipeline, "0.01"))
    ventilator = pipeline.ventilator(tasks=tasks)
    eventually(lambda: recorded(journal) >= 10, "some results")
    sink.kill()
    sink = pipeline.sink("--journal", journal)
    assert (ventilator.status(), sink.status()) == (0, 0)
    assert len(rows(journal)) == len(tasks)
    assert executions(pipeline) == list(tasks)


def test_a_sink_without_a_journal_that_is_started_again_says_what_it_cannot_know(pipeline):
    sink = pipeline.sink()
    pipeline.worker(command=trace(pipeline, "0.01"))
    ventilator = pipeline.ventilator(tasks=range(1, 61))
    eventually(lambda: len(sink.out.splitlines()) >= 10, "some results")
    sink.kill()
    sink = pipeline.sink()
    assert (ventilator.status(), sink.status()) == (0, 0)
    assert "recorded by an earlier sink" in sink.err
    assert executions(pipeline) == list(range(1, 61))


def test_a_ventilator_that_is_killed_and_started_again_lets_nothing_run_twice(pipeline, journal):
    tasks = range(1, 61)
    sink = pipeline.sink("--journal", journal)
    pipeline.workers(2, command=trace(pipeline, "0.02"))
    ventilator = pipeline.ventilator("--name", "b", tasks=tasks)
    eventually(lambda: recorded(journal) >= 10, "some results")
    ventilator.kill()
    ventilator = pipeline.ventilator("--name", "b", tasks=tasks)
    assert (ventilator.status(), sink.status()) == (0, 0)
    assert len(rows(journal)) == len(tasks)
    assert executions(pipeline) == list(tasks)


@pytest.mark.parametrize("other", [["a", "b", "x"], ["a", "b"], ["b", "a", "c"]])
def test_another_input_under_the_same_name_is_refused_before_anything_runs(pipeline, journal, other):
    pipeline.batch(["a", "b", "c"], command=("true",), sink=("--journal", journal), ventilator=("--name", "b"))
    pipeline.sink("--journal", journal)
    ventilator = pipeline.ventilator("--name", "b", tasks=other)
    assert ventilator.status() == 255
    assert "it is another input" in ventilator.err


def test_a_longer_input_under_the_same_name_runs_what_is_new(pipeline, journal):
    pipeline.batch([1, 2], command=trace(pipeline), sink=("--journal", journal), ventilator=("--name", "b"))
    sink, ventilator = pipeline.batch([1, 2, 3], command=trace(pipeline), sink=("--journal", journal),
                                      ventilator=("--name", "b"))
    assert (ventilator.status(), sink.status(), executions(pipeline)) == (0, 0, [1, 2, 3])


def test_failed_tasks_count_again_unless_they_are_to_be_run_again(pipeline, journal):
    mended = pipeline.file("mended")
    options = dict(command=("sh", "-c", f"[ {{}} != 2 ] || [ -e {mended} ]"), sink=("--journal", journal))
    assert pipeline.batch([1, 2, 3], ventilator=("--name", "b"), **options)[1].status() == 1
    mended.touch()
    assert pipeline.batch([1, 2, 3], ventilator=("--name", "b"), **options)[1].status() == 1
    assert pipeline.batch([1, 2, 3], ventilator=("--name", "b", "--retry-failed"), **options)[1].status() == 0
    assert rows(journal) == [(1, "1", 1), (2, "2", 1), (3, "3", 1)]


@pytest.mark.parametrize("when", ["soon,fail=2", "soon,fail=2%"])
def test_a_batch_that_goes_wrong_is_given_up(pipeline, when):
    sink, ventilator = pipeline.batch(range(100), command=("false",), ventilator=("--halt", when))
    assert (ventilator.status(), sink.status()) == (255, 255)
    assert "halting" in ventilator.err
    assert sink.err.count(" failed, exit status 1") < 20  # what it has already been given the worker may still run


def test_halting_now_kills_what_runs(pipeline):
    running = pipeline.file("running")
    fail = f"until [ -e {running} ]; do sleep 0.02; done; exit 1"
    command = ("sh", "-c", f"if [ {{}} = 1 ]; then {fail}; fi; touch {running}; exec sleep 1000")
    sink, ventilator = pipeline.batch([2, 1, 3], workers=2, command=command, ventilator=("--halt", "now,fail=1", "-w", "2"))
    assert (ventilator.status(), sink.status()) == (255, 255)
    assert f"killed by signal {signal.SIGTERM.value}" in sink.err


def test_a_retry_waits_if_asked(pipeline):
    again = pipeline.file("again")
    command = ("sh", "-c", f"date +%s%N >> {again}; [ $DIVVY_ATTEMPT = 2 ]")
    sink, ventilator = pipeline.batch(["x"], command=command, ventilator=("--retries", "1", "--retry-delay", "0.7"))
    assert (ventilator.status(), sink.status()) == (0, 0)
    first, second = map(int, again.read_text().split())
    assert second - first >= 0.7e9


def test_a_task_that_prints_too_much_fails_for_that_reason(pipeline):
    sink, ventilator = pipeline.batch(["x"], command=("head", "-c", "5000", "/dev/zero"), worker=("--max-output", "1000"))
    assert (ventilator.status(), sink.status()) == (1, 1)
    assert "printed more than 1000 bytes" in sink.err


@pytest.mark.parametrize("path, why", [("none/journal.db", "No such file"), (".", "Is a directory")])
def test_a_journal_that_cannot_be_written_is_one_clear_line(pipeline, path, why):
    sink = pipeline.start(BIN / "sink", *pipeline.at, "--journal", pipeline.file(path))
    assert sink.status() == 255
    assert why in sink.err and len(sink.err.splitlines()) == 1


def test_a_file_that_is_no_journal_is_left_alone(pipeline):
    other = pipeline.file("letter.txt")
    other.write_text("Dear reader, this is no database.\n")
    sink = pipeline.start(BIN / "sink", *pipeline.at, "--journal", other)
    assert sink.status() == 255
    assert "not a database" in sink.err and other.read_text().startswith("Dear reader")


def test_a_killed_worker_is_noticed_by_its_connection_long_before_its_silence(pipeline, gate):
    sink = pipeline.sink()
    ventilator = pipeline.ventilator("--lost-after", "1000", tasks=range(2))
    worker = pipeline.worker(command=gate.command)
    gate.came(1)
    worker.kill()
    ventilator.says("a worker is gone")
    gate.open()
    pipeline.worker(command=("true",))
    assert (ventilator.status(), sink.status()) == (0, 0)


def test_a_frozen_worker_is_given_up_and_welcomed_back(pipeline, gate):
    sink = pipeline.sink()
    ventilator = pipeline.ventilator("--lost-after", "1.5", tasks=[1])
    frozen = pipeline.worker(command=gate.command)
    gate.came(1)
    frozen.popen.send_signal(signal.SIGSTOP)
    ventilator.says("a worker is gone")
    other = pipeline.worker(command=gate.command)
    eventually(lambda: len(gate.seen()["1"]) == 2, "the task to run elsewhere")
    frozen.popen.send_signal(signal.SIGCONT)
    inbox = frozen.says(r"listens on (\S+)")[1]
    eventually(lambda: ventilator.err.count(f"a worker at {inbox}") == 2, "the frozen one to be back")
    gate.open()
    assert (ventilator.status(), sink.status()) == (0, 0)
    assert sink.out == "done 1\n"
    assert other.popen.poll() is None


def test_a_task_that_was_running_on_three_lost_workers_fails(pipeline, gate):
    sink = pipeline.sink()
    ventilator = pipeline.ventilator(tasks=[1])
    for count in (1, 2, 3):
        worker = pipeline.worker(command=gate.command)
        eventually(lambda: len(gate.seen().get("1", [])) == count, "the task to run")
        worker.kill()
    assert (ventilator.status(), sink.status()) == (1, 1)
    assert "task 1 failed, lost 3 workers: 1" in sink.err


def test_the_command_that_runs_what_failed_again_is_printed(pipeline, journal):
    fixed = pipeline.file("fixed")
    command = ("sh", "-c", f"[ {{}} = 1 ] || [ -e {fixed} ]")
    tasks = pipeline.file("the tasks")
    tasks.write_text("1\n2\n3\n")
    _, ventilator = pipeline.batch(None, command=command, sink=("--journal", journal), ventilator=("--name", "b", tasks))
    assert ventilator.status() == 2
    again = re.search(r"to run only the failed tasks again: (.*)$", ventilator.err, re.M)[1]
    assert shlex.split(again).count("--retry-failed") == 1
    fixed.touch()
    sink = pipeline.sink("--journal", journal)
    assert pipeline.start("sh", "-c", again).status() == 0
    assert sink.status() == 0
    assert rows(journal, "SELECT task, attempt, success FROM result ORDER BY task") == [(1, 1, 1), (2, 1, 1), (3, 1, 1)]


def test_without_a_name_it_is_said_what_that_would_take(pipeline):
    _, ventilator = pipeline.batch(["x"], command=("false",))
    assert "with a --name, and the sink's --journal, failed tasks can be run again alone" in ventilator.err


def test_failed_tasks_that_run_again_are_printed_in_their_order(pipeline):
    mended, journal = pipeline.file("mended"), pipeline.file("journal.db")
    command = ("sh", "-c", f'[ -e {mended} ] || [ $(($1 % 2)) = 0 ] || exit 1; echo "done $1"', "sh", "{}")
    for status, out in (2, "done 0\ndone 2\n"), (0, "done 1\ndone 3\n"):
        sink, ventilator = pipeline.batch(range(4), workers=2, command=command, sink=("-k", "--journal", journal),
                                          ventilator=("--name", "b", "--retry-failed"))
        assert (ventilator.status(), sink.status(), sink.out) == (status, status, out)
        mended.touch()
