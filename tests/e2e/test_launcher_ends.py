"""How divvy ends, whatever ends first; nothing that it started is left behind."""
import os
import signal
import time
from pathlib import Path

import pytest

from launcher import DEADLINE, eventually

WORKERS = min(2, len(os.sched_getaffinity(0)))  # of -j 2
MOMENT = 0.3  # seconds; stops that are closer together may count as one


def wait_until_reaped(pid):
    eventually(lambda: not Path(f"/proc/{pid}").exists(), f"{pid} to be reaped")


# --- the status ----------------------------------------------------------------------------------


@pytest.mark.parametrize("sink, ventilator, status", [
    (0, 0, 0), (1, 1, 1), (100, 100, 100), (101, 101, 101), (2, 0, 2),
    (255, 0, 255), (0, 255, 255), (127, 0, 255),
])
def test_the_status_is_the_sinks_unless_something_went_wrong(play, sink, ventilator, status):
    play.part(sink=f"exit {sink}", ventilator=f"exit {ventilator}")

    assert play.run("-j2").process.returncode == status


@pytest.mark.parametrize("name", ["sink", "ventilator"])
def test_a_killed_program_ends_everything_and_is_named(play, name):
    play.part(sink="idle", ventilator="idle")
    play.part(**{name: "kill -KILL $$"})

    run = play.run("-j2")

    assert run.process.returncode == 255
    assert run.err == f"divvy: the {name} was killed by SIGKILL\n"


def test_when_every_worker_has_ended_so_does_the_rest(play):
    play.part(sink="idle", ventilator="idle", worker="exit 255")

    run = play.run("-j3")

    assert run.process.returncode == 255
    assert run.err.startswith("divvy: every worker") and run.err.count("\n") == 1


def test_one_worker_less_is_no_reason_to_end(play):
    play.part(sink="idle", worker='set -C; { echo >"$PLAY/first"; } 2>/dev/null && exit 255; idle')
    run = play.start("-j2")
    play.wait_for(worker=WORKERS)
    play.go("ventilator")
    play.go("sink")

    assert run.end() == 0
    assert run.err == ""


# --- workers that are killed ---------------------------------------------------------------------

REPLACED = "divvy: a worker was killed by SIGKILL; another one takes its place\n"


def test_another_worker_with_the_same_slots_takes_the_place_of_one_that_was_killed(play):
    play.part(sink="idle", worker="idle")
    run = play.start("-j5", "--", "echo")
    play.wait_for(worker=min(5, len(os.sched_getaffinity(0))))
    before = play.seen("worker")
    victim, slots = next(iter(before.items()))
    os.kill(victim, signal.SIGKILL)
    play.wait_for(worker=len(before) + 1)
    play.go("ventilator")
    play.go("sink")

    assert run.end() == 0
    (another,) = [arguments for pid, arguments in play.seen("worker").items() if pid not in before]
    assert another == slots
    assert run.err == REPLACED


def test_workers_that_are_killed_again_and_again_are_replaced_once_a_second(play):
    play.part(sink="idle", ventilator="idle", worker='date +%s%N >>"$PLAY/born"; kill -KILL $$')
    run = play.start("-j1")
    eventually(lambda: len(play.note("born")) >= 4, "some workers")
    play.go("ventilator")
    play.go("sink")

    assert run.end() == 0
    born = [int(time) for time in play.note("born")]
    assert all(later - earlier > 0.5e9 for earlier, later in zip(born[1:], born[2:]))
    assert set(run.err.splitlines(keepends=True)) == {REPLACED}
    assert len(born) - 1 <= run.err.count(REPLACED) <= len(born)  # the last one may have ended after the batch


def test_nobody_takes_the_place_of_a_worker_that_is_killed_once_the_user_has_stopped(play, busy):
    run = busy()
    run.process.send_signal(signal.SIGTERM)
    play.wait_for_note("told")
    victim, *_ = play.seen("worker")
    os.kill(victim, signal.SIGKILL)
    wait_until_reaped(victim)
    play.go("ventilator")

    assert run.end() == -signal.SIGTERM
    assert len(play.seen("worker")) == WORKERS


def test_a_sink_with_a_slow_reader_may_outlast_the_ventilator(play):
    play.part(sink="idle; exit 3", ventilator="exit 3")
    run = play.start("-j1")
    play.wait_for(ventilator=1)
    wait_until_reaped(*play.seen("ventilator"))
    play.go("sink")

    assert run.end() == 3


def test_a_reader_that_has_enough_hears_nothing_more(play):
    """As with head -n 1: the sink ends since it cannot write, and what else ends then is no news."""
    reader, writer = os.pipe()
    os.close(reader)
    play.part(sink="exit 255", ventilator="trap 'echo something >&2; exit 255' TERM; idle")
    run = play.start("-j2", stdout=writer)
    os.close(writer)

    assert run.end() == 255
    assert run.err == ""


# --- being stopped -------------------------------------------------------------------------------

PATIENT_VENTILATOR = """
trap 'echo TERM >>"$PLAY/told"; ((++told == 2)) && exit 255' TERM
echo >"$PLAY/ready.ventilator"
idle
exit 255
"""
BUSY_WORKER = """
trap 'echo TERM >>"$PLAY/worker-told"; ((++told == 2)) && exit 0' TERM
echo >"$PLAY/ready.$$"
idle
"""

LAST_SINK = """
trap 'ends sink; exit 0' TERM
idle
"""
GENTLE_WORKER = """
trap '((++told == 2)) && sleep 1 && ends worker && exit 0' TERM
echo >"$PLAY/ready.$$"
while true; do idle; done
"""


@pytest.fixture
def busy(play):
    """A pipeline in the middle of its work, which the ventilator will not leave at once."""
    play.part(sink="idle", ventilator=PATIENT_VENTILATOR, worker=BUSY_WORKER)

    def start(**options):
        run = play.start("-j2", "--random=1", **options)
        eventually(lambda: len(list(play.stage.glob("ready.*"))) == 1 + WORKERS, "all to be ready")
        return run

    return start


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_one_signal_is_passed_to_the_ventilator_alone_and_once(play, busy, number):
    run = busy()
    run.process.send_signal(number)
    play.wait_for_note("told")
    assert play.note("worker-told") == []
    play.go("ventilator")

    assert run.end() == -number
    assert play.note("told") == ["TERM"]
    assert run.err == ""


def told_twice(play, run):
    """The first signal has arrived when the second one is sent, and no moment makes them one."""
    run.process.send_signal(signal.SIGTERM)
    play.wait_for_note("told")
    time.sleep(MOMENT)
    run.process.send_signal(signal.SIGTERM)
    return run


def test_a_second_signal_ends_what_runs(play, busy):
    run = told_twice(play, busy())

    assert run.end() == -signal.SIGTERM
    assert play.note("worker-told") == ["TERM"] * 2 * WORKERS


def test_the_sink_and_the_ventilator_wait_for_workers_that_kill_what_runs(play, busy):
    """What the tasks have printed is still to be recorded and shown."""
    play.part(sink=LAST_SINK, ventilator=PATIENT_VENTILATOR.replace("&& exit", "&& ends ventilator && exit"), worker=GENTLE_WORKER)
    run = told_twice(play, busy())

    assert run.end() == -signal.SIGTERM
    assert play.note("ends") == ["worker"] * WORKERS + ["ventilator", "sink"]


def test_a_third_signal_ends_everything_at_once(play, busy):
    play.part(worker="trap '' TERM; echo >$PLAY/ready.$$; idle")
    run = busy()
    run.process.send_signal(signal.SIGTERM)
    play.wait_for_note("told")
    for _ in range(2):
        time.sleep(MOMENT)
        run.process.send_signal(signal.SIGTERM)
    begin = time.monotonic()

    assert run.end() == -signal.SIGTERM
    assert time.monotonic() - begin < 2  # seconds; the workers would be waited for for 3


def test_signals_within_a_moment_are_one(play, busy):
    """As from `timeout`, which tells its command and then the whole group of processes."""
    run = busy(start_new_session=True)
    for _ in range(3):
        run.process.send_signal(signal.SIGTERM)
        os.killpg(run.process.pid, signal.SIGTERM)
    play.wait_for_note("told")
    time.sleep(MOMENT)
    assert play.note("worker-told") == []
    play.go("ventilator")

    assert run.end() == -signal.SIGTERM
    assert play.note("told") == ["TERM"]


def test_what_ignores_every_signal_is_killed(play):
    play.part(worker="trap '' TERM; echo 1 >$PLAY/ready; idle", ventilator="idle")
    run = play.start("-j1")
    play.wait_for_note("ready")
    play.go("ventilator")

    assert run.end() == 0


def test_when_the_launcher_is_killed_the_others_are_told(play):
    play.part(sink="idle", ventilator="idle")
    run = play.start("-j2")
    play.wait_for(sink=1, worker=WORKERS, ventilator=1)
    run.process.send_signal(signal.SIGKILL)
    run.process.wait(DEADLINE)

    run.wait_until_gone()


def test_ctrl_c_is_told_once_to_the_ventilator_and_not_to_the_workers(play, busy, terminal):
    run = busy(**terminal.options)
    terminal.type(b"\x03")
    play.wait_for_note("told")
    play.go("ventilator")

    assert run.end() == -signal.SIGINT
    assert play.note("told") == ["TERM"]


def test_a_terminal_that_hangs_up_stops_it_in_order(play, busy, terminal):
    run = busy(**terminal.options)
    terminal.close()
    play.wait_for_note("told")
    play.go("ventilator")

    assert run.end() == -signal.SIGHUP
