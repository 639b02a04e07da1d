"""docs/cookbook.md promises nothing that it does not keep: each recipe is run as it stands there."""
import csv
import hashlib
import json
import os
import pty
import re
import shutil
import signal
import sqlite3
import subprocess

import pytest

import cookbook
from cookbook import Kitchen, blocks
from pipeline import BIN, DEADLINE, eventually, marks
from test_limits import sanitized


@pytest.fixture(scope="session")
def prefix(tmp_path_factory):
    """Where divvy is installed."""
    prefix = tmp_path_factory.mktemp("prefix")
    done = subprocess.run(["cmake", "--install", BIN, "--prefix", prefix], capture_output=True, text=True, timeout=DEADLINE)
    assert done.returncode == 0, done.stderr
    return prefix


@pytest.fixture
def kitchen(tmp_path, prefix):
    kitchen = Kitchen(tmp_path, prefix)
    yield kitchen
    kitchen.close()


@pytest.fixture
def own_network(kitchen):
    why_not = kitchen.use_a_network_of_its_own()
    if why_not:
        pytest.skip(f"no network namespace can be made here: {why_not}")


def test_checksums_of_a_tree_are_those_that_sha256sum_writes_in_the_same_order(kitchen):
    names = ["tree/b", "tree/a b", "tree/deep/er/c", "tree/new\nline", *(f"tree/many/{number}" for number in range(50))]
    for name in names:
        kitchen.file(name, name * 100)
    kitchen.cook("Checksums of a tree")
    sums = [line.removeprefix("\\")[:64] for line in kitchen.read("SHA256SUMS").splitlines()]
    assert sums == [hashlib.sha256((name * 100).encode()).hexdigest() for name in sorted(names)]


def test_a_changed_file_is_found_by_its_checksum(kitchen):
    changed = kitchen.file("tree/a", "before")
    shell = kitchen.cook("Checksums of a tree")
    changed.write_text("after")
    assert shell.run(blocks("Checksums of a tree")[0].splitlines()[-1]) != 0
    assert "tree/a: FAILED" in shell.out


@pytest.fixture
def photos(kitchen):
    if not shutil.which("convert"):
        pytest.skip("ImageMagick's convert is not installed")
    kitchen.file("photos/deep/empty")
    for name, size in {"wide": "640x320", "deep/high": "300x600", "with blanks": "400x400"}.items():
        subprocess.run(["convert", "-size", size, "xc:green", kitchen.folder / f"photos/{name}.jpg"], check=True, timeout=DEADLINE)


def size_of(picture):
    words = ["identify", "-format", "%m %w %h", picture]
    return subprocess.run(words, check=True, capture_output=True, text=True, timeout=DEADLINE).stdout


def test_each_photo_has_its_thumbnail(kitchen, photos):
    kitchen.cook("Thumbnails")
    thumbs = {path.name: size_of(path) for path in (kitchen.folder / "thumbs").iterdir()}
    assert thumbs == {"wide.png": "PNG 200 100", "high.png": "PNG 100 200", "with blanks.png": "PNG 200 200"}


def test_a_damaged_photo_is_named_and_costs_none_of_the_others(kitchen, photos):
    kitchen.file("photos/broken.jpg", "no picture")
    shell = kitchen.shell()
    assert shell.run(*blocks("Thumbnails")) == 1
    assert re.search("failed, exit status 1, .*photos/broken.jpg", shell.err)
    assert len(list((kitchen.folder / "thumbs").iterdir())) == 3


def test_each_log_file_has_its_figure_and_the_worst_come_first(kitchen):
    errors = {"logs/a.log": 3, "logs/b.log": 0, "logs/deep/c.log": 12, "logs/d.log": 7}
    for name, count in errors.items():
        kitchen.file(name, "10:01 INFO no ERRORS here\n" * 5 + "10:02 ERROR disk on fire\n" * count)
    shell = kitchen.cook("A figure from each log file")
    assert kitchen.read("errors.tsv") == "".join(f"{name}\t{errors[name]}\n" for name in sorted(errors))
    assert shell.out == "logs/deep/c.log\t12\nlogs/d.log\t7\nlogs/a.log\t3\n"


def test_a_sweep_makes_a_table_with_a_row_for_each_combination_in_their_order(kitchen):
    kitchen.cook("A parameter sweep into a table")
    rows = list(csv.DictReader(kitchen.read("results.csv").splitlines()))
    assert [(row["rate"], row["steps"]) for row in rows] == \
        [(rate, steps) for rate in ("0.1", "0.2", "0.4") for steps in ("10", "20", "30", "40")]
    for row in rows:
        assert float(row["x"]) == pytest.approx((1 - 2 * float(row["rate"])) ** int(row["steps"]), rel=1e-4)


def recorded(journal):
    """How many results are in it."""
    if not journal.exists():
        return 0
    try:
        with sqlite3.connect(f"file:{journal}?mode=ro", uri=True, timeout=DEADLINE) as database:
            return database.execute("SELECT count(*) FROM result").fetchone()[0]
    except sqlite3.OperationalError:
        return 0  # no tables yet


def divvy_of(kitchen):
    """The process id of the launcher that runs there."""
    pids = [pid for pid, words in kitchen.alive().items() if words.split(b"\0")[0] in (b"divvy", os.fsencode(f"{kitchen.env['PREFIX']}/bin/divvy"))]
    return min(pids, default=None)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "stopped"])
def test_a_thousand_commands_are_gone_on_with_and_none_that_is_recorded_runs_again(kitchen, number):
    make, run, look = blocks("A thousand commands that can be gone on with")
    shell, journal = kitchen.shell(), kitchen.folder / "squares.db"
    assert shell.run(make) == 0
    first = shell.type(run)
    eventually(lambda: recorded(journal) > 100, "the first results")
    os.kill(divvy_of(kitchen), number)
    assert first.status() != 0
    before = recorded(journal)
    assert before < 1000

    assert shell.run(run) == 0
    restored = int(re.search(r"going on: (\d+) tasks are recorded", shell.err)[1])
    assert before <= restored < 1000
    assert shell.run(look) == 0
    assert kitchen.read("squares.txt") == "".join(f"the square of {n} is {n * n}\n" for n in range(1, 1001))


UPLOAD = """#!/bin/sh
echo "$1" >> tries
[ "$1" = flaky ] && [ "$(grep -c flaky tries)" -lt 3 ] && exit 7
[ "$1" = hopeless ] && [ ! -e mended ] && { echo 'no such host' >&2; exit 5; }
echo "uploaded $1"
"""


def test_flaky_commands_are_tried_again_and_the_hopeless_ones_when_the_reason_is_gone(kitchen):
    run, why, again = blocks("Commands that fail now and then")
    kitchen.file("upload", UPLOAD).chmod(0o755)
    kitchen.file("files.txt", "good\nflaky\nhopeless\nfine\n")
    shell = kitchen.shell()

    assert shell.run(run) == 1
    assert sorted(shell.out.splitlines()) == ["uploaded fine", "uploaded flaky", "uploaded good"]
    assert re.search("failed, exit status 5, .*hopeless", shell.err)
    assert sorted(kitchen.read("tries").split()) == ["fine"] + ["flaky"] * 3 + ["good"] + ["hopeless"] * 3
    assert shell.run(why) == 0
    assert shell.out.endswith("hopeless|5|no such host\n\n")

    kitchen.file("mended")
    kitchen.file("tries")
    assert shell.run(again) == 0
    assert kitchen.read("tries") == "hopeless\n"
    assert shell.out.endswith("uploaded hopeless\n")


def test_a_queue_is_served_line_by_line_as_it_grows(kitchen):
    serve, grow, stop = blocks("A queue that grows")
    shell = kitchen.shell()
    assert shell.run(serve) == 0
    assert shell.run(grow) == 0
    eventually(lambda: sorted(kitchen.read("done.txt").splitlines()) == ["did sweep the floor", "did water the flowers"], "both lines")
    shell.run("echo '$(touch harm); touch harm' >> queue")
    eventually(lambda: "did $(touch harm); touch harm\n" in kitchen.read("done.txt"), "the third line")
    shell.run(stop)
    assert len(kitchen.read("done.txt").splitlines()) == 3
    assert not (kitchen.folder / "harm").exists()


@pytest.mark.skipif(not shutil.which("jq"), reason="jq is not installed")
def test_each_json_line_has_its_short_one_in_the_same_order(kitchen):
    users = ["ann", None, "bob \"the\" builder", "\u00e4"]
    events = [dict(user=users[number % 4], seconds=number, other=[1, 2]) for number in range(1000)]
    kitchen.file("events.jsonl", "".join(json.dumps(event) + "\n" for event in events))
    kitchen.cook("Lines through jq")
    short = [json.loads(line) for line in kitchen.read("short.jsonl").splitlines()]
    assert short == [dict(user=event["user"] or "nobody", msec=event["seconds"] * 1000) for event in events]


MODEL = "Scores from a model that takes seconds to load"
NOTE_START = "open('loaded', 'a').write('x')\n"
CRASH = "    if 'crash' in line: sys.exit(3)\n"


def test_each_line_has_its_score_and_the_model_is_loaded_once_a_slot(kitchen):
    kitchen.file("score.py", NOTE_START + blocks(MODEL, "python")[0])
    kitchen.file("lines.txt", "".join("word " * (number % 7 + 1) + f"{number}\n" for number in range(500)))
    kitchen.cook(MODEL)
    assert kitchen.read("scores.tsv") == "".join(f"{number % 7 + 2}\t" + "word " * (number % 7 + 1) + f"{number}\n" for number in range(500))
    assert 1 <= len(kitchen.read("loaded")) <= 2


def test_a_line_at_which_the_model_crashes_costs_no_other_its_score(kitchen):
    kitchen.file("score.py", blocks(MODEL, "python")[0].replace("time.sleep(2)", "pass").replace("    score =", f"{CRASH}    score ="))
    kitchen.file("lines.txt", "".join(f"{number}\n" for number in range(50)) + "crash\n" + "after\n" * 50)
    shell = kitchen.shell()
    assert shell.run(*blocks(MODEL)) == 1
    assert re.search("task 51 failed, exit status 3, .*: crash", shell.err)
    assert kitchen.read("scores.tsv") == "".join(f"1\t{number}\n" for number in range(50)) + "1\tafter\n" * 50


@pytest.fixture
def texts(kitchen):
    """Some texts, and how many words are in them."""
    (kitchen.folder / "examples").symlink_to(cookbook.ROOT / "examples")
    words = {"texts/a.txt": 0, "texts/b c.txt": 4, "texts/deep/d.txt": 200}
    for name, count in words.items():
        kitchen.file(name, "two words\n" * (count // 2))
    return "".join(f"{count} {name}\n" for name, count in words.items())


def test_workers_of_ones_own_in_python_do_a_batch_and_stay_for_the_next(kitchen, own_network, texts):
    batch, end = blocks("A worker of your own in Python")
    shell = kitchen.shell()
    assert shell.run(batch) == 0
    assert kitchen.read("words.txt") == texts
    assert shell.run("kill -0 $first $second") == 0
    assert shell.run(end) == 0
    assert shell.run("wait $first; wait $second") in (0, 128 + signal.SIGTERM)  # the second may have come too late to notice


def test_a_worker_of_ones_own_in_cpp_is_built_against_what_is_installed(kitchen, own_network, texts):
    build, batch, end = blocks("A worker of your own in C++")
    if sanitized():
        kitchen.env["CXXFLAGS"] = "-fsanitize=address,undefined"  # as the library is
    shell = kitchen.shell()
    assert shell.type(build).status(deadline=300) == 0, shell.out
    assert shell.run(batch) == 0
    assert kitchen.read("words.txt") == texts
    assert shell.run(end) == 0


@pytest.mark.parametrize("title, language, file", [("A worker of your own in Python", "python", "python/count_words.py"),
                                                   ("A worker of your own in C++", "cpp", "cpp/count_words.cpp")], ids=["python", "cpp"])
def test_the_page_shows_the_example_as_it_is(title, language, file):
    shown, = blocks(title, language)
    assert shown in (cookbook.ROOT / "examples" / file).read_text()


def test_in_three_terminals_the_batch_begins_with_enter_and_ends_with_the_time(kitchen, own_network):
    keyboard, line = pty.openpty()
    ventilator, worker, sink = (kitchen.shell(stdin=line) for _ in range(3))
    typed = [shell.type(block) for shell, block in zip((ventilator, worker, sink), blocks("Three terminals, as in the guide"))]
    eventually(lambda: "Press Enter when the workers are ready: " in ventilator.out, "the prompt")
    os.write(keyboard, b"\n")
    assert (typed[0].status(), typed[2].status()) == (0, 0)

    cost, = re.findall(r"Total expected cost: (\d+) msec", ventilator.out)
    elapsed, = re.findall(r"Total elapsed time: (\d+) msec", sink.out)
    assert int(elapsed) >= int(cost)
    assert marks(sink.out) == 100
    assert not typed[1].ended()
    for end in (keyboard, line):
        os.close(end)


def test_each_recipe_of_the_page_has_its_test():
    tried = open(__file__).read()
    assert len(cookbook.recipes()) == 12
    assert [title for title in cookbook.recipes() if f'"{title}"' not in tried] == []
