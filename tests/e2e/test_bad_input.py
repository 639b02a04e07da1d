"""What is wrong at the start ends with one line and status 255; what a peer sends wrong hurts nobody."""
import random
import re
import socket

import pytest
import zmq

import protocol
from pipeline import BIN, refused

MORE = {"ventilator": ("--random", "1"), "worker": (), "sink": ()}  # what makes the command line complete


# --- wrong at the start


@pytest.mark.parametrize("program", ["ventilator", "worker", "sink"])
@pytest.mark.parametrize("option, says", [("--help", "Usage: "), ("--version", r"\d+\.\d+")])
def test_help_and_version_are_no_errors(pipeline, program, option, says):
    process = pipeline.start(BIN / program, option)
    assert (process.status(), process.err) == (0, "")
    assert re.search(says, process.out)


@pytest.mark.parametrize("program", ["ventilator", "worker", "sink"])
def test_an_unknown_option_is_named(pipeline, program):
    assert "--no-such-option" in refused(pipeline, program, "--no-such-option")


@pytest.mark.parametrize("program, words", [
    ("worker", ["-j", "0"]), ("worker", ["-j", "x"]), ("worker", ["--timeout", "x"]), ("worker", ["--timeout", "0"]),
    ("worker", ["stray"]), ("sink", ["stray"]), ("sink", ["--classic", "0"]),
    ("ventilator", ["--random", "x"]), ("ventilator", ["--random", "-3"]), ("ventilator", ["--retries", "-1"]),
    ("ventilator", ["--random", "3", "--min-msec", "5", "--max-msec", "2"]), ("ventilator", ["--random", "3", "-"]),
], ids=lambda value: value if isinstance(value, str) else " ".join(value))
def test_a_value_that_makes_no_sense_is_refused(pipeline, program, words):
    refused(pipeline, program, *pipeline.at, *words)


def test_a_file_that_is_not_there_is_named(pipeline):
    assert re.search(r"/no/such/file.*No such file", refused(pipeline, "ventilator", *pipeline.at, "/no/such/file"))


def test_a_directory_is_no_task_file(pipeline):
    assert re.search(r"directory", refused(pipeline, "ventilator", *pipeline.at, pipeline.folder), re.I)


@pytest.mark.parametrize("program", ["ventilator", "worker", "sink"])
@pytest.mark.parametrize("endpoint", ["nonsense", "tcp://127.0.0.1", "tcp://127.0.0.1:99999", "udp://127.0.0.1:5", "", "ipc://"])
def test_a_bad_endpoint_is_refused(pipeline, program, endpoint):
    refused(pipeline, program, *pipeline.but(results=endpoint), *MORE[program])


@pytest.mark.parametrize("endpoint", ["nonsense", "tcp://127.0.0.1", "udp://127.0.0.1:5"])
def test_a_bad_inbox_is_refused(pipeline, endpoint):
    refused(pipeline, "worker", *pipeline.at, "--inbox", endpoint)


@pytest.mark.parametrize("address", ["nonsense:port", "127.0.0.1:65534", "ipc://"])
def test_a_bad_address_is_refused(pipeline, address):
    refused(pipeline, "sink", "--at", address)


@pytest.mark.parametrize("program, words", [
    ("sink", ["--at", "0.0.0.0"]), ("sink", ["--at", "*"]), ("sink", ["--results", "tcp://*:5558"]),
    ("sink", ["--results", "tcp://[::]:5558"]), ("ventilator", ["--random", "1", "--tasks", "tcp://*:5557"]),
    ("ventilator", ["--random", "1", "--feedback", "tcp://0.0.0.0:5559"]), ("worker", ["--inbox", "tcp://*:*"]),
    ("worker", ["--at", "192.0.2.1"]),
], ids=lambda value: value if isinstance(value, str) else " ".join(value))
def test_an_address_that_others_can_reach_needs_insecure(pipeline, program, words):
    assert "--insecure" in refused(pipeline, program, *words)


def test_with_insecure_an_address_that_others_can_reach_is_allowed(pipeline):
    pipeline.start(BIN / "sink", "-v", "--results", "tcp://*:*", "--insecure").says("results on tcp://")


@pytest.mark.parametrize("program, line", [("sink", "results"), ("ventilator", "tasks"), ("ventilator", "feedback"),
                                           ("worker", "inbox")])
def test_a_tcp_port_in_use_is_named(pipeline, program, line):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        endpoint = f"tcp://127.0.0.1:{other.getsockname()[1]}"
        said = refused(pipeline, program, *pipeline.but(**{line: endpoint}), *MORE[program])
        assert re.search(f"{endpoint}.*in use", said)


def test_an_ipc_endpoint_in_use_is_not_taken_from_its_owner(pipeline):
    owner = pipeline.sink()
    owner.says("results on")
    assert "in use" in refused(pipeline, "sink", *pipeline.at)
    pipeline.worker()
    assert (pipeline.ventilator(tasks=[1]).status(), owner.status()) == (0, 0)


def test_an_ipc_file_left_by_a_killed_sink_is_no_obstacle(pipeline):
    victim = pipeline.sink()
    victim.says("results on")
    victim.kill()
    assert pipeline.file("results").exists()
    sink, ventilator = pipeline.batch([1])
    assert (ventilator.status(), sink.status()) == (0, 0)


# --- wrong tasks


def test_a_workload_that_is_no_number_is_a_failed_task_and_the_worker_lives_on(pipeline):
    sink, worker = pipeline.sink(), pipeline.worker()
    tasks = ["1", "one", "-1", "1.5x", "99999999999999999999999", "2"]
    ventilator = pipeline.ventilator(tasks=tasks)
    assert (ventilator.status(), sink.status()) == (4, 4)
    assert re.search(r"task 2 failed.*one", sink.err)
    assert worker.popen.poll() is None


# --- wrong messages


@pytest.fixture
def stranger():
    """Sends anything to any endpoint, and waits until it was handed over."""
    context = zmq.Context()

    def send(endpoint, *messages):
        with context.socket(zmq.PUSH) as push:
            push.setsockopt(zmq.LINGER, 60_000)
            push.connect(endpoint)
            for message in messages:
                push.send(message)

    yield send
    context.term()


def cut_and_garbled(kind, **fields):
    """One message in all the ways that it can be too short or too long, and 200 with wrong bytes in them."""
    message = protocol.encode(kind, **fields)
    dice = random.Random(kind)
    yield from (message[:end] for end in range(1, len(message)))
    yield message + b"\0"
    for _ in range(200):
        garbled = bytearray(message)
        for _ in range(dice.randint(1, 8)):
            garbled[dice.randrange(1, len(message))] = dice.choice((0, 1, 0x7F, 0x80, 0xFF, dice.randrange(256)))
        yield bytes(garbled)
    for size in (1, 3, 100, 10_000):
        yield bytes((protocol.MAGIC, protocol.VERSION, kind)) + dice.randbytes(size)
        yield bytes((protocol.MAGIC,)) + dice.randbytes(size)


RANGES = [range(1, 3), range(5, 6)]
RESULT = dict(ids=range(1, 2), attempt=1, attempts=1, slot=1, outcome=1, status=0, started=1, ended=2, took=[], cpu=0, max_rss=0, texts=[b"x"],
              output=b"from a stranger", errors=b"e", reason=b"r")
LANE = dict(worker=1, ventilator=2, sequence=3, batch=4, settled=[dict(ids=range(1, 2), attempt=0)], recalled=RANGES, abort=0, live=0, form=protocol.LINE, header=b"",
            tasks=[dict(ids=range(1, 3), attempt=1, attempts=1, texts=[b"a", b"b"])])
PRESENCE = dict(worker=1, name=b"stranger", inbox=b"nowhere", lane_port=0, slots=1, workloads=1, pool=b"", command=b"c", reaches_sink=1,
                ventilator=0, sequence=0, batch=0, running=RANGES, queued=RANGES, finished=RANGES)
RESULTS = dict(worker=1, name=b"stranger", batch=2, results=[RESULT])
RECEIPTS = dict(ventilator=1, batch=2, resumed=0, command=b"c", refusal=b"", more=0, live=0,
                receipts=[dict(worker=1, ids=range(1, 2), attempt=1, verdict=0, duration=1, digest=0)])
ANNOUNCEMENT = dict(ventilator=1, batch=2, name=b"n", feedback=b"nowhere", sender=b"s", command=b"c", state=0, tasks=1, elapsed=1,
                    forget_failed=0, workloads=0, workers=1, slots=1, busy_slots=1, time_left=0, oldest=0, oldest_age=0)
LIVE_OUTPUT = dict(worker=1, name=b"stranger", batch=2, fragments=[dict(id=1, attempt=1, errors=0, offset=0, text=b"x", lines=b"l\n")])


def all_kinds():
    for kind, fields in ((protocol.LANE, LANE), (protocol.PRESENCE, PRESENCE), (protocol.RESULTS, RESULTS),
                         (protocol.RECEIPTS, RECEIPTS), (protocol.ANNOUNCEMENT, ANNOUNCEMENT), (protocol.LIVE_OUTPUT, LIVE_OUTPUT)):
        yield from cut_and_garbled(kind, **fields)


@pytest.mark.parametrize("transport", ["ipc", "tcp"])
def test_messages_that_make_no_sense_do_not_disturb_a_batch(pipeline, gate, stranger, transport):
    if transport == "tcp":
        pipeline.use_tcp()
    sink = pipeline.sink()
    ventilator = pipeline.ventilator(tasks=range(20))
    worker = pipeline.worker(command=gate.command)
    gate.came(1)
    inbox = worker.says(r"listens on (\S+)")[1].replace("[::ffff:127.0.0.1]", "127.0.0.1")
    for endpoint in (pipeline.endpoints["results"], pipeline.endpoints["feedback"], inbox):
        stranger(endpoint, *all_kinds())
    for process in (sink, ventilator, worker):
        process.says("dropped")
    gate.open()
    assert (ventilator.status(), sink.status()) == (0, 0)
    assert sorted(sink.out.splitlines()) == sorted(f"done {task}" for task in range(20))
    assert worker.popen.poll() is None


def test_bytes_that_are_not_zeromq_do_not_disturb_a_batch(pipeline, gate):
    """Some of them pass for ZMTP 1.0, so that any number of plain messages may come out of them."""
    pipeline.use_tcp()
    sink = pipeline.sink()
    ventilator = pipeline.ventilator(tasks=range(5))
    worker = pipeline.worker(command=gate.command)
    gate.came(1)
    inbox = worker.says(r"listens on (\S+)")[1]
    for endpoint in (*pipeline.endpoints.values(), inbox):
        for seed in range(5):
            with socket.create_connection(("127.0.0.1", int(endpoint.rpartition(":")[2]))) as connection:
                connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" + random.Random(seed).randbytes(10_000))
    gate.open()
    assert (ventilator.status(), sink.status()) == (0, 0)


def test_plain_messages_do_not_disturb_a_batch(pipeline, gate, stranger):
    sink = pipeline.sink()
    ventilator = pipeline.ventilator(tasks=range(5))
    pipeline.worker(command=gate.command)
    gate.came(1)
    for line in ("results", "feedback"):
        stranger(pipeline.endpoints[line], b"hello", b"\0" * 100, *[b""] * 150)
    gate.open()
    assert (ventilator.status(), sink.status()) == (0, 0)
    assert sorted(sink.out.splitlines()) == [f"done {task}" for task in range(5)]
