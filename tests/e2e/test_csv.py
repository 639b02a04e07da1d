"""Tasks that are records of CSV, and a first line that names the columns."""
import csv
import io
import random

import pytest
import zmq

import protocol
from conversation import WithVentilator
from pipeline import refused


@pytest.fixture
def ran(divvy):
    """What a command line prints, which must succeed."""
    def ran(*words, text):
        run = divvy("-j2", "-k", "-q", *words, stdin=-1)
        assert run.end(text) == 0, run.err
        return run.out
    return ran


@pytest.fixture
def heard(pipeline):
    """What a ventilator with these options says of its tasks: form, header, texts."""
    context = zmq.Context()

    def heard(*options, tasks):
        ventilator = WithVentilator(context, pipeline, *options, tasks=tasks)
        worker = ventilator.worker(1)
        worker.arrive(slots=1000)
        lane = worker.hear(lambda lane: lane["tasks"])
        return lane["form"], lane["header"], [text for run in lane["tasks"] for text in run["texts"]]

    yield heard
    context.destroy(linger=0)


def test_fields_are_columns_quoted_or_not(ran):
    assert ran("--csv", "--", "echo", "{2}|{1}", text='a,"b, ""c"""\r\n"d",e f\r\n') == 'b, "c"|a\ne f|d\n'


def test_a_field_may_have_lines(ran):
    assert ran("--csv", "--", "printf", "<%s>", text='"a\nb",c\n') == "<a\nb><c>"


def test_whatever_a_writer_of_csv_writes_comes_back(divvy):
    pieces = ['"', ",", "\n", "\r\n", " ", "a", "'", "\\", "ü", "{1}", "$x", "\t"]
    dice = random.Random(1)
    rows = [["".join(dice.choices(pieces, k=dice.randrange(4))) for _ in range(3)] for _ in range(60)]
    written = io.StringIO(newline="")
    csv.writer(written).writerows(rows)
    run = divvy("-j2", "-k", "--csv", "--", "printf", "%s\\0", "{1}", "{2}", "{3}", stdin=-1, text=False)
    assert run.end(written.getvalue().encode()) == 0
    assert run.out.decode().split("\0")[:-1] == [field for row in rows for field in row]


def test_the_first_record_names_the_columns(ran):
    text = '\ufefffull name,file\n"Doe, J.",a/b.c\n'
    assert ran("--csv", "--header", "--", "echo", "{file/.} {full name}", text=text) == "b Doe, J.\n"


def test_so_does_the_first_line_with_colsep(ran):
    assert ran("--colsep", ";", "--header", "--", "echo", "{b} {a} {c}", text="a;b\n1;2\n3;4\n") == "2 1 {c}\n4 3 {c}\n"


def test_the_same_first_line_of_a_further_file_is_no_task(heard, file):
    files = [file("1", b"a,b\n1,2\n"), file("2", b"a,b\n3,4\n"), file("3", b"5,6\na,b\n")]
    assert heard("--csv", "--header", *files, tasks=None) == (protocol.WORDS, b"a b", [b"1 2", b"3 4", b"5 6", b"a b"])


def test_the_header_of_lines_is_a_line(heard):
    assert heard("--header", "-", tasks=b"a;b\n\n1;2\n") == (protocol.LINE, b"a;b", [b"1;2"])


def test_empty_lines_are_skipped_and_counted(pipeline):
    sink, ventilator = pipeline.batch(b'a\r\n\r\n\n"\n\n"\n', ventilator=("--csv",), command=("echo",))
    assert (ventilator.status(), sink.status()) == (0, 0)
    assert "skipped 2 empty lines" in ventilator.err
    assert "2 tasks" in sink.err


def test_a_named_batch_goes_on(divvy, tmp_path):
    words = ("--csv", "--header", "--journal", tmp_path / "j", "--name", "n", "-k", "--", "echo", "{b}")
    assert divvy(*words, stdin=-1).end("a,b\n1,2\n") == 0
    again = divvy(*words, stdin=-1)
    assert (again.end("a,b\n1,2\n3,4\n"), again.out) == (0, "4\n")


@pytest.mark.parametrize("options, data, says", [
    ((), b'a\nb,"c\nd\n', "line 2: a quote is not closed"),
    ((), b'a\nb,c"d"\n', "line 2: a quote is out of place; a field that has one is in quotes, and doubles it"),
    ((), b'a\n"b" ,c\n', "line 2: a quote is out of place"),
    (("--max-task", "5"), b'a,"\n"\nbcd,efg\n', "line 3: longer than 5 bytes; --max-task allows more"),
])
def test_what_is_no_csv_is_named_with_file_and_line(pipeline, file, options, data, says):
    path = file("wrong.csv", data)
    ventilator = pipeline.ventilator("--csv", *options, path)
    assert ventilator.status() == 255
    assert f"ventilator: {path}, {says}" in ventilator.err


@pytest.mark.parametrize("words, says", [
    (["--csv", "-0", "-"], "records of --csv end with their lines; leave -0 out"),
    (["--csv", "-n2", "-"], "a record of --csv has its values already; leave -n or --csv out"),
    (["--csv", "--classic", "-"], "with --classic a task is a line; leave --csv"),
    (["--csv", "--random", "3"], "--random makes tasks of its own; leave --csv"),
])
def test_what_does_not_go_together_is_told(pipeline, words, says):
    assert says in refused(pipeline, "ventilator", *pipeline.at, *words)


@pytest.mark.parametrize("words, says", [
    (["--csv", "--colsep", ",", "--", "echo"], "--csv makes columns; leave --colsep out, or --csv"),
    (["--header", "--", "echo"], "--header names columns; add --csv, or --colsep REGEX"),
    (["--csv"], "--csv, -n and several ::: are for a command"),
])
def test_so_does_divvy(divvy, words, says):
    run = divvy(*words)
    assert run.end() == 255
    assert says in run.err
