"""What the rows of bench.py are made of: contestants that take turns, and what a turn took."""
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / "build" / "release"
BIN = Path(os.environ.get("DIVVY_BIN", BUILT)).resolve()  # whose ventilator, worker and sink
PATIENCE = 600  # seconds: only what hangs takes so long

ROWS = {}


def row(function):
    """Each row takes the number of runs and yields results; its name is its function's."""
    ROWS[function.__name__.replace("_", "-")] = function
    return function


class Pipeline:
    """Processes that meet in a directory of their own, and end with it."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="bench-", dir="/tmp")  # an ipc path must be short
        self.at = f"ipc://{self.folder.name}"
        self.processes = []
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.kill()
            process.wait()
        self.folder.cleanup()

    def start(self, *words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL):
        process = subprocess.Popen([str(word) for word in words], stdin=stdin, stdout=stdout, stderr=subprocess.DEVNULL)
        self.processes.append(process)
        return process

    def divvy(self, source, workers, quiet=True, late=0):
        """Starts all, the workers `late` seconds after the rest; returns the sink. `source`: the ventilator's arguments."""
        said = ["--at", self.at] + ["-q"] * quiet
        sink = self.start(BIN / "sink", *said, stdout=subprocess.PIPE)
        self.start(BIN / "ventilator", *said, "-w", workers, *source)
        time.sleep(late)
        for _ in range(workers):
            self.start(BIN / "worker", *said)
        return sink

    def guide(self, source, count, workers):
        tasks, results = f"{self.at}/tasks", f"{self.at}/results"
        sink = self.start(BUILT / "guide", "sink", results, count, stdout=subprocess.PIPE)
        self.start(BUILT / "guide", "ventilator", tasks, results, workers, source)
        for _ in range(workers):
            self.start(BUILT / "guide", "worker", tasks, results)
        return sink


def elapsed(sink):
    """What a sink says, in msec: from the first task to the last result. It cuts off what is not whole."""
    said = sink.communicate(timeout=PATIENCE)[0].decode()
    return int(re.search(r"Total elapsed time: (\d+) msec", said)[1]) + 0.5


def wall(action):
    """Milliseconds."""
    begun = time.monotonic()
    action()
    return (time.monotonic() - begun) * 1000


def run(*words, out=subprocess.DEVNULL, **options):
    subprocess.run([str(word) for word in words], stdout=out, timeout=PATIENCE, check=True, **options)


def interleave(runs, *contestants):
    """The figures of each contestant; in each run all have their turn."""
    figures = [[] for _ in contestants]
    for number in range(runs):
        for contestant, list_ in zip(contestants, figures):
            list_.append(contestant(number))
            print(".", end="", file=sys.stderr, flush=True)
    return figures


def result(work, against, goals, ours, theirs, unit="msec", rate=False):
    """`goals`: reach and aim of the ratio ours : theirs, of times. `rate`: they are of speeds, so it is turned over."""
    ratio = statistics.median(b / a if rate else a / b for a, b in zip(ours, theirs))
    return SimpleNamespace(work=work, against=against, goals=goals, rate=rate, ratio=ratio, ours=statistics.median(ours),
                           theirs=statistics.median(theirs), unit=unit, runs=len(ours))


class Tasks:
    """A file of tasks, gone when it is not needed any more."""

    def __init__(self, lines):
        self.file = tempfile.NamedTemporaryFile("w", prefix="bench-", suffix=".txt")
        self.file.writelines(f"{line}\n" for line in lines)
        self.file.flush()
        self.name = self.file.name


def until_the_end(start):
    """From the start of the first process to the end of the sink."""
    with Pipeline() as pipeline:
        return wall(lambda: start(pipeline).communicate(timeout=PATIENCE))


def divvy_command(tasks, at_once, *command, options=()):
    run(ROOT / "scripts" / "divvy", "-q", "-j", at_once, *options, tasks.name, "--", *command,
        env={**os.environ, "DIVVY_BIN": str(BIN)})
