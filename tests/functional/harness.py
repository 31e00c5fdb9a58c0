# SPDX-License-Identifier: Apache-2.0
"""
The functional tests' one harness: a Host is a machine of its own in a temporary directory, with
gantry to run on it.

    host = Host(self)
    image = host.aci(exec=["/probe", "exit", "42"])
    self.assertEqual(host.run("run", image).status, 42)

Images are made of files, at first of the probe (tests/probe). A command ends within TIMEOUT,
or is killed and the test fails. When the test ends the Host checks that it left nothing: see
Host.assert_nothing_left().

The importing process gets its own mount namespace, whose mounts are shared as those of a booted
machine are: a mount that gantry let escape from a pod is seen there, and is nobody else's.
It also is the reaper of its descendants, so that no process of a pod gets away unseen.

Environment: GANTRY, PROBE, STAGE1_PROBE and STAGE1_IMAGES (the directory of the stage1 ACIs), which
CMake sets; else the release build's.
"""

import contextlib
import ctypes
import io
import json
import os
import shutil
import signal
import subprocess
import tarfile
import tempfile
import threading
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.join(ROOT, "build", "release")


def built(variable, path):
    return os.environ.get(variable) or os.path.join(BUILD, path)


GANTRY = built("GANTRY", "bin/gantry")
# The programs beside it that read what comes from outside.
IMPORT = os.path.join(os.path.dirname(os.path.dirname(GANTRY)), "libexec", "gantry", "import-%s")
PROBE = built("PROBE", "tests/probe/probe")
STAGE1_PROBE = built("STAGE1_PROBE", "tests/stage1-probe/stage1-probe")
STAGE1_IMAGES = built("STAGE1_IMAGES", "lib/gantry/stage1-images")

# Seconds. Long, since a machine may be slow; no test waits for it to pass.
TIMEOUT = float(os.environ.get("GANTRY_TEST_TIMEOUT", "120"))

ARCH = {"x86_64": "amd64", "aarch64": "aarch64", "i686": "i386", "ppc64le": "ppc64le"}
LABELS = {"os": "linux", "arch": ARCH.get(os.uname().machine, os.uname().machine)}

CLONE_NEWNS = 0x00020000
MS_REC, MS_PRIVATE, MS_SHARED = 0x4000, 1 << 18, 1 << 20
PR_SET_CHILD_SUBREAPER = 36

libc = ctypes.CDLL(None, use_errno=True)


def checked(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def be_a_machine():
    """A mount namespace of our own, with shared mounts, and nobody's orphans escape us."""
    checked(libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
    if os.geteuid() == 0:
        checked(libc.unshare(CLONE_NEWNS))
        checked(libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None))
        checked(libc.mount(None, b"/", None, MS_REC | MS_SHARED, None))


be_a_machine()


def needs_root(test):
    """For a test or a class that runs pods."""
    return unittest.skipUnless(os.geteuid() == 0, "running a pod needs root")(test)


def needs_program(name):
    return unittest.skipUnless(shutil.which(name), f"'{name}' is not installed")


def read(path, mode="r"):
    with open(path, mode) as file:
        return file.read()


def write(path, content, mode=0o644):
    with open(path, "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())
    os.chmod(path, mode)
    return path


def wait_until(true, what, timeout=TIMEOUT):
    """Polls, for what cannot be waited for; the time is for a test that hangs, no judgement.
    WHAT may be a function that says it."""
    end = time.monotonic() + timeout
    while not true():
        if time.monotonic() > end:
            raise AssertionError(f"not within {timeout:g} s: {what() if callable(what) else what}")
        time.sleep(0.005)


# Processes


def stat_of(pid):
    """The fields of /proc/PID/stat from the state on, or None if it is gone."""
    try:
        return read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def descendants(pid=None):
    """All descendants that are not dead, whatever namespace they are in."""
    parents = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        fields = stat_of(entry)
        if fields and fields[0] not in "ZX":
            parents.setdefault(int(fields[1]), []).append(int(entry))
    found, todo = [], [pid or os.getpid()]
    while todo:
        children = parents.get(todo.pop(), [])
        found += children
        todo += children
    return found


def describe(pid):
    try:
        command = read(f"/proc/{pid}/cmdline").replace("\0", " ").strip()
        return f"{pid} ({command or read(f'/proc/{pid}/comm').strip()})"
    except (FileNotFoundError, ProcessLookupError):
        return f"{pid} (gone)"


def kill(pids):
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def reap():
    """Takes the orphans that ended and came to us; our own children are Popen's."""
    for entry in filter(str.isdigit, os.listdir("/proc")):
        fields = stat_of(entry)
        if fields and fields[0] == "Z" and int(fields[1]) == os.getpid():
            if int(entry) not in Process.started:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(int(entry), os.WNOHANG)


class Result:
    """How a command ended. The status is as the shell counts: 128 + the signal."""

    def __init__(self, argv, status, out, err):
        self.argv, self.status, self.out, self.err = argv, status, out, err

    @property
    def lines(self):
        return self.out.splitlines()

    def __repr__(self):
        return f"$ {' '.join(self.argv)}\n[{self.status}]\n{self.out}{self.err}"


class Process:
    """A command that runs. Its output is read all the time, so that it never blocks."""

    started = set()

    def __init__(self, argv, **options):
        self.argv = argv
        self.process = subprocess.Popen(
            argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
        self.started.add(self.pid)
        self.changed = threading.Condition()
        self.text = {"out": b"", "err": b""}
        self.readers = [
            threading.Thread(target=self.collect, args=(name, pipe), daemon=True)
            for name, pipe in (("out", self.process.stdout), ("err", self.process.stderr))]
        for reader in self.readers:
            reader.start()

    def collect(self, name, pipe):
        block = True
        with pipe:
            while block:
                block = os.read(pipe.fileno(), 65536)
                with self.changed:
                    self.text[name] += block
                    self.changed.notify_all()

    @property
    def pid(self):
        return self.process.pid

    @property
    def out(self):
        return self.text["out"].decode(errors="replace")

    @property
    def err(self):
        return self.text["err"].decode(errors="replace")

    def running(self):
        return self.process.poll() is None

    def expect(self, text, stream="out"):
        """Waits until TEXT was printed."""
        def there():
            return text in getattr(self, stream) or not any(r.is_alive() for r in self.readers)
        with self.changed:
            self.changed.wait_for(there, TIMEOUT)
        if text not in getattr(self, stream):
            raise AssertionError(f"'{text}' never came: {self!r}")
        return self

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, timeout=TIMEOUT):
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"did not end within {timeout:g} s: {self!r}") from None
        for reader in self.readers:
            reader.join(timeout)
            if reader.is_alive():
                raise AssertionError(f"something holds its output after it ended: {self!r}")
        return Result(self.argv, 128 - status if status < 0 else status, self.out, self.err)

    def kill(self):
        """Kills it and all it started."""
        kill([self.pid] + descendants(self.pid))
        self.process.wait()

    def __repr__(self):
        return f"$ {' '.join(self.argv)}\n{self.out}{self.err}"


# Images


def tar(entries, compression=""):
    """A tar archive of tarfile.TarInfo or (TarInfo, bytes)."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=f"w:{compression}", format=tarfile.PAX_FORMAT) as archive:
        for entry in entries:
            info, content = entry if isinstance(entry, tuple) else (entry, None)
            archive.addfile(info, io.BytesIO(content) if content is not None else None)
    return out.getvalue()


def entry(name, content=None, type=None, mode=None, **fields):
    """One entry of an archive: a directory, or the file with CONTENT, or what TYPE says."""
    info = tarfile.TarInfo(name)
    info.type = type or (tarfile.DIRTYPE if content is None else tarfile.REGTYPE)
    info.mode = mode if mode is not None else 0o755 if content is None else 0o644
    for field, value in fields.items():
        setattr(info, field, value)
    if content is None:
        return info
    content = content if isinstance(content, bytes) else content.encode()
    info.size = len(content)
    return info, content


def symlink(name, target):
    return entry(name, type=tarfile.SYMTYPE, mode=0o777, linkname=target)


def names_and_values(mapping):
    return [{"name": name, "value": value} for name, value in mapping.items()]


# The archive tests are the unit tests' of the import program: here an image is a well-formed
# one unless a test says otherwise.
PROBE_FILES = {"probe": (PROBE, 0o755), "etc": None, "tmp": None}


def image_manifest(name="example.com/probe", labels=None, annotations=None, app=True,
                   exec=("/probe", "exit", "0"), user="0", group="0", **rest):
    """The manifest's text. REST: members of the app (workingDirectory, ...)."""
    document = {"acKind": "ImageManifest", "acVersion": "0.8.11", "name": name,
                "labels": names_and_values({**LABELS, **(labels or {})})}
    if app:
        document["app"] = {"exec": list(exec), "user": user, "group": group, **rest}
    if annotations:
        document["annotations"] = names_and_values(annotations)
    return json.dumps(document)


def rootfs_entries(files):
    """FILES: path below the root to None (a directory), text or bytes, (host file, mode), or
    an entry() whose name is set here."""
    for path, what in files.items():
        name = "rootfs/" + path
        if isinstance(what, tuple) and isinstance(what[0], str):
            yield entry(name, read(what[0], "rb"), mode=what[1])
        elif isinstance(what, (tuple, tarfile.TarInfo)):
            (what[0] if isinstance(what, tuple) else what).name = name
            yield what
        else:
            yield entry(name, what)


def aci(files=None, manifest=None, compression="", **app):
    """The bytes of an image: the probe and FILES."""
    entries = [entry("manifest", manifest or image_manifest(**app)), entry("rootfs")]
    entries += rootfs_entries({**PROBE_FILES, **(files or {})})
    return tar(entries, compression)


STAGE1_ENTRIES = ("run", "enter", "stop", "gc")


def stage1_probe_aci(settings, version=6, entries=STAGE1_ENTRIES, extra=None):
    """tests/stage1-probe as an image, which declares VERSION of the interface (None: does not)."""
    annotations = {f"coreos.com/rkt/stage1/{name}": f"/probe-stage1/{name}" for name in entries}
    if version is not None:
        annotations["coreos.com/rkt/stage1/interface-version"] = str(version)
    annotations.update(extra or {})
    manifest = image_manifest(name="example.com/stage1-probe", app=False, annotations=annotations,
                              labels={"version": f"{version}.0.0"})
    program = read(STAGE1_PROBE, "rb")
    lines = "".join(f"{key}={value}\n" for key, value in settings.items())
    tree = [entry("rootfs"), entry("rootfs/probe-stage1"), entry("rootfs/opt"),
            entry("rootfs/opt/stage2"), entry("rootfs/probe-stage1/settings", lines)]
    first, *others = ("rootfs/probe-stage1/" + name for name in STAGE1_ENTRIES)
    tree.append(entry(first, program, mode=0o755))
    tree += [entry(name, type=tarfile.LNKTYPE, linkname=first) for name in others]
    return tar([entry("manifest", manifest)] + tree)


def sections(text):
    """What 'probe report' printed: {heading: its lines}."""
    found, lines = {}, []
    for line in text.splitlines():
        if line.startswith("== "):
            lines = found.setdefault(line[3:], [])
        else:
            lines.append(line)
    return found


# The machine's state, to compare

# What a careless program might use outside of what it was told to.
ELSEWHERE = ["/var/lib/gantry", "/var/lib/rkt", "/etc/gantry", "/etc/rkt", "/run/gantry", "/run/rkt",
             "/run/netns", "/var/run/netns", "/usr/lib/rkt"]


def mounts():
    return read("/proc/self/mountinfo").splitlines()


def elsewhere():
    return {path: sorted(os.listdir(path)) for path in ELSEWHERE if os.path.isdir(path)}


def cgroups(word):
    """Every cgroup whose path has WORD in it."""
    found = []
    for line in mounts():
        fields, _, rest = line.partition(" - ")
        if rest.split()[0] in ("cgroup", "cgroup2"):
            for path, directories, _ in os.walk(fields.split()[4]):
                found += [os.path.join(path, d) for d in directories if word in d]
    return found


class Host:
    """A data directory, configuration directories, and gantry."""

    def __init__(self, test):
        """TEST is a test, or a class for a host that its tests share."""
        self.check = unittest.TestCase()
        self.tmp = tempfile.mkdtemp(prefix="gantry-test-")
        self.data = os.path.join(self.tmp, "data")
        self.images = os.path.join(self.tmp, "images")
        self.scratch = os.path.join(self.tmp, "scratch")
        self.config = os.path.join(self.tmp, "etc")
        for path in (self.images, self.scratch, self.config):
            os.mkdir(path)
        self.mounts, self.elsewhere = mounts(), elsewhere()
        self.processes = []
        self.count = 0
        self.pods_seen = set()
        add = test.addClassCleanup if isinstance(test, type) else test.addCleanup
        add(self.close)

    def close(self):
        """Ends what still runs, removes the directory; then a test that left mounts or
        processes has failed."""
        for process in self.processes:
            if process.running():
                process.kill()
        left = self.living()
        kill(left)
        reap()
        escaped = [line for line in mounts() if line not in self.mounts]
        for line in reversed(escaped):
            libc.umount2(line.split()[4].encode(), 2)
        shutil.rmtree(self.tmp)
        if left or escaped:
            raise AssertionError(f"left behind: {left} {escaped}")

    # Commands

    def argv(self, *words):
        return [GANTRY, f"--dir={self.data}", f"--local-config={self.config}",
                f"--system-config={self.config}", "--insecure-options=image",
                *(str(word) for word in words)]

    def options(self, env=None, **options):
        environment = {"PATH": os.environ["PATH"], "TMPDIR": self.scratch, **(env or {})}
        for name in os.environ:
            if name.endswith("SAN_OPTIONS"):
                environment[name] = os.environ[name]
        return {"stdin": subprocess.DEVNULL, "cwd": self.tmp, "env": environment, **options}

    def start(self, *words, **options):
        """Starts gantry with WORDS; a Process."""
        process = Process(self.argv(*words), **self.options(**options))
        self.processes.append(process)
        return process

    def run(self, *words, **options):
        """Runs gantry with WORDS until it ends; a Result."""
        return self.start(*words, **options).wait()

    def ok(self, *words, **options):
        """Runs gantry, which must succeed; its standard output."""
        result = self.run(*words, **options)
        if result.status:
            raise AssertionError(f"failed: {result!r}")
        return result.out

    # Images

    def file(self, name, content, mode=0o644):
        return write(os.path.join(self.images, name), content, mode)

    def aci(self, files=None, file=None, **app):
        """Makes an image, see aci(); the path of the file."""
        self.count += 1
        return self.file(file or f"image-{self.count}.aci", aci(files, **app))

    def fetch(self, image):
        """Imports it; its full ID."""
        return self.ok("fetch", "--full", image).strip()

    # Pods

    def pod(self, *words, net="none", **options):
        """Runs a pod until it ends; a Result with its UUID."""
        process = self.start_pod(*words, net=net, **options)
        result = process.wait()
        result.uuid = process.uuid
        return result

    def start_pod(self, *words, net="none", **options):
        """Starts a pod; a Process, whose uuid is known once its directory is there."""
        self.count += 1
        file = os.path.join(self.images, f"uuid-{self.count}")
        process = self.start("run", f"--net={net}", f"--uuid-file-save={file}", *words, **options)
        process.uuid_file = file
        wait_until(lambda: os.path.exists(file) and read(file) or not process.running(),
                   "the UUID file")
        process.uuid = read(file) if os.path.exists(file) else None
        if process.uuid:
            self.pods_seen.add(process.uuid)
        return process

    def report(self, *verbs, words=(), app=None, net="none", **options):
        """Runs a pod of the probe with VERBS and gantry's WORDS; its sections. APP: see aci()."""
        image = self.aci(exec=["/probe", "report", *verbs], **(app or {}))
        result = self.pod(*words, image, net=net, **options)
        if result.status:
            raise AssertionError(f"failed: {result!r}")
        return sections(result.out)

    def pods(self, directory="*"):
        """{UUID: directory} of the pods on disk."""
        found = {}
        base = os.path.join(self.data, "pods")
        for state in os.listdir(base) if os.path.isdir(base) else []:
            for uuid in os.listdir(os.path.join(base, state)):
                if directory in ("*", state):
                    found[uuid] = os.path.join(base, state, uuid)
        return found

    def pod_path(self, uuid):
        return self.pods()[uuid]

    def status(self, uuid):
        """{key: value} of 'gantry status'."""
        lines = self.ok("status", uuid).splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line)

    def state(self, uuid):
        return self.status(uuid)["state"]

    def wait_ready(self, uuid):
        """Waits for the pod's pid file; the process it names."""
        def pid():
            for name in ("pid", "ppid"):
                path = os.path.join(self.pods().get(uuid, "/nonexistent"), name)
                if os.path.exists(path):
                    return int(read(path))
            return 0
        wait_until(pid, f"the pid file of pod {uuid}")
        return pid()

    def image_ids(self):
        path = os.path.join(self.data, "cas", "image")
        return sorted(os.listdir(path)) if os.path.isdir(path) else []

    # Promises

    def assert_no_drafts(self):
        for path in ("cas/tmp", "pods/prepare", "pods/embryo"):
            full = os.path.join(self.data, path)
            left = os.listdir(full) if os.path.isdir(full) else []
            self.check.assertEqual(left, [], f"drafts in {path}")

    @staticmethod
    def living(patience=10):
        """All that is alive of what we started, and of what that started. What was killed is
        given the time that it takes the kernel."""
        with contextlib.suppress(AssertionError):
            wait_until(lambda: not descendants(), "", patience)
        reap()
        return descendants()

    def assert_no_processes(self, patience=10):
        left = self.living(patience)
        self.check.assertEqual([describe(pid) for pid in left], [], "processes")

    def assert_no_mounts(self):
        """The mount table is what it was. Mounts hold namespaces too: none has a name left."""
        escaped = [line for line in mounts() if line not in self.mounts]
        self.check.assertEqual(escaped, [], "mounts that escaped from a pod")
        self.check.assertEqual(len(mounts()), len(self.mounts), "mounts that are gone")

    def assert_nothing_outside(self):
        """No file but in the data directory, and no cgroup of a pod's."""
        self.check.assertEqual(elsewhere(), self.elsewhere)
        self.check.assertEqual(os.listdir(self.scratch), [], "temporary files")
        self.check.assertEqual(os.listdir(self.config), [], "configuration files")
        ours = {os.path.basename(path)
                for path in (self.data, self.images, self.scratch, self.config)}
        self.check.assertEqual(set(os.listdir(self.tmp)) - ours, set(), "files beside")
        self.check.assertEqual([c for uuid in self.pods_seen for c in cgroups(uuid)], [], "cgroups")

    def assert_nothing_left(self, gc=True):
        """After 'gc': no process, mount, namespace, cgroup, draft, pod, or file outside."""
        self.assert_no_processes()
        self.assert_no_mounts()
        if gc:
            self.ok("gc", "--grace-period=0s")
            self.assert_no_processes()
            self.assert_no_mounts()
        self.check.assertEqual(self.pods(), {}, "pods")
        self.assert_no_drafts()
        self.assert_nothing_outside()
