"""Talks to one ventilator, worker or sink, message by message, as docs/protocol.md has it."""
import zmq
from zmq.utils.monitor import recv_monitor_message

import protocol
from pipeline import DEADLINE

BATCH, VENTILATOR = 0x77, 0x55


def one(task):
    return range(task, task + 1)


def run(first, *texts, attempt=1, attempts=1):
    return dict(ids=range(first, first + len(texts)), attempt=attempt, attempts=attempts,
                texts=[text.encode() for text in texts])


def settled(task, attempt=1):
    return dict(ids=one(task), attempt=attempt)


def of_version(version, message):
    """The same bytes, but for what they say of the protocol's version, and more behind them."""
    return message[:1] + bytes((version,)) + message[2:] + b"what a later version adds"


def tasks_in(ranges):
    return [task for ids in ranges for task in ids]


class Receiver:
    """A bound PULL that waits for a message of one kind, passing over others."""

    def __init__(self, context, endpoint):
        self.endpoint = endpoint
        self.pull = context.socket(zmq.PULL)
        self.pull.setsockopt(zmq.RCVTIMEO, DEADLINE * 1000)
        self.pull.bind(endpoint)

    def hear(self, kind, condition=lambda fields: True):
        while True:
            heard, fields = protocol.decode(self.pull.recv())
            if heard == kind and condition(fields):
                return fields


class Connections:
    """What becomes of a socket's connections."""

    def __init__(self, socket):
        self.events = socket.get_monitor_socket()
        self.events.setsockopt(zmq.RCVTIMEO, DEADLINE * 1000)

    def wait_for(self, event):
        while recv_monitor_message(self.events)["event"] != event:
            pass


class WithWorker:
    """We are the ventilator and the sink of one worker."""

    def __init__(self, context, pipeline, start):
        self.context, self.endpoints = context, pipeline.endpoints
        self.feedback = Receiver(context, self.endpoints["feedback"])
        self.results = Receiver(context, self.endpoints["results"])
        self.process = start()
        self.first = self.feedback.hear(protocol.PRESENCE)
        self.heard = []
        self.sequence = 0
        self.lane = context.socket(zmq.PUSH)
        self.lane.connect(self.first["inbox"].decode())

    def say(self, **fields):
        """A Lane message; returns its sequence."""
        self.sequence += 1
        lane = dict(worker=self.first["worker"], ventilator=VENTILATOR, sequence=self.sequence, batch=BATCH,
                    settled=[], recalled=[], abort=0, live=0, form=protocol.LINE, header=b"", tasks=[])
        self.lane.send(protocol.encode(protocol.LANE, **{**lane, **fields}))
        return fields.get("sequence", self.sequence)

    def state(self, ventilator=VENTILATOR):
        """What the worker answers to an empty Lane."""
        sequence = self.say(ventilator=ventilator)
        return self.feedback.hear(protocol.PRESENCE,
                                  lambda said: (said["ventilator"], said["sequence"]) == (ventilator, sequence))

    def result(self):
        """The next one; several may come in a message."""
        while not self.heard:
            heard = self.results.hear(protocol.RESULTS)
            assert (heard["worker"], heard["name"]) == (self.first["worker"], self.first["name"])
            self.heard = heard["results"]
        return self.heard.pop(0)


class Invented:
    """A worker that is us; with a connection of its own, as each has."""

    def __init__(self, talk, worker):
        self.talk, self.worker = talk, worker
        self.inbox = Receiver(talk.context, f"{talk.feedback.rpartition('/')[0]}/inbox-{worker}")
        self.push = talk.context.socket(zmq.PUSH)
        self.push.connect(talk.feedback)
        self.followed = dict(ventilator=0, sequence=0, batch=0)

    def say(self, version=protocol.VERSION, **others):
        """A presence."""
        fields = dict(worker=self.worker, name=b"w", inbox=self.inbox.endpoint.encode(), lane_port=0, slots=1, workloads=0, pool=b"",
                      command=b"", reaches_sink=1, running=[], queued=[], finished=[], **self.followed)
        presence = protocol.encode(protocol.PRESENCE, **{**fields, **others})
        self.push.send(presence if version == protocol.VERSION else of_version(version, presence))

    def hear(self, condition=lambda lane: True):
        """The next lane message; what is said from then on answers it."""
        lane = self.inbox.hear(protocol.LANE, condition)
        self.followed = {name: lane[name] for name in ("ventilator", "sequence", "batch")}
        return lane

    def tasks(self):
        """Waits until it is given tasks."""
        return tasks_in(run["ids"] for run in self.hear(lambda lane: lane["tasks"])["tasks"])

    def arrive(self, **others):
        self.say(**others)
        self.hear()
        self.say(**others)


class WithVentilator:
    """We are the sink and the workers of one ventilator."""

    def __init__(self, context, pipeline, *options, tasks=range(3), resumed=0, more=0):
        self.context, self.feedback = context, pipeline.endpoints["feedback"]
        self.results = Receiver(context, pipeline.endpoints["results"])
        self.process = pipeline.ventilator(*options, tasks=tasks)
        self.announced = self.results.hear(protocol.ANNOUNCEMENT)
        self.push = context.socket(zmq.PUSH)
        self.push.connect(self.feedback)
        self.resumed = resumed
        self.receipts(more=more)

    def worker(self, number):
        return Invented(self, number)

    def receipts(self, *receipts, **others):
        fields = dict(ventilator=self.announced["ventilator"], batch=self.announced["batch"], resumed=self.resumed,
                      command=b"", refusal=b"", more=0, live=0, receipts=list(receipts))
        self.push.send(protocol.encode(protocol.RECEIPTS, **{**fields, **others}))

    def receipt(self, ids, *, worker=1, attempt=1, verdict=0, **others):
        self.receipts(dict(worker=worker, ids=ids, attempt=attempt, verdict=verdict, duration=1000, digest=0), **others)

    def drops(self, what):
        self.process.says(f"dropped {what}")


def announcement(state=0, tasks=1, **others):
    fields = dict(name=b"", sender=b"v", command=b"", state=state, tasks=tasks, elapsed=1, forget_failed=0, workloads=0, workers=1, slots=1,
                  busy_slots=1, time_left=0, oldest=0, oldest_age=0)
    return protocol.encode(protocol.ANNOUNCEMENT, **{**fields, **others})


def result(task, worker, batch, **others):
    """A message with the result of one task."""
    fields = dict(ids=one(task), attempt=1, attempts=1, slot=1, outcome=protocol.EXITED, status=0, started=1000, ended=3000, took=[], cpu=0, max_rss=0,
                  texts=[b"text"], output=b"output %d\n" % task, errors=b"", reason=b"")
    return protocol.encode(protocol.RESULTS, worker=worker, name=b"w", batch=batch, results=[{**fields, **others}])


class WithSink:
    """We are the ventilator and the workers of one sink."""

    def __init__(self, context, pipeline, *options):
        self.pipeline = pipeline
        self.feedback = Receiver(context, pipeline.endpoints["feedback"])
        self.process = pipeline.sink(*options)
        self.push = context.socket(zmq.PUSH)
        self.push.connect(pipeline.endpoints["results"])
        self.heard = []

    def open(self, **fields):
        """Announces a batch, and waits until the sink has found us."""
        self.announce(**fields)
        assert self.feedback.hear(protocol.RECEIPTS)["receipts"] == []

    def announce(self, **fields):
        defaults = dict(ventilator=VENTILATOR, batch=BATCH, feedback=self.pipeline.endpoints["feedback"].encode())
        self.push.send(announcement(**{**defaults, **fields}))

    def result(self, task, *, worker=9, batch=BATCH, **others):
        self.push.send(result(task, worker, batch, **others))

    def live(self, task, lines, *, worker=9, batch=BATCH, **others):
        """Lines that it prints while it runs."""
        fields = dict(id=task, attempt=1, errors=0, offset=0, text=b"text", lines=lines)
        self.push.send(protocol.encode(protocol.LIVE_OUTPUT, worker=worker, name=b"w", batch=batch, fragments=[{**fields, **others}]))

    def several(self, first, *outputs, **others):
        """A result of as many consecutive tasks."""
        ids = range(first, first + len(outputs))
        self.result(first, **{**dict(ids=ids, texts=[b"text %d" % task for task in ids],
                                     output=protocol.pack([output.encode() for output in outputs])), **others})

    def receipt(self):
        """The next one for a result: worker, ids, attempt and verdict. What is recorded may be stated anew at any time."""
        while not self.heard:
            said = self.feedback.hear(protocol.RECEIPTS)
            assert said["batch"] == BATCH
            self.heard = [receipt for receipt in said["receipts"] if receipt["worker"] != 0]
        receipt = self.heard.pop(0)
        return receipt["worker"], receipt["ids"], receipt["attempt"], receipt["verdict"]


class OneOfSeveral:
    """We are the ventilator and the workers of one batch among others, with connections and feedback of its own."""

    def __init__(self, context, pipeline, number, name=b""):
        self.number, self.name = number, name
        self.batch, self.ventilator, self.worker = number, 1000 + number, 2000 + number
        self.feedback = Receiver(context, f"{pipeline.endpoints['feedback']}-{number}")
        self.push = context.socket(zmq.PUSH)
        self.push.connect(pipeline.endpoints["results"])
        self.heard = []

    def announce(self, **fields):
        defaults = dict(ventilator=self.ventilator, batch=self.batch, name=self.name, feedback=self.feedback.endpoint.encode(),
                        sender=b"lab:%d" % self.number)
        self.push.send(announcement(**{**defaults, **fields}))

    def begun(self):
        """Waits until the sink has found us; nothing is recorded yet."""
        assert self.feedback.hear(protocol.RECEIPTS)["receipts"] == []

    def stated(self):
        """What the sink states as recorded: ids and verdicts."""
        def statement(said):
            return said["ventilator"] == self.ventilator and said["receipts"] and said["receipts"][0]["worker"] == 0
        return [(receipt["ids"], receipt["verdict"]) for receipt in self.feedback.hear(protocol.RECEIPTS, statement)["receipts"]]

    def result(self, task, **others):
        self.push.send(result(task, self.worker, self.batch, **{**dict(output=b"batch %d task %d\n" % (self.number, task)), **others}))

    def receipt(self):
        """The next one for a result: its task and verdict."""
        while not self.heard:
            said = self.feedback.hear(protocol.RECEIPTS, lambda said: said["batch"] == self.batch)
            self.heard = [receipt for receipt in said["receipts"] if receipt["worker"] == self.worker]
        receipt = self.heard.pop(0)
        return receipt["ids"].start, receipt["verdict"]
