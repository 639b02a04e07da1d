"""scripts/workers: N workers against an address."""
import os
import signal
import subprocess

import pytest

from launcher import alive_with
from pipeline import BIN, DEADLINE, HERE, eventually, is_watchdog

SCRIPT = HERE.parents[1] / "scripts" / "workers"


@pytest.fixture
def workers(pipeline):
    """Starts the script; the workers that it has launched are known by a mark in their environment."""
    mark = f"DIVVY_TEST_MARK={pipeline.folder}"

    def start(*words, env=(), **options):
        process = pipeline.start(SCRIPT, *words, env={"DIVVY_BIN": str(BIN), "DIVVY_TEST_MARK": str(pipeline.folder), **dict(env)},
                                 **options)
        process.workers = lambda: [pid for pid, words in alive_with(mark).items()
                                   if words.startswith(os.fsencode(BIN / "worker")) and not is_watchdog(pid)]
        return process

    return start


def test_it_launches_as_many_workers_as_asked_for(pipeline, workers):
    sink = pipeline.sink()
    ventilator = pipeline.ventilator("-w", 3, tasks=range(9))
    script = workers(3, *pipeline.at, "-q", "--", "echo", "it is")
    assert (ventilator.status(), sink.status()) == (0, 0)
    assert sorted(sink.out.splitlines()) == [f"it is {task}" for task in range(9)]
    assert len(script.workers()) == 3
    script.send(signal.SIGTERM)
    assert script.status() == 0
    assert script.workers() == []


def test_a_signal_lets_what_runs_end_and_a_second_one_does_not(pipeline, workers, gate):
    pipeline.sink()
    pipeline.ventilator(tasks=range(2))
    script = workers(2, *pipeline.at, "-v", "--", *gate.command)
    gate.came(2)
    script.send(signal.SIGTERM)
    script.says("(?s)(finishing what runs.*){2}")
    assert len(script.workers()) == 2
    script.send(signal.SIGTERM)
    assert script.status() == 0


def test_a_terminal_that_is_closed_lets_what_runs_end(pipeline, workers, gate):
    """It tells the script and each worker, and the script tells the workers: that is not twice."""
    sink = pipeline.sink()
    pipeline.ventilator(tasks=range(2))
    script = workers(2, *pipeline.at, "-v", "--", *gate.command)
    gate.came(2)
    for pid in script.workers():
        os.kill(pid, signal.SIGHUP)
    script.send(signal.SIGHUP)
    script.says("(?s)(finishing what runs.*){2}")
    gate.open()
    assert script.status() == 0
    eventually(lambda: sorted(sink.out.splitlines()) == ["done 0", "done 1"], "both to end")


def test_the_environment_reaches_the_tasks_as_it_is(pipeline, workers):
    theirs = {name: f"mine: {name}" for name in ("i", "n", "bin", "worker", "workers", "pids", "status", "here")}
    sink = pipeline.sink()
    ventilator = pipeline.ventilator(tasks=[1])
    script = workers(1, *pipeline.at, "--stdin", "--", "env", env=theirs)
    assert (ventilator.status(), sink.status()) == (0, 0)
    seen = dict(line.partition("=")[::2] for line in sink.out.splitlines())
    assert {name: seen.get(name) for name in theirs} == theirs
    assert not [name for name in seen if name.startswith("divvy_")]
    script.send(signal.SIGTERM)
    assert script.status() == 0


@pytest.mark.parametrize("words", [[], ["0"], ["x"], ["-1"], ["--at", "localhost"]])
def test_without_a_number_it_says_how_it_is_used(words):
    done = subprocess.run([SCRIPT, *words], capture_output=True, text=True, timeout=DEADLINE, check=False)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (255, "", 1)
    assert done.stderr.startswith("workers: ")


def test_a_worker_that_fails_is_its_status(workers):
    assert workers(2, "--no-such-option").status() == 255
