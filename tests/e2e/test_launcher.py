"""What divvy passes to whom, and what it refuses before it starts anything."""
import os
import re
import stat
import subprocess
from pathlib import Path

import pytest

from launcher import DEADLINE, LAUNCHER, SHIM
from pipeline import BIN

# --- what goes where -----------------------------------------------------------------------------


@pytest.mark.parametrize("given, to, passed", [
    (["-k"], "sink", ["--keep-order"]),
    (["--keep-order"], "sink", ["--keep-order"]),
    (["--tag"], "sink", ["--tag"]),
    (["--journal", "a b"], "sink", ["--journal=a b"]),
    (["--summary=s"], "sink", ["--summary=s"]),
    (["--timeout", "5"], "worker", ["--timeout=5"]),
    (["--timeout=0.5"], "worker", ["--timeout=0.5"]),
    (["--timeout=250ms"], "worker", ["--timeout=0.25"]),
    (["--retry-delay", "2h"], "ventilator", ["--retry-delay=7200"]),
    (["--dry-run"], "worker", ["--dry-run"]),
    (["--max-output", "64k"], "worker", ["--max-output=65536"]),
    (["-0"], "ventilator", ["--null"]),
    (["--null"], "ventilator", ["--null"]),
    (["--seed", "1"], "ventilator", ["--seed=1"]),
    (["--min-msec=1", "--max-msec", "2"], "ventilator", ["--min-msec=1", "--max-msec=2"]),
    (["--retries", "3"], "ventilator", ["--retries=3"]),
    (["--max-task", "64k"], "ventilator", ["--max-task=65536"]),
    (["--halt", "now,fail=1"], "ventilator", ["--halt=now,fail=1"]),
        (["-k0", "--tag"], "sink", ["--keep-order", "--tag"]),
])
def test_each_option_goes_to_the_program_that_knows_it(play, given, to, passed):
    play.run("-j1", "--random=1", *given)

    expected = {"sink": [], "worker": [], "ventilator": ["--random=1"]}
    if given == ["-k0", "--tag"]:
        expected["ventilator"] += ["--null"]
    if given in (["-0"], ["--null"], ["-k0", "--tag"]):
        expected["worker"] += ["--null"]  # for filters
    if given == ["--dry-run"]:
        expected["sink"] += ["--keep-order", "--quiet"]
    expected[to] += passed
    for name in expected:
        assert sorted(play.arguments(name)) == sorted(expected[name])


@pytest.mark.parametrize("given, passed", [(["--colsep", "a b"], ["--colsep=a b"]), (["--stdin"], ["--stdin"])])
def test_how_a_task_becomes_a_command_is_for_the_workers(play, given, passed):
    play.run("-j1", *given, "--", "cat")

    assert play.arguments("worker") == [*passed, "--", "cat"]


def test_a_named_batch_has_a_journal(play):
    play.run("-j1", "--random=1", "--journal=j", "--name", "a=b")

    assert sorted(play.arguments("ventilator")) == ["--name=a=b", "--random=1"]
    assert play.arguments("sink") == ["--journal=j"]


@pytest.mark.parametrize("given", [["--name", "n"], ["--name", "n", "--retry-failed"]])
def test_a_name_without_a_journal_is_refused_for_nothing_could_come_of_it(play, given):
    run = play.run(*given, "--random=1")

    assert run.process.returncode == 255
    assert run.err == "divvy: --name goes on where a journal says; add --journal FILE, or leave --name out\n"
    assert not play.seen("sink")


@pytest.mark.parametrize("given, text", [
    (["--", "echo", "a b", "{}"], "echo 'a b' '{}'"), (["--stdin", "--", "cat"], "cat (--stdin)"),
    (["--colsep", ",", "--", "echo"], "echo (--colsep ',')"), (["--random=1"], ""),
])
def test_the_ventilator_alone_is_told_what_is_run(play, given, text):
    play.part(ventilator='echo "$DIVVY_COMMAND" >"$PLAY/told"; idle', worker='echo "$DIVVY_COMMAND" >"$PLAY/worker-told"; echo >"$PLAY/ventilator.go"; idle')
    play.run("-j1", *given)

    assert (play.stage / "told").read_text() == text + "\n"
    assert play.note("worker-told") == []


def test_every_option_of_divvy_is_one_of_the_programs(play):
    """Nothing is accepted that nobody knows."""
    def options(program):
        return set(re.findall(r"--[a-z-]+", subprocess.run([program, "--help"], capture_output=True, text=True, check=True).stdout))

    theirs = set.union(*(options(BIN / name) for name in ("ventilator", "worker", "sink")))
    assert options(LAUNCHER) - theirs == {"--hosts", "--jobs", "--ssh"}


@pytest.mark.parametrize("option, passed", [("-q", "--quiet"), ("--quiet", "--quiet"), ("-v", "--verbose"),
                                            ("--verbose", "--verbose")])
def test_how_much_to_say_goes_to_all(play, option, passed):
    play.run("-j1", "--random=1", option)

    for name in ("sink", "worker", "ventilator"):
        assert passed in play.arguments(name)


@pytest.mark.parametrize("given", [["-qq"], ["-q", "--quiet"]])
def test_quiet_goes_to_all_as_often_as_it_is_given(play, given):
    play.run("-j1", "--random=1", *given)

    for name in ("sink", "worker", "ventilator"):
        assert play.arguments(name).count("--quiet") == 2


def test_the_command_goes_to_the_workers_as_it_is(play):
    play.run("-j", "1", "--", "sh", "-c", "echo {} *", "--", "-k", "")

    assert play.arguments("worker") == ["--", "sh", "-c", "echo {} *", "--", "-k", ""]
    assert play.arguments("sink") == []


def test_a_file_goes_to_the_ventilator_whatever_its_name(play):
    path = play.stage / "random = -k"
    path.write_text("1\n")

    play.run("-j1", str(path))

    assert play.arguments("ventilator") == [str(path)]


def test_several_files_go_to_the_ventilator_in_their_order(play):
    files = [str(play.stage / name) for name in ("b", "a")]
    for file in files:
        Path(file).write_text("1\n")

    play.run("-j1", files[0], "-", "--retries=2", files[1], "--", "echo")

    assert play.arguments("ventilator") == ["--retries=2", files[0], "-", files[1]]


@pytest.mark.parametrize("jobs", [["-j", "7"], ["-j7"], ["--jobs", "7"], ["--jobs=7"]])
def test_jobs_is_the_number_of_slots_which_the_workers_share_one_worker_a_core(play, jobs):
    play.part(worker="idle")
    run = play.start(*jobs)
    workers = min(7, len(os.sched_getaffinity(0)))
    play.wait_for(worker=workers)
    play.go("ventilator")

    assert run.end() == 0
    slots = []
    for seen in play.seen("worker").values():
        count, first = (int(word.partition("=")[2]) for word in seen[2:4])
        slots += range(first, first + count)
    assert sorted(slots) == [1, 2, 3, 4, 5, 6, 7]


def test_one_job_is_one_worker(play):
    play.run("-j1")

    assert len(play.seen("worker")) == 1


def test_a_dry_run_keeps_the_order_and_records_nothing(play):
    play.run("-j1", "--random=1", "--tag", "--journal=j", "--summary", "s", "--report=r.html", "--dry-run", "--name=n", "--retry-failed")

    assert play.arguments("sink") == ["--tag", "--keep-order", "--quiet"]
    assert play.arguments("worker") == ["--dry-run"]
    assert play.arguments("ventilator") == ["--random=1"]


def test_without_jobs_there_is_a_worker_for_each_core(play):
    play.part(worker="idle")
    run = play.start()
    play.wait_for(worker=len(os.sched_getaffinity(0)))
    play.go("ventilator")

    assert run.end() == 0


def test_all_meet_in_a_directory_that_is_private_and_gone_afterwards(play):
    play.part(sink="idle", worker="idle")
    run = play.start("-j2")
    play.wait_for(sink=1, worker=min(2, len(os.sched_getaffinity(0))), ventilator=1)
    (address,) = {seen[1] for name in ("sink", "worker", "ventilator")
                  for seen in play.seen(name).values()}
    directory = Path(address.removeprefix("ipc://"))

    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert directory.parent == play.tmp
    play.go("ventilator")
    play.go("sink")
    assert run.end() == 0
    assert not directory.exists()


def test_the_ventilator_alone_reads_the_input(play):
    play.part(ventilator='cat >"$PLAY/input"', sink='cat >"$PLAY/sink-input"', worker="cat; idle")
    run = play.start("-j1", "--", "true", stdin=subprocess.PIPE)

    assert run.end("a\nb\n") == 0
    assert play.note("input") == ["a", "b"]
    assert play.note("sink-input") == []


def test_closed_input_is_an_empty_one(play):
    play.part(ventilator='cat >"$PLAY/input"')

    run = play.run("-j1", "--", "true", preexec_fn=lambda: os.close(0))

    assert run.process.returncode == 0
    assert play.note("input") == []


def test_without_command_and_input_it_is_the_guides_demonstration(play):
    play.run("-j1")

    assert play.arguments("ventilator") == ["--random=100"]


def test_the_workers_dots_do_not_tear_the_sinks_line(play):
    play.part(sink="printf :; idle; printf .", worker="printf x; idle")
    run = play.start("-j2")
    play.wait_for(worker=min(2, len(os.sched_getaffinity(0))))
    play.go("sink")
    run.end()

    assert run.out == ":."


def test_on_a_terminal_without_a_command_it_is_the_demonstration(play, terminal):
    play.run("-j1", **terminal.options)

    assert play.arguments("ventilator") == ["--random=100"]


def test_on_a_terminal_with_a_command_the_tasks_are_typed(play, terminal):
    play.part(ventilator='read -r line; echo "$line" >"$PLAY/typed"')
    terminal.type(b"hello\n")

    play.run("-j1", "--", "echo", **terminal.options)

    assert play.arguments("ventilator") == ["-"]
    assert play.note("typed") == ["hello"]


# --- what is refused before anything is started --------------------------------------------------


@pytest.mark.parametrize("arguments", [
    ["-j", "0"], ["-j0"], ["-j", "x"], ["-j", "--1"], ["-j", ""], ["-j", "1.5"], ["-j"],
    ["--jobs=99999999999999999999"], ["--no-such-option"], ["-x"], ["-kx"], ["--timeout"],
    ["--tag=1"], ["no such file"], ["/"], ["-k", "--nul"], ["--report", "-"], ["--colsep", ","], ["--colsep", "(", "--", "a"],
    ["--halt", "never"], ["--timeout", "nan"], ["--timeout=inf"], ["--timeout="], ["--retry-delay", "5x"], ["--retry-failed"], ["--max-output", "1t"],
])
def test_what_is_wrong_is_said_in_one_line_and_nothing_is_started(play, arguments):
    run = play.run(*arguments)

    assert run.process.returncode == 255
    assert run.out == ""
    assert run.err.startswith("divvy: ") and run.err.count("\n") == 1
    assert not any(play.seen(name) for name in ("sink", "worker", "ventilator"))


def test_each_file_is_looked_at_before_anything_is_started(play):
    good = play.stage / "good"
    good.write_text("1\n")

    run = play.run(str(good), "no such file")

    assert run.process.returncode == 255
    assert run.err == "divvy: cannot read no such file; name files with one task a line\n"
    assert not play.seen("sink")


def test_missing_programs_are_said_in_one_line(play):
    (play.bin / "worker").unlink()

    run = play.run()

    assert run.process.returncode == 255
    assert "DIVVY_BIN" in run.err and run.err.count("\n") == 1


def test_installed_it_finds_the_programs_beside_itself(play):
    installed = play.bin / "divvy"
    installed.write_bytes(LAUNCHER.read_bytes())
    installed.chmod(0o755)
    link = play.stage / "link"
    link.symlink_to(installed)
    env = {name: value for name, value in os.environ.items() if name != "DIVVY_BIN"}

    done = subprocess.run([link, "-j1"], env={**env, "PLAY": str(play.stage)}, timeout=DEADLINE,
                          stdin=subprocess.DEVNULL, check=False)

    assert done.returncode == 0
    assert play.arguments("ventilator") == ["--random=100"]


def test_help_and_version_start_nothing(play):
    assert play.run("--help").out.startswith("Usage: divvy")
    assert re.fullmatch(r"divvy \d+\.\d+\.\d+ .*\n", play.run("--version").out)
    assert not play.seen("sink")


@pytest.mark.parametrize("name", ["ventilator", "worker", "sink"])
def test_the_programs_are_subcommands_too(name):
    done = subprocess.run([LAUNCHER, name, "--version"], capture_output=True, text=True, timeout=DEADLINE, check=True)
    assert done.stdout.startswith(f"{name} ")
    done = subprocess.run([LAUNCHER, name, "--no-such-option"], capture_output=True, text=True, timeout=DEADLINE, check=False)
    assert (done.returncode, done.stderr) == (255, f"{name}: unknown option --no-such-option (see {name} --help)\n")


# --- the shim in the source tree -----------------------------------------------------------------


def test_the_shim_runs_what_is_built_and_adds_nothing_to_the_environment():
    env = {"PATH": os.environ["PATH"], "DIVVY_BIN": str(BIN), "tree": "mine", "OLDPWD": "/", "PWD": os.getcwd()}
    def variables(*command, **options):
        done = subprocess.run([*command, "-q", "-j1", "--stdin", "--", "env"], capture_output=True, text=True, timeout=DEADLINE, check=True, env=env,
                              input="1\n", **options)
        return {line for line in done.stdout.splitlines() if not line.startswith(("DIVVY_WORKER=", "_="))}
    assert variables(SHIM) == variables(LAUNCHER)


def test_the_shim_says_what_to_do_if_nothing_is_built(tmp_path):
    shim = tmp_path / "scripts" / "divvy"
    shim.parent.mkdir()
    shim.write_bytes(SHIM.read_bytes())
    shim.chmod(0o755)
    env = {name: value for name, value in os.environ.items() if name != "DIVVY_BIN"}
    done = subprocess.run([shim], capture_output=True, text=True, timeout=DEADLINE, check=False, env=env)
    assert (done.returncode, done.stderr.count("\n")) == (255, 1)
    assert "scripts/quickstart" in done.stderr
