"""divvy as installed: every file in its place, and nothing that says what is not so."""
import fcntl
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
    docs = prefix / "share/doc/divvy"
    assert {page.name for page in docs.glob("docs/*.md")} == {page.name for page in (HERE.parents[1] / "docs").glob("*.md")}
    assert (docs / "LICENSE").exists() and (docs / "examples/cpp/CMakeLists.txt").exists()


def test_the_links_of_the_installed_readme_lead_somewhere(prefix):
    readme = prefix / "share/doc/divvy/README.md"
    links = re.findall(r"\]\(([\w./-]+)\)", readme.read_text())
    assert links and [link for link in links if not (readme.parent / link).exists()] == []


# --- the Debian package


@pytest.fixture(scope="session")
def package(tmp_path_factory, worker_id):
    """Made once for all processes of the tests: cpack looks after the build, which two at once must not."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "package"
    with open(f"{folder}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not list(folder.glob("divvy_*.deb")):
            run("cpack", "--config", BIN / "CPackConfig.cmake", "-B", folder, umask=0o077)
    (package,) = folder.glob("divvy_*.deb")
    return package


@pytest.fixture
def dpkg(tmp_path):
    """dpkg, for the root `tmp_path`."""
    for folder in ("updates", "info"):
        (tmp_path / "var/lib/dpkg" / folder).mkdir(parents=True)
    (tmp_path / "var/lib/dpkg/status").touch()
    env = {**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"}
    return lambda *words: run("fakeroot", "dpkg", f"--root={tmp_path}", f"--log={tmp_path}/var/lib/dpkg/log",
                              "--force-depends", *words, env=env)


def test_the_debian_package_is_laid_out_as_debian_has_it(package):
    contents = [line.split() for line in run("dpkg-deb", "--contents", package).splitlines()]
    files = {words[5] for words in contents}
    assert {f"./usr/share/man/man1/{program}.1.gz" for program in PROGRAMS} <= files
    assert {"./usr/share/doc/divvy/copyright", "./usr/share/zsh/vendor-completions/_divvy"} <= files
    assert {words[0] for words in contents} == {"drwxr-xr-x", "-rwxr-xr-x", "-rw-r--r--"}  # with a strict umask, too
    depends = run("dpkg-deb", "--field", package, "Depends")
    assert "libzmq5" in depends and "libsqlite3-0" in depends


def test_the_debian_package_installs_runs_and_leaves_no_file_when_it_is_removed(package, dpkg, tmp_path):
    def files():
        return [path for path in tmp_path.rglob("*") if path.is_file() and tmp_path / "var" not in path.parents]

    dpkg("--install", package)
    assert tmp_path / "usr/bin/divvy" in files()
    env = {name: value for name, value in os.environ.items() if name != "DIVVY_BIN"}
    assert run(tmp_path / "usr/bin/divvy", "-j", 1, "--", "echo", input="1\n", env=env) == "1\n"
    dpkg("--remove", "divvy")
    assert files() == []
    assert not (tmp_path / "usr/include/divvy").exists()
