"""divvy as installed: every file in its place, and nothing that says what is not so."""
import os
import re
import shutil
import subprocess

import pytest

from pipeline import BIN, HERE

PROGRAMS = ["divvy", "ventilator", "worker", "sink"]
every_program = pytest.mark.parametrize("program", PROGRAMS)


def run(*words, **options):
    ended = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=120, **options)
    assert ended.returncode == 0, f"{words}: {ended.stdout}{ended.stderr}"
    return ended.stdout


@pytest.fixture(scope="session")
def prefix(tmp_path_factory):
    prefix = tmp_path_factory.mktemp("prefix")
    run("cmake", "--install", BIN, "--prefix", prefix)
    return prefix


def options_in(text):
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text))


@every_program
def test_the_man_page_has_just_the_options_that_the_help_has(prefix, program):
    page = (prefix / f"share/man/man1/{program}.1").read_text().replace("\\-", "-")
    entries = "\n".join(line for line in page.splitlines() if line.startswith("\\fB-"))
    described = options_in(re.sub(r"\\f.", " ", entries))
    helped = run(prefix / "bin" / program, "--help").partition("Examples:")[0]
    assert described == options_in(helped)


@every_program
@pytest.mark.skipif(not shutil.which("man"), reason="there is no man")
def test_the_man_page_has_no_mistakes(program):
    page = HERE.parents[1] / "docs" / "man" / f"{program}.1"
    ended = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", page], capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")


@every_program
def test_the_version_is_told_with_that_of_libzmq(prefix, program):
    assert re.fullmatch(rf"{program} \d+\.\d+\.\d+ \(libzmq \d+\.\d+\.\d+\)\n", run(prefix / "bin" / program, "--version"))


def complete(prefix, *words):
    """What bash would offer for the last word."""
    program = words[0]
    script = f'. "{prefix}/share/bash-completion/completions/{program}"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); ' \
             f'_divvy "{prefix}/bin/$1"; printf "%s\\n" "${{COMPREPLY[@]}}"'
    return run("bash", "-c", script, "bash", *words).split()


@every_program
def test_bash_completes_every_option(prefix, program):
    helped = options_in(run(prefix / "bin" / program, "--help").partition("Examples:")[0])
    assert set(complete(prefix, program, "--")) == helped


def test_bash_completes_files_and_after_two_dashes_commands(prefix, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tasks.txt").touch()
    assert complete(prefix, "ventilator", "ta") == ["tasks.txt"]
    assert "sha256sum" in complete(prefix, "divvy", "--", "sha256")
    assert complete(prefix, "worker", "-j", "2", "--", "cat", "ta") == ["tasks.txt"]


@pytest.mark.skipif(not shutil.which("zsh"), reason="there is no zsh")
def test_zsh_can_read_its_completion(prefix):
    run("zsh", "-n", prefix / "share/zsh/site-functions/_divvy")


def test_the_installed_divvy_finds_its_programs(prefix):
    env = {name: value for name, value in os.environ.items() if name != "DIVVY_BIN"}
    assert run(prefix / "bin/divvy", "-k", "-j", 2, "--", "echo", "it is", input="1\n2\n", env=env) == "it is 1\nit is 2\n"


def test_the_pages_are_installed(prefix):
    pages = {page.name for page in (prefix / "share/doc/divvy").iterdir()}
    assert pages >= {page.name for page in (HERE.parents[1] / "docs").glob("*.md")} | {"README.md", "LICENSE"}


@pytest.mark.skipif(not shutil.which("dpkg-shlibdeps"), reason="there is no dpkg-dev")
def test_the_debian_package_installs_runs_and_is_removed_cleanly(tmp_path):
    run("cpack", "--config", BIN / "CPackConfig.cmake", "-B", tmp_path)
    (package,) = tmp_path.glob("divvy_*.deb")
    depends = run("dpkg-deb", "--field", package, "Depends")
    assert "libzmq5" in depends and "libsqlite3-0" in depends

    root = tmp_path / "root"
    for folder in ("var/lib/dpkg/updates", "var/lib/dpkg/info", "var/log"):
        (root / folder).mkdir(parents=True)
    (root / "var/lib/dpkg/status").touch()
    dpkg = ("dpkg", f"--root={root}", f"--log={tmp_path}/log", "--force-depends", "--force-not-root", "--force-script-chrootless")
    run(*dpkg, "--install", package)
    files = {path for path in (root / "usr").rglob("*") if path.is_file()}
    assert root / "usr/bin/divvy" in files and root / "usr/share/man/man1/divvy.1" in files
    env = {name: value for name, value in os.environ.items() if name != "DIVVY_BIN"}
    assert run(root / "usr/bin/divvy", "-j", 1, "--", "echo", input="1\n", env=env) == "1\n"
    run(*dpkg, "--remove", "divvy")
    assert not [path for path in (root / "usr").rglob("*") if path.is_file()] if (root / "usr").exists() else True
