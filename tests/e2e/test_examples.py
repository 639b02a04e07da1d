"""The workers of somebody's own in examples/ take part in real batches, and keep the protocol's rules."""
import os
import random
import re
import socket
import sys

import pytest

import protocol
from conversation import WithWorker, one, run, settled
from pipeline import BIN, EXAMPLES, eventually

TEXTS = {"a": "one two\nthree\n", "b": "", "c": "four\n"}


class Slow:
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
    return lambda address=f"ipc://{pipeline.folder}": pipeline.start(*words, address)


@pytest.fixture
def files(pipeline):
    for name, text in TEXTS.items():
        pipeline.file(name).write_text(text)
    return [pipeline.file(name) for name in TEXTS]


@pytest.fixture
def slow(pipeline):
    """A file that is not read to its end until the test has written it."""
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


def counts(pipeline, sink):
    return sink.out.replace(f"{pipeline.folder}/", "")


def test_it_counts_the_words_of_files(pipeline, start, files):
    sink = pipeline.sink("-k")
    ventilator = pipeline.ventilator(tasks=files)
    start()
    assert (ventilator.status(), sink.status()) == (0, 0)
    assert counts(pipeline, sink) == "3 a\n0 b\n1 c\n"


def test_it_works_on_loopback_beside_others_of_its_kind(pipeline, start, files):
    port = three_free_ports()
    pipeline.endpoints = {line: f"tcp://127.0.0.1:{port + n}" for n, line in enumerate(("tasks", "results", "feedback"))}
    sink = pipeline.sink("-k")
    ventilator = pipeline.ventilator("--workers", "2", tasks=files)
    start(f"127.0.0.1:{port}"), start(f"localhost:{port}")
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


# --- message by message


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
