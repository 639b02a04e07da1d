"""Hosts that are network namespaces of a test's own."""
import itertools
import os
import subprocess

numbers = itertools.count()


def ip(*words):
    subprocess.run(["ip", *map(str, words)], check=True, capture_output=True)


class Network:
    """Hosts around a bridge: 10.77.0.1 for the first, and so on."""

    def __init__(self):
        self.name = f"dv{os.getpid() % 100000}n{next(numbers)}"
        self.hosts = []
        self.middle = f"{self.name}m"
        ip("netns", "add", self.middle)
        ip("-n", self.middle, "link", "add", "bridge", "type", "bridge")
        ip("-n", self.middle, "link", "set", "bridge", "up")

    def host(self):
        host, number = f"{self.name}h{len(self.hosts)}", len(self.hosts) + 1
        ip("netns", "add", host)
        self.hosts.append(host)
        ip("link", "add", "eth", "netns", host, "type", "veth", "peer", "name", f"port{number}", "netns", self.middle)
        ip("-n", self.middle, "link", "set", f"port{number}", "master", "bridge", "up")
        ip("-n", host, "addr", "add", f"10.77.0.{number}/24", "dev", "eth")
        ip("-n", host, "link", "set", "lo", "up")
        ip("-n", host, "link", "set", "eth", "up")
        return host

    def link(self, host, state):
        ip("-n", self.middle, "link", "set", f"port{self.hosts.index(host) + 1}", state)

    def close(self):
        for host in (*self.hosts, self.middle):
            subprocess.run(["ip", "netns", "del", host], capture_output=True)
