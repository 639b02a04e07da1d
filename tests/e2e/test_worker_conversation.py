"""What docs/protocol.md says of a worker, told to it message by message.

It is the real one, and the one that was written from the page alone.
"""
import signal

import pytest
import zmq

import protocol
from conversation import BATCH, VENTILATOR, Receiver, WithWorker, of_version, one, run, settled, tasks_in
from pipeline import eventually


@pytest.fixture(params=["worker", "protocol_worker"])
def talk(request, context, pipeline):
    conversations = []

    def start(*options, **more):
        conversations.append(WithWorker(context, pipeline, lambda: getattr(pipeline, request.param)(*options, **more)))
        return conversations[-1]

    yield start
    for conversation in conversations:
        conversation.process.kill()  # told to leave, it would finish the long tasks that it was given


def test_a_worker_says_who_it_is_when_it_arrives(talk):
    said = talk("--slots", "3").first
    assert (said["slots"], said["workloads"], said["ventilator"], said["sequence"], said["batch"]) == (3, 1, 0, 0, 0)
    assert said["running"] == said["queued"] == said["finished"] == []
    assert said["worker"] != 0


def test_a_worker_says_so_every_second(talk):
    talk().feedback.hear(protocol.PRESENCE)


def test_a_worker_answers_a_greeting_with_its_sequence(talk):
    said = talk().state()
    assert (said["ventilator"], said["sequence"], said["batch"]) == (VENTILATOR, 1, BATCH)


def test_a_worker_answers_a_task_with_its_result(talk):
    worker = talk()
    worker.say(tasks=[run(4, "1", attempt=2, attempts=3)])
    result = worker.result()
    assert (result["ids"], result["attempt"], result["attempts"], result["texts"]) == (one(4), 2, 3, [b"1"])
    assert (result["outcome"], result["status"]) == (protocol.SLEPT, 0)
    assert result["ended"] - result["started"] >= 1_000_000


def test_a_command_answers_with_its_status_and_output(talk):
    worker = talk(command=("sh", "-c", "echo out; echo err >&2; exit 7", "{}"))
    assert worker.first["workloads"] == 0
    worker.say(tasks=[run(1, "x")])
    result = worker.result()
    assert (result["outcome"], result["status"]) == (protocol.EXITED, 7)
    assert (result["output"], result["errors"]) == (b"out\n", b"err\n")


def test_a_message_for_another_worker_is_dropped(talk):
    worker = talk()
    worker.say(worker=1, tasks=[run(1, "100000")])
    assert worker.state()["running"] == []


def test_a_message_whose_sequence_is_not_above_the_last_is_dropped(talk):
    worker = talk()
    worker.say(tasks=[run(1, "100000")])
    worker.say(sequence=1, tasks=[run(2, "100000")])
    said = worker.state()
    assert (tasks_in(said["running"]), tasks_in(said["queued"])) == ([1], [])


def test_a_new_ventilator_is_followed_and_the_former_one_is_not_any_more(talk):
    worker = talk()
    worker.say(tasks=[run(1, "100000")])
    worker.say(ventilator=2)
    worker.say(tasks=[run(2, "100000")])
    said = worker.state(ventilator=2)
    assert (tasks_in(said["running"]), tasks_in(said["queued"])) == ([1], [])


def test_a_new_ventilator_counts_from_its_own_start(talk):
    worker = talk()
    worker.say(sequence=1000)
    assert worker.state(ventilator=2)["sequence"] == 2


def test_another_batch_makes_a_worker_forget_the_former_one(talk, gate):
    worker = talk(command=gate.command)
    worker.say(tasks=[run(1, "old-1", "old-2")])
    gate.came(1)
    worker.say(batch=8, tasks=[run(1, "new-1")])
    worker.say(batch=8)
    said = worker.feedback.hear(protocol.PRESENCE, lambda said: said["sequence"] == 3)
    assert (said["batch"], tasks_in(said["running"]), tasks_in(said["queued"])) == (8, [], [1])
    gate.open()
    heard = worker.results.hear(protocol.RESULTS)
    assert (heard["batch"], heard["results"][0]["texts"]) == (8, [b"new-1"])
    assert "old-2" not in gate.seen()


def test_a_result_is_kept_until_it_is_settled(talk):
    worker = talk()
    worker.say(tasks=[run(1, "0"), run(2, "0")])
    heard = set()
    while heard != {1, 2}:
        heard.update(tasks_in(result["ids"] for result in worker.results.hear(protocol.RESULTS)["results"]))
    assert tasks_in(worker.state()["finished"]) == [1, 2]
    worker.say(settled=[settled(1)])
    assert tasks_in(worker.state()["finished"]) == [2]


def test_only_the_attempt_that_is_settled_is_forgotten(talk):
    worker = talk()
    worker.say(tasks=[run(1, "1", attempt=2, attempts=3)])
    worker.result()
    worker.say(settled=[settled(1, attempt=1)])
    assert tasks_in(worker.state()["finished"]) == [1]
    worker.say(settled=[settled(1, attempt=0)])
    assert tasks_in(worker.state()["finished"]) == []


def test_a_running_task_is_not_settled(talk):
    worker = talk()
    worker.say(tasks=[run(1, "100000")])
    worker.say(settled=[settled(1, attempt=0)])
    assert tasks_in(worker.state()["running"]) == [1]


def test_what_is_queued_is_given_back_when_recalled_and_what_runs_is_not(talk):
    worker = talk()
    worker.say(tasks=[run(1, "100000", "100000", "100000")])
    assert tasks_in(worker.state()["queued"]) == [2, 3]
    sequence = worker.say(recalled=[range(1, 3)])
    said = worker.feedback.hear(protocol.PRESENCE, lambda said: said["sequence"] == sequence)
    assert (tasks_in(said["running"]), tasks_in(said["queued"])) == ([1], [3])


REAL = pytest.mark.parametrize("talk", ["worker"], indirect=True)  # the other one's tasks are threads, and plain ones none


@REAL
def test_an_abort_kills_what_runs(talk):
    worker = talk(command=("sh", "-c", "exec sleep 1000", "{}"))
    worker.say(tasks=[run(1, "a")])
    assert tasks_in(worker.state()["running"]) == [1]
    worker.say(abort=1)
    result = worker.result()
    assert (result["outcome"], result["status"]) == (protocol.SIGNALLED, signal.SIGTERM)


@REAL
def test_an_abort_leaves_a_plain_task_and_the_batch_before_alone(talk, gate, context, pipeline):
    line = context.socket(zmq.PUSH)
    line.bind(pipeline.endpoints["tasks"])
    worker = talk("--slots", "3", command=gate.command)
    worker.say(tasks=[run(1, "before")])
    gate.came(1)
    line.send(b"plain")
    gate.came(2)
    worker.say(batch=BATCH + 1, tasks=[run(1, "now")])
    gate.came(3)
    worker.say(batch=BATCH + 1, abort=1)
    assert worker.result()["texts"] == [b"now"]
    gate.open()
    eventually(lambda: "done plain" in worker.process.out, "the plain task to end")
    assert gate.seen().keys() == {"before", "plain", "now"}


def test_a_task_that_is_held_is_not_queued_again(talk):
    worker = talk()
    worker.say(tasks=[run(1, "100000", "1")])
    worker.say(tasks=[run(1, "100000", "1"), run(2, "1", attempt=2, attempts=2)])
    said = worker.state()
    assert (tasks_in(said["running"]), tasks_in(said["queued"])) == ([1], [2])


def test_the_settled_attempt_makes_room_for_the_next_in_one_message(talk):
    worker = talk(command=("sh", "-c", "exit 1", "{}"))
    worker.say(tasks=[run(1, "x", attempts=2)])
    assert worker.result()["attempt"] == 1
    worker.say(settled=[settled(1)], tasks=[run(1, "x", attempt=2, attempts=2)])
    assert worker.result()["attempt"] == 2


def test_a_new_sink_is_sent_what_is_not_settled(talk):
    worker = talk()
    worker.say(tasks=[run(1, "1")])
    worker.result()
    worker.results.pull.close()
    worker.results = Receiver(worker.context, worker.endpoints["results"])
    assert worker.result()["ids"] == one(1)


def test_a_new_ventilator_socket_is_sent_a_presence(talk):
    worker = talk()
    worker.feedback.pull.close()
    worker.feedback = Receiver(worker.context, worker.endpoints["feedback"])
    assert worker.feedback.hear(protocol.PRESENCE)["worker"] == worker.first["worker"]


def test_a_leaving_worker_says_so_finishes_what_runs_and_says_farewell(talk, gate):
    worker = talk(command=gate.command)
    worker.say(tasks=[run(1, "a", "b")])
    gate.came(1)
    worker.process.send(signal.SIGTERM)
    said = worker.feedback.hear(protocol.PRESENCE, lambda said: said["slots"] == 0)
    assert (tasks_in(said["running"]), tasks_in(said["queued"])) == ([1], [])
    gate.open()
    assert worker.result()["texts"] == [b"a"]
    worker.say(settled=[settled(1)])
    worker.feedback.hear(protocol.PRESENCE, lambda said: said["slots"] == 0 and
                         said["running"] == said["queued"] == said["finished"] == [])
    assert worker.process.status() == 0
    assert list(gate.seen()) == ["a"]


def test_a_leaving_worker_takes_no_more_tasks(talk, gate):
    worker = talk(command=gate.command)
    worker.say(tasks=[run(1, "a")])
    gate.came(1)
    worker.process.send(signal.SIGTERM)
    worker.feedback.hear(protocol.PRESENCE, lambda said: said["slots"] == 0)
    worker.say(tasks=[run(2, "b")])
    assert tasks_in(worker.state()["queued"]) == []


def test_what_is_settled_or_recalled_and_was_never_here_changes_nothing(talk):
    worker = talk()
    worker.say(tasks=[run(1, "100000", "100000")])
    worker.say(settled=[dict(ids=range(50, 2**61), attempt=0)], recalled=[range(3, 2**61)])
    said = worker.state()
    assert (tasks_in(said["running"]), tasks_in(said["queued"])) == ([1], [2])


@pytest.mark.parametrize("nothing", ["ventilator", "sequence"])
def test_a_message_without_a_sender_or_a_sequence_is_dropped(talk, nothing):
    worker = talk()
    worker.say(tasks=[run(1, "100000")], **{nothing: 0})
    assert worker.state()["running"] == []


def test_a_ventilator_of_another_version_is_named(talk):
    worker = talk()
    lane = dict(worker=worker.first["worker"], ventilator=VENTILATOR, sequence=1, batch=BATCH, settled=[], recalled=[], abort=0, live=0, form=protocol.LINE, header=b"",
                tasks=[])
    worker.lane.send(of_version(3, protocol.encode(protocol.LANE, **lane)))
    worker.process.says("version 3 of (divvy's|the) protocol, and this is version 2")
    assert worker.state()["ventilator"] == VENTILATOR


@REAL
def test_a_worker_says_what_it_was_told_to_be_and_what_it_runs(talk):
    said = talk("--name", "a name", "--pool", "gpu", "--stdin", command=("grep", "a b", "{}")).first
    assert (said["name"], said["pool"], said["command"]) == (b"a name", b"gpu", b"grep 'a b' '{}' (--stdin)")


@REAL
def test_a_worker_without_a_command_names_none(talk):
    said = talk().first
    assert (said["pool"], said["command"]) == (b"", b"")


@REAL
def test_a_result_names_the_slot(talk):
    worker = talk("--first-slot", "7", command=("true",))
    worker.say(tasks=[run(1, "x")])
    assert worker.result()["slot"] == 7
