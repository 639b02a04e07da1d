"""The workers of somebody's own in examples/ take part in real batches, and keep the protocol's rules."""
import os
import random
import re
import signal
import socket
import sys

import pytest
import zmq

import divvy_worker
import protocol
from conversation import Connections, Receiver, WithWorker, one, run, settled, tasks_in
from pipeline import BIN, DEADLINE, EXAMPLES, eventually
from test_key import make_key

TEXTS = {"a": "one two\nthree\n", "b": "", "c": "four\n"}


class Slow:
    """A file that is not read to its end until the test has written it."""

    def __init__(self, path):
        self.path, self.end = path, None
        os.mkfifo(path)

    def is_being_read(self):
        """Waits until it is."""
        self.end = eventually(self.open, f"{self.path} to be read")

    def open(self):
        try:
            return os.open(self.path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            return None

    def write(self, text):
        if self.end is None:
            self.is_being_read()
        os.write(self.end, text.encode())
        os.close(self.end)


@pytest.fixture(params=["cpp", "python"])
def start(request, pipeline):
    """Starts the example, where the test's ventilator and sink are."""
    words = {"cpp": [BIN / "count_words"], "python": [sys.executable, EXAMPLES / "python" / "count_words.py"]}[request.param]
    return lambda address=f"ipc://{pipeline.folder}", *key: pipeline.start(*words, address, *key)


@pytest.fixture
def files(pipeline):
    for name, text in TEXTS.items():
        pipeline.file(name).write_text(text)
    return [pipeline.file(name) for name in TEXTS]


@pytest.fixture
def slow(pipeline):
    return Slow(pipeline.file("slow"))


@pytest.fixture
def talk(context, pipeline, start):
    conversation = WithWorker(context, pipeline, start)
    yield conversation
    conversation.process.kill()


def three_free_ports():
    """The first of them; below those that the system hands out."""
    while True:
        port = random.randrange(20000, 32000)
        try:
            for each in range(port, port + 3):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", each))
            return port
        except OSError:
            pass


def use_loopback(pipeline):
    """Returns the address."""
    port = three_free_ports()
    pipeline.endpoints = {line: f"tcp://127.0.0.1:{port + n}" for n, line in enumerate(("tasks", "results", "feedback"))}
    return f"127.0.0.1:{port}"


def counts(pipeline, sink):
    return sink.out.replace(f"{pipeline.folder}/", "")


def test_it_counts_the_words_of_files(pipeline, start, files):
    sink = pipeline.sink("-k")
    ventilator = pipeline.ventilator(tasks=files)
    start()
    assert (ventilator.status(), sink.status()) == (0, 0)
    assert counts(pipeline, sink) == "3 a\n0 b\n1 c\n"


def test_it_works_on_loopback_beside_others_of_its_kind(pipeline, start, files):
    address = use_loopback(pipeline)
    sink = pipeline.sink("-k")
    ventilator = pipeline.ventilator("--workers", "2", tasks=files)
    start(address), start(address.replace("127.0.0.1", "localhost"))
    assert (ventilator.status(), sink.status()) == (0, 0)
    assert counts(pipeline, sink) == "3 a\n0 b\n1 c\n"


def test_it_serves_many_tasks_that_take_no_time(pipeline, start, files):
    sink = pipeline.sink("-k")
    ventilator = pipeline.ventilator(tasks=files * 500)
    start()
    assert (ventilator.status(), sink.status()) == (0, 0)
    assert counts(pipeline, sink) == "3 a\n0 b\n1 c\n" * 500


def test_a_task_that_it_cannot_do_is_named_with_the_reason(pipeline, start):
    sink = pipeline.sink()
    ventilator = pipeline.ventilator(tasks=["/no/such/file"])
    start()
    assert (ventilator.status(), sink.status()) == (1, 1)
    assert re.search("task 1 failed, .*(cannot read it|No such file).*: /no/such/file", sink.err)


def test_it_gives_its_result_to_a_new_sink(pipeline, start, slow):
    victim = pipeline.sink()
    ventilator = pipeline.ventilator(tasks=[slow.path])
    start()
    slow.is_being_read()
    victim.kill()
    sink = pipeline.sink()
    slow.write("five six")
    assert (ventilator.status(), sink.status(), counts(pipeline, sink)) == (0, 0, "2 slow\n")


def test_it_goes_on_with_a_new_ventilator(pipeline, start, slow, files):
    sink = pipeline.sink("-k")
    tasks = [slow.path, *files]
    victim = pipeline.ventilator("--name", "n", tasks=tasks)
    start()
    slow.is_being_read()
    victim.kill()
    ventilator = pipeline.ventilator("--name", "n", tasks=tasks)
    slow.write("five six")
    assert (ventilator.status(), sink.status()) == (0, 0)
    assert counts(pipeline, sink) == "2 slow\n3 a\n0 b\n1 c\n"


def test_it_refuses_an_address_that_others_can_reach(start):
    worker = start("192.0.2.1")
    assert worker.status() > 0
    assert re.fullmatch(r".*192\.0\.2\.1\S* can be reached by others, .*\n", worker.err)


def test_two_of_them_share_the_tasks(pipeline, start):
    sink = pipeline.sink("-k")
    both = [Slow(pipeline.file(name)) for name in ("slow", "slower")]
    ventilator = pipeline.ventilator("--workers", "2", tasks=[slow.path for slow in both])
    start(), start()
    for slow in both:
        slow.is_being_read()
    for slow in both:
        slow.write("one two")
    assert (ventilator.status(), sink.status()) == (0, 0)
    assert counts(pipeline, sink) == "2 slow\n2 slower\n"


def test_an_exception_among_many_tasks_fails_just_its_own(pipeline, start, files):
    sink = pipeline.sink("-k")
    ventilator = pipeline.ventilator(tasks=[*files * 100, "/no/such/file", *files * 100])
    start()
    assert (ventilator.status(), sink.status()) == (1, 1)
    assert re.findall("task (.*) failed", sink.err) == ["301"]
    assert counts(pipeline, sink) == "3 a\n0 b\n1 c\n" * 200


# --- with a key


@pytest.mark.parametrize("transport", ["tcp", "ipc"])
def test_with_the_key_it_takes_part(pipeline, start, files, transport):
    key = make_key(pipeline, "key")
    address = use_loopback(pipeline) if transport == "tcp" else f"ipc://{pipeline.folder}"
    sink = pipeline.sink("-k", "--key", key)
    ventilator = pipeline.ventilator("--key", key, tasks=files)
    start(address, key)
    assert (ventilator.status(), sink.status()) == (0, 0)
    assert counts(pipeline, sink) == "3 a\n0 b\n1 c\n"


@pytest.mark.parametrize("theirs", ["another key", "no key"])
def test_without_the_key_it_gets_nothing(pipeline, start, files, theirs):
    key = make_key(pipeline, "key")
    address = use_loopback(pipeline)
    sink = pipeline.sink("-k", "--key", key)
    ventilator = pipeline.ventilator("--key", key, tasks=files)
    stranger = start(address, *([make_key(pipeline, "other")] if theirs == "another key" else []))
    # Whichever end sees first that there is no key on both closes the connection.
    eventually(lambda: re.search("refused|cannot talk to", ventilator.err + sink.err + stranger.err), "somebody to be refused")
    friend = start(address, key)
    assert (ventilator.status(), sink.status()) == (0, 0)
    assert counts(pipeline, sink) == "3 a\n0 b\n1 c\n"
    assert f":{friend.pid}" in ventilator.err and f":{stranger.pid}" not in ventilator.err


def test_a_stranger_cannot_give_it_tasks(pipeline, start, context):
    key = make_key(pipeline, "key")
    address = use_loopback(pipeline)
    feedback = context.socket(zmq.PULL)
    secret = key.read_bytes().split()[3]
    feedback.curve_server, feedback.curve_secretkey = True, secret
    feedback.rcvtimeo = DEADLINE * 1000
    feedback.bind(pipeline.endpoints["feedback"])
    start(address, key)
    _, presence = protocol.decode(feedback.recv())
    stranger = context.socket(zmq.PUSH)
    stranger.curve_publickey, stranger.curve_secretkey = zmq.curve_keypair()
    stranger.curve_serverkey = zmq.curve_public(secret)
    events = Connections(stranger)
    stranger.connect(presence["inbox"].decode())
    events.wait_for(zmq.EVENT_HANDSHAKE_FAILED_AUTH)


@pytest.mark.parametrize("damage, why", [(lambda key: key.chmod(0o640), "others can read it"),
                                         (lambda key: key.write_text("divvy key 1\n"), "it is no key file"),
                                         (lambda key: key.unlink(), "No such file")])
def test_a_key_file_that_is_not_right_is_refused(pipeline, start, damage, why):
    key = make_key(pipeline, "key")
    damage(key)
    worker = start("192.0.2.1", key)
    assert worker.status() > 0
    assert why in worker.err and worker.err.count("\n") == 1


def test_with_a_key_the_python_worker_goes_to_other_machines_and_listens_towards_them():
    assert divvy_worker.endpoints_at("192.0.2.1:6000", "a key") == ("tcp://192.0.2.1:6001", "tcp://192.0.2.1:6002")
    assert divvy_worker.endpoints_at("[::1]") == ("tcp://[::1]:5558", "tcp://[::1]:5559")
    assert divvy_worker.inbox_beside("tcp://127.0.0.1:5559") == "tcp://127.0.0.1:*"


# --- message by message


def outputs(result):
    return protocol.unpack(result["output"]) if len(result["ids"]) > 1 else [result["output"]]


def results_until(talk, count):
    """Results, until they are of so many tasks."""
    while count > 0:
        result = talk.result()
        count -= len(result["ids"])
        yield result


def test_it_says_who_it_is_every_second_also_while_it_works(talk, slow):
    talk.say(tasks=[run(1, str(slow.path))])
    slow.is_being_read()
    for _ in range(2):
        talk.feedback.hear(protocol.PRESENCE, lambda said: said["running"] == [one(1)])
    slow.write("five")
    assert talk.result()["output"] == b"1 %s\n" % os.fsencode(slow.path)


def test_it_gives_back_what_it_has_not_started(talk, slow):
    talk.say(tasks=[run(1, str(slow.path), "/dev/null", "/dev/null")])
    slow.is_being_read()
    talk.say(recalled=[range(1, 3)])
    said = talk.feedback.hear(protocol.PRESENCE, lambda said: said["sequence"] == 2)
    assert (said["running"], said["queued"], said["finished"]) == ([one(1)], [one(3)], [])
    slow.write("")
    assert [talk.result()["ids"] for _ in range(2)] == [one(1), one(3)]


def test_it_keeps_a_result_until_it_is_settled(talk):
    talk.say(tasks=[run(1, "/dev/null", attempt=2, attempts=2)])
    result = talk.result()
    assert (result["outcome"], result["attempt"], result["texts"]) == (protocol.EXITED, 2, [b"/dev/null"])
    talk.say(settled=[settled(1, attempt=1)])
    assert talk.state()["finished"] == [one(1)]
    talk.say(settled=[settled(1, attempt=2)])
    assert talk.state()["finished"] == []


def test_it_forgets_an_old_batch(talk, slow):
    talk.say(tasks=[run(1, str(slow.path), "/dev/null")])
    slow.is_being_read()
    talk.say(batch=0x78, tasks=[run(1, "/dev/null")])
    talk.feedback.hear(protocol.PRESENCE, lambda said: said["batch"] == 0x78)
    slow.write("five")
    assert talk.result()["output"] == b"0 /dev/null\n"


def test_results_of_brief_tasks_travel_together(talk):
    count = 2000
    talk.say(tasks=[run(1, *["/dev/null"] * count)])
    results = list(results_until(talk, count))
    assert len(results) < count
    for result in results:
        assert result["texts"] == [b"/dev/null"] * len(result["ids"])
        assert outputs(result) == [b"0 /dev/null\n"] * len(result["ids"])
        assert len(result["ids"]) == 1 or len(result["took"]) == len(result["ids"])


def test_a_task_that_fails_has_a_result_of_its_own_and_keeps_its_place(talk):
    talk.say(tasks=[run(1, *["/dev/null"] * 50, "/no/such/file", *["/dev/null"] * 50)])
    results = list(results_until(talk, 101))
    assert sorted(tasks_in(result["ids"] for result in results)) == list(range(1, 102))
    failed, = [result for result in results if result["outcome"] != protocol.EXITED]
    assert (failed["ids"], failed["texts"], failed["outcome"]) == (one(51), [b"/no/such/file"], protocol.FAILED)


def test_a_result_does_not_wait_for_a_long_task_behind_it(talk, slow):
    talk.say(tasks=[run(1, "/dev/null", str(slow.path))])
    assert talk.result()["ids"] == one(1)
    assert talk.state()["running"] == [one(2)]
    slow.write("")
    assert talk.result()["ids"] == one(2)


def test_it_sends_to_a_new_sink_what_is_not_settled(talk):
    talk.say(tasks=[run(1, *["/dev/null"] * 100)])
    list(results_until(talk, 100))
    talk.say(settled=[dict(ids=range(21, 101), attempt=1)])
    assert sorted(tasks_in(talk.state()["finished"])) == list(range(1, 21))
    talk.results.pull.close()
    talk.results = Receiver(talk.context, talk.endpoints["results"])
    again = tasks_in(result["ids"] for result in results_until(talk, 20))
    assert set(again) >= set(range(1, 21))


def test_told_to_leave_it_finishes_a_long_call_and_gives_back_the_rest(talk, slow):
    talk.say(tasks=[run(1, str(slow.path), "/dev/null", "/dev/null")])
    slow.is_being_read()
    talk.process.send(signal.SIGTERM)
    said = talk.feedback.hear(protocol.PRESENCE, lambda said: said["slots"] == 0)
    assert (said["running"], said["queued"], said["finished"]) == ([one(1)], [], [])
    slow.write("five")
    assert talk.result()["ids"] == one(1)
    talk.say(settled=[settled(1)])
    assert talk.process.status() == 0


def test_a_second_signal_does_not_wait_for_a_long_call(talk, slow):
    talk.say(tasks=[run(1, str(slow.path))])
    slow.is_being_read()
    talk.process.send(signal.SIGTERM)
    talk.feedback.hear(protocol.PRESENCE, lambda said: said["slots"] == 0)
    talk.process.send(signal.SIGTERM)
    assert talk.process.status() == -signal.SIGTERM
