"""scripts/divvy with the real programs."""
import os
import re
import signal
import subprocess

from launcher import DEADLINE, eventually
from pipeline import BIN


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
        run = divvy("-j2", "--", "sh", "-c", f"echo {{}} >>{started}; sleep 1000",
                    stdin=subprocess.PIPE, stderr=stderr)
    run.process.stdin.write("1\n2\n3\n4\n")
    run.process.stdin.flush()
    eventually(lambda: started.exists() and len(started.read_text().split()) == 2, "two to run")
    run.process.send_signal(signal.SIGTERM)
    eventually(said.read_text, "the ventilator to say that it has heard")  # two at once would be one
    run.process.send_signal(signal.SIGTERM)

    assert run.end() == 255
    assert len(started.read_text().split()) == 2


def test_ctrl_c_waits_for_what_runs_and_hands_out_no_more(divvy, terminal, tmp_path):
    tasks, started, said = (tmp_path / name for name in ("tasks", "started", "said"))
    tasks.write_text("1\n2\n3\n4\n")
    wait = f"echo {{}} >>{started}; until [ -e {tmp_path}/open ]; do sleep 0.02; done; echo done"
    with said.open("w") as stderr:
        run = divvy("-j2", str(tasks), "--", "sh", "-c", wait, stderr=stderr, **terminal.options)
    eventually(lambda: started.exists() and len(started.read_text().split()) == 2, "two to run")
    terminal.type(b"\x03")
    eventually(said.read_text, "the ventilator to say that it has heard")
    (tmp_path / "open").touch()

    assert run.end() == 255
    assert run.out.split() == ["done", "done"]


def test_the_command_that_runs_what_failed_again_is_the_users_own(divvy, tmp_path):
    fixed, tasks = tmp_path / "it is fixed", tmp_path / "tasks"
    tasks.write_text("a\nb\n")
    run = divvy("--journal", tmp_path / "j.db", "--name", "b", tasks, "--", "sh", "-c", '[ -e "$0" ]', fixed)
    assert run.end() == 2
    again = re.search(r"to run only the failed tasks again: (.*)$", run.err, re.M)[1]
    fixed.touch()
    ended = subprocess.run(["bash", "-c", again], env={**os.environ, "DIVVY_BIN": str(BIN)}, capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (0, "")
    assert "2 tasks, 0 failed" in ended.stderr
