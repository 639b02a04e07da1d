"""Hosts with an ssh server each, in network namespaces of the test's own; divvy runs on the first one."""
import shlex
import shutil
import subprocess
from pathlib import Path

from network import Network
from pipeline import BIN, eventually, is_watchdog

SSHD = shutil.which("sshd") or "/usr/sbin/sshd"


class Lab:
    def __init__(self, pipeline):
        self.pipeline = pipeline
        self.network = Network()
        self.here = self.network.host()
        self.keys = pipeline.file("ssh")
        self.keys.mkdir(mode=0o700)
        for name in ("user", "stranger", "host"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.keys / name], check=True)
        Path("/run/sshd").mkdir(exist_ok=True)

    def host(self, *, without=(), server=True):
        """A new host, as its address; directories `without` are empty there."""
        space = self.network.host()
        address = f"10.77.0.{len(self.network.hosts)}"
        if server:
            config = self.keys / f"config-{address}"
            config.write_text(f"ListenAddress {address}\nHostKey {self.keys}/host\nAuthorizedKeysFile {self.keys}/user.pub\n"
                              "StrictModes no\nUsePAM no\nPermitRootLogin yes\nPidFile none\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n")
            hide = "".join(f"mount -t tmpfs none {shlex.quote(str(path))} && " for path in without)
            sshd = self.pipeline.start("ip", "netns", "exec", space, "sh", "-c", f"{hide}exec {SSHD} -D -e -f {config}")
            sshd.says("Server listening")
        return address

    def space(self, address):
        return self.network.hosts[int(address.rpartition(".")[2]) - 1]

    def ssh(self, *options, key="user"):
        """What --ssh is given."""
        return shlex.join(["ssh", "-F", "none", "-i", str(self.keys / key), "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=accept-new",
                           "-o", f"UserKnownHostsFile={self.keys}/known", *options])

    def divvy(self, hosts, *words, ssh=None, tasks=None, bin=BIN, folder=None, env=None):
        with self.pipeline.input(tasks) as file:
            return self.pipeline.start("ip", "netns", "exec", self.here, "env", "-C", folder or self.pipeline.folder, BIN / "divvy", "--hosts", hosts,
                                       "--ssh", ssh or self.ssh(), *words, stdin=file, env={"DIVVY_BIN": str(bin), **(env or {})})

    def processes(self, address=None):
        """{pid: command line} of what runs there, or on any of the hosts but the first, but for ssh servers."""
        found = {}
        for space in [self.space(address)] if address else self.network.hosts[1:]:
            listed = subprocess.run(["ip", "netns", "pids", space], capture_output=True, text=True, check=True).stdout
            for pid in listed.split():
                try:
                    line = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                except OSError:
                    continue  # it has just ended
                if line and not line.startswith(("sshd:", SSHD, "sh -c mount")):
                    found[int(pid)] = line
        return found

    def runs(self, text, address=None):
        """The process whose command line has this text, once there is one."""
        def one():
            return [pid for pid, line in self.processes(address).items() if text in line and not is_watchdog(pid)]
        return eventually(one, f"{text} to run")[0]

    def wait_until_nothing_runs(self):
        eventually(lambda: self.processes() == {}, f"{self.processes()} to end")

    def close(self):
        self.network.close()


