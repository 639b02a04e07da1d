"""divvy as installed: every file in its place, and nothing that says what is not so."""
import fcntl
import os
import re
import shutil
import subprocess

import pytest

from pipeline import BIN, DEADLINE, HERE
from test_limits import sanitized
from shells import Shell

PROGRAMS = ["divvy", "ventilator", "worker", "sink"]
every_program = pytest.mark.parametrize("program", PROGRAMS)


def run(*words, **options):
    ended = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=2 * DEADLINE, **options)
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


# --- the library


def test_pkg_config_says_how_to_build_a_worker_of_ones_own(prefix, tmp_path):
    """find_package is tried by the cookbook's test."""
    (pc,) = prefix.rglob("divvy.pc")
    env = {**os.environ, "PKG_CONFIG_PATH": str(pc.parent)}
    flags = run("pkg-config", "--cflags", "--libs", "divvy", env=env).split()
    source = HERE.parents[1] / "examples/cpp/count_words.cpp"
    run("g++", "-std=c++20", *(["-fsanitize=address,undefined"] if sanitized() else []), source, "-o", tmp_path / "worker", *flags)
    ended = subprocess.run([tmp_path / "worker", "192.0.2.1"], capture_output=True, text=True, timeout=2 * DEADLINE)
    assert (ended.returncode, ended.stdout) == (255, "")
    assert "192.0.2.1:5557 can be reached by others" in ended.stderr


def test_nothing_of_zeromq_is_in_the_headers(prefix):
    headers = list(prefix.glob("include/divvy/*"))
    assert {header.name for header in headers} == {"protocol.hpp", "endpoints.hpp", "worker.hpp"}
    assert [header.name for header in headers if "#include <zmq" in header.read_text()] == []


# --- completion


@pytest.fixture(scope="module", params=["bash", "zsh"])
def shell(request, prefix, tmp_path_factory):
    """At work in a directory with some files, one of which can be run."""
    if not shutil.which(request.param):
        pytest.skip(f"there is no {request.param}")
    folder = tmp_path_factory.mktemp("here")
    for name in ("tasks.txt", "out.db", "upload"):
        (folder / name).touch()
    (folder / "upload").chmod(0o755)
    (folder / "more").mkdir()
    shell = Shell(request.param, {"PREFIX": str(prefix), "PATH": f"{prefix / 'bin'}:{os.environ['PATH']}"}, folder, tmp_path_factory.mktemp("notes"))
    yield shell
    shell.close()


@every_program
def test_a_shell_completes_every_option(prefix, shell, program):
    helped = run(prefix / "bin" / program, "--help").partition("Examples:")[0]
    assert options_in(shell.completed(f"{program} --")) == options_in(helped)
    short = set(re.findall(r"(?<=[ ,])-\w(?=[ ,])", helped))
    assert short <= set(shell.completed(f"{program} -").split())


@pytest.mark.parametrize("line, completed", [
    ("divvy --jour", "divvy --journal"),
    ("divvy -k tasks.txt --summ", "divvy -k tasks.txt --summary"),
    ("seq 3 | divvy --jour", "seq 3 | divvy --journal"),
    ("divvy ta", "divvy tasks.txt"),
    ("ventilator -0 ta", "ventilator -0 tasks.txt"),
    ("ventilator -- ta", "ventilator -- tasks.txt"),
    ("ventilator --random 3 ", "ventilator --random 3 more out.db tasks.txt upload"),
    # the values that are files
    ("divvy --journal ou", "divvy --journal out.db"),
    ("divvy --journal=ou", "divvy --journal=out.db"),
    ("divvy --history ou", "divvy --history out.db"),
    ("ventilator --history=ou", "ventilator --history=out.db"),
    ("sink --key ou", "sink --key out.db"),
    # what is not known has no completion
    ("divvy -j ", "divvy -j"),
    ("divvy --jobs=ta", "divvy --jobs=ta"),
    ("ventilator --tasks ta", "ventilator --tasks ta"),
    ("ventilator --at 10.0.0.5:ta", "ventilator --at 10.0.0.5:ta"),
    ("sink --classic ta", "sink --classic ta"),
    ("sink ta", "sink ta"),
    ("worker ta", "worker ta"),
    # one that need not be there, an option without any, a colon that is one
    ("sink --classic --su", "sink --classic --summary"),
    ("divvy --longest-first ta", "divvy --longest-first tasks.txt"),
    ("divvy --colsep : ta", "divvy --colsep : tasks.txt"),
    # commands
    ("divvy -j 4 -- sha256s", "divvy -j 4 -- sha256sum"),
    ("worker -- sha256s", "worker -- sha256sum"),
    ("divvy -- ./up", "divvy -- ./upload"),
    ("worker -j 2 -- cat ta", "worker -j 2 -- cat tasks.txt"),
    # the three as words of divvy
    ("divvy wor", "divvy worker"),
    ("divvy ", "divvy more out.db report sink tasks.txt upload ventilator worker"),
    ("divvy -k wor", "divvy -k wor"),
    ("divvy worker --first", "divvy worker --first-slot"),
    ("divvy worker ta", "divvy worker ta"),
    ("divvy worker -- sha256s", "divvy worker -- sha256sum"),
    ("divvy sink --summary=ou", "divvy sink --summary=out.db"),
    ("divvy ventilator ta", "divvy ventilator tasks.txt"),
])
def test_a_shell_completes_a_line(shell, line, completed):
    assert shell.completed(line).rstrip("=").replace("more/", "more") == completed


@pytest.mark.parametrize("shell", ["zsh"], indirect=True)
def test_zsh_describes_the_options(shell):
    shell.type("divvy --max-\t")
    shell.shows("-- longest task (default 1m)")
    shell.type("\x15divvy -\t")
    shell.shows("-- Results to an SQLite database ")  # each of the two in that row has its own
    shell.shows("-- figures as JSON ")


# --- the programs and pages


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
    docs = {f"./usr/share/doc/divvy/{name}" for name in ("copyright", "changelog.gz", "CHANGELOG.md")}
    assert docs | {"./usr/share/zsh/vendor-completions/_divvy"} <= files
    assert {words[0] for words in contents} == {"drwxr-xr-x", "-rwxr-xr-x", "-rw-r--r--"}  # with a strict umask, too


def test_the_debian_package_says_what_it_needs_and_what_it_cannot_be_beside(package):
    depends, suggests, conflicts = (run("dpkg-deb", "--field", package, field) for field in ("Depends", "Suggests", "Conflicts"))
    assert "libzmq5" in depends and "libsqlite3-0" in depends and "libcsv3" in depends
    assert {"libzmq3-dev", "cppzmq-dev", "python3-zmq"} <= set(suggests.replace(",", " ").split())
    assert conflicts == "worker\n"  # that of Debian is a file manager


@pytest.mark.skipif(not shutil.which("lintian"), reason="there is no lintian")
def test_lintian_has_nothing_to_say_against_the_debian_package(package):
    assert run("lintian", "--allow-root", "--fail-on", "error,warning", package) == ""


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
