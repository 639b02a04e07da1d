"""The pipeline from end to end: batches, who comes and goes meanwhile, and the status that is left."""
import os
import re
import signal
import subprocess

import pytest

from pipeline import eventually, marks, refused


def done(tasks):
    """What the sink prints, in any order, when each of these passed the gate once."""
    return sorted(f"done {task}" for task in tasks)


def printed(sink):
    return sorted(sink.out.splitlines())


# --- whole batches


def test_a_batch_of_the_guide_by_four_workers(pipeline):
    sink = pipeline.sink()
    workers = pipeline.workers(4)
    ventilator = pipeline.ventilator("--random", "100", "--max-msec", "10")
    assert (ventilator.status(), sink.status()) == (0, 0)
    assert re.search(r"^Total expected cost: \d+ msec$", ventilator.out, re.M)
    assert marks(sink.out) == 100
    assert re.search(r"^Total elapsed time: \d+ msec$", sink.out, re.M)
    eventually(lambda: sum(worker.out.count(".") for worker in workers) == 100, "the workers' dots")


def test_the_same_seed_gives_the_same_cost(pipeline):
    costs = []
    for _ in range(2):
        sink, ventilator = pipeline.batch(None, workers=2, ventilator=("--random", "20", "--max-msec", "9", "--seed", "7"))
        costs.append(re.search(r"cost: (\d+) msec", ventilator.out)[1])
    assert costs[0] == costs[1]


@pytest.mark.parametrize("order", ["sink worker ventilator", "sink ventilator worker", "worker sink ventilator",
                                   "worker ventilator sink", "ventilator sink worker", "ventilator worker sink"])
def test_they_may_start_in_any_order(pipeline, order):
    starts = {"sink": pipeline.sink, "worker": pipeline.worker, "ventilator": lambda: pipeline.ventilator(tasks=[1] * 20)}
    started = {name: starts[name]() for name in order.split()}
    assert (started["ventilator"].status(), started["sink"].status()) == (0, 0)
    assert marks(started["sink"].out) == 20


def test_a_batch_over_tcp_on_any_free_ports(pipeline):
    pipeline.use_tcp()
    sink = pipeline.sink()
    ventilator = pipeline.ventilator(tasks=[1] * 50)
    pipeline.workers(2)
    assert (ventilator.status(), sink.status()) == (0, 0)
    assert marks(sink.out) == 50


def test_a_task_file_may_be_named(pipeline):
    pipeline.file("tasks.txt").write_text("1\n2\n3\n")
    sink, ventilator = pipeline.batch(None, ventilator=(pipeline.file("tasks.txt"),))
    assert (ventilator.status(), sink.status(), marks(sink.out)) == (0, 0, 3)


def test_the_last_line_needs_no_end(pipeline):
    sink, ventilator = pipeline.batch(b"1\n2\n3")
    assert (ventilator.status(), marks(sink.out)) == (0, 3)


def test_an_empty_input_is_a_batch_of_nothing(pipeline):
    sink, ventilator = pipeline.batch([])
    assert (ventilator.status(), sink.status(), marks(sink.out)) == (0, 0, 0)


def test_two_batches_with_the_same_workers(pipeline):
    pipeline.workers(2)
    for count in (30, 20):
        sink, ventilator = pipeline.sink(), pipeline.ventilator(tasks=[1] * count)
        assert (ventilator.status(), sink.status(), marks(sink.out)) == (0, 0, count)


def test_a_sink_may_stay_for_more_batches(pipeline):
    sink = pipeline.sink("--stay")
    pipeline.worker()
    assert [pipeline.ventilator(tasks=[1] * 5).status() for _ in range(2)] == [0, 0]
    eventually(lambda: sink.out.count("Total elapsed time") == 2, "both batches to end")
    assert sink.popen.poll() is None


# --- workers come


def test_the_ventilator_waits_for_as_many_workers_as_it_is_told(pipeline, gate):
    pipeline.sink()
    ventilator = pipeline.ventilator("--workers", "2", tasks=[1, 2])
    pipeline.worker(command=gate.command)
    ventilator.says("1 of 2")
    assert gate.seen() == {}
    pipeline.worker(command=gate.command)
    gate.came(2)


def test_a_worker_that_arrives_in_the_middle_of_a_batch_gets_work(pipeline, gate):
    sink, first = pipeline.sink(), pipeline.worker(command=gate.command)
    ventilator = pipeline.ventilator(tasks=range(1, 9))
    gate.came(1)
    second = pipeline.worker(command=gate.command)
    assert {pids[0] for pids in gate.came(2).values()} == {first.pid, second.pid}
    gate.open()
    assert ventilator.status() == 0
    assert sink.status() == 0
    assert printed(sink) == done(range(1, 9))


def test_a_worker_with_four_slots_runs_four_tasks_at_once(pipeline, gate):
    sink, worker = pipeline.sink(), pipeline.worker("-j", "4", command=gate.command)
    ventilator = pipeline.ventilator(tasks=range(1, 9))
    assert {pids[0] for pids in gate.came(4).values()} == {worker.pid}
    assert len(gate.seen()) == 4
    gate.open()
    assert (ventilator.status(), sink.status()) == (0, 0)
    assert printed(sink) == done(range(1, 9))


def test_a_task_does_not_wait_behind_a_long_one(pipeline, gate):
    sink = pipeline.sink()
    pipeline.workers(2, command=("sh", "-c", "if [ $1 = long ]; then shift; exec \"$@\"; fi; echo $1", "task", "{}",
                                 *(word.replace("{}", "long") for word in gate.command)))
    ventilator = pipeline.ventilator(tasks=["long", *range(20)])
    eventually(lambda: len(printed(sink)) == 20, "the short ones to pass by")
    gate.open()
    assert ventilator.status() == 0


# --- workers go


def test_the_tasks_of_a_killed_worker_are_done_by_others(pipeline, gate):
    sink, victim = pipeline.sink(), pipeline.worker(command=gate.command)
    ventilator = pipeline.ventilator(tasks=range(1, 9))
    gate.came(1)
    victim.kill()
    pipeline.workers(2, command=gate.command)
    gate.open()
    assert (ventilator.status(), sink.status()) == (0, 0)
    assert printed(sink) == done(range(1, 9))


def test_a_killed_worker_is_noticed_at_once_over_tcp_too(pipeline, gate):
    pipeline.use_tcp()
    sink, ventilator = pipeline.sink(), pipeline.ventilator(tasks=range(1, 5))
    victim = pipeline.worker(command=gate.command)
    gate.came(1)
    victim.kill()
    pipeline.worker(command=gate.command)
    gate.open()
    assert (ventilator.status(), sink.status()) == (0, 0)
    assert printed(sink) == done(range(1, 5))


def test_a_task_that_lost_three_workers_is_failed(pipeline, gate):
    sink, ventilator = pipeline.sink(), pipeline.ventilator(tasks=["poison"])
    for strike in range(1, 4):
        victim = pipeline.worker(command=gate.command)
        eventually(lambda: len(gate.seen().get("poison", [])) == strike, f"attempt {strike}")
        victim.kill()
    assert (ventilator.status(), sink.status()) == (1, 1)
    assert "lost 3 workers" in sink.err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_worker_told_to_leave_finishes_what_runs_and_hands_back_the_rest(pipeline, gate, number):
    sink, leaver = pipeline.sink(), pipeline.worker(command=gate.command)
    ventilator = pipeline.ventilator(tasks=range(1, 9))
    first = gate.came(1)
    leaver.send(number)
    pipeline.worker(command=gate.command)
    gate.came(2)
    gate.open()
    assert (leaver.status(), ventilator.status(), sink.status()) == (0, 0, 0)
    assert printed(sink) == done(range(1, 9))
    assert [task for task, pids in gate.seen().items() if leaver.pid in pids] == list(first)
    assert all(len(pids) == 1 for pids in gate.seen().values())


def test_a_worker_that_has_had_no_task_for_so_long_leaves_by_itself(pipeline):
    worker = pipeline.worker("--idle-timeout", "250ms")
    worker.says("^worker: no task for as long as --idle-timeout says: leaving$")
    assert worker.status() == 0


def test_a_worker_that_runs_a_task_is_not_idle(pipeline, gate):
    sink, ventilator = pipeline.sink(), pipeline.ventilator("--pool", "a", tasks=range(1))
    busy = pipeline.worker("--idle-timeout", "4", "--pool", "a", command=gate.command)
    gate.came(1)
    idle = pipeline.worker("--idle-timeout", "4", "--pool", "b", command=gate.command)
    assert (idle.status(), busy.popen.poll()) == (0, None)
    gate.open()
    assert (ventilator.status(), sink.status(), busy.status()) == (0, 0, 0)
    assert printed(sink) == done(range(1))


def test_a_worker_told_twice_to_leave_kills_what_runs(pipeline, gate):
    pipeline.sink()
    leaver = pipeline.worker(command=gate.command)
    pipeline.ventilator(tasks=[1, 2])
    gate.came(1)
    leaver.send(signal.SIGTERM)
    leaver.says("leav|stopp|finish")
    leaver.send(signal.SIGTERM)
    leaver.status()
    gate.open()


# Slurm and others tell all that descends from a worker to end, its tasks too.


@pytest.fixture
def known_task(gate):
    """The gate's command, which also tells its process id, and a way to end it as a stranger would."""
    shell, option, script, *rest = gate.command
    folder = gate.folder

    def terminate():
        (path,) = eventually(lambda: list(folder.glob("shell-*")), "the task to tell who it is")
        os.kill(int(path.read_text()), signal.SIGTERM)

    return (shell, option, f'echo $$ > "{folder}/new" && mv "{folder}/new" "{folder}/shell-$1"; {script}', *rest), terminate


@pytest.mark.parametrize("first", ["task", "worker"])
def test_a_task_that_was_told_to_end_with_its_worker_has_not_failed(pipeline, gate, known_task, first):
    command, terminate = known_task
    sink, leaver = pipeline.sink(), pipeline.worker(command=command)
    ventilator = pipeline.ventilator(tasks=[1])
    gate.came(1)
    if first == "task":
        terminate()
        leaver.send(signal.SIGTERM)
    else:
        leaver.send(signal.SIGTERM)
        leaver.says("finishing what runs")
        terminate()
    assert leaver.status() == 0
    gate.open()
    pipeline.worker(command=gate.command)
    assert (ventilator.status(), sink.status()) == (0, 0)
    assert printed(sink) == done([1])
    assert len(gate.seen()["1"]) == 2


def test_a_task_that_alone_is_told_to_end_has_failed(pipeline, gate, known_task):
    command, terminate = known_task
    sink, _ = pipeline.sink(), pipeline.worker(command=command)
    ventilator = pipeline.ventilator(tasks=[1])
    gate.came(1)
    terminate()
    assert (ventilator.status(), sink.status()) == (1, 1)
    assert "signal 15" in sink.err


# --- the ventilator and the sink go


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_an_interrupted_ventilator_stops_and_says_255(pipeline, gate, number):
    sink, worker = pipeline.sink(), pipeline.worker(command=gate.command)
    ventilator = pipeline.ventilator(tasks=range(1, 100))
    gate.came(1)
    ventilator.send(number)
    ventilator.says("stopping")
    gate.open()
    assert ventilator.status() == 255
    assert sink.status() == 255
    assert 1 <= len(printed(sink)) < 99
    assert worker.popen.poll() is None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_sink_says_what_it_has(pipeline, gate, number):
    sink, _, _ = pipeline.sink(), pipeline.worker(command=gate.command), pipeline.ventilator(tasks=range(1, 100))
    gate.came(1)
    sink.send(number)
    assert sink.status() == 255
    assert "0 of 99 tasks recorded" in sink.err
    gate.open()


def test_a_ventilator_interrupted_twice_leaves_now(pipeline, gate):
    pipeline.sink(), pipeline.worker(command=gate.command)
    ventilator = pipeline.ventilator(tasks=range(1, 100))
    gate.came(1)
    ventilator.send(signal.SIGINT)
    ventilator.says("stopping")
    ventilator.send(signal.SIGINT)
    assert ventilator.status() == 255


def test_a_sink_that_is_killed_and_started_again_gets_the_results_again(pipeline, gate):
    """Without a journal a new sink knows nothing, so all tasks that no result is kept of are lost to it."""
    victim, worker = pipeline.sink(), pipeline.worker(command=gate.command)
    ventilator = pipeline.ventilator(tasks=[1])
    gate.came(1)
    victim.kill()
    gate.open()
    sink = pipeline.sink()
    assert (ventilator.status(), sink.status()) == (0, 0)
    assert printed(sink) == done([1])
    assert gate.seen() == {"1": [worker.pid]}


# --- ready


def test_the_ready_file_is_there_while_a_ventilator_knows_the_worker_and_the_sink_is_reached(pipeline, gate):
    file = pipeline.file("ready")
    worker = pipeline.worker("--ready-file", file, command=gate.command)
    worker.says("listens on")
    sink = pipeline.sink()
    worker.says("waiting for a ventilator")
    assert not file.exists()
    ventilator = pipeline.ventilator(tasks=[1])
    eventually(file.exists, "the worker to be ready")
    gate.open()
    assert (ventilator.status(), sink.status()) == (0, 0)
    eventually(lambda: not file.exists(), "the worker to see that they are gone")
    pipeline.sink("--stay")
    pipeline.ventilator("-", stdin=subprocess.PIPE)
    eventually(file.exists, "the next ones to be found")
    worker.send(signal.SIGTERM)
    assert worker.status() == 0
    assert not file.exists()


def test_a_ready_file_of_a_worker_that_was_killed_is_not_taken_for_ones_own(pipeline):
    file = pipeline.file("ready")
    file.touch()
    pipeline.worker("--ready-file", file).says("listens on")
    assert not file.exists()


@pytest.mark.parametrize("name, why", [("tasks", "there is something else"), ("no/ready", "No such file or directory")])
def test_a_ready_file_that_cannot_be_made_is_refused(pipeline, name, why):
    pipeline.file("tasks").write_text("mine\n")
    path = pipeline.file(name)
    assert refused(pipeline, "worker", *pipeline.at, "--ready-file", path) == f"worker: --ready-file {path}: {why}\n"
    assert pipeline.file("tasks").read_text() == "mine\n"
