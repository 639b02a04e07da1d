"""What the sink and its helpers print, wherever that goes: full, closed, slow, or gone."""
import fcntl
import json
import os
import pty
import re
import signal
import subprocess
import time

import pytest

import protocol
from conversation import WithSink
from pipeline import BIN, DEADLINE, eventually

NOISY = ("sh", "-c", "echo out {}; echo err {} >&2; exit $(({} % 2))")
TASKS = "1\n2\n3\n"


def unwritable(kind):
    """A standard error that takes nothing, and what is to be closed afterwards."""
    if kind == "full":
        return os.open("/dev/full", os.O_WRONLY)
    mine, theirs = pty.openpty()
    os.close(mine)  # from now on writing is an input/output error
    return theirs


def run_divvy(*words, text=TASKS, **options):
    return subprocess.run([BIN / "divvy", *words], input=text.encode(), stdout=subprocess.PIPE, timeout=DEADLINE, **options)


# --- lines for the user that cannot be written ---

@pytest.mark.parametrize("kind", ["full", "terminal"])
@pytest.mark.parametrize("options", [[], ["-k", "--tag"]], ids=["plain", "kept"])
def test_what_cannot_be_told_is_dropped_and_the_batch_stays_what_it_is(kind, options, tmp_path):
    stderr = unwritable(kind)
    journal = tmp_path / "j.db"
    ended = run_divvy("-j", "2", "--retries", "1", "--name", "b", "--journal", journal, *options, "--", *NOISY, stderr=stderr)
    os.close(stderr)
    assert ended.returncode == 2
    assert sorted(line.split("\t")[-1] for line in ended.stdout.decode().splitlines()) == ["out 1", "out 2", "out 3"]


def test_a_closed_standard_error_is_nothing_to_end_for():
    ended = run_divvy("--", *NOISY, preexec_fn=lambda: os.close(2))
    assert ended.returncode == 2
    assert sorted(ended.stdout.decode().split()) == sorted("out 1 out 2 out 3".split())


@pytest.mark.parametrize("program", ["divvy", "ventilator", "worker", "sink"])
def test_a_mistake_that_cannot_be_told_is_still_a_mistake(program):
    with open("/dev/full", "w") as full:
        assert subprocess.run([BIN / program, "--no-such-option"], stderr=full, timeout=DEADLINE).returncode == 255


def test_a_full_standard_output_is_an_error_of_one_line(pipeline):
    with open("/dev/full", "w") as full:
        sink = pipeline.start(BIN / "sink", *pipeline.at, stdout=full)
    pipeline.ventilator(tasks=[1])
    pipeline.worker(command=("echo",))
    assert sink.status() == 255
    assert sink.err == "sink: cannot write standard output: No space left on device\n"


# --- readers that are slow, or gone ---

@pytest.mark.parametrize("stream, redirection", [("stdout", ""), ("stderr", ">&2")])
def test_a_slow_reader_of_output_that_does_not_block_gets_all_of_it(stream, redirection):
    size = 300_000
    read, write = os.pipe()
    fcntl.fcntl(write, fcntl.F_SETFL, fcntl.fcntl(write, fcntl.F_GETFL) | os.O_NONBLOCK)
    streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, stream: write}
    with subprocess.Popen([BIN / "divvy", "-q", "--", "sh", "-c", f"head -c {size} /dev/zero {redirection}"],
                          stdin=subprocess.PIPE, **streams) as run:
        os.close(write)
        run.stdin.write(TASKS.encode())
        run.stdin.close()
        got = 0
        while block := os.read(read, 20_000):
            got += len(block)
            time.sleep(0.001)
        os.close(read)
        assert (run.wait(DEADLINE), got) == (0, 3 * size)


def test_who_has_read_enough_is_told_nothing():
    with subprocess.Popen([BIN / "divvy", "-j", "2", "--", "echo", "out"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as run:
        tasks = "".join(f"{task}\n" for task in range(2000))
        run.stdin.write(tasks.encode())
        run.stdin.close()
        run.stdout.read(4)
        run.stdout.close()
        assert run.wait(DEADLINE) == 255
        assert run.stderr.read() == b""


# --- what killed tasks have printed ---

@pytest.mark.parametrize("options, out", [((), "half\noutput 1\n"), (("-k",), "output 1\nhalf\n")], ids=["at once", "in order"])
def test_what_an_interrupted_task_has_printed_is_printed_and_counts_for_nothing(context, pipeline, options, out):
    sink = WithSink(context, pipeline, *options)
    sink.open(tasks=2)
    sink.result(2, outcome=protocol.INTERRUPTED, output=b"half\n")
    sink.result(1)
    assert sink.receipt()[1] == range(1, 2)
    sink.announce(state=3, tasks=2, busy_slots=0)
    assert sink.process.status() == 255
    assert sink.process.out == out
    assert "ended with 1 of 2 tasks recorded" in sink.process.err


@pytest.mark.parametrize("way", ["the ventilator leaves", "the sink is told to stop"])
def test_a_sink_waits_a_moment_for_what_the_killed_tasks_have_printed(context, pipeline, way):
    sink = WithSink(context, pipeline)
    sink.open(tasks=2)
    if way == "the ventilator leaves":
        sink.announce(state=3, tasks=2)
    else:
        sink.process.send(signal.SIGTERM)
    time.sleep(0.3)  # a moment in which it would end otherwise
    sink.result(1, outcome=protocol.INTERRUPTED, output=b"half\n")
    eventually(lambda: sink.process.out == "half\n", "what was printed")
    sink.push.close()  # nobody is left who could say more
    assert sink.process.status() == 255


# --- what is told ---

def test_an_empty_input_says_so(divvy):
    run = divvy("--", "true")
    assert run.end() == 0
    assert "0 tasks, 0 failed, 0 retried, 0 duplicates" in run.err
    assert divvy("-q", "--", "true").end() == 0


def test_a_summary_goes_to_standard_output_after_everything_else(divvy):
    run = divvy("--summary", "-", "--", "echo", stdin=subprocess.PIPE)
    assert run.end("1\n2\n") == 0
    first, second, *summary = run.out.splitlines()
    assert sorted((first, second)) == ["1", "2"]
    assert json.loads("\n".join(summary))["succeeded"] == 2


def test_failures_for_one_reason_are_told_once_and_counted(divvy):
    run = divvy("-j", "2", "--", "./no-such-program", stdin=subprocess.PIPE)
    assert run.end("".join(f"{task}\n" for task in range(50))) == 50
    assert len(re.findall(r"^sink: task \d+ failed, cannot run ./no-such-program: No such file or directory, on ", run.err, re.M)) == 1
    assert re.search("^sink: 49 more tasks failed: cannot run ./no-such-program: No such file or directory$", run.err, re.M)


def test_with_quiet_failed_tasks_are_named(pipeline):
    sink, _ = pipeline.batch([1, 2], command=("sh", "-c", "exit $(({} - 1))"), sink=("-q",))
    assert re.search(r"^sink: task 2 failed, exit status 1, on \S+: 2$", sink.err, re.M)
    assert "2 tasks" not in sink.err


def test_one_is_one(pipeline):
    sink, _ = pipeline.batch([1], command=("true",))
    assert "1 task, 0 failed, 0 retried, 0 duplicates" in sink.err
    assert re.search(r" of 1 slot busy, ", sink.err)
