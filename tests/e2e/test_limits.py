"""Slow, full, idle: what the three do when something else is the bottleneck."""
import contextlib
import os
import re
import signal
import sqlite3
import subprocess
import time

import pytest

from conversation import OneOfSeveral
from pipeline import BIN, eventually

MIB = 1 << 20


def memory(process, figure="VmRSS"):
    """In bytes. ProcessLookupError: it has ended, and nobody has waited for it yet."""
    with open(f"/proc/{process.pid}/status") as status:
        found = re.search(rf"{figure}:\s+(\d+) kB", status.read())
    if not found:
        raise ProcessLookupError(f"{process.label} has ended")
    return int(found[1]) * 1024


def peak_memory(process):
    return memory(process, "VmHWM")


def cpu_seconds(process, during):
    """CPU time that a process uses in so many seconds."""
    def used():
        with open(f"/proc/{process.pid}/stat") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    before = used()
    time.sleep(during)
    return used() - before


def sanitized():
    return b"__asan_init" in (BIN / "sink").read_bytes()


def sink_with_small_disk(pipeline, *options):
    """Its journal is on a disk of 1 MiB; returns it and where what was on the disk is to be found when it has ended."""
    disk, copy = pipeline.file("disk"), pipeline.file("copy.db")
    disk.mkdir()
    may_mount = ["unshare", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "tmpfs", disk]
    if subprocess.run(may_mount, capture_output=True).returncode != 0:
        pytest.skip("this user may not mount a small disk")
    script = 'mount -t tmpfs -o size=1m tmpfs "$1"; shift; "$@"; status=$?; cat "$DISK/j.db" > "$COPY"; ' \
             '[ ! -e "$DISK/j.db-wal" ] || cat "$DISK/j.db-wal" > "$COPY-wal"; exit $status'
    sink = pipeline.start("unshare", "--map-root-user", "--mount", "sh", "-c", script, "sh", disk, BIN / "sink", *pipeline.at,
                          "--journal", disk / "j.db", *options, env={"DISK": str(disk), "COPY": str(copy)})
    return sink, copy


def test_a_full_disk_is_one_clear_line_and_every_receipt_stays_true(pipeline):
    sink, copy = sink_with_small_disk(pipeline)
    worker = pipeline.worker(command=("sh", "-c", "head -c 20000 /dev/zero | tr '\\0' x"))
    ventilator = pipeline.ventilator("--name", "b", tasks=range(1000))
    assert sink.status() == 255
    assert len(re.findall(r"^sink: journal .*disk.* full", sink.err, re.M)) == 1
    ventilator.send(signal.SIGTERM)
    ventilator.says("once more: leave now")
    ventilator.send(signal.SIGTERM)
    assert ventilator.status() == 255
    worker.kill()  # it would wait for a sink that takes its results
    receipts = int(re.search(r"stopped with (\d+) of 1000 tasks done", ventilator.err)[1])
    database = sqlite3.connect(copy)
    (rows,), = database.execute("SELECT count(*) FROM result")
    database.close()
    assert 0 < receipts <= rows < 1000


def test_on_a_full_disk_the_receipts_of_all_batches_stay_true(context, pipeline):
    sink, copy = sink_with_small_disk(pipeline, "--stay")
    batches = [OneOfSeveral(context, pipeline, number) for number in (1, 2)]
    for batch in batches:
        batch.announce(tasks=1000)
    for batch in batches:
        batch.begun()
    tasks = iter(range(1, 1000))
    receipted = {batch.number: set() for batch in batches}

    def ended():
        for batch in batches:
            batch.result(task := next(tasks), output=b"x" * 20_000)
            while sink.popen.poll() is None and not batch.feedback.pull.poll(10):
                pass
            if batch.feedback.pull.poll(0):
                receipted[batch.number].add(batch.receipt()[0])
        return sink.popen.poll() is not None
    eventually(ended, "the sink to end")
    assert sink.status() == 255
    assert len(re.findall(r"^sink: journal .*disk.* full", sink.err, re.M)) == 1
    database = sqlite3.connect(copy)
    for batch in batches:
        rows = {task for task, in database.execute("SELECT task FROM result WHERE batch = ?", (batch.number,))}
        assert receipted[batch.number] and receipted[batch.number] <= rows
    database.close()


def test_an_output_that_cannot_be_written_is_one_clear_line(pipeline):
    with open("/dev/full", "wb") as full:
        sink = pipeline.start(BIN / "sink", *pipeline.at, stdout=full)
    worker = pipeline.worker(command=("echo",))
    ventilator = pipeline.ventilator(tasks=[1])
    assert sink.status() == 255
    worker.kill()  # it would wait for a sink that takes its result
    assert sink.err == "sink: cannot write standard output: No space left on device\n"
    ventilator.send(signal.SIGTERM)


def with_open_files(pipeline, most, *words):
    return pipeline.start("sh", "-c", f'ulimit -n {most}; exec "$@"', "sh", BIN / words[0], *words[1:], stdin=pipeline.input([1, 2, 3]))


@pytest.mark.parametrize("most", [10, 16, 32])
@pytest.mark.parametrize("program", ["ventilator", "worker", "sink"])
def test_who_may_open_too_few_files_does_not_start(pipeline, most, program):
    run = with_open_files(pipeline, most, program, *pipeline.at)
    assert (run.status(), run.err) == (255, f"{program}: the limit on open files (ulimit -n) is {most}; 48 are needed\n")


def test_48_open_files_are_enough(pipeline):
    run = with_open_files(pipeline, 48, "divvy", "--", "echo")
    assert (run.status(), sorted(run.out.splitlines())) == (0, ["1", "2", "3"])


def test_too_many_hosts_for_the_open_files_are_told_what_their_limit_is(pipeline):
    hosts = ",".join(f"node{number}" for number in range(20))
    run = with_open_files(pipeline, 60, "divvy", "--hosts", hosts, "--ssh", "false", "--", "echo")
    assert run.status() == 255
    assert re.search(r"^divvy: .*Too many open files: their limit \(ulimit -n\) is 60$", run.err, re.MULTILINE), run.err


def test_a_sink_that_writes_slowly_slows_everybody_down_and_memory_stays_flat(pipeline):
    read, write = os.pipe()
    begun = pipeline.file("begun")
    sink = pipeline.start(BIN / "sink", *pipeline.at, stdout=write)
    os.close(write)
    command = ("sh", "-c", f"echo {{}} >> {begun}; head -c {MIB} /dev/zero")
    worker = pipeline.worker("-j", 2, command=command)
    ventilator = pipeline.ventilator(tasks=range(300))

    count = settled = 0
    since = time.monotonic()

    def stuck():
        nonlocal count, since
        now = len(begun.read_text().split()) if begun.exists() else 0
        if now != count:
            count, since = now, time.monotonic()
        return count > 0 and time.monotonic() - since > 1
    eventually(stuck, "the pipeline to come to a halt")
    assert count < 100

    peaks = {}
    while block := os.read(read, MIB):
        settled += len(block)
        for process in (sink, worker, ventilator):
            if process.popen.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    peaks[process.label] = peak_memory(process)
    os.close(read)
    assert settled == 300 * MIB
    assert (ventilator.status(), sink.status()) == (0, 0)
    if not sanitized():
        assert max(peaks.values()) < 64 * MIB, peaks


def test_the_ventilator_reads_no_further_ahead_than_it_may(pipeline):
    """Its input waits in the pipe: of 64 MiB only what is allowed, and a little more, is taken."""
    pipeline.sink()
    read, write = os.pipe()
    os.set_blocking(write, False)
    pipeline.ventilator("--max-outstanding-bytes", "1MiB", stdin=read)
    os.close(read)
    line, written = b"x" * 999 + b"\n", 0
    full_since = None

    def full():
        nonlocal written, full_since
        try:
            while written < 64 * MIB:
                written += os.write(write, line * 64)
                full_since = None
        except BlockingIOError:
            full_since = full_since or time.monotonic()
        return full_since and time.monotonic() - full_since > 0.5
    eventually(full, "the pipe to stay full")
    os.close(write)
    assert written < 3 * MIB


@pytest.mark.parametrize("with_sink", [False, True])
def test_a_worker_that_waits_costs_nothing(pipeline, with_sink):
    if with_sink:
        pipeline.sink()
    worker = pipeline.worker(command=("true",))
    worker.says("listens on")
    assert cpu_seconds(worker, during=2) < 0.1


def test_a_ventilator_that_waits_for_workers_costs_nothing(pipeline):
    pipeline.sink()
    native = pipeline.ventilator("-w", 2, tasks=[1, 2, 3])
    native.says("tasks on")
    assert cpu_seconds(native, during=1) < 0.1


def test_a_classic_ventilator_that_waits_for_workers_costs_nothing(pipeline):
    pipeline.sink("--classic")
    classic = pipeline.ventilator("--classic", "-w", 2, tasks=[1, 2, 3])
    classic.says("tasks on")
    assert cpu_seconds(classic, during=1) < 0.1
