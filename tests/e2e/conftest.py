import pytest
import zmq

from launcher import divvy, play, terminal  # noqa: F401
from pipeline import Gate, Pipeline


@pytest.fixture
def pipeline():
    pipeline = Pipeline()
    yield pipeline
    pipeline.close()


@pytest.fixture
def gate(pipeline):
    gate = Gate(pipeline)
    yield gate
    gate.open()


@pytest.fixture
def context():
    with zmq.Context() as context:
        yield context
        context.destroy(linger=0)
