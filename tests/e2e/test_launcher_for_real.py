"""divvy with the real programs."""
import os
import re
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest

from launcher import DEADLINE, LAUNCHER, eventually
from pipeline import BIN, is_watchdog


def test_lines_come_out_in_the_order_of_the_input(divvy):
    lines = [f"line {number}" for number in range(100)]
    run = divvy("-j4", "-k", "--", "echo", "{}", stdin=subprocess.PIPE)

    assert run.end("\n".join(lines) + "\n") == 0
    assert run.out.splitlines() == lines


def test_slots_have_the_numbers_one_to_jobs(divvy, tmp_path):
    meet = f"touch {tmp_path}/{{%}}; until [ -e {tmp_path}/1 ] && [ -e {tmp_path}/2 ]; do sleep 0.02; done; echo {{%}}"
    run = divvy("-j2", "--", "sh", "-c", meet, stdin=subprocess.PIPE)

    assert run.end("a\nb\n") == 0
    assert sorted(run.out.split()) == ["1", "2"]


def test_a_dry_run_prints_what_would_be_run_and_nothing_else(divvy, tmp_path):
    journal = tmp_path / "journal"
    run = divvy("-kq", "--dry-run", "--journal", journal, "--name", "n", "--", "echo", "{/}", "{}", stdin=subprocess.PIPE)

    assert run.end("a/b c\nd\n") == 0
    assert (run.out, run.err) == ("echo 'b c' 'a/b c'\necho d d\n", "")
    assert not journal.exists()


def test_a_dry_run_of_random_workloads_prints_sleeps_only(divvy):
    run = divvy("-j2", "--dry-run", "--random=5", "--min-msec=7", "--max-msec=7")

    assert run.end() == 0
    assert run.out == "sleep 0.007\n" * 5


def test_the_status_is_the_number_of_failed_tasks(divvy):
    run = divvy("-j2", "--", "sh", "-c", "exit {}", stdin=subprocess.PIPE)

    assert run.end("0\n1\n0\n7\n9\n") == 3


def test_the_demonstration_says_what_the_guide_says(divvy):
    run = divvy("-j4", "--random=20", "--max-msec=5")

    assert run.end() == 0
    assert "Total expected cost: " in run.out and "Total elapsed time: " in run.out


def test_a_bad_option_of_the_ventilators_ends_everything(divvy):
    run = divvy("-j2", "--random=many")

    assert run.end() == 255
    assert "--random" in run.err


def test_a_command_that_is_not_there_ends_and_says_so(divvy):
    run = divvy("-j2", "--", "/no/such/command", stdin=subprocess.PIPE)

    assert run.end("1\n2\n") in (2, 255)
    assert "/no/such/command" in run.err


def test_a_reader_that_goes_away_ends_everything(divvy):
    reader, writer = os.pipe()
    os.close(reader)
    run = divvy("-j2", "--", "echo", stdin=subprocess.PIPE, stdout=writer)
    os.close(writer)
    run.process.stdin.write("1\n2\n3\n")
    run.process.stdin.flush()  # and more may come: the input is not at its end
    run.process.wait(DEADLINE)

    assert run.process.returncode == 255
    assert run.alive() == {}


def test_two_signals_leave_no_process_behind(divvy, tmp_path):
    started, said = tmp_path / "started", tmp_path / "said"
    with said.open("w") as stderr:
        run = divvy("-j2", "--", "sh", "-c", f'echo "$1" >>{started}; sleep 1000', "sh",
                    stdin=subprocess.PIPE, stderr=stderr)
    run.process.stdin.write("1\n2\n3\n4\n")
    run.process.stdin.flush()
    eventually(lambda: started.exists() and len(started.read_text().split()) == 2, "two to run")
    run.process.send_signal(signal.SIGTERM)
    eventually(said.read_text, "the ventilator to say that it has heard")
    time.sleep(0.3)  # two at once would be one
    run.process.send_signal(signal.SIGTERM)

    assert run.end() == -signal.SIGTERM
    assert len(started.read_text().split()) == 2


def test_ctrl_c_waits_for_what_runs_and_hands_out_no_more(divvy, terminal, tmp_path):
    tasks, started, said = (tmp_path / name for name in ("tasks", "started", "said"))
    tasks.write_text("1\n2\n3\n4\n")
    wait = f'echo "$1" >>{started}; until [ -e {tmp_path}/open ]; do sleep 0.02; done; echo done'
    with said.open("w") as stderr:
        run = divvy("-j2", str(tasks), "--", "sh", "-c", wait, "sh", stderr=stderr, **terminal.options)
    eventually(lambda: started.exists() and len(started.read_text().split()) == 2, "two to run")
    terminal.type(b"\x03")
    eventually(said.read_text, "the ventilator to say that it has heard")
    (tmp_path / "open").touch()

    assert run.end() == -signal.SIGINT
    assert run.out.split() == ["done", "done"]


@pytest.mark.parametrize("shown", ["nowhere", "on the terminal"])
def test_a_terminal_that_is_closed_lets_what_runs_end_and_be_recorded(divvy, terminal, tmp_path, shown):
    out = subprocess.DEVNULL if shown == "nowhere" else terminal.line
    tasks, started, journal = (tmp_path / name for name in ("tasks", "started", "journal"))
    tasks.write_text("1\n2\n3\n4\n")
    wait = f'echo >>{started}; until [ -e {tmp_path}/open ]; do sleep 0.02; done; echo "done $1"'
    run = divvy("-j2", "--journal", journal, "--name", "n", tasks, "--", "sh", "-c", wait, "sh",
                stdout=out, stderr=out, **terminal.options)
    eventually(lambda: started.exists() and started.read_text() == "\n\n", "two to run")
    terminal.close()
    time.sleep(0.3)  # whoever is told has heard by then
    (tmp_path / "open").touch()

    assert run.end() == -signal.SIGHUP
    with sqlite3.connect(journal) as database:
        assert database.execute("SELECT text, rtrim(stdout, char(10)) FROM result ORDER BY task").fetchall() == [("1", "done 1"), ("2", "done 2")]
    assert started.read_text() == "\n\n"


def test_a_hang_up_is_ignored_as_nohup_wants_it(tmp_path):
    started = tmp_path / "started"
    wait = f"echo >> {started}; until [ -e {tmp_path}/open ]; do sleep 0.02; done; echo done"
    run = subprocess.Popen(["nohup", LAUNCHER, "-j1", "--", "sh", "-c", wait, "sh"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                           stderr=subprocess.DEVNULL, text=True)
    run.stdin.write("1\n2\n")
    run.stdin.flush()
    eventually(started.exists, "the first one to run")
    run.send_signal(signal.SIGHUP)
    (tmp_path / "open").touch()

    assert run.communicate(timeout=DEADLINE)[0] == "done\ndone\n"
    assert run.returncode == 0


@pytest.mark.parametrize("name", [["--name", "b"], []], ids=["named", "unnamed"])
def test_the_command_that_runs_what_failed_again_is_the_users_own(divvy, tmp_path, name):
    fixed, tasks = tmp_path / "it is fixed", tmp_path / "tasks"
    tasks.write_text("a\nb\n")
    run = divvy("--journal", tmp_path / "j.db", *name, tasks, "--", "sh", "-c", '[ -e "$0" ]', fixed)
    assert run.end() == 2
    again = re.search(r"to run only the failed tasks again: (.*)$", run.err, re.M)[1]
    fixed.touch()
    ended = subprocess.run(["bash", "-c", again], env={**os.environ, "DIVVY_BIN": str(BIN)}, capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (0, "")
    assert "2 tasks, 0 failed" in ended.stderr


def test_a_shells_loop_ends_with_ctrl_c(terminal, tmp_path):
    started = tmp_path / "started"
    loop = f"for i in 1 2 3; do echo 1 | {LAUNCHER} -- sh -c 'echo >> {started}; sleep 1'; done; echo went on"
    shell = subprocess.Popen(["bash", "-c", loop], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, **terminal.options)
    eventually(started.exists, "the first task to run")
    terminal.type(b"\x03")
    out, _ = shell.communicate(timeout=DEADLINE)

    assert (shell.returncode, out) == (-signal.SIGINT, "")
    assert started.read_text() == "\n"


def test_timeout_of_coreutils_lets_what_runs_end(divvy, tmp_path):
    started = tmp_path / "started"
    wait = f"echo >> {started}; until [ -e {tmp_path}/open ]; do sleep 0.02; done; echo done"
    words = ["timeout", "--preserve-status", str(DEADLINE), LAUNCHER, "-j2", "--", "sh", "-c", wait, "sh"]
    timeout = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    timeout.stdin.write("1\n2\n3\n")
    timeout.stdin.flush()
    eventually(lambda: started.exists() and started.read_text() == "\n\n", "two to run")
    timeout.send_signal(signal.SIGTERM)  # it passes that on as it does when the time is over: to its command, and to the group
    said = timeout.stderr.readline()
    (tmp_path / "open").touch()
    out, _ = timeout.communicate(timeout=DEADLINE)

    assert "stopping; waiting for 2 tasks" in said
    assert out == "done\ndone\n"
    assert timeout.returncode in (-signal.SIGTERM, 128 + signal.SIGTERM)


def states(run):
    """Of each process of a run, as the kernel has it: T is stopped, or D, where a shell has just
    started a program (vfork) which is stopped. Watchdogs only wait, and never are."""
    found = {}
    for pid in run.alive():
        if is_watchdog(pid):
            continue
        try:
            found[pid] = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0].replace("D", "T")
        except OSError:
            pass  # it has just ended
    return found


def test_ctrl_z_stops_everything_and_the_pause_counts_nowhere(divvy, terminal, tmp_path):
    tasks, started = tmp_path / "tasks", tmp_path / "started"
    tasks.write_text("1\n2\n3\n")
    command = f"echo >> {started}; sleep 1; echo done"
    run = divvy("-j2", "--timeout", "3", tasks, "--", "sh", "-c", command, "sh", **terminal.options)
    eventually(lambda: started.exists() and started.read_text() == "\n\n", "two to run")
    terminal.type(b"\x1a")
    eventually(lambda: set(states(run).values()) == {"T"}, "all to stop")
    time.sleep(4)  # longer than the tasks may take, and than a worker may be silent
    assert set(states(run).values()) == {"T"}
    run.process.send_signal(signal.SIGCONT)

    assert run.end() == 0
    assert run.out == "done\n" * 3
    assert "3 tasks, 0 failed, 0 retried, 0 duplicates" in run.err
    assert int(re.search(r"Total elapsed time: (\d+) msec", run.err)[1]) < 4000


NAMES = ("dir", "version", "files", "name", "i", "running", "names", "values", "jobs", "command", "sink", "worker", "ventilator",
         "here", "bin", "stderr", "timer", "ended", "signals", "step", "left", "early", "tmp", "retry", "random", "dry", "mute")


def test_the_environment_reaches_the_tasks_as_it_is():
    theirs = {"PATH": os.environ["PATH"], "SHELLOPTS": "errexit", "BASH_FUNC_kill%%": "() { false; }", "ENV": "/no/such/file",
              **{name: f"mine: {name}" for name in NAMES}}
    done = subprocess.run([LAUNCHER, "-q", "-j2", "--stdin", "--", "env", "-0"], env=theirs, input="1\n", capture_output=True, text=True,
                          timeout=DEADLINE, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    seen = dict(line.partition("=")[::2] for line in done.stdout.split("\0") if line)
    assert {name: value for name, value in seen.items() if not name.startswith("DIVVY_")} == theirs


def test_four_thousand_files_are_not_too_many(tmp_path):
    files = [tmp_path / f"a file whose name is not short, {number:04}" for number in range(4000)]
    for number, file in enumerate(files):
        file.write_text(f"{number}\n")
    done = subprocess.run([LAUNCHER, "-q", "-k", *files, "--", "echo"], capture_output=True, text=True,
                          timeout=DEADLINE, check=False)
    assert (done.returncode, done.stdout) == (0, "".join(f"{number}\n" for number in range(4000)))


def test_a_bad_option_of_a_worker_is_said_once():
    done = subprocess.run([LAUNCHER, "-j2", "--timeout", "-1"], capture_output=True, text=True, timeout=DEADLINE, check=False)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (255, "", 1)
    assert done.stderr.startswith("divvy: --timeout")


@pytest.mark.parametrize("closed", [0, 1, 2])
def test_a_closed_stream_is_nobodys_socket(closed):
    done = subprocess.run([LAUNCHER, "-j2", "--random=3", "--max-msec=1"], capture_output=True, text=True, timeout=DEADLINE,
                          check=False, preexec_fn=lambda: os.close(closed))
    assert done.returncode == (255 if closed == 1 else 0)
    if closed == 1:
        assert "cannot write standard output" in done.stderr


def test_no_descriptor_and_no_file_is_left(divvy, tmp_path):
    run = subprocess.run([LAUNCHER, "-q", "--stdin", "--", "ls", "/proc/self/fd"], env={**os.environ, "TMPDIR": str(tmp_path)}, input="1\n",
                         capture_output=True, text=True, timeout=DEADLINE, check=False)
    assert run.stdout.split() == ["0", "1", "2", "3"]  # the last one is ls's own
    assert list(tmp_path.iterdir()) == []
