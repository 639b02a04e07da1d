"""The three of the ZeroMQ Guide's pipeline as plain peers, without its sleeps and key presses.

Each is a function that takes a context and ends when its part is done or the context is terminated.
"""
import argparse
import random
import threading
import time

import zmq


def wait_for_peers(socket, attach, endpoint, count):
    """Binds or connects it, and waits until so many are there."""
    with socket.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED) as monitor:
        attach(endpoint)
        for _ in range(count):
            monitor.recv_multipart()
        socket.disable_monitor()


def ventilator(context, tasks, results, workers, count=100, max_msec=3, start="direct", pad=False):
    """start: 'direct' to the sink, as the guide does now, or as a first task 'through' a worker."""
    end = b"\0" if pad else b""
    with context.socket(zmq.PUSH) as sender, context.socket(zmq.PUSH) as sink:
        wait_for_peers(sender, sender.bind, tasks, workers)  # otherwise the first one to connect gets the whole batch
        if start == "direct":
            wait_for_peers(sink, sink.connect, results, 1)  # otherwise a completion may be there before the start
            sink.send(b"0" + end)
        else:
            sender.send(b"0" + end)
        for _ in range(count):
            sender.send(b"%d" % random.randint(0, max_msec) + end)


def worker(context, tasks, results, echo=False):
    with context.socket(zmq.PULL) as receiver, context.socket(zmq.PUSH) as sender:
        receiver.connect(tasks)
        sender.connect(results)
        while True:
            task = receiver.recv()
            time.sleep(int(task.rstrip(b"\0")) / 1000)
            sender.send(task if echo else b"")


def sink(context, results, count=100):
    with context.socket(zmq.PULL) as receiver:
        receiver.bind(results)
        receiver.recv()  # the start of the batch
        for _ in range(count):
            receiver.recv()


class Peer:
    """One of them in a thread."""

    def __init__(self, part, **options):
        self.context = zmq.Context()
        self.context.setsockopt(zmq.LINGER, 10_000)
        self.finished = threading.Event()
        self.thread = threading.Thread(target=self.run, args=(part, options), daemon=True)
        self.thread.start()

    def run(self, part, options):
        try:
            part(self.context, **options)
            self.finished.set()
        except zmq.ContextTerminated:
            pass

    def finishes(self, deadline):
        return self.finished.wait(deadline)

    def stop(self):
        self.context.term()
        self.thread.join()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("part", choices=("ventilator", "worker", "sink"))
    parser.add_argument("--tasks", default="tcp://127.0.0.1:5557")
    parser.add_argument("--results", default="tcp://127.0.0.1:5558")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--max-msec", type=int, default=3)
    parser.add_argument("--start", choices=("direct", "through"), default="direct")
    parser.add_argument("--pad", action="store_true")
    parser.add_argument("--echo", action="store_true")
    options = vars(parser.parse_args())
    part = globals()[options["part"]]
    wanted = part.__code__.co_varnames[1:part.__code__.co_argcount]
    with zmq.Context() as context:
        part(context, **{name: options[name] for name in wanted})


if __name__ == "__main__":
    main()
