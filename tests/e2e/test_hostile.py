"""Whatever strangers send to any open port: the batch comes to its right end, and nobody grows."""
import os
import random
import socket
import time

import pytest
import zmq

import protocol
from pipeline import eventually
from test_bad_input import ANNOUNCEMENT, LANE, PRESENCE, RECEIPTS, RESULTS
from test_key import make_key
from test_limits import MIB, peak_memory, sanitized

SECONDS = 3  # of a shower
GREETING = b"\xff\0\0\0\0\0\0\0\1\x7f\3\0" + b"NULL".ljust(20, b"\0") + b"\0" * 32
READY = b"\x04\x19\x05READY\x0bSocket-Type\0\0\0\4PUSH"
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
                    self.raw(int(endpoint.rpartition(":")[2]))
                    self.messages(context, endpoint)

    def raw(self, port):
        """What is no ZeroMQ, or begins as if it were."""
        noise = self.dice.randbytes(self.dice.choice((1, 11, 64, 5_000)))
        huge = b"\2" + (1 << self.dice.randrange(30, 63)).to_bytes(8, "big")  # a frame of so many bytes
        burst = self.dice.choice((noise, GREETING + noise, GREETING + READY + noise, GREETING + READY + huge + noise,
                                  (GREETING + READY)[:self.dice.randrange(90)], b"\1\0" + noise))
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
                connection.sendall(burst)
                self.sent += 1
        except OSError:
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


@pytest.mark.parametrize("secret", [False, True], ids=["without a key", "with a key"])
def test_a_shower_of_hostile_messages_does_not_disturb_a_batch(pipeline, secret):
    pipeline.use_tcp()
    key = make_key(pipeline, "lab") if secret else None
    options = ("--key", key) if secret else ()
    feed, stdin = os.pipe()
    sink = pipeline.sink(*options)
    ventilator = pipeline.ventilator("-", *options, stdin=feed)
    os.close(feed)
    worker = pipeline.worker(*options, command=("echo", "done"))
    inbox = worker.says(r"listens on (\S+)")[1]
    os.write(stdin, b"0\n")
    eventually(lambda: "done 0\n" in sink.out, "the batch to be under way")

    shower = Shower([*pipeline.endpoints.values(), inbox], keys_in(key) if secret else None)
    three = (ventilator, worker, sink)
    shower.pour(SECONDS)
    before = [peak_memory(process) for process in three]
    os.write(stdin, b"".join(b"%d\n" % task for task in range(1, 500)))
    shower.pour(SECONDS)
    eventually(lambda: len(sink.out.splitlines()) == 500, "all tasks to be done")
    after = [peak_memory(process) for process in three]
    os.close(stdin)
    assert (ventilator.status(), sink.status()) == (0, 0)
    assert sorted(sink.out.splitlines()) == sorted(f"done {task}" for task in range(500))
    print(f"{shower.sent} hostile messages; peak memory in KiB before and after:",
          *(f"{process.label} {low >> 10} {high >> 10}" for process, low, high in zip(three, before, after)))
    if not sanitized():
        assert all(high - low < 16 * MIB for low, high in zip(before, after)), (before, after)


def keys_in(path):
    """The public and the secret half."""
    secret = path.read_bytes().splitlines()[1]
    return zmq.curve_public(secret), secret
