"""Several hosts, each a network namespace of the test's own, whose links are cut and healed."""
import subprocess

import pytest

from network import Network
from pipeline import BIN, eventually


@pytest.fixture
def network(pipeline):
    try:
        network = Network()
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no network namespaces can be made here: {error}")
    yield network
    for process in pipeline.processes:
        if process.popen.poll() is None:
            process.send(15)
            process.popen.wait(60)
    network.close()


@pytest.fixture
def lab(pipeline, network):
    """A first host for ventilator and sink; start(host, program, ...) on any."""
    first = network.host()

    def start(host, program, *options):
        words = ("netns", "exec", host, BIN / program, "-v", "--at", "10.77.0.1", "--insecure", *options)
        return pipeline.start("ip", *words)

    return first, start


def working(pipeline, seconds):
    return ("--", "sh", "-c", f"echo {{}} >> {pipeline.file('trace')}; sleep {seconds}; echo {{}}")


def test_workers_on_other_hosts_take_part(pipeline, network, lab):
    first, start = lab
    sink = start(first, "sink", "-k")
    workers = [start(network.host(), "worker", "-j", 2, *working(pipeline, 0.01)) for _ in range(2)]
    ventilator = start(first, "ventilator", "-w", 2, "--random", 60, "--min-msec", 0, "--max-msec", 0)
    assert (ventilator.status(), sink.status()) == (0, 0)
    assert sink.out == "0\n" * 60
    for number, worker in enumerate(workers, 2):
        assert f"listens on tcp://10.77.0.{number}:" in worker.err, "not wider than it must be"


@pytest.mark.parametrize("healed", [True, False], ids=["healed", "for-good"])
def test_a_worker_whose_link_is_cut_does_not_hold_the_batch_up(pipeline, network, lab, healed):
    first, start = lab
    tasks = pipeline.file("tasks")
    tasks.write_text("".join(f"{task}\n" for task in range(1, 121)))
    sink = start(first, "sink", "-k", "--journal", pipeline.file("journal.db"))
    far = network.host()
    start(far, "worker", *working(pipeline, 0.05))
    start(network.host(), "worker", *working(pipeline, 0.05))
    ventilator = start(first, "ventilator", "-w", 2, "--lost-after", 1.5, tasks)
    eventually(lambda: len(sink.out.splitlines()) > 20, "some results")
    network.link(far, "down")
    ventilator.says("a worker is gone")
    if healed:
        network.link(far, "up")
    assert (ventilator.status(), sink.status()) == (0, 0)
    assert sink.out == tasks.read_text()
    executions = pipeline.file("trace").read_text().split()
    assert len(executions) <= 120 + 3, "only what the far worker had just finished, was running, or would run next"


class Firewall:
    """Forgets connections of a host without a word: what still comes on them is dropped."""

    def __init__(self, host):
        self.host = host
        self.nft("add table inet filter")
        for hook in ("input", "output"):
            self.nft(f"add chain inet filter {hook} {{ type filter hook {hook} priority 0; }}")

    def nft(self, command):
        done = subprocess.run(["ip", "netns", "exec", self.host, "nft", command], capture_output=True)
        if done.returncode:
            pytest.skip(f"no packet filter can be used here: {done.stderr}")

    def forget(self, *, port, local):
        """The connections of that port, which is this host's or its peer's."""
        listed = subprocess.run(["ip", "netns", "exec", self.host, "ss", "-tnH", "state", "established"],
                                check=True, capture_output=True, text=True).stdout
        ends = [[int(end.rpartition(":")[2]) for end in line.split()[2:4]] for line in listed.splitlines()]
        chosen = [(own, peer) for own, peer in ends if (own if local else peer) == port]
        assert len(chosen) == 1, listed
        own, peer = chosen[0]
        self.nft(f"add rule inet filter input tcp sport {peer} tcp dport {own} drop")
        self.nft(f"add rule inet filter output tcp sport {own} tcp dport {peer} drop")


@pytest.mark.parametrize("flow", ["results", "feedback", "lane"])
def test_a_connection_that_a_firewall_forgets_is_replaced_and_nothing_is_done_twice(pipeline, network, lab, flow):
    first, start = lab
    far = network.host()
    firewall = Firewall(far)
    tasks = pipeline.file("tasks")
    tasks.write_text("".join(f"{task}\n" for task in range(1, 61)))
    sink = start(first, "sink", "-k")
    worker = start(far, "worker", *working(pipeline, 0.2))
    ventilator = start(first, "ventilator", tasks)
    eventually(lambda: len(sink.out.splitlines()) > 5, "some results")
    inbox = int(worker.says(r"listens on \S+:(\d+)")[1])
    port = {"results": 5558, "feedback": 5559, "lane": inbox}[flow]
    firewall.forget(port=port, local=flow == "lane")
    before = len(sink.out.splitlines())
    eventually(lambda: len(sink.out.splitlines()) > before + 10, "the batch to go on", deadline=10)
    assert (ventilator.status(), sink.status()) == (0, 0)
    assert sink.out == tasks.read_text()
    assert sorted(map(int, pipeline.file("trace").read_text().split())) == list(range(1, 61))
    assert "is gone" not in ventilator.err
