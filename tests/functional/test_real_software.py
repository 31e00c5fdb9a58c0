# SPDX-License-Identifier: Apache-2.0
"""Programs that people run, as the distribution packages them: images are made of the packages'
files and of the libraries that they need, and run on the host's loopback."""

import os
import shutil
import socket
import subprocess
import unittest
import urllib.request

import harness
from harness import Host, entry, needs_root, symlink, wait_until


def needs_package(name):
    done = subprocess.run(["dpkg-query", "-W", "-f=${Status}", name], capture_output=True, text=True,
                          check=False) if shutil.which("dpkg-query") else None
    installed = done is not None and done.stdout == "install ok installed"
    return unittest.skipUnless(installed, f"the package '{name}' is not installed")


def package_files(*packages):
    listed = subprocess.run(["dpkg", "-L", *packages], capture_output=True, text=True, check=True)
    return [path for path in listed.stdout.splitlines() if path.startswith("/")]


def libraries(program):
    """The paths of the loader and of the libraries that PROGRAM is linked with."""
    listed = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
    return [word for line in listed.splitlines() for word in line.split() if word.startswith("/")]


class Tree:
    """Files of the host as the entries of an image, each at its own path."""

    def __init__(self):
        self.entries = {}
        for name in ("bin", "sbin", "lib", "lib64"):
            if os.path.islink("/" + name):
                self.entries[name] = symlink("", os.readlink("/" + name))

    def add(self, path):
        """The file, or the link and what it leads to, and the directories above."""
        path = os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
        name = os.path.normpath(path).lstrip("/")
        if not name or name in self.entries or not os.path.lexists(path):
            return
        self.add(os.path.dirname(path))
        info = os.lstat(path)
        if os.path.islink(path):
            self.entries[name] = symlink("", os.readlink(path))
            self.add(os.path.realpath(path))
        elif os.path.isdir(path):
            self.entries[name] = entry("", mode=info.st_mode & 0o7777, uid=info.st_uid, gid=info.st_gid)
        else:
            self.entries[name] = (path, info.st_mode & 0o7777)

    def add_packages(self, *packages):
        for path in package_files(*packages):
            if not path.startswith(("/usr/share/doc", "/usr/share/man", "/usr/share/lintian", "/lib/systemd")):
                self.add(path)

    def add_program(self, path):
        self.add(path)
        for library in libraries(path):
            self.add(library)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def is_open(port):
    try:
        socket.create_connection(("127.0.0.1", port), harness.TIMEOUT).close()
        return True
    except ConnectionRefusedError:
        return False


@needs_root
class RealSoftware(unittest.TestCase):
    def setUp(self):
        self.host = Host(self)

    def serve(self, port, *words):
        """Starts the pod and waits until its port is open."""
        process = self.host.start_pod(*words, net="host")
        wait_until(lambda: is_open(port) or not process.running(), f"port {port}")
        self.assertTrue(process.running(), process)
        return process

    def stop(self, process, port):
        """It ends by itself within the grace period that stop gives it."""
        self.host.ok("stop", process.uuid)
        result = process.wait()
        self.assertEqual(result.status, 0, result)
        self.assertEqual(self.host.status(process.uuid)["state"], "exited")
        self.assertFalse(is_open(port))
        self.host.assert_nothing_left()
        return result

    @needs_package("busybox-static")
    def test_busybox(self):
        tree = Tree()
        tree.add_program(shutil.which("busybox"))
        for applet in ("sh", "id", "hostname", "cat", "wc", "sort", "mktemp", "rm", "true"):
            tree.entries["usr/bin/" + applet] = symlink("", os.path.realpath(shutil.which("busybox")))
        script = ("id -u; test $$ -ne 1 && hostname; echo b a | sort; "
                  "f=$(mktemp); cat /proc/self/mountinfo >$f; test -s $f && rm $f; "
                  "cat /proc/[0-9]*/comm | wc -l; exit 23")
        image = self.host.aci(tree.entries, exec=["/bin/sh", "-c", script], user="99", group="99")
        result = self.host.pod("--hostname=box", image)
        self.assertEqual((result.status, result.lines[:3]), (23, ["99", "box", "b a"]), result)
        self.assertEqual(self.host.pod(image, "--exec=/bin/true").status, 0)
        self.host.assert_nothing_left()

    @needs_package("redis-server")
    def test_redis(self):
        """As a user that is not root, with threads and a file of its own."""
        program, port, tree = shutil.which("redis-server"), free_port(), Tree()
        tree.add_packages("redis-server")
        tree.add_program(program)
        tree.entries["var/lib/redis"] = entry("", mode=0o750, uid=300, gid=300)
        command = [program, "--port", str(port), "--bind", "127.0.0.1", "--dir", "/var/lib/redis",
                   "--appendonly", "yes"]
        image = self.host.aci({"var": None, "var/lib": None, **tree.entries}, exec=command, user="300",
                              group="300", name="example.com/redis", workingDirectory="/var/lib/redis")
        process = self.serve(port, image)
        with socket.create_connection(("127.0.0.1", port), harness.TIMEOUT) as client:
            answers = client.makefile("rb")
            client.sendall(b"SET key of-the-pod\r\nGET key\r\nCONFIG GET dir\r\n")
            self.assertEqual([answers.readline() for _ in range(3)],
                             [b"+OK\r\n", b"$10\r\n", b"of-the-pod\r\n"])
            self.assertEqual([answers.readline() for _ in range(5)][4], b"/var/lib/redis\r\n")
        self.assertIn("bye bye", self.stop(process, port).out)

    @needs_package("nginx")
    def test_nginx(self):
        """A master that is root, and workers that are not."""
        program, port, tree = shutil.which("nginx") or "/usr/sbin/nginx", free_port(), Tree()
        tree.add_packages("nginx-common")
        tree.add_program(program)
        configuration = (
            "daemon off;\nuser web;\nworker_processes 2;\nerror_log /dev/stderr notice;\n"
            "pid /run/nginx.pid;\nevents {}\nhttp {\n\taccess_log /dev/stdout;\n\tserver {\n"
            f"\t\tlisten 127.0.0.1:{port};\n\t\troot /srv;\n\t}}\n}}\n")
        page = "<p>from inside of a pod</p>\n" * 1000
        image = self.host.aci(
            {"var": None, "var/log": None, "var/log/nginx": None, "var/lib": None, "var/lib/nginx": None,
             "run": None, "srv": None, **tree.entries,
             "etc/own.conf": configuration, "srv/index.html": page,
             "etc/passwd": "root:x:0:0::/:\nweb:x:33:33::/:\n", "etc/group": "root:x:0:\nweb:x:33:\n"},
            exec=[program, "-c", "/etc/own.conf"], name="example.com/nginx")
        process = self.serve(port, image)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=harness.TIMEOUT) as answer:
            self.assertEqual((answer.status, answer.read().decode()), (200, page))
        result = self.stop(process, port)
        self.assertIn('"GET / HTTP/1.1" 200', result.out)


if __name__ == "__main__":
    unittest.main()
