"""The order in which tasks are handed out when their costs are known."""
import sqlite3
from contextlib import closing

from pipeline import BIN


def order(journal, batch):
    """The tasks of a batch as they were started."""
    database = sqlite3.connect(journal)
    rows = database.execute("SELECT text FROM result JOIN batch ON batch.id = batch WHERE name = ? ORDER BY started", [batch])
    texts = [text for text, in rows]
    database.close()
    return texts


def they_took(journal, **seconds):
    """As if so long: how long they really took depends on what else the machine does."""
    with closing(sqlite3.connect(journal)) as database, database:
        for text, took in seconds.items():
            database.execute("UPDATE result SET ended = started + ? WHERE text = ?", [took, text])


def test_the_longest_workloads_go_first(pipeline):
    journal = pipeline.file("journal.db")
    pipeline.batch([10, 50, 1, 30], workers=1, sink=("--journal", journal), ventilator=("--longest-first", "--name", "b"))
    assert order(journal, "b") == ["50", "30", "10", "1"]


def test_with_a_history_it_is_what_took_longest_before(pipeline):
    journal = pipeline.file("journal.db")
    pipeline.batch(["brief", "long", "middling"], command=("true",), workers=1, sink=("--journal", journal))
    they_took(journal, brief=1, long=15, middling=3)
    sink, _ = pipeline.batch(["brief", "long", "new", "middling"], command=("true",), sink=("--journal", journal),
                             ventilator=("--longest-first", "--history", journal, "--name", "b"), workers=0)
    assert sink.status() == 0
    assert order(journal, "b") == ["long", "new", "middling", "brief"], "what is new counts as the mean of the others"


def test_a_history_alone_leaves_the_order_of_the_input(pipeline):
    journal = pipeline.file("journal.db")
    pipeline.batch(["brief", "long"], command=("true",), workers=1, sink=("--journal", journal))
    they_took(journal, brief=1, long=15)
    sink, _ = pipeline.batch(["brief", "long"], command=("true",), sink=("--journal", journal),
                             ventilator=("--history", journal, "--name", "b"), workers=0)
    assert sink.status() == 0
    assert order(journal, "b") == ["brief", "long"]


def test_tasks_of_unknown_cost_come_last_and_one_is_named(pipeline):
    journal = pipeline.file("journal.db")
    command = ("sh", "-c", ":")
    _, ventilator = pipeline.batch(["a", "5", "b", "7"], command=command, workers=1, sink=("--journal", journal),
                                   ventilator=("--longest-first", "--name", "b"))
    assert order(journal, "b") == ["7", "5", "a", "b"]
    assert ventilator.err.count("the cost of task 1 is not known") == 1


def test_a_history_that_is_no_journal_is_one_clear_line(pipeline):
    ventilator = pipeline.start(BIN / "ventilator", *pipeline.at, "--longest-first", "--history", "/dev/null", pipeline.file("x"))
    assert ventilator.status() == 255
    assert ventilator.err.count("\n") == 1 and "ventilator: " in ventilator.err
