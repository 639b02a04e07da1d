"""Where a task goes in a worker's command: places, columns, standard input; and what --dry-run shows of it."""
import os
import subprocess

import pytest

from pipeline import BIN

NASTY = ["it's", "$(touch x); `id`", "* ~ \\ \\{}", 'a "b"', "-n", " x\ty ", "!", "ü#%"]
MIB = 1 << 20


def all_of(pipeline, tasks, command, *options, status=0):
    """What the sink prints for the tasks, in their order."""
    sink, ventilator = pipeline.batch(tasks, command=command, worker=options, sink=("-k",))
    assert (ventilator.status(), sink.status()) == (status, status), sink.err
    return sink.out


def printed(*words):
    return ("printf", "%s|", *words)


# --- places


def test_a_path_has_the_parts_that_gnu_parallel_gives_it(pipeline):
    out = all_of(pipeline, ["a/b.tar.gz", ".bashrc"], printed("{}", "{.}", "{/}", "{//}", "{/.}"))
    assert out == "a/b.tar.gz|a/b.tar|b.tar.gz|a|b.tar|.bashrc||.bashrc|.||"


def test_tasks_are_numbered_in_the_order_of_the_input(pipeline):
    assert all_of(pipeline, ["a", "b", "c"], ("echo", "{#}", "{}")) == "1 a\n2 b\n3 c\n"


def test_no_two_tasks_that_run_at_once_have_the_same_slot(pipeline, gate):
    pipeline.worker("-j", "3", "--first-slot", "5", command=(*gate.command[:-1], "{%}"))
    pipeline.sink()
    pipeline.ventilator(tasks=range(6))
    assert set(gate.came(3)) == {"5", "6", "7"}


def test_a_slot_is_used_again_and_named_in_the_environment(pipeline):
    assert all_of(pipeline, "abc", ("sh", "-c", "echo {%} $DIVVY_SLOT")) == "1 1\n" * 3


def test_what_is_no_place_stays_and_the_task_is_appended(pipeline):
    others = ("{print $1}", "{{.Name}}", "a{2}", "\\n", "\\{}")
    assert all_of(pipeline, ["x"], printed(*others)) == "{print $1}|{{.Name}}|a{2}|\\n|{}|x|"


# --- columns


def test_a_task_has_columns_where_the_separator_matches(pipeline):
    out = all_of(pipeline, ["a/b.c, d", "e"], printed("{2}", "{1}", "{1.}", "{1/}", "{1//}", "{1/.}"), "--colsep", ",")
    assert out == "d|a/b.c|a/b|b.c|a|b||e|e|e|.|e|"


@pytest.mark.parametrize("separator, task", [("\\t", "a\tb"), ("[,;]", "a;b"), (" +", "a   b"), ("\\s+", "a \t b"), ("->", "a->b")])
def test_the_separator_is_a_regular_expression(pipeline, separator, task):
    assert all_of(pipeline, [task], printed("{2}", "{1}"), "--colsep", separator) == "b|a|"


def test_a_task_of_a_mebibyte_has_columns_too(pipeline):
    task = "x" * (MIB - 2) + "\ty"
    assert all_of(pipeline, [task], ("echo", "{2}"), "--colsep", "(\\t|z)+", "--stdin") == "y\n"


@pytest.mark.parametrize("options", [("--colsep", "(", "--", "echo"), ("--colsep", ","), ("--stdin",), ("--first-slot", "0")])
def test_what_is_wrong_with_the_options_is_one_line(pipeline, options):
    worker = pipeline.start(BIN / "worker", *pipeline.at, *options)
    assert worker.status() == 255
    assert worker.err.startswith("worker: ") and worker.err.count("\n") == 1


# --- standard input


def test_with_stdin_the_task_is_a_line_of_standard_input_and_no_argument(pipeline):
    out = all_of(pipeline, ["a b", "c"], ("sh", "-c", "echo $#; od -An -c", "sh"), "--stdin")
    assert out.split() == ["0", "a", "b", "\\n", "0", "c", "\\n"]


def test_with_stdin_places_are_filled_all_the_same(pipeline):
    assert all_of(pipeline, ["a.b"], ("sh", "-c", "cat; echo {.}"), "--stdin") == "a.b\na\n"


def test_with_stdin_a_task_may_be_larger_than_any_argument_and_hold_any_byte(pipeline):
    task = b"\0\xff" * (MIB // 2)
    sink, ventilator = pipeline.batch(task + b"\n", command=("cat",), worker=("--stdin",))
    assert (ventilator.status(), sink.out_bytes == task + b"\n") == (0, True)


def test_with_stdin_a_command_need_not_read(pipeline):
    assert all_of(pipeline, ["x" * MIB] * 3, ("echo", "ok"), "--stdin") == "ok\n" * 3


# --- dry runs


def pasted(lines):
    done = subprocess.run(["sh"], input=lines.encode(), stdout=subprocess.PIPE, check=True, timeout=60)
    return done.stdout.decode()


def test_a_dry_run_prints_commands_that_a_shell_reads_as_they_are(pipeline):
    command = printed("{}", "", "it's $HOME {.}", "A=b", "{#}")
    out = all_of(pipeline, NASTY, command, "--dry-run")
    assert out.count("\n") == len(NASTY)
    assert pasted(out) == "".join(f"{task}||it's $HOME {os.path.splitext(task)[0]}|A=b|{number}|"
                                  for number, task in enumerate(NASTY, 1))


def test_a_dry_run_with_stdin_prints_a_pipe(pipeline):
    out = all_of(pipeline, [*NASTY, "last"], ("cat", "-"), "--stdin", "--dry-run")
    assert out.splitlines()[-1] == "printf '%s\\n' last | cat -"
    assert pasted(out).splitlines() == [*NASTY, "last"]


def test_a_dry_run_runs_nothing(pipeline):
    trace = pipeline.file("trace")
    assert all_of(pipeline, ["x"], ("touch", trace, "{}"), "--dry-run") == f"touch {trace} x\n"
    assert not trace.exists()


def test_a_dry_run_of_workloads_prints_sleeps_and_no_costs(pipeline):
    sink, ventilator = pipeline.batch([50, 0, 12345], worker=("--dry-run",), sink=("-k",))
    assert (sink.out, ventilator.out) == ("sleep 0.050\nsleep 0.000\nsleep 12.345\n", "")


def test_a_dry_run_tells_what_could_not_be_run(pipeline):
    sink, ventilator = pipeline.batch(["50", "x"], worker=("--dry-run",), sink=("-qq",))
    assert (ventilator.status(), sink.status(), sink.out) == (1, 1, "sleep 0.050\n")
    assert sink.err.endswith("\n'x' is no number of milliseconds\n")
