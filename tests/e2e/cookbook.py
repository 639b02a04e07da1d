"""The recipes of docs/cookbook.md, cooked as they stand there: each in a kitchen of its own."""
import os
import re
import signal
import subprocess
import sys
import uuid

from launcher import alive_with
from pipeline import DEADLINE, HERE, eventually

ROOT = HERE.parents[1]
PAGE = (ROOT / "docs" / "cookbook.md").read_text()

# Runs each block that it is told the file of, and notes its status beside it.
SHELL = 'while read -r block <&"$CONTROL"; do . "$block"; echo $? > "$block.status"; done'


def recipes():
    """The titles of the page's recipes."""
    return re.findall("^## (.*)$", PAGE, re.MULTILINE)


def blocks(title, language="sh"):
    """What is to be typed for a recipe, block by block."""
    section = re.search(rf"^## {re.escape(title)}$(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)[1]
    return re.findall(rf"^```{language}\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)


class Shell:
    """A shell that somebody types blocks into. What it starts in the background stays until the kitchen closes."""

    def __init__(self, kitchen, stdin):
        self.kitchen, self.typed = kitchen, 0
        self.name = f"shell-{len(kitchen.shells) + 1}"
        self.paths = {stream: kitchen.notes / f"{self.name}.{stream}" for stream in ("out", "err")}
        control, self.control = os.pipe()
        with open(self.paths["out"], "wb") as out, open(self.paths["err"], "wb") as err:
            self.process = subprocess.Popen([*kitchen.enter, "bash", "-c", SHELL], stdin=stdin, stdout=out, stderr=err, cwd=kitchen.folder,
                                            env={**kitchen.env, "CONTROL": str(control)}, pass_fds=[control], start_new_session=True)
        os.close(control)

    @property
    def out(self):
        return self.paths["out"].read_text()

    @property
    def err(self):
        return self.paths["err"].read_text()

    def type(self, block):
        """Begins with a block; its ended() tells when it has ended."""
        self.typed += 1
        path = self.kitchen.notes / f"{self.name}-{self.typed}"
        path.write_text(block)
        os.write(self.control, f"{path}\n".encode())
        return Typed(self, path)

    def run(self, block):
        """The status of its last command."""
        return self.type(block).status()


class Typed:
    def __init__(self, shell, path):
        self.shell, self.path = shell, path

    def ended(self):
        note = self.path.with_suffix(".status")
        return note.exists() and note.read_text().endswith("\n")

    def status(self, deadline=DEADLINE):
        eventually(lambda: self.ended() or self.shell.process.poll() is not None, f"the end of\n{self.path.read_text()}", deadline)
        return int(self.path.with_suffix(".status").read_text())


class Kitchen:
    """A fresh directory and a PATH with divvy on it."""

    def __init__(self, folder, prefix):
        self.folder, self.notes = folder / "here", folder / "notes"
        bin = folder / "bin"
        for path in (self.folder, self.notes, bin):
            path.mkdir()
        (bin / "python3").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')  # this one has pyzmq
        (bin / "python3").chmod(0o755)
        self.mark = f"DIVVY_TEST_MARK={uuid.uuid4().hex}"
        name, value = self.mark.split("=")
        self.env = {**os.environ, "PATH": f"{prefix / 'bin'}:{bin}:{os.environ['PATH']}", "PREFIX": str(prefix), name: value, "LC_ALL": "C.UTF-8"}
        self.env.pop("DIVVY_BIN", None)
        self.enter, self.shells = [], []

    def use_a_network_of_its_own(self):
        """So that ports which are written on the page are free. Returns why not, if that cannot be."""
        hold = "ip link set lo up && echo up && exec sleep 1000"
        try:
            holder = subprocess.Popen(["unshare", "--net", "--map-root-user", "sh", "-c", hold], env=self.env,
                                      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        except OSError as error:
            return str(error)
        if holder.stdout.readline() != "up\n":
            return holder.communicate(timeout=DEADLINE)[1]
        self.enter = ["nsenter", "--target", str(holder.pid), "--user", "--net", "--preserve-credentials"]
        return ""

    def shell(self, stdin=subprocess.DEVNULL):
        self.shells.append(Shell(self, stdin))
        return self.shells[-1]

    def cook(self, title):
        """All blocks of a recipe in one shell, one after the other. All have to succeed."""
        shell = self.shell()
        for block in blocks(title):
            assert shell.run(block) == 0, f"{block}\n{shell.err}"
        return shell

    def file(self, name, content=""):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        return path

    def read(self, name):
        path = self.folder / name
        return path.read_text() if path.exists() else ""

    def alive(self):
        return alive_with(self.mark)

    def close(self):
        """Ends what still runs, each by its process id."""
        for shell in self.shells:
            os.close(shell.control)
            print(f"--- {shell.name}\n{shell.out[-2000:]}\n{shell.err[-4000:]}")
        for number in (signal.SIGTERM, signal.SIGKILL):
            for pid in self.alive():
                try:
                    os.kill(pid, number)
                except ProcessLookupError:
                    pass  # it has just ended
            if number == signal.SIGTERM:
                wait_a_little_for(lambda: not self.alive())
        eventually(lambda: not self.alive(), f"{self.alive()} to end")
        for shell in self.shells:
            shell.process.wait(DEADLINE)


def wait_a_little_for(condition):
    try:
        eventually(condition, "a graceful end", deadline=5)
    except AssertionError:
        pass
