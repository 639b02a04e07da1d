"""Real processes for the end-to-end tests: each test has a pipeline of its own, with its own endpoints."""
import contextlib
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
EXAMPLES = HERE.parents[1] / "examples"
BIN = Path(os.environ.get("DIVVY_BIN") or HERE.parents[1] / "build" / "release").resolve()
DEADLINE = 150  # seconds: only a failing test ever waits so long


def eventually(condition, what, deadline=DEADLINE):
    """The first true value of condition(); fails if there is none in time."""
    end = time.monotonic() + deadline
    while not (value := condition()):
        assert time.monotonic() < end, f"waited in vain: {what}"
        time.sleep(0.01)
    return value


def free_ports(count):
    """The first of so many consecutive ports that nobody listens at just now, and that nobody connects from."""
    while True:
        first = random.randrange(10_000, 32_000)
        with contextlib.ExitStack() as stack:
            try:
                for port in range(first, first + count):
                    stack.enter_context(socket.create_server(("127.0.0.1", port)))
                return first
            except OSError:
                pass


class Process:
    """A process whose output goes to files, so that it never waits for its reader."""

    def __init__(self, label, words, folder, stdin=subprocess.DEVNULL, env=None, stdout=None, stderr=None):
        self.label = label
        self.paths = {stream: folder / f"{label}.{stream}" for stream in ("out", "err")}
        with open(self.paths["out"], "wb") as out, open(self.paths["err"], "wb") as err:
            self.popen = subprocess.Popen([os.fsencode(str(word)) for word in words], stdin=stdin, stdout=stdout or out, stderr=stderr or err,
                                          env={**os.environ, **(env or {})})
        self.pid = self.popen.pid
        self.expected_signals = set()

    @property
    def out_bytes(self):
        return self.paths["out"].read_bytes()

    @property
    def out(self):
        return self.out_bytes.decode(errors="replace")

    @property
    def err(self):
        return self.paths["err"].read_bytes().decode(errors="replace")

    def says(self, pattern):
        """Waits until standard error matches; returns the match."""
        def said():
            match = re.search(pattern, self.err, re.MULTILINE)
            assert match or self.popen.poll() is None or re.search(pattern, self.err, re.MULTILINE), \
                f"{self.label} ended with {self.popen.returncode} and never said '{pattern}':\n{self.err}"
            return match
        return eventually(said, f"{self.label} to say '{pattern}'")

    def status(self, deadline=DEADLINE):
        """Waits for its end; returns the exit status, negative for a signal."""
        try:
            return self.popen.wait(deadline)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.label} does not end; it has said:\n{self.err}") from None

    def send(self, number):
        self.expected_signals.add(-number)
        self.popen.send_signal(number)

    def kill(self):
        self.send(signal.SIGKILL)
        self.popen.wait(DEADLINE)

    def story(self):
        return f"--- {self.label}: status {self.popen.returncode}\n{self.out[-2000:]}\n{self.err[-4000:]}"


class Pipeline:
    """Starts the three, or others in their places, where they find each other and nobody else does."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="divvy-", dir="/tmp"))  # an ipc path has 107 bytes at most
        self.processes = []
        self.use_ipc()

    def use_ipc(self):
        self.endpoints = {line: f"ipc://{self.folder}/{line}" for line in ("tasks", "results", "feedback")}

    def use_tcp(self):
        """Any free ports: the sink starts first then, after it the ventilator."""
        self.endpoints = {line: "tcp://127.0.0.1:*" for line in ("tasks", "results", "feedback")}

    @property
    def at(self):
        return self.but()

    def but(self, **others):
        """The options that say where to meet, with other endpoints for some lines."""
        return [word for line, endpoint in {**self.endpoints, **others}.items() for word in (f"--{line}", endpoint)]

    def start(self, program, *words, **options):
        """Any program; its name gets a number, for people."""
        label = f"{Path(program).name}-{len(self.processes) + 1}"
        process = Process(label, [program, *words], self.folder, **options)
        self.processes.append(process)
        return process

    def sink(self, *options):
        sink = self.start(BIN / "sink", "-v", *self.at, *options)
        self.read_back(sink, results=r"results on (\S+)")
        return sink

    def worker(self, *options, command=()):
        words = ["--", *command] if command else []
        return self.start(BIN / "worker", "-v", *self.at, *options, *words)

    def workers(self, count, *options, **more):
        return [self.worker(*options, **more) for _ in range(count)]

    def ventilator(self, *options, tasks=None, stdin=None):
        """tasks: lines, or bytes, for its standard input; stdin: a pipe that the test feeds instead."""
        with self.input(tasks) as file:
            ventilator = self.start(BIN / "ventilator", "-v", *self.at, *options, stdin=stdin or file)
        lines = dict(tasks=r"tasks on ([^\s,]+)", feedback=r"feedback on (\S+)")
        if "--classic" in options:
            del lines["feedback"]
        self.read_back(ventilator, **lines)
        return ventilator

    def input(self, tasks):
        if tasks is None:
            return open(os.devnull, "rb")
        path = self.folder / f"input-{len(self.processes) + 1}"
        path.write_bytes(tasks if isinstance(tasks, bytes) else b"".join(os.fsencode(f"{task}\n") for task in tasks))
        return open(path, "rb")

    def read_back(self, process, **lines):
        for line, pattern in lines.items():
            if self.endpoints[line].endswith(":*"):
                port = process.says(pattern)[1].rpartition(":")[2]
                self.endpoints[line] = f"tcp://127.0.0.1:{port}"

    def protocol_worker(self, *options, command=()):
        words = ["--", *command] if command else []
        return self.start(sys.executable, HERE / "protocol_worker.py", *self.at, *options, *words,
                          env={"PYTHONPATH": EXAMPLES / "python"})

    def batch(self, tasks, *, workers=1, command=(), sink=(), worker=(), ventilator=()):
        """A whole batch from its beginning to its end; returns sink and ventilator, which have ended."""
        sink = self.sink(*sink)
        ventilator = self.ventilator(*ventilator, tasks=tasks)
        self.workers(workers, *worker, command=command)
        ventilator.status()
        sink.status()
        return sink, ventilator

    def file(self, name):
        return self.folder / name

    def close(self):
        """Ends what still runs; what does not end when asked to, or ended in a crash, fails the test."""
        running = [process for process in self.processes if process.popen.poll() is None]
        for process in running:
            process.send(signal.SIGTERM)
        stubborn = []
        for process in running:
            try:
                process.popen.wait(DEADLINE / 2)
            except subprocess.TimeoutExpired:
                stubborn.append(process.label)
                process.kill()
        crashed = [process.label for process in self.processes if crash(process)]
        for process in self.processes:
            print(process.story())
        shutil.rmtree(self.folder, ignore_errors=True)
        assert not stubborn, f"had to be killed: {', '.join(stubborn)}"
        assert not crashed, f"crashed: {', '.join(crashed)}"


def crash(process):
    status = process.popen.returncode
    died = status < 0 and status not in process.expected_signals
    return died or re.search(r"Sanitizer|runtime error:|Assertion .* failed|Traceback", process.err)


def is_watchdog(pid):
    """Whether it is what ends the commands of a worker that is killed: a copy of the worker, but for its name."""
    try:
        return Path(f"/proc/{pid}/comm").read_text() == "worker-watchdog\n"
    except OSError:
        return False  # it has just ended


def refused(pipeline, program, *words):
    """Runs a program that must not start; returns the one line that it says."""
    process = pipeline.start(BIN / program, *words)
    assert (process.status(), process.out) == (255, "")
    assert re.fullmatch(rf"{program}: [^\n]{{1,200}}\n", process.err), process.err
    return process.err


class Gate:
    """A command that waits until the test opens the gate, and tells who has come to it."""

    def __init__(self, pipeline):
        self.folder = pipeline.file("gate")
        self.folder.mkdir()
        wait = f"while [ -d {self.folder} ] && [ ! -e {self.folder}/open ] && [ ! -e \"{self.folder}/open-$1\" ]; do sleep 0.02; done"
        self.command = ("sh", "-c", f"echo $PPID >> \"{self.folder}/came-$1\"; {wait}; echo done $1", "gate", "{}")

    def open(self):
        (self.folder / "open").touch()

    def let_pass(self, *tasks):
        for task in tasks:
            (self.folder / f"open-{task}").touch()

    def came(self, count):
        """Waits until as many tasks are running; returns {task: the ids of the workers that ran it}."""
        return eventually(lambda: len(self.seen()) >= count and self.seen(), f"{count} tasks to run")

    def seen(self):
        lines = {path.name[5:]: path.read_text().split() for path in self.folder.glob("came-*")}
        return {task: [int(pid) for pid in pids] for task, pids in lines.items() if pids}


def marks(out):
    """How many completions the sink has shown as the guide does."""
    return sum(line.count(".") + line.count(":") for line in out.splitlines() if set(line) <= set(".:"))
