"""The report: a page that shows a batch, in a real browser."""
import os
import re
import sqlite3
import subprocess
from contextlib import closing

import pytest

from browser import PHONE, driver, printed, show  # noqa: F401
from journals import recorded, rows
from launcher import LAUNCHER
from pipeline import DEADLINE, eventually

pytestmark = pytest.mark.skipif(
    b"built without" in subprocess.run([LAUNCHER, "report"], capture_output=True).stderr, reason="this build makes no reports")

# Fails on 3 at first and on 5 always, says so, and takes some memory.
COMMAND = ("sh", "-c", 'echo "line of $DIVVY_ID" >&2; [ "$DIVVY_ID" != 5 ] && [ "$DIVVY_ID.$DIVVY_ATTEMPT" != 3.1 ] || exit 4')


@pytest.fixture
def report(pipeline):
    """Makes the page of a journal's batch; returns its path."""
    def make(journal, *name):
        page = pipeline.file("report.html")
        with open(page, "wb") as out:
            subprocess.run([LAUNCHER, "report", journal, *name], stdout=out, check=True, timeout=DEADLINE)
        return page
    return make


@pytest.fixture
def small(pipeline, journal):
    """The journal of a small batch, with a failure and another attempt."""
    texts = [f"row {i}" for i in range(1, 21)]
    pipeline.batch(texts, workers=2, command=COMMAND, sink=("--journal", journal),
                   ventilator=("--name", "small", "--retries", "1"))
    return journal


def fill(journal, count, slots=8):
    """Puts so many tasks of 8 ms into the batch of a journal, in slots that are never idle for long."""
    with closing(sqlite3.connect(journal)) as database, database:
        database.execute("DELETE FROM recorded_task")
        database.execute("DELETE FROM execution")
        database.execute("DELETE FROM superseded")
        database.execute(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1) INSERT INTO execution "
            "SELECT i, 'host:' || (1 + i % ?2 / 4), 1, 'exited', i % 1000 = 7, '', '', 1 + i % ?2, 5000000 + i % 1000 * 1000, "
            "(4096 + i % 4000 * 4) * 1024 FROM n", (count, slots))
        database.execute(
            "INSERT INTO recorded_task SELECT (SELECT id FROM batch), id, id, status = 0, "
            "1700000000000000000 + id / ?1 * 10000000 + slot * 1000, 8000000 + id % 977 * 1000, "
            "'/data/images/2024/picture-' || id || '.jpg', '' FROM execution", (slots,))


def refused(*words):
    process = subprocess.run([LAUNCHER, *words], capture_output=True, text=True, timeout=DEADLINE, stdin=subprocess.DEVNULL)
    assert process.returncode == 255
    return process.stderr


# --- it says what the journal says

def test_the_figures_on_the_page_are_the_journals(small, report, show):
    page = show(report(small, "small"))
    ((tasks, failed, elapsed, work),) = rows(
        small, "SELECT (SELECT count(*) FROM result), (SELECT count(*) FROM failed), max(ended) - min(started), "
        "sum(ended - started) FROM measured")
    totals = page.data()["totals"]
    assert (totals["recorded"], totals["failed"], totals["attempts"], totals["retried"]) == (tasks, failed, 22, 2) == (20, 1, 22, 2)
    assert totals["elapsed"] == pytest.approx(elapsed, abs=1e-5)
    assert totals["work"] == pytest.approx(work, abs=1e-5)
    headline = page.headline()
    assert (headline["Tasks"], headline["Failed"], headline["Workers"]) == ("20", "1", "2")
    assert headline["Slots busy"] == f"{work / elapsed:.1f}"
    assert page.text("h1") == "small"


def test_workers_have_the_figures_of_the_journals_view(small, report, show):
    table = show(report(small)).table("#workers")
    expected = rows(small, "SELECT worker, tasks, failed, attempts FROM workers")
    assert [(row["Worker"], int(row["Tasks"]), int(row["Failed"]), int(row["Attempts"])) for row in table] == expected


def test_each_attempt_is_in_the_table_of_the_timeline(small, report, show):
    page = show(report(small))
    page.unfold("#timeline")
    shown = {(row["Task"], row["Attempt"], row["Text"]) for row in page.table("#timeline")}
    assert shown == {(str(task), str(attempt), text) for task, attempt, text in rows(small, "SELECT task, attempt, text FROM attempts")}


def test_charts_have_their_figures_in_tables(small, report, show):
    page = show(report(small))
    for section in ("#course", "#durations", "#memory"):
        page.unfold(section)
    # The table shows some steps at a time; all are in the data that chart and table are made of.
    assert sum(page.data()["course"]["ended"]) == 22
    assert sum(int(row["Attempts"]) for row in page.table("#durations")) == 22
    assert sum(int(row["Attempts"]) for row in page.table("#memory")) == 22
    assert len(page.table("#course")) == 25


def test_failed_tasks_have_the_end_of_their_error_output(small, report, show):
    failures = show(report(small)).text("#failures")
    assert "task 5: row 5" in failures and "exit status 4" in failures and "attempt 2" in failures
    assert "line of 5" in failures


def test_attempts_that_are_no_results_are_listed(small, report, show):
    table = show(report(small)).table("#superseded")
    assert [(row["Task"], row["Attempt"], row["Ended"]) for row in table] == [("3", "1", "exit status 4"), ("5", "1", "exit status 4")]


def test_it_says_at_a_glance_what_failed_where(small, report, show):
    ((worker,),) = rows(small, "SELECT worker FROM failed")
    glance = show(report(small)).text("#glance")
    assert f"1 of 20 tasks failed: 1 on {worker}." in glance
    assert "2 attempts failed and were tried again." in glance


def test_it_says_what_the_end_waited_for(small, report, show):
    fill(small, 24)
    with closing(sqlite3.connect(small)) as database, database:
        database.execute("UPDATE recorded_task SET took = 2000000000 WHERE task = 24")
    glance = show(report(small)).text("#glance")
    assert "The end waited for task 24 (/data/images/2024/picture-24.jpg) on host:1, slot 1, which took 2.00 s; " in glance
    assert "fewer than half as many tasks ran as at most" in glance


# --- which batch

def test_without_a_name_it_is_the_batch_that_was_begun_last(pipeline, journal, report, show):
    for name in ("first", "second"):
        pipeline.batch([1], command=("true",), sink=("--journal", journal), ventilator=("--name", name))
    assert show(report(journal)).text("h1") == "second"
    assert show(report(journal, "first")).text("h1") == "first"


def test_a_name_that_is_not_there_is_answered_with_those_that_are(small):
    assert re.search(r"has no batch large; there is: small$", refused("report", small, "large").strip())


def test_a_file_that_is_no_journal_is_refused(file):
    assert "journal" in refused("report", file("notes.txt", b"no database, but some text"))
    assert "cannot read journal /nonexistent" in refused("report", "/nonexistent")
    assert "name a journal: divvy report JOURNAL" in refused("report")


def test_a_batch_that_is_under_way_has_what_is_recorded_so_far(pipeline, journal, gate, report, show):
    pipeline.sink("--journal", journal)
    pipeline.worker(command=("sh", "-c", 'n=$1; shift; [ "$n" -le 3 ] || exec "$@"', "sh", "{}", *gate.command))
    pipeline.ventilator(tasks=[1, 2, 3, 4])
    gate.came(1)
    eventually(lambda: recorded(journal) == 3, "three results")
    page = show(report(journal))
    assert page.headline()["Tasks"] == "3"
    assert "not ended when this was written" in page.text("#when")
    glance = page.text("#glance")
    assert "Of 3 tasks so far none failed." in glance and "What runs is not shown" in glance
    assert "The end waited for" not in glance
    assert not page.there("#tail")


# --- few or bad

def test_an_empty_batch_has_a_page_without_charts(divvy, show, tmp_path):
    path = tmp_path / "batch.html"
    assert divvy("--report", path, "--", "true", ":::").end() == 0
    page = show(path)
    assert page.text("#when").endswith("ended without a task")
    assert page.text("#glance") == "No task has ended."
    assert not page.there(".chart")


def test_a_batch_of_one_task_is_shown_whole(divvy, show, tmp_path):
    path = tmp_path / "batch.html"
    assert divvy("--report", path, "-c", "exit {}", ":::", "0").end() == 0
    page = show(path)
    assert page.text("#glance") == "Of 1 task none failed."
    assert page.ask("return report.marks.length") == 1
    page.hover(*page.middle_of_bar(1))
    assert not page.there("#durations")  # one attempt has no distribution


def test_a_batch_in_which_all_failed_says_so(divvy, show, tmp_path):
    path = tmp_path / "batch.html"
    assert divvy("-j", "2", "--report", path, "-c", "exit {}", ":::", *map(str, range(1, 31))).end() == 30
    page = show(path)
    assert re.search("All 30 tasks failed: [0-9]+ on ", page.text("#glance"))
    assert page.count(".failure") == 25
    page.unfold("#failures")
    assert page.count(".failure") == 30


# --- the page

def test_hovering_a_bar_tells_of_its_attempt(small, report, show):
    page = show(report(small))
    tip = page.hover(*page.middle_of_bar(5))
    assert "task 5" in tip and "row 5" in tip and "exit status 4" in tip and "MiB" in tip


def test_the_keyboard_zooms_and_moves_the_timeline(small, report, show):
    page = show(report(small))
    whole = page.window()
    page.type("#timeline-keys", "++")
    page.wait_for("const {from, to} = report.shownWindow(); return to - from < arguments[0] / 3", whole[1])
    before = page.window()
    page.type("#timeline-keys", "\ue014")  # to the right
    page.wait_for("return report.shownWindow().from > arguments[0]", before[0])
    page.type("#timeline-keys", "0")
    page.wait_for("const {from, to} = report.shownWindow(); return from === 0 && to === arguments[0]", whole[1])


def test_the_keyboard_moves_among_more_rows_than_are_shown(small, report, show):
    fill(small, 200, slots=100)
    page = show(report(small))
    assert page.ask("return report.shownWindow().lastRow") == 39
    page.type("#timeline-keys", "\ue015")  # down
    page.wait_for("return report.shownWindow().firstRow === 5")
    assert page.ask("return report.marks.some(mark => mark.row === 44) && report.marks.every(mark => mark.row >= 5)")
    page.ask("dispatchEvent(new Event('resize'))")
    page.wait_for("return report.shownWindow().firstRow === 5")


def test_the_keyboard_reaches_all_that_can_be_done_and_shows_where_it_is(small, report, show):
    page = show(report(small))
    reached = page.tab_through()
    can = page.ask("return [...document.querySelectorAll('button:enabled, input, summary, .scroll, #timeline-keys, pre[tabindex]')].length")
    assert len(reached) == can
    assert [name for name, outline in reached if not name or outline in ("none", "0px")] == []


def test_tables_open_and_turn_over_by_keyboard(small, report, show):
    page = show(report(small))
    page.type("#course summary", "\ue007")  # Enter
    page.wait_for("return document.querySelector('#course table')")
    page.type("#course button[aria-label='Next page']", " ")
    page.wait_for("return document.querySelector('#course .pager span').textContent.startsWith('26–50 of ')")
    page.type("#course th:nth-child(3) button", "\ue007")
    assert page.ask("return document.querySelector('#course th:nth-child(3)').ariaSort") == "descending"


def test_charts_have_labels(small, report, show):
    page = show(report(small))
    labels = page.ask("return [...document.querySelectorAll('.chart[role=img]')].map(chart => chart.ariaLabel)")
    assert len(labels) == 4
    assert all("the table below has" in label for label in labels)


def test_buttons_zoom_and_dragging_pans(small, report, show):
    page = show(report(small))
    page.press("#zoom button[aria-label='Zoom in']")
    page.wait_for("const {from, to} = report.shownWindow(); return to - from < report.data.totals.elapsed * 0.6")
    start, end = page.window()
    page.drag((start + end) / 2, 0, 100)
    page.wait_for("return report.shownWindow().from < arguments[0]", start)


def test_tables_can_be_sorted_and_searched(small, report, show):
    page = show(report(small))
    page.press("#slowest th:first-child button")
    tasks = [int(row["Task"]) for row in page.table("#slowest")]
    assert tasks == sorted(tasks, reverse=True)
    page.type("#slowest input", f"row {tasks[0]}")
    page.wait_for("return document.querySelectorAll('#slowest tbody tr').length === 1")
    assert page.table("#slowest")[0]["Task"] == str(tasks[0])


def test_a_table_that_is_searched_stays_sorted(small, report, show):
    page = show(report(small))
    page.press("#slowest th:first-child button")
    page.type("#slowest input", "row 1")
    page.wait_for("return !document.querySelector('#slowest .pager span').textContent.endsWith('of 20')")
    tasks = [int(row["Task"]) for row in page.table("#slowest")]
    assert tasks == sorted(tasks, reverse=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_light_or_dark_as_the_system_is(small, report, show, scheme):
    page = show(report(small), scheme=scheme)
    red = int(re.findall(r"\d+", page.ask("return getComputedStyle(document.documentElement).backgroundColor"))[0])
    assert (red > 128) == (scheme == "light")
    assert page.ask("return report.colours.ground") == page.ask("return getComputedStyle(document.documentElement).getPropertyValue('--ground').trim()")


def test_on_a_phone_nothing_is_wider_than_the_screen(small, report, show):
    page = show(report(small), size=PHONE)
    assert page.ask("return document.documentElement.scrollWidth") <= PHONE[0]


def test_on_paper_tables_are_open(small, report, show, driver):
    page = show(report(small), scheme="dark")
    with printed(driver, "dark"):
        assert page.ask("return [...document.querySelectorAll('details')].every(folded => folded.open && folded.querySelector('table'))")
        page.wait_for("return report.colours.ground === '#fff'")
    page.wait_for("return report.colours.ground === '#14171b'")


def test_it_loads_nothing(small, report, show):
    page = show(report(small))
    assert page.ask("return performance.getEntriesByType('resource').length") == 0
    assert page.ask("return document.querySelectorAll('[src], [href], iframe, object').length") == 0


# --- texts are others'

HOSTILE = [
    "<script>window.hacked = 1</script>",
    "</script><script>window.hacked = 1</script>",
    "<img src=x onerror='window.hacked = 1'>",
    "<!--<script>",
    "\"}]</style><style>*{display:none}",
    "{{data}}{{script}}",
    "\u202egnp.exe\u2066",
    "\ufeff\u200b hidden",
    "tab\there",
    "javascript:window.hacked=1",
]


def test_hostile_texts_are_shown_as_texts(pipeline, journal, report, show):
    texts = [*HOSTILE, "x" * 100_000]
    pipeline.batch(texts, command=("sh", "-c", 'cat >&2; exit 1'), worker=("--stdin",), sink=("--journal", journal),
                   ventilator=("--name", "<b>bold</b>\u202e"))
    page = show(report(journal))
    assert page.ask("return window.hacked ?? null") is None
    assert page.ask("return document.scripts.length") == 2
    assert page.text("h1") == "<b>bold</b>⟨U+202E⟩"
    named = page.ask("return [...document.querySelectorAll('.failure h3 code')].map(code => code.textContent)")
    for text in HOSTILE[:6]:
        assert text in named
    assert "⟨U+202E⟩gnp.exe⟨U+2066⟩" in named
    assert "⟨U+FEFF⟩⟨U+200B⟩ hidden" in named
    assert "tab⇥here" in named
    assert len(named[-1]) < 400 and named[-1].startswith("xxx")
    printed_errors = page.ask("return [...document.querySelectorAll('.failure pre')].map(pre => pre.textContent)")
    assert any(text.startswith(HOSTILE[0]) for text in printed_errors)
    for task in range(1, len(texts) + 1):
        page.hover(*page.middle_of_bar(task))
    assert page.ask("return window.hacked ?? null") is None
    assert page.ask("return document.querySelectorAll('.tip img, .tip script, .tip style').length") == 0


def test_names_of_a_megabyte_and_nul_do_no_harm(small, report, show):
    with closing(sqlite3.connect(small)) as database, database:
        database.execute("UPDATE recorded_task SET text = ?1 WHERE task = 1", ("y" * 2**20,))
        database.execute("UPDATE recorded_task SET text = CAST(x'61006200' AS TEXT) WHERE task = 2")
        database.execute("UPDATE recorded_task SET text = CAST(x'fffe80' AS TEXT) WHERE task = 5")
        database.execute("UPDATE execution SET worker = ?1 WHERE id = 1", ("<i>host</i>\0" + "w" * 2**20,))
        database.execute("UPDATE batch SET name = ?1", ("n" * 2**20,))
    path = report(small)
    assert path.stat().st_size < 5e6
    page = show(path, size=PHONE)
    assert page.ask("return document.documentElement.scrollWidth") <= PHONE[0]
    page.unfold("#timeline")
    assert "a⟨U+0000⟩b⟨U+0000⟩" in [row["Text"] for row in page.table("#timeline")]


# --- much

def test_a_hundred_thousand_tasks_have_a_bar_each(small, report, show):
    fill(small, 100_000)
    path = report(small)
    assert path.stat().st_size < 5e6
    page = show(path)
    assert page.headline()["Tasks"] == "100,000"
    assert page.ask("return report.bars.count") == 100_000
    assert page.ask("return report.marks.length") < 10_000  # drawn together until it is zoomed
    assert page.ask("return report.marks.reduce((sum, mark) => sum + mark.many, 0)") == 100_000
    for _ in range(10):
        page.type("#timeline-keys", "+")
    page.wait_for("return report.marks.length > 0 && report.marks.every(mark => mark.many === 1)")
    page.unfold("#timeline")
    assert len(page.table("#timeline")) == 25


def test_of_more_attempts_than_there_is_room_for_brief_ones_are_put_together(small, report, show):
    fill(small, 200_000)
    path = report(small)
    assert path.stat().st_size < 5e6
    page = show(path)
    assert page.headline()["Tasks"] == "200,000"
    assert "Of 200,000 attempts brief ones are put together" in page.text("#merged")
    assert page.ask("return report.bars.many.reduce((sum, many) => sum + many, 0)") == 200_000
    assert page.ask("return report.bars.bad.reduce((sum, bad) => sum + bad, 0)") == 200


# --- options

def test_a_batch_without_a_journal_has_a_report_too(divvy, show, tmp_path):
    path = tmp_path / "batch.html"
    assert divvy("-j", "2", "--report", path, "-c", "exit {}", ":::", "0", "3", "0").end() == 1
    page = show(path)
    assert (page.headline()["Tasks"], page.headline()["Failed"]) == ("3", "1")
    assert page.text("#command") == "-c 'exit {}'"


def test_a_sink_that_stays_replaces_the_page_with_each_batch(pipeline, journal, show):
    path = pipeline.file("report.html")
    pipeline.sink("--stay", "--journal", journal, "--report", path)
    pipeline.worker(command=("true",))
    for name, count in (("a", 30), ("b", 3)):
        assert pipeline.ventilator("--name", name, tasks=range(count)).status() == 0
        eventually(lambda: f'"name":"{name}"' in (page := path.read_text()) and page.endswith("</html>\n"), f"the page of {name}")
        page = show(path)
        assert (page.text("h1"), page.headline()["Tasks"]) == (name, str(count))


def test_the_journal_of_a_report_leaves_nothing_behind(tmp_path):
    folder = tmp_path / "tmp"
    folder.mkdir()
    page = tmp_path / "page.html"
    # Not even while the task runs.
    listing = subprocess.run([LAUNCHER, "--report", page, "-c", f"echo {{}}; ls {folder} | grep report", ":::", "1"],
                             env={**os.environ, "TMPDIR": str(folder)}, text=True, stdout=subprocess.PIPE, timeout=DEADLINE)
    assert listing.stdout == "1\n"
    assert list(folder.iterdir()) == []
    assert page.read_text().startswith("<!DOCTYPE html>")


def test_a_dry_run_makes_no_report(divvy, tmp_path):
    path = tmp_path / "batch.html"
    assert divvy("--dry-run", "--report", path, "--", "true", ":::", "1").end() == 0
    assert not path.exists()


def test_a_report_that_cannot_be_written_is_refused_before_anything_runs(divvy, tmp_path):
    run = divvy("--report", tmp_path / "no" / "folder.html", "--", "touch", tmp_path / "ran", ":::", "1")
    assert run.end() == 255
    assert "cannot write" in run.err
    assert not (tmp_path / "ran").exists()
