"""Whatever strangers send to any open port: the batch comes to its right end, and nobody grows."""
import itertools
import os
import random
import resource
import signal
import socket
import struct
import time

import pytest
import zmq

import protocol
from pipeline import DEADLINE, eventually
from test_bad_input import ANNOUNCEMENT, LANE, PRESENCE, RECEIPTS, RESULTS
from test_key import make_key
from test_limits import MIB, memory, peak_memory, sanitized

SECONDS = float(os.environ.get("SHOWER_SECONDS", 3))  # of a shower; each test has two
MORE, LARGE, COMMAND = 1, 2, 4  # flags of a frame


def frame(content, flags=0, size=None):
    """As ZMTP 3 has it; `size`: what is said of its length, if that is to be wrong."""
    return bytes([flags | LARGE]) + struct.pack(">Q", len(content) if size is None else size) + content


def greeting(mechanism=b"NULL"):
    return b"\xff\0\0\0\0\0\0\0\1\x7f\3\0" + mechanism.ljust(20, b"\0") + b"\0" * 32


def ready(kind):
    return frame(b"\x05READY\x0bSocket-Type" + struct.pack(">I", len(kind)) + kind, COMMAND)


def knock(endpoint):
    """A connection, and nothing said yet."""
    return socket.create_connection(("127.0.0.1", int(endpoint.rpartition(":")[2])), timeout=DEADLINE)


def enter(endpoint, kind=b"PUSH"):
    """A connection that is let in, as one without a key is."""
    connection = knock(endpoint)
    connection.sendall(greeting() + ready(kind))
    heard = b""
    while b"READY" not in heard:
        some = connection.recv(1000)
        assert some
        heard += some
    return connection


def pour_until_closed(connection, content, most):
    """Sends it again and again; how many bytes until the connection was closed, which has to be before `most`."""
    sent = 0
    try:
        while sent < most:
            connection.sendall(content)
            sent += len(content)
    except TimeoutError:
        raise  # nobody reads, and it is still connected
    except OSError:
        return sent
    raise AssertionError(f"{sent} bytes, and still connected")


MESSAGES = list({protocol.LANE: LANE, protocol.PRESENCE: PRESENCE, protocol.RESULTS: RESULTS, protocol.RECEIPTS: RECEIPTS,
                 protocol.ANNOUNCEMENT: ANNOUNCEMENT}.items())


class Shower:
    """Random and mutated bytes for one port after the other; repeatable but for their timing."""

    def __init__(self, endpoints, key=None):
        self.endpoints, self.key, self.dice, self.sent = endpoints, key, random.Random(6), 0

    def pour(self, seconds):
        end = time.monotonic() + seconds
        with zmq.Context() as context:
            while time.monotonic() < end:
                for endpoint in self.endpoints:
                    self.raw(endpoint)
                    self.messages(context, endpoint)

    def raw(self, endpoint):
        """What is no ZeroMQ, or begins as if it were."""
        noise = self.dice.randbytes(self.dice.choice((1, 11, 64, 5_000)))
        beginning = greeting(self.dice.choice((b"NULL", b"CURVE", b"PLAIN"))) + ready(b"PUSH")
        early = self.dice.choice((noise, beginning[:self.dice.randrange(len(beginning))], beginning[:64] + noise))
        late = frame(noise, self.dice.choice((0, MORE, COMMAND, 0xF8)),
                     self.dice.choice((None, len(noise) - 1, len(noise) + 1, 1 << self.dice.randrange(63))))
        try:
            if self.key or self.dice.random() < 0.5:
                with knock(endpoint) as connection:
                    connection.sendall(early)
            else:
                with enter(endpoint, self.dice.choice((b"PUSH", b"PULL", b"REP", b"")) or b"PUSH") as connection:
                    connection.sendall(late * self.dice.choice((1, 1, 10)))
            self.sent += 1
        except (OSError, AssertionError):
            pass  # we were shown the door

    def messages(self, context, endpoint):
        """From somebody who speaks ZeroMQ, and has the key or has not."""
        with context.socket(zmq.PUSH) as push:
            push.linger = 100
            if self.key and self.dice.random() < 0.9:
                self.show_key(push)
            push.connect(endpoint)
            for _ in range(50):
                try:
                    push.send(self.message(endpoint), zmq.NOBLOCK)
                    self.sent += 1
                except zmq.Again:
                    return

    def show_key(self, push):
        public, secret = self.key if self.dice.random() < 0.9 else zmq.curve_keypair()
        push.curve_publickey, push.curve_secretkey, push.curve_serverkey = public, secret, self.key[0]

    def message(self, endpoint):
        if self.dice.random() < 0.1:
            return self.dice.randbytes(self.dice.choice((0, 1, 100, 20_000)))
        kind, fields = self.dice.choice(MESSAGES)
        if kind == protocol.PRESENCE:  # that somebody else's port is an inbox
            fields = {**fields, "worker": self.dice.randrange(1, 2**64), "inbox": self.dice.choice(self.endpoints).encode()}
        message = bytearray(protocol.encode(kind, **fields))
        for _ in range(self.dice.choice((0, 0, 1, 3, 20))):
            message[self.dice.randrange(1, len(message))] = self.dice.choice((0, 1, 0x7F, 0xFF, self.dice.randrange(256)))
        return bytes(message[:self.dice.choice((len(message), self.dice.randrange(1, len(message))))])


@pytest.fixture
def three(pipeline):
    """A sink, a ventilator and a worker over tcp, in the middle of a batch that feed() goes on with."""
    class Three:
        def __init__(self, *options):
            pipeline.use_tcp()
            read, self.stdin = os.pipe()
            self.sink = pipeline.sink(*options)
            self.ventilator = pipeline.ventilator("-", *options, stdin=read)
            os.close(read)
            self.another_worker = lambda: pipeline.worker(*options, command=("echo", "done"))
            self.worker = self.another_worker()
            self.endpoints = {**pipeline.endpoints, "inbox": self.worker.says(r"listens on (\S+)")[1]}
            self.fed = 0
            self.feed(1)

        def behind(self, line):
            """Who listens there."""
            return {"inbox": self.worker, "results": self.sink}.get(line, self.ventilator)

        def feed(self, tasks):
            """So many more tasks, all of which are done then."""
            os.write(self.stdin, b"".join(b"%d\n" % task for task in range(self.fed, self.fed + tasks)))
            self.fed += tasks
            eventually(lambda: len(self.sink.out.splitlines()) == self.fed, "all tasks to be done")

        def end(self):
            os.close(self.stdin)
            assert (self.ventilator.status(), self.sink.status()) == (0, 0)
            assert sorted(self.sink.out.splitlines()) == sorted(f"done {task}" for task in range(self.fed))
    return Three


@pytest.mark.parametrize("secret", [False, True], ids=["without a key", "with a key"])
def test_a_shower_of_hostile_messages_does_not_disturb_a_batch(pipeline, three, secret):
    key = make_key(pipeline, "lab") if secret else None
    run = three(*(("--key", key) if secret else ()))
    shower = Shower([*run.endpoints.values()], keys_in(key) if secret else None)
    processes = (run.ventilator, run.worker, run.sink)
    shower.pour(SECONDS)
    before = [peak_memory(process) for process in processes]
    shower.pour(SECONDS)
    run.feed(500)
    after = [peak_memory(process) for process in processes]
    run.end()
    print(f"{shower.sent} hostile messages; peak memory in KiB before and after:",
          *(f"{process.label} {low >> 10} {high >> 10}" for process, low, high in zip(processes, before, after)))
    if not sanitized():
        assert all(high - low < 16 * MIB for low, high in zip(before, after)), (before, after)


@pytest.mark.parametrize("line", ["tasks", "feedback", "results", "inbox"])
@pytest.mark.parametrize("part", [frame(b"x" * 60_000, MORE), b"\1\0" * 30_000], ids=["large frames", "empty frames"])
def test_a_message_without_end_is_cut_off_and_its_memory_given_back(three, line, part):
    """A frame costs some 64 bytes, also one of two bytes on the wire."""
    run = three()
    process = run.behind(line)
    before = memory(process)
    with enter(run.endpoints[line], b"PULL" if line == "tasks" else b"PUSH") as connection:
        pour_until_closed(connection, part, 1024 * MIB)
    process.says("closed a connection of 127.0.0.1: it brought too much")
    run.feed(10)
    if not sanitized():
        eventually(lambda: memory(process) < before + 16 * MIB, "the memory to be given back")
        assert peak_memory(process) < before + 700 * MIB
    run.end()


@pytest.mark.parametrize("line", ["tasks", "feedback", "results", "inbox"])
def test_a_stranger_brings_next_to_nothing_before_it_shows_a_key(pipeline, three, line):
    run = three("--key", make_key(pipeline, "lab"))
    process = run.behind(line)
    before = peak_memory(process)
    for _ in range(10):
        with knock(run.endpoints[line]) as connection:
            # A frame that would be short enough for a friend.
            connection.sendall(greeting(b"CURVE") + frame(b"", COMMAND, 60_000 if line == "tasks" else 60 * MIB))
            pour_until_closed(connection, b"x" * MIB, 1024 * MIB)
    run.feed(10)
    if not sanitized():
        assert peak_memory(process) < before + 100 * MIB
        eventually(lambda: memory(process) < before + 16 * MIB, "the memory to be given back")
    run.end()


def test_a_million_invented_workers_open_few_lanes_and_do_not_disturb_a_batch(context, three):
    """Most through one connection, and more than may be greeted through connections of their own."""
    run = three()
    before = memory(run.ventilator)
    fields = {**PRESENCE, "running": [], "queued": [], "finished": [], "slots": 1}
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as inbox, context.socket(zmq.PUSH) as push:
        fields["inbox"] = b"tcp://127.0.0.1:%d" % inbox.getsockname()[1]
        encoded = protocol.encode(protocol.PRESENCE, **fields)
        at = encoded.index(struct.pack("<Q", fields["worker"]))
        invented = (encoded[:at] + struct.pack("<Q", worker) + encoded[at + 8:] for worker in range(10**6, 2 * 10**6))
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        push.linger = 1000
        push.connect(run.endpoints["feedback"])
        for presence in itertools.islice(invented, 10):
            push.send(presence)  # the first one is greeted, as long as there is room
        own = [enter(run.endpoints["feedback"]) for _ in range(1500)]
        for connection in own:
            connection.sendall(frame(next(invented)))
        for presence in invented:
            push.send(presence)
        run.feed(500)
        run.ventilator.says("dropped a presence through the connection of another worker")
        at_once = [0]
        for line in run.ventilator.err.splitlines():
            at_once.append(at_once[-1] + line.count("a worker at tcp") - line.count("a worker is gone"))
        assert 500 < max(at_once) <= 1000 + 1  # and the real one
        if not sanitized():
            assert memory(run.ventilator) < before + 100 * MIB
        for connection in own:
            connection.close()
    run.end()


@pytest.mark.parametrize("line", ["tasks", "feedback", "results", "inbox"])
def test_connections_that_come_and_go_leave_no_memory_behind(three, line):
    run = three()
    process = run.behind(line)
    kind = b"PULL" if line == "tasks" else b"PUSH"

    def come_and_go(times):
        for _ in range(times):
            with enter(run.endpoints[line], kind) as connection:
                connection.sendall(frame(b"x") * 3)

    def descriptors():
        return len(os.listdir(f"/proc/{process.pid}/fd"))

    come_and_go(300)  # what there is once and for all
    before, open_before = memory(process), descriptors()
    come_and_go(3000)
    run.feed(10)
    eventually(lambda: descriptors() < open_before + 50, "the connections to be closed")
    if not sanitized():
        eventually(lambda: memory(process) < before + 8 * MIB, "the memory to be given back")
    run.end()


def test_plain_tasks_to_an_inbox_do_not_pile_up(context, three):
    """Nobody asked for them; the guide's come on the shared line, where they wait."""
    run = three()
    before = memory(run.worker)
    for _ in range(100):
        with context.socket(zmq.PUSH) as push:
            push.linger = 1000
            push.connect(run.endpoints["inbox"])
            for _ in range(100):
                push.send(b"x" * 16_000)
    run.worker.says("dropped a plain task to the inbox, one too many")
    if not sanitized():
        assert memory(run.worker) < before + 64 * MIB
    run.worker.send(signal.SIGTERM)
    run.worker = run.another_worker()
    run.feed(10)
    run.end()


def keys_in(path):
    """The public and the secret half."""
    secret = path.read_bytes().splitlines()[1]
    return zmq.curve_public(secret), secret
