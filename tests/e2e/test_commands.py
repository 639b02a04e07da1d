"""Workers that run commands: what a command gets, what becomes of what it writes, and how it may fail."""
import hashlib
import json
import os
import re
import signal
import sys

import pytest

from pipeline import BIN, eventually

PYTHON = (sys.executable, "-S", "-c")
NASTY = "$(touch x); \"quotes\" 'single' * spaces  & \\ `id` ~ \t ü"


def python(script, *words):
    return (*PYTHON, script, *words)


def one(pipeline, task, command, **options):
    """What the sink prints for a single task that must succeed."""
    sink, ventilator = pipeline.batch([task], command=command, **options)
    assert (ventilator.status(), sink.status()) == (0, 0), sink.err
    return sink.out


# --- what a command gets


def test_the_task_takes_the_place_of_every_pair_of_braces(pipeline):
    assert one(pipeline, "a b", ("printf", "%s|", "<{}>", "{}-{}", "end")) == "<a b>|a b-a b|end|"


def test_the_task_comes_last_when_there_are_no_braces(pipeline):
    assert one(pipeline, "a b", ("printf", "%s|", "first")) == "first|a b|"


def test_braces_in_the_task_stay_as_they_are(pipeline):
    assert one(pipeline, "{}{}", ("printf", "%s|", "{}")) == "{}{}|"


def test_no_shell_looks_at_the_task(pipeline):
    assert json.loads(one(pipeline, NASTY, python("import json, sys; print(json.dumps(sys.argv[1:]))"))) == [NASTY]


def test_a_task_need_not_be_valid_utf8(pipeline):
    sink, ventilator = pipeline.batch(b"\xff\xfe\n", command=("printf", "%s"))
    assert (ventilator.status(), sink.out_bytes) == (0, b"\xff\xfe")


def test_tasks_may_hold_line_ends_when_they_end_in_nul(pipeline):
    sink, ventilator = pipeline.batch(b"a\nb\0c\0", command=("printf", "<%s>"), ventilator=("--null",), sink=("-k",))
    assert (ventilator.status(), sink.out) == (0, "<a\nb><c>")


def test_a_command_may_be_a_shell_line(pipeline):
    assert one(pipeline, "echo $((6 * 7))", ("sh", "-c", "{}")) == "42\n"


def test_the_environment_names_task_id_attempt_and_worker(pipeline):
    sink = pipeline.sink("-k")
    worker = pipeline.worker(command=("sh", "-c", 'echo "$DIVVY_ID $DIVVY_TASK $DIVVY_ATTEMPT $DIVVY_WORKER"', "{}"))
    ventilator = pipeline.ventilator(tasks=["x y", "z"])
    assert (ventilator.status(), sink.status()) == (0, 0)
    name = worker.says(r"worker: (\S+) listens")[1]
    assert sink.out == f"1 x y 1 {name}\n2 z 1 {name}\n"


def test_standard_input_is_empty(pipeline):
    assert one(pipeline, "x", ("sh", "-c", "wc -c; : {}")).strip() == "0"


def test_a_command_has_its_own_process_group(pipeline):
    assert one(pipeline, "x", python("import os; print(os.getpid() == os.getpgid(0))")) == "True\n"


def test_a_command_inherits_no_descriptors(pipeline):
    script = "import os; print([fd for fd in os.listdir('/proc/self/fd') if fd not in '012' and " \
             "os.path.exists(f'/proc/self/fd/{fd}')])"
    assert one(pipeline, "x", python(script)) == "[]\n"


def test_a_command_inherits_no_blocked_or_ignored_signals(pipeline):
    out = one(pipeline, "x", ("sh", "-c", "grep -E '^Sig(Blk|Ign)' /proc/self/status", "{}"))
    of_the_c_library = 1 << 31 | 1 << 32  # signals 32 and 33
    assert [int(line.split()[1], 16) & ~of_the_c_library for line in out.splitlines()] == [0, 0]


# --- what becomes of what it writes


def test_standard_error_comes_out_as_standard_error(pipeline):
    sink, _ = pipeline.batch(["x"], command=("sh", "-c", "echo out; echo err >&2", "{}"))
    assert (sink.out, re.findall("^err$", sink.err, re.M)) == ("out\n", ["err"])


def test_five_megabytes_on_both_outputs_at_once_arrive_whole(pipeline):
    script = "import os, threading\n" \
             "def write(fd, byte):\n" \
             "    data = byte * 5_000_000\n" \
             "    while data: data = data[os.write(fd, data):]\n" \
             "both = [threading.Thread(target=write, args=args) for args in ((1, b'o'), (2, b'e'))]\n" \
             "[t.start() for t in both]; [t.join() for t in both]"
    sink, ventilator = pipeline.batch(["x"], command=python(script))
    assert ventilator.status() == 0
    assert digest(sink.out_bytes) == digest(b"o" * 5_000_000)
    assert sink.err.count("e" * 5_000_000) == 1


def digest(data):
    return len(data), hashlib.sha256(data).hexdigest()


def test_the_output_of_tasks_side_by_side_is_not_torn(pipeline):
    script = "for i in 1 2 3 4 5 6 7 8 9 10; do echo {}; sleep 0.001; done"
    sink, ventilator = pipeline.batch(range(40), workers=2, worker=("-j", "4"), command=("sh", "-c", script))
    assert ventilator.status() == 0
    lines = sink.out.splitlines()
    blocks = [lines[at:at + 10] for at in range(0, 400, 10)]
    assert all(len(set(block)) == 1 for block in blocks)
    assert sorted(int(block[0]) for block in blocks) == list(range(40))


def test_keep_order_prints_in_the_order_of_the_input(pipeline):
    tasks = list(range(30, 0, -1))
    sink, ventilator = pipeline.batch(tasks, workers=2, worker=("-j", "3"), sink=("--keep-order",),
                                      command=("sh", "-c", "sleep 0.0$(({} % 5)); echo {}"))
    assert (ventilator.status(), [int(line) for line in sink.out.split()]) == (0, tasks)


def test_tag_names_the_task_before_each_line(pipeline):
    sink, _ = pipeline.batch(["a b", "c"], sink=("--tag", "-k"), command=("sh", "-c", "echo 1; echo 2", "{}"))
    assert sink.out == "a b\t1\na b\t2\nc\t1\nc\t2\n"


# --- how it may fail


@pytest.mark.parametrize("failing, status", [(1, 1), (3, 3), (100, 100), (101, 101), (150, 101)])
def test_the_exit_status_is_the_number_of_failed_tasks(pipeline, failing, status):
    tasks = [*[7] * failing, 0, 0]
    sink, ventilator = pipeline.batch(tasks, workers=2, command=("sh", "-c", "exit {}"))
    assert (ventilator.status(), sink.status()) == (status, status)


def test_a_failed_task_is_named_with_its_exit_status(pipeline):
    sink, _ = pipeline.batch(["true", "exit 7"], command=("sh", "-c", "{}"))
    assert re.search(r"task 2 failed, exit status 7, on \S+: exit 7$", sink.err, re.M)


def test_a_task_that_dies_of_a_signal_is_failed_and_the_signal_named(pipeline):
    sink, ventilator = pipeline.batch(["kill -SEGV $$"], command=("sh", "-c", "{}"))
    assert (ventilator.status(), sink.status()) == (1, 1)
    assert re.search(r"signal 11.*Segmentation", sink.err)


def test_a_command_that_does_not_exist_is_a_failed_task_and_the_worker_lives_on(pipeline):
    sink, worker = pipeline.sink(), pipeline.worker(command=("{}", "ok"))
    ventilator = pipeline.ventilator(tasks=["no-such-command", "echo"])
    assert (ventilator.status(), sink.status()) == (1, 1)
    assert re.search(r"task 1 failed.*No such file", sink.err)
    assert sink.out == "ok\n"
    assert worker.popen.poll() is None


@pytest.mark.parametrize("command, said", [(("ehco", "x"), "cannot find ehco in PATH"),
                                           (("./ehco", "{}"), "cannot run ./ehco: No such file or directory"),
                                           (("/tmp", "{}"), "cannot run /tmp: Permission denied")])
def test_a_command_that_cannot_be_found_is_told_at_once(pipeline, command, said):
    pipeline.worker("-q", command=command).says(f"^worker: {said}; tasks fail here until that is mended$")


def test_a_command_that_depends_on_the_task_is_not_looked_for(pipeline):
    worker = pipeline.worker(command=("{}", "x"))
    worker.says("listens")
    assert "cannot" not in worker.err


def test_a_name_is_what_tasks_and_the_sink_are_told(pipeline):
    sink, ventilator = pipeline.batch(["x"], worker=("--name", "left one"), command=("sh", "-c", 'echo "$DIVVY_WORKER"; exit 1', "{}"))
    assert (ventilator.status(), sink.out) == (1, "left one\n")
    assert "on left one: x" in sink.err


@pytest.mark.skipif(os.getuid() != 0, reason="needs a namespace of its own")
def test_process_1_of_a_container_reaps_what_tasks_leave_behind_and_has_a_name_of_its_own(pipeline):
    sink = pipeline.sink()
    script = "(setsid sleep 0.01 &); sleep 2.5; cat /proc/[0-9]*/stat | grep -c ') Z '; echo $DIVVY_WORKER"
    container = pipeline.start("unshare", "--pid", "--fork", "--kill-child", "--mount-proc", BIN / "worker", *pipeline.at, "--", "sh", "-c", script, "{}")
    assert pipeline.ventilator(tasks=["x"]).status() == 0
    assert sink.status() == 0
    container.kill()
    zombies, name = sink.out.split()
    assert zombies == "0"
    assert re.fullmatch(r"\S+:1-[0-9a-f]{8}", name)


def test_a_command_that_may_not_be_run_is_a_failed_task(pipeline):
    pipeline.file("script").write_text("not executable")
    sink, ventilator = pipeline.batch(["x"], command=(pipeline.file("script"),))
    assert ventilator.status() == 1
    assert "Permission denied" in sink.err


def test_a_task_too_long_for_an_argument_is_a_failed_task(pipeline):
    sink, ventilator = pipeline.batch(["x" * 1_000_000, "short"], command=("sh", "-c", "echo ${#1}", "sh", "{}"))
    assert (ventilator.status(), sink.out) == (1, "5\n")
    assert re.search(r"task 1 failed.*Argument list too long", sink.err)


def test_a_flaky_task_succeeds_when_it_is_tried_again(pipeline):
    count = f"echo x >> {pipeline.folder}/count-{{}}; test $(wc -l < {pipeline.folder}/count-{{}}) -ge 3 && echo {{}} $DIVVY_ATTEMPT"
    sink, ventilator = pipeline.batch([1, 2, 3], workers=2, ventilator=("--retries", "2"), sink=("-k",),
                                      command=("sh", "-c", count))
    assert (ventilator.status(), sink.status(), sink.out) == (0, 0, "1 3\n2 3\n3 3\n")


def test_a_task_is_not_tried_more_often_than_allowed(pipeline):
    sink, ventilator = pipeline.batch(["x"], ventilator=("--retries", "2"), worker=("-j", "2"),
                                      command=("sh", "-c", f"echo {{}} >> {pipeline.folder}/tries; exit 1"))
    assert (ventilator.status(), sink.status()) == (1, 1)
    assert pipeline.file("tries").read_text() == "x\n" * 3


def test_a_task_that_takes_too_long_is_killed_with_all_its_processes(pipeline):
    pids = pipeline.file("pids")
    script = f"sleep 1000 & echo $! >> {pids}; echo $$ >> {pids}; wait"
    sink, ventilator = pipeline.batch(["x"], worker=("--timeout", "1"), command=("sh", "-c", script, "{}"))
    assert (ventilator.status(), sink.status()) == (1, 1)
    assert "timed out" in sink.err
    eventually(lambda: not any(alive(int(pid)) for pid in pids.read_text().split()), "the whole group to be dead")


def test_a_task_that_ends_in_time_does_not_time_out(pipeline):
    assert one(pipeline, "x", ("echo",), worker=("--timeout", "50")) == "x\n"


def test_a_process_left_in_the_background_does_not_hold_the_task_up(pipeline):
    out = one(pipeline, "x", ("sh", "-c", "sleep 1000 & echo $!", "{}"))
    os.kill(int(out), signal.SIGKILL)


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
