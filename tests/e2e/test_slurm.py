"""scripts/slurm against a Slurm of the test's own: jobs are cancelled, requeued, preempted, and run out of time."""
import contextlib
import re
import shutil
import sqlite3

import pytest

from journals import recorded, rows
from pipeline import BIN, eventually
from slurm import CPUS, SCRIPTS, Slurm

pytestmark = pytest.mark.skipif(not shutil.which("slurmctld"), reason="there is no Slurm")

TASKS = [f"{number}" for number in range(1, 31)]
SUCCEEDED = [(number, task, 1) for number, task in enumerate(TASKS, 1)]
OTHERS = "SELECT count(*) FROM superseded WHERE outcome {} 'interrupted'"


@pytest.fixture
def slurm(pipeline):
    slurm = Slurm(pipeline, nodes=4)
    yield slurm
    for process in pipeline.processes:
        if process.popen.poll() is None:
            process.kill()
    slurm.close()


@pytest.fixture
def tasks(file):
    return file("tasks", "".join(f"{task}\n" for task in TASKS).encode())


# --- a batch on the whole of an allocation


@pytest.fixture
def batch(slurm, gate, tasks):
    """Submits the batch; returns the job."""
    def submit(*options):
        return slurm.sbatch("--job-name=lab", *options, SCRIPTS / "batch.sh", tasks, "--", *gate.command)
    return submit


@pytest.fixture
def lab(pipeline):
    """The journal of that batch."""
    return pipeline.file("lab.divvy") / "journal.db"


def completed(slurm, job):
    eventually(lambda: slurm.state(job) == ["COMPLETED"], f"job {job} to be completed")


def test_a_batch_that_runs_out_of_time_requeues_itself_and_goes_on(slurm, gate, batch, lab):
    job = batch("--nodes=2", "--time=1")
    gate.came(2 * CPUS)
    eventually(lambda: "stopping; waiting for 4 tasks" in slurm.log(job), "the warning")
    gate.open()
    eventually(lambda: slurm.state(job) == ["PENDING"], "the job to wait")
    assert rows(lab, OTHERS.format("=")) == [(0,)], "what ran was waited for"
    assert recorded(lab) == 2 * CPUS
    slurm.start_now(job)
    completed(slurm, job)
    assert rows(lab) == SUCCEEDED
    assert all(len(workers) == 1 for workers in gate.seen().values())


def test_a_batch_has_all_cpus_of_its_allocation(slurm, gate, batch, lab):
    job = batch("--nodes=4")
    assert len(gate.came(4 * CPUS)) == 4 * CPUS
    gate.open()
    completed(slurm, job)
    assert rows(lab) == SUCCEEDED
    assert {worker.split(":")[0] for (worker,) in rows(lab, "SELECT DISTINCT worker FROM result")} == set(slurm.nodes)
    assert "30 tasks, 0 failed, 0 retried" in slurm.log(job)
    assert (lab.parent / "key").stat().st_mode & 0o777 == 0o600


def test_a_batch_that_is_requeued_goes_on_where_it_was(slurm, gate, batch, lab, pipeline):
    job = batch("--nodes=2")
    gate.came(2 * CPUS)
    gate.let_pass(1, 2, 3)
    eventually(lambda: recorded(lab) == 3, "some results")
    slurm.on("n1", "scontrol", "requeue", job)
    eventually(lambda: slurm.state(job) == ["PENDING"], "the job to wait")
    before = rows(lab)
    gate.open()
    slurm.start_now(job)
    completed(slurm, job)
    assert rows(lab) == SUCCEEDED
    assert len(before) == 3
    assert all(len(gate.seen()[task]) == 1 for _, task, _ in before), "what is recorded is not run again"


def test_a_batch_that_cannot_begin_ends_with_a_line_and_does_not_wait(slurm, batch, tasks):
    tasks.unlink()
    job = batch("--nodes=1")
    eventually(lambda: slurm.state(job) == ["FAILED"], "the job to fail")
    assert "ventilator: " in slurm.log(job)


# --- workers for a ventilator that is there


@pytest.fixture
def hub(slurm, pipeline, journal, tasks):
    """Ventilator and sink on the first node."""
    key = pipeline.file("lab.key")
    slurm.on("n1", BIN / "ventilator", "--make-key", key)
    at = ("--at", "10.77.0.1", "--key", key)
    start = [*slurm.words("n1"), BIN / "sink"]
    sink = pipeline.start(*start, "-v", *at, "--journal", journal)
    ventilator = pipeline.start(*start[:-1], BIN / "ventilator", "-v", *at, "--name", "lab", tasks)
    return sink, ventilator, at


@pytest.fixture
def array(slurm, hub, gate):
    """Submits workers; returns the job of them all."""
    def submit(*options):
        return slurm.sbatch(*options, f"--cpus-per-task={CPUS}", SCRIPTS / "workers.sh", *hub[2], "--", *gate.command)
    return submit


def given_back(journal, count):
    """Waits until so many tasks are."""
    def seen():
        with contextlib.suppress(sqlite3.OperationalError):  # it is not made yet
            return rows(journal, OTHERS.format("=")) == [(count,)]

    eventually(seen, f"{count} tasks to go back")


def ended_well(hub, journal):
    """Whether it is so, with one recorded result of each task."""
    sink, ventilator, _ = hub
    assert (ventilator.status(), sink.status()) == (0, 0)
    assert rows(journal) == SUCCEEDED
    assert rows(journal, OTHERS.format("!=")) == [(0,)]


def test_a_worker_that_runs_out_of_time_gives_its_tasks_back(slurm, gate, hub, array, journal):
    """It is warned as soon as Slurm looks, and what still runs at the limit is ended."""
    job = array("--time=1")
    gate.came(CPUS)
    given_back(journal, CPUS)
    eventually(lambda: slurm.state(job) != ["RUNNING"], "the job to end")
    array()
    gate.open()
    ended_well(hub, journal)


def test_workers_join_whenever_slurm_starts_them_and_leave_when_nothing_is_left(slurm, gate, hub, array, journal):
    array("--array=1-2")
    gate.came(2 * CPUS)
    late = slurm.sbatch(f"--cpus-per-task={CPUS}", SCRIPTS / "workers.sh", *hub[2], "--idle-timeout", "1", "--", *gate.command)
    gate.came(3 * CPUS)
    gate.open()
    ended_well(hub, journal)
    completed(slurm, late)
    assert "leaving" in slurm.log(late)


def test_what_ran_on_cancelled_workers_goes_to_the_others(slurm, gate, hub, array, journal):
    job = array("--array=1-4")
    gate.came(4 * CPUS)
    slurm.on("n1", "scancel", f"{job}_1", f"{job}_3")
    given_back(journal, 2 * CPUS)
    gate.open()
    ended_well(hub, journal)
    eventually(lambda: slurm.state(job) == ["CANCELLED", "RUNNING", "CANCELLED", "RUNNING"], "half of them to be left")
    assert not re.search("is gone: .*,", hub[1].err), "they have taken leave"


def test_a_worker_that_is_requeued_comes_back(slurm, gate, hub, array, journal):
    job = array()
    gate.came(CPUS)
    slurm.on("n1", "scontrol", "requeue", job)
    given_back(journal, CPUS)
    eventually(lambda: slurm.state(job) == ["PENDING"], "the job to wait")
    slurm.start_now(job)
    gate.open()
    ended_well(hub, journal)


def test_a_worker_that_is_preempted_gives_its_tasks_back(slurm, gate, hub, array, journal):
    job = array("--nodelist=n2")
    gate.came(CPUS)
    urgent = slurm.sbatch("--partition=urgent", "--exclusive", "--nodelist=n2", "--wrap", "sleep 600")
    given_back(journal, CPUS)
    eventually(lambda: slurm.state(urgent) == ["RUNNING"], "the urgent job to run")
    assert slurm.state(job) == ["PENDING"]
    array("--nodelist=n3")
    gate.open()
    ended_well(hub, journal)
