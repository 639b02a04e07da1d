"""Kills, freezes, wakes and restarts all three at random over a batch, and checks what is promised of it.

Usage: chaos.py [--minutes M] [--seed S] [--tasks N] [--filters | --live] [--lanes | --pipelines P]: batch after batch, each with the next
seed, until time is up. With several pipelines each has a ventilator and a sink of its own, and they share the workers.
"""
import argparse
import collections
import random
import signal
import sqlite3
import sys
import time

from pipeline import BIN, Pipeline, eventually, free_ports

COMMAND = ("sh", "-c", 'echo "$DIVVY_WORKER" >> "$0/{}"; sleep 0.0$(({} % 4))')
FILTER = ("sh", "-c", 'while read -r task; do echo "$DIVVY_WORKER" >> "$0/$task"; sleep 0.0$((task % 4)); echo "$task"; done')
LIVE = ("sh", "-c", 'echo "$DIVVY_WORKER" >> "$0/{}"; for part in 1 2 3; do echo "{} part $part"; sleep 0.0$(({} % 4)); done; printf "{} end"')
LOST_AFTER = 2  # seconds
BATCH_DEADLINE = 300
TASKS_PER_EVENT = 4  # at least: on a machine where starting a worker takes a second nothing else would ever get done


class Batch:
    """Of one ventilator and its sink. The texts of its tasks are numbers from `first` on."""

    def __init__(self, first, tasks, live, lanes=0):
        self.texts = [str(text) for text in range(first, first + tasks)]
        self.live = live
        self.pipeline = Pipeline()
        self.lanes = ()
        if lanes:
            self.pipeline.use_tcp()
            port = free_ports(lanes)
            self.lanes = ("--lanes", f"{port}-{port + lanes - 1}")
        self.journal = self.pipeline.file("journal.db")
        self.input = self.pipeline.file("input")
        self.input.write_text("".join(f"{text}\n" for text in self.texts))
        self.sink, self.ventilator = self.new_sink(), self.new_ventilator()
        self.first_sink = self.sink

    def new_sink(self):
        return self.pipeline.sink("--journal", self.journal, *(["--live", "--tag"] if self.live else []))

    def new_ventilator(self):
        return self.pipeline.ventilator("--name", "chaos", "--lost-after", LOST_AFTER, *self.lanes, self.input)

    def restart(self):
        if self.ventilator.popen.poll() == -signal.SIGKILL:
            self.ventilator = self.new_ventilator()
        if self.sink.popen.poll() is not None and not self.over():
            self.sink = self.new_sink()

    def over(self):
        return self.ventilator.popen.poll() not in (None, -signal.SIGKILL)

    def check_journal(self):
        """Returns the tasks that lost three workers: on a machine that is slow enough it happens."""
        database = sqlite3.connect(self.journal)
        rows = database.execute("SELECT task, text, success, outcome FROM result ORDER BY task").fetchall()
        database.close()
        lost = [text for _, text, _, outcome in rows if outcome == "lost"]
        failed = [row for row in rows if not row[2] and row[1] not in lost]
        assert not failed, f"tasks failed, which nothing but chaos can have made fail: {failed}"
        missing = collections.Counter(enumerate(self.texts, 1))
        missing.subtract((task, text) for task, text, _, _ in rows)
        assert not any(missing.values()), f"not one result for each task: {+missing} missing, {-missing} too many"
        assert len(lost) <= len(self.texts) // 200, f"too many tasks lost their workers: {lost}"
        return lost

    def check_output(self, lost):
        """Each line was printed once, whole, and in its place; of a lost task perhaps not all of them."""
        eventually(lambda: self.first_sink.popen.poll() is not None, "the sink ends")
        printed = collections.defaultdict(list)
        for line in self.first_sink.out.splitlines():
            task, _, text = line.partition("\t")
            printed[task].append(text)
        for task in self.texts:
            wanted = [f"{task} part {part}" for part in (1, 2, 3)] + [f"{task} end"]
            lines = printed.pop(task, [])
            assert lines == wanted[:len(lines) if task in lost else None], f"task {task} has printed {lines}"
        assert not printed


class Chaos:
    """One batch, or several at the same workers, with everything restarted that was killed, until the ventilators have ended by themselves."""

    def __init__(self, seed, tasks, workers=4, filters=False, live=False, lanes=False, pipelines=1):
        self.dice = random.Random(seed)
        self.filters = filters
        self.live = live
        self.batches = [Batch(1 + 1_000_000 * number, tasks // pipelines, live, 2 * workers * lanes) for number in range(pipelines)]
        self.tasks = sum(len(batch.texts) for batch in self.batches)
        self.trace = self.batches[0].pipeline.file("trace")
        self.trace.mkdir()
        self.events = collections.Counter()
        self.unlucky = set()  # names of workers that were killed or frozen
        self.asleep = []      # (when to wake, process)
        self.workers = [self.new_worker() for _ in range(workers)]

    def new_worker(self):
        command = (*(FILTER if self.filters else LIVE if self.live else COMMAND), self.trace)
        options = ["-j", 2, *self.batches[0].lanes, *(["--filter"] if self.filters else [])]
        first = self.batches[0].pipeline
        if len(self.batches) == 1:
            return first.worker(*options, command=command)
        at = [word for batch in self.batches for word in ("--at", f"ipc://{batch.pipeline.folder}")]
        return first.start(BIN / "worker", "-v", *at, *options, "--", *command)

    # --- what can happen

    def happen(self):
        if self.events.total() == self.tasks // TASKS_PER_EVENT:
            return
        kinds = {"worker killed": 6, "worker frozen": 2, "worker asked to leave": 4, "sink killed": 2, "sink frozen": 1,
                 "ventilator killed": 2, "ventilator frozen": 1}
        if self.live:
            del kinds["sink killed"]  # what it has printed it would print again
        kind = self.dice.choices(list(kinds), kinds.values())[0]
        who, _, what = kind.partition(" ")
        place = self.dice.randrange(len(self.workers))
        process = self.workers[place] if who == "worker" else getattr(self.dice.choice(self.batches), who)
        if process.popen.poll() is not None or any(process is sleeper for _, sleeper in self.asleep):
            return
        self.events[kind] += 1
        asked_again = what == "asked to leave" and -signal.SIGTERM in process.expected_signals
        if who == "worker" and (what != "asked to leave" or asked_again):
            self.unlucky.add(process.pid)  # the second time it kills what runs, and waits for nobody
        if what == "killed":
            process.kill()
        elif what == "frozen":
            process.popen.send_signal(signal.SIGSTOP)
            self.asleep.append((time.monotonic() + self.dice.uniform(0.1, 2.5 * LOST_AFTER), process))
        else:
            process.send(signal.SIGTERM)

    def wake(self, everybody=False):
        for when, process in list(self.asleep):
            if everybody or when <= time.monotonic():
                process.popen.send_signal(signal.SIGCONT)
                self.asleep.remove((when, process))

    def restart(self):
        """Whatever has ended is started again."""
        for batch in self.batches:
            batch.restart()
        for place, worker in enumerate(self.workers):
            if worker.popen.poll() is not None:
                self.workers[place] = self.new_worker()

    # --- the batches

    def run(self):
        end = time.monotonic() + BATCH_DEADLINE
        try:
            while not self.over():
                assert time.monotonic() < end, "the batch hangs"
                self.happen()
                pause = time.monotonic() + self.dice.expovariate(2.5)
                while time.monotonic() < pause and not self.over():
                    time.sleep(0.01)
                self.wake()
                self.restart()
            self.wake(everybody=True)
            for batch in self.batches:
                lost = batch.check_journal()
                self.events["task lost"] += len(lost)
                assert batch.ventilator.status() == len(lost), batch.ventilator.err
                if self.live:
                    batch.check_output(lost)
            self.check_executions()
        finally:
            self.wake(everybody=True)

    def over(self):
        return all(batch.over() for batch in self.batches)

    def check_executions(self):
        """A task that ran more than once did so but once on a worker that was neither killed nor frozen."""
        executions = {path.name: path.read_text().split() for path in self.trace.iterdir()}
        assert len(executions) >= self.tasks - self.events["task lost"]
        for task, names in executions.items():
            healthy = [name for name in names if int(name.rpartition(":")[2]) not in self.unlucky]
            assert len(healthy) <= 1, f"task {task} ran on {names}; killed or frozen: {sorted(self.unlucky)}"
            self.events["task run again"] += len(names) - 1
        self.events["task"] += self.tasks

    def close(self):
        # A sink that was restarted after the end waits for a ventilator that will not come.
        for batch in self.batches:
            for process in batch.pipeline.processes:
                process.expected_signals.add(-signal.SIGKILL)
            batch.pipeline.close()


def batch(seed, tasks, filters=False, live=False, lanes=False, pipelines=1):
    """Returns what has happened, as counts; raises AssertionError if a promise was broken."""
    chaos = Chaos(seed, tasks, filters=filters, live=live, lanes=lanes, pipelines=pipelines)
    try:
        chaos.run()
    except AssertionError:
        for one in chaos.batches:
            for process in one.pipeline.processes:
                print(process.story(), file=sys.stderr)
        raise
    finally:
        chaos.close()
    return chaos.events


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--tasks", type=int, default=1000)
    parser.add_argument("--filters", action="store_true", help="workers with filters, not with commands")
    parser.add_argument("--live", action="store_true", help="lines are printed while their tasks run, by one sink")
    parser.add_argument("--lanes", action="store_true", help="workers open their lanes, over tcp")
    parser.add_argument("--pipelines", type=int, default=1, help="so many ventilators and sinks share the workers and the tasks")
    options = parser.parse_args()
    total, batches, seed = collections.Counter(), 0, options.seed
    end = time.monotonic() + options.minutes * 60
    while time.monotonic() < end:
        try:
            events = batch(seed, options.tasks, options.filters, options.live, options.lanes, options.pipelines)
        except AssertionError as error:
            print(f"seed {seed}: {error}")
            return 1
        print(f"seed {seed}: " + ", ".join(f"{count} {kind}" for kind, count in sorted(events.items())), flush=True)
        total += events
        batches, seed = batches + 1, seed + 1
    print(f"{batches} batches: " + ", ".join(f"{count} {kind}" for kind, count in sorted(total.items())))
    return 0


if __name__ == "__main__":
    with_output = Pipeline.close

    def quiet_close(pipeline):
        """As in tests, but their stories are told only of failures."""
        import contextlib
        import io
        with contextlib.redirect_stdout(io.StringIO()):
            with_output(pipeline)

    Pipeline.close = quiet_close
    sys.exit(main())
