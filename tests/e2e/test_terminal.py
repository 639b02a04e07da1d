"""What a terminal shows of a batch: one live line below the tasks' output, which it never damages."""
import fcntl
import json
import os
import pty
import re
import select
import signal
import sqlite3
import struct
import termios
import time
from contextlib import closing

import pytest

from conversation import OneOfSeveral
from pipeline import BIN, DEADLINE, eventually


class Screen:
    """A terminal of unlimited height that knows just what divvy uses; remembers each state of its last line."""

    def __init__(self, columns=100):
        self.mine, self.theirs = pty.openpty()
        self.resize(columns)
        self.lines, self.column, self.shown = [""], 0, set()
        self.raw = b""

    def resize(self, columns):
        fcntl.ioctl(self.theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.columns = columns

    def read(self):
        """Takes in all that is there."""
        while select.select([self.mine], [], [], 0)[0]:
            block = os.read(self.mine, 65536)
            self.raw += block
            for token in re.findall(r"\x1b\[[0-9;]*[A-Za-z]|.|\n", block.decode(), re.S):
                self.put(token)

    def put(self, token):
        line = self.lines[-1]
        if token == "\r":
            self.column = 0
        elif token == "\n":
            self.lines.append("")
        elif token == "\x1b[K":
            self.lines[-1] = line[:self.column]
            self.shown.add(line)
        elif not token.startswith("\x1b"):
            self.lines[-1] = line[:self.column].ljust(self.column) + token + line[self.column + 1:]
            self.column += 1
            assert self.column <= self.columns, f"wider than the terminal: {self.lines[-1]}"

    def wait_for(self, pattern):
        def seen():
            self.read()
            return any(re.search(pattern, line) for line in [*self.lines, *self.shown])
        eventually(seen, f"the terminal to show {pattern}")

    def close(self):
        os.close(self.mine)
        os.close(self.theirs)


@pytest.fixture
def screen():
    screen = Screen()
    yield screen
    screen.close()


def on_screen(divvy, screen, *arguments, env=None, text="", **streams):
    """Runs the launcher on the screen; returns the run, which has ended."""
    streams = {"stdout": screen.theirs, "stderr": screen.theirs, **streams}
    run = divvy(*arguments, stdin=screen_input(text), **streams)
    end = time.monotonic() + DEADLINE
    while run.process.poll() is None:
        assert time.monotonic() < end
        screen.read()
        time.sleep(0.01)
    screen.read()
    return run


def screen_input(text):
    read, write = os.pipe()
    os.write(write, text.encode())
    os.close(write)
    return read


@pytest.fixture(autouse=True)
def terminal_type(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)


TASKS = "".join(f"{task}\n" for task in range(1, 21))
SLOW = ("sh", "-c", 'sleep 0.1; echo out "$1"; test "$1" != 7', "sh", "{}")


def test_a_live_line_follows_the_batch_and_leaves_the_output_whole(divvy, screen):
    run = on_screen(divvy, screen, "-j", "2", "--", *SLOW, text=TASKS)
    assert run.process.returncode == 1
    progress = [line for line in screen.shown if re.match(r"\d+/20  \[", line)]
    assert len(progress) > 2
    assert any(re.search(r"1 failed  2 running  2 workers  0:0\d  ETA 0:0\d", line) for line in progress)
    printed = [line for line in screen.lines if line.startswith("out ")]
    assert sorted(printed) == sorted(f"out {task}" for task in range(1, 21))
    assert not [line for line in screen.lines if "ETA" in line]


def test_what_did_not_end_its_line_is_not_written_over(divvy, screen):
    on_screen(divvy, screen, "-j", "1", "--", "sh", "-c", 'sleep 0.3; printf "$1",', "sh", "{}", text="1\n2\n3\n")
    assert any(line.startswith("1,2,3,") for line in screen.lines), screen.lines


def test_the_live_line_follows_the_width_of_the_window(divvy, screen):
    screen.resize(24)
    run = divvy("-j", "2", "--", "sleep", "0.1", stdin=screen_input("0.1\n" * 20), stdout=screen.theirs, stderr=screen.theirs)
    screen.wait_for(r"^\d+/20  \d")
    screen.resize(90)
    screen.wait_for(r"^\d+/20  \[")
    eventually(lambda: screen.read() or run.process.poll() is not None, "the end")


def test_no_color_is_honoured(divvy, screen, monkeypatch):
    on_screen(divvy, screen, "-j", "2", "--", *SLOW, text=TASKS)
    assert b"\x1b[31m" in screen.raw
    before = len(screen.raw)
    monkeypatch.setenv("NO_COLOR", "1")
    on_screen(divvy, screen, "-j", "2", "--", *SLOW, text=TASKS)
    assert b"ETA" in screen.raw[before:] and b"\x1b[31m" not in screen.raw[before:]


def test_no_line_moves_on_a_dumb_terminal(divvy, screen, monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    on_screen(divvy, screen, "-j", "2", "--", *SLOW, text=TASKS)
    assert b"ETA" not in screen.raw


def test_with_quiet_there_is_no_live_line_and_no_table(divvy, screen):
    on_screen(divvy, screen, "-q", "-j", "2", "--", "sh", "-c", 'sleep 0.3; echo "$1"', "sh", "{}", text="1\n2\n")
    assert sorted(screen.lines) == ["", "1", "2"]


def eta(line):
    """Seconds that the line says are left; nothing if it does not say it."""
    found = re.search(r"ETA (\d+):(\d\d)", line)
    return found and 60 * int(found[1]) + int(found[2])


def test_the_time_left_counts_down_while_nothing_ends(divvy, screen, tmp_path):
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    # The first task takes a while; the next one, and those behind it, wait for the gate.
    command = ("sh", "-c", 'if test "$1" = 1; then sleep 6; else read -r _ <"$2"; fi', "sh", "{}", gate)
    run = divvy("-j", "1", "--", *command, stdin=screen_input("1\n2\n3\n4\n5\n6\n"), stdout=screen.theirs, stderr=screen.theirs)
    told = []

    def counted_down():
        screen.read()
        left = eta(screen.lines[-1]) if screen.lines[-1].startswith("1/6  ") else None
        if left is not None:
            told.append(left)
        return told and told[0] - told[-1] >= 3

    try:
        eventually(counted_down, "the ETA to be 3 s less, though nothing has ended")
    finally:
        run.kill()


def test_the_last_task_is_named_with_its_age(divvy, screen, tmp_path):
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    command = ("sh", "-c", 'if test "$1" = 3; then read -r _ <"$2"; fi', "sh", "{}", gate)
    run = divvy("-j", "2", "--", *command, stdin=screen_input("1\n2\n3\n4\n5\n"), stdout=screen.theirs, stderr=screen.theirs)
    screen.wait_for(r"^4/5  .*ETA \d:\d\d  task 3 since 0:0[3-9]")
    with open(gate, "w") as go:
        go.write("\n")
    eventually(lambda: screen.read() or run.process.poll() is not None, "the end")
    assert run.process.returncode == 0


def test_with_a_history_the_time_left_is_known_before_anything_has_ended(divvy, screen, tmp_path):
    journal = tmp_path / "journal.db"
    on_screen(divvy, screen, "-j", "2", "--journal", journal, "--", "sleep", text="0.1\n1\n")
    with closing(sqlite3.connect(journal)) as database, database:
        database.execute("UPDATE result SET ended = started + 60")
    run = divvy("-j", "1", "--history", journal, "--", "sh", "-c", "sleep 60", "sh", stdin=screen_input("0.1\n1\n"),
                stdout=screen.theirs, stderr=screen.theirs)
    try:
        screen.wait_for(r"^0/2  .*ETA [12]:\d\d")
    finally:
        run.kill()


def test_where_there_is_no_terminal_nothing_is_drawn(divvy):
    run = divvy("-j", "2", "--", "sh", "-c", 'sleep 0.3; echo "$1"', "sh", "{}", stdin=screen_input("1\n2\n"))
    run.end()
    assert "\x1b" not in run.err and "ETA" not in run.err
    assert "2 tasks, 0 failed, 0 retried, 0 duplicates" in run.err


def test_the_guides_workloads_are_shown_as_in_the_guide(divvy, screen):
    on_screen(divvy, screen, "-j", "4", "--random", "20")
    assert ":.........:........." in screen.lines
    assert b"ETA" not in screen.raw


def test_a_table_tells_what_each_worker_did(pipeline):
    sink, _ = pipeline.batch([1, 2, 3, 4], command=("sleep", "0.0{}"), workers=1)
    assert re.search(r"^4 tasks, 0 failed, 0 retried, 0 duplicates$", sink.err, re.M)
    assert re.search(r"^\S+ ms of work in \S+ ms: [01]\.\d of 1 slot busy, \d\.\d cores used, largest task \S+ MiB$", sink.err, re.M)
    assert re.search(r"^\S+:\d+ +4 +0 +\d+% +\d+ ms +\d+ ms$", sink.err, re.M)


def test_the_summary_has_the_same_as_json(pipeline):
    summary = pipeline.file("summary.json")
    pipeline.batch([0, 3], command=("sh", "-c", 'sleep 0.2; exit "$1"', "sh", "{}"), workers=1, sink=("--summary", summary), ventilator=("--name", "b"))
    figures = json.loads(summary.read_text())
    assert (figures["version"], figures["name"], figures["complete"]) == (1, "b", True)
    assert (figures["tasks"], figures["recorded"], figures["succeeded"], figures["failed"]) == (2, 2, 1, 1)
    assert figures["slots"] == 1 and 0 < figures["work_seconds"] <= figures["elapsed_seconds"] * 1.2
    assert [worker["tasks"] for worker in figures["workers"]] == [2]


def test_a_summary_that_cannot_be_written_is_told_before_anything_runs(pipeline):
    sink = pipeline.start(BIN / "sink", *pipeline.at, "--summary", "/nowhere/summary.json")
    assert sink.status() == 255
    assert sink.err == "sink: cannot write /nowhere/summary.json: No such file or directory\n"


def test_the_last_errors_of_a_failed_task_are_told_where_its_output_waits(pipeline):
    sink, _ = pipeline.batch(["x"], command=("sh", "-c", "seq 9 >&2; exit 1"), sink=("-k",), workers=1)
    assert re.search(r"task 1 failed, exit status 1, on \S+:\d+: x\n.*\| 7\n.*\| 8\n.*\| 9\n", sink.err)


def test_the_live_line_of_several_batches_is_one_for_all_of_them(context, pipeline, screen):
    sink = pipeline.start(BIN / "sink", *pipeline.at, "--stay", env={"TERM": "xterm", "NO_COLOR": "1"}, stdout=screen.theirs, stderr=screen.theirs)
    batches = [OneOfSeveral(context, pipeline, number, b"b%d" % number) for number in (1, 2)]
    for batch in batches:
        batch.announce(state=1, tasks=10, slots=4, busy_slots=4)
    for batch in batches:
        batch.begun()
    batches[1].push = batches[0].push  # so that it is heard right after the other one
    batches[0].result(1, output=b"no end of line")
    batches[1].result(1, output=b", but here\n")
    screen.wait_for(r"^2/20  \[==*>? *\]  8 running  2 batches  \d:\d\d$")
    batches[0].announce(state=3, tasks=10, busy_slots=0)
    screen.wait_for("^sink: b1: ended with 1 of 10 tasks recorded$")
    batches[1].announce(state=1, tasks=10, busy_slots=0)
    screen.wait_for(r"^1/10 .* 0 running  1 worker  \d:\d\d$")
    sink.send(signal.SIGINT)
    assert sink.status() == 255
    screen.read()
    assert "no end of line, but here" in screen.lines
