"""Makes a function a worker, which takes part in divvy's batches beside the C++ ones.

Written from docs/protocol.md alone. It talks on loopback and through ipc, and has no key.
"""
import os
import queue
import secrets
import signal
import socket
import sys
import threading
import time

import zmq
from zmq.utils.monitor import recv_monitor_message

import protocol

PRESENCE_EVERY = 1.0  # seconds


def serve(do, address="127.0.0.1:5557", **options):
    """Calls do(task) for each task until SIGTERM or Ctrl-C. Both the task and what do() returns, which the sink
    prints, are bytes; an exception fails the task. The address is that of --at: ipc:///DIR, HOST or HOST:PORT."""
    Worker(do, *endpoints_at(address), **options).run()


def endpoints_at(address):
    """Of results and feedback."""
    if address.startswith("ipc://"):
        return f"{address}/results", f"{address}/feedback"
    host, _, port = address.partition(":")
    if host not in ("localhost", "127.0.0.1"):
        sys.exit(f"{address} can be reached by others, and there is no key")
    return tuple(f"tcp://{host}:{int(port or 5557) + offset}" for offset in (1, 2))


class Work:
    """One task at this worker: queued, then running, then finished with a result."""

    def __init__(self, batch, task, attempt, attempts, text):
        self.batch, self.task, self.attempt, self.attempts, self.text = batch, task, attempt, attempts, text
        self.state, self.result, self.sent = "queued", None, False
        self.plain = task is None


class Worker:
    """do(text) may also return the fields of the result that differ from those of a task that exited with 0."""

    def __init__(self, do, results, feedback, tasks=None, slots=1, workloads=False):
        self.do, self.slots, self.workloads = do, slots, workloads
        self.id = secrets.randbits(64) or 1
        self.name = f"{socket.gethostname()}:{os.getpid()}".encode()
        self.ventilator, self.sequence, self.batch = 0, 0, 0
        self.former_ventilators = set()
        self.held = {}           # task id -> Work of the present batch, in the order of arrival
        self.plain_queue = []    # Work from the guide's shared line
        self.plain_done = 0      # completions that are not sent yet
        self.busy = 0            # slots in use, also by tasks of a former batch
        self.ended = queue.SimpleQueue()
        self.asked_to_leave = self.leaving = self.reaches_sink = False
        self.presence_due = 0.0
        self.open_sockets(results, feedback, tasks)

    def open_sockets(self, results, feedback, tasks):
        self.context = zmq.Context()
        self.inbox = self.context.socket(zmq.PULL)
        self.inbox.bind(inbox_beside(feedback))
        self.inbox_endpoint = self.inbox.getsockopt(zmq.LAST_ENDPOINT).rstrip(b"\0")
        if tasks:
            self.inbox.connect(tasks)
        self.results, self.results_monitor = self.connect(results)
        self.feedback, self.feedback_monitor = self.connect(feedback)
        self.wake_reader, self.wake_writer = socket.socketpair()
        self.wake_writer.setblocking(False)
        signal.set_wakeup_fd(self.wake_writer.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.ask_to_leave)

    def connect(self, endpoint):
        push = self.context.socket(zmq.PUSH)
        push.setsockopt(zmq.IMMEDIATE, 1)
        push.setsockopt(zmq.LINGER, 1000)
        monitor = push.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_DISCONNECTED)
        push.connect(endpoint)
        return push, monitor

    # --- the loop

    def run(self):
        while not self.gone():
            poller = zmq.Poller()
            for readable in (self.inbox, self.results_monitor, self.feedback_monitor, self.wake_reader):
                poller.register(readable, zmq.POLLIN)
            if self.plain_done or self.unsent():
                poller.register(self.results, zmq.POLLOUT)
            ready = dict(poller.poll(max(0, self.presence_due - time.monotonic()) * 1000))
            self.take_news(ready)
            if self.asked_to_leave:
                self.begin_to_leave()
            self.collect_ended()
            self.start_queued()
            self.send_results()
            if time.monotonic() >= self.presence_due:
                self.send_presence()
        self.send_presence()
        self.context.destroy(linger=1000)

    def take_news(self, ready):
        if self.wake_reader.fileno() in ready:
            self.wake_reader.recv(4096)
        if self.feedback_monitor in ready:
            recv_monitor_message(self.feedback_monitor)
            self.presence_due = 0
        if self.results_monitor in ready:
            self.reaches_sink = recv_monitor_message(self.results_monitor)["event"] == zmq.EVENT_HANDSHAKE_SUCCEEDED
            self.presence_due = 0
            for work in self.held.values():
                work.sent = False
        if self.inbox in ready:
            self.take(self.inbox.recv())

    def ask_to_leave(self, *_):
        self.asked_to_leave = True

    def begin_to_leave(self):
        """Gives back what is only queued, finishes what runs, waits until its results are settled."""
        self.asked_to_leave, self.leaving = False, True
        self.forget(lambda work: work.state == "queued")
        self.plain_queue.clear()
        self.presence_due = 0

    def gone(self):
        return self.leaving and not (self.busy or self.held or self.plain_done)

    # --- what is heard

    def take(self, message):
        if message[:1] != bytes((protocol.MAGIC,)):
            self.plain_queue.append(Work(None, None, 1, 1, message.rstrip(b"\0")))
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
            self.held.clear()
            self.batch = lane["batch"]
        for settled in lane["settled"]:
            self.forget(lambda work: work.state == "finished" and work.task in settled["ids"]
                        and settled["attempt"] in (0, work.attempt))
        for ids in lane["recalled"]:
            self.forget(lambda work: work.state == "queued" and work.task in ids)
        for run in lane["tasks"] if not self.leaving else ():
            self.queue(run)
        if lane["recalled"] or not (lane["settled"] or lane["tasks"]) or self.leaving:
            self.presence_due = 0

    def queue(self, run):
        for task, text in zip(run["ids"], run["texts"]):
            self.held.setdefault(task, Work(self.batch, task, run["attempt"], run["attempts"], text))

    def forget(self, which):
        self.held = {task: work for task, work in self.held.items() if not which(work)}

    # --- what is done

    def start_queued(self):
        queued = self.plain_queue + [work for work in self.held.values() if work.state == "queued"]
        for work in queued[:self.slots - self.busy]:
            work.state = "running"
            self.busy += 1
            if work.plain:
                self.plain_queue.remove(work)
            threading.Thread(target=self.perform, args=(work,), daemon=True).start()

    def perform(self, work):
        first, began = work.task or 1, time.monotonic_ns()
        result = dict(ids=range(first, first + 1), attempt=work.attempt, attempts=work.attempts, slot=0, outcome=protocol.EXITED,
                      status=0, started=time.time_ns(), took=[], texts=[work.text], output=b"", errors=b"", reason=b"")
        try:
            done = self.do(work.text)
            result.update(done if isinstance(done, dict) else dict(output=done))
        except Exception as error:
            result.update(outcome=protocol.FAILED, reason=(str(error) or repr(error)).encode())
        # The clock of `started` may be set meanwhile; this one may not.
        work.result = dict(result, ended=result["started"] + time.monotonic_ns() - began)
        self.ended.put(work)
        self.wake_writer.send(b"!")

    def collect_ended(self):
        while not self.ended.empty():
            work = self.ended.get()
            work.state = "finished"
            self.busy -= 1
            if work.plain:
                self.plain_done += 1

    # --- what is said

    def unsent(self):
        return [work for work in self.held.values() if work.state == "finished" and not work.sent]

    def send_results(self):
        for work in self.unsent():
            work.sent = send(self.results, protocol.encode(
                protocol.RESULTS, worker=self.id, name=self.name, batch=self.batch, results=[work.result]))
        while self.plain_done and send(self.results, b""):
            self.plain_done -= 1

    def send_presence(self):
        self.presence_due = time.monotonic() + PRESENCE_EVERY
        send(self.feedback, protocol.encode(
            protocol.PRESENCE, worker=self.id, name=self.name, inbox=self.inbox_endpoint,
            slots=0 if self.leaving else self.slots, workloads=self.workloads,
            pool=b"", command=b"", reaches_sink=self.reaches_sink,
            ventilator=self.ventilator, sequence=self.sequence, batch=self.batch,
            **{state: [range(task, task + 1) for task, work in self.held.items() if work.state == state]
               for state in ("running", "queued", "finished")}))


def send(push, message):
    """False if nobody is there to take it, or those who are have enough."""
    if not push.getsockopt(zmq.EVENTS) & zmq.POLLOUT:
        return False
    push.send(message)
    return True


def inbox_beside(feedback):
    if feedback.startswith("ipc://"):
        return f"{os.path.dirname(feedback)}/inbox-{secrets.token_hex(4)}"
    return "tcp://127.0.0.1:*"
