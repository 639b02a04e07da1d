"""Scripts of -c: whatever a task is called, it is one value in them and nothing that a shell reads."""
import os
import random
import shlex
import subprocess

import pytest

import protocol
from conversation import WithWorker, run
from launcher import DEADLINE, LAUNCHER
from pipeline import BIN, refused

NASTY = [b"it's", b'a "b" c', b"$(touch evil)", b"`touch evil`", b"; touch evil;", b"-n", b"--", b" two  blanks ", b"* ~ ?[a]", b"\\", b"a\\", b"\\'",
         b"${x:-$(touch evil)}", b"#no comment", b"new\nline", b"\n", b"end\n", b"\ttab", b"{}", b"\\{}", b"!", b"a=b", b"\xff\xfe", b"\xc3", "ü€".encode(),
         b"'; touch evil; '", b"\"; touch evil; \"", b"''", b"$'x'", b"|&<>", b"'\\''", b""]
EVERY_BYTE = bytes(byte for byte in range(1, 256))


def divvy(folder, *words, tasks, status=0, delimiter=b"\0"):
    """What divvy prints for these tasks; nobody may have made a file named evil meanwhile."""
    done = subprocess.run([LAUNCHER, "-q", "-k", *(["-0"] if delimiter == b"\0" else []), *words], input=b"".join(task + delimiter for task in tasks),
                          cwd=folder, capture_output=True, timeout=DEADLINE, check=False)
    assert done.returncode == status, done.stderr
    assert not (folder / "evil").exists()
    return done.stdout


def printed(script):
    """A script whose output ends in a NUL, so that it can be told from the next one's."""
    return f"printf '%s\\0' {script}"


# --- any value, anywhere ---------------------------------------------------------------------------


WAYS = {"as it is": "{}", "in double quotes": '"{}"', "in single quotes": "'{}'", "within a word": "x{}y", "within double quotes": '"x $HOME{}y"', "within single quotes": "'x $(z) {}y'",
        "in a command": '"$(printf "%s." {})"', "in quotes in a command in quotes": '"$(printf "%s." "{}")"', "in a command in a command": '"$(printf "%s" "$(printf "%s." "{}")")"'}
AROUND = {"within a word": ("x", "y"), "within double quotes": (f"x {os.environ['HOME']}", "y"), "within single quotes": ("x $(z) ", "y"),
          **{way: ("", ".") for way in WAYS if "command" in way}}


@pytest.mark.parametrize("way", WAYS)
def test_every_value_is_printed_as_it_is(tmp_path, way):
    tasks = [*NASTY, EVERY_BYTE, *(bytes((byte,)) for byte in range(1, 256))]
    before, after = (part.encode() for part in AROUND.get(way, ("", "")))
    assert divvy(tmp_path, "-c", printed(WAYS[way]), tasks=tasks) == b"".join(before + task + after + b"\0" for task in tasks)


def test_random_values_in_random_scripts_are_what_printf_gives(tmp_path):
    dice = random.Random(14)
    letters = [b"'", b'"', b"\\", b"$", b"`", b"(", b")", b"{", b"}", b"\n", b" ", b"a", b"#", b";", b"-", b"\x81", b"\x88", b"\xff", b"touch evil"]
    tasks = [b"".join(dice.choices(letters, k=dice.randrange(12))) for _ in range(40)]
    pieces = [("{}", None), ('"{}"', None), ("'{}'", None), ("a", b"a"), ("'b c'", b"b c"), ('"it\'s"', b"it's"), ("\\'", b"'"), ('\\"', b'"'), ('"\\""', b'"'),
              ("'\"'", b'"'), ('"$(printf %s. {})"', "command"), ("\\{}", b"{}"), ('"\\{}"', b"{}"), ("'\\{}'", b"{}"), ("$(:)", b""), ("`:`", b""), ("''", b"")]
    for _ in range(12):
        chosen = [*dice.choices(pieces, k=4), pieces[0], *dice.choices(pieces, k=4)]
        script = printed("".join(text for text, _ in chosen) + " # it's {}")
        expected = b"".join(b"".join({None: task, "command": task + b"."}.get(value, value) for _, value in chosen) + b"\0" for task in tasks)
        assert divvy(tmp_path, "-c", script, tasks=tasks) == expected, script


FORMS = {"{}": lambda path: path, "{.}": lambda path: os.path.splitext(path)[0], "{/}": os.path.basename, "{//}": lambda path: os.path.dirname(path) or b".",
         "{/.}": lambda path: os.path.splitext(os.path.basename(path))[0]}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_quoted_and_so_is_every_column(tmp_path, form):
    paths = [b"d '\"/$(touch evil).c", b"`x`/it's.tar.gz", b"-d/\n.x.y", b"\xff/\xfe.\xfd"]
    column = "{2" + form[1:]
    script = f"printf '%s|' {form} \"{form}\" '{form}' \"$(printf '%s' {form})\""
    assert divvy(tmp_path, "-c", script, tasks=paths) == b"".join((FORMS[form](path) + b"|") * 4 for path in paths)
    script = f"printf '%s|' {column} \"{column}\" '{column}' {{3}}"
    assert divvy(tmp_path, "--colsep", ",", "-c", script, tasks=[b"a," + path for path in paths]) == b"".join((FORMS[form](path) + b"|") * 3 + b"|" for path in paths)


def test_files_are_read_and_written_whatever_they_are_called(tmp_path):
    names = [name for name in NASTY if name and name != b"\n"]
    folder = os.fsencode(tmp_path)
    for number, name in enumerate(names):
        with open(os.path.join(folder, b"in " + name), "wb") as file:
            file.write(b"%d\n" % number)
    divvy(tmp_path, "-c", "cat < {} > {}.copy && mkdir \"dir {}\" && cp -- {} \"dir {}/\"'{/}'", tasks=[b"in " + name for name in names])
    for number, name in enumerate(names):
        for copy in (b"in " + name + b".copy", b"dir in " + name + b"/in " + name):
            with open(os.path.join(folder, copy), "rb") as file:
                assert file.read() == b"%d\n" % number


def test_a_script_may_follow_the_files(tmp_path):
    (tmp_path / "tasks.txt").write_text("a b\n")
    assert divvy(tmp_path, "tasks.txt", "-c", "echo {}", tasks=[], delimiter=b"\n") == b"a b\n"


def test_a_nul_fails_its_task_and_says_why(tmp_path):
    done = subprocess.run([LAUNCHER, "-c", "echo {}"], input=b"a\0b\nc\n", capture_output=True, timeout=DEADLINE, check=False)
    assert (done.returncode, done.stdout) == (1, b"c\n")
    assert b"a NUL byte cannot be in an argument" in done.stderr


# --- what a shell is for ---------------------------------------------------------------------------


@pytest.mark.parametrize("script, out", [
    ("echo {} | tr a-z A-Z", "A B\n"), ("x={}; echo \"$x\"", "a b\n"), ("for i in {} 2; do echo \"$i\"; done", "a b\n2\n"), ("case {} in *b) echo yes {};; esac", "yes a b\n"),
    ("f() { echo \"${1}\"; }; f {}", "a b\n"), ("echo $(({#} + 2))", "3\n"), ("echo {} # it's {}\necho two", "a b\ntwo\n"), ("(echo {}) && { echo 2; }", "a b\n2\n"),
    ("x=`echo 1`; echo \"$x{}\"", "1a b\n"), ("echo \\{} '\\{}' \"\\{}\" \\${}", "{} {} {} $a b\n"), ("echo ", "a b\n"), ("cd / && echo # that is all\n", "a b\n"), ("eval {} 2>&1 | wc -l", "1\n"),
])
def test_a_script_may_have_whatever_a_shell_reads(tmp_path, script, out):
    assert divvy(tmp_path, "-c", script, tasks=[b"a b"], delimiter=b"\n").decode() == out


def test_a_number_may_stand_in_arithmetic_and_nothing_else(tmp_path):
    script = 'echo "$(({1} * {2}))"'
    assert divvy(tmp_path, "--colsep", ",", "-c", script, tasks=[b"3,-4", b"a[$(touch evil)],1", b"7,7"], status=1, delimiter=b"\n") == b"-12\n49\n"


def test_with_stdin_and_timeout_and_retries_it_is_a_command_like_others(tmp_path):
    assert divvy(tmp_path, "--stdin", "-c", "tr a-z A-Z; echo {.}", tasks=[b"a.b"], delimiter=b"\n") == b"A.B\na\n"
    assert divvy(tmp_path, "--stdin", "-c", "cat", tasks=[b"a.b"], delimiter=b"\n") == b"a.b\n"
    assert divvy(tmp_path, "--timeout", "0.2", "--retries", "1", "-c", "echo {} >> tries; sleep 60", tasks=[b"a"], status=1, delimiter=b"\n") == b""
    assert (tmp_path / "tries").read_text() == "a\na\n"


def test_a_filter_may_be_a_script(tmp_path):
    out = divvy(tmp_path, "--filter", "-j1", "-c", "sed -u 's/^/<{%} /; s/$/>/'", tasks=[b"a", b"b c"], delimiter=b"\n")
    assert out == b"<1 a>\n<1 b c>\n"


def test_a_dry_run_prints_what_a_shell_runs_when_it_is_pasted(tmp_path):
    lines = divvy(tmp_path, "--dry-run", "-c", "printf '%s|' {} \"{.}\"", tasks=[b"a b.c", b"it's", b"$(touch evil)"], delimiter=b"\n")
    assert lines.startswith(b"sh -c 'printf ") and lines.count(b"\n") == 3
    done = subprocess.run(["sh"], input=lines, capture_output=True, timeout=DEADLINE, check=True, cwd=tmp_path)
    assert done.stdout == b"a b.c|a b|it's|it's|$(touch evil)|$(touch evil)|"
    assert not (tmp_path / "evil").exists()


def test_the_journal_has_the_script_as_it_is_typed(tmp_path):
    divvy(tmp_path, "--journal", "j.db", "--name", "n", "-c", "echo {} | cat", tasks=[b"a"])
    assert b"-c 'echo {} | cat'" in (tmp_path / "j.db").read_bytes()


def test_a_worker_has_scripts_too(pipeline):
    sink, ventilator = pipeline.batch(["it's", "$(x)"], worker=("-c", "echo \"<{}>\""), sink=("-k",))
    assert (ventilator.status(), sink.out) == (0, "<it's>\n<$(x)>\n")


# --- what is refused, and what to type instead -----------------------------------------------------


@pytest.mark.parametrize("script, says", [
    ("echo `basename {}`", "{} cannot stand within backticks; write $(...) instead of `...`"),
    ("cat <<x\n{}\nx", "{} cannot stand within or behind a here-document; begin the script with x={}; and write \"$x\" there"),
    ("echo $'{}'", "{} cannot stand within or behind $'...'; begin the script with x={}; and write \"$x\" there"),
    ("echo ${x:-{}}", "begin the script with x={}; and write \"$x\" there"), ("echo ${}", "a shell reads ${} as a variable; write \\$ for a dollar sign"),
    ("echo '{}", "in the script a ' is not closed"), ("echo;", "write {} where it is to stand, or use --stdin"), ("", "write {} where it is to stand, or use --stdin"),
])
@pytest.mark.parametrize("program", ["divvy", "worker"])
def test_a_script_that_cannot_be_right_is_refused_with_what_to_write(pipeline, program, script, says):
    assert says in refused(pipeline, program, *(pipeline.at if program == "worker" else []), "-c", script)


@pytest.mark.parametrize("words, says", [
    (["-c", "echo {}", "--", "echo"], "a script of -c is all that is run; leave -- and what follows out"), (["-c"], "--shell needs a value"),
    (["--filter", "-c", "grep {}"], "a filter is given each task as a line of its input, not in 'grep {}'; leave that out, or --filter"),
    (["--stdin"], "--colsep and --stdin are for a command; add -- COMMAND [ARG...], or -c SCRIPT"),
])
@pytest.mark.parametrize("program", ["divvy", "worker"])
def test_what_does_not_go_together_is_told(pipeline, program, words, says):
    assert says in refused(pipeline, program, *words)


def test_a_task_that_is_a_script_itself_is_told_how_to_run(tmp_path):
    done = subprocess.run([LAUNCHER, "-c", "{}"], input=b"true\n", capture_output=True, timeout=DEADLINE, check=False)
    assert done.returncode == 0
    assert done.stderr.count(b"{} is quoted, so it is a program's name; where it is a script: -- sh -c {}\n") == 1


# --- tasks of several values, and named columns ----------------------------------------------------


@pytest.fixture
def outputs(context, pipeline):
    """What a worker prints for texts of a form, which we give to it."""
    conversations = []

    def outputs(options, *texts, form=protocol.WORDS, header=b""):
        worker = WithWorker(context, pipeline, lambda: pipeline.start(BIN / "worker", *pipeline.at, *options))
        conversations.append(worker)
        tasks = {**run(1, *("" for _ in texts)), "texts": [os.fsencode(text) for text in texts]}
        worker.say(form=form, header=header, tasks=[tasks])
        results = sorted((worker.result() for _ in texts), key=lambda result: result["ids"].start)
        return [result["output"].decode(errors="surrogateescape") or result["reason"] for result in results]

    yield outputs
    for conversation in conversations:
        conversation.process.kill()


VALUES = ["a.b", "it's", "two words", "", "$(touch evil)", "new\nline", "-n"]


def test_a_script_has_each_value_as_a_word_or_repeats_the_word(outputs):
    text = shlex.join(VALUES)
    each = "".join(f"{value}|" for value in VALUES)
    assert outputs(("-c", "printf '%s|' {}"), text) == [each]
    assert outputs(("-c", "printf '%s|'"), text) == [each]
    assert outputs(("-c", "printf '%s|' \"<{}>\"x"), text) == ["".join(f"<{value}>x|" for value in VALUES)]
    assert outputs(("-c", "printf '%s|' \"{1.}\" {2} {9}"), text) == ["a|it's||"]


def test_a_command_has_each_value_as_a_word_or_repeats_the_word(outputs):
    text = shlex.join(VALUES)
    each = "".join(f"{value}|" for value in VALUES)
    for command in (["printf", "%s|"], ["printf", "%s|", "{}"]):
        assert outputs(("--", *command), text) == [each]
    assert outputs(("--", "printf", "%s|", "<{}>", "{#}"), text) == ["".join(f"<{value}>|" for value in VALUES) + "1|"]
    assert outputs(("--", "printf", "%s|", "{1.}", "{3}"), text, shlex.join(["x/y.z"])) == ["a|two words|", "x/y||"]


def test_with_stdin_each_value_is_a_line(outputs):
    assert outputs(("--stdin", "--", "cat"), "a 'b c' ''") == ["a\nb c\n\n"]


def test_the_variable_has_the_text_as_it_is(outputs):
    assert outputs(("-c", "echo \"$DIVVY_TASK\" \"$DIVVY_ID\" {#}"), "a 'b c'") == ["a 'b c' 1 1\n"]


def test_a_dry_run_shows_the_words(outputs):
    assert outputs(("--dry-run", "--", "rm", "x{}"), "a 'b c'") == ["rm xa 'xb c'\n"]
    assert outputs(("--dry-run", "--stdin", "--", "cat"), "a 'b c'") == ["printf '%s\\n' a 'b c' | cat\n"]


def test_columns_have_the_names_that_a_header_gives(outputs):
    header = b"user 'full name' id"
    assert outputs(("-c", "echo {user} '{full name}' {id.} {nobody} {1}"), "ann 'Ann O'\\''Hara' 7.5", header=header) == ["ann Ann O'Hara 7 {nobody} ann\n"]
    assert outputs(("--colsep", ",", "--", "echo", "{full name}", "{user}", "{}"), "ann, Ann O'Hara", form=protocol.LINE, header=b"user,full name") == ["Ann O'Hara ann ann, Ann O'Hara\n"]


def test_a_line_has_no_columns_without_a_separator_or_a_header(outputs):
    assert outputs(("--", "echo", "{1}", "{}"), "a b", form=protocol.LINE) == ["{1} a b\n"]


def test_a_text_whose_quotes_do_not_end_fails(outputs):
    assert outputs(("--", "echo"), "it's") == [b"a quote in the task is not closed"]


def test_a_placeholder_that_only_a_header_makes_is_refused_there(outputs):
    reason, = outputs(("-c", "echo `echo {user}` {}"), "ann", header=b"user")
    assert reason == b"{user} cannot stand within backticks; write $(...) instead of `...`"
