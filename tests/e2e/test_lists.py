"""Tasks of the values after ::: and :::+, and of several lines, -n."""
import os
import sqlite3
from contextlib import closing

import pytest
import zmq

import protocol
from conversation import WithVentilator
from pipeline import eventually, refused


@pytest.fixture
def ran(divvy):
    """What a command line prints, which must succeed."""
    def ran(*words, text=None, status=0):
        run = divvy("-j2", "-k", *words, **({} if text is None else {"stdin": -1}))
        assert run.end(text) == status, run.err
        return run.out
    return ran


@pytest.fixture
def talk(pipeline):
    """What a ventilator with these options says of its tasks: form, header, texts."""
    context = zmq.Context()

    def talk(*options, tasks=None):
        ventilator = WithVentilator(context, pipeline, *options, tasks=tasks)
        worker = ventilator.worker(1)
        worker.arrive(slots=1000)
        lane = worker.hear(lambda lane: lane["tasks"])
        return lane["form"], lane["header"], [text for run in lane["tasks"] for text in run["texts"]]

    yield talk
    context.destroy(linger=0)


# --- one list


def test_each_value_is_a_task(ran):
    assert ran("--", "echo", "<{}>", ":::", "a", "b c", "--", "-x") == "<a>\n<b c>\n<-->\n<-x>\n"


def test_a_value_may_be_anything_that_an_argument_can_be(divvy):
    values = [b"", b" ", b"a\nb", b"\t\r\n", b"$(x)", b"it's", b"\\", b"{}", b"-j", b":::a", b"\xff"]
    run = divvy("-k", "--", "printf", "%s\\0", "{}", ":::", *values, text=False)
    assert run.end() == 0
    assert run.out.split(b"\0")[:-1] == values


def test_without_a_command_values_are_workloads(divvy):
    run = divvy(":::", "1", "2")
    assert run.end() == 0
    assert "2 tasks, 0 failed" in run.err


def test_a_tag_stays_in_its_line(ran):
    assert ran("--tag", "--", "echo", ":::", "a\nb", "c\td", "it's\x1b") == "$'a\\nb'\ta\n$'a\\nb'\tb\nc\td\tc\td\n$'it\\'s\\033'\tit's\x1b\n"


def test_so_does_the_line_of_one_that_has_failed(divvy):
    run = divvy("--", "false", ":::", "a\nb")
    assert run.end() == 1
    assert "task 1 failed, exit status 1" in run.err
    assert ": $'a\\nb'\n" in run.err


def test_a_value_is_in_the_journal_as_it_is_and_a_batch_goes_on(divvy, tmp_path):
    journal = tmp_path / "j.db"
    words = ("-j1", "--journal", journal, "--name", "n", "--", "sh", "-c", "test -e \"$0\" || exit 7", "{}", ":::", "/a\nb\t", "/", "")
    assert divvy(*words).end() == 2
    with closing(sqlite3.connect(journal)) as database:
        assert database.execute("SELECT text FROM result ORDER BY task").fetchall() == [("/a\nb\t",), ("/",), ("",)]
    again = divvy(words[0], "--retry-failed", *words[1:])
    assert again.end() == 2
    assert "3 tasks, 2 failed" in again.err
    with closing(sqlite3.connect(journal)) as database:
        assert database.execute("SELECT count(*) FROM attempts").fetchall() == [(5,)]


def test_the_command_to_type_again_has_the_values(divvy, tmp_path):
    run = divvy("--journal", tmp_path / "j", "--name", "n", "--", "false", ":::", "a b")
    assert run.end() == 1
    assert "-- false ::: 'a b'\n" in run.err


def test_it_is_right_where_they_have_line_ends_and_tabs(divvy, tmp_path):
    run = divvy("--journal", tmp_path / "j", "--name", "n", "--", "false", ":::", "it's\nb", "c\td")
    assert run.end() == 2
    assert "-- false ::: $'it\\'s\\nb' $'c\\td'\n" in run.err


def test_no_value_is_no_task(divvy):
    run = divvy("--", "echo", ":::")
    assert (run.end(), run.out) == (0, "")
    assert "0 tasks" in run.err


def test_a_ventilator_takes_them_too(talk):
    assert talk(":::", "a b", "") == (protocol.LINE, b"", [b"a b", b""])


def test_standard_input_is_not_read(divvy):
    reader, writer = os.pipe()
    with open(reader, "rb") as stdin, open(writer, "wb"):
        run = divvy("--", "echo", ":::", "a", stdin=stdin)
        assert (run.end(), run.out) == (0, "a\n")


# --- several lists


def test_several_lists_are_combined_in_the_order_of_nested_loops(ran):
    assert ran("--", "echo", "{2}-{1}", ":::", "a", "b", ":::", "1", "2 3") == "1-a\n2 3-a\n1-b\n2 3-b\n"


def test_a_list_goes_along_as_far_as_both_go(ran):
    assert ran("--", "echo", "{1}{2}{3}", ":::", "a", "b", ":::+", "1", "2", "3", ":::", "x", "y") == "a1x\na1y\nb2x\nb2y\n"


def test_without_placeholder_all_values_are_appended(ran):
    assert ran("--", "printf", "<%s>", ":::", "a b", ":::", "c", "") == "<a b><c><a b><>"


def test_they_travel_as_words(talk):
    assert talk(":::", "a b", "c", ":::", "1") == (protocol.WORDS, b"", [b"'a b' 1", b"c 1"])


def test_columns_of_a_single_list_are_its_values(ran):
    assert ran("--", "echo", "{1}", "{1/.}", ":::", "a b", "x/y.z") == "a b a b\nx/y.z y\n"


def test_so_they_are_within_a_word(ran):
    assert ran("--", "echo", "x{1}", ":::", "a b") == "xa b\n"
    assert ran("-c", "echo x{1/}y {}", ":::", "a/b  c") == "xb  cy a/b  c\n"
    assert ran("--", "echo", "\\{1}", "{1}", "a{2}", ":::", "b") == "{1} b a\n"


def test_a_list_that_no_column_is_asked_of_has_none(ran):
    assert ran("--", "grep", "-cE", "^.{2}$", "{}", ":::", "/dev/null", status=1) == "0\n"


def test_without_lists_a_column_is_no_placeholder(ran):
    assert ran("--", "echo", "{1}", "{}", text="a\n") == "{1} a\n"


def test_a_million_combinations_take_no_memory(pipeline):
    values = [":::", *map(str, range(1000))]
    sink = pipeline.sink("-q")
    ventilator = pipeline.ventilator("--halt", "now,fail=1", *values, *values)
    pipeline.worker(command=("false",))
    _, status, usage = os.wait4(ventilator.pid, 0)
    ventilator.popen.returncode = os.waitstatus_to_exitcode(status)
    assert ventilator.popen.returncode == 255
    sink.status()
    assert usage.ru_maxrss < 500_000  # KiB; with the sanitizers, too


# --- several lines


def test_a_script_is_given_no_more_than_fit_with_each_in_quotes(ran):
    counts = ran("-n", "100000", "-c", "echo {} | wc -w", text="".join(f"{i}\n" for i in range(30000))).split()
    assert len(counts) > 1
    assert sum(map(int, counts)) == 30000


def test_a_command_is_given_so_many_lines_and_the_last_one_what_is_left(ran):
    assert ran("-n", "2", "--", "printf", "<%s>", text="a b\nc\nd\n") == "<a b><c><d>"
    assert ran("--max-args=2", "--", "echo", "{2},{1}", text="a b\nc\nd\n") == "c,a b\n,d\n"


def test_one_line_is_a_column_too(ran):
    assert ran("-n1", "--", "echo", "{1}", text="a b\nc\n") == "a b\nc\n"


def test_so_many_values_or_strings_too(ran):
    assert ran("-n2", "--", "printf", "<%s>", ":::", "a", "b\nc", "d") == "<a><b\nc><d>"
    assert ran("-0", "-n2", "--", "printf", "<%s>", text="a\0b\nc\0\0") == "<a><b\nc><>"


def test_a_command_that_would_be_too_long_is_given_less(ran):
    lines = [f"{number:0100}" for number in range(5000)]
    counts = ran("-n", "100000", "--", "sh", "-c", "echo $#", "sh", text="".join(line + "\n" for line in lines))
    assert sum(map(int, counts.split())) == 5000
    assert len(counts.split()) == 5  # 515 kB in quotes, in texts of at most 124 KiB


def test_a_line_too_long_for_any_command_goes_alone_and_fails_alone(divvy):
    run = divvy("-k", "-n3", "--", "sh", "-c", "echo $#", "sh", stdin=-1)
    assert run.end("a\n" + "x" * 200_000 + "\nb\nc\n") == 1
    assert run.out == "1\n2\n"


def test_a_group_waits_until_it_is_full(pipeline):
    reader, writer = os.pipe()
    with open(reader, "rb") as stdin, open(writer, "wb", buffering=0) as feed:
        sink = pipeline.sink("-k")
        pipeline.worker(command=("echo",))
        ventilator = pipeline.ventilator("-n2", stdin=stdin)
        feed.write(b"a\nb\nc\n")
        eventually(lambda: sink.out == "a b\n", "the first two")
        feed.close()
        assert (ventilator.status(), sink.status()) == (0, 0)
        assert sink.out == "a b\nc\n"


# --- what makes no sense


@pytest.mark.parametrize("words, says", [
    (["/dev/null", ":::", "a"], "tasks are the lines of FILEs or the values of :::; leave either out"),
    (["--random", "3", ":::", "a"], "tasks are random or the values of :::; leave --random or ::: out"),
    (["-0", ":::", "a"], "values of ::: are tasks as they are; leave -0, --csv and --header out"),
    ([":::+", "a"], ":::+ goes along with a list before it; begin with :::"),
    ([":::", "a", "::::", "list"], ":::: would read files; name a FILE without it"),
    (["-n2", ":::", "a", ":::", "b"], "several ::: make a task of a value of each; leave -n out"),
    (["-n", "0", "-"], "'0' is no number of lines, such as 1 or 100"),
    (["-n", "x", "-"], "'x' is no number of lines"),
    (["-n2", "--header", "-"], "--header names columns, and -n makes none; leave one of them out"),
    (["-n2", "--random", "3"], "--random makes tasks of its own; leave --csv, --header and -n out"),
    (["--classic", "-n2", "-"], "with --classic a task is a line"),
    (["--classic", ":::", "1", ":::", "2"], "with --classic a task is a line"),
    (["--max-task", "1", ":::", "ab"], "task 1 of :::, longer than 1 bytes; --max-task allows more"),
])
def test_what_does_not_go_together_is_told(pipeline, words, says):
    assert says in refused(pipeline, "ventilator", *pipeline.at, *words)


@pytest.mark.parametrize("words, says", [
    (["--colsep", ",", "-n2", "--", "echo"], "-n gives a command several tasks, --colsep parts of one"),
    (["--colsep", ",", "--", "echo", ":::", "a", ":::", "b"], "several ::: make columns; leave --colsep out"),
    ([":::", "1", ":::", "2"], "several ::: are for a command; add -- COMMAND [ARG...]"),
    (["-n2"], "-n and several ::: are for a command"),
    (["--", "echo", ":::+", "2"], ":::+ goes along with a list before it"),
])
def test_so_does_divvy(divvy, words, says):
    run = divvy(*words)
    assert run.end() == 255
    assert says in run.err
