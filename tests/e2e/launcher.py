"""The launcher, divvy, with stand-ins for the three programs or with the real ones."""
import fcntl
import os
import pty
import signal
import subprocess
import tempfile
import termios
import uuid
from pathlib import Path

import pytest

from pipeline import BIN, DEADLINE, HERE, eventually

LAUNCHER = BIN / "divvy"
SHIM = HERE.parents[1] / "scripts" / "divvy"

# Notes its arguments in a file with its process id, then does what the test wants of it. `idle`
# blocks without a child process, until the test says go. A signal that comes just before it blocks
# does not wake it: its trap has its turn a second later.
STAND_IN = """#!/bin/bash
name=${0##*/}
idle() {
  local go
  exec {go}<>"$PLAY/$name.go"
  until read -r -t 1 -u $go _; do :; done
  exec {go}<&-
}
ends() { echo "$1" >>"$PLAY/ends"; }
printf '%s\\n' "$@" END >"$PLAY/$name.$$.args"
. "$PLAY/$name.part"
"""

class Run:
    """One run of the launcher. All that descends from it is known by a mark in its environment."""

    def __init__(self, arguments, env, **options):
        self.mark = f"DIVVY_TEST_MARK={uuid.uuid4().hex}"
        name, value = self.mark.split("=")
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE,
                   "stderr": subprocess.PIPE, "text": True, **options}
        self.process = subprocess.Popen([LAUNCHER, *arguments],
                                        env={**os.environ, **env, name: value}, **options)

    def kill(self):
        for pid in self.alive():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass  # it has just ended

    def end(self, text=None):
        """Waits for the end; returns the status. Nothing that was started may be alive then."""
        self.out, self.err = self.process.communicate(text, timeout=DEADLINE)
        assert self.alive() == {}
        return self.process.returncode

    def wait_until_gone(self):
        eventually(lambda: self.alive() == {}, f"{self.alive()} to end")

    def alive(self):
        return alive_with(self.mark)


def alive_with(mark):
    """The command line of each process that has this mark in its environment, by process id."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (entry / "environ").read_bytes().split(b"\0"):
                found[int(entry.name)] = (entry / "cmdline").read_bytes()
        except OSError:
            pass  # it has just ended, or is not ours
    return found


class Play:
    """The stand-ins' stage: which part each plays, and what was seen of it."""

    def __init__(self, stage, tmp):
        self.stage = stage
        self.tmp = tmp
        self.bin = stage / "bin"
        self.bin.mkdir()
        for name in ("sink", "ventilator", "worker"):
            (self.bin / name).write_text(STAND_IN)
            (self.bin / name).chmod(0o755)
            os.mkfifo(stage / f"{name}.go")
        self.runs = []
        # The batch ends when there is a worker, unless the ventilator is killed while it is told.
        self.part(sink="exit 0", ventilator="idle", worker='{ echo >"$PLAY/ventilator.go"; } 2>/dev/null; idle')

    def part(self, **parts):
        for name, script in parts.items():
            (self.stage / f"{name}.part").write_text(script)

    def start(self, *arguments, **options):
        env = {"DIVVY_BIN": str(self.bin), "PLAY": str(self.stage), "TMPDIR": str(self.tmp)}
        self.runs.append(Run(arguments, env, **options))
        return self.runs[-1]

    def run(self, *arguments, **options):
        run = self.start(*arguments, **options)
        run.end()
        assert list(self.tmp.iterdir()) == []
        return run

    def go(self, name):
        def written():
            try:
                fifo = os.open(self.stage / f"{name}.go", os.O_WRONLY | os.O_NONBLOCK)
            except OSError:
                return False  # nobody reads it yet
            os.write(fifo, b"go\n")
            os.close(fifo)
            return True

        eventually(written, f"{name} to listen")

    def wait_for(self, **counts):
        """Waits until so many of each have started."""
        eventually(lambda: all(len(self.seen(name)) == count for name, count in counts.items()), f"{counts}")

    def wait_for_note(self, name):
        eventually(lambda: self.note(name), f"$PLAY/{name}")

    def note(self, name):
        """What the parts wrote to $PLAY/NAME so far, as words."""
        path = self.stage / name
        return path.read_text().split() if path.exists() else []

    def seen(self, name):
        """The arguments of each process that ran as `name`, by process id."""
        found = {}
        for path in self.stage.glob(f"{name}.*.args"):
            *arguments, end = path.read_text().splitlines() or [""]
            if end == "END":  # or else it is still writing
                found[int(path.name.split(".")[1])] = arguments
        return found

    def arguments(self, name):
        """The arguments of the one that ran as `name`, without where to meet and a worker's slots."""
        (seen,) = self.seen(name).values()
        assert seen[0] == "--at" and seen[1].startswith("ipc:///")
        return [word for word in seen[2:] if not (name == "worker" and word in ("--slots=1", "--first-slot=1"))]


@pytest.fixture
def play(tmp_path):
    # pytest's own path may be too long for a socket's
    with tempfile.TemporaryDirectory(prefix="divvy-test-", dir="/tmp") as tmp:
        play = Play(tmp_path, Path(tmp))
        yield play
        for run in play.runs:
            run.kill()


@pytest.fixture
def divvy():
    """Starts the launcher with the real programs."""
    runs = []

    def start(*arguments, **options):
        runs.append(Run(arguments, {"DIVVY_BIN": str(BIN)}, **options))
        return runs[-1]

    yield start
    for run in runs:
        run.kill()


class Terminal:
    """A terminal of the launcher's own, which its Ctrl-C and its hang-up come from."""

    def __init__(self):
        self.keyboard, self.line = pty.openpty()
        self.ends = [self.keyboard, self.line]
        self.options = {"stdin": self.line, "start_new_session": True,
                        "preexec_fn": lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0)}

    def type(self, text):
        os.write(self.keyboard, text)

    def close(self):
        """To be called as often as you like: what has these numbers later is not ours."""
        while self.ends:
            os.close(self.ends.pop())


@pytest.fixture
def terminal():
    terminal = Terminal()
    yield terminal
    terminal.close()
