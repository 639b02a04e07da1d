"""Pieces of the input, each a task on standard input: --block."""
import os
import random
import re
import subprocess
import sys

import pytest

from pipeline import BIN, EXAMPLES, refused

LINES = "".join(f"{number}\n" for number in range(1, 20_001))


@pytest.fixture
def lines(tmp_path):
    path = tmp_path / "lines.txt"
    path.write_text(LINES)
    return path


# --- what a piece is

@pytest.mark.parametrize("way", ["a file", "standard input", "a pipe"])
def test_pieces_are_whole_lines_and_together_the_input(divvy, lines, way):
    with open(lines) as file:
        source = {"a file": {}, "standard input": {"stdin": file}, "a pipe": {"stdin": subprocess.PIPE}}[way]
        run = divvy("-kq", "-j3", "--block", "4k", *([lines] if way == "a file" else []), "--", "wc", "-c", **source)
        assert run.end(LINES if way == "a pipe" else None) == 0
    assert sum(map(int, run.out.split())) == len(LINES)
    assert all(0 < int(size) <= 4096 for size in run.out.split())
    assert len(run.out.split()) < len(LINES) / 4096 + 2


def test_with_keep_order_the_outputs_are_in_the_order_of_the_input(divvy, lines):
    run = divvy("-kq", "-j4", "--block", "1k", lines, "--", "cat")
    assert run.end() == 0
    assert run.out == LINES


@pytest.mark.parametrize("given, size, expected", [
    ("a\nlonger\nb\n", "4", ["a\n", "longer\n", "b\n"]), ("aa\nbb", "3", ["aa\n", "bb"]), ("aa\nbb", "100", ["aa\nbb"]),
    ("\n\n\n", "1", ["\n", "\n", "\n"]), ("", "1k", []),
], ids=["a longer line", "no newline at the end", "all in one", "empty lines", "nothing"])
@pytest.mark.parametrize("way", ["file", "pipe"])
def test_a_piece_is_as_many_whole_lines_as_have_room(divvy, tmp_path, given, size, expected, way):
    (tmp_path / "input").write_text(given)
    files = [tmp_path / "input"] if way == "file" else []
    run = divvy("-kq", "--block", size, *files, "--", "sh", "-c", "cat; printf '|'", stdin=subprocess.PIPE)
    assert run.end(given) == 0
    assert run.out.split("|") == [*expected, ""]


def test_with_null_a_piece_ends_after_a_nul(divvy):
    run = divvy("-kq0", "--block", "5", "--", "sh", "-c", "tr '\\0' .; echo", stdin=subprocess.PIPE)
    assert run.end("a\nb\0c\nd\0") == 0
    assert run.out == "a\nb.\nc\nd.\n"


def test_no_piece_is_of_two_files(divvy, tmp_path):
    paths = [tmp_path / name for name in ("one", "none", "two")]
    for path, text in zip(paths, ("1\n2", "", "3\n")):
        path.write_text(text)
    run = divvy("-kq", "--block", "1k", *paths, "--", "sh", "-c", "cat; printf '|'")
    assert run.end() == 0
    assert run.out == "1\n2|3\n|"


def test_what_was_read_of_standard_input_before_is_in_no_piece(lines):
    script = f"read -r first; '{BIN}/divvy' -kq --block 1k -- cat; cat"
    done = subprocess.run(["bash", "-c", script], stdin=open(lines), capture_output=True, text=True, timeout=60)
    assert done.stdout == LINES[2:]


def test_sums_over_the_pieces_are_those_of_the_whole(divvy, tmp_path):
    """50 MB of lines of all lengths, some longer than a piece."""
    source = random.Random(1)
    path = tmp_path / "large"
    lengths = [source.choice((1, 10, 80, 1000)) for _ in range(180_000)] + [3_000_000]
    with open(path, "wb") as file:
        for length in lengths:
            file.write(b"x" * length + b"\n")
    for stdin in (None, subprocess.PIPE):
        files = [path] if stdin is None else []
        run = divvy("-q", "-j2", "--block", "1m", *files, "--", "wc", "-lc", stdin=stdin or subprocess.DEVNULL)
        if stdin:
            with open(path) as file:
                for block in iter(lambda: file.read(1 << 20), ""):
                    run.process.stdin.write(block)
                run.process.stdin.close()
                run.process.stdin = None
        assert run.end() == 0
        counts = [tuple(map(int, line.split())) for line in run.out.splitlines()]
        assert sum(count for count, _ in counts) == len(lengths)
        assert sum(size for _, size in counts) == path.stat().st_size


# --- how the command is given it

def test_nothing_is_appended_to_the_command_and_placeholders_are_of_the_piece(divvy, lines):
    run = divvy("-kq", "-j1", "--block", "60k", lines, "--", "sh", "-c", 'echo "$#:$1:$2:$3"; cat >/dev/null', "sh", "{#}", "{%}", "{}")
    assert run.end() == 0
    first, second = run.out.splitlines()
    assert re.fullmatch(rf"3:1:1:{re.escape(str(lines))} 0\+614\d\d [0-9a-f]{{16}}", first)
    assert re.fullmatch(rf"3:2:1:{re.escape(str(lines))} 614\d\d\+\d+ [0-9a-f]{{16}}", second)
    run = divvy("-kq", "--block", "60k", lines, "--", "sh", "-c", 'echo "$#" "$DIVVY_TASK"')
    assert run.end() == 0
    assert run.out.splitlines()[0] == "0 " + first.removeprefix("3:1:1:")


def test_a_command_need_not_read_its_piece(divvy):
    run = divvy("-q", "--block", "1m", "--", "true", stdin=subprocess.PIPE)
    assert run.end(LINES * 20) == 0


def test_a_piece_that_failed_is_tried_again_with_the_same_bytes(divvy, lines, tmp_path):
    script = f'cat; [ "$DIVVY_ATTEMPT" = 2 ]'
    for stdin in (subprocess.DEVNULL, subprocess.PIPE):
        files = [lines] if stdin == subprocess.DEVNULL else []
        run = divvy("-kq", "--retries", "1", "--block", "30k", *files, "--", "sh", "-c", script, stdin=stdin)
        assert run.end(LINES if stdin == subprocess.PIPE else None) == 0
        assert run.out == LINES


def test_a_file_that_becomes_shorter_fails_the_pieces_that_are_gone_and_says_so(divvy, lines):
    script = f'cat >/dev/null; [ "$1" != 1 ] || truncate -s 100 "{lines}"'
    run = divvy("-k", "-j1", "--block", "60k", lines, "--", "sh", "-c", script, "sh", "{#}")
    assert run.end() == 1
    assert f"{lines} has become shorter since the batch was begun" in run.err


def test_a_dry_run_shows_where_each_piece_is(divvy, tmp_path):
    (tmp_path / "a b").write_text("1\n2\n")
    run = divvy("--dry-run", "--block", "2", tmp_path / "a b", "--", "wc", "-l")
    assert run.end() == 0
    assert run.out == "".join(f"tail -c +{at} '{tmp_path}/a b' | head -c 2 | wc -l\n" for at in (1, 3))
    assert subprocess.run(["sh", "-c", run.out], capture_output=True, text=True).stdout.split() == ["1", "1"]
    run = divvy("--dry-run", "--block", "2", "--", "wc", "-l", stdin=subprocess.PIPE)
    assert run.end("1\n2\n") == 0
    assert re.fullmatch(r"(wc -l  # on standard input: - \d\+2 [0-9a-f]{16}\n){2}", run.out)


# --- over tcp, and other workers

def test_over_tcp_the_pieces_bring_their_bytes(pipeline, lines):
    pipeline.use_tcp()
    sink = pipeline.sink("-k")
    ventilator = pipeline.ventilator("--block", "10k", lines)
    pipeline.workers(2, command=("cat",))
    assert (ventilator.status(), sink.status()) == (0, 0)
    assert sink.out == LINES


@pytest.mark.parametrize("way", ["file", "pipe"])
@pytest.mark.parametrize("worker", ["C++", "Python"])
def test_a_function_is_given_the_bytes_of_the_piece(pipeline, lines, way, worker):
    """They are the path of a file, whose words it counts."""
    sink = pipeline.sink("--tag")
    path = os.fsencode(lines)
    if way == "pipe":
        read, write = os.pipe()
        os.write(write, path)
        os.close(write)
        with open(read, "rb") as pipe:
            ventilator = pipeline.ventilator("--block", "20k", stdin=pipe)
    else:
        ventilator = pipeline.ventilator("--block", "20k", tasks=path)
    address = pipeline.endpoints["feedback"].removesuffix("/feedback")
    program = [BIN / "count_words"] if worker == "C++" else [sys.executable, EXAMPLES / "python" / "count_words.py"]
    pipeline.start(*program, address)
    assert (ventilator.status(), sink.status()) == (0, 0)
    assert re.fullmatch(rf"- 0\+{len(path)} [0-9a-f]{{16}}\t20000 {re.escape(str(lines))}\n", sink.out)


def test_a_filter_fails_pieces_and_says_why(pipeline, lines):
    sink, ventilator = pipeline.batch(None, command=("cat",), worker=("--filter",), ventilator=("--block", "50k", lines))
    assert ventilator.status() == 3
    assert "a filter answers lines, and is given no pieces of the input" in sink.err


def test_a_worker_without_a_command_fails_pieces_and_says_why(pipeline, lines):
    sink, ventilator = pipeline.batch(None, ventilator=("--block", "1m", lines))
    assert ventilator.status() == 1
    assert "pieces of the input are for a command" in sink.err


# --- misuse

@pytest.mark.parametrize("given, why", [
    (["--filter", "--", "cat"], "a filter is given line after line anyway; leave --block or --filter out"),
    (["--colsep", ",", "--", "cat"], "a piece has no columns; leave --block or --colsep out"),
    (["--random", "3", "--", "cat"], "--block cuts FILEs or standard input; leave it out, or --random or :::"),
    ([], "--block is for a command; add -- COMMAND [ARG...], or -c SCRIPT"),
])
def test_what_does_not_go_with_blocks_is_refused_with_a_reason(divvy, given, why):
    run = divvy("--block", "1m", *given)
    assert run.end() == 255
    assert run.err == f"divvy: {why}\n"


def test_the_ventilator_refuses_blocks_of_random_and_plain_tasks(pipeline):
    assert "leave it out, or --random" in refused(pipeline, "ventilator", *pipeline.at, "--block", "1m", "--random", "3")
    assert "--classic" in refused(pipeline, "ventilator", *pipeline.at, "--block", "1m", "--classic", "x")


def test_a_piece_that_cannot_travel_is_refused_with_the_limit(divvy):
    run = divvy("-q", "--block", "200m", "--", "cat", stdin=subprocess.PIPE)
    assert run.end("1\n") == 255
    assert "pieces of standard input have to travel, with up to 128m each" in run.err
