"""Rows for work that is smaller than a process: functions and filters. See bench.py."""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from contest import BIN, BUILT, PATIENCE, Pipeline, Tasks, interleave, result, row, run, wall

HERE = Path(__file__).resolve().parent
MILLION = 1_000_000
SED = ("sed", "s/a/b/")
# And how many lines it gets: `sed -u` reads byte by byte.
FILTERS = {("sed", "-u", "s/a/b/"): MILLION // 10, ("stdbuf", "-oL", *SED): MILLION, SED: MILLION}


class Lines(Tasks):
    """Tasks of ten bytes, and whether what came of them is complete."""

    def __init__(self, count):
        super().__init__(f"a{number:09}" for number in range(count))
        self.count = count

    def answers(self, letter):
        return [b"%b%09d\n" % (letter, number) for number in range(self.count)]

    def rate(self, contestant, letter=b"a"):
        """Milliseconds for a million lines. contestant(file): prints an answer to each line into it."""
        with tempfile.TemporaryFile() as out:
            msec = wall(lambda: contestant(out))
            out.seek(0)
            if sorted(out) != self.answers(letter):
                raise RuntimeError("the output is not complete")
        return msec * MILLION / self.count


def pipeline(lines, out, *worker, workers=2, sink=()):
    """A whole batch, from the start of the first process to the end of the sink."""
    with Pipeline() as line:
        last = line.start(BIN / "sink", "-q", "--at", line.at, *sink, stdout=out)
        line.start(BIN / "ventilator", "-q", "--at", line.at, "-w", workers, lines.name)
        for _ in range(workers):
            line.start(*(line.at if word == "ADDRESS" else word for word in worker))
        if last.wait(PATIENCE) != 0:
            raise RuntimeError("the sink has failed")


def guide(lines, out):
    """The same with the guide's pipeline, whose workers send each task back."""
    with Pipeline() as line:
        tasks, results = f"{line.at}/tasks", f"{line.at}/results"
        sink = line.start(BUILT / "guide", "print", results, lines.count, stdout=out)
        line.start(BUILT / "guide", "ventilator", tasks, results, 2, lines.name)
        for _ in range(2):
            line.start(BUILT / "guide", "echo", tasks, results)
        sink.wait(PATIENCE)


def divvy_filter(lines, out, words, *options):
    run(BIN / "divvy", "-q", "-j2", "--filter", *options, lines.name, "--", *words, out=out)


def in_a_pipe(lines, out, words):
    """As in a shell: cat FILE | FILTER | cat > OUT."""
    with open(lines.name, "rb") as source:
        cat = subprocess.Popen(["cat"], stdin=source, stdout=subprocess.PIPE)
        work = subprocess.Popen(words, stdin=cat.stdout, stdout=subprocess.PIPE)
        run("cat", out=out, stdin=work.stdout)
        for process in cat, work:
            process.wait(PATIENCE)


def side_by_side(lines, out, words):
    """Two of this filter, each with half of the lines, and nothing else: the floor."""
    script = 'head -n $((N / 2)) "$0" | "$@" > "$D/1" & tail -n +$((N / 2 + 1)) "$0" | "$@" > "$D/2"; wait; cat "$D/1" "$D/2"'
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        run("sh", "-c", script, lines.name, *words, out=out, env={**os.environ, "N": str(lines.count), "D": folder})


class Journals:
    """A new journal for each run, gone at the end."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="bench-")
        self.made = 0

    def option(self):
        self.made += 1
        return "--journal", f"{self.folder.name}/{self.made}.db"


CPP = (BUILT / "functions", "echo", "ADDRESS")
PYTHON = (sys.executable, HERE / "echo.py", "divvy", "ADDRESS")


@row
def cpp_function(runs):
    """a C++ function that returns its task"""
    lines, journals = Lines(MILLION), Journals()
    ours, guides, kept = interleave(
        runs, lambda _: lines.rate(lambda out: pipeline(lines, out, *CPP)), lambda _: lines.rate(lambda out: guide(lines, out)),
        lambda _: lines.rate(lambda out: pipeline(lines, out, *CPP, sink=journals.option())))
    work = "C++ function that returns its task of 10 bytes, a million times, 2 workers, printed: tasks/s"
    yield result(work, "the guide's pipeline that sends the task back and prints it", (0.3, 1), ours, guides, rate=True)
    yield result("the C++ function with a journal: tasks/s", "without", (0.3, 0.6), kept, ours, rate=True)


@row
def python_function(runs):
    """a Python function that returns its task"""
    lines, few, journals = Lines(MILLION), Lines(MILLION // 10), Journals()
    ours, pool, kept = interleave(
        runs, lambda _: lines.rate(lambda out: pipeline(lines, out, *PYTHON)),
        lambda _: few.rate(lambda out: run(sys.executable, HERE / "echo.py", "pool", few.name, out=out)),
        lambda _: lines.rate(lambda out: pipeline(lines, out, *PYTHON, sink=journals.option())))
    work = "Python function that returns its task of 10 bytes, a million times, 2 workers, printed: tasks/s"
    yield result(work, "`multiprocessing.Pool(2).imap`, a tenth of them", (1, 3), ours, pool, rate=True)
    yield result("the Python function with a journal: tasks/s", "without", (0.3, 0.6), kept, ours, rate=True)


@row
def filters(runs):
    """filters, a million lines"""
    for words, count in FILTERS.items():
        yield from one_filter(runs, words, Lines(count), Lines(MILLION), Journals())


def one_filter(runs, words, lines, many, journals):
    def rate(contestant, words, *options, lines=lines):
        return lines.rate(lambda out: contestant(lines, out, words, *options), b"b")
    one_sed, parallel, ours, in_order, kept, floor = interleave(
        runs, lambda _: rate(in_a_pipe, SED, lines=many), lambda _: rate(in_a_pipe, ("parallel", "-j2", "--pipe", "-k", *SED), lines=many),
        lambda _: rate(divvy_filter, words), lambda _: rate(divvy_filter, words, "-k"),
        lambda _: rate(divvy_filter, words, *journals.option()), lambda _: rate(side_by_side, words))
    work = f"filter `{' '.join(words)}`, lines of 10 bytes, `-j2`"
    yield result(f"{work}: lines/s", "one `sed s/a/b/` in a shell pipe", (0.2, 0.7), ours, one_sed, rate=True)
    yield result(f"{work}: lines/s", "two of this filter side by side, without divvy", None, ours, floor, rate=True)
    yield result(f"{work} `-k`: lines/s", "GNU `parallel -j2 --pipe -k sed s/a/b/`", (1, 3), in_order, parallel, rate=True)
    yield result(f"{work}, with a journal: lines/s", "without", (0.3, 0.6), kept, ours, rate=True)


@row
def filter_or_processes(runs):
    """a filter, or a process for each line"""
    lines, few, replace = Lines(MILLION), Lines(5000), BUILT / "replace"
    ours, xargs = interleave(
        runs, lambda _: lines.rate(lambda out: divvy_filter(lines, out, [replace]), b"b"),
        lambda _: few.rate(lambda out: run("xargs", "-a", few.name, "-P2", "-n1", replace, out=out), b"b"))
    yield result("filter that replaces a letter, lines of 10 bytes, `-j2`: lines/s",
                 "`xargs -P2 -n1`, its program for each of 5,000 lines", (100, 300), ours, xargs, rate=True)


@row
def busy_functions(runs):
    """functions that compute for 1 ms, 64 slots"""
    lines, cores = Lines(5000 * os.cpu_count()), os.cpu_count()
    words = (BUILT / "functions", "busy", "ADDRESS", 64)
    def batch(_):
        return lines.rate(lambda out: pipeline(lines, out, *words, workers=1)) * lines.count / MILLION
    ours, alone = interleave(runs, batch, lambda _: wall(lambda: run(BUILT / "functions", "busy-alone", lines.count, cores)))
    work = f"{lines.count:,} functions that compute for 1 ms, 64 slots, {cores} cores: wall time"
    yield result(work, "work / cores", (1.1, 1.03), ours, [lines.count / cores] * len(ours))
    yield result(work, "a thread a core that calls them, without divvy", None, ours, alone)
