"""sink --stay serves several batches at once: message by message, and with real ventilators and workers."""
import json
import os
import re
import signal
import sqlite3

import pytest
import zmq

import protocol
from conversation import Connections, OneOfSeveral, Receiver, one
from pipeline import eventually
from test_limits import MIB, memory, sanitized


@pytest.fixture
def start(pipeline):
    """Starts a sink that stays."""
    def start(*options):
        return pipeline.sink("--stay", *options)
    return start


@pytest.fixture
def batches(context, pipeline):
    """Opens that many batches, one beside the other."""
    def batches(count, name=lambda number: b"", **fields):
        opened = [OneOfSeveral(context, pipeline, number, name(number)) for number in range(1, count + 1)]
        for batch in opened:
            batch.announce(**fields)
        for batch in opened:
            batch.begun()
        return opened
    return batches


def rows(journal, query="SELECT batch, task, stdout FROM result ORDER BY batch, task"):
    with sqlite3.connect(journal) as database:
        return database.execute(query).fetchall()


def named(number):
    return b"b%d" % number


@pytest.mark.parametrize("recorded", [False, True], ids=["printed", "in a journal"])
@pytest.mark.parametrize("count", [2, 10])
def test_results_of_several_batches_are_answered_and_recorded_for_each(start, batches, journal, count, recorded):
    sink = start(*["--journal", journal] * recorded)
    opened = batches(count, tasks=3)
    for task in (3, 1, 2):
        for batch in opened:
            batch.result(task)
    for batch in opened:
        assert [batch.receipt() for _ in range(3)] == [(3, 0), (1, 0), (2, 0)]
        batch.announce(state=2, tasks=3)
    eventually(lambda: sink.err.count("3 tasks, 0 failed") == count, "all batches to end")
    assert sorted(sink.out.splitlines()) == sorted(f"batch {batch.number} task {task}" for batch in opened for task in (1, 2, 3))
    if recorded:
        assert rows(journal) == [(batch.number, task, f"batch {batch.number} task {task}\n") for batch in opened for task in (1, 2, 3)]
        assert rows(journal, "SELECT DISTINCT holder, tasks, succeeded FROM batch") == [("", 3, 3)]


def test_one_batch_ends_and_the_others_go_on(start, batches):
    sink = start()
    first, second = batches(2, named)
    first.result(1)
    assert first.receipt() == (1, 0)
    first.announce(state=2)
    sink.says("^sink: b1: the batch is over\n.*\n?1 task, 0 failed")
    second.result(1)
    assert second.receipt() == (1, 0)
    second.announce(state=3, tasks=2, busy_slots=0)
    sink.says("^sink: b2: ended with 1 of 2 tasks recorded")
    assert sink.popen.poll() is None


def test_what_is_said_of_a_batch_says_of_which(start, batches):
    sink = start()
    first, second = batches(2, lambda number: b"b1" if number == 1 else b"")
    first.result(1, status=3)
    second.result(1, outcome=protocol.FAILED, reason=b"why")
    sink.says("^sink: b1: task 1 failed, exit status 3, on w: text")
    sink.says("^sink: ventilator lab:2: task 1 failed, why, on w: text")


def test_each_batch_keeps_its_order(start, batches):
    sink = start("-k")
    first, second = batches(2, tasks=3)
    for batch, task in ((first, 2), (second, 3), (first, 3), (second, 1), (second, 2), (first, 1)):
        batch.result(task)
        assert batch.receipt() == (task, 0)
    assert sink.out.splitlines() == [f"batch {batch} task {task}" for batch in (2, 1) for task in (1, 2, 3)]


def test_what_tasks_print_while_they_run_is_passed_on_for_each_batch(start, batches):
    sink = start("--live")
    for batch in batches(2):
        fragment = dict(id=1, attempt=1, errors=0, offset=0, text=b"text", lines=b"batch %d\n" % batch.number)
        batch.push.send(protocol.encode(protocol.LIVE_OUTPUT, worker=batch.worker, name=b"w", batch=batch.batch, fragments=[fragment]))
        eventually(lambda batch=batch: f"batch {batch.number}\n" in sink.out, "the line")
        batch.result(1, output=b"batch %d\nand more\n" % batch.number)
        assert batch.receipt() == (1, 0)
    assert sink.out == "batch 1\nand more\nbatch 2\nand more\n"


def test_a_ventilator_that_is_gone_ends_its_own_batch_only(start, batches):
    sink = start()
    first, second = batches(2, named, state=1)
    first.result(1)
    assert first.receipt() == (1, 0)

    def others_alone():
        second.announce(state=1, tasks=2)
        return "sink: b1: the batch is over" in sink.err
    eventually(others_alone, "the batch to end whose ventilator is gone")
    for task in (1, 2):
        second.result(task)
        assert second.receipt() == (task, 0)


def test_a_second_ventilator_of_one_of_them_is_refused(start, batches, context, pipeline):
    sink = start()
    first, second = batches(2, named)
    rival = OneOfSeveral(context, pipeline, 3, b"b2")
    rival.batch = second.batch

    def refused():
        for ventilator in first, rival, second:
            ventilator.announce()
        return rival.feedback.pull.poll(10)
    eventually(refused, "the second one to be answered")
    refusal = rival.feedback.hear(protocol.RECEIPTS)["refusal"]
    assert re.match(rb"batch b2 is under way already, by ventilator lab:2 and sink ", refusal)


def test_results_that_came_before_their_batch_are_sent_again_and_nobody_else_is_disturbed(start, batches, context, pipeline):
    sink = start()
    (first,) = batches(1)
    undisturbed = Connections(first.push)
    first.result(1)
    assert first.receipt() == (1, 0)
    early = OneOfSeveral(context, pipeline, 7)
    connections = Connections(early.push)
    early.result(1)
    sink.says("dropped results of another batch")
    early.announce()
    connections.wait_for(zmq.EVENT_DISCONNECTED)
    connections.wait_for(zmq.EVENT_HANDSHAKE_SUCCEEDED)
    early.result(1)
    assert early.receipt() == (1, 0)
    assert not undisturbed.events.poll(0)


def test_results_that_are_tried_again_are_asked_for_when_their_own_ventilator_connects_anew(start, batches, context):
    sink = start()
    first, second = batches(2)
    for batch in first, second:
        batch.result(1, status=1, attempts=2)
        assert batch.receipt() == (1, 2)
    connections, undisturbed = Connections(first.push), Connections(second.push)
    first.feedback.pull.close()
    first.feedback = Receiver(context, first.feedback.endpoint)
    connections.wait_for(zmq.EVENT_DISCONNECTED)
    assert not undisturbed.events.poll(0)


def test_a_ventilator_that_takes_no_receipts_holds_nobody_up(start, context, pipeline):
    sink = start()
    slow, quick = OneOfSeveral(context, pipeline, 1), OneOfSeveral(context, pipeline, 2)
    slow.feedback.pull.close()
    slow.announce()
    quick.announce(tasks=1000)
    for task in range(1, 1001):
        slow.result(task)
        quick.result(task)
    assert [quick.receipt()[0] for _ in range(1000)] == list(range(1, 1001))


def test_a_sink_that_is_killed_goes_on_with_all_batches(start, batches, journal):
    sink = start("--journal", journal)
    opened = batches(2, named, tasks=2)
    for batch in opened:
        batch.result(1)
        assert batch.receipt() == (1, 0)
    sink.kill()
    sink = start("--journal", journal)
    for batch in opened:
        batch.announce(tasks=2)
    for batch in opened:
        assert batch.stated() == [(one(1), 0)]
        batch.result(1)
        batch.result(2)
        assert [batch.receipt(), batch.receipt()] == [(1, 0), (2, 0)]
        batch.announce(state=2, tasks=2)
        sink.says(f"^sink: b{batch.number}: going on: 1 task is recorded in ")
        sink.says(f"^sink: b{batch.number}: the batch is over")
    assert [row[:2] for row in rows(journal)] == [(1, 1), (1, 2), (2, 1), (2, 2)]
    assert sink.out == "batch 1 task 2\nbatch 2 task 2\n"


def test_failed_tasks_of_one_batch_are_run_again_while_another_one_runs(start, batches, journal):
    sink = start("--journal", journal)
    first, second = batches(2, named, tasks=2)
    for batch in first, second:
        batch.result(1, status=1)
        assert batch.receipt() == (1, 1)
    first.announce(state=3, tasks=2, busy_slots=0)
    sink.says("^sink: b1: ended with 1 of 2 tasks")
    first.ventilator += 1
    first.announce(tasks=2, forget_failed=1)
    assert first.stated() == [(one(1), 2)]
    first.result(1)
    assert first.receipt() == (1, 0)
    second.result(2)
    assert second.receipt() == (2, 0)
    assert rows(journal, "SELECT batch, task, success FROM result ORDER BY batch, task") == [(1, 1, 1), (2, 1, 0), (2, 2, 1)]


def test_a_stop_ends_all_batches_and_says_of_each_what_is_recorded(start, batches, journal):
    sink = start("--journal", journal)
    opened = batches(3, named, tasks=2, busy_slots=0)
    for batch in opened:
        batch.result(1)
        assert batch.receipt() == (1, 0)
    sink.send(signal.SIGINT)
    assert sink.status() == 255
    for batch in opened:
        assert f"sink: b{batch.number}: ended with 1 of 2 or more tasks recorded" in sink.err
    assert len(rows(journal)) == 3
    assert rows(journal, "SELECT DISTINCT holder FROM batch") == [("",)]


def test_outputs_in_files_are_one_batchs(start, batches, context, pipeline):
    sink = start("--output-dir", pipeline.file("out"))
    batches(1, named)
    refused = OneOfSeveral(context, pipeline, 5, b"b5")
    refused.announce()
    said = refused.feedback.hear(protocol.RECEIPTS)
    assert b"has the outputs of another batch" in said["refusal"]


def test_each_summary_has_the_name_of_its_batch(start, batches):
    sink = start("--summary", "-", "-q")
    for batch in batches(2, named):
        batch.result(1, output=b"")
        assert batch.receipt() == (1, 0)
        batch.announce(state=2)
        eventually(lambda batch=batch: f'"name": "b{batch.number}"' in sink.out, "its summary")
    both = "[" + sink.out.replace("}\n{", "},\n{") + "]"
    assert [(summary["name"], summary["recorded"]) for summary in json.loads(both)] == [("b1", 1), ("b2", 1)]


def test_a_silent_ventilator_is_missed_by_its_name(start, batches):
    sink = start()
    first, second = batches(2, named)

    def others_alone():
        second.announce()
        return "sink: b1: waiting for the ventilator" in sink.err
    eventually(others_alone, "the first one to be missed")
    assert "b2: waiting" not in sink.err
    first.announce()
    sink.says("^sink: b1: found the ventilator")


def test_there_is_room_for_a_hundred_and_then_only_for_whom_the_silent_give_way(start, batches, context, pipeline):
    sink = start()
    opened = batches(100)
    more = OneOfSeveral(context, pipeline, 101)

    def begun():
        for batch in opened[1:] + [more]:
            batch.announce()
        return more.feedback.pull.poll(200)
    eventually(begun, "the first one to give way")
    assert more.feedback.hear(protocol.RECEIPTS)["receipts"] == []
    assert "dropped the announcement of one batch more than there is room for" in sink.err
    assert "sink: ventilator lab:1: ended with 0 of 1 or more tasks recorded" in sink.err
    opened[50].result(1)
    assert opened[50].receipt() == (1, 0)


def descriptors(process):
    return len(os.listdir(f"/proc/{process.pid}/fd"))


def test_a_thousand_batches_leave_nothing_behind(start, context, journal, pipeline):
    """One after the other, while one goes on all the time."""
    sink = start("--journal", journal, "-q")
    stays, passes = OneOfSeveral(context, pipeline, 9_999), OneOfSeveral(context, pipeline, 1)
    stays.announce(tasks=1000)
    before = None
    for number in range(1, 1001):
        passes.batch, passes.ventilator = number, 1000 + number
        passes.announce()
        passes.result(1, output=b"x" * 1000 + b"\n")
        assert passes.receipt() == (1, 0)
        passes.announce(state=2)
        stays.announce(tasks=1000)
        stays.result(number, output=b"")
        assert stays.receipt() == (number, 0)
        if number == 200:
            before = memory(sink), descriptors(sink)
    eventually(lambda: descriptors(sink) <= before[1] + 8, "descriptors to be closed")
    if not sanitized():
        assert memory(sink) < before[0] + 16 * MIB
    assert rows(journal, "SELECT count(*) FROM result") == [(2000,)]


# --- real ventilators and workers


def pipelines(pipeline, count, tasks, *ventilator_options, command, workers=1):
    """Ventilators with names, each with workers of its own, at one sink."""
    started = []
    results = pipeline.endpoints["results"]
    for number in range(1, count + 1):
        pipeline.endpoints = {line: f"ipc://{pipeline.folder}/{line}-{number}" for line in ("tasks", "feedback")} | {"results": results}
        ventilator = pipeline.ventilator("--name", f"b{number}", *ventilator_options, tasks=[f"b{number}-{task}" for task in range(tasks)])
        started.append((ventilator, pipeline.workers(workers, command=command)))
    return started


def texts(number, tasks):
    return sorted(f"b{number}-{task}" for task in range(tasks))


def test_several_ventilators_with_workers_of_their_own_share_a_sink(pipeline, journal):
    sink = pipeline.sink("--stay", "--journal", journal)
    started = pipelines(pipeline, 3, 40, command=("echo", "{}"), workers=2)
    assert [ventilator.status() for ventilator, _ in started] == [0, 0, 0]
    eventually(lambda: sink.err.count("40 tasks, 0 failed") == 3, "all three to end")
    assert sorted(sink.out.split()) == sorted(text for number in (1, 2, 3) for text in texts(number, 40))
    assert rows(journal, "SELECT name, count(*) FROM result JOIN batch ON id = batch GROUP BY name ORDER BY name") == \
        [(f"b{number}", 40) for number in (1, 2, 3)]


def test_a_sink_that_is_killed_in_the_middle_of_two_batches_loses_and_doubles_nothing(pipeline, journal, gate):
    sink = pipeline.sink("--stay", "--journal", journal)
    started = pipelines(pipeline, 2, 20, command=gate.command, workers=2)
    gate.came(4)
    gate.open()
    eventually(lambda: sink.out.count("done") >= 8, "some tasks to be recorded")
    sink.kill()
    again = pipeline.sink("--stay", "--journal", journal)
    assert [ventilator.status() for ventilator, _ in started] == [0, 0]
    eventually(lambda: again.err.count("the batch is over") == 2, "both batches to end")
    for number in (1, 2):
        query = f"SELECT text FROM result JOIN batch ON id = batch WHERE name = 'b{number}' ORDER BY text"
        assert [text for text, in rows(journal, query)] == texts(number, 20)
    assert set(re.findall(r"done (\S+)", sink.out + again.out)) == {*texts(1, 20), *texts(2, 20)}


def test_a_ventilator_that_is_killed_and_started_again_goes_on_while_the_other_runs(pipeline, gate):
    sink = pipeline.sink("--stay")
    (first, _), (second, _) = pipelines(pipeline, 2, 4, command=gate.command)
    gate.came(2)
    second.kill()
    gate.open()
    assert first.status() == 0
    sink.says("^sink: b1: the batch is over")
    again = pipeline.ventilator("--name", "b2", tasks=[f"b2-{task}" for task in range(4)])
    assert again.status() == 0
    sink.says("^sink: b2: the batch is over")
    assert sorted(re.findall(r"done (\S+)", sink.out)) == [*texts(1, 4), *texts(2, 4)]
