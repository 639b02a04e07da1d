"""Figures that are true: CPU time and memory of each task, all attempts as work, and what a journal tells of a batch."""
import json
import re
import sqlite3
import sys
import time
from contextlib import closing

import pytest

import protocol
from conversation import BATCH, WithSink
from journals import rows

MIB = 1 << 20
SECOND = 10**9
# Computes for so long, as its own clock of CPU time says, which it prints.
COMPUTE = ("import time\nwhile time.process_time() < 0.3: pass\n"
           "print(time.process_time())")
# Takes so much memory, touches all of it, and prints what the kernel says of it, in bytes.
TAKE = ("import resource, sys\nblock = b'x' * (int(sys.argv[1]) << 20)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10)")


def python(script, *arguments):
    return (sys.executable, "-S", "-c", script, *arguments)


def summary_of(pipeline, *tasks, command, sink=(), **options):
    """Runs the batch with a journal; returns its summary."""
    path = pipeline.file("summary.json")
    pipeline.batch(tasks, command=command, sink=("--journal", pipeline.file("journal.db"), "--summary", path, *sink), **options)
    return json.loads(path.read_text())


def memory_of(process):
    """What it has now, in bytes."""
    with open(f"/proc/{process.pid}/status") as status:
        return int(re.search(r"VmRSS:\s*(\d+) kB", status.read())[1]) << 10


# --- what the kernel says of a task ---

def test_the_cpu_time_of_a_task_is_the_kernels(pipeline, journal):
    summary = summary_of(pipeline, 1, command=python(COMPUTE))
    ((cpu, own, seconds),) = rows(journal, "SELECT cpu, CAST(stdout AS REAL), ended - started FROM result")
    # After it has looked at its clock it still ends; before that its program was started.
    assert own <= cpu + 0.01 and cpu <= own + 0.5
    assert cpu <= seconds + 0.05
    assert summary["cpu_seconds"] == pytest.approx(cpu)
    assert summary["cores_used"] == pytest.approx(cpu / summary["elapsed_seconds"])
    assert summary["workers"][0]["cpu_seconds"] == pytest.approx(cpu)


def test_a_task_that_sleeps_uses_no_cpu(pipeline, journal):
    summary_of(pipeline, 1, command=("sleep", "0.5"))
    ((cpu,),) = rows(journal, "SELECT cpu FROM result")
    assert 0 < cpu < 0.2


def test_what_a_command_has_waited_for_counts_too(pipeline, journal):
    summary_of(pipeline, 1, command=("sh", "-c", '"$@" | cat; :', "sh", *python(COMPUTE)))
    ((cpu, own),) = rows(journal, "SELECT cpu, CAST(stdout AS REAL) FROM result")
    assert own <= cpu + 0.01 and cpu <= own + 0.5


def test_the_largest_resident_set_of_a_task_is_the_kernels(pipeline, journal):
    summary = summary_of(pipeline, 100, 300, 200, command=python(TAKE, "{}"))
    for size, most, own in rows(journal, "SELECT CAST(text AS INTEGER), max_rss, CAST(stdout AS INTEGER) FROM result"):
        assert size * MIB < most
        assert own <= most < own + 20 * MIB
    assert rows(journal, "SELECT text FROM largest") == [("300",), ("200",), ("100",)]
    assert 300 * MIB < summary["max_rss_bytes"] == summary["workers"][0]["max_rss_bytes"]
    assert re.search(r"largest task 3\d\d MiB$", pipeline.processes[0].err, re.M)


def test_a_worker_that_has_held_much_output_does_not_make_small_tasks_large(pipeline, journal):
    script = 'if [ "$1" = 1 ]; then head -c 20000000 /dev/zero; fi'
    summary_of(pipeline, 1, command=("sh", "-c", script, "sh", "{}"), ventilator=("--lost-after", "60"))
    worker = pipeline.processes[-1]
    sink = pipeline.sink("--journal", journal)
    pipeline.ventilator(tasks=[2])
    assert sink.status() == 0
    ((most,),) = rows(journal, "SELECT max_rss FROM result WHERE text = '2'")
    assert most < memory_of(worker) + 10 * MIB


@pytest.mark.parametrize("end, options", [("exit 3", ()), ("kill -KILL $$", ()), ("sleep 100", ("--timeout", "1"))],
                         ids=["failed", "killed", "timed out"])
def test_a_task_that_comes_to_a_bad_end_has_figures_too(pipeline, journal, end, options):
    script = f'"$@"; {end}'
    summary_of(pipeline, 1, command=("sh", "-c", script, "sh", *python(COMPUTE)), worker=options)
    ((cpu, most),) = rows(journal, "SELECT cpu, max_rss FROM result")
    assert most > MIB
    # Who is killed for the time has perhaps not got as far, on a slow machine.
    assert cpu > (0 if options else 0.25)


# --- what a batch amounts to ---

def test_failed_attempts_are_work(pipeline, journal):
    summary = summary_of(pipeline, 1, command=("sh", "-c", "sleep 0.2; [ $DIVVY_ATTEMPT = 3 ]"), ventilator=("--retries", "2"))
    (worker,) = summary["workers"]
    assert (summary["retried"], summary["attempts"], summary["succeeded"], worker["attempts"]) == (2, 3, 1, 3)
    assert summary["work_seconds"] >= 0.6
    assert summary["slots_busy"] == pytest.approx(summary["work_seconds"] / summary["elapsed_seconds"])
    assert rows(journal, "SELECT tasks, failed, attempts FROM workers") == [(1, 0, 3)]
    assert rows(journal, "SELECT count(*), count(cpu > 0) FROM attempts") == [(3, 3)]


def test_the_table_tells_of_slots_cores_and_memory(context, pipeline):
    summary = pipeline.file("summary.json")
    sink = WithSink(context, pipeline, "--summary", summary)
    sink.open(tasks=3, slots=2, elapsed=10 * SECOND)
    for begun, task, status in (1, 1, 0), (2, 2, 1), (3, 2, 0), (4, 3, 1):
        sink.result(task, status=status, attempts=2, attempt=2 - status, started=begun * SECOND, ended=begun * SECOND + SECOND // 2, cpu=SECOND,
                    max_rss=5 << 28)
        sink.receipt()
    sink.announce(tasks=3, state=4, slots=2)
    sink.announce(tasks=3, state=3, slots=2)
    assert sink.process.status() == 255
    said = re.search(r"^(\S+) s of work in (\S+) s: (\S+) of 2 slots busy, (\S+) cores used, largest task 1.2 GiB$", sink.process.err, re.M)
    work, elapsed, slots, cores = map(float, said.groups())
    assert work == 2
    assert slots == pytest.approx(work / elapsed, abs=0.06)
    assert cores == pytest.approx(2 * work / elapsed, abs=0.06)
    figures = json.loads(summary.read_text())
    assert figures["max_rss_bytes"] == 5 << 28
    assert figures["mean_slots"] == pytest.approx(2)


# --- what a journal tells ---


def hand_made(context, pipeline, journal):
    """A batch of ten seconds on three slots of two workers; the first attempt at task 3 has failed."""
    sink = WithSink(context, pipeline, "--journal", journal)
    sink.open(tasks=5, command=b"make-it {}")

    def ended(task, name, slot, begun, end, **others):
        result = dict(ids=range(task, task + 1), attempt=1, attempts=1, slot=slot, outcome=protocol.EXITED, status=0,
                      started=(1000 + begun) * SECOND, ended=(1000 + end) * SECOND, took=[], cpu=0, max_rss=0,
                      texts=[b"task %d" % task], output=b"", errors=b"", reason=b"")
        sink.push.send(protocol.encode(protocol.RESULTS, worker=9, name=name, batch=BATCH, results=[{**result, **others}]))
        sink.receipt()

    ended(1, b"one", 1, 0, 3, cpu=2 * SECOND, max_rss=10 * MIB)
    ended(2, b"one", 2, 0, 4, cpu=SECOND, max_rss=30 * MIB)
    ended(3, b"two", 1, 1, 2, attempts=2, status=1, cpu=SECOND // 2, max_rss=50 * MIB)
    ended(3, b"one", 1, 5, 9, attempt=2, attempts=2, cpu=4 * SECOND, max_rss=20 * MIB)
    ended(4, b"one", 2, 4, 10, cpu=0, max_rss=0)
    ended(5, b"two", 1, 2, 4, status=1, cpu=0, max_rss=0)
    sink.announce(tasks=5, state=2)
    assert sink.process.status() == 1


@pytest.fixture
def batch(context, pipeline, journal):
    hand_made(context, pipeline, journal)
    return journal


def test_the_batch_has_what_it_was_run_with_and_what_it_came_to(batch):
    ((command, tasks, succeeded, failed, skipped, took),) = rows(
        batch, "SELECT command, tasks, succeeded, failed, skipped, finished - begun FROM batch")
    assert (command, tasks, succeeded, failed, skipped) == ("make-it {}", 5, 4, 1, 0)
    assert 0 <= took < 600


def test_results_and_attempts_have_cpu_time_and_memory(batch):
    assert rows(batch, "SELECT cpu, max_rss FROM result WHERE task = 3") == [(4, 20 * MIB)]
    assert rows(batch, "SELECT cpu, max_rss FROM superseded") == [(0.5, 50 * MIB)]
    assert rows(batch, "SELECT recorded, cpu, max_rss FROM attempts WHERE task = 3 ORDER BY attempt") == [
        (0, 0.5, 50 * MIB), (1, 4, 20 * MIB)]


def test_a_view_tells_which_slot_was_idle_when(batch):
    assert rows(batch, "SELECT worker, slot, since, until, seconds FROM idle") == [
        ("two", 1, 1004, 1010, 6), ("one", 1, 1003, 1005, 2), ("one", 1, 1009, 1010, 1), ("two", 1, 1000, 1001, 1)]


def test_a_view_tells_where_nothing_ended(batch):
    assert rows(batch, "SELECT since, until, seconds, task, worker FROM stalls LIMIT 2") == [
        (1004, 1009, 5, 3, "one"), (1000, 1002, 2, 3, "two")]


def test_a_view_tells_what_took_the_most_memory(batch):
    assert rows(batch, "SELECT task, attempt, text, worker, max_rss, seconds FROM largest LIMIT 2") == [
        (3, 1, "task 3", "two", 50 * MIB, 1), (2, 1, "task 2", "one", 30 * MIB, 4)]
    assert rows(batch, "SELECT count(*) FROM largest") == [(4,)]


def test_a_view_tells_what_computed_most(batch):
    assert rows(batch, "SELECT task, attempt, cpu, seconds FROM busiest LIMIT 2") == [(3, 2, 4, 4), (1, 1, 2, 3)]


def test_a_view_tells_what_each_worker_did(batch):
    assert rows(batch, "SELECT worker, tasks, failed, attempts, busy, longest, cpu, max_rss FROM workers") == [
        ("one", 4, 0, 4, 17, 6, 7, 30 * MIB), ("two", 1, 1, 2, 3, 2, 0.5, 50 * MIB)]


def test_a_batch_that_goes_on_has_its_counts_from_its_last_end(divvy, pipeline, journal):
    words = ("--journal", str(journal), "--name", "b")
    assert divvy(*words, "--", "sh", "-c", "exit $1", "sh", "{}", stdin=-1).end("0\n1\n") == 1
    counts = "SELECT tasks, succeeded, failed, skipped FROM batch"
    assert rows(journal, counts) == [(2, 1, 1, 0)]
    assert divvy(*words, "--retry-failed", "--", "true", stdin=-1).end("0\n1\n") == 0
    assert rows(journal, counts) == [(2, 2, 0, 0)]
    # Another input is refused, and changes nothing.
    assert divvy(*words, "--", "true", stdin=-1).end("0\n9\n") == 255
    assert rows(journal, counts) == [(2, 2, 0, 0)]


def test_the_views_are_fast_with_many_rows(context, pipeline, journal):
    hand_made(context, pipeline, journal)
    with closing(sqlite3.connect(journal)) as database, database:
        database.execute("WITH RECURSIVE n(i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n WHERE i < 101000) INSERT INTO execution "
                         "SELECT i, 'w:' || i % 7, 1, 'exited', 0, '', '', i % 3 + 1, i * 1000, i * 4096 FROM n")
        database.execute("INSERT INTO recorded_task SELECT (SELECT id FROM batch), id, id, 1, id * 1000000, 900000, 'text', '' "
                         "FROM execution WHERE id >= 1000")
    with closing(sqlite3.connect(journal)) as database:
        for view in "idle", "stalls", "largest", "busiest", "workers", "attempts":
            begun = time.process_time()
            assert database.execute(f"SELECT * FROM {view} LIMIT 20").fetchall()
            assert time.process_time() - begun < 5  # a tenth of that, but for sanitizers and slow machines
