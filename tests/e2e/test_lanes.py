"""Lanes that workers open, for nobody can reach them."""
import contextlib
import signal
import socket

import pytest
import zmq
from zmq.utils.monitor import recv_monitor_message

import protocol
from conversation import BATCH, VENTILATOR, Receiver, WithVentilator, one, tasks_in
from pipeline import BIN, eventually, free_ports, refused
from test_hosts import Firewall, lab, network, working  # noqa: F401
from test_hostile import enter, frame, pour_until_closed
from test_key import make_key
from test_limits import MIB, memory, sanitized


@pytest.fixture
def lanes(pipeline):
    """--lanes of so many ports, over tcp."""
    def make(count):
        pipeline.use_tcp()
        first = free_ports(count)
        return range(first, first + count), ("--lanes", f"{first}-{first + count - 1}")
    return make


def opened(worker):
    """At which port, the last time."""
    return int(worker.says(r"has opened its lane at tcp://\S+:(\d+)\n(?![^$]*has opened its lane)")[1])


def test_a_batch_runs_on_workers_that_open_their_lanes_and_on_others(pipeline, lanes):
    ports, option = lanes(6)
    sink = pipeline.sink("-k")
    ventilator = pipeline.ventilator("-w", 5, *option, tasks=range(500))
    workers = [pipeline.worker(*option, command=("echo", "{}")) for _ in range(4)]
    pipeline.worker(command=("echo", "{}"))
    assert (ventilator.status(), sink.status()) == (0, 0)
    assert sink.out == "".join(f"{task}\n" for task in range(500))
    used = [opened(worker) for worker in workers]
    assert len(set(used)) == 4 and set(used) <= set(ports)
    assert "listens on" not in "".join(worker.err for worker in workers)


def test_each_port_has_one_worker_and_one_too_many_waits_for_its_turn(pipeline, lanes, gate):
    _, option = lanes(2)
    pipeline.sink()
    ventilator = pipeline.ventilator(*option, tasks=range(3))
    workers = pipeline.workers(3, *option, command=gate.command)
    gate.came(2)
    waits, = [worker for worker in workers if "has opened" not in worker.err]
    waits.says(r"waiting for a ventilator at \S+; all 2 lanes at 127.0.0.1:\d+-\d+ are taken by other workers")
    next(worker for worker in workers if worker is not waits).kill()
    waits.says("found a ventilator")
    gate.open()
    assert ventilator.status() == 0


def test_who_is_killed_or_cut_off_leaves_its_port_to_others(pipeline, lanes, gate):
    _, option = lanes(1)
    pipeline.sink()
    ventilator = pipeline.ventilator(*option, tasks=range(1))
    first = pipeline.worker(*option, command=gate.command)
    gate.came(1)
    first.kill()
    pipeline.worker(*option, command=gate.command)
    eventually(lambda: max(len(set(pids)) for pids in gate.seen().values()) == 2, "the task to run again")
    gate.open()
    assert ventilator.status() == 0


def test_a_ventilator_that_is_killed_and_started_again_finds_its_workers(pipeline, lanes, gate, journal):
    _, option = lanes(3)
    pipeline.sink("--journal", journal)
    named = ("--name", "again", *option)
    ventilator = pipeline.ventilator(*named, tasks=range(8))
    workers = pipeline.workers(3, "-j", 2, *option, command=gate.command)
    gate.came(6)
    ventilator.kill()
    again = pipeline.ventilator(*named, tasks=range(8))
    gate.open()
    assert again.status() == 0
    assert all(len(pids) == 1 for pids in gate.seen().values()), "nothing was run twice"
    assert len({opened(worker) for worker in workers}) == 3


def test_with_a_key_nobody_without_it_is_in_the_way(pipeline, lanes):
    ports, option = lanes(1)
    key = ("--key", make_key(pipeline, "lab"))
    sink = pipeline.sink(*key)
    ventilator = pipeline.ventilator(*key, *option, tasks=range(20))
    with contextlib.ExitStack() as strangers:
        for _ in range(5):
            strangers.enter_context(socket.create_connection(("127.0.0.1", ports[0])))
        pipeline.worker(*key, *option, command=("echo", "{}"))
        assert (ventilator.status(), sink.status()) == (0, 0)


LET_IN = zmq.EVENT_HANDSHAKE_SUCCEEDED
REFUSED = zmq.EVENT_HANDSHAKE_FAILED_AUTH
CUT = zmq.EVENT_DISCONNECTED


class Opener:
    """A worker that is us, and has connected to a lane port."""

    def __init__(self, talk, worker, port):
        self.talk, self.worker, self.port = talk, worker, port
        self.push = talk.context.socket(zmq.PUSH)
        self.push.connect(talk.feedback)
        self.followed = dict(ventilator=0, sequence=0, batch=0)
        self.connect()

    def connect(self):
        self.lane = self.talk.context.socket(zmq.PULL)
        self.lane.setsockopt(zmq.RCVTIMEO, 150_000)
        self.lane.setsockopt(zmq.RECONNECT_IVL, -1)
        self.events = self.lane.get_monitor_socket()
        self.events.setsockopt(zmq.RCVTIMEO, 150_000)
        self.lane.connect(f"tcp://127.0.0.1:{self.port}")

    def becomes(self, *events):
        """Waits until one of them has become of the connection, and returns which."""
        while (event := recv_monitor_message(self.events)["event"]) not in events:
            pass
        return event

    def is_let_in(self):
        """If not, it connects again, as a worker does: who was there before may just have gone."""
        if self.becomes(LET_IN, REFUSED, CUT) == LET_IN:
            return True
        self.lane.close()
        self.connect()
        return False

    def say(self, **others):
        fields = dict(worker=self.worker, name=b"w%d" % self.worker, inbox=b"", lane_port=self.port, slots=1, workloads=0,
                      pool=b"", command=b"", reaches_sink=1, running=[], queued=[], finished=[], **self.followed)
        self.push.send(protocol.encode(protocol.PRESENCE, **{**fields, **others}))

    def hear(self, condition=lambda lane: True):
        while True:
            _, lane = protocol.decode(self.lane.recv())
            if lane["worker"] == self.worker and condition(lane):
                self.followed = {name: lane[name] for name in ("ventilator", "sequence", "batch")}
                return lane

    def tasks(self):
        return tasks_in(run["ids"] for run in self.hear(lambda lane: lane["tasks"])["tasks"])

    def arrive(self):
        eventually(self.is_let_in, "a lane")
        self.say()
        self.hear()
        self.say()


@pytest.fixture
def talk(context, pipeline, lanes):
    def start(count, *options, **more):
        ports, option = lanes(count)
        first = free_ports(3)
        pipeline.endpoints = {line: f"tcp://127.0.0.1:{first + at}" for at, line in enumerate(pipeline.endpoints)}
        return ports, WithVentilator(context, pipeline, *option, *options, **more)
    return start


def test_a_worker_is_given_tasks_on_the_lane_that_it_has_opened(talk):
    ports, ventilator = talk(2)
    ann = Opener(ventilator, 1, ports[0])
    ann.arrive()
    assert ann.tasks() == [1]


def test_a_second_connection_to_a_lane_is_told_that_it_is_taken(talk):
    ports, ventilator = talk(2)
    ann = Opener(ventilator, 1, ports[0])
    ann.arrive()
    ann.tasks()
    bob = Opener(ventilator, 2, ports[0])
    bob.becomes(REFUSED)
    bob.say()
    ventilator.drops("a presence for a lane that is not open, or another worker's")
    ann.say(running=[one(1)])


def test_a_worker_that_only_claims_a_lane_does_not_get_it(talk):
    ports, ventilator = talk(1)
    ann = Opener(ventilator, 1, ports[0])
    ann.becomes(LET_IN)
    liar = Opener(ventilator, 2, ports[0])
    liar.say()
    ventilator.process.says("a worker at lane port .*: w2")
    ann.say()
    ann.hear()
    ann.say()
    assert ann.tasks() == [1]


def test_a_claim_to_a_lane_where_nobody_is_connected_is_dropped(talk):
    ports, ventilator = talk(2)
    liar = Opener(ventilator, 2, ports[0])
    liar.becomes(LET_IN)
    liar.say(lane_port=ports[1])
    ventilator.drops("a presence for a lane that is not open, or another worker's")


def test_a_connection_whose_worker_does_not_answer_is_closed(talk):
    ports, ventilator = talk(1, "--lost-after", "1.5")
    silent = Opener(ventilator, 1, ports[0])
    silent.becomes(LET_IN)
    silent.say()
    silent.becomes(CUT)
    ann = Opener(ventilator, 2, ports[0])
    ann.arrive()
    assert ann.tasks() == [1]


def test_a_worker_that_has_taken_another_port_is_greeted_there_at_once(talk):
    ports, ventilator = talk(2)
    ann = Opener(ventilator, 1, ports[0])
    ann.arrive()
    ann.tasks()
    moved = Opener(ventilator, 1, ports[1])
    moved.followed = ann.followed
    moved.becomes(LET_IN)
    ann.lane.close()
    moved.push.close()
    moved.push = ann.push
    moved.say(running=[one(1)])
    assert moved.hear()["tasks"] == []
    Opener(ventilator, 2, ports[0]).arrive()


def test_a_message_without_end_to_a_lane_is_cut_off(talk):
    ports, ventilator = talk(3)
    before = memory(ventilator.process)
    for port, part in zip(ports, (frame(b"x" * 60_000, 1), b"\1\0" * 30_000)):
        with enter(f"tcp://127.0.0.1:{port}", b"PULL") as connection:
            pour_until_closed(connection, part, 1024 * MIB)
    ventilator.process.says("closed a connection of 127.0.0.1: it brought too much")
    ann = Opener(ventilator, 1, ports[2])
    ann.arrive()
    assert ann.tasks() == [1]
    if not sanitized():
        eventually(lambda: memory(ventilator.process) < before + 64 * MIB, "the memory to be given back")


def test_hundreds_of_connections_to_all_lanes_leave_room_for_a_worker(talk):
    """They come and go, or stay and say nothing."""
    ports, ventilator = talk(3, "--lost-after", "1.5")
    stay = [socket.create_connection(("127.0.0.1", port)) for port in ports for _ in range(100)]
    for _ in range(300):
        for port in ports:
            with socket.create_connection(("127.0.0.1", port)) as stranger:
                stranger.sendall(b"\xff" * 100)
    ann = Opener(ventilator, 1, ports[0])
    ann.arrive()
    assert ann.tasks() == [1]
    for connection in stay:
        connection.close()


# --- the worker

class Hub:
    """We are the ventilator of a worker that opens its lane."""

    def __init__(self, context, pipeline, count, *options, command=()):
        pipeline.use_tcp()
        self.context, self.sequence = context, 0
        first = free_ports(count + 2)
        self.ports = range(first + 2, first + 2 + count)
        pipeline.endpoints = dict(tasks="tcp://127.0.0.1:*", results=f"tcp://127.0.0.1:{first}", feedback=f"tcp://127.0.0.1:{first + 1}")
        pipeline.endpoints["tasks"] = pipeline.endpoints["results"]
        self.feedback = Receiver(context, pipeline.endpoints["feedback"])
        self.results = Receiver(context, pipeline.endpoints["results"])
        self.lanes = {port: self.open(port) for port in self.ports}
        self.process = pipeline.worker("--lanes", f"{self.ports[0]}-{self.ports[-1]}", *options, command=command)

    def open(self, port):
        lane = self.context.socket(zmq.PUSH)
        lane.bind(f"tcp://127.0.0.1:{port}")
        return lane

    def say(self, port, **fields):
        self.sequence += 1
        lane = dict(worker=self.first["worker"], ventilator=VENTILATOR, sequence=self.sequence, batch=BATCH,
                    settled=[], recalled=[], abort=0, live=0, form=protocol.LINE, header=b"", tasks=[])
        self.lanes[port].send(protocol.encode(protocol.LANE, **{**lane, **fields}))
        return self.sequence

    def presence(self, condition=lambda said: True):
        return self.feedback.hear(protocol.PRESENCE, condition)


def test_a_worker_says_which_lane_it_has_opened_and_answers_there(context, pipeline):
    hub = Hub(context, pipeline, 5)
    hub.first = hub.presence()
    port = hub.first["lane_port"]
    assert (port in hub.ports, hub.first["inbox"]) == (True, b"")
    sequence = hub.say(port)
    assert hub.presence(lambda said: said["sequence"] == sequence)["lane_port"] == port


def test_a_worker_whose_lane_is_cut_takes_another_one_and_says_so(context, pipeline):
    hub = Hub(context, pipeline, 2)
    hub.first = hub.presence()
    port = hub.first["lane_port"]
    sequence = hub.say(port)
    hub.presence(lambda said: said["sequence"] == sequence)
    hub.lanes.pop(port).close()
    other, = hub.lanes
    hub.presence(lambda said: said["lane_port"] == other)


def test_a_worker_that_finds_no_lane_says_that_it_is_there(context, pipeline):
    hub = Hub(context, pipeline, 1)
    hub.first = hub.presence()
    port = hub.first["lane_port"]
    sequence = hub.say(port)
    hub.presence(lambda said: said["sequence"] == sequence)
    hub.lanes.pop(port).close()
    said = hub.presence(lambda said: said["lane_port"] == 0)
    assert (said["inbox"], said["sequence"]) == (b"", sequence)
    hub.process.says(r"waiting for a ventilator at \S+; no lane can be reached at 127.0.0.1:\d+-\d+; does it have the same --lanes?")


# --- what users are told

@pytest.mark.parametrize("port, whose", [(0, "this program"), (1, "the sink"), (2, "this program")])
def test_a_port_of_the_three_is_no_lane(pipeline, port, whose):
    first = free_ports(3)
    lanes = f"{first + port}"
    says = refused(pipeline, "ventilator", "--at", f"127.0.0.1:{first}", "--lanes", lanes)
    assert says == f"ventilator: --lanes {lanes} have port {lanes}, where {whose} listens; choose other ports\n"


def test_a_sink_elsewhere_takes_no_port_from_lanes(pipeline):
    first = free_ports(1)
    ventilator = pipeline.start(BIN / "ventilator", "--tasks", "tcp://127.0.0.1:*", "--feedback", "tcp://127.0.0.1:*", "--results", f"tcp://127.0.0.2:{first}",
                                "--lanes", first, stdin=pipeline.input([1]))
    ventilator.says(f"waiting for a sink at tcp://127.0.0.2:{first}")


def test_a_worker_with_lanes_is_told_when_the_ventilator_has_none(pipeline, lanes):
    _, option = lanes(2)
    pipeline.sink()
    ventilator = pipeline.ventilator(tasks=range(1))
    worker = pipeline.worker(*option)
    worker.says(r"; no lane can be reached at 127.0.0.1:\S+; does it have the same --lanes?")
    ventilator.says("wants to open its lane, and gets nothing: give this ventilator the --lanes FIRST-LAST that the worker has")
    ventilator.send(signal.SIGTERM)


def test_a_ventilator_tells_of_a_worker_with_other_lanes(pipeline, lanes):
    _, option = lanes(2)
    _, other = lanes(2)
    pipeline.sink()
    ventilator = pipeline.ventilator(*option, tasks=range(1))
    pipeline.worker(*other)
    ventilator.says(rf"has no lane and gets nothing: lanes are --lanes {option[1]} here")
    ventilator.send(signal.SIGTERM)


def test_ports_that_others_have_are_left_out_and_told(pipeline, lanes):
    ports, option = lanes(3)
    with socket.create_server(("127.0.0.1", ports[1])):
        sink = pipeline.sink()
        ventilator = pipeline.ventilator("-w", 2, *option, tasks=range(10))
        ventilator.says(rf"1 port of --lanes {option[1]} cannot be had, and is left out")
        workers = pipeline.workers(2, *option, command=("echo", "{}"))
        assert (ventilator.status(), sink.status()) == (0, 0)
        assert {opened(worker) for worker in workers} == {ports[0], ports[2]}


def test_without_any_port_a_ventilator_does_not_start(pipeline):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = refused(pipeline, "ventilator", "--feedback", "tcp://127.0.0.1:*", "--tasks", "tcp://127.0.0.1:*",
                       "--lanes", f"{port}-{port}", "--random", 1)
        assert f"cannot listen on any port of --lanes {port}-{port} at 127.0.0.1: Address already in use" in said


@pytest.mark.parametrize("program, words, why", [
    ("ventilator", ["--at", "ipc:///tmp/nowhere", "--lanes", "6000-6009", "--random", 1], "--lanes are ports, and ipc:///tmp/nowhere/feedback has none"),
    ("worker", ["--at", "ipc:///tmp/nowhere", "--lanes", "6000-6009"], "--lanes are ports"),
    ("worker", ["--lanes", "6009-6000"], "is no range of up to 10000 ports, such as 6000-6099"),
    ("worker", ["--lanes", "1-60000"], "is no range of up to 10000 ports"),
    ("worker", ["--lanes", "6000-6009", "--inbox", "tcp://127.0.0.1:*"], "leave --inbox or --lanes out"),
    ("ventilator", ["--lanes", "6000-6009", "--classic", "--random", 1], "leave --lanes or --classic out"),
])
def test_lanes_that_cannot_be_are_refused(pipeline, program, words, why):
    assert why in refused(pipeline, program, *words)


# --- on other machines

@pytest.fixture
def unreachable():
    """Lets nobody in who was not called from there, as NAT does."""
    def close(host):
        Firewall(host).nft("add rule inet filter input ct state new drop")
    return close


def test_workers_that_nobody_can_reach_do_a_batch(pipeline, network, lab, unreachable):  # noqa: F811
    first, start = lab
    far = [network.host() for _ in range(2)]
    for host in far:
        unreachable(host)
    sink = start(first, "sink", "-k")
    lanes = ("--lanes", "6000-6005")
    workers = [start(host, "worker", "-j", 2, *lanes, *working(pipeline, 0.01)) for host in far for _ in range(2)]
    ventilator = start(first, "ventilator", "-w", 4, *lanes, "--random", 60, "--min-msec", 0, "--max-msec", 0)
    assert (ventilator.status(), sink.status()) == (0, 0)
    assert sink.out == "0\n" * 60
    assert len({opened(worker) for worker in workers}) == 4


def test_a_lane_that_a_firewall_forgets_is_replaced_and_nothing_is_done_twice(pipeline, network, lab):  # noqa: F811
    first, start = lab
    far = network.host()
    firewall = Firewall(far)
    tasks = pipeline.file("tasks")
    tasks.write_text("".join(f"{task}\n" for task in range(1, 61)))
    lanes = ("--lanes", "6000-6003")
    sink = start(first, "sink", "-k")
    worker = start(far, "worker", *lanes, *working(pipeline, 0.2))
    ventilator = start(first, "ventilator", *lanes, tasks)
    eventually(lambda: len(sink.out.splitlines()) > 5, "some results")
    firewall.forget(port=opened(worker), local=False)
    before = len(sink.out.splitlines())
    eventually(lambda: len(sink.out.splitlines()) > before + 10, "the batch to go on")
    assert (ventilator.status(), sink.status()) == (0, 0)
    assert sink.out == tasks.read_text()
    assert sorted(map(int, pipeline.file("trace").read_text().split())) == list(range(1, 61))
    assert "is gone" not in ventilator.err
