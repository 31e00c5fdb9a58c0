# SPDX-License-Identifier: Apache-2.0
"""What the bench does to the machine, and how it takes that back.

Everything is measured in a private mount namespace and a scratch directory. Nothing is
removed between runs, since removing many files slows the making of new ones for half a
minute on ext4: the whole scratch directory goes at the end."""
import ctypes
import fcntl
import json
import mmap
import os
import resource
import shutil
import socket
import struct
import tempfile
import time

CLONE_NEWNS = 0x00020000
CLONE_NEWNET = 0x40000000
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1
MS_REC = 0x4000
MS_PRIVATE = 1 << 18
MNT_DETACH = 2

CGROUPS = "/sys/fs/cgroup"

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result, what):
    if result:
        number = ctypes.get_errno()
        raise OSError(number, "%s: %s" % (what, os.strerror(number)))


def private_mounts():
    """From here on, no mount of ours is seen by the host."""
    _check(_libc.unshare(CLONE_NEWNS), "unshare")
    _check(_libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None), "private mounts")


def private_network():
    """From here on, there is nobody but ourselves to talk to."""
    _check(_libc.unshare(CLONE_NEWNET), "unshare")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sH22x", b"lo", 0)
        name, flags = struct.unpack("16sH22x", fcntl.ioctl(any_socket, SIOCGIFFLAGS, request))
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sH22x", name, flags | IFF_UP))


def mount(kind, target):
    kind = kind.encode()
    _check(_libc.mount(kind, target.encode(), kind, 0, None), "mount %s" % target)


def unmount_all(target):
    """Whatever is mounted at TARGET and below."""
    while not _libc.umount2(target.encode(), MNT_DETACH):
        pass


def pure_cgroup2():
    """A view of the host in which cgroup v2 is all there is: some know nothing else."""
    if os.path.exists(CGROUPS + "/cgroup.controllers"):
        return
    unmount_all(CGROUPS)
    mount("cgroup2", CGROUPS)


def empty_run():
    mount("tmpfs", "/run")


def preheat(size):
    """Touches and frees memory, so that the host backs it: a guest's first touch is slow."""
    available = _meminfo("MemAvailable")
    with mmap.mmap(-1, max(mmap.PAGESIZE, min(size, available // 4))) as memory:
        for page in range(0, len(memory), mmap.PAGESIZE):
            memory[page] = 1


def _meminfo(field):
    with open("/proc/meminfo", encoding="ascii") as file:
        for line in file:
            name, value = line.split(":")
            if name == field:
                return int(value.split()[0]) * 1024
    return 0


class Others:
    """What share of the processors others took while this was entered: SHARE, 0 to 1. What the
    kernel does for us in the background counts as theirs; it is little. SERVERS: processes that
    run for us, and go on."""

    def __init__(self, servers=()):
        self._servers = servers

    def __enter__(self):
        self._start = self._now()
        return self

    def __exit__(self, *_):
        elapsed, busy, ours = (b - a for a, b in zip(self._start, self._now()))
        self.share = max(0.0, busy - ours) / (elapsed * os.cpu_count())

    def _now(self):
        with open("/proc/stat", encoding="ascii") as file:
            ticks = [int(word) for word in file.readline().split()[1:9]]
        user, nice, system, _, _, irq, softirq, steal = ticks
        busy = user + nice + system + irq + softirq + steal
        ours = 0.0
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
            usage = resource.getrusage(who)
            ours += usage.ru_utime + usage.ru_stime
        for pid in self._servers:
            with open("/proc/%d/stat" % pid, encoding="utf-8", errors="replace") as file:
                words = file.read().rpartition(")")[2].split()
            ours += (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
        return time.monotonic(), busy / os.sysconf("SC_CLK_TCK"), ours


def _children():
    """Children of every process: {pid: [pid]}."""
    found = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open("/proc/%s/stat" % name, encoding="utf-8", errors="replace") as file:
                parent = int(file.read().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
        found.setdefault(parent, []).append(int(name))
    return found


def families(pids):
    """For each of PIDS, itself and all its descendants; one look at /proc for all."""
    children = _children()
    result = {}
    for pid in pids:
        family = [pid]
        for member in family:
            family.extend(children.get(member, []))
        result[pid] = family
    return result


def executable(pid):
    """The file name of the program that PID runs, "" if it is gone."""
    try:
        return os.path.basename(os.readlink("/proc/%d/exe" % pid))
    except OSError:
        return ""


def private_memory(pid):
    """KiB that this process has written to and nobody shares, and KiB of files that it alone
    maps just now; (0, 0) if it is gone."""
    sizes = {}
    try:
        with open("/proc/%d/smaps_rollup" % pid, encoding="ascii") as file:
            for line in file:
                if line.startswith("Private_"):
                    name, size = line.split()[:2]
                    sizes[name] = int(size)
    except OSError:
        pass
    clean = sizes.pop("Private_Clean:", 0)
    return sum(sizes.values()), clean


class Arena:
    """A child in a mount namespace of its own, changed by PREPARE, that runs and measures
    there on request: call(function's argument) returns what function(argument) returned."""

    def __init__(self, prepare, function):
        asked, self._ask = os.pipe()
        self._answer, answering = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            os.close(self._ask)
            os.close(self._answer)
            self._serve(prepare, function, asked, answering)
        os.close(asked)
        os.close(answering)
        self._answers = os.fdopen(self._answer, encoding="utf-8")
        self._read()

    @staticmethod
    def _serve(prepare, function, asked, answering):
        status = 1
        try:
            with os.fdopen(asked, encoding="utf-8") as questions:
                with os.fdopen(answering, "w", encoding="utf-8") as answers:

                    def answer(value):
                        answers.write(json.dumps(value) + "\n")
                        answers.flush()

                    try:
                        private_mounts()
                        prepare()
                        answer({"value": None})
                        for line in questions:
                            answer({"value": function(json.loads(line))})
                    except Exception as error:
                        answer({"error": str(error)})
            status = 0
        finally:
            os._exit(status)

    def _read(self):
        line = self._answers.readline()
        answer = json.loads(line) if line else {"error": "its helper process ended"}
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["value"]

    def call(self, argument):
        os.write(self._ask, json.dumps(argument).encode() + b"\n")
        return self._read()

    def close(self):
        os.close(self._ask)
        self._answers.close()
        os.waitpid(self._pid, 0)


class Scratch:
    """A directory for everything, and the cgroups that peers leave: both go at the end."""

    LEFT_CGROUPS = ("libpod_parent",)

    def __init__(self, parent):
        self.path = tempfile.mkdtemp(prefix="gantry-bench-", dir=parent)
        self.tag = os.path.basename(self.path)
        self._cgroups = self._list_cgroups()

    def sub(self, *names):
        return os.path.join(self.path, *names)

    def make(self, *names):
        path = self.sub(*names)
        os.makedirs(path, exist_ok=True)
        return path

    @staticmethod
    def _list_cgroups():
        found = set()
        for top in [CGROUPS] + [entry.path for entry in os.scandir(CGROUPS)]:
            if os.path.exists(top + "/cgroup.procs"):
                found.update(e.path for e in os.scandir(top) if e.is_dir())
        return found

    def _left_by_us(self, path):
        name = os.path.basename(path)
        return self.tag in name or name in self.LEFT_CGROUPS

    def remove(self):
        """Returns what could not be removed."""
        left = []
        for path in sorted(self._list_cgroups() - self._cgroups):
            if not self._left_by_us(path):
                continue
            for folder, _, _ in os.walk(path, topdown=False):
                try:
                    os.rmdir(folder)
                except OSError as error:
                    left.append(str(error))

        def failed(_, path, why):
            left.append("%s: %s" % (path, why[1]))

        shutil.rmtree(self.path, onerror=failed)
        return left
