"""No byte is read before it was written, none after it was freed, none lost: of a batch and what strangers say in it.

Of sleeping workers only: not every valgrind knows the system calls that commands are run with.
"""
import os
import random
import signal

import pytest
import zmq

import protocol
from pipeline import BIN, DEADLINE
from test_key import make_key
from test_limits import sanitized

CHECK = ("valgrind", "--quiet", "--error-exitcode=99", "--leak-check=full", "--errors-for-leak-kinds=definite")

pytestmark = pytest.mark.skipif(sanitized(), reason="the sanitizers look after memory themselves")


@pytest.mark.parametrize("locked", [True, False])
def test_a_batch_and_what_strangers_say_in_it(pipeline, context, locked):
    options = (*pipeline.at, "-v", *(("--key", make_key(pipeline, "key")) if locked else ()))
    inbox = f"ipc://{pipeline.folder}/inbox"
    tasks, write = os.pipe()

    def start(program, *more, **how):
        return pipeline.start(*CHECK, BIN / program, *options, *more, **how)

    sink = start("sink", "--journal", pipeline.file("journal.db"), "--summary", pipeline.file("summary.json"))
    worker = start("worker", "-j", 2, "--inbox", inbox)
    ventilator = start("ventilator", "--longest-first", stdin=tasks)
    os.close(tasks)
    listening = (sink, pipeline.endpoints["results"]), (ventilator, pipeline.endpoints["feedback"]), (worker, inbox)
    dice = random.Random(1)
    for process, endpoint in listening:
        process.says("(results on|feedback on|listens on)")
        with context.socket(zmq.PUSH) as push:
            push.linger = 0 if locked else 10_000
            push.connect(endpoint)
            for _ in range(200):
                push.send(bytes((0xD1, protocol.VERSION, dice.randint(0, 6))) + dice.randbytes(dice.randint(0, 200)))
            process.says("refused process" if locked else "dropped")
    os.write(write, b"1\n0\n5\n" * 20)
    os.close(write)
    assert (ventilator.status(), sink.status()) == (0, 0)
    worker.send(signal.SIGTERM)
    assert worker.status() == 0


@pytest.mark.parametrize("program", ["rules_tests", "unit_tests"])
def test_what_decides_and_what_reads_messages(pipeline, program):
    """The unit tests, but for the long ones, which do the same many thousand times."""
    tests = pipeline.start(*CHECK, BIN / program, "--gtest_brief=1", "--gtest_filter=-Simulation.*:Outlook/*:FairSlotsOfPlenty/*:CommandRunner.ReadsOnlyAPart*")
    assert tests.status(3 * DEADLINE) == 0
    assert "PASSED" in tests.out
