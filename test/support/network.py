"""A wire of its own between a program and a server's machine, on which packets can be lost: not a connection that is closed,
but one on which nothing arrives any more.

    with Wire() as wire:
        process = subprocess.Popen([*wire.beyond, "midflight", ...])   # reaches servers at wire.address
        wire.lose()

Only root can lay one."""
import os
import shutil
import subprocess

NEAR, FAR, BITS = "10.213.77.1", "10.213.77.2", 30
NOBODY = "02:00:00:00:00:99"  # a card that is on no wire


def possible():
    return os.geteuid() == 0 and shutil.which("ip") is not None


def ip(*words):
    subprocess.run(["ip", *words], check=True)


class Wire:
    address = NEAR

    def __init__(self):
        self.near, self.far, self.space = (f"mf{os.getpid()}{end}" for end in ("n", "f", "s"))
        self.beyond = ["ip", "netns", "exec", self.space]

    def __enter__(self):
        ip("netns", "add", self.space)
        ip("link", "add", self.near, "type", "veth", "peer", "name", self.far, "netns", self.space)
        for prefix, end, address in (([], self.near, NEAR), (["-n", self.space], self.far, FAR)):
            ip(*prefix, "address", "add", f"{address}/{BITS}", "dev", end)
            ip(*prefix, "link", "set", end, "up")
        return self

    def __exit__(self, *_):
        ip("link", "delete", self.near)
        ip("netns", "delete", self.space)

    def lose(self):
        """Every packet from now on, in both directions; nobody is told."""
        ip("neighbour", "replace", FAR, "lladdr", NOBODY, "dev", self.near, "nud", "permanent")
        ip("-n", self.space, "neighbour", "replace", NEAR, "lladdr", NOBODY, "dev", self.far, "nud", "permanent")
