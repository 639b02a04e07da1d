"""The worker of examples/python as a program: it runs a command for each task, or sleeps, as the real one does."""
import argparse
import os
import subprocess
import time
from functools import partial

import protocol
from divvy_worker import Fields, Worker


def execute(command, text):
    words = [os.fsencode(word).replace(b"{}", text) for word in command]
    if not any("{}" in word for word in command):
        words.append(text)
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, start_new_session=True)
    outcome = protocol.EXITED if done.returncode >= 0 else protocol.SIGNALLED
    return Fields(outcome=outcome, status=abs(done.returncode), output=done.stdout, errors=done.stderr)


def sleep(text):
    if not text.isdigit():
        raise ValueError(f"'{text.decode(errors='replace')}' is no number of milliseconds")
    time.sleep(int(text) / 1000)
    return Fields(outcome=protocol.SLEPT)


def main():
    parser = argparse.ArgumentParser()
    for endpoint in ("--tasks", "--results", "--feedback"):
        parser.add_argument(endpoint, required=endpoint != "--tasks")
    parser.add_argument("--slots", type=int, default=1)
    parser.add_argument("command", nargs="*")
    options = vars(parser.parse_args())
    command = options.pop("command")
    Worker(partial(execute, command) if command else sleep, workloads=not command, **options).run()


main()
