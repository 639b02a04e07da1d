"""docs/protocol.md says enough: a worker written from it alone takes part in real batches."""
import re
import signal

import pytest

import divvy_worker
import protocol
from pipeline import HERE, eventually, marks

PAGE = HERE.parents[1] / "docs" / "protocol.md"


def printed(sink):
    return sorted(sink.out.splitlines())


def test_it_serves_a_batch_alone(pipeline):
    sink = pipeline.sink()
    pipeline.protocol_worker()
    ventilator = pipeline.ventilator("--random", "50", "--max-msec", "5")
    assert (ventilator.status(), sink.status(), marks(sink.out)) == (0, 0, 50)


def test_it_serves_a_batch_alone_over_tcp(pipeline):
    pipeline.use_tcp()
    sink = pipeline.sink()
    ventilator = pipeline.ventilator("--random", "50", "--max-msec", "5")
    pipeline.protocol_worker("--slots", "2")
    assert (ventilator.status(), sink.status(), marks(sink.out)) == (0, 0, 50)


def test_it_works_beside_a_real_one(pipeline, gate):
    sink = pipeline.sink()
    workers = [pipeline.worker(command=gate.command), pipeline.protocol_worker(command=gate.command)]
    ventilator = pipeline.ventilator("--workers", "2", tasks=range(20))
    assert {pids[0] for pids in gate.came(2).values()} == {worker.pid for worker in workers}
    gate.open()
    assert (ventilator.status(), sink.status()) == (0, 0)
    assert printed(sink) == sorted(f"done {task}" for task in range(20))


def test_its_failed_task_is_counted_and_named(pipeline):
    sink = pipeline.sink()
    pipeline.protocol_worker(command=("sh", "-c", "{}"))
    ventilator = pipeline.ventilator(tasks=["echo fine", "exit 7", "kill -9 $$"])
    assert (ventilator.status(), sink.status(), sink.out) == (2, 2, "fine\n")
    assert re.search("task 2 failed, exit status 7", sink.err)
    assert re.search("task 3 failed, killed by signal 9", sink.err)


def test_a_failed_attempt_may_come_back_to_it(pipeline):
    sink = pipeline.sink()
    pipeline.protocol_worker(command=("sh", "-c", f"echo {{}} >> {pipeline.folder}/tries; "
                                                  f"test $(wc -l < {pipeline.folder}/tries) -ge 3"))
    ventilator = pipeline.ventilator("--retries", "2", tasks=["x"])
    assert (ventilator.status(), sink.status()) == (0, 0)
    assert pipeline.file("tries").read_text() == "x\n" * 3


def test_it_stays_for_the_next_batch(pipeline):
    pipeline.protocol_worker()
    for _ in range(2):
        sink, ventilator = pipeline.sink(), pipeline.ventilator(tasks=[1] * 10)
        assert (ventilator.status(), sink.status(), marks(sink.out)) == (0, 0, 10)


def test_it_leaves_when_told_to_and_another_does_the_rest(pipeline, gate):
    sink, leaver = pipeline.sink(), pipeline.protocol_worker(command=gate.command)
    ventilator = pipeline.ventilator(tasks=range(8))
    first = gate.came(1)
    leaver.send(signal.SIGTERM)
    pipeline.worker(command=gate.command)
    gate.came(2)
    gate.open()
    assert (leaver.status(), ventilator.status(), sink.status()) == (0, 0, 0)
    assert [task for task, pids in gate.seen().items() if leaver.pid in pids] == list(first)
    assert printed(sink) == sorted(f"done {task}" for task in range(8))


def test_a_new_sink_gets_the_result_that_the_old_one_did_not_live_to_record(pipeline, gate):
    victim = pipeline.sink()
    pipeline.protocol_worker(command=gate.command)
    ventilator = pipeline.ventilator(tasks=[1])
    gate.came(1)
    victim.kill()
    gate.open()
    sink = pipeline.sink()
    assert (ventilator.status(), sink.status(), sink.out) == (0, 0, "done 1\n")


def test_a_new_ventilator_goes_on_with_a_named_batch(pipeline, gate):
    sink = pipeline.sink()
    worker = pipeline.protocol_worker(command=gate.command)
    victim = pipeline.ventilator("--name", "n", tasks=range(4))
    gate.came(1)
    victim.kill()
    ventilator = pipeline.ventilator("--name", "n", tasks=range(4))
    gate.open()
    assert (ventilator.status(), sink.status()) == (0, 0)
    assert printed(sink) == [f"done {task}" for task in range(4)]
    assert gate.seen() == {str(task): [worker.pid] for task in range(4)}


# --- golden bytes

def golden(name):
    """The bytes under the line of the page that starts with this name."""
    section = PAGE.read_text().partition("## Golden bytes")[2]
    block = re.search(rf"^{name}\b.*?```\n(.*?)```", section, re.M | re.S)[1]
    return bytes.fromhex(block)


LANE = dict(worker=0x11, ventilator=0x22, sequence=5, batch=0x33, settled=[dict(ids=range(1, 3), attempt=1)],
            recalled=[range(9, 10)], abort=0, live=1, form=protocol.WORDS, header=b"h",
            tasks=[dict(ids=range(3, 5), attempt=1, attempts=2, texts=[b"a", b"bc"])])
PRESENCE = dict(worker=0x11, name=b"w", inbox=b"i", lane_port=6003, slots=2, workloads=0, pool=b"p", command=b"c",
                reaches_sink=1, ventilator=0x22, sequence=5, batch=0x33,
                running=[range(3, 4)], queued=[range(4, 5)], finished=[])
RESULT = dict(ids=range(3, 4), attempt=1, attempts=2, slot=6, outcome=protocol.EXITED, status=7, started=1000, ended=2000, took=[], cpu=900, max_rss=4096,
              texts=[b"a"], output=b"o", errors=b"e", reason=b"")
RESULTS = dict(worker=0x11, name=b"w", batch=0x33, results=[RESULT])
RECEIPTS = dict(ventilator=0x22, batch=0x33, resumed=1, command=b"c", refusal=b"", more=1, live=1,
                receipts=[dict(worker=0x11, ids=range(3, 4), attempt=1, verdict=2, duration=1000, digest=0x44)])
ANNOUNCEMENT = dict(ventilator=0x22, batch=0x33, name=b"n", feedback=b"f", sender=b"s", command=b"c", state=1, tasks=4, elapsed=9, forget_failed=1,
                    workloads=0, workers=2, slots=6, busy_slots=5, time_left=10, oldest=3, oldest_age=8)
LIVE_OUTPUT = dict(worker=0x11, name=b"w", batch=0x33, fragments=[dict(id=3, attempt=1, errors=1, offset=2, text=b"a", lines=b"o\n")])

MESSAGES = [("Lane", protocol.LANE, LANE), ("Presence", protocol.PRESENCE, PRESENCE),
            ("Results", protocol.RESULTS, RESULTS), ("Receipts", protocol.RECEIPTS, RECEIPTS),
            ("Announcement", protocol.ANNOUNCEMENT, ANNOUNCEMENT), ("LiveOutput", protocol.LIVE_OUTPUT, LIVE_OUTPUT)]


@pytest.mark.parametrize("name, kind, fields", MESSAGES, ids=[message[0] for message in MESSAGES])
def test_the_golden_bytes_of_the_page_are_this_message(name, kind, fields):
    assert protocol.decode(golden(name)) == (kind, fields)
    assert protocol.encode(kind, **fields) == golden(name)


@pytest.mark.parametrize("name", [message[0] for message in MESSAGES])
def test_a_message_cut_anywhere_is_bad(name):
    for end in range(len(golden(name))):
        with pytest.raises(protocol.Bad):
            protocol.decode(golden(name)[:end])


# --- results of several tasks

SEVERAL = dict(RESULT, ids=range(3, 6), status=0, took=[200, 0, 500], texts=[b"a", b"", b"bc"],
               output=protocol.pack([b"o", b"", b"two\nlines\n"]), errors=b"")


def results(**others):
    return protocol.encode(protocol.RESULTS, **{**RESULTS, "results": [{**SEVERAL, **others}]})


@pytest.mark.parametrize("others", [{}, dict(output=b""), dict(took=[]), dict(outcome=protocol.SLEPT)], ids=str)
def test_a_result_of_several_tasks_is_what_it_was(others):
    assert protocol.decode(results(**others)) == (protocol.RESULTS, dict(RESULTS, results=[{**SEVERAL, **others}]))


def test_a_result_of_several_tasks_cut_anywhere_is_bad():
    whole = results()
    for end in range(len(whole)):
        with pytest.raises(protocol.Bad):
            protocol.decode(whole[:end])


@pytest.mark.parametrize("others", [dict(status=1), dict(outcome=protocol.FAILED), dict(errors=b"e"), dict(took=[1, 2]),
                                    dict(took=[1, 2, 998]), dict(output=protocol.pack([b"o", b"o"])), dict(output=b"o"),
                                    dict(texts=[b"a", b"b"])], ids=str)
def test_tasks_that_do_not_go_together_share_no_result(others):
    with pytest.raises(protocol.Bad):
        protocol.decode(results(**others))


def test_one_task_says_how_long_it_took_only_by_its_start_and_end():
    with pytest.raises(protocol.Bad):
        protocol.decode(results(ids=range(3, 4), texts=[b"a"], output=b"o", took=[1]))


# --- functions

class Odd(Exception):
    def __str__(self):
        raise ValueError("no words")


@pytest.mark.parametrize("error, reason", [(ValueError("why"), b"why"), (KeyError(), b"KeyError()"), (Odd(), b"Odd"), (SystemExit(3), b"3"),
                                           (ValueError("y" * 9999), b"y" * 4096)])
def test_whatever_a_function_raises_is_a_failure(error, reason):
    def function(_):
        raise error
    assert divvy_worker.call(function, b"task") == dict(outcome=protocol.FAILED, reason=reason)


@pytest.mark.parametrize("value, name", [(None, "NoneType"), ("text", "str"), ({"output": b"a"}, "dict")])
def test_what_is_not_bytes_is_a_failure(value, name):
    assert divvy_worker.call(lambda _: value, b"task")["reason"] == b"it returned %b, not bytes" % name.encode()
