"""--live: lines as they are printed, while their tasks run."""
import itertools
import random
import signal
from collections import Counter

import pytest

import protocol
from conversation import BATCH, Receiver, WithSink, WithVentilator, WithWorker, one, run
from journals import rows
from pipeline import eventually


class Gates:
    """A command that prints lines one by one, each but the first when the test says so."""

    def __init__(self, pipeline):
        self.folder = pipeline.file("gates")
        self.folder.mkdir()
        wait = f"while [ -d {self.folder} ] && [ ! -e {self.folder}/$1-$n ]; do sleep 0.02; done"
        lines = f"n=1; while [ -d {self.folder} ] && [ ! -e {self.folder}/$1-end ]; do echo $1 line $n; {wait}; n=$((n + 1)); done"
        self.command = ("sh", "-c", f"{lines}; printf 'end of %s' $1", "gates", "{}")

    def next(self, task, line):
        """It has printed so many lines, and prints one more."""
        (self.folder / f"{task}-{line}").touch()

    def end(self, task, line):
        (self.folder / f"{task}-end").touch()
        self.next(task, line)


@pytest.fixture
def gates(pipeline):
    gates = Gates(pipeline)
    yield gates
    for task in (1, 2):
        for line in range(9):
            gates.end(task, line)


def shows(sink, out):
    eventually(lambda: sink.out == out, f"{out!r} to be printed, and not {sink.out!r}")


def start(pipeline, *options, tasks=(1,), slots=1, command=()):
    sink = pipeline.sink("--live", *options)
    ventilator = pipeline.ventilator(tasks=tasks)
    pipeline.worker("-j", str(slots), command=command)
    return sink, ventilator


# --- one task ---

def test_a_line_is_printed_while_its_task_runs(pipeline, gates):
    sink, _ = start(pipeline, command=gates.command)
    shows(sink, "1 line 1\n")
    gates.next(1, 1)
    shows(sink, "1 line 1\n1 line 2\n")
    gates.end(1, 2)
    assert (sink.status(), sink.out) == (0, "1 line 1\n1 line 2\nend of 1")


def test_without_live_nothing_is_printed_before_its_task_has_ended(pipeline, gate):
    sink = pipeline.sink()
    pipeline.ventilator(tasks=["1", "a"])
    pipeline.worker("-j", "2", command=("sh", "-c", f"echo early $1; [ $1 = 1 ] || {{ {gate.command[2]}; }}", "sh", "{}"))
    gate.came(1)
    shows(sink, "early 1\n")
    gate.open()
    assert (sink.status(), sink.out) == (0, "early 1\nearly a\ndone a\n")


def test_a_line_of_standard_error_is_one_too(pipeline, gate):
    command = ("sh", "-c", f"echo early >&2; {gate.command[2]}; echo late >&2", "sh", "{}")
    sink, _ = start(pipeline, command=command)
    gate.came(1)
    eventually(lambda: "early\n" in sink.err, "a line on standard error")
    assert sink.out == ""
    gate.open()
    assert (sink.status(), sink.out) == (0, "done 1\n")
    assert sink.err.count("early\n") == sink.err.count("late\n") == 1


def test_each_line_has_its_tag(pipeline, gates):
    sink, _ = start(pipeline, "--tag", command=gates.command)
    shows(sink, "1\t1 line 1\n")
    gates.next(1, 1)
    shows(sink, "1\t1 line 1\n1\t1 line 2\n")
    gates.end(1, 2)
    assert (sink.status(), sink.out) == (0, "1\t1 line 1\n1\t1 line 2\n1\tend of 1\n")


def test_the_launcher_has_it_too(pipeline, gates, divvy):
    with open(pipeline.file("out"), "w") as out:
        divvy("-q", "--live", "--", *gates.command, stdin=pipeline.input([1]), stdout=out)
    shown = pipeline.file("out").read_text
    eventually(lambda: shown() == "1 line 1\n", "the first line")
    gates.end(1, 1)
    eventually(lambda: shown() == "1 line 1\nend of 1", "the rest")


def test_the_journal_has_all_of_it(pipeline, gates, journal):
    sink, _ = start(pipeline, "--journal", journal, command=gates.command)
    shows(sink, "1 line 1\n")
    gates.end(1, 1)
    assert sink.status() == 0
    assert rows(journal, "SELECT stdout FROM result") == [("1 line 1\nend of 1",)]


# --- several tasks ---

def test_two_tasks_at_two_machines_print_as_they_please(pipeline, gates):
    pipeline.use_tcp()
    sink = pipeline.sink("--live")
    pipeline.ventilator("--workers", "2", tasks=[1, 2])
    pipeline.workers(2, command=gates.command)
    eventually(lambda: sorted(sink.out.splitlines()) == ["1 line 1", "2 line 1"], "a line of each")
    gates.next(2, 1)
    eventually(lambda: sink.out.endswith("2 line 2\n"), "another one of the second")
    gates.next(1, 1)
    eventually(lambda: sink.out.endswith("1 line 2\n"), "another one of the first")
    gates.end(1, 2)
    gates.end(2, 2)
    assert sink.status() == 0


def test_in_order_the_task_whose_turn_it_is_prints_and_the_others_wait(pipeline, gates):
    sink, _ = start(pipeline, "-k", tasks=[1, 2], slots=2, command=gates.command)
    shows(sink, "1 line 1\n")
    gates.next(2, 1)
    gates.next(1, 1)
    shows(sink, "1 line 1\n1 line 2\n")
    gates.end(1, 2)
    shows(sink, "1 line 1\n1 line 2\nend of 1" + "2 line 1\n2 line 2\n")  # which runs on
    gates.next(2, 2)
    shows(sink, "1 line 1\n1 line 2\nend of 1" + "2 line 1\n2 line 2\n2 line 3\n")
    gates.end(2, 3)
    assert sink.status() == 0
    assert sink.out == "1 line 1\n1 line 2\nend of 1" + "2 line 1\n2 line 2\n2 line 3\nend of 2"


LINES = 300
# Each line comes in two parts, and a moment after some of them.
CHATTER = """BEGIN { for (i = 0; i < %d; i++) { word = sprintf("%%" (i * 37 %% 200 + 1) "s", t); gsub(" ", t, word)
  printf "%%s %%d %%s", t, i, word; fflush(); print " ."; fflush(); if (i %% 100 == 0) system("sleep 0.05") } }""" % LINES


def chatter(task):
    return [f"{task} {line} {task * (line * 37 % 200 + 1)} ." for line in range(LINES)]


@pytest.mark.parametrize("options", [[], ["-k"]], ids=["as they come", "in order"])
def test_no_line_is_torn_when_tasks_print_at_once(pipeline, options):
    sink, _ = start(pipeline, *options, tasks="abcd", slots=4, command=("awk", "-v", "t={}", CHATTER))
    assert sink.status() == 0
    lines = sink.out.splitlines()
    for task in "abcd":
        assert [line for line in lines if line[0] == task] == chatter(task)
    assert len(lines) == 4 * LINES
    if options:
        assert [task for task, _ in itertools.groupby(line[0] for line in lines)] == list("abcd")


def test_much_output_is_the_same_as_without(pipeline, gate, journal):
    command = ("sh", "-c", f"seq 1 700000; {gate.command[2]}; seq 5", "sh", "{}")
    sink, _ = start(pipeline, "--journal", journal, command=command)
    expected = "".join(f"{number}\n" for number in range(1, 700001))
    eventually(lambda: len(sink.out_bytes) == len(expected), "all that is printed so far")
    gate.open()
    assert sink.status() == 0
    assert sink.out == expected + "done 1\n1\n2\n3\n4\n5\n"
    assert rows(journal, "SELECT stdout FROM result") == [(sink.out,)]


@pytest.mark.parametrize("options", [[], ["-k", "--tag"]], ids=["as they come", "in order"])
def test_all_that_many_tasks_print_is_the_same_as_without(pipeline, options):
    seed = random.Random(14)
    tasks = [seed.randrange(1000) for _ in range(200)]
    script = "seq $1 $(($1 + $1 % 7)); [ $(($1 % 50)) != 0 ] || sleep 0.05; echo $1 >&2; seq $(($1 % 3)); exit $(($1 % 2))"
    printed = []
    for live in ([], ["--live"]):
        sink, _ = pipeline.batch(tasks, workers=2, command=("sh", "-c", script, "sh", "{}"), sink=("-qq", *options, *live),
                                 worker=("-j", "2"))
        printed.append(sink)
    without, live = printed
    assert Counter(live.err.splitlines()) == Counter(without.err.splitlines())
    if options:
        assert live.out == without.out
    else:
        assert Counter(live.out.splitlines()) == Counter(without.out.splitlines())


# --- tasks that are run again ---

def test_a_task_that_is_run_again_after_its_worker_was_killed_prints_each_line_once(pipeline, gates):
    sink = pipeline.sink("--live")
    pipeline.ventilator(tasks=[1])
    worker = pipeline.worker(command=gates.command)
    gates.next(1, 1)
    shows(sink, "1 line 1\n1 line 2\n")
    worker.kill()
    pipeline.worker(command=gates.command)
    gates.next(1, 2)
    shows(sink, "1 line 1\n1 line 2\n1 line 3\n")
    gates.end(1, 3)
    assert (sink.status(), sink.out) == (0, "1 line 1\n1 line 2\n1 line 3\nend of 1")


def test_what_a_failed_attempt_has_printed_is_printed_and_what_the_next_one_repeats_is_not(pipeline):
    script = 'echo same; sleep 0.1; echo attempt $DIVVY_ATTEMPT; printf rest; exit $((2 - DIVVY_ATTEMPT))'
    sink, _ = pipeline.batch([1], command=("sh", "-c", script, "sh", "{}"), sink=("--live",), ventilator=("--retries", "1"))
    assert (sink.status(), sink.out) == (0, "same\nattempt 1\nattempt 2\nrest")


def test_what_a_task_had_printed_that_is_killed_with_its_worker_is_printed_once(pipeline, gates):
    sink, ventilator = start(pipeline, command=gates.command)
    shows(sink, "1 line 1\n")
    worker = pipeline.processes[-1]
    worker.send(signal.SIGINT)
    worker.says("finishing what runs")
    worker.send(signal.SIGINT)
    assert worker.status() == 0
    ventilator.send(signal.SIGINT)
    sink.status()
    assert sink.out == "1 line 1\n"


def test_a_sink_that_is_started_again_prints_live_too(pipeline, gates):
    sink, _ = start(pipeline, command=gates.command)
    shows(sink, "1 line 1\n")
    sink.kill()
    sink = pipeline.sink("--live")
    shows(sink, "1 line 1\n")
    gates.end(1, 1)
    assert (sink.status(), sink.out) == (0, "1 line 1\nend of 1")


# --- a sink, told of it message by message ---

@pytest.fixture
def sink(context, pipeline):
    sink = WithSink(context, pipeline, "--live")
    sink.open(tasks=3)
    return sink


def ends(sink, out, tasks=3):
    sink.announce(state=2, tasks=tasks)
    assert (sink.process.status(), sink.process.out) == (0, out)


def test_a_sink_says_whether_it_wants_it(context, pipeline):
    for options, wanted in ([], 0), (["--live"], 1):
        sink = WithSink(context, pipeline, *options)
        sink.announce()
        assert sink.feedback.hear(protocol.RECEIPTS)["live"] == wanted
        sink.process.kill()
        sink.feedback.pull.close(linger=0)


def test_lines_that_come_twice_or_with_a_gap_are_printed_once_and_in_order(sink):
    sink.live(1, b"a\n")
    sink.live(1, b"a\n")
    sink.live(1, b"c\n", offset=4)
    sink.live(2, b"2\n", offset=2)
    sink.live(1, b"a\nb\n")
    shows(sink.process, "a\nb\n")
    sink.result(1, output=b"a\nb\nc\nd")
    sink.receipt()
    shows(sink.process, "a\nb\nc\nd")
    sink.result(2, output=b"\n2\n")
    sink.receipt()
    ends(sink, "a\nb\nc\nd\n2\n")


def test_lines_of_a_task_that_is_recorded_or_that_there_is_not_are_not_printed(sink):
    sink.announce(state=1, tasks=3)
    sink.result(1)
    sink.receipt()
    sink.live(1, b"late\n")
    sink.live(1, b"of another batch\n", batch=BATCH + 1)
    sink.process.says("dropped live output of another batch")
    for task in (4, 2**63, 2**64 - 1):
        sink.live(task, b"of no task\n")
    sink.process.says("dropped live output of a task that the batch does not have")
    ends(sink, "output 1\n")


def test_a_line_without_the_text_for_its_tag_waits_for_the_result(context, pipeline):
    sink = WithSink(context, pipeline, "--live", "--tag")
    sink.open(tasks=2)
    sink.live(1, b"a\n", text=b"")
    sink.live(2, b"b\n", text=b"2")
    shows(sink.process, "2\tb\n")
    sink.result(1, output=b"a\n", texts=[b"1"])
    sink.receipt()
    ends(sink, "2\tb\n1\ta\n", tasks=2)


def test_a_sink_that_does_not_want_it_ignores_it(context, pipeline):
    sink = WithSink(context, pipeline)
    sink.open()
    sink.live(1, b"early\n")
    sink.result(1)
    sink.receipt()
    ends(sink, "output 1\n", tasks=1)


def test_of_several_tasks_in_one_result_only_what_is_new_is_printed(sink):
    sink.live(2, b"b\n", worker=8)
    shows(sink.process, "b\n")
    sink.several(1, "a\n", "b\nB\n", "c\n")
    sink.receipt()
    ends(sink, "b\na\nB\nc\n")


# --- a worker, told message by message ---

@pytest.fixture
def talk(context, pipeline, gate):
    script = f"echo early; {gate.command[2]}"
    talk = WithWorker(context, pipeline, lambda: pipeline.worker(command=("sh", "-c", script, "sh", "{}")))
    yield talk
    talk.process.kill()


def test_a_worker_sends_lines_while_their_task_runs_if_it_is_told_so(talk, gate):
    talk.say(live=1, tasks=[run(3, "x", attempt=2, attempts=3)])
    heard = talk.results.hear(protocol.LIVE_OUTPUT)
    assert (heard["worker"], heard["name"], heard["batch"]) == (talk.first["worker"], talk.first["name"], BATCH)
    assert heard["fragments"] == [dict(id=3, attempt=2, errors=0, offset=0, text=b"x", lines=b"early\n")]
    gate.open()
    result = talk.result()
    assert (result["ids"], result["output"]) == (one(3), b"early\ndone x\n")


def test_lines_of_a_piece_have_its_name(talk):
    piece = protocol.PIECE_TEXT.write(dict(name=b"f 0+2", file=b"", offset=0, size=2, data=b"a\n"))
    talk.say(live=1, form=protocol.PIECE, tasks=[{**run(3, ""), "texts": [piece]}])
    assert [fragment["text"] for fragment in talk.results.hear(protocol.LIVE_OUTPUT)["fragments"]] == [b"f 0+2"]


def test_a_worker_sends_results_only_if_it_is_not_told_so(talk, gate):
    talk.say(tasks=[run(1, "x")])
    gate.came(1)
    talk.say()
    gate.open()
    assert protocol.decode(talk.results.pull.recv())[0] == protocol.RESULTS


def test_a_worker_can_be_told_later(talk):
    talk.say(tasks=[run(1, "x")])
    talk.say(live=1)
    assert talk.results.hear(protocol.LIVE_OUTPUT)["fragments"][0]["lines"] == b"early\n"


def test_a_worker_sends_all_lines_of_what_runs_to_a_sink_that_comes_later(talk, context):
    talk.say(live=1, tasks=[run(1, "x")])
    talk.results.hear(protocol.LIVE_OUTPUT)
    endpoint = talk.results.endpoint
    talk.results.pull.close(linger=0)
    talk.results = Receiver(context, endpoint)
    assert talk.results.hear(protocol.LIVE_OUTPUT)["fragments"][0]["offset"] == 0


def test_a_long_text_does_not_come_with_each_line(talk):
    talk.say(live=1, tasks=[run(1, "x" * 4097)])
    assert talk.results.hear(protocol.LIVE_OUTPUT)["fragments"][0]["text"] == b""


# --- a ventilator, told message by message ---

def test_a_ventilator_passes_on_whether_the_sink_wants_it(context, pipeline):
    talk = WithVentilator(context, pipeline, tasks=["1"])
    worker = talk.worker(1)
    worker.arrive()
    assert worker.hear(lambda lane: lane["tasks"])["live"] == 0
    talk.receipts(live=1)
    assert worker.hear()["live"] == 1
    worker.say(running=[one(1)])
    talk.receipts(live=0)
    assert worker.hear()["live"] == 0
