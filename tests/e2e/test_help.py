"""What --help teaches: on a screen, in the same order everywhere, with examples that work as they are shown."""
import os
import re
import shlex
import subprocess

import pytest

from launcher import LAUNCHER
from pipeline import BIN, HERE, refused

PROGRAMS = {name: BIN / name for name in ("ventilator", "worker", "sink")} | {"divvy": LAUNCHER}
ROOT = HERE.parents[1]
README = (ROOT / "README.md").read_text()

every_program = pytest.mark.parametrize("program", PROGRAMS)


def help_of(program):
    return subprocess.run([PROGRAMS[program], "--help"], check=True, capture_output=True, text=True).stdout


def groups(program):
    return re.findall(r"^(\S.*):$", help_of(program), re.M)


def examples(program):
    return re.search(r"^Examples:\n((?:  .*\n)+)", help_of(program), re.M)[1].splitlines()


# --- the page


@every_program
def test_help_fits_a_screen(program):
    lines = help_of(program).splitlines()
    assert len(lines) <= 40
    assert [line for line in lines if len(line) > 80] == []


@every_program
def test_help_is_in_words_of_our_own(program):
    assert not re.search(r"\b(TEXT|UINT|INT|FLOAT|Excludes|Needs|REQUIRED)\b", help_of(program))


@every_program
def test_groups_come_in_the_same_order_everywhere(program):
    order = ["Tasks", "Output", "Batch", "Where to meet", "General", "In the words of COMMAND, and quoted in SCRIPT", "Examples"]
    assert groups(program) == [group for group in order if group in groups(program)]


@pytest.mark.parametrize("program", ["ventilator", "sink", "divvy"])
def test_help_names_the_exit_statuses_in_a_line(program):
    assert re.search(r"^Exit status: 0 .*1-100 .*101 .*255 .*$", help_of(program), re.M)


@every_program
def test_every_option_is_in_the_readme(program):
    options = re.findall(r"--[a-z-]+", help_of(program))
    assert [option for option in options if option not in README] == []


# --- the documents


every_document = pytest.mark.parametrize(
    "document", ["README.md", "examples/README.md", *sorted(f"docs/{page.name}" for page in ROOT.glob("docs/*.md"))])


@every_document
def test_a_document_calls_the_programs_by_their_names(document):
    assert re.findall(r"(?:scripts|build/\w+)/(?:divvy|ventilator|worker|sink)\b", (ROOT / document).read_text()) == []


PASTED = r"""sh -c (?:'[^'\n]*\{[./0-9]*\}.*?'|"[^"\n]*\{[./0-9]*\}.*?")"""


@every_document
def test_no_document_pastes_a_task_into_a_script(document):
    """It is an argument of the script, or the whole of it: within one, its text would be run."""
    assert re.findall(PASTED, (ROOT / document).read_text()) == []


@every_program
def test_neither_does_a_man_page_or_the_help(program):
    page = (ROOT / f"docs/man/{program}.1").read_text().replace("\\-", "-")
    assert re.findall(PASTED, page + help_of(program)) == []


# --- the examples


@pytest.fixture
def shown(pipeline):
    """Runs a command line as it is shown, in a directory of the test's; its programs meet where the test's do."""
    bin = pipeline.file("bin")
    bin.mkdir()
    (bin / "divvy").symlink_to(LAUNCHER)
    for program in ("ventilator", "worker", "sink"):
        at = shlex.join([str(BIN / program), *pipeline.at])
        (bin / program).write_text(f'#!/bin/sh\nexec {at} "$@"\n')
        (bin / program).chmod(0o755)
    for name in ("a.txt", "tasks.txt"):
        pipeline.file(name).write_text("true\n")

    def run(line):
        # `timeout` passes on to all of the line that it is to end.
        return pipeline.start("timeout", "60", "sh", "-c", f"cd {pipeline.folder} && {line}",
                              env={"PATH": f"{bin}:{os.environ['PATH']}", "DIVVY_BIN": str(BIN)})

    return run


two_examples = pytest.mark.parametrize("number", [0, 1])


@every_program
def test_help_shows_two_examples(program):
    assert len(examples(program)) == 2
    assert all(re.search(rf"\b{program} ", example) for example in examples(program))


@two_examples
def test_the_examples_of_the_ventilator_work(pipeline, shown, number):
    sink = pipeline.sink()
    pipeline.worker(command=("echo",))
    assert (shown(examples("ventilator")[number]).status(), sink.status()) == (0, 0)
    assert sink.out


@two_examples
def test_the_examples_of_the_worker_work(pipeline, shown, number):
    tool = pipeline.file("tool")  # a file to read as well as a command to run
    tool.write_text("#!/bin/sh\necho done\n")
    tool.chmod(0o755)
    sink, ventilator = pipeline.sink(), pipeline.ventilator(tasks=[tool])
    shown(examples("worker")[number])
    assert (ventilator.status(), sink.status()) == (0, 0)
    assert sink.out


@two_examples
def test_the_examples_of_the_sink_work(pipeline, shown, number):
    ventilator = pipeline.ventilator(tasks=["a", "b"])
    pipeline.worker(command=("echo",))
    sink = shown(examples("sink")[number])
    assert (ventilator.status(), sink.status()) == (0, 0)
    assert any(pipeline.file(name).exists() for name in ("results.txt", "results.db"))


@two_examples
def test_the_examples_of_divvy_work(shown, number):
    divvy = shown(examples("divvy")[number])
    assert divvy.status() == 0
    assert divvy.out


# --- misspelt options


@pytest.mark.parametrize("program, words, meant", [
    ("ventilator", ["--retires", "3"], "--retries"), ("ventilator", ["--random", "3", "--wrokers=3"], "--workers"),
    ("ventilator", ["-retries", "3"], "--retries"), ("ventilator", ["--nul", "-"], "--null"),
    ("worker", ["--slot", "3"], "--slots"), ("worker", ["--time-out", "3", "--", "echo"], "--timeout"),
    ("sink", ["--keeporder"], "--keep-order"), ("sink", ["--jurnal", "file"], "--journal"), ("sink", ["--hepl"], "--help"),
    ("divvy", ["--retires", "3"], "--retries"), ("divvy", ["--tga"], "--tag"), ("divvy", ["--jbos=3"], "--jobs"),
])
def test_the_nearest_option_is_suggested(pipeline, program, words, meant):
    misspelt = next(word.partition("=")[0] for word in words if word not in ("--random", "3"))
    process = pipeline.start(PROGRAMS[program], *words)
    assert process.status() == 255
    assert process.err == f"{program}: unknown option {misspelt}; did you mean {meant}? (see {program} --help)\n"


@every_program
@pytest.mark.parametrize("option", ["--no-such-option", "--xyz", "-x"])
def test_nothing_is_suggested_when_nothing_is_near(pipeline, program, option):
    process = pipeline.start(PROGRAMS[program], option)
    assert process.status() == 255
    assert process.err == f"{program}: unknown option {option} (see {program} --help)\n"


# --- other mistakes


@pytest.mark.parametrize("program, words, says", [
    ("worker", ["echo", "{}"], r"unexpected argument echo; usage: worker \[OPTION...\] \[-c SCRIPT \| -- COMMAND \[ARG...\]\]"),
    ("ventilator", ["--retries"], "--retries needs a value"),
    ("ventilator", ["--name", "a", "--name", "b", "-"], "--name is given more than once"),
    ("ventilator", ["--random", "3", "-"], "FILE cannot be combined with --random"),
    ("worker", ["--max-output", "101m"], "'101m' is no number of bytes from 0 to 104857600, such as 4096, 64k or 10m"),
    ("worker", ["--timeout", "nan"], "'nan' is no time from 0.001 to 1000000000 seconds, such as 90, 1.5, 250ms, 5m or 2h"),
    ("ventilator", ["--retry-delay", "-1", "-"], "'-1' is no time from 0 to 1000000 seconds"),
    ("ventilator", ["--lost-after", "5 minutes", "-"], "'5 minutes' is no time from 1.5 to"),
    ("ventilator", ["--lost-after=inf", "-"], "'inf' is no time"),
])
def test_a_mistake_is_told_in_plain_words(pipeline, program, words, says):
    assert re.search(says, refused(pipeline, program, *words))
