"""The manifests of scripts/kubernetes: what they name is there, and the programs take the command lines in them."""
import shlex
import signal
import subprocess
from pathlib import Path

import pytest
import yaml

from pipeline import BIN, HERE

FOLDER = HERE.parents[1] / "scripts" / "kubernetes"
OBJECTS = [one for name in ("batch", "workers") for one in yaml.safe_load_all((FOLDER / f"{name}.yaml").read_text())]
PODS = [one["spec"]["template"] for one in OBJECTS if one["kind"] in ("Job", "Deployment")]
CONTAINERS = {container["name"]: container for pod in PODS for container in pod["spec"]["containers"]}
MADE_BY_HAND = {"secret": "divvy-key", "configMap": "divvy-tasks"}

every_container = pytest.mark.parametrize("name", CONTAINERS)


def of_kind(kind):
    (found,) = [one for one in OBJECTS if one["kind"] == kind]
    return found


def volumes(pod):
    return {volume["name"]: volume for volume in pod["spec"]["volumes"]}


def test_the_three_run_in_it():
    assert set(CONTAINERS) == {"ventilator", "sink", "worker"}


def test_the_service_leads_to_the_batch_at_the_ports_that_divvy_has():
    service = of_kind("Service")
    assert service["spec"]["selector"].items() <= of_kind("Job")["spec"]["template"]["metadata"]["labels"].items()
    assert {port["name"]: port["port"] for port in service["spec"]["ports"]} == {"tasks": 5557, "results": 5558, "feedback": 5559}
    args = CONTAINERS["worker"]["args"]
    assert args[args.index("--at") + 1] == service["metadata"]["name"]


def test_the_deployment_has_the_pods_that_it_makes():
    spec = of_kind("Deployment")["spec"]
    assert spec["selector"]["matchLabels"] == spec["template"]["metadata"]["labels"]


@pytest.mark.parametrize("pod", PODS, ids=lambda pod: pod["metadata"]["labels"]["app"])
def test_every_volume_is_there(pod):
    claim = of_kind("PersistentVolumeClaim")["metadata"]["name"]
    for volume in volumes(pod).values():
        assert volume.get("secret", {}).get("secretName", MADE_BY_HAND["secret"]) == MADE_BY_HAND["secret"]
        assert volume.get("configMap", {}).get("name", MADE_BY_HAND["configMap"]) == MADE_BY_HAND["configMap"]
        assert volume.get("persistentVolumeClaim", {}).get("claimName", claim) == claim
    mounted = {mount["name"] for container in pod["spec"]["containers"] for mount in container["volumeMounts"]}
    assert mounted == set(volumes(pod))


@pytest.mark.parametrize("pod", PODS, ids=lambda pod: pod["metadata"]["labels"]["app"])
def test_nobody_is_root_and_the_key_is_lent_to_the_group_only(pod):
    security = pod["spec"]["securityContext"]
    assert security["runAsNonRoot"] and security["fsGroup"] == security["runAsGroup"] > 0
    assert f"--uid {security['runAsUser']} " in (FOLDER / "Dockerfile").read_text()
    assert volumes(pod)["key"]["secret"]["defaultMode"] == 0o440
    for container in pod["spec"]["containers"]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}


@every_container
def test_what_a_command_line_names_is_mounted(name):
    folders = {mount["mountPath"] for mount in CONTAINERS[name]["volumeMounts"]}
    files = [word for word in CONTAINERS[name]["args"] if word.startswith("/")]
    assert files and all(str(Path(file).parent) in folders for file in files)


def test_the_probe_looks_for_the_file_that_the_worker_makes():
    worker = CONTAINERS["worker"]
    args = worker["args"]
    assert worker["readinessProbe"]["exec"]["command"] == ["test", "-e", args[args.index("--ready-file") + 1]]


@pytest.fixture
def start(pipeline):
    """Runs the command lines as they are, but for the addresses, and for the folders that would be mounted."""
    root = pipeline.file("root")
    for folder in ("key", "tasks", "journal", "tmp"):
        (root / folder).mkdir(parents=True)
    assert pipeline.start(BIN / "ventilator", "--make-key", root / "key" / "lab.key").status() == 0
    (root / "tasks" / "tasks.txt").write_text(f"{BIN}/sink\n{BIN}/none\n")

    def start(name):
        container = CONTAINERS[name]
        args = [f"{root}{word}" if word.startswith("/") else word for word in container["args"]]
        at = args.index("--at")
        args[at:at + 2] = pipeline.at
        return pipeline.start(*container["command"], *args, env={"PATH": f"{BIN}:/usr/bin:/bin"})

    return start


def test_a_batch_and_its_workers_do_what_the_manifests_say(start):
    ventilator, sink, worker = map(start, CONTAINERS)
    assert (ventilator.status(), sink.status()) == (0, 0), "a batch with a failed task is over, too"
    assert "2 tasks, 1 failed" in sink.err
    hashed = subprocess.run(["sha256sum", BIN / "sink"], check=True, capture_output=True, text=True).stdout
    assert sink.out == hashed
    assert worker.popen.poll() is None


def test_a_pod_that_is_to_end_stops_its_batch_and_has_not_done_it(start):
    ventilator, sink = start("ventilator"), start("sink")
    ventilator.says("waiting for workers")
    for process in (ventilator, sink):
        process.send(signal.SIGTERM)
    assert (ventilator.status(), sink.status()) == (1, 1)
    assert "stopped with 0 of 2 tasks done" in ventilator.err and "ended with 0 of 2 tasks recorded" in sink.err


def test_the_comments_name_the_files_and_objects_that_are_there():
    lines = [shlex.split(line[1:], comments=True) for file in FOLDER.glob("*.yaml") for line in file.read_text().splitlines()
             if line.startswith("#   kubectl")]
    words = {word for line in lines for word in line}
    assert {MADE_BY_HAND["secret"], MADE_BY_HAND["configMap"], of_kind("Deployment")["metadata"]["name"]} <= words
    files = [word for word in words if word.startswith("scripts/")]
    assert len(files) == 2 and all((HERE.parents[1] / file).exists() for file in files)
