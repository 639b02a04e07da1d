"""A cluster with a Slurm of its own: each node has an address, a name and a slurmd, as if it were a machine."""
import os
import signal
import subprocess
from pathlib import Path

from pipeline import BIN, DEADLINE, HERE, eventually
from test_hosts import Network

SCRIPTS = HERE.parents[1] / "scripts" / "slurm"
CPUS = 2  # of each node; nobody looks whether they are there

# Requeued jobs wait for as long as credentials are valid: until start_now(), however slow the machine is.
CONFIGURATION = """
ClusterName=divvy
SlurmctldHost=n1
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=600
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/%n.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
MailProg=/bin/true
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
ReturnToService=2
TCPTimeout=60
MessageTimeout=60
SlurmdTimeout=0
KillWait=5
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
SchedulerParameters=sched_interval=1,sched_min_interval=0,bf_interval=1
NodeName={nodes} CPUs={cpus}
PartitionName=spare Nodes=ALL Default=YES PriorityTier=1 MaxTime=INFINITE State=UP
PartitionName=urgent Nodes=ALL PriorityTier=2 MaxTime=INFINITE State=UP
"""

# No controller is used; what looks for them is told where nothing is.
CONTROL_GROUPS = "CgroupPlugin=cgroup/v1\nCgroupMountpoint={folder}/cgroup\n"


class Slurm:
    """Nodes n1, n2 and so on. What is started in their namespaces ends with them."""

    def __init__(self, pipeline, nodes):
        self.pipeline = pipeline
        self.folder = pipeline.folder
        self.folder.chmod(0o755)  # munged wants everybody to reach its socket
        self.network = Network()
        self.nodes = {f"n{number}": self.network.host() for number in range(1, nodes + 1)}
        self.write_files()
        self.start()

    def write_files(self):
        (self.folder / "state").mkdir()
        (self.folder / "munge.key").write_bytes(os.urandom(1024))
        (self.folder / "munge.key").chmod(0o400)
        values = {"folder": self.folder, "nodes": ",".join(self.nodes), "cpus": CPUS}
        (self.folder / "slurm.conf").write_text(CONFIGURATION.format(**values))
        (self.folder / "cgroup.conf").write_text(CONTROL_GROUPS.format(**values))
        hosts = [f"10.77.0.{number} {node}" for number, node in enumerate(self.nodes, 1)]
        (self.folder / "hosts").write_text("\n".join(["127.0.0.1 localhost", *hosts, ""]))

    def start(self):
        of_munged = (f"--{what}={self.folder}/munge.{what.partition('-')[0]}"
                     for what in ("key-file", "pid-file", "seed-file", "log-file", "socket"))
        self.daemon("n1", "munged", "--foreground", *of_munged)
        eventually((self.folder / "munge.socket").exists, "munged to listen")
        self.daemon("n1", "slurmctld", "-D")
        for node in self.nodes:
            self.daemon(node, "slurmd", "-D", "-N", node)
        eventually(lambda: self.states() == ["idle"] * len(self.nodes), "all nodes to be idle")

    def states(self):
        return self.on("n1", "sinfo", "-N", "-h", "-p", "spare", "-o", "%T", check=False).split()

    def words(self, node, *words):
        """As if it were typed on that node."""
        script = f'mount --bind {self.folder}/hosts /etc/hosts && hostname {node} && exec "$@"'
        return ["nsenter", f"--net=/run/netns/{self.nodes[node]}", "unshare", "--uts", "--mount",
                "sh", "-c", script, "sh", *map(str, words)]

    @property
    def environment(self):
        return {**os.environ, "SLURM_CONF": str(self.folder / "slurm.conf"), "PATH": f"{BIN}:{os.environ['PATH']}"}

    def daemon(self, node, *words):
        log = open(self.folder / f"{words[0]}-{node}.log", "wb")
        subprocess.Popen(self.words(node, *words), env=self.environment, stdin=subprocess.DEVNULL, stdout=log,
                         stderr=subprocess.STDOUT, start_new_session=True)

    def on(self, node, *words, check=True):
        """Runs a command on that node; returns what it prints."""
        done = subprocess.run(self.words(node, *words), env=self.environment, cwd=self.folder, capture_output=True,
                              text=True, timeout=DEADLINE, check=False)
        assert not check or done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout

    def sbatch(self, *words):
        """Submits a job; returns its number."""
        return self.on("n1", "sbatch", "--parsable", *words).strip()

    def start_now(self, job):
        """One that is requeued waits otherwise until its credentials have expired. Nodes refuse what was issued until the second in
        which they ended it."""
        eventually(lambda: not any(state.startswith("completing") for state in self.states()), "all nodes to have ended it")
        self.on("n1", "scontrol", "update", f"job={job}", "StartTime=now+2seconds")

    def state(self, job):
        """Of a job, or of each job of an array, in the order of their numbers."""
        lines = self.on("n1", "scontrol", "show", "-o", "job", job).splitlines()
        fields = [dict(word.partition("=")[::2] for word in line.split()) for line in lines]
        return [field["JobState"] for field in sorted(fields, key=lambda field: int(field.get("ArrayTaskId", 0)))]

    def log(self, job):
        """What a job has printed."""
        path = self.folder / f"slurm-{job}.out"
        return path.read_text() if path.exists() else ""

    def close(self):
        for namespace in self.nodes.values():
            found = subprocess.run(["ip", "netns", "pids", namespace], capture_output=True, text=True, check=False)
            for pid in map(int, found.stdout.split()):
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass  # it has just ended
        for log in sorted(Path(self.folder).glob("slurm*.*")):
            print(f"--- {log.name}\n{log.read_text()[-3000:]}")
        self.network.close()
