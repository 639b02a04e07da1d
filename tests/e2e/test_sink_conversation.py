"""What docs/protocol.md says of a sink, told to it message by message."""
import pytest

import protocol
from conversation import BATCH, WithSink, one


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
