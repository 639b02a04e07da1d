"""A worker that serves several ventilators: its slots are shared fairly, and what is promised holds for each of them."""
import signal
import subprocess

import pytest

import guide_peers
from pipeline import BIN, DEADLINE, Gate, Pipeline, eventually, marks, refused
from test_who_waits import at


@pytest.fixture
def pair():
    """Two pipelines, each with a ventilator and a sink of its own."""
    pair = Pipeline(), Pipeline()
    yield pair
    for pipeline in pair:
        pipeline.close()


def addresses(*pipelines):
    return [word for pipeline in pipelines for word in ("--at", f"ipc://{pipeline.folder}")]


def shared_worker(pair, *options, command=()):
    return pair[0].start(BIN / "worker", "-v", *addresses(*pair), *options, *(["--", *command] if command else []))


def done(tasks):
    return sorted(f"done {task}" for task in tasks)


def printed(sink):
    return sorted(sink.out.splitlines())


# --- slots


def attempts(log):
    """(when it began, seconds) of each that ended."""
    rows = [line.split("\t") for line in log.read_text().splitlines()[1:]]  # without the names of columns
    return sorted((float(row[4]), float(row[5])) for row in rows)


def slot_time_while_both_had_plenty(pair):
    """Seconds of each, from when both have begun until one of them has begun its last task."""
    logs = [attempts(pipeline.file("log")) for pipeline in pair]
    begin, end = max(log[0][0] for log in logs), min(log[-1][0] for log in logs)
    return [sum(min(start + took, end) - max(start, begin) for start, took in log if start < end and start + took > begin)
            for log in logs]


def run_both(pair, tasks):
    ends = []
    for pipeline, texts in zip(pair, tasks):
        sink = pipeline.sink("--log", pipeline.file("log"))
        ends += [sink, pipeline.ventilator("--workers", 1, tasks=texts)]
    return ends


def assert_halves(pair):
    """Within 10 %, and a task that one of them is ahead; unless the machine is so busy that how long a task takes is chance."""
    seconds = slot_time_while_both_had_plenty(pair)
    took = [[seconds for _, seconds in attempts(pipeline.file("log"))] for pipeline in pair]
    busy = any(sum(each) / len(each) > 1.5 * min(each) for each in took)  # of tasks that are all alike
    off = (0.15 if busy else 0.05) * sum(seconds) + max(map(max, took)) / 2
    assert abs(seconds[0] - sum(seconds) / 2) < off, (seconds, off)


@pytest.mark.parametrize("workers, slots, first, second", [
    (1, 1, ["0.02"] * 150, ["0.06"] * 50), (1, 3, ["0.1"] * 120, ["0.3"] * 40), (2, 2, ["0.03"] * 200, ["0.15"] * 40)])
def test_two_ventilators_with_plenty_have_half_of_the_slots_time_each(pair, workers, slots, first, second):
    ends = run_both(pair, (first, second))
    for _ in range(workers):
        shared_worker(pair, "-j", slots, command=("sleep", "{}"))
    assert [process.status() for process in ends] == [0] * 4
    assert_halves(pair)


def test_so_they_have_of_filters(pair):
    ends = run_both(pair, (["0.002"] * 1500, ["0.01"] * 300))
    shared_worker(pair, "-j", 2, "--filter", command=("python3", "-uc", "import sys, time\nfor line in sys.stdin: time.sleep(float(line)), print(line, end='')"))
    assert [process.status() for process in ends] == [0] * 4
    assert_halves(pair)


def test_so_they_have_of_functions(pair):
    ends = run_both(pair, (["sleep 1"] * 3000, ["sleep 5"] * 600))
    server = pair[0].start(BIN / "serve_together", ",".join(f"ipc://{pipeline.folder}" for pipeline in pair), 2, "-", "f")
    assert [process.status() for process in ends] == [0] * 4
    assert_halves(pair)
    server.send(signal.SIGTERM)
    assert server.status() == 0


def test_one_alone_has_all_slots(pair):
    gate = Gate(pair[0])
    idle, sink = pair[1].ventilator("-", stdin=subprocess.PIPE), pair[0].sink()
    ventilator = pair[0].ventilator(tasks=range(4))
    shared_worker(pair, "-j", 4, command=gate.command)
    gate.came(4)
    gate.open()
    assert (ventilator.status(), sink.status(), printed(sink)) == (0, 0, done(range(4)))
    idle.kill()


def test_a_single_task_has_the_next_free_slot(pair):
    """Many others have come before it, and each waits for its turn."""
    sinks = [pipeline.sink("--log", pipeline.file("log")) for pipeline in pair]
    many = pair[0].ventilator(tasks=["0.3"] * 20)
    shared_worker(pair, command=("sleep", "{}"))
    log = pair[0].file("log")
    eventually(lambda: log.exists() and log.read_text().count("\n") > 2, "the first tasks to end")
    single = pair[1].ventilator(tasks=["0"])
    assert [process.status() for process in (many, single, *sinks)] == [0] * 4
    assert attempts(pair[1].file("log"))[0] < attempts(pair[0].file("log"))[-1]


# --- whatever becomes of the other one


def batch_of(pipeline):
    sink, ventilator = pipeline.sink(), pipeline.ventilator(tasks=range(20))
    assert (ventilator.status(), sink.status()) == (0, 0)
    return printed(sink)


def test_a_sink_that_is_killed_and_started_again_delays_nobody_else(pair):
    gate = Gate(pair[0])
    victim, ventilator = pair[0].sink(), pair[0].ventilator(tasks=range(3))
    shared_worker(pair, "-j", 2, command=gate.command)
    gate.came(1)
    victim.kill()
    gate.open()
    assert batch_of(pair[1]) == done(range(20))
    sink = pair[0].sink()
    assert (ventilator.status(), sink.status()) == (0, 0)


def test_a_ventilator_that_is_killed_and_started_again_delays_nobody_else(pair):
    gate = Gate(pair[0])
    journal = pair[0].file("journal.db")
    sink, victim = pair[0].sink("--journal", journal), pair[0].ventilator("--name", "b", tasks=range(3))
    shared_worker(pair, "-j", 2, command=gate.command)
    gate.came(1)
    victim.kill()
    gate.open()
    assert batch_of(pair[1]) == done(range(20))
    assert (pair[0].ventilator("--name", "b", tasks=range(3)).status(), sink.status(), printed(sink)) == (0, 0, done(range(3)))


def test_an_address_that_is_never_there_delays_nobody(pair):
    gate = Gate(pair[0])
    gate.open()
    sink, ventilator = pair[0].sink(), pair[0].ventilator(tasks=range(5))
    worker = pair[0].start(BIN / "worker", "-v", "--at", "nowhere.invalid", *addresses(*pair), "--insecure", "--", *gate.command)
    assert (ventilator.status(), sink.status(), printed(sink)) == (0, 0, done(range(5)))
    worker.says("^worker: waiting for host nowhere.invalid: ")
    worker.says(f"^worker: ipc://{pair[1].folder}: waiting for a ventilator at ipc://{pair[1].folder}/feedback$")
    worker.send(signal.SIGTERM)
    assert worker.status() == 0


def test_a_host_whose_name_is_known_is_served(pipeline):
    where = at("localhost")
    sink = pipeline.start(BIN / "sink", "--at", where)
    ventilator = pipeline.start(BIN / "ventilator", "--at", where, "--random", 5, "--max-msec", 1)
    pipeline.start(BIN / "worker", "--at", where, "--at", f"ipc://{pipeline.folder}")
    assert (ventilator.status(), sink.status()) == (0, 0), (ventilator.err, sink.err)


def test_a_worker_that_is_told_to_leave_gives_the_tasks_of_both_back(pair):
    gate = Gate(pair[0])
    sinks = [pipeline.sink() for pipeline in pair]
    leaver = shared_worker(pair, "-j", 2, command=gate.command)
    ventilators = [pipeline.ventilator(tasks=range(first, first + 5)) for pipeline, first in zip(pair, (0, 100))]
    first = gate.came(2)
    leaver.send(signal.SIGTERM)
    shared_worker(pair, "-j", 2, command=gate.command)
    gate.came(4)
    gate.open()
    assert [process.status() for process in (leaver, *ventilators, *sinks)] == [0] * 5
    assert [printed(sink) for sink in sinks] == [done(range(5)), done(range(100, 105))]
    assert sorted(task for task, pids in gate.seen().items() if leaver.pid in pids) == sorted(first)
    assert all(len(pids) == 1 for pids in gate.seen().values())


def test_two_batches_may_have_the_same_name(pair):
    gate = Gate(pair[0])
    gate.open()
    sinks = [pipeline.sink() for pipeline in pair]
    ventilators = [pipeline.ventilator("--name", "same", tasks=range(first, first + 50)) for pipeline, first in zip(pair, (0, 100))]
    shared_worker(pair, "-j", 2, command=gate.command)
    assert [process.status() for process in (*ventilators, *sinks)] == [0] * 4
    assert [printed(sink) for sink in sinks] == [done(range(50)), done(range(100, 150))]


def test_a_ventilator_of_the_guide_and_one_of_ours_share_a_worker(pair):
    worker = shared_worker(pair, "-j", 2)
    plain_sink = pair[0].sink("--classic", 50)
    peer = guide_peers.Peer(guide_peers.ventilator, tasks=pair[0].endpoints["tasks"], results=pair[0].endpoints["results"], workers=1, count=50)
    sink, ventilator = pair[1].sink(), pair[1].ventilator(tasks=[3] * 50)
    assert peer.finishes(DEADLINE)
    assert (ventilator.status(), sink.status(), plain_sink.status()) == (0, 0, 0)
    assert (marks(plain_sink.out), marks(sink.out)) == (50, 50)
    peer.stop()
    assert worker.popen.poll() is None


def test_answers_of_a_filter_go_to_whom_they_belong(pair):
    sinks = [pipeline.sink("-k") for pipeline in pair]
    tasks = [[f"{letter}{task}" for task in range(500)] for letter in "ab"]
    ventilators = [pipeline.ventilator(tasks=lines) for pipeline, lines in zip(pair, tasks)]
    shared_worker(pair, "--filter", command=("sed", "-u", "s/^/was /"))
    assert [process.status() for process in (*ventilators, *sinks)] == [0] * 4
    assert [sink.out.splitlines() for sink in sinks] == [[f"was {task}" for task in lines] for lines in tasks]


def test_lines_are_shown_where_they_belong_while_their_tasks_run(pair):
    gate = Gate(pair[0])
    sinks = [pipeline.sink("--live") for pipeline in pair]
    ventilators = [pipeline.ventilator(tasks=[letter]) for pipeline, letter in zip(pair, "ab")]
    shared_worker(pair, "-j", 2, command=("sh", "-c", f"echo begin $1; {gate.command[2]}", "gate", "{}"))
    for sink, letter in zip(sinks, "ab"):
        eventually(lambda: sink.out == f"begin {letter}\n", f"the line of {letter}")
    gate.open()
    assert [process.status() for process in (*ventilators, *sinks)] == [0] * 4
    assert [sink.out for sink in sinks] == [f"begin {letter}\ndone {letter}\n" for letter in "ab"]


def test_a_shared_worker_that_is_idle_for_too_long_leaves(pair):
    assert shared_worker(pair, "--idle-timeout", "300ms").status() == 0


# --- mistakes


def test_an_address_is_given_only_once(pipeline):
    assert "--at 127.0.0.1:5557 is given twice" in refused(pipeline, "worker", "--at", "127.0.0.1", "--at", "127.0.0.1:5557")


@pytest.mark.parametrize("option", ["--tasks", "--results", "--feedback", "--inbox"])
def test_a_single_endpoint_is_for_a_single_address(pipeline, option):
    words = ("--at", "127.0.0.1", "--at", "127.0.0.1:6000", option, "tcp://127.0.0.1:7000")
    assert "are for a single --at" in refused(pipeline, "worker", *words)


def test_an_address_that_others_can_reach_is_refused_among_several(pipeline):
    assert "can be reached by others" in refused(pipeline, "worker", "--at", "127.0.0.1", "--at", "10.0.0.1")


@pytest.mark.parametrize("program", ["ventilator", "sink"])
def test_only_a_worker_has_several_addresses(pipeline, program):
    assert "--at is given more than once" in refused(pipeline, program, "--at", "127.0.0.1", "--at", "127.0.0.1:6000")
