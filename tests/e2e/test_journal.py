"""The journal: a command that is refused leaves it as it was, a batch is run by one at a time, and each attempt is kept."""
import re
import signal
import sqlite3
from contextlib import closing

import pytest

import protocol
from conversation import BATCH, VENTILATOR, WithSink, WithVentilator, one
from journals import recorded, rows
from pipeline import BIN, eventually, refused


def contents(journal):
    return [rows(journal, f"SELECT * FROM {table} ORDER BY 1, 2") for table in ("batch", "result", "superseded")]


def fails_unless(path, *tasks):
    """A command that fails for these tasks as long as the file is not there."""
    return ("sh", "-c", f'case " {" ".join(tasks)} " in *" $1 "*) [ -e {path} ];; esac', "sh", "{}")


def all_failed(pipeline, journal):
    """A batch "b" of four tasks that have all failed, and whose worker is gone."""
    tasks = [1, 2, 3, 4]
    _, run = pipeline.batch(tasks, command=("false",), sink=("--journal", journal), ventilator=("--name", "b"))
    assert run.status() == 4
    worker = pipeline.processes[-1]
    worker.send(signal.SIGTERM)
    worker.status()
    return tasks


def ventilator(pipeline, *options, tasks, command=""):
    with pipeline.input(tasks) as file:
        return pipeline.start(BIN / "ventilator", *pipeline.at, *options, stdin=file, env={"DIVVY_COMMAND": command})


# --- a refused command changes nothing ---

@pytest.mark.parametrize("options, tasks, command, why", [
    (["--retry-failed"], [1, 2, 9], "one", "it is another input"),
    (["--retry-failed"], [1, 9, 3], "one", "it is another input"),
    (["--retry-failed"], [1], "one", "it is another input"),
    ([], [1, 9, 3], "one", "it is another input"),
    ([], [1, 2, 3], "another", "was run with another command: one; now it is: another; give it another --name, or "
                               "go on with this command by --retry-failed"),
], ids=["another failed task", "another task", "a shorter input", "another input", "another command"])
def test_a_command_that_is_refused_leaves_the_journal_as_it_was(pipeline, journal, options, tasks, command, why):
    first = pipeline.sink("--journal", journal)
    run = ventilator(pipeline, "--name", "b", tasks=[1, 2, 3], command="one")
    worker = pipeline.worker(command=("sh", "-c", "exit {}"))
    assert (run.status(), first.status()) == (3, 3)
    before = contents(journal)
    sink = pipeline.sink("--journal", journal)
    refused = ventilator(pipeline, "--name", "b", "-q", *options, tasks=tasks, command=command)
    assert refused.status() == 255
    assert why in refused.err
    sink.send(signal.SIGTERM)
    sink.status()
    worker.send(signal.SIGTERM)
    assert contents(journal) == before


def test_failed_tasks_are_replaced_by_their_successors_and_kept_as_attempts(pipeline, journal):
    mended = pipeline.file("mended")
    options = dict(command=fails_unless(mended, "2", "3"), sink=("--journal", journal),
                   ventilator=("--name", "b", "--retry-failed"))
    assert pipeline.batch([1, 2, 3], **options)[1].status() == 2
    assert pipeline.batch([1, 2, 3], **options)[1].status() == 2
    mended.touch()
    assert pipeline.batch([1, 2, 3], **options)[1].status() == 0
    assert rows(journal, "SELECT task, success FROM result ORDER BY task") == [(1, 1), (2, 1), (3, 1)]
    assert rows(journal, "SELECT task, recorded, success FROM attempts ORDER BY task, started") == [
        (1, 1, 1), (2, 0, 0), (2, 0, 0), (2, 1, 1), (3, 0, 0), (3, 0, 0), (3, 1, 1)]


def test_a_sink_that_is_started_again_knows_which_tasks_have_failed_again(pipeline, journal, gate):
    broken = all_failed(pipeline, journal)
    sink = pipeline.sink("--journal", journal)
    again = pipeline.ventilator("--name", "b", "--retry-failed", tasks=broken)
    pipeline.worker(command=("sh", "-c", f"[ {{}} -lt 3 ] && exit 7; {gate.command[2]}", "gate", "{}"))
    gate.came(1)
    eventually(lambda: rows(journal, "SELECT count(*) FROM result WHERE status = 7") == [(2,)], "two to fail again")
    sink.kill()
    sink = pipeline.sink("--journal", journal)
    sink.says("going on: 2 tasks are recorded")
    gate.open()
    assert (again.status(), sink.status()) == (2, 2)
    assert rows(journal, "SELECT task, status FROM result ORDER BY task") == [(1, 7), (2, 7), (3, 0), (4, 0)]


def test_running_failed_tasks_again_goes_on_after_everything_was_killed(pipeline, journal, gate):
    broken = all_failed(pipeline, journal)
    killed = [pipeline.sink("--journal", journal), pipeline.ventilator("--name", "b", "--retry-failed", tasks=broken),
              pipeline.worker(command=("sh", "-c", f"[ {{}} -lt 3 ] && exit 0; {gate.command[2]}", "gate", "{}"))]
    gate.came(1)
    eventually(lambda: rows(journal, "SELECT count(*) FROM result WHERE success") == [(2,)], "two to succeed")
    for process in killed:
        process.kill()
    assert rows(journal, "SELECT count(*) FROM result") == [(4,)]
    gate.open()
    _, run = pipeline.batch(broken, command=("true",), sink=("--journal", journal), ventilator=("--name", "b", "--retry-failed"))
    assert run.status() == 0
    assert rows(journal, "SELECT count(*) FROM result WHERE success") == [(4,)]


def test_the_command_that_runs_failed_tasks_again_says_that_it_needs_the_same_input(pipeline, journal):
    _, run = pipeline.batch([1], command=("false",), sink=("--journal", journal), ventilator=("--name", "b"))
    assert re.search("to run only the failed tasks again, with the same input: .*--retry-failed", run.err)


# --- one at a time ---

def test_a_batch_that_another_sink_has_under_way_is_refused_by_name_and_nothing_stays_locked(pipeline, journal, gate):
    sink = pipeline.sink("--journal", journal)
    first = pipeline.ventilator("--name", "b", tasks=[1, 2])
    worker = pipeline.worker(command=gate.command)
    gate.came(1)
    before = contents(journal)
    pipeline.use_tcp()
    other = pipeline.sink("--journal", journal)
    second = pipeline.ventilator("--name", "b", "-q", tasks=[1, 2])
    assert second.status() == 255
    assert re.search(rf"^ventilator: batch b is under way already, by ventilator \S+:{first.pid} and sink \S+:{sink.pid}, "
                     r"since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$", second.err, re.M)
    assert contents(journal) == before
    for process in (sink, first, worker):
        process.kill()
    gate.open()
    third = pipeline.ventilator("--name", "b", tasks=[1, 2])
    pipeline.worker(command=("true",))
    assert (third.status(), other.status()) == (0, 0)


def test_two_batches_are_recorded_in_one_journal_at_once(pipeline, journal):
    tasks = range(200)
    first = pipeline.sink("--journal", journal), pipeline.ventilator("--name", "a", tasks=tasks)
    pipeline.worker(command=("true",))
    pipeline.use_tcp()
    second = pipeline.sink("--journal", journal), pipeline.ventilator("--name", "b", tasks=tasks)
    pipeline.worker(command=("true",))
    assert [process.status() for process in (*first, *second)] == [0, 0, 0, 0]
    assert recorded(journal) == 2 * len(tasks)


@pytest.mark.parametrize("kept", [True, False], ids=["with a journal", "without"])
def test_a_second_ventilator_of_a_batch_is_refused_while_the_first_one_is_there(pipeline, journal, gate, kept):
    sink = pipeline.sink(*(("--journal", journal) if kept else ()))
    first = pipeline.ventilator("--name", "b", tasks=[1])
    pipeline.worker(command=gate.command)
    gate.came(1)
    second = pipeline.start(BIN / "ventilator", *pipeline.but(
        tasks=f"ipc://{pipeline.folder}/tasks2", feedback=f"ipc://{pipeline.folder}/feedback2"), "--name", "b", "/dev/null")
    assert second.status() == 255
    assert re.search(rf"batch b is under way already, by ventilator \S+:{first.pid} and sink \S+:{sink.pid}, since", second.err)
    gate.open()
    assert (first.status(), sink.status()) == (0, 0)
    assert sink.out == "done 1\n"


# --- the command ---

def test_another_command_is_accepted_with_retry_failed_and_recorded(pipeline, journal):
    for command, options in (("one", []), ("another", ["--retry-failed"]), ("another", [])):
        sink = pipeline.sink("--journal", journal)
        run = ventilator(pipeline, "--name", "b", *options, tasks=[1, 2], command=command)
        worker = pipeline.worker(command=("sh", "-c", "test {} = 2"))
        assert (run.status(), sink.status()) == (1, 1)
        assert rows(journal, "SELECT command FROM batch") == [(command,)]
        worker.send(signal.SIGTERM)
        worker.status()


def test_a_worker_tells_the_command_if_nobody_else_has(context, pipeline):
    talk = WithVentilator(context, pipeline, "--name", "b", resumed=1)
    talk.receipts(command=b"make it")
    worker = talk.worker(1)
    worker.arrive(command=b"break it")
    assert worker.tasks() == [1], "what is left of the batch"
    talk.process.says("batch b was run with another command: make it; now it is: break it; the rest runs with this one")


# --- attempts ---

def test_each_attempt_is_kept_with_its_own_errors(pipeline, journal):
    command = ("sh", "-c", "echo $DIVVY_ATTEMPT >&2; [ $DIVVY_ATTEMPT = 3 ]")
    sink, run = pipeline.batch(["x"], command=command, sink=("--journal", journal), ventilator=("--retries", "3"))
    assert (run.status(), sink.status()) == (0, 0)
    assert rows(journal, "SELECT task, text, attempt, recorded, status, stderr FROM attempts ORDER BY started") == [
        (1, "x", 1, 0, 1, "1\n"), (1, "x", 2, 0, 1, "2\n"), (1, "x", 3, 1, 0, "3\n")]
    assert recorded(journal) == 1


def test_an_attempt_that_is_told_twice_is_kept_once(context, pipeline, journal):
    sink = WithSink(context, pipeline, "--journal", journal)
    sink.open()
    for _ in range(2):
        sink.result(1, status=1, attempts=2)
        sink.receipt()
    for _ in range(2):
        sink.result(1, attempt=2, attempts=2, slot=5)
        sink.receipt()
    sink.result(1, worker=10, attempt=1, started=2000)  # somebody else ran it, too
    sink.receipt()
    query = "SELECT attempt, slot, success, recorded FROM attempts ORDER BY attempt, started"
    assert rows(journal, query) == [(1, 1, 0, 0), (1, 1, 1, 0), (2, 5, 1, 1)]


def test_an_interrupted_task_is_kept_and_not_recorded(context, pipeline, journal):
    sink = WithSink(context, pipeline, "--journal", journal)
    sink.open()
    sink.result(1, outcome=protocol.INTERRUPTED, output=b"half\n")
    sink.result(1, started=2000)
    assert sink.receipt() == (9, one(1), 1, 0)
    query = "SELECT outcome, stdout, recorded FROM attempts ORDER BY started"
    assert rows(journal, query) == [("interrupted", "half\n", 0), ("exited", "output 1\n", 1)]


def test_each_of_several_tasks_of_a_result_has_a_row_of_its_own(context, pipeline, journal):
    sink = WithSink(context, pipeline, "--journal", journal)
    sink.open(tasks=3)
    sink.several(1, "a", "", "c", slot=2, started=10**9, ended=8 * 10**9, took=[10**9, 4 * 10**9, 2 * 10**9])
    sink.receipt()
    query = "SELECT task, text, stdout, started, ended, slot, success, attempt, worker FROM result ORDER BY task"
    assert rows(journal, query) == [(1, "text 1", "a", 1, 2, 2, 1, 1, "w"), (2, "text 2", "", 2, 6, 2, 1, 1, "w"),
                                    (3, "text 3", "c", 6, 8, 2, 1, 1, "w")]


def test_the_views_tell_how_long_brief_tasks_took(context, pipeline, journal):
    sink = WithSink(context, pipeline, "--journal", journal)
    sink.open(tasks=3)
    sink.several(1, "", "", "", started=10**6, ended=10**6 + 60_000, took=[10_000, 30_000, 20_000])
    sink.receipt()
    assert rows(journal, "SELECT task, seconds FROM slowest LIMIT 1") == [(2, 3e-05)]
    assert rows(journal, "SELECT tasks, busy, mean, longest FROM workers") == [(3, 6e-05, 2e-05, 3e-05)]


def test_of_a_result_of_several_tasks_what_is_recorded_already_is_kept_as_an_attempt(context, pipeline, journal):
    sink = WithSink(context, pipeline, "--journal", journal)
    sink.open(tasks=3)
    sink.result(2)
    for _ in range(2):
        sink.several(1, "a", "b", "c", worker=10)
    for _ in range(3):
        sink.receipt()
    query = "SELECT task, text, stdout, recorded FROM attempts ORDER BY task, recorded DESC"
    assert rows(journal, query) == [(1, "text 1", "a", 1), (2, "text", "output 2\n", 1), (2, "text 2", "b", 0),
                                    (3, "text 3", "c", 1)]


# --- the file ---

@pytest.mark.parametrize("name", [":memory:", "file:x", "file:x?mode=memory"])
def test_a_journal_is_a_file_whatever_its_name(pipeline, monkeypatch, name):
    monkeypatch.chdir(pipeline.folder)
    sink, run = pipeline.batch([1], command=("true",), sink=("--journal", name))
    assert (run.status(), sink.status()) == (0, 0)
    assert recorded(pipeline.file(name)) == 1


FIRST_LAYOUT = """
  CREATE TABLE batch (id INTEGER PRIMARY KEY, name TEXT NOT NULL,
    begun REAL NOT NULL DEFAULT ((julianday('now') - 2440587.5) * 86400.0));
  CREATE TABLE result (batch INTEGER NOT NULL REFERENCES batch (id), task INTEGER NOT NULL, text TEXT NOT NULL,
    worker TEXT NOT NULL, attempt INTEGER NOT NULL, outcome TEXT NOT NULL, status INTEGER NOT NULL,
    success INTEGER NOT NULL, started REAL NOT NULL, ended REAL NOT NULL, stdout TEXT NOT NULL, stderr TEXT NOT NULL,
    reason TEXT NOT NULL);
  CREATE UNIQUE INDEX result_by_task ON result (batch, task);
"""


def test_a_journal_of_the_first_layout_goes_on(pipeline, journal):
    database = sqlite3.connect(journal)
    database.executescript(FIRST_LAYOUT)
    batch = id_of("b")
    database.execute("INSERT INTO batch (id, name) VALUES (?, 'b')", (batch,))
    database.execute("INSERT INTO result VALUES (?, 1, '1', 'w:1', 1, 'exited', 0, 1, 1e9, 1e9, '', '', '')", (batch,))
    database.commit()
    database.close()
    sink, run = pipeline.batch([1, 2], command=("true",), sink=("--journal", journal), ventilator=("--name", "b"))
    assert (run.status(), sink.status()) == (0, 0)
    assert rows(journal, "SELECT task, worker = 'w:1' FROM attempts ORDER BY task") == [(1, 1), (2, 0)]


def test_what_is_deleted_from_the_results_is_run_again(pipeline, journal):
    options = dict(command=("true",), sink=("--journal", journal), ventilator=("--name", "b"))
    assert pipeline.batch([1, 2, 3], **options)[1].status() == 0
    with closing(sqlite3.connect(journal)) as database, database:
        database.execute("DELETE FROM result WHERE text = '2'")
    assert rows(journal) == [(1, "1", 1), (3, "3", 1)]
    sink, _ = pipeline.batch([1, 2, 3], **options)
    sink.says("going on: 2 tasks are recorded")
    assert sink.status() == 0
    assert recorded(journal) == 3


SECOND_LAYOUT = FIRST_LAYOUT + """
  CREATE VIEW failed AS SELECT task FROM result WHERE NOT success;
  CREATE VIEW slowest AS SELECT task FROM result;
  CREATE VIEW workers AS SELECT worker FROM result;
  ALTER TABLE batch ADD COLUMN command TEXT NOT NULL DEFAULT '';
  ALTER TABLE batch ADD COLUMN finished REAL;
  ALTER TABLE batch ADD COLUMN holder TEXT NOT NULL DEFAULT '';
  ALTER TABLE batch ADD COLUMN retrying INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE batch ADD COLUMN retried_rows INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE result ADD COLUMN slot INTEGER NOT NULL DEFAULT 0;
  CREATE TABLE superseded AS SELECT * FROM result WHERE 0;
  CREATE UNIQUE INDEX superseded_by_task ON superseded (batch, task, attempt, worker, started);
  CREATE VIEW attempts AS
    SELECT batch.name AS batch, task, text, attempt, recorded, worker, slot, outcome, status,
           success, started, ended, stdout, stderr, reason
    FROM (SELECT *, 1 AS recorded FROM result UNION ALL SELECT *, 0 FROM superseded) AS attempt
    JOIN batch ON batch.id = attempt.batch;
  PRAGMA user_version = 2;
"""


def of_second_layout(journal, results):
    """A journal of the batch, which its ventilator was running again with --retry-failed: of all but the last result."""
    database = sqlite3.connect(journal)
    database.executescript(SECOND_LAYOUT)
    database.execute("INSERT INTO batch (id, name, retrying, retried_rows) VALUES (?, '', ?, ?)",
                     (BATCH, VENTILATOR, len(results) - 1))
    for task, status in results:
        database.execute("INSERT INTO result VALUES (?, ?, 'text', 'w:1', 2, 'exited', ?, ?, 1.5, 4, 'out', 'err', '', 3)",
                         (BATCH, task, status, status == 0))
    database.commit()
    database.close()


def test_the_results_in_a_journal_of_the_second_layout_are_as_they_were(pipeline, journal):
    of_second_layout(journal, [(2, 1), (1, 0), (3, 1)])
    query = "SELECT * FROM result ORDER BY task", "SELECT * FROM attempts ORDER BY task", "SELECT task FROM failed"
    before = [rows(journal, each) for each in query]
    pipeline.sink("--journal", journal)
    eventually(lambda: rows(journal, "PRAGMA user_version") == [(4,)], "today's layout")
    unknown = (0, 0)  # CPU time and memory
    before[:2] = [[row + unknown for row in view] for view in before[:2]]
    assert [rows(journal, each) for each in query] == before
    assert before[0][0] == (BATCH, 1, "text", "w:1", 2, "exited", 0, 1, 1.5, 4, "out", "err", "", 3, 0, 0)


def test_running_failed_tasks_again_goes_on_in_a_journal_of_the_second_layout(context, pipeline, journal):
    of_second_layout(journal, [(2, 1), (1, 0), (3, 1)])
    sink = WithSink(context, pipeline, "--journal", journal)
    sink.announce(tasks=3, forget_failed=1)
    sink.process.says("going on: 2 tasks are recorded")
    sink.result(2)
    assert sink.receipt()[:2] == (9, one(2))
    assert rows(journal) == [(1, "text", 1), (2, "text", 1), (3, "text", 0)]
    assert rows(journal, "SELECT recorded, success FROM attempts WHERE task = 2 ORDER BY recorded") == [(0, 0), (1, 1)]


THIRD_LAYOUT = """
  DROP TABLE result;
  CREATE TABLE execution (id INTEGER PRIMARY KEY, worker TEXT NOT NULL, attempt INTEGER NOT NULL, outcome TEXT NOT NULL,
    status INTEGER NOT NULL, stderr TEXT NOT NULL, reason TEXT NOT NULL, slot INTEGER NOT NULL);
  CREATE TABLE recorded_task (batch INTEGER NOT NULL REFERENCES batch (id), task INTEGER NOT NULL,
    execution INTEGER NOT NULL REFERENCES execution (id), success INTEGER NOT NULL, started INTEGER NOT NULL,
    took INTEGER NOT NULL, text TEXT NOT NULL, stdout TEXT NOT NULL, PRIMARY KEY (batch, task)) WITHOUT ROWID;
  CREATE VIEW result AS
    SELECT batch, task, text, worker, attempt, outcome, status, success, started / 1e9 AS started,
           (started + took) / 1e9 AS ended, stdout, stderr, reason, slot
    FROM recorded_task LEFT JOIN execution ON execution.id = execution;
  CREATE TRIGGER result_delete INSTEAD OF DELETE ON result BEGIN
    DELETE FROM recorded_task WHERE batch = old.batch AND task = old.task;
  END;
  CREATE TRIGGER result_update INSTEAD OF UPDATE ON result BEGIN
    UPDATE recorded_task SET success = new.success WHERE batch = old.batch AND task = old.task;
  END;
  PRAGMA user_version = 3;
"""


def test_a_journal_of_the_third_layout_goes_on(pipeline, journal):
    with closing(sqlite3.connect(journal)) as database, database:
        database.executescript(SECOND_LAYOUT + THIRD_LAYOUT)
        batch = id_of("b")
        database.execute("INSERT INTO batch (id, name) VALUES (?, 'b')", (batch,))
        database.execute("INSERT INTO execution VALUES (1, 'w:1', 1, 'exited', 0, 'err', '', 3)")
        database.execute("INSERT INTO recorded_task VALUES (?, 1, 1, 1, 1500000000, 2500000000, '1', 'out')", (batch,))
        database.execute("INSERT INTO superseded (batch, task, text, worker, attempt, outcome, status, success, started, "
                         "ended, stdout, stderr, reason, slot) "
                         "VALUES (?, 1, '1', 'w:1', 0, 'exited', 1, 0, 1, 1.25, '', '', '', 3)", (batch,))
    sink, run = pipeline.batch([1, 2], command=("true",), sink=("--journal", journal), ventilator=("--name", "b"))
    assert (run.status(), sink.status()) == (0, 0)
    assert rows(journal, "SELECT task, worker = 'w:1', started = 1.5, cpu > 0 FROM result ORDER BY task") == [(1, 1, 1, 0), (2, 0, 0, 1)]
    assert rows(journal, "SELECT tasks, attempts, busy, cpu FROM workers WHERE worker = 'w:1'") == [(1, 2, 2.75, 0)]
    assert rows(journal, "SELECT tasks, succeeded, failed, skipped FROM batch") == [(2, 2, 0, 0)]


def id_of(name):
    """The id of the batch of this name, as the journal has it: 64-bit FNV-1a, signed."""
    value = 0xcbf29ce484222325
    for byte in name.encode():
        value = (value ^ byte) * 0x100000001b3 % 2**64
    return value - 2**64 if value >= 2**63 else value


def test_a_journal_of_a_later_layout_is_left_alone(pipeline, journal):
    database = sqlite3.connect(journal)
    database.execute("PRAGMA user_version = 5")
    database.close()
    sink = pipeline.start(BIN / "sink", *pipeline.at, "--journal", journal)
    assert sink.status() == 255
    assert sink.err == f"sink: journal {journal}: a later divvy has made it; use that one, or another --journal\n"


# --- what is recorded is told bit by bit ---

def test_what_is_recorded_of_many_tasks_is_stated_in_many_messages(context, pipeline, journal):
    count = 40_000
    sink = WithSink(context, pipeline, "--journal", journal)
    sink.open(workloads=1)
    every_second = range(2, 2 * count + 1, 2)
    for ids in every_second[:1], every_second[1:]:
        results = [dict(ids=one(task), attempt=1, attempts=1, slot=1, outcome=protocol.SLEPT, status=0, started=1, ended=1, took=[], cpu=0, max_rss=0,
                        texts=[b"0"], output=b"", errors=b"", reason=b"") for task in ids]
        sink.push.send(protocol.encode(protocol.RESULTS, worker=9, name=b"w", batch=BATCH, results=results))
    sink.announce(tasks=2 * count, state=3)
    sink.process.status()
    pipeline.sink("--journal", journal)
    sink.announce(ventilator=0x66)
    heard = [sink.feedback.hear(protocol.RECEIPTS, lambda said: said["ventilator"] == 0x66)]
    while heard[-1]["more"]:
        heard.append(sink.feedback.hear(protocol.RECEIPTS))
    stated = [receipt for said in heard for receipt in said["receipts"]]
    assert max(len(said["receipts"]) for said in heard) < count / 2
    assert {receipt["ids"][0] for receipt in stated} == set(every_second)
    assert all(receipt["digest"] for receipt in stated)


def test_nothing_is_handed_out_before_all_that_is_recorded_is_known(context, pipeline):
    talk = WithVentilator(context, pipeline, tasks=range(3), more=1)
    worker = talk.worker(1)
    worker.arrive(slots=3)
    earlier = dict(worker=0, attempt=0, verdict=0, duration=0, digest=0)
    talk.receipts(dict(ids=one(1), **earlier), more=1)
    talk.receipts(dict(ids=one(2), **earlier))
    assert worker.tasks() == [3]


@pytest.mark.parametrize("option", ["--summary", "--log", "--output-dir"])
def test_a_sink_that_cannot_write_something_else_makes_no_journal(pipeline, journal, option):
    refused(pipeline, "sink", *pipeline.at, "--journal", journal, option, "/dev/null/none")
    assert not journal.exists()
