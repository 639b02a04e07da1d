"""A pipeline with a key: friends work as ever, everybody else gets nothing."""
import os
import re
import socket
from contextlib import suppress

import pytest
import zmq

from pipeline import BIN, eventually

SO_RCVBUFFORCE = 33  # linux/socket.h


@pytest.fixture
def key(pipeline):
    return make_key(pipeline, "key")


def make_key(pipeline, name):
    path = pipeline.file(name)
    assert pipeline.start(BIN / "ventilator", "--make-key", path).status() == 0
    return path


def refuses(pipeline, path):
    """What a sink says of a key file."""
    sink = pipeline.start(BIN / "sink", *pipeline.at, "--key", path)
    assert sink.status() == 255
    assert sink.err.count("\n") == 1
    return sink.err


def test_a_new_key_can_be_read_by_its_owner_only(key):
    assert key.stat().st_mode & 0o777 == 0o600


def test_a_key_is_not_written_over_another_file(pipeline, key):
    before = key.read_bytes()
    again = pipeline.start(BIN / "ventilator", "--make-key", key)
    assert again.status() == 255
    assert again.err == f"ventilator: key file {key}: File exists\n"
    assert key.read_bytes() == before


def test_each_key_is_another_one(pipeline, key):
    assert make_key(pipeline, "other").read_bytes() != key.read_bytes()


def test_a_key_that_others_can_read_is_refused(pipeline, key):
    key.chmod(0o640)
    assert "others can read it; chmod 600" in refuses(pipeline, key)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can lend a key")
@pytest.mark.parametrize("mode, status", [(0o440, 0), (0o640, 0), (0o444, 255), (0o660, 255)])
def test_a_key_that_root_lends_through_a_group_is_taken(pipeline, key, mode, status):
    """So are secrets in Kubernetes, and credentials of systemd."""
    os.chown(key, 0, 12345)
    key.chmod(mode)
    pipeline.folder.chmod(0o777)
    as_another = ("setpriv", "--reuid", "12345", "--regid", "12345", "--clear-groups")
    worker = pipeline.start(*as_another, BIN / "worker", *pipeline.at, "--key", key, "--idle-timeout", "0.1")
    assert worker.status() == status
    assert ("others can read it" in worker.err) == (status == 255)


def test_a_key_file_that_is_not_there_is_named(pipeline):
    assert "No such file" in refuses(pipeline, pipeline.file("nowhere"))


@pytest.mark.parametrize("damage", [lambda text: b"", lambda text: text[:-2], lambda text: text + b"x",
                                    lambda text: b"x" * len(text), lambda text: text[:12] + b" " * 40 + b"\n",
                                    lambda text: os.urandom(5000)])
def test_what_is_no_key_is_refused(pipeline, key, damage):
    key.write_bytes(damage(key.read_bytes()))
    assert "it is no key file; ventilator --make-key FILE makes one" in refuses(pipeline, key)


def test_a_batch_with_a_key_over_tcp_and_ipc(pipeline, key):
    for transport in (pipeline.use_tcp, pipeline.use_ipc):
        transport()
        with_key = ("--key", key)
        sink, ventilator = pipeline.batch(range(20), command=("echo", "out"), workers=2, sink=(*with_key, "-k"),
                                          worker=with_key, ventilator=with_key)
        assert (ventilator.status(), sink.status()) == (0, 0)
        assert sink.out == "".join(f"out {task}\n" for task in range(20))


def test_the_classic_line_has_the_key_too(pipeline, key):
    with_key = ("--key", key)
    sink, ventilator = pipeline.batch([1] * 10, worker=with_key, ventilator=(*with_key, "--classic"),
                                      sink=(*with_key, "--classic", "10"))
    assert (ventilator.status(), sink.status()) == (0, 0)


@pytest.mark.parametrize("theirs", ["another key", "no key"])
def test_a_worker_without_the_key_gets_nothing(pipeline, key, theirs):
    pipeline.use_tcp()
    sink = pipeline.sink("--key", key)
    ventilator = pipeline.ventilator("--key", key, "-w", 1, tasks=range(10))
    ran = pipeline.file("ran")
    options = ("--key", make_key(pipeline, "other")) if theirs == "another key" else ()
    stranger = pipeline.worker(*options, command=("touch", ran))
    # Whichever end sees first that there is no key on both closes the connection.
    refusal = r"refused (127.0.0.1|process [0-9]+): it does not have the key|cannot talk to .*: it has a key"
    eventually(lambda: re.search(refusal, ventilator.err + sink.err + stranger.err), "somebody to be refused")
    pipeline.worker("--key", key, command=("true",))
    assert (ventilator.status(), sink.status()) == (0, 0)
    assert not ran.exists()
    assert len(re.findall("refused 127.0.0.1", ventilator.err)) <= 1, "once a minute"
    assert "a worker at" in ventilator.err and ventilator.err.count("a worker at") == 1
    assert stranger.popen.poll() is None


@pytest.mark.parametrize("ours, theirs", [("one", "two"), ("one", None), (None, "two")])
def test_who_connects_is_told_that_the_keys_differ(pipeline, ours, theirs):
    def options(name):
        return ("--key", make_key(pipeline, name)) if name else ()

    pipeline.sink(*options(theirs))
    pipeline.ventilator(*options(ours), tasks=[1]).says("cannot talk to .*key")


def test_a_peer_that_ends_in_a_handshake_is_not_said_to_have_another_key(pipeline, key):
    pipeline.use_tcp()
    with socket.create_server(("127.0.0.1", 0)) as ends:
        pipeline.endpoints["results"] = f"tcp://127.0.0.1:{ends.getsockname()[1]}"
        ventilator = pipeline.ventilator("--key", key, tasks=[1])
        connection, _ = ends.accept()
    with connection:
        connection.recv(1)
    ventilator.says("waiting for a sink")
    assert "cannot talk to" not in ventilator.err


def test_a_stranger_cannot_tell_a_worker_what_to_run(pipeline, key, context):
    pipeline.use_tcp()
    pipeline.sink("--key", key)
    pipeline.endpoints.update({line: "tcp://127.0.0.1:1" for line in ("tasks", "feedback")})
    ran = pipeline.file("ran")
    worker = pipeline.worker("--key", key, command=("touch", ran))
    inbox = worker.says(r"listens on (\S+)")[1]
    with context.socket(zmq.PUSH) as push:
        push.linger = 0  # what is refused is never sent
        public, push.curve_secretkey = zmq.curve_keypair()
        push.curve_publickey = push.curve_serverkey = public
        push.connect(inbox)
        push.send(b"1")
        worker.says("refused")
    assert not ran.exists()


def test_a_key_lets_wide_addresses_be_used(pipeline, key):
    sink = pipeline.start(BIN / "sink", "-v", "--results", "tcp://0.0.0.0:*", "--key", key)
    sink.says("results on tcp://0.0.0.0:")


class Capture:
    """All that passes on loopback."""

    def __init__(self):
        try:
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        except PermissionError:
            pytest.skip("this user may not capture packets")
        # What others send there meanwhile must not crowd out ours, so it is more than the system's limit.
        with suppress(PermissionError):
            self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 256 << 20)
        self.socket.bind(("lo", 0))
        self.socket.setblocking(False)
        self.bytes = bytearray()

    def has(self, text):
        try:
            while True:
                self.bytes += self.socket.recv(1 << 17)
        except BlockingIOError:
            return text in self.bytes


@pytest.mark.parametrize("secret", [False, True])
def test_with_a_key_no_task_travels_in_the_clear(pipeline, key, secret):
    text = f"the-task-{os.urandom(8).hex()}".encode()
    with_key = ("--key", key) if secret else ()
    pipeline.use_tcp()
    capture = Capture()
    sink, ventilator = pipeline.batch([text.decode()], command=("echo", "out"), sink=with_key, worker=with_key,
                                      ventilator=with_key)
    assert sink.out_bytes == b"out " + text + b"\n"
    if secret:
        assert not capture.has(text) and capture.has(b"CURVE")
    else:
        eventually(lambda: capture.has(text), "the task to be seen")
    capture.socket.close()
