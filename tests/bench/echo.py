"""A Python function that returns its task, as a line:
echo.py divvy ADDRESS    called by divvy
echo.py pool FILE        called by multiprocessing.Pool(2).imap, one line at a time"""
import multiprocessing
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "examples" / "python"))
import divvy_worker  # noqa: E402


def echo(task):
    return task + b"\n"


def pool(path):
    with multiprocessing.Pool(2) as workers, open(path, "rb") as lines:
        for output in workers.imap(echo, (line.rstrip(b"\n") for line in lines)):
            sys.stdout.buffer.write(output)


if __name__ == "__main__":
    dict(divvy=lambda address: divvy_worker.serve(echo, address), pool=pool)[sys.argv[1]](sys.argv[2])
