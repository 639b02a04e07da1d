"""Measures divvy side by side with what else there is: A B A B in one go, medians, ratios. See scripts/bench."""
import argparse
import heapq
import os
import platform
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import report
from contest import (BIN, BUILT, PATIENCE, ROOT, ROWS, Pipeline, Tasks, divvy_command, elapsed, interleave, result, row, run,
                     until_the_end, wall)

BUSY = os.getloadavg()[0]  # before there is any of ours


# --- workloads ------------------------------------------------------------------------------------


def evenly(count, seed):
    generator = random.Random(seed)
    return [generator.randint(1, 100) for _ in range(count)]


def skewed(count, seed):
    msecs = [500] * (count // 10) + [5] * (count - count // 10)
    random.Random(seed).shuffle(msecs)
    return msecs


def greedy(msecs, workers):
    """How long it takes if each task, in turn, goes to whoever is free first, at no cost."""
    free = [0] * workers
    for msec in msecs:
        heapq.heappush(free, heapq.heappop(free) + msec)
    return max(free)


def divvy_sleeps(msecs, workers, *options):
    tasks = Tasks(msecs)
    with Pipeline() as pipeline:
        return elapsed(pipeline.divvy([*options, tasks.name], workers, quiet=False))


def guide_sleeps(msecs, workers):
    tasks = Tasks(msecs)
    with Pipeline() as pipeline:
        return elapsed(pipeline.guide(tasks.name, len(msecs), workers))


# --- the rows: sleeping ---------------------------------------------------------------------------


@row
def small_batches(runs):
    """100 tasks of 1 to 100 ms"""
    for workers, goals in (4, (0.95, 0.93)), (10, (0.90, 0.87)), (16, (0.86, 0.83)), (50, (0.92, 0.88)):
        batches = [evenly(100, seed) for seed in range(4 * runs)]
        ours, guides = interleave(len(batches), lambda i: divvy_sleeps(batches[i], workers),
                                  lambda i: guide_sleeps(batches[i], workers))
        perfect = [greedy(batch, workers) for batch in batches]
        work = f"100 tasks of 1 to 100 ms, {workers} workers: elapsed"
        line = result(work, "the guide's pipeline", goals, ours, guides)
        line.efficiency = {name: statistics.median(sum(batch) / workers / each for batch, each in zip(batches, figures))
                           for name, figures in (("a greedy schedule", perfect), ("divvy", ours), ("the guide's", guides))}
        line.workers = workers
        yield line
        yield result(work, "a greedy schedule at no cost", (1.05, 1.02), ours, perfect)


@row
def longest_first(runs):
    """the same with --longest-first"""
    for workers, goals in (4, (0.93, 0.91)), (10, (0.84, 0.81)), (16, (0.77, 0.74)), (50, (0.66, 0.61)):
        batches = [evenly(100, seed) for seed in range(4 * runs)]
        ours, guides = interleave(len(batches), lambda i: divvy_sleeps(batches[i], workers, "--longest-first"),
                                  lambda i: guide_sleeps(batches[i], workers))
        perfect = [greedy(sorted(batch, reverse=True), workers) for batch in batches]
        work = f"the same with `--longest-first`, {workers} workers: elapsed"
        yield result(work, "the guide's pipeline", goals, ours, guides)
        yield result(work, "a greedy schedule, longest first, at no cost", None, ours, perfect)


@row
def many_workers(runs):
    """256 workers, 100 tasks each"""
    workers = 256
    batches = [evenly(100 * workers, seed) for seed in range(runs)]
    ours, = interleave(runs, lambda i: divvy_sleeps(batches[i], workers))
    ideal = [sum(batch) / workers for batch in batches]
    yield result("100 tasks a worker, 256 workers: efficiency", "all of them busy all the time", (0.97, 0.99), ours, ideal,
                 rate=True)


@row
def skewed_tasks(runs):
    """90% of 5 ms, 10% of 500 ms"""
    workers = 16
    batches = [skewed(320, seed) for seed in range(2 * runs)]
    ours, guides = interleave(len(batches), lambda i: divvy_sleeps(batches[i], workers),
                              lambda i: guide_sleeps(batches[i], workers))
    work = "320 tasks, 90% of 5 ms and 10% of 500 ms, 16 workers: elapsed"
    yield result(work, "the guide's pipeline", (0.62, 0.57), ours, guides)
    yield result(work, "a greedy schedule at no cost", None, ours, [greedy(batch, workers) for batch in batches])


# --- the rows: tasks that take no time ------------------------------------------------------------

MILLIONS = 5_000_000


@row
def no_time(runs):
    """tasks that take no time"""
    random_ = ["--random", MILLIONS, "--min-msec", 0, "--max-msec", 0]
    ours, guides = interleave(runs, lambda _: until_the_end(lambda p: p.divvy(random_, 2)),
                              lambda _: until_the_end(lambda p: p.guide(MILLIONS, MILLIONS, 2)))
    yield result("5 million tasks that take no time, 2 workers: tasks/s", "the guide's pipeline", (3, 10), ours, guides,
                 rate=True)


@row
def from_a_file(runs):
    """the same from a file"""
    tasks = Tasks("0" for _ in range(MILLIONS))
    ours, guides = interleave(runs, lambda _: until_the_end(lambda p: p.divvy([tasks.name], 2)),
                              lambda _: until_the_end(lambda p: p.guide(tasks.name, MILLIONS, 2)))
    yield result("the same from a file: tasks/s", "the guide's pipeline", (3, 6), ours, guides, rate=True)


# --- the rows: commands ---------------------------------------------------------------------------


@row
def true(runs):
    """`true`, two at a time"""
    count = 5000
    tasks = Tasks(range(count))
    ours, xargs, bare = interleave(runs, lambda _: wall(lambda: divvy_command(tasks, 2, "true")),
                                   lambda _: wall(lambda: run("xargs", "-a", tasks.name, "-P2", "-n1", "true")),
                                   lambda _: wall(lambda: run(BUILT / "spawn_loop", count, 2, "true")))
    work = "`true` 5,000 times, two at a time: wall time"
    yield result(work, "`xargs -P2 -n1`", (1.0, 0.85), ours, xargs)
    yield result(work, "a bare `posix_spawn` loop", (1.25, 1.10), ours, bare)


@row
def parallel(runs):
    """GNU parallel"""
    tasks = Tasks(range(1000))
    ours, others = interleave(runs, lambda _: wall(lambda: divvy_command(tasks, 2, "true")),
                              lambda _: wall(lambda: run("parallel", "-j2", "-a", tasks.name, "true")))
    yield result("`true` 1,000 times, two at a time: wall time", "GNU `parallel -j2`", None, ours, others)


@row
def journal(runs):
    """what a journal costs"""
    count = 100_000
    tasks = Tasks(range(count))
    def print_200(*options):
        return wall(lambda: divvy_command(tasks, 2, "printf", "%0200d", options=options))
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        ours, without = interleave(min(runs, 3), lambda i: print_200("--journal", f"{folder}/{i}.db"), lambda _: print_200())
    yield result("100,000 times `printf %0200d`, with a journal: results/s", "without", (0.6, 0.8), ours, without, rate=True)


@row
def journal_alone(runs):
    """the sink alone, fed as fast as it goes"""
    def feed(*options):
        with Pipeline() as pipeline:
            sink = pipeline.start(BIN / "sink", "-q", "--at", pipeline.at, *options)
            feeder = pipeline.start(BUILT / "sink_feeder", pipeline.at, 100_000, 200, stdout=subprocess.PIPE)
            msec = float(feeder.communicate(timeout=PATIENCE)[0])
            sink.wait(PATIENCE)
            return msec
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        ours, without = interleave(runs, lambda i: feed("--journal", f"{folder}/{i}.db"), lambda _: feed())
    yield result("100,000 results of 200 bytes to a sink alone, with a journal: results/s", "without", None, ours, without,
                 rate=True)


# --- the rows: what it takes while it runs --------------------------------------------------------


def peak_memory(count):
    """MiB of ventilator, sink, and the larger of two workers, which come when the ventilator has read ahead as it may."""
    def peak(process):
        found = re.search(r"VmHWM:\s*(\d+) kB", Path(f"/proc/{process.pid}/status").read_text())
        return int(found[1]) / 1024 if found else 0
    tasks = Tasks("0" * 20 for _ in range(count))
    with Pipeline() as pipeline:
        sink = pipeline.divvy([tasks.name], 2, late=1)
        peaks = [0] * len(pipeline.processes)
        while sink.poll() is None:
            peaks = [max(before, peak(process)) for before, process in zip(peaks, pipeline.processes)]
            time.sleep(0.002)
    return peaks[1], peaks[0], max(peaks[2:])


@row
def memory(runs):
    """peak memory"""
    few, many = interleave(runs, lambda _: peak_memory(200_000), lambda _: peak_memory(MILLIONS))
    for index, name in enumerate(("ventilator", "sink", "worker")):
        small, large = ([peaks[index] for peaks in figures] for figures in (few, many))
        line = result(f"peak memory of the {name}, 5 million tasks of 20 bytes: growth in MiB", "200 thousand tasks", (16, 4), large, small,
                      unit="MiB")
        line.ratio = line.ours - line.theirs
        yield line


def cpu_time(pid):
    """Milliseconds, of all threads."""
    return sum(int(thread.read_text().split()[0]) for thread in Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e6


@row
def idle(_):
    """an idle worker's CPU time"""
    with Pipeline() as alone, Pipeline() as waiting:
        read, write = os.pipe()
        alone.start(BIN / "worker", "--at", alone.at)
        waiting.start(BIN / "sink", "--at", waiting.at)
        waiting.start(BIN / "ventilator", "--at", waiting.at, stdin=read)
        waiting.start(BIN / "worker", "--at", waiting.at)
        time.sleep(3)
        workers = [pipeline.processes[-1].pid for pipeline in (alone, waiting)]
        before = [cpu_time(pid) for pid in workers]
        time.sleep(60)
        spent = [cpu_time(pid) - start for pid, start in zip(workers, before)]
        os.close(read)
        os.close(write)
    for where, msec in zip(("alone", "with a ventilator that waits for tasks"), spent):
        line = result(f"an idle worker, {where}: CPU time in 60 s, in msec", "nothing", (50, 10), [msec], [1])
        line.theirs = None
        yield line


def crowd_of(count, runs, task_takes, during=30):
    """Each of so many workers gets a task, and the input stays open. Returns after how many milliseconds all were known, and which
    percentage of a core the ventilator took while nothing happened."""
    known, shares = [], []
    for _ in range(min(runs, 3)):
        with Pipeline() as pipeline:
            at = f"127.0.0.1:{random.randrange(20000, 30000)}"
            ventilator = pipeline.start(BIN / "ventilator", "-q", "--at", at, "-w", count, stdin=subprocess.PIPE)
            ventilator.stdin.write(b"1\n" * count)
            ventilator.stdin.flush()
            workers = pipeline.start(BUILT / "crowd", at, count, *task_takes, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            known.append(float(workers.stdout.readline().split()[1]))
            workers.stdout.readline()
            time.sleep(5)
            before = cpu_time(ventilator.pid)
            time.sleep(during)
            shares.append((cpu_time(ventilator.pid) - before) / during / 10)
        print(".", end="", file=sys.stderr, flush=True)
    return known, shares


@row
def crowd(runs):
    """1,000 workers of one ventilator"""
    known, idle = crowd_of(1000, runs, task_takes=[1])
    _, busy = crowd_of(1000, runs, task_takes=[])
    for what, unit, goals, figures in (("until all are known", "msec", (5000, 2000), known),
                                       ("CPU time of the ventilator while none has a task", "% of a core", (2, 1), idle),
                                       ("the same, while each runs a task", "% of a core", None, busy)):
        line = result(f"1,000 workers on one machine: {what}", "nothing", goals, figures, [1] * len(figures), unit=unit)
        line.theirs = None
        yield line


import brief  # noqa: E402,F401 -- its rows come after these


# --- all of it ------------------------------------------------------------------------------------


def machine():
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    version = subprocess.run([BIN / "ventilator", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    return (f"{os.cpu_count()} cores of {model[1] if model else platform.machine()}, Linux {platform.release()}, {version}; "
            f"{time.strftime('%d %B %Y')}; load when it began: {BUSY:.2f}")


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__.splitlines()[0])
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"which ones (all): {', '.join(ROWS)}")
    parser.add_argument("--runs", type=int, default=5, metavar="N", help="how often each contestant has its turn (5)")
    parser.add_argument("--write", action="store_true", help="into docs/performance.md; rows that were not run stay as they are")
    options = parser.parse_args()
    if unknown := [name for name in options.rows if name not in ROWS]:
        parser.error(f"no such row: {', '.join(unknown)}")

    if BUSY > 0.5:
        print(f"somebody else is busy here (load {BUSY:.2f}): figures will be poor", file=sys.stderr)
    results = []
    for name in options.rows or ROWS:
        print(f"{name} ", end="", file=sys.stderr, flush=True)
        results += ROWS[name](options.runs)
        print("", file=sys.stderr)
    if options.write:
        report.write(ROOT / "docs" / "performance.md", results, machine())
    else:
        print(report.table(map(report.line, results)), machine(), sep="\n")


if __name__ == "__main__":
    main()
