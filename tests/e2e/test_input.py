"""What the ventilator reads: several files, lines of all kinds, and pipes that grow."""
import os
import pty
import re
import signal

import pytest

from pipeline import eventually, refused


class Feed:
    """A pipe to the ventilator: the test decides when there is more in it, and when it ends."""

    def __init__(self, writer, reader=None):
        self.writer, self.reader = open(writer, "wb", buffering=0), reader

    def give(self, data):
        self.writer.write(data)

    def end(self):
        self.writer.close()


@pytest.fixture
def feed():
    reader, writer = os.pipe()
    with open(reader, "rb") as reader:
        feed = Feed(writer, reader)
        yield feed
        feed.end()


@pytest.fixture
def fifo(pipeline):
    os.mkfifo(pipeline.file("fifo"))
    return pipeline.file("fifo")


@pytest.fixture
def echoing(pipeline):
    """A sink that prints the tasks in the order of the input."""
    sink = pipeline.sink("-k")
    pipeline.worker(command=("echo",))
    return sink


def printed(sink, *lines):
    eventually(lambda: sink.out.splitlines() == list(lines), f"{lines} to be printed")


# --- files


def test_files_are_read_one_after_the_other_standard_input_among_them(pipeline, file, echoing):
    ventilator = pipeline.ventilator(file("1", b"a\nb\n"), "-", file("2", b"d\n"), tasks=["c"])
    assert (ventilator.status(), echoing.status()) == (0, 0)
    assert echoing.out == "a\nb\nc\nd\n"


def test_the_last_line_of_a_file_does_not_join_the_first_of_the_next(pipeline, file, echoing):
    ventilator = pipeline.ventilator(file("1", b"a"), file("2", b"b\r\n"), "-", tasks=b"c")
    assert (ventilator.status(), echoing.status()) == (0, 0)
    assert echoing.out == "a\nb\nc\n"


@pytest.mark.parametrize("name", ["[x]", "[a,b]", "x y"])
def test_a_file_has_the_name_that_is_given(pipeline, name):
    """The parser of options has ideas of its own about brackets."""
    assert f"cannot read {name}: " in refused(pipeline, "ventilator", *pipeline.at, name, "/dev/null")
    assert f"cannot read {name}: " in refused(pipeline, "ventilator", *pipeline.at, "/dev/null", name)


def test_after_two_dashes_there_are_only_files(pipeline, file):
    assert "cannot read -x: " in refused(pipeline, "ventilator", *pipeline.at, file("good", b"a"), "--", "/dev/null", "-x")


def test_the_plain_pipeline_reads_several_files_too(pipeline, file):
    sink, _ = pipeline.sink("--classic", "3"), pipeline.worker()
    ventilator = pipeline.ventilator("--classic", file("1", b"1\n\n1"), file("2", b"1"))
    assert (ventilator.status(), sink.status()) == (0, 0)
    assert "Total expected cost: 3 msec" in ventilator.out
    assert "ventilator: skipped 1 empty line\n" in ventilator.err


@pytest.mark.parametrize("wrong, says", [("none", "No such file"), (".", "directory")])
def test_a_file_that_cannot_be_read_is_named_before_anything_runs(pipeline, file, wrong, says):
    said = refused(pipeline, "ventilator", *pipeline.at, file("good", b"a\n"), pipeline.file(wrong))
    assert re.search(f"cannot read {pipeline.file(wrong)}: .*{says}", said)


def test_more_files_than_there_may_be_open_are_read(pipeline, file, echoing):
    files = [file(f"{number}", b"%d" % number) for number in range(1100)]
    ventilator = pipeline.ventilator(*files)
    assert (ventilator.status(), echoing.status()) == (0, 0)
    assert echoing.out.split() == [str(number) for number in range(1100)]


# --- lines


@pytest.mark.parametrize("options, data, says", [
    ((), b"a\r\n\r\n\n\nb", "skipped 3 empty lines"),
    (("-q",), b"\na\nb\n", None),
    ((), b"a\r\nb\r\n", None),
], ids=["counted", "quiet", "none"])
def test_empty_lines_are_skipped_and_counted(pipeline, echoing, options, data, says):
    ventilator = pipeline.ventilator(*options, tasks=data)
    assert (ventilator.status(), echoing.status()) == (0, 0)
    assert echoing.out == "a\nb\n"
    assert re.findall("skipped.*", ventilator.err) == ([says] if says else [])


def test_between_nul_bytes_nothing_is_skipped(pipeline, echoing):
    ventilator = pipeline.ventilator("-0", tasks=b"a\0\0b")
    assert (ventilator.status(), echoing.status()) == (0, 0)
    assert echoing.out == "a\n\nb\n"
    assert "skipped" not in ventilator.err


def test_a_line_that_is_too_long_is_named_with_its_file(pipeline, file):
    good, bad = file("good", b"x" * 1024 + b"\n"), file("bad", b"a\n\n" + b"x" * 1025 + b"\n")
    ventilator = pipeline.ventilator("--max-task", "1k", good, bad)
    assert ventilator.status() == 255
    assert f"ventilator: {bad}, line 3: longer than 1024 bytes; --max-task allows more" in ventilator.err


def test_the_longest_task_that_can_be_allowed_travels_to_the_sink(pipeline):
    """No command takes it as an argument, so it is one that failed."""
    sink = pipeline.sink("--tag")
    pipeline.worker(command=("echo",))
    ventilator = pipeline.ventilator("--max-task", "32m", tasks=b"x" * (32 << 20))
    assert (ventilator.status(), sink.status()) == (1, 1)


@pytest.mark.parametrize("size", ["0", "x", "33m", "-1", ""])
def test_a_limit_that_makes_no_sense_is_refused(pipeline, size):
    assert "64k" in refused(pipeline, "ventilator", *pipeline.at, f"--max-task={size}", "-")


# --- pipes that grow


def test_a_growing_pipe_is_served_line_by_line(pipeline, feed, echoing):
    ventilator = pipeline.ventilator("-", stdin=feed.reader)
    for count in range(1, 4):
        feed.give(b"%d\n" % count)
        printed(echoing, *map(str, range(1, count + 1)))
    feed.end()
    assert (ventilator.status(), echoing.status()) == (0, 0)


@pytest.mark.parametrize("options, typed, prints", [(("--csv",), b"a,b\n", "a b"), (("-n", 2), b"a\nb\n", "a b")])
def test_at_a_terminal_whoever_says_what_tasks_are_types_them(pipeline, echoing, options, typed, prints):
    keyboard, terminal = pty.openpty()
    ventilator = pipeline.ventilator(*options, stdin=terminal)
    os.write(keyboard, typed + b"\x04")
    printed(echoing, prints)
    assert (ventilator.status(), echoing.status()) == (0, 0)
    for end in (keyboard, terminal):
        os.close(end)


def test_a_line_that_comes_in_pieces_is_served_when_it_is_whole(pipeline, feed, echoing):
    ventilator = pipeline.ventilator(stdin=feed.reader)
    feed.give(b"one\ntw")
    printed(echoing, "one")
    feed.give(b"o\r")
    feed.give(b"\nthr")
    printed(echoing, "one", "two")
    feed.end()
    assert (ventilator.status(), echoing.status()) == (0, 0)
    assert echoing.out.splitlines() == ["one", "two", "thr"]


def test_a_named_pipe_is_served_line_by_line_whenever_its_writer_comes(pipeline, file, fifo, echoing):
    ventilator = pipeline.ventilator(file("first", b"a\n"), fifo, file("last", b"d\n"))
    printed(echoing, "a")  # while nobody writes to the pipe yet
    feed = Feed(fifo)
    feed.give(b"b\n")
    printed(echoing, "a", "b")
    feed.give(b"c\n")
    printed(echoing, "a", "b", "c")
    feed.end()
    assert (ventilator.status(), echoing.status()) == (0, 0)
    assert echoing.out == "a\nb\nc\nd\n"


def test_a_ventilator_that_waits_for_a_named_pipe_can_be_stopped(pipeline, fifo):
    ventilator = pipeline.ventilator(fifo)
    ventilator.says("feedback on")
    ventilator.send(signal.SIGTERM)
    assert ventilator.status() == 255
