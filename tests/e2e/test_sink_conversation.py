"""What docs/protocol.md says of a sink, told to it message by message."""
import signal
import sqlite3
import time

import pytest
import zmq

import protocol
from conversation import BATCH, Connections, OneOfSeveral, WithSink, of_version, one
from pipeline import eventually


@pytest.fixture
def sink(context, pipeline):
    return WithSink(context, pipeline)


def test_a_sink_answers_an_announcement_with_receipts_of_nothing(sink):
    sink.announce()
    heard = sink.feedback.hear(protocol.RECEIPTS)
    assert (heard["batch"], heard["receipts"]) == (BATCH, [])


@pytest.mark.parametrize("result, verdict", [
    (dict(), 0), (dict(status=1), 1), (dict(status=1, attempts=2), 2), (dict(status=1, attempt=2, attempts=2), 1),
    (dict(outcome=protocol.SLEPT), 0), (dict(outcome=protocol.FAILED, reason=b"why"), 1),
    (dict(outcome=protocol.SIGNALLED, status=9), 1), (dict(outcome=protocol.TIMED_OUT, attempts=2), 2),
], ids=["succeeded", "failed", "again", "failed at last", "slept", "could not be run", "signalled", "timed out"])
def test_a_sink_answers_a_result_with_a_verdict(sink, result, verdict):
    sink.open()
    sink.result(1, **result)
    assert sink.receipt() == (9, one(1), result.get("attempt", 1), verdict)


def test_a_sink_prints_only_the_first_result_of_a_task_and_answers_each(sink):
    sink.open()
    sink.result(1)
    sink.result(1, worker=10, output=b"another\n")
    assert sink.receipt() == (9, one(1), 1, 0)
    assert sink.receipt()[:3] == (10, one(1), 1)
    sink.announce(state=2)
    assert sink.process.status() == 0
    assert sink.process.out == "output 1\n"


def test_a_result_of_several_tasks_is_printed_and_has_one_receipt(sink):
    sink.open(tasks=3)
    sink.several(1, "a\n", "", "c")
    assert sink.receipt() == (9, range(1, 4), 1, 0)
    sink.announce(state=2, tasks=3)
    assert (sink.process.status(), sink.process.out) == (0, "a\nc")


@pytest.mark.parametrize("options, printed", [
    ([], "[2]\na\nc\n[7]\nd\nf\n"), (["-k"], "a\n[2]\nc\nd\nf\n[7]\n"),
    (["-k", "--tag"], "text 1\ta\ntext\t[2]\ntext 3\tc\ntext 4\td\ntext 6\tf\ntext\t[7]\n"),
], ids=["as they come", "in order", "with tags"])
def test_of_a_result_of_several_tasks_only_what_is_new_is_printed(context, pipeline, options, printed):
    sink = WithSink(context, pipeline, *options)
    sink.open(tasks=7)
    sink.result(2, output=b"[2]\n")
    sink.several(1, "a\n", "b\n", "c\n")
    sink.result(7, output=b"[7]\n")
    sink.several(4, "d\n", "", "f\n")
    sink.several(3, "another c\n", "another d\n")
    ids = [sink.receipt()[1] for _ in range(5)]
    assert ids == [one(2), range(1, 4), one(7), range(4, 7), range(3, 5)]
    sink.announce(state=2, tasks=7)
    assert (sink.process.status(), sink.process.out) == (0, printed)
    assert "7 tasks, 0 failed, 0 retried, 3 duplicates" in sink.process.err


def test_a_result_of_several_tasks_has_a_receipt_of_its_own_for_one_that_has_failed_before(sink):
    sink.open(tasks=3)
    sink.result(2, status=1)
    assert sink.receipt() == (9, one(2), 1, 1)
    sink.several(1, "a\n", "b\n", "c\n", worker=10)
    assert [sink.receipt() for _ in range(3)] == [(10, one(2), 1, 1), (10, one(1), 1, 0), (10, one(3), 1, 0)]
    sink.announce(state=2, tasks=3)
    assert (sink.process.status(), sink.process.out) == (1, "output 2\na\nc\n")


def test_the_table_tells_how_long_each_of_several_tasks_took(sink):
    sink.open(tasks=3)
    sink.several(1, "", "", "", started=0, ended=6 * 10**9, took=[10**9, 3 * 10**9, 10**9])
    sink.receipt()
    sink.announce(state=2, tasks=3)
    assert sink.process.status() == 0
    worker = next(line for line in sink.process.err.splitlines() if line.startswith("w "))
    assert worker.split()[-4:] == ["1.67", "s", "3.00", "s"]


def test_a_sink_ends_when_the_batch_is_complete(sink):
    sink.open(tasks=2)
    sink.result(1)
    sink.result(2, status=3)
    sink.receipt(), sink.receipt()
    sink.announce(state=2, tasks=2)
    assert sink.process.status() == 1


def test_a_sink_ends_when_the_ventilator_has_stopped(sink):
    sink.open(tasks=2)
    sink.result(1)
    sink.receipt()
    sink.announce(state=3, tasks=2)
    assert sink.process.status() == 255


def test_a_sink_ends_by_itself_when_all_of_a_closed_batch_is_recorded_and_its_ventilator_is_gone(sink):
    sink.announce(state=1)
    sink.result(1)
    assert sink.process.status() == 0


def test_results_of_another_batch_are_not_recorded(sink):
    sink.open()
    sink.result(1, batch=3, output=b"of another batch\n")
    sink.result(1)
    assert sink.receipt()[:2] == (9, one(1))
    sink.announce(state=2)
    assert (sink.process.status(), sink.process.out) == (0, "output 1\n")


def test_another_batch_is_not_begun_while_the_first_ones_ventilator_is_heard(sink):
    sink.open()
    sink.announce(ventilator=6, batch=5)
    sink.result(1, batch=5, output=b"of another batch\n")
    sink.result(1)
    assert sink.receipt()[:2] == (9, one(1))
    sink.announce(state=2)
    assert (sink.process.status(), sink.process.out) == (0, "output 1\n")


def test_what_a_ventilator_sent_before_it_died_keeps_nobody_from_its_successor(sink, context, pipeline):
    sink.open(tasks=2)
    successor = OneOfSeveral(context, pipeline, 2)
    successor.batch = BATCH
    successor.announce(tasks=2, batch=2)  # of another batch, so that its connection is there
    sink.process.says("dropped the announcement of a second batch")
    sink.process.popen.send_signal(signal.SIGSTOP)
    for _ in range(3):
        successor.announce(tasks=2)
        sink.announce(tasks=2)
    sink.push.close()
    sink.process.popen.send_signal(signal.SIGCONT)
    eventually(lambda: successor.announce(tasks=2) or successor.feedback.pull.poll(50), "the sink to answer")
    assert successor.feedback.hear(protocol.RECEIPTS, lambda said: said["ventilator"] == successor.ventilator)["refusal"] == b""


def test_a_result_for_a_task_beyond_the_announced_number_is_dropped(sink):
    sink.open(state=1, tasks=2)
    sink.result(3, output=b"invented\n")
    sink.result(2**61, output=b"invented\n")
    sink.process.says("dropped a result for a task that the batch does not have")
    sink.result(1)
    assert sink.receipt()[:2] == (9, one(1))
    sink.result(2)
    assert sink.receipt()[:2] == (9, one(2))
    sink.announce(state=2, tasks=2)
    assert (sink.process.status(), sink.process.out) == (0, "output 1\noutput 2\n")


def test_a_result_for_a_task_that_the_ventilator_has_not_read_yet_is_recorded(sink):
    sink.open(tasks=0)
    sink.result(5)
    assert sink.receipt() == (9, one(5), 1, 0)


def test_results_of_an_unknown_batch_are_counted(sink):
    sink.open()
    sink.result(1, batch=3)
    sink.process.says("dropped results of another batch")


@pytest.mark.parametrize("earlier", [False, True], ids=["at first", "after another batch"])
def test_who_sent_results_before_their_announcement_is_made_to_connect_and_send_them_again(context, pipeline, earlier):
    sink = WithSink(context, pipeline, "--stay")
    if earlier:
        sink.open(batch=3)
    connections = Connections(sink.push)
    sink.result(1)
    if earlier:
        sink.announce(batch=3, state=3)
        sink.process.says("ended with 0 of 1 tasks recorded")
    sink.announce(tasks=2)
    connections.wait_for(zmq.EVENT_DISCONNECTED)
    connections.wait_for(zmq.EVENT_HANDSHAKE_SUCCEEDED)
    assert sink.feedback.hear(protocol.RECEIPTS, lambda said: said["batch"] == BATCH)["receipts"] == []
    sink.result(1)
    sink.result(2)
    assert [sink.receipt()[1], sink.receipt()[1]] == [one(1), one(2)]


@pytest.mark.parametrize("feedback", [b"inproc://zeromq.zap.01", b"udp://127.0.0.1:9", b"nowhere", b""])
def test_an_announcement_whose_feedback_is_no_endpoint_is_dropped(sink, feedback):
    sink.announce(feedback=feedback)
    sink.process.says("dropped an announcement whose feedback is no endpoint")
    sink.announce()
    assert sink.feedback.hear(protocol.RECEIPTS)["batch"] == BATCH


@pytest.mark.parametrize("others", [dict(name=b"n" * 1025), dict(feedback=b"ipc://" + b"f" * 512), dict(ventilator=0)],
                         ids=["a long name", "a long endpoint", "no id"])
def test_an_announcement_beyond_the_limits_begins_no_batch(sink, others):
    sink.announce(batch=3, **others)
    sink.process.says("dropped a message that is neither results nor an announcement")
    sink.open()


def test_a_batch_that_gives_way_to_another_one_is_recorded_to_its_end(context, pipeline):
    """Its last result and the other batch are heard of in one turn."""
    journal = pipeline.file("journal.db")
    sink = WithSink(context, pipeline, "--journal", journal)
    sink.open()
    sink.process.send(signal.SIGSTOP)
    sink.result(1)
    time.sleep(3.2)  # a silence after which the ventilator is gone
    sink.announce(ventilator=6, batch=5)
    sink.process.send(signal.SIGCONT)
    assert sink.process.status() == 255
    assert sink.process.out == "output 1\n"
    with sqlite3.connect(journal) as database:
        assert database.execute("SELECT task, stdout FROM result").fetchall() == [(1, "output 1\n")]


def test_a_ventilator_of_another_version_is_named_and_answered_so_that_it_knows(sink):
    announcement = dict(ventilator=6, batch=5, name=b"n", feedback=sink.feedback.endpoint.encode(), sender=b"v",
                        command=b"", state=0, tasks=1, elapsed=1,
                        forget_failed=0, workloads=0, workers=1, slots=1, busy_slots=1, time_left=0, oldest=0, oldest_age=0)
    sink.push.send(of_version(3, protocol.encode(protocol.ANNOUNCEMENT, **announcement)))
    sink.process.says("^sink: the ventilator speaks version 3 of divvy's protocol, and this is version 2")
    said = sink.feedback.hear(protocol.RECEIPTS)
    assert (said["ventilator"], said["batch"], said["receipts"]) == (6, 5, [])
    sink.open()
    sink.result(1)
    assert sink.receipt() == (9, one(1), 1, 0)


def test_results_of_another_version_are_named(sink):
    sink.push.send(of_version(7, protocol.encode(protocol.RESULTS, worker=1, name=b"w", batch=BATCH, results=[])))
    sink.process.says("^sink: a worker speaks version 7 of divvy's protocol, and this is version 2")
