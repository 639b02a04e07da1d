"""What docs/protocol.md says of a ventilator, told to it message by message: what is true, and what is not."""
import pytest

import protocol
from conversation import Receiver, WithVentilator, of_version, one, tasks_in


@pytest.fixture
def talk(context, pipeline):
    return lambda *options, **more: WithVentilator(context, pipeline, *options, **more)


def finish(ventilator, tasks=3):
    ventilator.receipt(range(1, tasks + 1), worker=0, attempt=0)
    assert ventilator.process.status() == 0


def test_a_worker_is_greeted_and_given_a_task_when_it_has_answered(talk):
    ventilator = talk()
    worker = ventilator.worker(1)
    worker.say()
    greeting = worker.hear()
    assert (greeting["worker"], greeting["tasks"]) == (1, [])
    worker.say()
    assert worker.tasks() == [1]
    finish(ventilator)


def test_a_receipt_makes_room_for_the_next_task(talk):
    ventilator = talk()
    worker = ventilator.worker(1)
    worker.arrive()
    assert worker.tasks() == [1]
    ventilator.receipt(one(1))
    assert worker.tasks() == [2]
    finish(ventilator)


def test_receipts_for_another_batch_are_dropped(talk):
    ventilator = talk()
    ventilator.receipt(range(1, 4), batch=ventilator.announced["batch"] ^ 1)
    ventilator.drops("receipts of another batch")
    worker = ventilator.worker(1)
    worker.arrive()
    assert worker.tasks() == [1]
    finish(ventilator)


def test_receipts_for_an_earlier_ventilator_are_ignored(talk):
    ventilator = talk()
    ventilator.receipt(range(1, 4), ventilator=ventilator.announced["ventilator"] ^ 1)
    worker = ventilator.worker(1)
    worker.arrive()
    assert worker.tasks() == [1]
    finish(ventilator)


def test_receipts_for_tasks_that_are_not_in_the_input_are_dropped(talk):
    ventilator = talk()
    ventilator.results.hear(protocol.ANNOUNCEMENT, lambda said: said["state"] == 1)
    ventilator.receipt(range(3, 2**61))
    ventilator.drops("a receipt for a task that is not in the input")
    finish(ventilator)


def test_tasks_that_are_recorded_before_they_are_read_are_not_handed_out(talk):
    ventilator = talk("--name", "b", resumed=1)
    ventilator.receipt(range(1, 3), worker=0, attempt=0)
    worker = ventilator.worker(1)
    worker.arrive()
    assert worker.tasks() == [3]
    finish(ventilator)


def test_what_a_worker_holds_of_a_batch_that_goes_on_is_its_own(talk):
    ventilator = talk("--name", "b", resumed=1)
    first, second = ventilator.worker(1), ventilator.worker(2)
    first.followed["batch"] = ventilator.announced["batch"]
    first.arrive(running=[one(1)])
    second.arrive()
    assert second.tasks() == [2]
    finish(ventilator)


def test_a_worker_that_claims_tasks_beyond_the_input_is_told_to_forget_them(talk):
    ventilator = talk()
    ventilator.results.hear(protocol.ANNOUNCEMENT, lambda said: said["state"] == 1)
    worker = ventilator.worker(1)
    worker.arrive()
    worker.say(queued=[range(3, 50)], finished=[range(100, 200)])
    ventilator.drops("what a worker says to hold, and is not in the input")
    lane = worker.hear(lambda lane: lane["recalled"])
    assert 49 in tasks_in(lane["recalled"])
    assert [run["ids"] for run in lane["settled"]] == [range(100, 200)]
    finish(ventilator)


def test_tasks_that_an_invented_worker_claims_to_run_get_no_strike_when_it_is_gone(talk):
    ventilator = talk("--name", "b", resumed=1)
    for number in range(1, 5):
        liar = ventilator.worker(number)
        liar.followed["batch"] = ventilator.announced["batch"]
        liar.say(running=[one(1)])
        liar.hear()
        liar.push.close()
        ventilator.process.says("(?s)" + ".*a worker is gone" * number)
    worker = ventilator.worker(9)
    worker.arrive()
    assert worker.tasks() == [1]
    finish(ventilator)


def test_a_presence_that_claims_a_sequence_which_was_never_sent_is_dropped(talk):
    ventilator = talk()
    worker = ventilator.worker(1)
    worker.followed.update(ventilator=ventilator.announced["ventilator"], sequence=77)
    worker.say()
    ventilator.drops("a presence that makes no sense")
    finish(ventilator)


@pytest.mark.parametrize("others", [
    dict(name=b"n" * 1025), dict(slots=100_001), dict(worker=0), dict(running=[range(1, 2**20 + 2)]),
    dict(running=[range(1, 2**19)], queued=[range(2**20, 2**21)]),
], ids=["a long name", "many slots", "no id", "many tasks", "many tasks in all"])
def test_a_presence_beyond_the_limits_is_dropped(talk, others):
    ventilator = talk()
    ventilator.worker(1).say(**others)
    ventilator.drops("a message that is neither a presence nor receipts")
    finish(ventilator)


@pytest.mark.parametrize("inbox", ["ipc:///tmp/elsewhere", "ipc://{folder}/../x", "ipc://{folder}/deeper/x", "ipc://@abstract",
                                   "inproc://zeromq.zap.01", "udp://127.0.0.1:9", "tcp://127.0.0.1:x", "nowhere"])
def test_an_inbox_that_is_not_beside_the_feedback_is_not_connected_to(talk, pipeline, inbox):
    ventilator = talk()
    ventilator.worker(1).say(inbox=inbox.format(folder=pipeline.folder).encode())
    ventilator.drops("a presence whose inbox is not where it came from")
    assert "a worker at" not in ventilator.process.err
    finish(ventilator)


def test_a_connection_brings_another_worker_when_the_one_before_is_gone(talk):
    """As when a worker's last words come after its connection was closed, and its descriptor is the next one's."""
    ventilator = talk()
    worker = ventilator.worker(1)
    worker.say()
    worker.hear()
    worker.say(slots=0)
    worker.say(worker=2)
    assert worker.hear(lambda lane: lane["worker"] == 2)
    finish(ventilator)


def test_a_connection_brings_the_presence_of_one_worker(talk):
    ventilator = talk()
    worker = ventilator.worker(1)
    worker.say()
    worker.say(worker=2)
    ventilator.drops("a presence through the connection of another worker")
    assert ventilator.process.err.count("a worker at") <= 1
    finish(ventilator)


def test_a_batch_that_is_given_up_waits_for_no_task_that_was_not_started(talk):
    ventilator = talk("--halt", "now,fail=1")
    worker = ventilator.worker(1)
    worker.arrive(slots=2)
    assert worker.tasks() == [1, 2]
    ventilator.receipt(one(2), verdict=1)
    given_up = worker.hear(lambda lane: lane["abort"])
    assert tasks_in(given_up["recalled"]) == [1]
    worker.say(slots=2)
    assert ventilator.process.status() == 255


def test_a_worker_that_comes_when_the_batch_is_given_up_is_told_so(talk):
    ventilator = talk("--halt", "now,fail=1")
    first, second = ventilator.worker(1), ventilator.worker(2)
    first.arrive(slots=2)
    assert first.tasks() == [1, 2]
    ventilator.receipt(one(2), verdict=1)
    first.hear(lambda lane: lane["abort"])
    second.say()
    assert second.hear()["abort"]
    first.say(slots=2)
    assert ventilator.process.status() == 255


def test_the_result_of_a_lost_task_is_sent_again_until_it_has_a_receipt(talk):
    ventilator = talk(tasks=range(2))
    for number in 1, 2, 3:
        worker = ventilator.worker(number)
        worker.arrive()
        assert worker.tasks() == [1]
        worker.push.close()
        ventilator.process.says("(?s)" + ".*a worker is gone" * number)

    def connect_again():
        """What it says until its second announcement."""
        ventilator.results.pull.close()
        ventilator.results = Receiver(ventilator.context, ventilator.results.endpoint)
        said = []
        while said.count(protocol.ANNOUNCEMENT) < 2:
            said.append(protocol.decode(ventilator.results.pull.recv())[0])
        return said

    lost = ventilator.results.hear(protocol.RESULTS)
    assert [(result["ids"], result["outcome"], result["reason"]) for result in lost["results"]] == \
        [(one(1), protocol.LOST, b"lost 3 workers")]
    assert protocol.RESULTS in connect_again()
    ventilator.receipt(one(1), worker=0, verdict=1)
    worker = ventilator.worker(4)
    worker.arrive()
    assert worker.tasks() == [2]
    assert protocol.RESULTS not in connect_again()
    ventilator.receipt(one(2), worker=4)
    assert ventilator.process.status() == 1


def test_a_worker_of_another_version_is_named_and_greeted_so_that_it_knows(talk):
    ventilator = talk()
    worker = ventilator.worker(1)
    worker.say(version=3)
    ventilator.process.says("^ventilator: worker w speaks version 3 of divvy's protocol, and this is version 2")
    assert worker.hear()["tasks"] == []
    worker.say(version=3)
    other = ventilator.worker(2)
    other.arrive()
    assert other.tasks() == [1], "and the other one gets nothing"
    finish(ventilator)


def test_receipts_of_another_version_are_named(talk):
    ventilator = talk()
    ventilator.push.send(of_version(3, protocol.encode(protocol.RECEIPTS, ventilator=1, batch=1, resumed=0, command=b"", refusal=b"", more=0, live=0,
                                                         receipts=[])))
    ventilator.process.says("^ventilator: the sink speaks version 3 of divvy's protocol, and this is version 2")
    worker = ventilator.worker(1)
    worker.arrive()
    finish(ventilator)


@pytest.mark.parametrize("kind, said", [
    ("workers of another pool", dict(pool=b"other")),
    ("workers without a lane", dict(inbox=b"", lane_port=0)),
    ("workers of another version", dict(version=3))])
def test_of_a_crowd_of_workers_with_one_fault_ten_are_named(talk, kind, said):
    """Also when all of them are one peer's inventions."""
    ventilator = talk()
    peer = ventilator.worker(1)
    for number in range(1, 201):
        peer.say(worker=number, name=b"w%d" % number, **said)
    ventilator.process.says(f"^ventilator: there are more {kind}$")
    worker = ventilator.worker(300)
    worker.arrive()
    finish(ventilator)
    assert sum(line.startswith("ventilator: worker w") for line in ventilator.process.err.splitlines()) == 10
