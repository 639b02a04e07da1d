import signal
import sys

import pytest
import zmq

from launcher import divvy, play, terminal  # noqa: F401
from pipeline import EXAMPLES, Gate, Pipeline

sys.path.insert(0, str(EXAMPLES / "python"))  # the tests speak the protocol as the example does

# The background jobs of a script ignore Ctrl-C; what the tests start must not inherit that.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def pipeline():
    pipeline = Pipeline()
    yield pipeline
    pipeline.close()


@pytest.fixture
def file(pipeline):
    """Makes a file; returns its path."""
    def make(name, data):
        pipeline.file(name).write_bytes(data)
        return pipeline.file(name)
    return make


@pytest.fixture
def gate(pipeline):
    gate = Gate(pipeline)
    yield gate
    gate.open()


@pytest.fixture
def journal(pipeline):
    return pipeline.file("journal.db")


@pytest.fixture
def context():
    with zmq.Context() as context:
        context.linger = 1000  # msec; also of a socket that was dropped with its test: what it holds must not keep us for ever
        yield context
        context.destroy(linger=0)
