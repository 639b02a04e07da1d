"""Makes a function a worker, which takes part in divvy's batches beside the C++ ones.

Written from docs/protocol.md alone. The main thread talks, another one calls the function: so it can be told of results,
asked to leave, and give back what is not begun while a call takes long.
"""
import collections
import contextlib
import itertools
import operator
import os
import secrets
import signal
import socket
import stat
import sys
import threading
import time

import zmq
from zmq.utils import z85
from zmq.utils.monitor import recv_monitor_message

import protocol

PRESENCE_EVERY = 1.0  # seconds
TOGETHER = 0.01       # for how long results of brief tasks are gathered
FAREWELL = 10.0       # how long a worker that leaves waits for its last results to be recorded
MESSAGE_BYTES = 1 << 20
RESULT_BYTES = 16 << 20   # tasks with more than that together have a result each
MAX_OUTPUT, MAX_REASON = 100 << 20, 4096
MAX_HELD = 1 << 20        # tasks
MAX_LANE_BYTES, MAX_COMMAND_BYTES = 256 << 20, 64 << 10


def serve(do, address="127.0.0.1:5557", key=None, **options):
    """Calls do(task) for each task until SIGTERM or Ctrl-C. Both the task, or the piece of the input, and what do()
    returns, which the sink prints, are bytes; an exception fails the task. The address is that of --at: ipc:///DIR, HOST
    or HOST:PORT; `key` is the path of a key file, from ventilator --make-key. For more at once start more processes."""
    try:
        worker = Worker(do, *endpoints_at(address, key), key=key, **options)
    except (OSError, ValueError, zmq.ZMQError) as error:
        sys.exit(f"{os.path.basename(sys.argv[0])}: {error}")
    worker.run()


class Chunk:
    """Consecutive tasks of one attempt. A thread takes them from the left of `waiting`, and the worker takes from the
    right what is given back. Each step on a deque or a list is atomic, so they need no lock."""

    def __init__(self, ids, texts, batch=None, attempt=1, attempts=1):
        self.first, self.stop, self.texts = ids.start, ids.stop, texts
        self.batch, self.attempt, self.attempts = batch, attempt, attempts
        self.waiting = collections.deque(texts)
        self.next_text = None             # taken, and not begun yet
        self.outputs, self.ends = [], []  # of what is done and not collected; `ends` is never the shorter one
        self.collected = self.begun = 0   # begun: on the monotonic clock, the next task that is collected

    def begin(self):
        """The first task runs from now on."""
        with contextlib.suppress(IndexError):  # all of it may just be given back
            if self.next_text is None:
                self.next_text = self.waiting.popleft()

    def do_all(self, do, tell):
        """In the thread. tell() is called after each task."""
        clock, take, ends, outputs = time.monotonic_ns, self.waiting.popleft, self.ends.append, self.outputs.append
        self.begun = clock()
        text = self.next_text
        with contextlib.suppress(IndexError):
            while text is not None:
                output = call(do, text)
                ends(clock())
                outputs(output)
                tell()
                text = take()

    def collect(self):
        """Results of what was done since the last call."""
        count = len(self.outputs)
        if not count:
            return []
        outputs, ends = self.outputs[:count], self.ends[:count]
        del self.outputs[:count], self.ends[:count]
        # The clock that people know may be set meanwhile; the monotonic one may not.
        offset = time.time_ns() - time.monotonic_ns()
        starts = [self.begun, *ends]
        took = list(map(operator.sub, ends, starts))
        self.begun = ends[-1]
        at = self.collected
        self.collected += count
        return [self.result(at + a, outputs[a:b], took[a:b], starts[a] + offset) for a, b in cuts(self.texts[at:at + count], outputs)]

    def result(self, at, outputs, took, started):
        count, first = len(outputs), self.first + at
        result = dict(ids=range(first, first + count), attempt=self.attempt, attempts=self.attempts, slot=1, outcome=protocol.EXITED,
                      status=0, started=started, ended=started + sum(took), took=took if count > 1 else [], cpu=0, max_rss=0,
                      texts=self.texts[at:at + count], output=b"", errors=b"", reason=b"")
        if count > 1:
            result["output"] = protocol.pack(outputs) if any(outputs) else b""
        else:
            result.update(outputs[0] if type(outputs[0]) is Fields else dict(output=outputs[0]))
        return result

    def state(self):
        """The ids of what runs, and of what is queued."""
        begun = self.stop - len(self.waiting)
        return range(self.first + self.collected, begun), range(begun, self.stop)

    def over(self):
        return self.first + self.collected == self.stop

    def take_back(self, ids):
        """Forgets those that are not begun. Returns what is queued behind them, as a chunk of its own."""
        texts = []
        with contextlib.suppress(IndexError):
            while self.stop > ids.start:
                texts.append(self.waiting.pop())
                self.stop -= 1
        behind = texts[::-1][max(0, ids.stop - self.stop):]
        stop = self.stop + len(texts)
        return Chunk(range(stop - len(behind), stop), behind, self.batch, self.attempt, self.attempts)


class Piece(bytes):
    """A task that is a piece of the input: its name, with which bytes it stands for."""

    def __new__(cls, text):
        try:
            fields = protocol.decode_piece(text)
        except protocol.Bad:
            fields = None
        piece = super().__new__(cls, fields["name"] if fields else b"")
        piece.fields = fields
        return piece

    def read(self):
        if self.fields is None:
            raise ValueError("what was sent is no piece of the input")
        if not self.fields["file"]:
            return self.fields["data"]
        with open(self.fields["file"], "rb") as file:
            file.seek(self.fields["offset"])
            data = file.read(self.fields["size"])
        if len(data) < self.fields["size"]:
            raise ValueError(f"{os.fsdecode(self.fields['file'])} has become shorter since the batch was begun")
        return data


class Fields(dict):
    """The fields of a result that differ from those of a task that exited with 0."""


def call(do, text):
    """What it returns; the fields of a result if it cannot."""
    try:
        output = do(text.read() if type(text) is Piece else text)
        if type(output) is bytes and len(output) <= MAX_OUTPUT or type(output) is Fields:
            return output
        what = "more than 100 MiB" if type(output) is bytes else f"{type(output).__name__}, not bytes"
        raise TypeError(f"it returned {what}")
    except BaseException as error:  # also SystemExit, which would end the thread
        return Fields(outcome=protocol.FAILED, reason=reason_of(error))


def reason_of(error):
    try:
        reason = str(error) or repr(error)
    except Exception:  # somebody else's
        reason = type(error).__name__
    return reason.encode(errors="replace")[:MAX_REASON]


def cuts(texts, outputs):
    """From where to where they share a result: those that have failed stand alone, and all where they are large."""
    count = len(outputs)
    if sum(map(len, texts)) + sum(map(len, outputs)) > RESULT_BYTES:
        at = range(count + 1)
    else:
        alone = [at for at, output in enumerate(outputs) if type(output) is not bytes]
        at = sorted({0, count, *alone, *(one + 1 for one in alone)})
    return zip(at, at[1:])


def without(ranges, ids):
    """What is left of ranges of ids."""
    halves = ((range(each.start, min(each.stop, ids.start)), range(max(each.start, ids.stop), each.stop)) for each in ranges)
    return [half for pair in halves for half in pair if half]


class Finished:
    """A result that is kept until all of its tasks are settled."""

    def __init__(self, result):
        self.unsettled, self.attempt, self.sent = [result["ids"]], result["attempt"], False
        self.encoded = protocol.RESULT.write(result)


class Worker:
    """do(text) may also return Fields."""

    def __init__(self, do, results, feedback, tasks=None, slots=1, workloads=False, key=None):
        self.do, self.slots, self.workloads = do, slots, workloads
        self.id = secrets.randbits(64) or 1
        self.name = f"{socket.gethostname()}:{os.getpid()}".encode()
        self.ventilator, self.sequence, self.batch = 0, 0, 0
        self.former_ventilators = set()
        self.chunks = []            # what is queued or runs, also of a former batch, and plain tasks
        self.finished = []          # of the present batch
        self.plain_done = 0         # completions that are not sent yet
        self.queue = collections.deque()  # chunks that no thread has yet
        self.queued = threading.Condition()
        self.idle = 0               # threads that wait for a chunk
        self.told = self.dry = False  # the threads have told that something is done, that they have nothing to do
        self.collect_due = None
        self.asked_to_leave = self.leaving = self.reaches_sink = self.said_refused = False
        self.presence_due, self.leave_due = 0.0, None
        self.open_sockets(results, feedback, tasks, key)

    def open_sockets(self, results, feedback, tasks, key):
        self.context, self.key, self.zap = zmq.Context(), key and Key(key), None
        if key:
            self.zap = self.context.socket(zmq.REP)
            self.zap.bind("inproc://zeromq.zap.01")
        self.inbox = self.context.socket(zmq.PULL)
        self.bind_inbox(inbox_beside(feedback))
        self.inbox_endpoint = self.inbox.getsockopt(zmq.LAST_ENDPOINT).rstrip(b"\0")
        if tasks:
            self.inbox.connect(tasks)
        self.results, self.results_monitor = self.connect(results)
        self.feedback, self.feedback_monitor = self.connect(feedback, unacknowledged_msec=1500)
        self.wake_reader, self.wake_writer = socket.socketpair()
        self.wake_writer.setblocking(False)
        signal.set_wakeup_fd(self.wake_writer.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.ask_to_leave)

    def bind_inbox(self, endpoint):
        self.inbox.maxmsgsize, self.inbox.ipv6 = MAX_LANE_BYTES, "[" in endpoint
        if endpoint.startswith("tcp://"):
            self.inbox.heartbeat_ivl, self.inbox.heartbeat_ttl, self.inbox.heartbeat_timeout = 10_000, 30_000, 0
        if self.key:
            self.inbox.curve_server, self.inbox.curve_secretkey = True, self.key.secret
        self.inbox.bind(endpoint)

    def connect(self, endpoint, unacknowledged_msec=0):
        push = self.context.socket(zmq.PUSH)
        push.tcp_maxrt = unacknowledged_msec  # then the connection is dead; 0: as the system has it
        push.immediate, push.linger, push.maxmsgsize, push.ipv6 = True, 1000, MAX_COMMAND_BYTES, "[" in endpoint
        if self.key:
            push.curve_serverkey = push.curve_publickey = self.key.public
            push.curve_secretkey = self.key.secret
        monitor = push.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_DISCONNECTED |
                                          zmq.EVENT_HANDSHAKE_FAILED_AUTH | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL)
        push.connect(endpoint)
        return push, monitor

    # --- the loop

    def run(self):
        for _ in range(self.slots):
            threading.Thread(target=self.work, daemon=True).start()
        while not self.gone():
            self.take_news(self.wait())
            if self.asked_to_leave:
                self.begin_to_leave()
            self.collect()
            self.send_results()
            if time.monotonic() >= self.presence_due:
                self.send_presence()
        self.send_presence()
        self.context.destroy(linger=1000)

    def wait(self):
        poller = zmq.Poller()
        for readable in (self.inbox, self.results_monitor, self.feedback_monitor, self.wake_reader, self.zap):
            if readable:
                poller.register(readable, zmq.POLLIN)
        if self.plain_done or not all(result.sent for result in self.finished):
            poller.register(self.results, zmq.POLLOUT)
        due = min(at for at in (self.presence_due, self.collect_due, self.leave_due) if at is not None)
        return dict(poller.poll(max(0, due - time.monotonic()) * 1000))

    def take_news(self, ready):
        if self.wake_reader.fileno() in ready:
            self.wake_reader.recv(4096)
            self.collect_due = self.collect_due or time.monotonic() + TOGETHER
        if self.zap in ready:
            self.authenticate()
        if self.feedback_monitor in ready:
            self.is_connected(self.feedback_monitor)
            self.presence_due = 0
        if self.results_monitor in ready:
            self.reaches_sink = self.is_connected(self.results_monitor)
            self.presence_due = 0
            for result in self.finished:
                result.sent = False
        if self.inbox in ready:
            self.take(self.inbox.recv())

    def is_connected(self, monitor):
        """From this event on."""
        event = recv_monitor_message(monitor)["event"]
        if event in (zmq.EVENT_HANDSHAKE_FAILED_AUTH, zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL) and not self.said_refused:
            self.said_refused = True
            print("divvy_worker: refused: give all of them the same key, or none a key", file=sys.stderr)
        return event == zmq.EVENT_HANDSHAKE_SUCCEEDED

    def authenticate(self):
        """Only who has the key is let in (ZAP, https://rfc.zeromq.org/spec/27/)."""
        request = self.zap.recv_multipart()
        status = b"200" if request[5:] == [b"CURVE", self.key.public_bytes] else b"400"
        self.zap.send_multipart([b"1.0", request[1], status, b"", b"", b""])

    def ask_to_leave(self, number, _):
        self.asked_to_leave = True
        signal.signal(number, signal.SIG_DFL)  # a second one does not wait for what runs

    def begin_to_leave(self):
        """Gives back what is only queued, finishes what runs, waits until its results are settled."""
        self.asked_to_leave, self.leaving = False, True
        self.take_back_all()
        self.presence_due = 0

    def gone(self):
        if not self.leaving or self.chunks:
            return False
        self.leave_due = self.leave_due or time.monotonic() + FAREWELL
        return not (self.finished or self.plain_done) or time.monotonic() >= self.leave_due

    # --- what is heard

    def take(self, message):
        if message[:1] != bytes((protocol.MAGIC,)):
            if not self.leaving:
                self.start(Chunk(range(1, 2), [message.rstrip(b"\0")]))
            return
        try:
            kind, lane = protocol.decode(message)
        except protocol.Bad as error:
            print(f"divvy_worker: dropped a message: {error}", file=sys.stderr)
            return
        if kind == protocol.LANE and self.is_for_me(lane):
            self.take_lane(lane)

    def is_for_me(self, lane):
        if lane["worker"] != self.id or lane["ventilator"] in self.former_ventilators:
            return False
        if lane["ventilator"] != self.ventilator:
            self.former_ventilators.add(self.ventilator)
            self.ventilator, self.sequence = lane["ventilator"], 0
        return lane["sequence"] > self.sequence

    def take_lane(self, lane):
        self.sequence = lane["sequence"]
        if lane["batch"] != self.batch:
            self.take_back_all(lambda chunk: chunk.batch is not None)  # plain tasks are of no batch
            self.finished.clear()
            self.batch = lane["batch"]
        self.settle(lane["settled"])
        for ids in lane["recalled"]:
            self.take_back(ids)
        for assignment in lane["tasks"] if not self.leaving else ():
            if lane["form"] == protocol.PIECE:
                assignment["texts"] = list(map(Piece, assignment["texts"]))
            self.take_tasks(**assignment)
        if lane["recalled"] or not (lane["settled"] or lane["tasks"]) or self.leaving:
            self.presence_due = 0

    def settle(self, settled):
        for each in settled:
            for result in self.finished:
                if each["attempt"] in (0, result.attempt):
                    result.unsettled = without(result.unsettled, each["ids"])
        self.finished = [result for result in self.finished if result.unsettled]

    def take_back(self, ids):
        for chunk in list(self.chunks):
            if chunk.batch == self.batch and chunk.first < ids.stop and ids.start < chunk.stop:
                behind = chunk.take_back(ids)
                if behind.texts:
                    self.start(behind)
        self.forget_done()

    def take_back_all(self, which=lambda chunk: True):
        for chunk in filter(which, self.chunks):
            chunk.take_back(range(0, chunk.stop))
        self.forget_done()

    def take_tasks(self, ids, attempt, attempts, texts):
        held = [part for ranges in self.state().values() for part in ranges]
        if sum(map(len, held)) + len(ids) > MAX_HELD:
            return
        new = [ids]
        for part in held:
            new = without(new, part)
        for part in new:
            self.start(Chunk(part, texts[part.start - ids.start:part.stop - ids.start], self.batch, attempt, attempts))

    # --- what is done

    def start(self, chunk):
        parts = [chunk]
        if self.slots > 1:  # one thread does all of a chunk
            parts = [Chunk(range(task, task + 1), [text], chunk.batch, chunk.attempt, chunk.attempts)
                     for task, text in zip(range(chunk.first, chunk.stop), chunk.texts)]
        self.chunks += parts
        with self.queued:
            for part in parts:
                self.queue.append(part)
                if self.idle:
                    self.idle -= 1
                    part.begin()
                    self.queued.notify()

    def work(self):
        """In a thread of its own."""
        while True:
            self.next_chunk().do_all(self.do, self.tell)

    def next_chunk(self):
        with self.queued:
            while not self.queue:
                self.idle += 1
                self.dry = True
                self.wake()
                self.queued.wait()
            chunk = self.queue.popleft()
            chunk.begin()
            return chunk

    def tell(self):
        if not self.told:
            self.told = True
            self.wake()

    def wake(self):
        with contextlib.suppress(BlockingIOError):  # if it does not take more, it is awake
            self.wake_writer.send(b"!")

    def collect(self):
        """What is done becomes a result when it has been gathered for a while, or when there is nothing else to do."""
        if self.dry or (self.collect_due and time.monotonic() >= self.collect_due):
            self.dry = False
            if self.collect_done():
                self.collect_due = time.monotonic() + TOGETHER  # there will be more
            else:
                self.collect_due, self.told = None, False
                self.collect_done()

    def collect_done(self):
        found = False
        for chunk in self.chunks:
            for result in chunk.collect():
                found = True
                self.finish(chunk, result)
        self.forget_done()
        return found

    def finish(self, chunk, result):
        if chunk.batch is None:
            self.plain_done += 1
            sys.stdout.buffer.write(result["output"])
            sys.stdout.flush()
        elif chunk.batch == self.batch:
            self.finished.append(Finished(result))

    def forget_done(self):
        self.chunks = [chunk for chunk in self.chunks if not chunk.over()]

    # --- what is said

    def send_results(self):
        unsent = [result for result in self.finished if not result.sent]
        while unsent:
            sizes = itertools.accumulate(len(result.encoded) for result in unsent)
            some = unsent[:max(1, sum(size <= MESSAGE_BYTES for size in sizes))]
            if not send(self.results, self.encode_results(some)):
                break
            for result in some:
                result.sent = True
            unsent = unsent[len(some):]
        while self.plain_done and send(self.results, b""):
            self.plain_done -= 1

    def encode_results(self, some):
        """A message without results, then their number and the results, which are encoded already."""
        empty = protocol.encode(protocol.RESULTS, worker=self.id, name=self.name, batch=self.batch, results=[])
        number = protocol.U32.write(len(some))
        return b"".join([empty[:-len(number)], number, *(result.encoded for result in some)])

    def send_presence(self):
        self.presence_due = time.monotonic() + PRESENCE_EVERY
        send(self.feedback, protocol.encode(
            protocol.PRESENCE, worker=self.id, name=self.name, inbox=self.inbox_endpoint, lane_port=0,
            slots=0 if self.leaving else self.slots, workloads=self.workloads,
            pool=b"", command=b"", reaches_sink=self.reaches_sink,
            ventilator=self.ventilator, sequence=self.sequence, batch=self.batch, **self.state()))

    def state(self):
        """Ranges of the ids of the present batch."""
        states = [chunk.state() for chunk in self.chunks if chunk.batch == self.batch]
        return dict(running=[running for running, _ in states if running], queued=[queued for _, queued in states if queued],
                    finished=[ids for result in self.finished for ids in result.unsettled])


def send(push, message):
    """False if nobody is there to take it, or those who are have enough."""
    if not push.getsockopt(zmq.EVENTS) & zmq.POLLOUT:
        return False
    push.send(message)
    return True


# --- where, and who may

class Key:
    """The pair that everybody has, whose secret half is in the file."""

    def __init__(self, path):
        with open(path, "rb") as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise ValueError(f"key file {path}: others can read it; chmod 600 {path}")
            title, _, self.secret = file.read(200).partition(b"\n")
        if title != b"divvy key 1" or len(self.secret) != 41 or self.secret[-1:] != b"\n":
            raise ValueError(f"key file {path}: it is no key file; ventilator --make-key FILE makes one")
        self.secret = self.secret[:-1]
        self.public = zmq.curve_public(self.secret)
        self.public_bytes = z85.decode(self.public)


def endpoints_at(address, key=None):
    """Of results and feedback."""
    address = address.rstrip("/")
    if address.startswith("ipc://"):
        return f"{address}/results", f"{address}/feedback"
    address = address.removeprefix("tcp://")
    host, _, port = address.rpartition(":") if address.rpartition(":")[2].isdigit() else (address, "", "5557")
    host = address_of(host)
    if not (key or host.startswith("127.") or host == "[::1]"):
        raise ValueError(f"{address} can be reached by others, and nothing protects it; use a key file (see ventilator --make-key)")
    return tuple(f"tcp://{host}:{int(port) + offset}" for offset in (1, 2))


def address_of(host):
    """The first IPv4 address, or else the first IPv6 one: localhost is two."""
    if host in ("*", "0.0.0.0"):
        return "127.0.0.1"
    found = sorted(socket.getaddrinfo(host.strip("[]"), None, type=socket.SOCK_STREAM), key=lambda each: each[0])
    return with_brackets(found[0][4][0])


def with_brackets(address):
    return f"[{address}]" if ":" in address else address


def inbox_beside(feedback):
    """Over tcp the address that this host would use to talk to the ventilator's."""
    if feedback.startswith("ipc://"):
        return f"{os.path.dirname(feedback)}/inbox-{secrets.token_hex(4)}"
    host, _, port = feedback[len("tcp://"):].rpartition(":")
    family = socket.AF_INET6 if host.startswith("[") else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:  # this sends nothing; it asks the routing table
        probe.connect((host.strip("[]"), int(port)))
        return f"tcp://{with_brackets(probe.getsockname()[0])}:*"
