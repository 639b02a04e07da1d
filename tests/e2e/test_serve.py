"""divvy::serve(): a function as a worker, in slots, with a key and a name like the program."""
import os
import re
import signal
import time

import pytest

from journals import recorded, rows
from pipeline import BIN, eventually
from test_key import make_key


@pytest.fixture
def serve(pipeline):
    def start(slots, key="-", name="me", address=None):
        return pipeline.start(BIN / "serve_together", address or f"ipc://{pipeline.folder}", slots, key, name)
    return start


def test_a_function_runs_in_as_many_slots_as_asked_for(pipeline, serve):
    sink = pipeline.sink("-k")
    ventilator = pipeline.ventilator(tasks=range(12))
    serve(4)
    assert (ventilator.status(), sink.status()) == (0, 0)
    assert sink.out == "".join(f"{task}\n" for task in range(12))


def test_it_is_called_what_it_is_named(pipeline, serve):
    sink = pipeline.sink()
    ventilator = pipeline.ventilator(tasks=["alone", "throw"])
    serve(1, name="the machine in the corner")
    assert (ventilator.status(), sink.status()) == (1, 1)
    assert re.search("task 2 failed, as it was told, on the machine in the corner: throw", sink.err)
    ventilator.says("a worker at .*: the machine in the corner$")


def test_with_the_key_it_takes_part_and_without_it_does_not(pipeline, serve):
    key = make_key(pipeline, "lab")
    sink = pipeline.sink("--key", key)
    ventilator = pipeline.ventilator("--key", key, tasks=["alone"] * 3)
    serve(1, name="without")
    serve(1, key=key, name="with")
    assert (ventilator.status(), sink.status()) == (0, 0)
    assert sink.out == "alone\n" * 3
    assert ": with\n" in ventilator.err and ": without\n" not in ventilator.err


def test_asked_to_end_it_finishes_what_runs_and_returns(pipeline, serve):
    sink = pipeline.sink()
    ventilator = pipeline.ventilator("-w", 2, tasks=["alone"] * 4)
    leaves, stays = serve(2, name="leaves"), serve(1, name="stays")
    assert (ventilator.status(), sink.status()) == (0, 0)
    for worker in leaves, stays:
        worker.send(signal.SIGTERM)
        assert (worker.status(), worker.out) == (0, "served\n")


def test_a_second_signal_ends_it_at_once_and_its_task_goes_to_another(pipeline, serve):
    sink = pipeline.sink()
    ventilator = pipeline.ventilator(tasks=["waits for another"])
    stuck = serve(2, name="stuck")
    stuck.says("waiting for the others")
    stuck.send(signal.SIGTERM)
    time.sleep(0.5)
    assert stuck.popen.poll() is None
    stuck.send(signal.SIGTERM)
    assert stuck.status() == -signal.SIGTERM
    serve(1)
    assert (ventilator.status(), sink.status(), sink.out) == (0, 0, "waits for another\n")


def test_it_refuses_addresses_that_others_can_reach_and_slots_that_are_none(serve):
    for worker in serve(1, address="192.0.2.1"), serve(0):
        assert worker.status() == 255
        assert worker.err.startswith("serve_together: ") and worker.err.count("\n") == 1


BRIEF = [f"alone {number}" for number in range(100_000)]


def test_brief_tasks_are_each_done_once_and_keep_their_order(pipeline, serve):
    sink = pipeline.sink("-k")
    ventilator = pipeline.ventilator("-w", 2, tasks=BRIEF)
    serve(1, name="one")
    serve(3, name="three")
    assert (ventilator.status(), sink.status()) == (0, 0)
    assert sink.out.splitlines() == BRIEF
    assert "100000 tasks, 0 failed, 0 retried, 0 duplicates" in sink.err


def test_each_brief_task_has_a_row_of_its_own(pipeline, serve):
    journal = pipeline.file("journal.db")
    tasks = BRIEF[:3000] + ["throw"] + BRIEF[3000:6000]
    sink = pipeline.sink("--journal", journal)
    ventilator = pipeline.ventilator(tasks=tasks)
    serve(2)
    assert (ventilator.status(), sink.status()) == (1, 1)
    found = rows(journal, "SELECT text, stdout, success, reason FROM result ORDER BY task")
    wanted = [(task, "", 0, "as it was told") if task == "throw" else (task, task + "\n", 1, "") for task in tasks]
    assert found == wanted
    times = rows(journal, "SELECT started, ended, slot FROM result")
    assert all(1.6e9 < started <= ended for started, ended, _ in times)
    assert {slot for *_, slot in times} <= {1, 2}


def test_brief_tasks_survive_whatever_ends(pipeline, serve):
    journal = pipeline.file("journal.db")
    sink = pipeline.sink("--journal", journal)
    read, write = os.pipe()
    ventilator = pipeline.ventilator("-w", 2, stdin=read)
    os.close(read)
    leaves, dies = serve(1, name="leaves"), serve(1, name="dies")
    with open(write, "w") as input_:
        print(*BRIEF[:50_000], sep="\n", file=input_, flush=True)
        eventually(lambda: recorded(journal), "a first result")
        leaves.send(signal.SIGTERM)
        dies.kill()
        sink.kill()
        print(*BRIEF[50_000:], sep="\n", file=input_)
    sink = pipeline.sink("--journal", journal)
    serve(2, name="stays")
    assert (ventilator.status(), sink.status()) == (0, 0)
    assert sorted(text for _, text, success in rows(journal) if success) == sorted(BRIEF)


def test_asked_to_end_it_gives_back_what_it_has_not_begun(pipeline, serve):
    sink = pipeline.sink()
    ventilator = pipeline.ventilator(tasks=BRIEF[:1000] + ["waits"] + BRIEF[1000:2000])
    leaves = serve(2, name="leaves")
    leaves.says("waiting for the others")
    leaves.send(signal.SIGTERM)
    serve(1, name="stays")
    eventually(lambda: len(sink.out.splitlines()) == 2000, "the others to be done")
    leaves.send(signal.SIGTERM)  # what waits for another in vain ends with it
    assert (ventilator.status(), sink.status()) == (0, 0)
    assert sorted(sink.out.splitlines()) == sorted(BRIEF[:2000] + ["waits"])
