"""What people type who come from GNU parallel, xargs or HyperQueue is answered with what to type instead."""
import os
import re
import subprocess

import pytest

from launcher import DEADLINE, LAUNCHER
from pipeline import BIN


@pytest.fixture
def answer(play):
    """What divvy says to a command line, of which it starts nothing."""
    def answer(*words, **options):
        run = play.run(*words, **{"cwd": play.stage, **options})
        assert (run.process.returncode, run.out) == (255, "")
        assert re.fullmatch(r"divvy: [^\n]+\n", run.err), run.err
        assert not any(play.seen(name) for name in ("sink", "worker", "ventilator"))
        return run.err.removeprefix("divvy: ").rstrip("\n")

    return answer


# --- a command without --, or a script -----------------------------------------------------------


@pytest.mark.parametrize("words, says", [
    (["echo", "hi", "{}"], "echo is no file with a task a line; did you mean: divvy -- echo hi {}"),
    (["-j", "4", "gzip"], "gzip is no file with a task a line; did you mean: divvy -j 4 -- gzip"),
    (["-kj4", "--retries=2", "grep", "-c", "a b"], "grep is no file with a task a line; did you mean: divvy -kj4 --retries=2 -- grep -c 'a b'"),
    (["/bin/echo", "hi"], "/bin/echo is no file with a task a line; did you mean: divvy -- /bin/echo hi"),
    (["no-such-tool", "{.}"], "no-such-tool is no file with a task a line; did you mean: divvy -- no-such-tool {.}"),
    (["list", "echo", "{}"], "echo is no file with a task a line; did you mean: divvy list -- echo {}"),
    (["--", "gzip -9 {}"], "'gzip -9 {}' is a script and no program; did you mean: divvy -c 'gzip -9 {}'"),
    (["-k", "--", "gzip -9", "{}"], "'gzip -9' is a script and no program; did you mean: divvy -k -c 'gzip -9 {}'"),
    (["list", "--", "sort {}|uniq > {/.}.u"], "'sort {}|uniq > {/.}.u' is a script and no program; did you mean: divvy list -c 'sort {}|uniq > {/.}.u'"),
    (["a | b"], "'a | b' is no file with a task a line; did you mean: divvy -c 'a | b'"),
    (["--colsep", ",", "--", "cp {1} {2}"], "'cp {1} {2}' is a script and no program; did you mean: divvy --colsep , -c 'cp {1} {2}'"),
    (["--stdin", "--", "sort | uniq"], "'sort | uniq' is a script and no program; did you mean: divvy --stdin -c 'sort | uniq'"),
    (["--", "echo `basename {}`"], "'echo `basename {}`' is a script and no program; did you mean: divvy -c 'echo `basename {}`'; "
     "but {} cannot stand within backticks; write $(...) instead of `...`"),
    (["--", "LC_ALL=C", "sort", "{}"], "'LC_ALL=C' is a script and no program; did you mean: divvy -- env LC_ALL=C sort {}"),
    (["A=b c", "sort"], "'A=b c' is no file with a task a line; did you mean: divvy -- env 'A=b c' sort"),
    (["-k", "-c", "gzip", "{}"], "-c takes one word, in quotes; did you mean: divvy -k -c 'gzip {}'"),
    (["-c", "gzip", "-9", "{}", ":::", "a"], "-c takes one word, in quotes; did you mean: divvy -c 'gzip -9 {}' ::: a"),
    (["--shell", "sort", "-u", "-k2"], "-c takes one word, in quotes; did you mean: divvy -c 'sort -u -k2'"),
])
def test_a_command_is_shown_as_it_is_typed_here(play, answer, words, says):
    (play.stage / "list").write_text("a\n")
    assert answer(*words) == says


@pytest.mark.parametrize("name", ["no-such-file", "no such file.txt", "list (1).txt"])
def test_what_cannot_be_a_command_is_a_file_that_is_not_there(answer, name):
    assert answer(name) == f"cannot read {name}; name files with one task a line"


def test_so_it_is_behind_a_script(answer):
    assert answer("-c", "echo {}", "no-such-file") == "cannot read no-such-file; name files with one task a line"


def test_a_program_with_blanks_in_its_name_is_a_program(tmp_path):
    program = tmp_path / "a program"
    program.write_text("#!/bin/sh\necho ran\n")
    program.chmod(0o755)
    done = subprocess.run([LAUNCHER, "-q", "--", program], input="1\n", capture_output=True, text=True, timeout=DEADLINE, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "ran\n", "")


NAMES = ["x; touch harm", "$(touch harm)", "`touch harm`", "it's", 'a "b" c', " two  blanks ", "*", "back\\slash", "$1"]


@pytest.mark.parametrize("script", ["cat {}", "cat \"{}\"", "cat '{}'", "echo \"$(cat {})\" | cat", "(cd . && cat \"./{}\")", "cat ./'a'/../{}"])
def test_the_hint_is_right_for_every_file_name(answer, tmp_path, script):
    (tmp_path / "a").mkdir()
    for name in NAMES:
        (tmp_path / name).write_text(f"in {name}\n")
    hint = answer("-0", "-k", "--", script).partition("did you mean: ")[2]
    env = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "DIVVY_BIN": str(BIN)}
    done = subprocess.run(["sh", "-c", hint], input="\0".join(NAMES), cwd=tmp_path, env=env, capture_output=True, text=True,
                          timeout=DEADLINE, check=False)
    assert (done.returncode, done.stdout) == (0, "".join(f"in {name}\n" for name in NAMES)), done.stderr
    assert "script" not in done.stderr
    assert not (tmp_path / "harm").exists()


# --- lines that are commands, and no command for them --------------------------------------------


@pytest.mark.parametrize("text", ["echo a\necho b\n", "\n\r\necho a\r\n", "echo a"])
def test_lines_that_are_no_workloads_are_commands_perhaps(play, answer, text):
    (play.stage / "commands.txt").write_text(text)
    assert answer("-j2", "commands.txt") == (
        "'echo a' is no number of milliseconds to sleep; to run each line: divvy -j2 commands.txt -- sh -c {}; "
        "to give each to a command: divvy commands.txt -- COMMAND {}")


def test_so_are_those_of_a_file_that_is_standard_input(play, answer):
    (play.stage / "commands.txt").write_text("echo a\n")
    with open(play.stage / "commands.txt") as stdin:
        assert "to run each line: divvy -- sh -c {}; to give" in answer(stdin=stdin)


def test_workloads_are_none_and_no_byte_of_them_is_lost(tmp_path):
    (tmp_path / "tasks").write_text("\n1\n2\n3\n")
    for options in ({"stdin": open(tmp_path / "tasks")}, {"stdin": subprocess.DEVNULL}):
        words = [] if options["stdin"] != subprocess.DEVNULL else [tmp_path / "tasks"]
        done = subprocess.run([LAUNCHER, "-j2", *words], capture_output=True, text=True, timeout=DEADLINE, check=False, **options)
        assert done.returncode == 0
        assert "3 tasks, 0 failed" in done.stderr


# --- ::: and foreign options ---------------------------------------------------------------------


@pytest.mark.parametrize("words, says", [
    (["echo", "{}", ":::", "a", "b c"], "echo is no file with a task a line; did you mean: divvy -- echo {} ::: a 'b c'"),
    (["echo {} | wc", ":::", "a", ""], "'echo {} | wc' is no file with a task a line; did you mean: divvy -c 'echo {} | wc' ::: a ''"),
    (["-k", "--", "echo {}", ":::", "a", ":::+", "b"], "'echo {}' is a script and no program; did you mean: divvy -k -c 'echo {}' ::: a :::+ b"),
    (["no-such-tool", ":::", "a"], "no-such-tool is no file with a task a line; did you mean: divvy -- no-such-tool ::: a"),
    (["echo", "::::", "list"], ":::: is not there; did you mean: divvy list -- echo"),
    (["-k", "--", "echo", "{}", "::::", "list"], ":::: is not there; did you mean: divvy -k list -- echo {}"),
])
def test_values_on_the_command_line_are_shown_behind_the_command(answer, words, says):
    assert answer(*words) == says


@pytest.mark.parametrize("words, says", [
    (["-k", ":::", "a", "b c", "--", "echo", "{}"], "::: and its values come last; did you mean: divvy -k -- echo {} ::: a 'b c'"),
    (["list", ":::", "1", ":::", "2", "--", "a | b"], "::: and its values come last; did you mean: divvy list -c 'a | b' ::: 1 ::: 2"),
    (["-k", ":::", "1", "b c"], "'b c' is no number of milliseconds to sleep; to give each value to a command: divvy -k -- COMMAND {} ::: VALUE..."),
])
def test_values_that_nothing_is_done_with_are_asked_about(answer, words, says):
    assert answer(*words) == says


def test_a_file_may_be_called_as_one_likes(tmp_path):
    (tmp_path / ":::list").write_text("a\n")
    done = subprocess.run([LAUNCHER, "-q", ":::list", "--", "echo"], cwd=tmp_path, capture_output=True, text=True, timeout=DEADLINE, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "a\n", "")


def test_dashes_may_be_a_value():
    done = subprocess.run([LAUNCHER, "-qk", "-c", "echo {}", ":::", "--", "a"], capture_output=True, text=True, timeout=DEADLINE, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "--\na\n", "")


@pytest.mark.parametrize("words, says", [
    (["-P", "4", "gzip"], "-P; use -j 4"), (["-P4", "gzip"], "-P4; use -j 4"), (["--max-procs=4"], "--max-procs=4; use -j 4"),
    (["-P"], "-P; use -j N"), (["-P", "0", "gzip"], "-P; use -j 1000"), (["-P0"], "-P0; use -j 1000"), (["--max-procs=0"], "--max-procs=0; use -j 1000"),
    (["-P+2"], "-P+2; use -j +2"), (["-P", "50%"], "-P; use -j 50%"),
    (["-I", "%", "echo"], "-I; {} stands for the task anyway: divvy -- COMMAND {}"),
    (["-i"], "-i; {} stands"), (["-a", "my list"], "-a; name the file: divvy 'my list' -- COMMAND {}"),
    (["--each-line", "f"], "--each-line; name the file: divvy f -- COMMAND {}"), (["-d", ",", "echo"], "-d; tasks are lines, or end in NUL with -0; else: tr , "),
    (["--from-json", "f"], "--from-json; use jq: jq -c '.[]' f | divvy"), (["-E", "END"], "-E; use sed: "), (["-C", ","], "-C; use --colsep ,"),
    (["--joblog", "log"], "--joblog; use --log log"), (["--bar"], "--bar; leave it out"), (["--eta"], "--eta; leave it out"),
    (["--pipe", "wc"], "--pipe; use --block 1m"), (["--pipepart", "wc"], "--pipepart; use --block 1m"), (["--pipe-part"], "--pipe-part; use --block 1m"),
    (["--block-size", "10M"], "--block-size; use --block 10M"), (["--round-robin"], "--round-robin; use --filter"),
    (["--retry", "3"], "--retry; use --retries 3"), (["--retry=3"], "--retry=3; use --retries 3"),
    (["-N", "2", "echo"], "-N; use -n 2"), (["-N2", "echo"], "-N2; use -n 2"), (["-L", "1", "echo"], "-L; use -n 1"), (["--max-lines=3"], "--max-lines=3; use -n 3"),
    (["-X", "echo"], "-X; use -n 1000"), (["-m", "echo"], "-m; use -n 1000"), (["--xargs", "echo"], "--xargs; use -n 1000"), (["-s", "4096"], "-s; use -n 1000"),
    (["--link", "echo"], "--link; use :::+"), (["--xapply"], "--xapply; use :::+"),
    (["--results", "out"], "--results; use --output-dir out"), (["--outdir=out"], "--outdir=out; use --output-dir out"), (["--files"], "--files; use --output-dir DIR"),
    (["--sqlmaster", "u"], "--sqlmaster; use --journal FILE"), (["--stdout=none"], "--stdout=none; use --output-dir DIR"),
    (["--sshlogin", "host"], "--sshlogin; use --hosts host"), (["-S", "a,b"], "-S; use --hosts a,b"), (["--slf", "f"], "--slf; use --hosts file:f"), (["--filter-hosts"], "--filter-hosts; leave it out"),
    (["--workdir", "/d"], "--workdir; use cd: (cd /d && "), (["--env", "A"], "--env; leave it out"), (["--basefile", "f"], "--basefile; files are not copied"),
    (["--nonall"], "--nonall; use ssh: divvy"), (["--return", "{}.out"], "--return; files are not copied"),
    (["--resume-failed"], "--resume-failed; use --journal FILE --resume"),
    (["--tagstring", "{}"], "--tagstring; use --tag"), (["--shuf"], "--shuf; use shuf"), (["-t"], "-t; use --dry-run"), (["-r"], "-r; leave it out"),
    (["--array", "1-9"], "--array; use seq"), (["--cpus", "4"], "--cpus; use -j"), (["--max-fails", "5"], "--max-fails; use --halt now,fail=5"),
    (["--line-buffer"], "--line-buffer; use --live"), (["--lb"], "--lb; use --live"), (["-u"], "-u; use --live"), (["--ungroup"], "--ungroup; use --live"),
    (["--noswap"], "--noswap; use --memfree SIZE"), (["--limit", "x"], "--limit; use --load 100%"), (["--rpl", "{,} x"], "--rpl; use the shell: divvy -c"),
    (["--will-cite"], "--will-cite; leave it out"),
])
def test_a_foreign_option_is_answered_with_what_there_is(answer, words, says):
    said = answer(*words)
    assert said.startswith("unknown option " + says)
    assert said.endswith(" (see divvy --help)")


def test_every_option_that_an_answer_names_is_there():
    """Of all answers in the table."""
    helps = "".join(subprocess.run([BIN / name, "--help"], capture_output=True, text=True, check=True).stdout for name in ("divvy", "worker"))
    table = (BIN / "divvy").read_bytes()
    answers = [text.decode() for text in re.findall(rb"[ -~]{6,}", table) if text.startswith((b"use -", b"use the shell", b"tasks are lines", b"start there"))]
    assert len(answers) > 8
    named = {option for text in answers for option in re.findall(r"(?<![\w-])(?:--[a-z-]+|-[a-z](?= ))", text)}
    assert [option for option in named if not re.search(rf"(?<![\w-]){option}(?![\w-])", helps)] == []


# --- placeholders that surprise ------------------------------------------------------------------

PASTED = "the text of a task becomes a part of the script"


def stderr_of(*words, text="1\n", status=0):
    done = subprocess.run([LAUNCHER, *words], input=text, capture_output=True, text=True, timeout=DEADLINE, check=False)
    assert done.returncode == status
    return done.stderr


@pytest.mark.parametrize("command, safe", [
    (["sh", "-c", "echo {}; true"], "-c 'echo {}; true'"),
    (["env", "A=b", "/bin/bash", "-c", "echo {/}"], "bash -c '... \"$1\" ...' bash {}; or by sh: -c 'echo {/}'"),
])
def test_a_script_that_a_task_becomes_a_part_of_is_warned_of_once(command, safe):
    said = stderr_of("-j", "8", "--", *command, text="1\n2\n3\n")
    assert said.count(PASTED) == 1
    assert f"safe for every name: {safe}\n" in said


@pytest.mark.parametrize("command", [["sh", "-c", "{}"], ["sh", "-c", 'echo "$1"', "sh", "{}"], ["sh", "-c", "echo {%}"], ["echo", "a {}"]])
def test_a_task_that_is_an_argument_or_the_whole_script_is_not(command):
    assert PASTED not in stderr_of("--", *command, text="true\n")


def test_a_worker_of_ones_own_warns_too(pipeline):
    worker = pipeline.worker(command=("sh", "-c", "echo {}; true"))
    worker.says(re.escape(f"worker: {PASTED}"))


def test_an_operator_of_the_shell_is_told_to_be_none():
    said = stderr_of("-j", "8", "--", "cat", "{}", "||", "wc", text="/dev/null\n", status=1)
    assert "no shell reads the ||, it is an argument; with one: -c 'cat {} || wc'" in said


def test_columns_that_tasks_do_not_have_are_told_once():
    said = stderr_of("-j", "8", "--", "echo", "{1}", text="1\n2\n")
    assert said.count("'{1}' stays as it is, for tasks have no columns; with --colsep '\\t' they have") == 1


def test_the_quantifier_of_a_regular_expression_is_no_column():
    assert "--colsep" not in stderr_of("--", "sed", "-E", "s/a{2}//", text="/dev/null\n")
