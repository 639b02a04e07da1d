"""The unit of a worker, as installed: systemd understands it, it locks its tasks in, and its line starts a worker."""
import os
import re
import shutil
import subprocess

import pytest

from pipeline import BIN, HERE

UNIT = HERE.parents[1] / "scripts" / "systemd" / "divvy-worker@.service"

needs_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd")


def analyzed(*words):
    return subprocess.run(["systemd-analyze", "--no-pager", *words], capture_output=True, text=True, check=False)


@needs_systemd
def test_systemd_has_nothing_to_say_against_it(tmp_path):
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace("ExecStart=worker ", f"ExecStart={BIN}/worker "))
    verified = analyzed("verify", "--man=no", unit)
    assert (verified.returncode, verified.stdout, verified.stderr) == (0, "", "")


@needs_systemd
def test_its_tasks_can_do_little_harm(tmp_path):
    """Below 2 of 10; what remains is that they may use the network."""
    unit = shutil.copy(UNIT, tmp_path)
    rated = analyzed("security", "--offline=true", "--threshold=20", unit)
    assert rated.returncode == 0, rated.stdout + rated.stderr


def test_its_line_starts_a_worker_with_the_options_and_the_command_of_its_file(pipeline):
    """Words are put in as systemd does: of $NAME each, of ${NAME} one."""
    key = pipeline.file("key")
    assert pipeline.start(BIN / "ventilator", "--make-key", key).status() == 0
    line = re.search(r"^ExecStart=(.*)$", UNIT.read_text(), re.M)[1]
    values = {"$DIVVY_OPTIONS": [*pipeline.at, "-v", "-j", "100%"], "$DIVVY_COMMAND": ["echo", "done", "{}"]}
    program, *words = [word for part in line.split() for word in values.get(part, [part])]
    words = [word.replace("${CREDENTIALS_DIRECTORY}", os.fspath(pipeline.folder)) for word in words]
    assert not [word for word in words if "$" in word]
    sink = pipeline.sink("--key", key)
    ventilator = pipeline.ventilator("--key", key, tasks=[1])
    pipeline.start(BIN / program, *words)
    assert (ventilator.status(), sink.status()) == (0, 0)
    assert sink.out == "done 1\n"
