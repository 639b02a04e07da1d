"""Filters: programs that answer each line with a line, started once for each slot."""
import os
import re
import shutil
import signal
import sys
import time

import pytest

import protocol
from conversation import WithWorker, run, tasks_in
from journals import rows
from pipeline import eventually, refused
from test_commands import alive

SED = ("sed", "-u", "s/^/x/")


def python(script):
    return (sys.executable, "-Suc", script)


def answering(body, *, before=""):
    """A filter in Python that does this with each line, which has no line end."""
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    return python(f"import os, sys, time\n{before}\nfor line in sys.stdin:\n    line = line[:-1]\n{lines}")


def filtered(pipeline, tasks, command, *, worker=(), **more):
    return pipeline.batch(tasks, command=command, worker=("--filter", *worker), **more)


def answers(pipeline, tasks, command, **more):
    """What is printed, in the order of the input, when all goes well."""
    sink, ventilator = filtered(pipeline, tasks, command, sink=("-k",), **more)
    assert (ventilator.status(), sink.status()) == (0, 0), sink.err
    return sink.out.splitlines()


def failures(sink):
    """{task: why}, as the sink's journal has it."""
    return dict(re.findall(r"task (\d+) failed, (.*), on ", sink.err))


# --- what answers


@pytest.mark.parametrize("command", [
    ("sed", "-u", "s/^/<&/"),
    ("stdbuf", "-oL", "sed", "s/^/<&/"),
    ("grep", "--line-buffered", "", "--label=<", "-H", "-"),
    ("sh", "-c", 'while read -r line; do echo "<$line"; done'),
    python("for line in __import__('sys').stdin: print('<' + line, end='')"),
])
def test_a_program_that_answers_lines_with_lines_is_a_filter(pipeline, command):
    out = answers(pipeline, range(300), command)
    assert [line.replace("<:", "<") for line in out] == [f"<{task}" for task in range(300)]


def test_awk_is_a_filter(pipeline):
    assert answers(pipeline, range(300), ("awk", "{print $1 * 2; fflush()}")) == [str(2 * task) for task in range(300)]


@pytest.mark.parametrize("command", [("sed", "s/^/x/"), ("perl", "-pe", "s/^/x/")])
def test_a_program_that_keeps_its_answers_back_is_a_filter_and_is_told_of(pipeline, command):
    sink, ventilator = pipeline.sink("-k"), pipeline.ventilator(tasks=range(20_000))
    worker = pipeline.worker("--filter", "-j", "2", command=command)
    assert (ventilator.status(), sink.status()) == (0, 0)
    assert sink.out.split() == [f"x{task}" for task in range(20_000)]
    assert worker.err.count("answers only at the end of its input, perhaps from a buffer") == 1
    worker.says("sed -u, .* stdbuf -oL")


def test_lines_that_are_left_out_fail_and_no_other(pipeline):
    sink, ventilator = filtered(pipeline, range(40), ("grep", "1"), sink=("-k",))
    wanted = [str(task) for task in range(40) if "1" in str(task)]
    assert (ventilator.status(), sink.out.split()) == (40 - len(wanted), wanted)
    assert set(failures(sink).values()) == {"exit status 1"}


@pytest.mark.skipif(not shutil.which("jq"), reason="needs jq")
def test_jq_is_a_filter(pipeline):
    lines = [f'{{"id": {task}, "name": "n{task}"}}' for task in range(300)]
    assert answers(pipeline, lines, ("jq", "-c", "--unbuffered", "[.id, .name]")) == [f'[{task},"n{task}"]' for task in range(300)]


def test_a_hundred_thousand_lines_have_each_its_own_answer(pipeline):
    out = answers(pipeline, range(100_000), ("stdbuf", "-oL", "sed", "s/^/x/"), workers=2, worker=("-j", "2"))
    assert out == [f"x{task}" for task in range(100_000)]


def test_a_filter_is_started_once_for_each_slot(pipeline):
    come = pipeline.file("come")
    both = f"open('{come}-' + os.environ['DIVVY_SLOT'], 'w').close()\nwhile len([name for name in os.listdir('{pipeline.folder}') if name.startswith('come-')]) < 2: time.sleep(0.01)"
    out = answers(pipeline, range(500), answering("print(os.environ['DIVVY_SLOT'], os.getpid())", before=both), worker=("-j", "2", "--first-slot", "5"))
    filters = set(out)
    assert sorted(line.split()[0] for line in filters) == ["5", "6"]


def test_the_number_of_the_slot_may_be_in_its_words(pipeline):
    assert answers(pipeline, ["a"], ("sed", "-u", "s/$/ in {%}/"), worker=("--first-slot", "7")) == ["a in 7"]


def test_a_filter_knows_its_worker(pipeline):
    assert answers(pipeline, ["a"], answering("print(os.environ['DIVVY_WORKER'])"), worker=("--name", "anna")) == ["anna"]


def test_a_tag_is_the_line(pipeline):
    sink, _ = filtered(pipeline, ["a", "b"], SED, sink=("-k", "--tag"))
    assert sink.out == "a\txa\nb\txb\n"


def test_empty_answers_are_answers(pipeline):
    assert answers(pipeline, range(100), ("sed", "-u", "s/.*//")) == [""] * 100


def test_lines_and_answers_may_end_in_nul(pipeline):
    sink, ventilator = filtered(pipeline, b"a\nb\0c\0\0", ("sed", "-zu", "s/^/x/"), worker=("-0",), ventilator=("-0",), sink=("-k",))
    assert (ventilator.status(), sink.out_bytes) == (0, b"xa\nb\0xc\0x\0")


def test_a_line_end_in_a_line_is_a_failure_of_that_line(pipeline):
    sink, ventilator = filtered(pipeline, b"a\0b\nc\0d\0", SED, ventilator=("-0",), sink=("-k",))
    assert (ventilator.status(), sink.out) == (1, "xa\nxd\n")
    assert failures(sink) == {"2": "a line end cannot be in a line for a filter, but with -0"}


def test_a_line_and_its_answer_may_be_long(pipeline):
    sink, ventilator = filtered(pipeline, ["a", "b" * 10_000_000, "c"], answering("print('x' + line)"), sink=("-k",), ventilator=("--max-task", "32m"))
    assert (ventilator.status(), sink.out) == (0, "xa\nx" + "b" * 10_000_000 + "\nxc\n")


def test_an_answer_may_have_no_line_end_at_the_end_of_the_output(pipeline):
    assert answers(pipeline, ["a", "b"], ("sh", "-c", "read line; printf %s $line")) == ["a", "b"]


def test_a_filter_may_end_after_any_answer(pipeline):
    assert answers(pipeline, range(50), ("sed", "-u", "7q")) == [str(task) for task in range(50)]


# --- answers too many, or too few


@pytest.mark.parametrize("extra", ["print(line + '\\n' + line)", "print(line); print(line)"])
def test_an_answer_too_many_fails_its_line_alone(pipeline, extra):
    sink, ventilator = filtered(pipeline, range(2000), answering(f"if line == '1234': {extra}\nelse: print(line)"), sink=("-k",))
    assert (ventilator.status(), sink.status()) == (1, 1)
    assert sink.out.split() == [str(task) for task in range(2000) if task != 1234]
    assert re.fullmatch(r"the filter .* has answered with more than a line", failures(sink)["1235"])


def test_a_word_before_the_first_line_is_read_is_no_answer(pipeline):
    sink, ventilator = filtered(pipeline, ["a"], answering("print(line)", before="print('welcome'); time.sleep(0.3)"))
    assert (ventilator.status(), sink.out) == (1, "")


def test_a_filter_that_prints_without_a_line_is_ended_and_told_of(pipeline):
    sink = pipeline.sink()
    ventilator = pipeline.ventilator("-", stdin=-1)
    late = pipeline.file("late")
    body = f"print(line)\nwhile line == 'a' and not os.path.exists('{late}'): time.sleep(0.01)\nif line == 'a': print('late')"
    worker = pipeline.worker("--filter", command=answering(body))
    ventilator.popen.stdin.write(b"a\n")
    ventilator.popen.stdin.flush()
    eventually(lambda: sink.out == "a\n", "the answer")
    late.touch()
    worker.says(r"the filter .* has printed what answers no line; it is ended")
    ventilator.popen.stdin.write(b"b\n")
    ventilator.popen.stdin.close()
    assert (ventilator.status(), sink.status(), sink.out) == (0, 0, "a\nb\n")


# With a thread that does nothing it cannot be seen that the filter waits for its next line.
@pytest.mark.parametrize("before, worker, why", [
    ("", (), r"the filter .* has ended without an answer"),
    ("import threading\nthreading.Thread(target=time.sleep, args=(999,), daemon=True).start()", ("--timeout", "1"), "timed out")])
def test_a_missing_answer_fails_its_line_alone(pipeline, before, worker, why):
    command = answering("if line != '42': print(line)", before=before)
    sink, ventilator = filtered(pipeline, range(100), command, worker=worker, sink=("-k",))
    assert ventilator.status() == 1
    assert re.fullmatch(why, failures(sink)["43"])
    assert sink.out.split() == [str(task) for task in range(100) if task != 42]


def test_the_time_that_a_filter_takes_to_start_is_not_its_first_lines(pipeline):
    assert answers(pipeline, range(3), answering("print(line)", before="time.sleep(3)"), worker=("--timeout", "1.5")) == ["0", "1", "2"]


def test_an_answer_that_is_too_long_fails_its_line_alone(pipeline):
    sink, ventilator = filtered(pipeline, range(30), answering("print(line * (5000 if line == '17' else 1))"), worker=("--max-output", "1000"), sink=("-k",))
    assert (ventilator.status(), failures(sink)) == (1, {"18": "it printed more than 1000 bytes"})
    assert sink.out.split() == [str(task) for task in range(30) if task != 17]


def test_a_filter_that_prints_for_ever_fails_its_line(pipeline):
    sink, ventilator = filtered(pipeline, ["a"], ("yes",))
    assert (ventilator.status(), sink.out) == (1, "")


def test_a_filter_of_several_processes_that_does_not_answer_is_told_of_with_the_remedies(pipeline):
    pipeline.sink()
    ventilator = pipeline.ventilator(tasks=["a"])
    worker = pipeline.worker("--filter", command=("sh", "-c", "sed s/a/b/ | cat"))
    worker.says(r"the filter sh .* has taken lines and answered none .* sed -u, .* stdbuf -oL")
    for _ in range(2):
        worker.send(signal.SIGTERM)
        eventually(lambda: worker.popen.poll() is not None or "finishing" in worker.err, "it to hear")
    ventilator.send(signal.SIGTERM)
    ventilator.status()


# --- filters that end


def test_a_filter_that_dies_fails_the_line_that_it_was_at_and_no_other(pipeline):
    body = "if line == '700': os._exit(7)\nif line == '300': os.kill(os.getpid(), 9)\nprint(line)"
    sink, ventilator = filtered(pipeline, range(1000), answering(body), sink=("-k",))
    assert (ventilator.status(), failures(sink)) == (2, {"301": "killed by signal 9 (Killed)", "701": "exit status 7"})
    assert sink.out.split() == [str(task) for task in range(1000) if task not in (300, 700)]


def test_a_filter_that_dies_behind_its_answer_fails_that_line(pipeline):
    sink, ventilator = filtered(pipeline, range(100), answering("print(line)\nif line == '50': os._exit(3)"), sink=("-k",))
    assert (ventilator.status(), failures(sink)) == (1, {"51": "exit status 3"})
    assert len(sink.out.split()) == 100


def test_a_filter_that_ends_at_once_fails_each_line(pipeline):
    sink, ventilator = filtered(pipeline, range(3), ("true",))
    assert ventilator.status() == 3
    assert failures(sink)["1"] == "the filter true has ended without an answer"


def test_a_filter_that_is_missing_fails_each_line(pipeline):
    sink, ventilator = filtered(pipeline, range(3), ("/no/such/filter",))
    assert ventilator.status() == 3
    assert failures(sink)["1"].startswith("cannot run /no/such/filter: No such file")


def test_a_line_that_has_failed_is_tried_again(pipeline):
    once = f"if line == '5' and not os.path.exists('{pipeline.folder}/once'):\n    open('{pipeline.folder}/once', 'w'); os._exit(1)\nprint(line)"
    assert answers(pipeline, range(10), answering(once), ventilator=("--retries", "1")) == [str(task) for task in range(10)]


def test_a_line_that_fails_for_good_is_tried_as_often_as_allowed(pipeline):
    tries = pipeline.file("tries")
    sink, ventilator = filtered(pipeline, ["a"], ("sh", "-c", f"echo x >> {tries}; exit 1"), ventilator=("--retries", "2"))
    assert (ventilator.status(), failures(sink), tries.read_text()) == (1, {"1": "exit status 1"}, "x\n" * 3)


def test_a_filter_that_is_killed_is_replaced(pipeline):
    sink = pipeline.sink("-k")
    ventilator = pipeline.ventilator("-", stdin=-1)
    pipeline.worker("--filter", command=answering("print(line, os.getpid())"))
    ventilator.popen.stdin.write(b"a\n")
    ventilator.popen.stdin.flush()
    pid = int(eventually(lambda: sink.out.endswith("\n") and sink.out.split()[1], "an answer"))
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: not alive(pid), "it to be reaped")
    ventilator.popen.stdin.write(b"b\n")
    ventilator.popen.stdin.close()
    assert (ventilator.status(), sink.status()) == (0, 0)
    assert sink.out.split()[2] == "b" and int(sink.out.split()[3]) != pid


def test_filters_end_with_their_worker(pipeline):
    ended = pipeline.file("ended")
    sink, ventilator = filtered(pipeline, ["a"], (*python(f"import os, sys\nfor line in sys.stdin: print(os.getpid())\nopen('{ended}', 'w')"),))
    assert ventilator.status() == 0
    worker = pipeline.processes[-1]
    worker.send(signal.SIGTERM)
    assert worker.status() == 0
    assert ended.exists() and not alive(int(sink.out))


def test_the_filters_of_a_worker_that_is_killed_end_with_it(pipeline):
    sink, _ = filtered(pipeline, ["a"], answering("print(os.getpid())"))
    pipeline.processes[-1].kill()
    eventually(lambda: not alive(int(sink.out)), "the filter to end")


# --- standard error


def test_what_is_printed_on_standard_error_belongs_to_its_line(pipeline, journal):
    body = "if int(line) % 100 == 7: print('about', line, file=sys.stderr)\nprint(line)"
    sink, ventilator = filtered(pipeline, range(1000), answering(body), sink=("-k", "--journal", journal))
    assert (ventilator.status(), sink.out.split()) == (0, [str(task) for task in range(1000)])
    assert rows(journal, "SELECT task, stderr FROM result WHERE stderr != '' ORDER BY task") == [
        (task + 1, f"about {task}\n") for task in range(7, 1000, 100)]


def test_the_last_words_of_a_filter_belong_to_the_line_that_it_died_of(pipeline):
    sink, ventilator = filtered(pipeline, range(20), answering("if line == '10': sys.exit('I cannot bear ' + line)\nprint(line)"))
    assert (ventilator.status(), failures(sink)) == (1, {"11": "exit status 1"})
    assert sink.err.count("I cannot bear 10") == 1


def test_what_is_said_once_on_standard_error_is_not_lost(pipeline):
    once = f"if line == '77' and not os.path.exists('{pipeline.folder}/once'):\n    open('{pipeline.folder}/once', 'w'); print('only once', file=sys.stderr)\nprint(line)"
    sink, ventilator = filtered(pipeline, range(200), answering(once), sink=("-k",))
    assert (ventilator.status(), len(sink.out.split())) == (0, 200)
    assert (sink.err + pipeline.processes[-1].err).count("only once") == 1


# --- the journal


def test_each_line_has_a_row_in_the_journal_with_its_own_time(pipeline, journal):
    slow = "if line == '30': time.sleep(0.5)\nprint(line)"
    sink, ventilator = filtered(pipeline, range(60), answering(slow), sink=("--journal", journal))
    assert ventilator.status() == 0
    found = rows(journal, "SELECT task, text, stdout, success, ended - started FROM result ORDER BY task")
    assert [row[:4] for row in found] == [(task + 1, str(task), f"{task}\n", 1) for task in range(60)]
    took = [row[4] for row in found]
    assert took[30] > 0.25 > sorted(took)[30] >= 0, "half a second, and most of the others next to nothing"


def test_the_journal_says_that_it_was_a_filter(pipeline, journal):
    filtered(pipeline, ["a"], SED, sink=("--journal", journal))
    assert rows(journal, "SELECT command FROM batch") == [("sed -u 's/^/x/' (--filter)",)]


# --- leaving


@pytest.fixture
def talk(context, pipeline):
    conversations = []

    def start(*options, command):
        conversations.append(WithWorker(context, pipeline, lambda: pipeline.worker("--filter", *options, command=command)))
        return conversations[-1]

    yield start
    for conversation in conversations:
        conversation.process.kill()


def waiting(pipeline):
    """A filter that answers when the test says go."""
    return answering(f"while not os.path.exists('{pipeline.folder}/go'): time.sleep(0.01)\nprint(line, flush=True)", before=f"open('{pipeline.folder}/here', 'w')")


def test_a_worker_that_leaves_finishes_what_is_under_way_and_gives_the_rest_back(talk, pipeline):
    worker = talk(command=waiting(pipeline))
    worker.say(tasks=[run(1, "a", "b", "c")])
    said = worker.state()
    assert (tasks_in(said["running"]), tasks_in(said["queued"])) == ([1], [2, 3])
    worker.process.send(signal.SIGTERM)
    said = worker.feedback.hear(protocol.PRESENCE, lambda said: said["slots"] == 0)
    assert (tasks_in(said["running"]), said["queued"]) == ([1], [])
    pipeline.file("go").touch()
    result = worker.result()
    assert (result["ids"], result["outcome"], result["output"]) == (range(1, 2), protocol.EXITED, b"a\n")


def test_lines_that_wait_can_be_recalled(talk, pipeline):
    worker = talk(command=waiting(pipeline))
    worker.say(tasks=[run(1, "a", "b", "c")])
    assert tasks_in(worker.state()["running"]) == [1]
    worker.say(recalled=[range(1, 4)])
    said = worker.state()
    assert (tasks_in(said["running"]), said["queued"]) == ([1], [])


def test_a_worker_that_is_told_twice_ends_the_line_at_hand(talk, pipeline):
    worker = talk(command=answering("sys.stdout.write('so far'); sys.stdout.flush()\nwhile True: time.sleep(1)"))
    worker.say(tasks=[run(1, "a", "b")])
    worker.state()
    worker.process.send(signal.SIGTERM)
    worker.feedback.hear(protocol.PRESENCE, lambda said: said["slots"] == 0)
    worker.process.send(signal.SIGTERM)
    result = worker.result()
    assert (result["ids"], result["outcome"]) == (range(1, 2), protocol.INTERRUPTED)
    assert worker.process.status() == 0


def test_an_abort_ends_the_line_at_hand(talk, pipeline):
    worker = talk(command=waiting(pipeline))
    worker.say(tasks=[run(1, "a")])
    worker.state()
    eventually(pipeline.file("here").exists, "the filter to be there")
    worker.say(abort=1)
    result = worker.result()
    assert (result["outcome"], result["status"]) == (protocol.SIGNALLED, signal.SIGTERM)


# --- the launcher


def test_divvy_runs_a_filter_on_each_core(divvy):
    run = divvy("-k", "-j", "3", "--filter", "--", *SED, stdin=-1)
    assert run.end("".join(f"{task}\n" for task in range(3000))) == 0
    assert run.out.split() == [f"x{task}" for task in range(3000)]


def test_divvy_passes_null_on_to_the_filters(divvy):
    run = divvy("-k", "-0", "--filter", "--", "sed", "-zu", "s/^/x/", stdin=-1)
    assert run.end("a\nb\0c\0") == 0
    assert run.out == "xa\nb\0xc\0"


def test_divvy_ends_its_filters_at_the_second_ctrl_c(divvy, tmp_path):
    tasks, here, said = (tmp_path / name for name in ("tasks", "here", "said"))
    tasks.write_text("a\n")
    with said.open("w") as stderr:
        run = divvy("-j", "2", str(tasks), "--filter", "--", *answering("time.sleep(1000)", before=f"open('{here}', 'w')"), stderr=stderr)
    eventually(here.exists, "the filter to be there")
    run.process.send_signal(signal.SIGINT)
    eventually(said.read_text, "the ventilator to say that it has heard")
    time.sleep(0.3)  # two at once would be one
    run.process.send_signal(signal.SIGINT)
    assert run.end() == -signal.SIGINT


@pytest.mark.parametrize("words", [
    ("--filter",), ("--filter", "--stdin", "--", "cat"), ("--filter", "--colsep", ",", "--", "cat"),
    ("--filter", "--dry-run", "--", "cat"), ("--filter", "--", "sed", "-u", "s/a/{}/")])
@pytest.mark.parametrize("program", ["worker", "divvy"])
def test_what_does_not_go_with_a_filter_is_refused(pipeline, program, words):
    refused(pipeline, program, *words)
