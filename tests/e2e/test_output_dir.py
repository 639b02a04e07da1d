"""--output-dir: the outputs of each task in files of its own, of one batch only."""
import signal

import pytest

from conversation import WithSink
from pipeline import eventually, refused


@pytest.fixture
def outputs(pipeline):
    return pipeline.file("outputs")


def files(outputs):
    """What tasks have left there, and nothing else but the mark of the batch."""
    assert (outputs / ".divvy").exists()
    return {path.name: path.read_bytes() for path in outputs.iterdir() if path.name != ".divvy"}


def test_each_task_has_a_file_for_each_of_its_outputs(pipeline, outputs):
    sink, _ = pipeline.batch(["a", "b"], command=("sh", "-c", '[ "$1" = a ] || { echo "$1"; echo "no $1" >&2; exit 3; }', "sh", "{}"),
                             sink=("--output-dir", outputs))
    assert sink.status() == 1
    assert files(outputs) == {"1.out": b"", "1.err": b"", "2.out": b"b\n", "2.err": b"no b\n"}
    assert sink.out == "b\n"


def test_its_files_are_there_while_others_run(pipeline, gate, outputs):
    pipeline.sink("--output-dir", outputs)
    pipeline.ventilator(tasks=[1, 2])
    pipeline.worker("-j", "2", command=("sh", "-c", f'echo "$1"; [ "$1" = 1 ] || {{ {gate.command[2]}; }}', "gate", "{}"))
    gate.came(1)
    eventually(lambda: (outputs / "1.err").exists(), "the files of the first task")
    assert files(outputs) == {"1.out": b"1\n", "1.err": b""}
    gate.open()


def test_a_failed_attempt_that_is_tried_again_leaves_nothing(pipeline, outputs):
    pipeline.batch([1], command=("sh", "-c", "echo $DIVVY_ATTEMPT; [ $DIVVY_ATTEMPT = 2 ]"), sink=("--output-dir", outputs),
                   ventilator=("--retries", "1"))
    assert files(outputs) == {"1.out": b"2\n", "1.err": b""}


def test_several_tasks_of_a_result_have_files_of_their_own(context, pipeline, outputs):
    sink = WithSink(context, pipeline, "--output-dir", outputs)
    sink.open(tasks=2)
    sink.several(1, "a", "b")
    sink.receipt()
    assert files(outputs) == {"1.out": b"a", "1.err": b"", "2.out": b"b", "2.err": b""}


def test_the_files_are_there_before_the_receipt(context, pipeline, outputs):
    sink = WithSink(context, pipeline, "--output-dir", outputs)
    sink.open(tasks=200)
    for task in range(1, 101):
        sink.result(task, started=task)
    receipts = [sink.receipt()[1][0] for _ in range(20)]
    sink.process.kill()
    assert {f"{task}.{stream}" for task in receipts for stream in ("out", "err")} <= set(files(outputs))


def test_another_batch_is_refused_and_changes_nothing(pipeline, outputs):
    pipeline.batch(["a"], command=("echo", "{}"), sink=("--output-dir", outputs))
    before = files(outputs)
    pipeline.processes[-1].kill()
    journal = pipeline.file("journal.db")
    sink = pipeline.sink("--output-dir", outputs, "--journal", journal)
    run = pipeline.ventilator(tasks=["b"])
    assert run.status() == 255
    assert f"{outputs} has the outputs of another batch (without --name each run is one); name another --output-dir, or empty it\n" in run.err
    assert files(outputs) == before
    sink.send(signal.SIGTERM)
    assert sink.status() == 255


def test_the_launcher_ends_where_another_batch_has_its_outputs(divvy, outputs):
    words = ("--output-dir", str(outputs), "--", "echo", "{}")
    assert divvy(*words, stdin=-1).end("a\n") == 0
    run = divvy(*words, stdin=-1)
    assert run.end("b\n") == 255
    assert f"{outputs} has the outputs of another batch (without --name each run is one); name another --output-dir, or empty it\n" in run.err
    assert run.out == ""
    assert files(outputs) == {"1.out": b"a\n", "1.err": b""}


def test_files_of_others_are_not_overwritten(divvy, outputs):
    outputs.mkdir()
    (outputs / "1.out").write_text("precious")
    run = divvy("--output-dir", str(outputs), "--", "true", stdin=-1)
    assert run.end("a\n") == 255
    assert [path.name for path in outputs.iterdir()] == ["1.out"]
    assert (outputs / "1.out").read_text() == "precious"


def test_other_files_are_left_alone(divvy, outputs):
    outputs.mkdir()
    (outputs / "notes").write_text("precious")
    assert divvy("--output-dir", str(outputs), "--", "true", stdin=-1).end("a\n") == 0
    assert files(outputs) == {"1.out": b"", "1.err": b"", "notes": b"precious"}


def test_a_batch_with_a_name_goes_on_and_failed_tasks_replace_their_files(divvy, pipeline, outputs):
    ready = pipeline.file("ready")
    words = ("--output-dir", str(outputs), "--journal", str(pipeline.file("journal.db")), "--name", "b")
    command = ("--", "sh", "-c", f'if [ -e {ready} ]; then echo well; else echo ill; echo why >&2; [ "$1" = a ]; fi', "sh", "{}")
    assert divvy(*words, *command, stdin=-1).end("a\nb\n") == 1
    assert files(outputs) == {"1.out": b"ill\n", "1.err": b"why\n", "2.out": b"ill\n", "2.err": b"why\n"}
    ready.touch()
    assert divvy(*words, "--retry-failed", *command, stdin=-1).end("a\nb\n") == 0
    assert files(outputs) == {"1.out": b"ill\n", "1.err": b"why\n", "2.out": b"well\n", "2.err": b""}


def test_a_directory_that_cannot_be_made_is_refused_at_the_start(pipeline):
    pipeline.file("file").touch()
    said = refused(pipeline, "sink", *pipeline.at, "--output-dir", pipeline.file("file"))
    assert said == f"sink: cannot use {pipeline.file('file')}: Not a directory\n"
