"""How a task comes to its end: until when its output is read, how it is killed, and what the machine's limits do to it."""
import os
import resource
import signal

import pytest

import divvy_worker
import protocol
from conversation import WithWorker, run, settled, tasks_in
from pipeline import BIN, eventually
from test_commands import alive, one


@pytest.fixture
def talk(context, pipeline):
    conversations = []

    def start(*options, script, **more):
        conversations.append(WithWorker(context, pipeline, lambda: pipeline.worker(*options, command=("sh", "-c", script, "{}"), **more)))
        return conversations[-1]

    yield start
    for conversation in conversations:
        conversation.process.kill()


def pids(path, count):
    """Waits until so many process ids are in the file."""
    return [int(pid) for pid in eventually(lambda: path.exists() and len(path.read_text().split()) >= count and path.read_text().split(),
                                           f"{count} ids in {path}")]


def limited(limit, *words):
    """A command line that has this soft and hard limit on descriptors."""
    return ["sh", "-c", f'ulimit -n {limit}; exec "$@"', "sh", *words]


# --- the output


def test_what_outlives_the_command_by_a_moment_still_prints(pipeline):
    log = pipeline.file("log")
    script = f"exec > >(tee {log}-{{}}) 2>&1; echo result {{}}"
    sink, ventilator = pipeline.batch(range(6), worker=("-j", "2"), command=("bash", "-c", script))
    assert ventilator.status() == 0
    assert sorted(sink.out.splitlines()) == [f"result {task}" for task in range(6)]
    assert [pipeline.file(f"log-{task}").read_text() for task in range(6)] == [f"result {task}\n" for task in range(6)]


def test_a_daemon_that_goes_on_printing_is_not_listened_to_for_ever(pipeline):
    out = one(pipeline, "x", ("sh", "-c", "while sleep 0.05; do echo more; done & echo $!", "{}"))
    pid, *more = out.split()
    assert set(more) == {"more"} and len(more) < 100
    eventually(lambda: not alive(int(pid)), "SIGPIPE to end the daemon")


# --- being killed

STUBBORN = "trap 'echo asked' TERM; echo $$ >> {pids}; while :; do sleep 0.01; done"
LEFT_BEHIND = "(trap '' TERM; exec sleep 1000) >/dev/null 2>&1 & echo $! >> {pids}; exec sleep 1000"


def start_task(worker):
    worker.say(tasks=[run(1, "x")])
    assert tasks_in(worker.state()["running"]) == [1]


def test_an_abort_lets_a_task_end_by_itself(talk, pipeline):
    here = pipeline.file("here")
    worker = talk(script=f"trap 'echo asked; exit 3' TERM; touch {here}; while :; do sleep 0.01; done")
    start_task(worker)
    eventually(here.exists, "the task to be ready")
    worker.say(abort=1)
    result = worker.result()
    assert (result["outcome"], result["status"], result["output"]) == (protocol.EXITED, 3, b"asked\n")


def test_an_abort_kills_what_does_not_end_within_two_seconds(talk, pipeline):
    file = pipeline.file("pids")
    worker = talk(script=STUBBORN.format(pids=file))
    start_task(worker)
    pids(file, 1)
    worker.say(abort=1)
    result = worker.result()
    assert (result["outcome"], result["status"]) == (protocol.SIGNALLED, signal.SIGKILL)
    assert result["output"].startswith(b"asked")
    assert result["ended"] - result["started"] >= 2_000_000_000


def test_what_is_left_of_a_killed_task_is_killed_too(talk, pipeline):
    file = pipeline.file("pids")
    worker = talk(script=LEFT_BEHIND.format(pids=file))
    start_task(worker)
    (left,) = pids(file, 1)
    eventually(lambda: b"sleep" in open(f"/proc/{left}/cmdline", "rb").read(), "it to ignore SIGTERM")
    worker.say(abort=1)
    result = worker.result()
    assert (result["outcome"], result["status"]) == (protocol.SIGNALLED, signal.SIGTERM)
    eventually(lambda: not alive(left), "the whole group to end")


def test_a_worker_that_is_told_twice_says_what_killed_tasks_have_printed(talk, pipeline):
    file = pipeline.file("pids")
    worker = talk(script=f"echo so far; echo $$ >> {file}; exec sleep 1000")
    start_task(worker)
    (task,) = pids(file, 1)
    worker.process.send(signal.SIGTERM)
    worker.feedback.hear(protocol.PRESENCE, lambda said: said["slots"] == 0)
    worker.process.send(signal.SIGTERM)
    result = worker.result()
    assert (result["outcome"], result["status"], result["slot"], result["output"]) == (protocol.INTERRUPTED, 0, 1, b"so far\n")
    farewell = worker.feedback.hear(protocol.PRESENCE, lambda said: said["slots"] == 0 and not said["running"])
    assert farewell["finished"] == []
    assert worker.process.status() == 0
    assert not alive(task)


def test_a_worker_that_is_told_a_third_time_does_not_wait_for_tasks(talk, pipeline):
    file = pipeline.file("pids")
    worker = talk(script=STUBBORN.format(pids=file))
    start_task(worker)
    (task,) = pids(file, 1)
    for _ in range(2):
        worker.process.send(signal.SIGTERM)
        worker.state()
    worker.process.send(signal.SIGTERM)
    result = worker.result()
    assert result["outcome"] == protocol.INTERRUPTED
    assert result["ended"] - result["started"] < 2_000_000_000
    assert worker.process.status() == 0
    assert not alive(task)


def test_the_tasks_of_a_worker_that_is_killed_end_with_it(talk, pipeline):
    file = pipeline.file("pids")
    worker = talk(script=f"sleep 1000 & echo $! $$ $PPID >> {file}; wait")
    start_task(worker)
    child, task, pid = pids(file, 3)
    watchdog = children(pid) - {task}
    assert len(watchdog) == 1
    worker.process.kill()
    eventually(lambda: not any(alive(one) for one in [child, task, *watchdog]), "all of them to end")


def test_a_killed_workers_task_that_ignores_being_asked_is_killed(talk, pipeline):
    file = pipeline.file("pids")
    worker = talk(script=STUBBORN.format(pids=file))
    start_task(worker)
    (task,) = pids(file, 1)
    worker.process.kill()
    eventually(lambda: not alive(task), "it to end")


def test_a_worker_goes_on_without_its_watchdog_and_leaves_none_behind(talk, pipeline):
    worker = talk(script="echo done")
    (watchdog,) = children(worker.process.pid)
    os.kill(watchdog, signal.SIGKILL)
    eventually(lambda: not alive(watchdog), "the watchdog to end")
    worker.say(tasks=[run(1, "x")])
    assert worker.result()["output"] == b"done\n"
    worker.say(settled=[settled(1)])
    worker.process.send(signal.SIGTERM)
    assert worker.process.status() == 0


def test_a_worker_that_leaves_takes_its_watchdog_with_it(talk):
    worker = talk(script="echo done")
    (watchdog,) = children(worker.process.pid)
    worker.process.send(signal.SIGTERM)
    assert worker.process.status() == 0
    assert not alive(watchdog)


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return {int(child) for child in file.read().split()}


# --- what it is given


def test_a_task_has_a_session_of_its_own_and_no_terminal(talk):
    worker = talk(script="(: < /dev/tty) 2>/dev/null || echo none; python3 -Sc 'import os; print(os.getsid(0) == os.getppid())'")
    worker.say(tasks=[run(1, "x")])
    assert worker.result()["output"] == b"none\nTrue\n"


def test_a_task_has_the_limit_on_descriptors_that_the_user_had(pipeline):
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[1] - 7
    sink = pipeline.sink()
    pipeline.start("sh", "-c", f'ulimit -Sn {soft}; exec "$@"', "sh", BIN / "worker", *pipeline.at, "--", "sh", "-c", "ulimit -Sn", "{}")
    assert pipeline.ventilator(tasks=["x"]).status() == 0
    assert (sink.status(), sink.out) == (0, f"{soft}\n")


@pytest.mark.parametrize("program", ["worker", "divvy"])
def test_a_task_ignores_the_signals_that_the_user_ignores_and_no_others(pipeline, program):
    shows = ("--stdin", "--", "grep", "SigIgn", "/proc/self/status")
    ignoring = ("-c", 'trap "" INT USR1; exec "$@"', "sh")
    if program == "worker":
        run = pipeline.sink()
        pipeline.start("sh", *ignoring, BIN / "worker", *pipeline.at, *shows)
        assert pipeline.ventilator(tasks=["x"]).status() == 0
    else:
        with pipeline.input(["x"]) as tasks:
            run = pipeline.start("sh", *ignoring, BIN / "divvy", *shows, stdin=tasks)
    assert (run.status(), run.out.split()) == (0, ["SigIgn:", f"{1 << signal.SIGINT - 1 | 1 << signal.SIGUSR1 - 1:016x}"])


# --- no room


def test_tasks_wait_when_descriptors_run_out(pipeline):
    sink = pipeline.sink()
    worker = pipeline.start(*limited(200, BIN / "worker", *pipeline.at, "-j", "90", "--", "sh", "-c", "sleep 0.2; echo {}"))
    ventilator = pipeline.ventilator(tasks=range(200))
    assert (ventilator.status(), sink.status()) == (0, 0)
    assert sorted(int(line) for line in sink.out.split()) == list(range(200))
    told = worker.says(r"the limit on open files \(ulimit -n\) is 200: running (\d+) tasks at once, not 90$")
    assert 30 <= int(told[1]) < 90
    assert worker.err.count("ulimit") == 1


@pytest.mark.skipif(os.getuid() != 0, reason="needs another user, whose processes are few")
def test_tasks_wait_when_processes_run_out(pipeline):
    pipeline.use_tcp()
    sink = pipeline.sink()
    user = 54321 + os.getpid() % 1000
    command = ["setpriv", f"--reuid={user}", "--clear-groups", "bash", "-c", 'ulimit -u 12; exec "$@"', "sh"]
    ventilator = pipeline.ventilator(tasks=range(30))
    worker = pipeline.start(*command, BIN / "worker", *pipeline.at, "-j", "20", "--", "sleep", "0.2{}")
    assert (ventilator.status(), sink.status()) == (0, 0)
    worker.says(r"the limit on processes \(ulimit -u\) is 12: running \d+ tasks? at once, not 20$")


# --- how long it takes


def test_a_clock_that_is_set_back_is_not_in_the_duration_of_the_python_worker(monkeypatch):
    hour = 3600 * 10**9
    clock, steady = iter((9 * hour, 8 * hour)), iter((5, 12, 15))
    monkeypatch.setattr(divvy_worker.time, "time_ns", lambda: next(clock))
    monkeypatch.setattr(divvy_worker.time, "monotonic_ns", lambda: next(steady))
    chunk = divvy_worker.Chunk(range(1, 2), [b"x"])
    chunk.begin()
    chunk.do_all(lambda text: b"", tell=lambda: None)
    result, = chunk.collect()
    assert (result["started"], result["ended"]) == (9 * hour - 10, 9 * hour - 3)
