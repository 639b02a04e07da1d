"""How many tasks run at once, and when the next one may start: -j, --delay, --load, --memfree, --nice."""
import os
import re
import signal
import subprocess

import pytest

from journals import rows
from launcher import DEADLINE, LAUNCHER
from pipeline import BIN, eventually
from test_limits import cpu_seconds

CORES = len(os.sched_getaffinity(0))


def refused(program, *options):
    """The line with which a program ends, and does nothing."""
    done = subprocess.run([program, *options], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=DEADLINE, check=False)
    assert (done.returncode, done.stdout) == (255, "")
    return done.stderr


# --- how many at once ----------------------------------------------------------------------------


def slots_of(play, expected, *options, cores=CORES, **more):
    """How many slots all workers of divvy have; one a core, if there are so many."""
    play.part(worker="idle")
    run = play.start(*options, "--", "true", **more)
    play.wait_for(worker=min(expected, cores))
    workers = play.seen("worker").values()
    play.go("ventilator")
    run.end()
    return sum(int(re.search(r"--slots=(\d+)", " ".join(words))[1]) for words in workers)


@pytest.mark.parametrize("options, slots", [
    (["-j", "3"], 3), (["-j3"], 3), (["--jobs=3"], 3),
    (["-j", "100%"], CORES), (["-j", "50%"], max(1, int(CORES / 2 + 0.5))), (["--jobs=300%"], 3 * CORES),
    (["-j", "+2"], CORES + 2), (["-j+2"], CORES + 2), (["--jobs", "+0"], CORES),
    (["-j", "-1"], max(1, CORES - 1)), (["-j-1"], max(1, CORES - 1)), (["--jobs=-1"], max(1, CORES - 1)),
    (["-kj", "-1000"], 1), (["-j", "1%"], 1 if CORES < 150 else CORES // 100),
])
def test_as_many_tasks_run_at_once_as_jobs_says(play, options, slots):
    assert slots_of(play, slots, *options) == slots


def test_the_cores_are_those_that_the_process_may_use(play):
    one = min(os.sched_getaffinity(0))
    assert slots_of(play, 1, "-j", "100%", cores=1, preexec_fn=lambda: os.sched_setaffinity(0, {one})) == 1


@pytest.mark.parametrize("option", [("--delay", "1"), ("--load", "100"), ("--memfree", "1")])
def test_where_each_start_depends_on_the_others_one_worker_has_all_slots(play, option):
    assert slots_of(play, CORES + 3, "-j+3", *option, cores=1) == CORES + 3


@pytest.mark.parametrize("program, option", [(LAUNCHER, "--jobs"), (BIN / "worker", "--slots")])
@pytest.mark.parametrize("value", ["0", "0%", "1.5", "x", "-", "--1", "10000000000"])
def test_what_is_no_number_of_tasks_is_answered_with_what_is(program, option, value):
    said = refused(program, "-j", value, "--", "true")
    assert re.search(rf"{option}: '{value}' is no number of tasks at once from 1 to \d+, such as 4, 50% \(of the cores\), \+1 or -1", said)


def test_a_worker_takes_a_share_of_the_cores_too(pipeline, journal):
    pipeline.sink("--journal", journal)
    worker = pipeline.worker("-j", f"{200 // CORES}%", command=("true",))
    assert pipeline.ventilator(tasks=range(3)).status() == 0
    worker.send(signal.SIGTERM)
    assert len(rows(journal)) == 3


# --- nice ----------------------------------------------------------------------------------------


def own_nice():
    return os.getpriority(os.PRIO_PROCESS, 0)


def test_tasks_run_at_the_priority_that_nice_says(divvy):
    nice = min(19, own_nice() + 7)
    run = divvy("-j2", "--nice", str(nice), "--", "sh", "-c", "cut -d ' ' -f 19 /proc/$$/stat", stdin=subprocess.PIPE)
    assert run.end("1\n2\n") == 0
    assert run.out.split() == [str(nice)] * 2


def test_without_nice_they_run_at_that_of_divvy(divvy):
    run = divvy("-j1", "--stdin", "--", "nice", stdin=subprocess.PIPE, preexec_fn=lambda: os.nice(3))
    assert run.end("1\n") == 0
    assert run.out == f"{min(19, own_nice() + 3)}\n"


def test_only_tasks_are_nice_and_not_who_runs_them(pipeline):
    pipeline.sink()
    worker = pipeline.worker("--nice", 19, command=("true",))
    assert pipeline.ventilator(tasks=range(3)).status() == 0
    assert os.getpriority(os.PRIO_PROCESS, worker.pid) == own_nice()


def test_filters_are_nice_too(divvy):
    run = divvy("--filter", "-j1", "--nice", "19", "--", "sh", "-c", "read line; nice", stdin=subprocess.PIPE)
    assert run.end("1\n") == 0
    assert run.out == "19\n"


@pytest.mark.parametrize("program", [LAUNCHER, BIN / "worker"])
def test_a_priority_that_the_system_refuses_is_an_error_at_the_start(program):
    words = [program, "--nice", "5", "--", "true"]
    if os.geteuid() == 0:
        words = ["setpriv", "--bounding-set=-sys_nice", "--inh-caps=-sys_nice", *words]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=DEADLINE, check=False,
                          preexec_fn=lambda: os.setpriority(os.PRIO_PROCESS, 0, 10))
    assert done.returncode == 255
    assert "--nice 5 is refused: Permission denied; this process may give 10 to 19" in done.stderr


@pytest.mark.parametrize("value", ["-21", "20", "x", "1.5"])
def test_a_priority_that_there_is_not_is_an_error(value):
    assert "--nice" in refused(LAUNCHER, "--nice", value, "--", "true")


# --- delay ---------------------------------------------------------------------------------------


def gaps(journal):
    started = [start for start, in rows(journal, "SELECT started FROM attempts ORDER BY started")]
    return [later - earlier for earlier, later in zip(started, started[1:])]


@pytest.mark.parametrize("delay, seconds", [("0.3", 0.3), ("200ms", 0.2)])
def test_a_task_starts_no_sooner_than_the_delay_after_the_last_one(divvy, journal, delay, seconds):
    run = divvy("-j8", "--delay", delay, "--journal", journal, "--", "true", stdin=subprocess.PIPE)
    assert run.end("".join(f"{number}\n" for number in range(5))) == 0
    assert len(gaps(journal)) == 4
    assert min(gaps(journal)) >= seconds - 0.001  # the journal's clock may be set


def test_tasks_that_take_longer_than_the_delay_run_at_once(divvy, tmp_path):
    meet = f"touch {tmp_path}/$1; until [ -e {tmp_path}/1 ] && [ -e {tmp_path}/2 ]; do sleep 0.02; done"
    run = divvy("-j2", "--delay", "0.1", "--", "sh", "-c", meet, "sh", "{}", stdin=subprocess.PIPE)
    assert run.end("1\n2\n") == 0


def test_an_attempt_that_follows_a_failure_is_delayed_too(divvy, journal):
    run = divvy("-j2", "--delay", "0.2", "--retries", "2", "--journal", journal, "--", "false", stdin=subprocess.PIPE)
    assert run.end("1\n") == 1
    assert len(gaps(journal)) == 2
    assert min(gaps(journal)) >= 0.199


def test_workloads_are_delayed_like_commands(divvy, journal):
    run = divvy("-j4", "--delay", "0.2", "--journal", journal, stdin=subprocess.PIPE)
    assert run.end("0\n1\n2\n") == 0
    assert min(gaps(journal)) >= 0.199


def test_who_waits_for_the_delay_does_not_spin(pipeline):
    sink = pipeline.sink()
    worker = pipeline.worker("-j", 2, "--delay", "1h", command=("echo",))
    ventilator = pipeline.ventilator(tasks=range(3))
    eventually(lambda: sink.out, "the first task")
    assert cpu_seconds(worker, during=1) < 0.5
    for process in (ventilator, worker):
        process.send(signal.SIGTERM)


# --- load and memory -----------------------------------------------------------------------------


@pytest.fixture
def load():
    """At least one process that wants a core, for as long as the test takes."""
    busy = subprocess.Popen(["sh", "-c", "while :; do :; done"])
    yield
    busy.kill()
    busy.wait()


IMPOSSIBLE = [(("--load", "0.01"), r"the load is [\d.]+( by tasks just started)?, not below 0.01"),
              (("--memfree", "900000g"), r"[\d.]+ [GM]iB of memory is available, less than 9e\+05 GiB")]


@pytest.mark.parametrize("options, says", IMPOSSIBLE)
def test_nothing_is_run_while_the_machine_does_not_allow_it(divvy, load, tmp_path, options, says):
    err = tmp_path / "err"
    with open(err, "w") as file:
        run = divvy("-j4", *options, "--", "touch", tmp_path / "ran", stdin=subprocess.PIPE, stderr=file)
        run.process.stdin.write("1\n2\n3\n")
        run.process.stdin.close()
        eventually(lambda: re.search(rf"^worker: {says}: tasks wait until one can be run$", err.read_text(), re.M), "it to say so")
        run.process.send_signal(signal.SIGINT)
        run.process.wait(DEADLINE)
    assert len(re.findall(says, err.read_text())) == 1
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("options", [("--load", "100000"), ("--load", "10000000%"), ("--memfree", "1"), ("--load", "1e6", "--memfree", "1k")])
def test_what_the_machine_allows_is_run(divvy, options):
    run = divvy("-j4", "-k", *options, "--", "echo", "{}", stdin=subprocess.PIPE)
    assert run.end("1\n2\n3\n") == 0
    assert run.out == "1\n2\n3\n"
    assert "available" not in run.err and "the load" not in run.err


def test_a_task_that_was_just_started_counts_before_it_needs_memory(divvy, journal):
    """More than half of what is available is demanded: a second task is started once the first has had a second to take it."""
    with open("/proc/meminfo") as file:
        available = int(re.search(r"MemAvailable:\s+(\d+)", file.read())[1])
    run = divvy("-j4", "--memfree", f"{available * 6 // 10}k", "--journal", journal, "--", "sleep", "{}", stdin=subprocess.PIPE)
    assert run.end("2\n2\n") == 0
    assert gaps(journal)[0] >= 0.99
    assert "for one more task and for each of 1 just started: running 1 task at once, not 4" in run.err


def test_tasks_that_have_ended_count_no_more(divvy, journal):
    """A hundred brief ones, one after the other, though each demands more than half of the memory."""
    with open("/proc/meminfo") as file:
        available = int(re.search(r"MemAvailable:\s+(\d+)", file.read())[1])
    run = divvy("-j1", "--memfree", f"{available * 6 // 10}k", "--journal", journal, "--", "true", stdin=subprocess.PIPE)
    assert run.end("1\n" * 100) == 0
    assert "just started" not in run.err


def test_a_worker_whose_machine_is_short_leaves_the_tasks_to_others(pipeline, journal):
    pipeline.sink("--journal", journal)
    short = pipeline.worker("-j", 4, "--memfree", "900000g", "--name", "short", command=("true",))
    other = pipeline.worker("-j", 4, "--name", "other", command=("true",))
    ventilator = pipeline.ventilator("-w", 2, tasks=range(50))
    assert ventilator.status() == 0
    assert rows(journal, "SELECT DISTINCT worker FROM result") == [("other",)]
    for worker in (short, other):
        worker.send(signal.SIGTERM)


@pytest.mark.parametrize("value", ["0", "-1", "x", "0%", "4x"])
def test_what_is_no_load_is_answered_with_what_is(value):
    assert f"--load: '{value}' is no load, such as 4, 0.5 or 80% (of the cores)" in refused(LAUNCHER, "--load", value, "--", "true")


@pytest.mark.parametrize("value", ["0", "x", "50%"])
def test_what_is_no_size_is_answered_with_what_is(value):
    assert f"--memfree: '{value}' is no number of bytes from 1 to" in refused(LAUNCHER, "--memfree", value, "--", "true")


# --- where they do not apply ---------------------------------------------------------------------


@pytest.mark.parametrize("program", [LAUNCHER, BIN / "worker"])
@pytest.mark.parametrize("options", [("--delay", "1"), ("--load", "4"), ("--memfree", "1g")])
def test_a_filter_is_started_once_and_waits_for_nothing(program, options):
    assert "a filter is started only once; leave --delay, --load and --memfree out" in refused(program, "--filter", *options, "--", "cat")


@pytest.mark.parametrize("program", [LAUNCHER, BIN / "worker"])
def test_a_sleep_has_no_priority(program):
    assert "--nice is for a command; add -- COMMAND [ARG...]" in refused(program, "--nice", "5")


def test_a_dry_run_waits_for_nothing(divvy):
    run = divvy("-k", "--dry-run", "--delay", "1h", "--memfree", "900000g", "--", "echo", stdin=subprocess.PIPE)
    assert run.end("1\n2\n3\n") == 0
    assert run.out == "echo 1\necho 2\necho 3\n"
