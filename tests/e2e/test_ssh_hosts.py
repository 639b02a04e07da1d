"""divvy --hosts, with a real ssh server on each host."""
import os
import re
import signal
import stat
import subprocess
import uuid
from pathlib import Path

import pytest

from pipeline import BIN, eventually
from ssh_hosts import Lab


@pytest.fixture
def lab(pipeline):
    try:
        lab = Lab(pipeline)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no network namespaces can be made here: {error}")
    yield lab
    for process in pipeline.processes:
        if process.popen.poll() is None:
            process.send(signal.SIGTERM)
            process.popen.wait(60)
    lab.wait_until_nothing_runs()
    lab.close()


def who(lab, *all):
    """A command that says on which host it runs, as soon as tasks have run on all of these."""
    seen = lab.pipeline.file("seen")
    seen.mkdir()
    wait = "".join(f"until [ -e {seen}/{address} ]; do sleep 0.05; done; " for address in all)
    return ("--", "sh", "-c", "a=$(ip -4 -o addr show dev eth | grep -o '10[.]77[.]0[.][0-9]*/'); a=${a%/}; "
            f"touch {seen}/$a; {wait} echo $a $1", "sh", "{}")


def where(out):
    return {line.split()[0] for line in out.splitlines()}


def test_two_hosts_share_the_tasks(lab):
    one, other = lab.host(), lab.host()
    run = lab.divvy(f"{one}:2,{other}:2", "-k", *who(lab, one, other), tasks=range(40))
    assert run.status() == 0, run.err
    assert [line.split()[1] for line in run.out.splitlines()] == [str(task) for task in range(40)]
    assert where(run.out) == {one, other}
    lab.wait_until_nothing_runs()


def sleeper():
    """A command that never ends by itself, and can be told from all others."""
    mark = f"100000.{uuid.uuid4().int % 10**9:09}"
    return mark, ("--", "sleep", mark)


def bin_with(lab, worker):
    """A directory of programs whose worker is this script; W is the real one."""
    folder = lab.pipeline.file("bin")
    folder.mkdir()
    for name in ("sink", "ventilator"):
        (folder / name).symlink_to(BIN / name)
    (folder / "worker").write_text(f"#!/bin/sh\nW={BIN}/worker\n{worker}\n")
    (folder / "worker").chmod(0o755)
    return folder


# --- who takes part


def test_hosts_of_a_file_have_their_slots_and_others_those_of_jobs(lab):
    one, other = lab.host(), lab.host()
    hosts = lab.pipeline.file("hosts")
    hosts.write_text(f"# the lab\n\n  {one}:2   # the new one\n{other}\n")
    mark, command = sleeper()
    run = lab.divvy(f"file:{hosts}", "-j", 3, *command, tasks=[0] * 9)
    for address, slots in ((one, 2), (other, 3)):
        eventually(lambda: sum(mark in line for line in lab.processes(address).values() if line.startswith("sleep")) == slots, f"{slots} tasks at {address}")
    run.send(signal.SIGTERM)
    run.send(signal.SIGKILL)
    run.status()


def test_localhost_is_this_machine(lab):
    far = lab.host()
    run = lab.divvy(f"localhost:2,{far}:2", *who(lab, "10.77.0.1", far), tasks=range(40))
    assert run.status() == 0, run.err
    assert where(run.out) == {"10.77.0.1", far}


def test_a_host_needs_no_open_port_but_that_of_ssh(lab):
    address = lab.host()
    rules = "add table inet f; add chain inet f i { type filter hook input priority 0; }; add rule inet f i tcp flags & (syn|ack) == syn tcp dport != 22 drop"
    done = subprocess.run(["ip", "netns", "exec", lab.space(address), "nft", rules], capture_output=True)
    if done.returncode:
        pytest.skip(f"no packet filter can be used here: {done.stderr}")
    run = lab.divvy(f"{address}:2", "-k", "--", "echo", "{}", tasks=range(9))
    assert run.status() == 0, run.err
    assert run.out == "".join(f"{task}\n" for task in range(9))


def test_localhost_alone_needs_no_ssh(pipeline):
    run = pipeline.start(BIN / "divvy", "--hosts", "localhost:2", "--ssh", "/bin/false", "--", "echo", "{}", stdin=pipeline.input(["a"]))
    assert (run.status(), run.out) == (0, "a\n")


def test_hosts_that_cannot_be_reached_are_named_and_left_out(lab, gate):
    good, deaf = lab.host(), lab.host(server=False)
    run = lab.divvy(f"{deaf},{good}:2,10.77.0.99", "--", *gate.command, tasks=range(20), ssh=lab.ssh("-o", "ConnectTimeout=2"))
    run.says(rf"^divvy: {deaf} is left out: ssh: connect to host {deaf} port 22: Connection refused$")
    run.says(r"^divvy: 10.77.0.99 is left out: ssh: connect to host 10.77.0.99 port 22: (Connection timed out|No route to host)$")
    gate.open()
    assert run.status() == 0, run.err


def test_without_any_host_left_the_batch_ends(lab):
    address = lab.host()
    run = lab.divvy(f"{address}:1", *who(lab), tasks=range(20), ssh=lab.ssh(key="stranger"))
    assert (run.status(), run.out) == (255, "")
    assert re.search(rf"^divvy: {address} is left out: .*Permission denied \(publickey\).*a key, or an agent$", run.err, re.M), run.err
    assert "divvy: no host is left" in run.err


def test_a_host_without_divvy_is_named_and_left_out(lab, gate):
    good, bare = lab.host(), lab.host(without=[BIN])
    run = lab.divvy(f"{good},{bare}", "-j1", "--", *gate.command, tasks=range(10))
    run.says(rf"^divvy: {bare} is left out: divvy is not there")
    gate.open()
    assert run.status() == 0, run.err


def test_another_version_is_named_and_left_out(lab):
    old = bin_with(lab, 'case $1 in --version) echo "worker 0.0.9 (libzmq 4)"; exit;; esac; exec "$W" "$@"')
    address = lab.host()
    run = lab.divvy(address, "--", "echo", tasks=[1], bin=old)
    assert run.status() == 255
    assert re.search(rf"^divvy: {address} is left out: it has worker 0.0.9 .*, and here it is \d", run.err, re.M), run.err


def test_all_forms_of_a_batch_work(lab):
    address = lab.host()
    lines = lab.pipeline.file("lines")
    lines.write_text("".join(f"line {number}\n" for number in range(300)))
    journal = lab.pipeline.file("journal.db")
    for words, out in [
            (("--block", "1k", lines, "--", "cat"), lines.read_text()), (("--filter", lines, "--", "sed", "-u", "s/^/x/"), None),
            (("--live", "--tag", "-c", "echo {}", ":::", "a 'b"), "a 'b\ta 'b\n"), (("--journal", journal, "--", "echo", "{1}-{2}", ":::", "a", ":::", "b", "c"), "a-b\na-c\n"),
            (("-0", "--", "printf", "<%s>", lines), None)]:
        run = lab.divvy(f"{address}:2,localhost:1", "-k", *words)
        assert run.status() == 0, run.err
        assert out is None or run.out == out


# --- where tasks run


def test_tasks_run_in_the_same_directory_or_else_at_home(lab):
    tree = lab.pipeline.file("tree")
    here = tree / ("it's a \"dir\"\nwith \\n $HOME `x` !")
    here.mkdir(parents=True)
    same, other = lab.host(), lab.host(without=[tree])
    run = lab.divvy(same, "--", "pwd", "{}", tasks=["-P"], folder=here)
    assert (run.status(), run.out) == (0, f"{here}\n"), run.err
    run = lab.divvy(other, "--", "pwd", "{}", tasks=["-P"], folder=here)
    assert (run.status(), run.out) == (0, f"{Path.home()}\n"), run.err
    assert run.err.count("tasks run in the home directory") == 1


AWKWARD = ["", " a  b ", "'", "''\"", "\\", "\\'", "\\\\n", "!x !! !$", "$HOME `id` $(id)", "*", "~", "a\nb\n", "\n", "\t", "%s %%", "#x", "{a,b}", "; exit", "é€",
           bytes(range(1, 256)).replace(b"{", b"").decode(errors="surrogateescape")]


@pytest.mark.parametrize("shell", ["sh", "dash", "bash", "zsh", "fish", "csh", "tcsh"])
def test_words_reach_the_command_as_they_are_whatever_the_login_shell(pipeline, shell):
    """A server runs SHELL -c COMMAND."""
    if subprocess.run(["which", shell], capture_output=True).returncode:
        pytest.skip(f"{shell} is not installed")
    ssh = pipeline.file("as-ssh")
    ssh.write_text(f"#!/bin/sh\nSSH_CONNECTION='127.0.0.1 1 127.0.0.1 2' exec {shell} -c \"$2\"\n")
    ssh.chmod(0o755)
    run = pipeline.start(BIN / "divvy", "--hosts", "far:1", "--ssh", ssh, "--", "printf", "%s\\0", *AWKWARD, "{}", stdin=pipeline.input(["task"]),
                         env={"DIVVY_BIN": str(BIN)})
    assert run.status() == 0, run.err
    assert run.out_bytes == b"".join(os.fsencode(word) + b"\0" for word in [*AWKWARD, "task"])


def test_a_command_may_be_longer_than_an_argument_of_ssh(lab):
    address = lab.host()
    words = [letter * 100_000 for letter in "abcd"]
    run = lab.divvy(address, "-j1", "--", "sh", "-c", "echo ${#1} ${#4} $5", "sh", *words, "{}", tasks=["x"])
    assert (run.status(), run.out) == (0, "100000 100000 x\n"), run.err


def as_ssh(pipeline, script):
    """A command for --ssh that is this script."""
    path = pipeline.file("as-ssh")
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_fifty_hosts_that_fail_alike_are_one_line(pipeline):
    ssh = as_ssh(pipeline, 'sleep 1; echo "ssh: connect to host $1 port 22: No route to host" >&2; exit 255')
    hosts = ",".join(f"node{number}" for number in range(50))
    run = pipeline.start(BIN / "divvy", "--hosts", f"{hosts},localhost:1", "--ssh", ssh, "--", "sleep", "{}", stdin=pipeline.input([3]), env={"DIVVY_BIN": str(BIN)})
    assert run.status() == 0, run.err
    lines = re.findall(r"^divvy: .*left out: (.*)$", run.err, re.M)
    assert 1 <= len(lines) < 10 and set(lines) == {"ssh: connect to host HOST port 22: No route to host"}, run.err


def far(pipeline, script, *words, **input):
    """divvy with the host far, which ssh reaches by this script."""
    return pipeline.start(BIN / "divvy", "--hosts", "far:1", "--ssh", as_ssh(pipeline, script), *words, env={"DIVVY_BIN": str(BIN)}, **input)


AS_A_SERVER = "SSH_CONNECTION='127.0.0.1 1 127.0.0.1 2' exec sh -c \"$2\""


def test_a_host_may_greet_without_a_line_end(pipeline):
    run = far(pipeline, f"printf 'Welcome! '; {AS_A_SERVER}", "-v", "--", "echo", "{}", stdin=pipeline.input([1]))
    assert (run.status(), run.out) == (0, "1\n")
    assert "divvy: far: a worker starts\n" in run.err, "only of such a host it is known that it can come back"


def test_why_a_host_is_left_out_may_have_no_line_end(pipeline):
    run = far(pipeline, "printf 'no way in' >&2; exit 255", "--", "echo", stdin=pipeline.input([1]))
    assert run.status() == 255
    assert "divvy: far is left out: no way in\n" in run.err


def test_a_host_that_ssh_does_not_reach_is_waited_for_by_name(pipeline):
    run = far(pipeline, "exec sleep 100000", "--", "echo", stdin=pipeline.input([1]))
    run.says("^divvy: waiting for ssh to reach far$")
    run.send(signal.SIGINT)
    assert run.status() == -signal.SIGINT


def test_the_dots_of_workloads_elsewhere_are_no_lines(pipeline):
    run = far(pipeline, AS_A_SERVER, "--random", "9000", "--min-msec", "0", "--max-msec", "0")
    assert run.status() == 0, run.err
    assert "divvy: far" not in run.err


def test_many_hosts_need_no_more_open_files_than_the_user_may_have_and_tasks_have_no_more(pipeline):
    ssh = as_ssh(pipeline, "sleep 1; exit 255")
    hosts = ",".join(f"node{number}" for number in range(40))
    run = pipeline.start("sh", "-c", 'ulimit -Sn 64; exec "$@"', "sh", BIN / "divvy", "--hosts", f"localhost:1,{hosts}", "--ssh", ssh, "-c", "ulimit -n; sleep {}",
                         stdin=pipeline.input([2]), env={"DIVVY_BIN": str(BIN)})
    assert (run.status(), run.out) == (0, "64\n"), run.err


def test_a_dry_run_reaches_for_nobody(pipeline):
    ssh = as_ssh(pipeline, f"touch {pipeline.file('reached')}")
    run = pipeline.start(BIN / "divvy", "--hosts", "far", "--ssh", ssh, "--dry-run", "--", "echo", "{}", stdin=pipeline.input(["a b"]))
    assert (run.status(), run.out) == (0, "echo 'a b'\n")
    assert not pipeline.file("reached").exists()


@pytest.mark.parametrize("words, says", [
    (["--hosts", ""], "a host is missing"), (["--hosts", "8/a"], "write HOST:SLOTS, such as server:8"), (["--hosts", "a:0"], "'0' is no number of tasks"),
    (["--hosts", "a:8,u@a"], "names u@a twice"), (["--hosts", "-oProxyCommand=x"], "begins with a dash"), (["--hosts", "fe80::1"], "in brackets"),
    (["--hosts", "file:/no/such"], "cannot read the file /no/such"), (["--hosts", "file:/dev/null"], "no host is in"), (["--hosts", "a", "--ssh", "'"], "--ssh is a command"),
    (["--ssh", "ssh -4"], "add --hosts"),
])
def test_bad_hosts_are_refused_before_anything_starts(pipeline, words, says):
    run = pipeline.start(BIN / "divvy", *words, "--", "echo")
    assert run.status() == 255
    assert re.fullmatch(rf"divvy: [^\n]*{re.escape(says)}[^\n]*\n", run.err), run.err


# --- the key


def test_the_key_is_seen_nowhere_and_left_nowhere(lab):
    address = lab.host()
    tmp = lab.pipeline.file("tmp")
    tmp.mkdir()
    mark, command = sleeper()
    run = lab.divvy(f"{address}:1,localhost:1", *command, tasks=[0, 0], env={"TMPDIR": str(tmp)})
    lab.runs(f"sleep {mark}", address)
    lab.runs(f"sleep {mark}", "10.77.0.1")
    sink = lab.runs("sink ", "10.77.0.1")
    fd = re.search(r"/dev/fd/(\d+)", lab.processes("10.77.0.1")[sink])[1]
    assert stat.S_IMODE(os.stat(f"/proc/{sink}/fd/{fd}").st_mode) == 0o600
    secret = Path(f"/proc/{sink}/fd/{fd}").read_bytes().splitlines()[1]
    assert len(secret) == 40
    for path in [*Path("/proc").glob("[0-9]*/cmdline"), *Path("/proc").glob("[0-9]*/environ")]:
        try:
            assert secret not in path.read_bytes(), path
        except OSError:
            pass  # it has just ended
    assert list(tmp.rglob("*")) == []
    run.kill()
    lab.wait_until_nothing_runs()
    assert list(tmp.rglob("*")) == []


# --- ends


def test_an_interrupt_before_a_host_has_answered_waits_for_nobody(lab):
    address = lab.host()
    os.kill(lab.pipeline.processes[-1].pid, signal.SIGSTOP)
    try:
        run = lab.divvy(address, "--", "echo", tasks=[1], ssh=lab.ssh("-o", "ConnectTimeout=1000"))
        eventually(lambda: any("BatchMode" in line for line in lab.processes("10.77.0.1").values()), "ssh")
        run.send(signal.SIGINT)
        assert run.status() == -signal.SIGINT
        eventually(lambda: lab.processes("10.77.0.1") == {}, "nothing to be left here")
    finally:
        os.kill(lab.pipeline.processes[-2].pid, signal.SIGCONT)


def test_an_interrupt_lets_tasks_end_and_a_second_one_kills_them(lab, gate):
    address = lab.host()
    run = lab.divvy(f"{address}:2", "--", *gate.command, tasks=range(9))
    gate.came(2)
    run.send(signal.SIGINT)
    run.says("stopping; waiting for 2 tasks under way")
    gate.open()
    assert run.status() == -signal.SIGINT
    assert len(run.out.splitlines()) == 2
    lab.wait_until_nothing_runs()

    mark, command = sleeper()
    run = lab.divvy(f"{address}:2", *command, tasks=[0, 0])
    lab.runs(f"sleep {mark}")
    for _ in range(2):
        run.send(signal.SIGINT)
        try:
            run.popen.wait(1)
        except subprocess.TimeoutExpired:
            pass
    assert run.status() == -signal.SIGINT
    lab.wait_until_nothing_runs()


def test_nothing_is_left_of_a_launcher_that_is_killed(lab):
    address = lab.host()
    mark, command = sleeper()
    run = lab.divvy(f"{address}:2,localhost:1", *command, tasks=[0, 0, 0])
    lab.runs(f"sleep {mark}", address)
    run.kill()
    lab.wait_until_nothing_runs()
    eventually(lambda: lab.processes("10.77.0.1") == {}, f"{lab.processes('10.77.0.1')} to end")


@pytest.mark.parametrize("victim", ["ssh", "worker"])
def test_a_host_that_is_lost_is_named_and_comes_back(lab, gate, victim):
    address = lab.host()
    run = lab.divvy(f"{address}:1", "--", *gate.command, tasks=range(3))
    gate.came(1)
    os.kill(lab.runs("BatchMode", "10.77.0.1") if victim == "ssh" else lab.runs("--slots=1", address), signal.SIGKILL)
    run.says(rf"^divvy: {address} is lost: (ssh|its worker) was killed by SIGKILL; it is tried again in 1 s")
    gate.open()
    assert run.status() == 0, run.err
    lab.wait_until_nothing_runs()


def test_a_worker_that_is_ended_there_is_not_started_again(lab, gate):
    address = lab.host()
    run = lab.divvy(f"{address}:1", "--", *gate.command, tasks=range(2))
    gate.came(1)
    os.kill(lab.runs("--slots=1"), signal.SIGTERM)
    gate.open()
    assert run.status() == 255
    assert f"divvy: {address} is left out: its worker has left" in run.err


def test_behind_a_line_that_is_cut_everything_ends_and_the_batch_goes_on(lab):
    impatient = bin_with(lab, 'case $1 in --at) exec "$W" --lost-after 15 "$@";; esac; exec "$W" "$@"')
    near, far = lab.host(), lab.host()
    begun = lab.pipeline.file("begun")  # at the far one
    command = f"if [ $DIVVY_WORKER = {far} ]; then : > {begun}; exec sleep 100000; fi; until [ -e {begun} ]; do sleep 0.05; done; echo {{}}"
    run = lab.divvy(f"{near}:1,{far}:1", "-k", "--", "sh", "-c", command,
                    tasks=range(5), bin=impatient, ssh=lab.ssh("-o", "ServerAliveInterval=1", "-o", "ServerAliveCountMax=3", "-o", "ConnectTimeout=1000"))
    eventually(begun.exists, "a task at the far one")
    lab.network.link(lab.space(far), "down")
    assert run.status() == 0, run.err
    assert run.out == "".join(f"{task}\n" for task in range(5))
    lab.wait_until_nothing_runs()


# --- the worker's side


@pytest.fixture
def key(pipeline):
    path = pipeline.file("key")
    subprocess.run([BIN / "ventilator", "--make-key", path], check=True)
    return path.read_bytes()


def worker_on_a_line(pipeline, first, *options):
    reader, writer = os.pipe()
    worker = pipeline.start(BIN / "worker", "-v", *pipeline.at, "--key", "-", *options, stdin=reader)
    os.close(reader)
    os.write(writer, first)
    worker.says("listens on")
    return worker, writer


def test_a_worker_leaves_when_its_line_ends(pipeline, key):
    worker, line = worker_on_a_line(pipeline, key)
    os.close(line)
    assert worker.status() == 0


def test_a_worker_leaves_when_its_line_falls_silent(pipeline, key):
    worker, line = worker_on_a_line(pipeline, key + b"\n", "--lost-after", "0.5")
    assert worker.status() == 0
    os.close(line)


@pytest.mark.parametrize("says", [b"", b"\np"], ids=["nothing", "it-pauses"])
def test_a_worker_stays_whose_line_is_silent_from_the_beginning_or_for_a_pause(pipeline, key, says):
    worker, line = worker_on_a_line(pipeline, key + says, "--lost-after", "0.1")
    worker.says("waiting for a ventilator")  # after two seconds
    assert worker.popen.poll() is None
    os.close(line)
    assert worker.status() == 0


def test_half_a_key_is_none(pipeline, key):
    reader, writer = os.pipe()
    os.write(writer, key[:20])
    os.close(writer)
    worker = pipeline.start(BIN / "worker", *pipeline.at, "--key", "-", stdin=reader)
    os.close(reader)
    assert worker.status() == 255
    assert "it is no key file" in worker.err
