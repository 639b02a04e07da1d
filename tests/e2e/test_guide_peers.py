"""Each of the three works with the ZeroMQ Guide's other two: a batch of 100 goes through every mixture."""
import pytest

import guide_peers
from pipeline import DEADLINE, eventually, marks

WORKERS = 2
COUNT = 100


class Mixture:
    """A pipeline in which some of the three are ours and the others plain peers."""

    def __init__(self, pipeline):
        self.pipeline = pipeline
        self.peers = []

    def peer(self, part, **options):
        lines = {line: self.pipeline.endpoints[line] for line in ("tasks", "results")}
        names = part.__code__.co_varnames[:part.__code__.co_argcount]
        peer = guide_peers.Peer(part, **{name: lines[name] for name in lines if name in names}, **options)
        self.peers.append(peer)
        return peer

    def run(self, ours, echo=False, **style):
        """ours: a string of the letters v, w, s. Returns our sink, if it took part, after the batch."""
        sink = self.pipeline.sink("--classic", str(COUNT)) if "s" in ours else self.peer(guide_peers.sink, count=COUNT)
        for _ in range(WORKERS):
            self.pipeline.worker() if "w" in ours else self.peer(guide_peers.worker, echo=echo)
        if "v" in ours:
            ventilator = self.pipeline.ventilator("--classic", "--workers", WORKERS, "--random", COUNT, "--max-msec", "3")
            assert ventilator.status() == 0
        else:
            assert self.peer(guide_peers.ventilator, workers=WORKERS, count=COUNT, **style).finishes(DEADLINE)
        if "s" in ours:
            assert sink.status() == 0
            assert marks(sink.out) == COUNT
            assert "Total elapsed time" in sink.out
        else:
            assert sink.finishes(DEADLINE)


@pytest.fixture
def mixture(pipeline):
    mixture = Mixture(pipeline)
    yield mixture
    for peer in mixture.peers:
        peer.stop()


@pytest.mark.parametrize("start", ["direct", "through"])
@pytest.mark.parametrize("pad", [False, True], ids=["bare", "padded"])
@pytest.mark.parametrize("ours", ["w", "ws"])
def test_our_workers_serve_a_plain_ventilator(mixture, ours, start, pad):
    mixture.run(ours, start=start, pad=pad)


@pytest.mark.parametrize("start", ["direct", "through"])
@pytest.mark.parametrize("echo", [False, True], ids=["empty", "echo"])
@pytest.mark.parametrize("pad", [False, True], ids=["bare", "padded"])
def test_our_sink_counts_what_plain_peers_do(mixture, start, echo, pad):
    mixture.run("s", start=start, echo=echo, pad=pad)


@pytest.mark.parametrize("echo", [False, True], ids=["empty", "echo"])
@pytest.mark.parametrize("ours", ["v", "vs"])
def test_our_ventilator_feeds_plain_workers(mixture, ours, echo):
    mixture.run(ours, echo=echo)


@pytest.mark.parametrize("ours", ["vw", "vws"])
def test_our_ventilator_feeds_our_workers_in_the_classic_way(mixture, ours):
    mixture.run(ours)


def test_a_plain_batch_over_tcp(pipeline, mixture):
    pipeline.use_tcp()
    pipeline.endpoints["feedback"] = f"ipc://{pipeline.folder}/nobody"
    sink = pipeline.sink("--classic", str(COUNT))
    ventilator = pipeline.ventilator("--classic", "--workers", "2", "--random", COUNT, "--max-msec", "3")
    mixture.peer(guide_peers.worker)
    pipeline.worker()
    assert (ventilator.status(), sink.status(), marks(sink.out)) == (0, 0, COUNT)


def test_our_worker_shows_a_dot_for_each_plain_task(pipeline, mixture):
    sink, worker = mixture.peer(guide_peers.sink, count=10), pipeline.worker()
    mixture.peer(guide_peers.ventilator, workers=1, count=10)
    assert sink.finishes(DEADLINE)
    eventually(lambda: worker.out.count(".") == 10, "ten dots")


def test_a_worker_with_a_command_runs_plain_tasks_and_prints_their_output_itself(pipeline, mixture):
    sink, worker = mixture.peer(guide_peers.sink, count=100), pipeline.worker(command=("echo", "task"))
    mixture.peer(guide_peers.ventilator, workers=1, count=100, max_msec=0, pad=True)
    assert sink.finishes(DEADLINE)
    eventually(lambda: worker.out == "task 0\n" * 100, "the output of the commands")


def test_a_worker_serves_a_plain_batch_after_a_native_one(pipeline, mixture):
    worker = pipeline.worker()
    sink, ventilator = pipeline.sink(), pipeline.ventilator(tasks=[1] * 10)
    assert (ventilator.status(), sink.status()) == (0, 0)
    plain_sink = mixture.peer(guide_peers.sink, count=10)
    mixture.peer(guide_peers.ventilator, workers=1, count=10)
    assert plain_sink.finishes(DEADLINE)
    assert worker.popen.poll() is None
