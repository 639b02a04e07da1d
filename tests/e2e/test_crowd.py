"""Hundreds of workers, played by one process, at one ventilator. How fast, is for scripts/bench."""
import os
import random
import subprocess

import pytest

from pipeline import BIN

WORKERS = 200


@pytest.fixture
def crowd(pipeline):
    """The ventilator, when each of the workers has had a task, and what the workers' process has said."""
    at = f"127.0.0.1:{random.randrange(20000, 30000)}"
    tasks = pipeline.file("tasks")
    tasks.write_text("1\n" * WORKERS)
    ventilator = pipeline.start(BIN / "ventilator", "--at", at, "-w", WORKERS, tasks)
    workers = subprocess.Popen([BIN / "crowd", at, str(WORKERS)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    yield ventilator, [workers.stdout.readline().split()[0] for _ in range(2)]
    workers.stdin.close()
    workers.wait()


def test_two_hundred_workers_have_a_task_each_and_take_three_descriptors_each(crowd):
    ventilator, said = crowd
    assert said == ["known", "busy"]
    assert len(os.listdir(f"/proc/{ventilator.popen.pid}/fd")) <= 3 * WORKERS + 40
