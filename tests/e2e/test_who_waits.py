"""Nothing is silent: who waits says for whom, who is lost or cannot be reached is named, and nobody spins."""
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline import BIN, eventually, refused


def test_each_says_for_whom_it_waits_and_that_it_was_found(pipeline):
    pipeline.endpoints = {line: f"tcp://127.0.0.1:{port}" for line, port in zip(("tasks", "results", "feedback"), free_ports())}
    worker = pipeline.worker()
    worker.says(f"^worker: waiting for a ventilator at {pipeline.endpoints['feedback']}$")
    worker.says(f"^worker: waiting for a sink at {pipeline.endpoints['results']}$")
    sink = pipeline.sink()
    worker.says("^worker: found a sink at ")
    sink.says(f"^sink: waiting for a ventilator; results on {pipeline.endpoints['results']}$")
    ventilator = pipeline.ventilator(tasks=[1])
    worker.says("^worker: found a ventilator at ")
    sink.says("^sink: found the ventilator")
    assert (ventilator.status(), sink.status()) == (0, 0)


def free_ports():
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def test_a_ventilator_whose_sink_was_killed_in_mid_batch_waits_for_it_aloud(pipeline, gate):
    victim = pipeline.sink()
    pipeline.worker(command=gate.command)
    ventilator = pipeline.ventilator(tasks=range(2))
    gate.came(1)
    victim.kill()
    ventilator.says(f"^ventilator: waiting for a sink at {pipeline.endpoints['results']}$")
    sink = pipeline.sink()
    ventilator.says("^ventilator: found a sink at ")
    gate.open()
    assert (ventilator.status(), sink.status()) == (0, 0)


def test_a_sink_whose_ventilator_was_killed_in_mid_batch_waits_for_it_aloud(pipeline, gate):
    sink = pipeline.sink()
    pipeline.worker(command=gate.command)
    victim = pipeline.ventilator("--name", "b", tasks=range(2))
    gate.came(1)
    victim.kill()
    sink.says("^sink: waiting for the ventilator")
    ventilator = pipeline.ventilator("--name", "b", tasks=range(2))
    sink.says("^sink: found the ventilator")
    gate.open()
    assert (ventilator.status(), sink.status()) == (0, 0)


def test_nothing_is_said_where_the_user_is_asked_to_press_enter(pipeline):
    leader, follower = pty.openpty()
    run = subprocess.Popen([BIN / "ventilator", *pipeline.at], stdin=follower, stdout=follower, stderr=follower)
    os.close(follower)
    said = b""
    while not said.endswith(b"ready: "):
        said += os.read(leader, 1000)
    os.write(leader, b"\n")
    while b"waiting for a sink" not in said:
        said += os.read(leader, 1000)
    assert re.search(rb"ready: \r\n(\x1b\[K)?ventilator: waiting", said), said
    run.send_signal(signal.SIGTERM)
    run.wait(60)
    os.close(leader)


def test_a_lost_worker_is_named_with_what_goes_to_others(pipeline, gate):
    pipeline.sink()
    victim = pipeline.worker("-j", 3, command=gate.command)
    ventilator = pipeline.ventilator(tasks=range(3))
    gate.came(3)
    victim.kill()
    ventilator.says("^ventilator: no workers are left$")
    ventilator.says(rf"^ventilator: a worker is gone: \S+:{victim.pid}, its connection is closed; others get 3 tasks$")
    gate.open()
    pipeline.worker(command=gate.command)
    assert ventilator.status() == 0


def test_an_inbox_that_cannot_be_reached_is_told_at_both_ends(pipeline):
    pipeline.use_tcp()
    pipeline.sink()
    ventilator = pipeline.ventilator(tasks=[1])
    worker = pipeline.worker("--inbox", "tcp://127.0.0.2:*")
    ventilator.says(r"^ventilator: cannot reach worker \S+ at tcp://127.0.0.1:\d+: Connection refused; it gets nothing")
    worker.says(r"^worker: waiting for a ventilator at \S+; it hears this worker, and must reach its inbox at tcp://127.0.0.2:")
    pipeline.worker()
    assert ventilator.status() == 0


def test_a_worker_that_cannot_reach_the_sink_gets_nothing(pipeline):
    sink = pipeline.sink()
    ran = pipeline.file("ran")
    ventilator = pipeline.ventilator("-w", 2, tasks=[f"0.{task}" for task in range(10, 30)])
    cut = pipeline.start(BIN / "worker", "-v", *pipeline.but(results=f"ipc://{pipeline.file('nowhere')}"), "--", "touch", ran)
    pipeline.worker(command=("sleep",))
    cut.says("^worker: waiting for a sink at ")
    ventilator.says(r"^ventilator: worker \S+ cannot reach the sink and gets nothing$")
    assert (ventilator.status(), sink.status()) == (0, 0)
    assert not ran.exists()


RELAY = """
import socket, sys, threading
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen()

def pass_on(source, target):
    while data := source.recv(65536):
        target.sendall(data)

while True:
    near, far = listener.accept()[0], socket.socket(socket.AF_UNIX)
    far.connect(sys.argv[2])
    for pair in (near, far), (far, near):
        threading.Thread(target=pass_on, args=pair, daemon=True).start()
"""


def test_what_a_worker_holds_that_lost_the_sink_goes_to_others(pipeline, gate, context):
    """Its connection to the sink goes through a relay that ends."""
    relay = pipeline.start(sys.executable, "-c", RELAY, pipeline.file("relay"), pipeline.file("results"))
    eventually(pipeline.file("relay").exists, "the relay to listen")
    sink = pipeline.sink("-k")
    sink.says("results on")
    cut = pipeline.start(BIN / "worker", "-v", *pipeline.but(results=f"ipc://{pipeline.file('relay')}"), "--", *gate.command)
    ventilator = pipeline.ventilator(tasks=range(2))
    gate.came(1)
    relay.kill()
    cut.says("^worker: waiting for a sink at ")
    ventilator.says(r"^ventilator: worker \S+ cannot reach the sink and gets nothing; others get \d task")
    pipeline.worker(command=gate.command)
    gate.open()
    assert (ventilator.status(), sink.status(), sink.out) == (0, 0, "done 0\ndone 1\n")


def test_workers_that_run_another_command_are_told(pipeline):
    sink = pipeline.sink()
    pipeline.worker(command=("true",))
    ventilator = pipeline.ventilator("-w", 2, tasks=range(2))
    pipeline.worker(command=("echo", "a b"))
    ventilator.says(r"^ventilator: worker \S+ runs '\w.*', not '")
    assert (ventilator.status(), sink.status()) == (0, 0)


def test_only_workers_of_the_same_pool_take_part(pipeline):
    sink = pipeline.sink()
    ventilator = pipeline.ventilator("--pool", "today", tasks=range(3))
    pipeline.worker("--pool", "yesterday", command=("echo", "old"))
    ventilator.says(r"^ventilator: worker \S+ is of pool 'yesterday' and gets nothing: the batch is for pool 'today'$")
    pipeline.worker("--pool", "today", command=("echo", "new"))
    assert (ventilator.status(), sink.status()) == (0, 0)
    assert sorted(sink.out.splitlines()) == ["new 0", "new 1", "new 2"]


def at(name):
    """Endpoints of the three ports from a free one on."""
    while True:
        with socket.create_server(("127.0.0.1", 0)) as one:
            first = one.getsockname()[1]
        try:
            for port in range(first, first + 3):
                socket.create_server(("127.0.0.1", port)).close()
            return f"{name}:{first}"
        except OSError:
            continue


@pytest.mark.parametrize("name", ["localhost", "*", "0.0.0.0", "[::]", "[::1]"])
def test_a_host_is_called_the_same_by_all_three(pipeline, name):
    where = ("--at", at(name), "--insecure")
    sink = pipeline.start(BIN / "sink", *where)
    ventilator = pipeline.start(BIN / "ventilator", *where, "--random", 5, "--max-msec", 1)
    pipeline.start(BIN / "worker", *where)
    assert (ventilator.status(), sink.status()) == (0, 0), (ventilator.err, sink.err)


def test_a_host_whose_name_is_not_known_is_waited_for_or_refused(pipeline):
    worker = pipeline.start(BIN / "worker", "--at", "nowhere.invalid", "--insecure")
    worker.says("^worker: waiting for host nowhere.invalid: ")
    assert "host nowhere.invalid: " in refused(pipeline, "sink", "--at", "nowhere.invalid", "--insecure")
    worker.kill()


def test_a_directory_that_others_can_write_into_is_refused(pipeline):
    shared = pipeline.file("shared")
    shared.mkdir()
    shared.chmod(0o1777)
    for program in "ventilator", "worker", "sink":
        assert f"others can write into {shared}; name a directory of your own" in refused(pipeline, program, "--at", f"ipc://{shared}")


def seconds_used(process):
    used = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, used)) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize("which", ["ventilator", "sink"])
def test_more_workers_than_descriptors_disturb_nobody(pipeline, which):
    """There is room for some; the others are refused, which is said once, and nobody spins."""
    pipeline.use_tcp()
    limit = ("sh", "-c", 'ulimit -n 80; exec "$@"', "sh")
    started = dict(sink=BIN / "sink", ventilator=BIN / "ventilator")

    def start(program, *words):
        prefix = limit if program == which else ()
        return pipeline.start(*prefix, started[program], "-v", *pipeline.at, *words)

    sink = start("sink")
    pipeline.read_back(sink, results=r"results on (\S+)")
    tasks = pipeline.file("tasks")
    tasks.write_text("0.1\n" * 500)
    ventilator = start("ventilator", "-w", 5, tasks)
    pipeline.read_back(ventilator, tasks=r"tasks on ([^\s,]+)", feedback=r"feedback on (\S+)")
    pipeline.workers(60, "-q", command=("sh", "-c", "sleep $1", "sh"))
    crowded = dict(sink=sink, ventilator=ventilator)[which]
    crowded.says(rf"^{which}: no (room for more connections to|way to worker) \S+.* the limit on open files \(ulimit -n\) is 80$")
    before = seconds_used(crowded)
    time.sleep(1)
    assert seconds_used(crowded) < before + 0.5
    assert (ventilator.status(), sink.status()) == (0, 0)
    assert len(re.findall("no room for more connections", crowded.err)) <= 1
