# SPDX-License-Identifier: Apache-2.0
"""
A network of the tests' own: an empty network namespace whose loopback is up, where every port is
free and a few names lead to it. The machine sees nothing of it, and nothing of the machine's
network is there.

    setUpModule = network.enter

puts the module's tests and all they start into one, and takes them out again at the end. Needs
the harness, whose mount namespace has the name files.
"""

import contextlib
import fcntl
import os
import socket
import struct
import tempfile
import unittest

from harness import checked, libc

# All of them are 127.0.0.1; a file of hosts knows no wildcards.
NAMES = """
    example.test www.example.test images.example.test keys.example.test cdn.example.test
    other.test www.other.test cdn.other.test proxy.test
    wrong.test expired.test unknown.test
    example.com www.example.com storage.example.com cdn.example.com
""".split()
LOOPBACK = "127.0.0.1"

CLONE_NEWNET = 0x40000000
MS_BIND, MNT_DETACH = 0x1000, 2
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1


def loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sH22x", b"lo", 0)
        name, flags = struct.unpack("16sH22x", fcntl.ioctl(any_socket, SIOCGIFFLAGS, request))
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sH22x", name, flags | IFF_UP))


@contextlib.contextmanager
def namespace():
    """An empty network for the calling thread, and for what it starts inside."""
    outside = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        checked(libc.unshare(CLONE_NEWNET))
        try:
            loopback_up()
            yield
        finally:
            checked(libc.setns(outside, CLONE_NEWNET))
    finally:
        os.close(outside)


@contextlib.contextmanager
def instead_of(path, text):
    """A file with TEXT over PATH, in the harness's mount namespace."""
    with tempfile.NamedTemporaryFile("w", prefix="gantry-test-") as file:
        file.write(text)
        file.flush()
        os.chmod(file.name, 0o644)
        place = os.path.realpath(path).encode()
        checked(libc.mount(file.name.encode(), place, None, MS_BIND, None))
        try:
            yield
        finally:
            checked(libc.umount2(place, MNT_DETACH))


@contextlib.contextmanager
def inside(*names):
    """The network with NAMES. Who asks for another is told that there is nobody to ask."""
    hosts = f"{LOOPBACK} localhost {' '.join(names)}\n"
    with contextlib.ExitStack() as stack:
        stack.enter_context(namespace())
        stack.enter_context(instead_of("/etc/hosts", hosts))
        for path, text in (("/etc/resolv.conf", f"nameserver {LOOPBACK}\n"),
                           ("/etc/nsswitch.conf", "hosts: files dns\n")):
            if os.path.exists(path):
                stack.enter_context(instead_of(path, text))
        yield


def enter(*names):
    """A module's setUpModule: inside(NAMES), until the module's tests are done."""
    if os.geteuid() != 0:
        raise unittest.SkipTest("a network of its own needs root")
    stack = contextlib.ExitStack()
    unittest.addModuleCleanup(stack.close)
    stack.enter_context(inside(*(names or NAMES)))
