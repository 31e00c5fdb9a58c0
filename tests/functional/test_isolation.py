# SPDX-License-Identifier: Apache-2.0
"""What an app of the native flavour can see and do, told by the probe from inside. ACE-n: the
specification's requirement of that number (appc 4)."""

import errno
import fcntl
import hashlib
import os
import pty
import re
import select
import signal
import struct
import tarfile
import termios
import unittest

import harness
from harness import Host, entry, mounts, needs_root, read, sections, symlink, write

CAPABILITIES = {"AUDIT_WRITE": 29, "CHOWN": 0, "DAC_OVERRIDE": 1, "FSETID": 4, "FOWNER": 3, "KILL": 5,
                "MKNOD": 27, "NET_RAW": 13, "NET_BIND_SERVICE": 10, "SETUID": 7, "SETGID": 6,
                "SETPCAP": 8, "SETFCAP": 31, "SYS_CHROOT": 18}
DEFAULT_CAPABILITIES = sum(1 << bit for bit in CAPABILITIES.values())

NAMESPACES = ("cgroup", "ipc", "mnt", "net", "pid", "uts")

STATUS, MOUNTS = "cat /proc/self/status", "cat /proc/self/mountinfo"


def fields(lines):
    """The lines 'Name:\\tvalue' of /proc/self/status."""
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


def listing(lines):
    """{name: (type, mode, device)} of the probe's list and stat."""
    found = {}
    for line in lines:
        kind, mode, _, _, device, name = line.split(" ", 5)
        found[name.split(" -> ")[0]] = (kind, int(mode, 8), device)
    return found


def own_namespaces():
    return {name: os.readlink(f"/proc/self/ns/{name}") for name in NAMESPACES + ("user",)}


def namespaces(lines):
    return {line.split(":")[0]: line for line in lines}


@needs_root
class FromInside(unittest.TestCase):
    """One pod that looks at everything; each test reads a part of what it saw. The caller leaks
    descriptors 3 to 500, of which some are directories of the host."""

    VERBS = [STATUS, MOUNTS, "ns", "fds", "ids", "processes", "host-name", "cwd", "print-env",
             "interfaces", "tty", "list /dev", "list /dev/pts", "list /proc", "stat /dev/shm /sys /proc /",
             "cat /proc/self/cgroup", "cat /proc/self/limits"]

    @classmethod
    def setUpClass(cls):
        cls.host = Host(cls)
        low = os.open("/", os.O_RDONLY)
        leaked = [os.dup2(low, number, inheritable=True) for number in range(3, 501)
                  if number != low]
        os.set_inheritable(low, True)
        environment = {"SECRET": "of the caller", "LD_PRELOAD": "/nothing.so", "TERM": "dumb"}
        try:
            image = cls.host.aci(exec=["/probe", "report", *cls.VERBS])
            cls.pod = cls.host.pod(image, close_fds=False, env=environment)
            user = cls.host.aci(exec=["/probe", "report", STATUS, "ids", "fds"], user="1000",
                                group="1001")
            cls.user_pod = cls.host.pod(user)
        finally:
            for number in leaked + [low]:
                os.close(number)
        if cls.pod.status or cls.user_pod.status:
            raise AssertionError(f"{cls.pod!r}\n{cls.user_pod!r}")
        cls.seen, cls.user = sections(cls.pod.out), sections(cls.user_pod.out)
        cls.status, cls.user_status = fields(cls.seen[STATUS]), fields(cls.user[STATUS])

    def test_each_namespace_is_the_pods_own(self):
        """ACE-3, ACE-4"""
        ours, theirs = own_namespaces(), namespaces(self.seen["ns"])
        for name in NAMESPACES:
            self.assertNotEqual(theirs[name], ours[name], name)
        self.assertEqual(theirs["user"], ours["user"])

    def test_the_app_is_not_process_1(self):
        self.assertNotEqual(self.status["Pid"], "1")
        self.assertEqual(self.status["PPid"], "1")

    def test_it_sees_no_process_but_the_pods(self):
        """ACE-190: procfs of the pod's own pid namespace."""
        pids = {line.split()[0] for line in self.seen["processes"]}
        self.assertEqual(pids, {"1", self.status["Pid"]})

    def test_the_host_name_is_the_pods(self):
        self.assertEqual(self.seen["host-name"], [f"gantry-{self.pod.uuid}"])

    def test_exactly_three_descriptors_are_open(self):
        for seen in (self.seen, self.user):
            self.assertEqual([line.split()[0] for line in seen["fds"]], ["0", "1", "2"])
        self.assertEqual(self.seen["fds"][0].split()[3], "/dev/null")

    def test_the_bounding_set_is_the_fourteen(self):
        """ACE-110"""
        for status in (self.status, self.user_status):
            self.assertEqual(int(status["CapBnd"], 16), DEFAULT_CAPABILITIES)

    def test_nothing_is_inheritable_or_ambient(self):
        for status in (self.status, self.user_status):
            self.assertEqual((int(status["CapInh"], 16), int(status["CapAmb"], 16)), (0, 0))

    def test_root_has_the_bounding_set_and_another_user_nothing(self):
        for name in ("CapPrm", "CapEff"):
            self.assertEqual(int(self.status[name], 16), DEFAULT_CAPABILITIES)
            self.assertEqual(int(self.user_status[name], 16), 0)

    def test_a_filter_is_in_force(self):
        """rkt 7.16, ACE-142; for a user who is not root with no_new_privs."""
        for status in (self.status, self.user_status):
            self.assertEqual(status["Seccomp"], "2")
        self.assertEqual(self.user_status["NoNewPrivs"], "1")

    def test_ids_are_exactly_those_of_the_manifest(self):
        """ACE-81, ACE-82"""
        self.assertEqual(self.seen["ids"], ["uid 0 0 0", "gid 0 0 0", "groups"])
        self.assertEqual(self.user["ids"], ["uid 1000 1000 1000", "gid 1001 1001 1001", "groups"])

    def test_the_root_is_the_pods_overlay(self):
        """ACE-10"""
        lines = [line.split() for line in self.seen[MOUNTS]]
        root = [line for line in lines if line[4] == "/"]
        self.assertEqual(len(root), 1)
        self.assertEqual(root[0][root[0].index("-") + 1], "overlay")

    def test_no_mount_but_what_a_pod_needs(self):
        """And nothing of the host's tree among them."""
        allowed = re.compile(r"/|/dev(/\S+)?|/proc(/\S+)?|/sys(/\S+)?|/run(/\S+)?|/tmp|/etc/\S+")
        kinds = {"overlay", "tmpfs", "proc", "sysfs", "devpts", "mqueue", "cgroup", "cgroup2"}
        for line in self.seen[MOUNTS]:
            before, _, after = line.partition(" - ")
            self.assertRegex(before.split()[4], rf"\A({allowed.pattern})\Z")
            self.assertIn(after.split()[0], kinds, line)

    def test_no_mount_reaches_or_is_reached_by_the_host(self):
        for line in self.seen[MOUNTS]:
            self.assertNotIn("shared:", line)

    def test_dev_holds_what_is_promised_and_nothing_else(self):
        """ACE-192 to ACE-198"""
        found = listing(self.seen["list /dev"])
        devices = {"null": "1:3", "zero": "1:5", "full": "1:7", "random": "1:8", "urandom": "1:9",
                   "tty": "5:0"}
        for name, device in devices.items():
            self.assertEqual(found.pop(name), ("char", 0o666, device), name)
        found.pop("console", None)
        for name in ("fd", "stdin", "stdout", "stderr"):
            self.assertEqual(found.pop(name, ("link",))[0], "link", name)
        self.assertIn(found.pop("ptmx")[0], ("link", "char"))
        self.assertEqual(found.pop("pts")[0], "directory")
        self.assertEqual(found.pop("shm")[:2], ("directory", 0o1777))
        self.assertEqual(set(found) - {"mqueue", "net", "log"}, set())

    def test_dev_pts_is_an_instance_of_its_own(self):
        """ACE-196"""
        self.assertEqual(self.seen["list /dev/pts"], ["char 0666 0 0 5:2 ptmx"])

    def test_the_working_directory_is_the_root(self):
        """ACE-77"""
        self.assertEqual(self.seen["cwd"], ["/"])

    def test_the_environment_is_the_specifications_and_nothing_of_the_callers(self):
        """ACE-70, 71, 73, 76"""
        found = dict(line.split("=", 1) for line in self.seen["print-env"])
        self.assertEqual(found.pop("PATH"),
                         "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
        self.assertEqual(found.pop("AC_APP_NAME"), "probe")
        self.assertTrue(found.pop("container"))
        # rkt 7.9
        for name, value in (("SHELL", "/bin/sh"), ("USER", "root"), ("LOGNAME", "root"),
                            ("HOME", "/root")):
            self.assertEqual(found.pop(name), value)
        self.assertEqual(found, {})

    def test_the_network_is_a_loopback_that_is_up(self):
        """ACE-50, with --net=none."""
        self.assertEqual(self.seen["interfaces"], ["lo up"])

    def test_it_has_no_terminal(self):
        self.assertEqual(self.seen["tty"], ["0 none", "1 none", "2 none", "controlling no"])

    def test_the_cgroup_tree_begins_at_the_pod(self):
        """Threat 18: a cgroup namespace hides where on the host it is."""
        for line in self.seen["cat /proc/self/cgroup"]:
            self.assertNotIn(self.pod.uuid, line)
            self.assertNotIn("..", line)

    def test_nothing_is_left(self):
        self.host.assert_no_processes()
        self.host.assert_no_mounts()


@needs_root
class Kernel(unittest.TestCase):
    """The interfaces of the kernel that an app reaches."""

    def setUp(self):
        self.host = Host(self)

    def one(self, *verb, **app):
        """The result of a pod of one verb."""
        return self.host.pod(self.host.aci(exec=["/probe", *verb], **app))

    def test_kernel_files_are_masked(self):
        """rkt 7.10: inaccessible, even to root, and to one with capabilities of his own."""
        secret = ("/proc/kcore", "/proc/kallsyms", "/proc/config.gz", "/proc/kmem", "/proc/mem",
                  "/proc/sched_debug", "/sys/firmware", "/sys/fs", "/sys/hypervisor", "/sys/module",
                  "/sys/power")
        there = [path for path in secret if os.path.exists(path)]
        looks = [("list " if os.path.isdir(path) else "cat ") + path for path in there]
        self.assertTrue(there)
        result = self.host.pod(self.host.aci(exec=["/probe", "report", MOUNTS, *looks]))
        seen = sections(result.out)
        covered = {line.split()[4] for line in seen[MOUNTS]}
        for path, look in zip(there, looks):
            self.assertIn(path, covered)
            self.assertEqual(seen[look], [], look)

    def test_kernel_switches_are_read_only(self):
        """rkt 7.10"""
        for path in ("/proc/sysrq-trigger", "/proc/sys/kernel/core_pattern",
                     "/proc/sys/kernel/modprobe", "/proc/sys/vm/panic_on_oom",
                     "/sys/kernel/mm/ksm/run", "/sys/kernel/uevent_helper"):
            if os.path.exists(path):
                with self.subTest(path):
                    result = self.one("open", path)
                    self.assertEqual(result.status, 1, result)
                    self.assertRegex(result.err, rf"errno ({errno.EROFS}|{errno.EACCES})")

    def test_sys_is_read_only(self):
        """ACE-191"""
        below = ("/sys/fs/new", "/sys/kernel/debug/new", "/sys/module/new", "/sys/new")
        image = self.host.aci(exec=["/probe", "report", MOUNTS, *(f"mkdir {path}" for path in below)])
        result = self.host.pod(image)
        lines = [line.split() for line in sections(result.out)[MOUNTS]]
        options, = (line[5].split(",") for line in lines if line[4] == "/sys")
        self.assertIn("ro", options)
        self.assertEqual(result.err.count("errno"), len(below), result)

    def test_dangerous_calls_are_blocked(self):
        """Threat 22, rkt 7.16, ACE-142. And by the filter, not for want of a capability."""
        blocked = ["acct", "add_key", "bpf", "clock_settime", "delete_module", "finit_module",
                   "fsconfig", "fsmount", "fsopen", "init_module", "io_uring_setup", "kcmp", "kexec_load",
                   "keyctl", "mount", "mount_setattr", "move_mount", "name_to_handle_at",
                   "open_by_handle_at", "open_tree", "perf_event_open", "pivot_root",
                   "process_vm_readv", "process_vm_writev", "ptrace", "quotactl", "reboot",
                   "request_key", "setns", "settimeofday", "swapoff", "swapon", "umount2", "unshare",
                   "userfaultfd", "clone-user", "clone-pid"]
        image = self.host.aci(exec=["/probe", "try-syscall", *blocked])
        filtered = self.host.pod(image).lines
        free = self.host.run("--insecure-options=image,all-run", "run", "--net=none", image).lines
        self.assertEqual(len(filtered), len(blocked))
        for line in filtered:
            self.assertRegex(line, rf" errno ({errno.EPERM}|{errno.ENOSYS})\Z")
        self.assertGreater(len(set(free) - set(filtered)), len(blocked) // 2)

    def test_ordinary_calls_are_not(self):
        result = self.one("try-syscall", "getpid", "getrandom", "personality", "capget", "chroot",
                          "fchown", "clone-plain")
        self.assertEqual(len(result.lines), 7)
        for line in result.lines:
            self.assertNotRegex(line, rf"signal|errno ({errno.EPERM}|{errno.ENOSYS})\Z")

    def test_what_libc_tries_first_does_not_kill(self):
        """A libc falls back on ENOSYS only."""
        result = self.one("try-syscall", "clone3", "rseq", "statx", "openat2", "faccessat2",
                          "close_range")
        for line in result.lines:
            self.assertNotRegex(line, rf"signal|errno {errno.EPERM}\Z")

    def test_no_device_can_be_made_and_used(self):
        """The policy is closed although CAP_MKNOD is there: the host's disk stays out of reach."""
        for major, minor in ((1, 1), (254, 0), (7, 0), (10, 200)):
            with self.subTest(f"{major}:{minor}"):
                result = self.one("mknod", "/node", str(major), str(minor))
                self.assertEqual(result.status, 1, result)

    def test_a_setuid_program_gives_a_user_nothing(self):
        """ACE-120: no new privileges is in force for who is not root."""
        image = self.host.aci({"setuid": (harness.PROBE, 0o4755)}, exec=["/setuid", "ids"], user="1000",
                              group="1000")
        self.assertEqual(self.host.pod(image).lines[0], "uid 1000 1000 1000")

    def test_insecure_options_lift_what_they_name(self):
        image = self.host.aci(exec=["/probe", "report", STATUS, "try-syscall mount"])

        def seen(option):
            result = self.host.run(f"--insecure-options=image,{option}", "run", "--net=none", image)
            self.assertEqual(result.status, 0, result)
            return sections(result.out)
        self.assertNotEqual(int(fields(seen("capabilities")[STATUS])["CapBnd"], 16),
                            DEFAULT_CAPABILITIES)
        free = seen("seccomp")
        self.assertEqual(fields(free[STATUS])["Seccomp"], "0")
        self.assertEqual(free["try-syscall mount"], [f"mount errno {errno.EFAULT}"])
        self.assertEqual(int(fields(free[STATUS])["CapBnd"], 16), DEFAULT_CAPABILITIES)

    def test_isolators_of_capabilities(self):
        """ACE-111 to ACE-113"""
        image = self.host.aci(exec=["/probe", "report", STATUS])
        for option, wanted in (("--caps-retain=CAP_KILL,CAP_SYS_ADMIN", 1 << 5 | 1 << 21),
                               ("--caps-remove=CAP_KILL", DEFAULT_CAPABILITIES & ~(1 << 5))):
            with self.subTest(option):
                seen = fields(sections(self.host.pod(image, option).out)[STATUS])
                self.assertEqual(int(seen["CapBnd"], 16), wanted)
        both = self.host.run("run", "--net=none", image, "--caps-retain=CAP_KILL",
                             "--caps-remove=CAP_CHOWN")
        self.assertEqual(both.status, 254)


@needs_root
class Places(unittest.TestCase):
    """Networks, host names, working directories, several pods."""

    def setUp(self):
        self.host = Host(self)

    def test_the_hosts_network_if_asked_for(self):
        seen = self.host.report("ns", "interfaces", net="host")
        ours, theirs = own_namespaces(), namespaces(seen["ns"])
        self.assertEqual(theirs["net"], ours["net"])
        for name in ("cgroup", "ipc", "mnt", "pid", "uts"):
            self.assertNotEqual(theirs[name], ours[name], name)
        self.assertEqual({line.split()[0] for line in seen["interfaces"]},
                         set(os.listdir("/sys/class/net")) - {"bonding_masters"})

    def test_a_host_name_of_ones_own(self):
        before = os.uname().nodename
        self.assertEqual(self.host.report("host-name", words=["--hostname=other"])["host-name"], ["other"])
        self.assertEqual(os.uname().nodename, before)

    def test_mounts_of_a_running_pod_are_not_the_hosts(self):
        """Not even for a moment: the table is read again and again while the pod starts."""
        before, seen = set(mounts()), set()
        process = self.host.start_pod(self.host.aci(exec=["/probe", "pause"]))
        while "ready" not in process.out and process.running():
            seen.update(mounts())
        seen.update(mounts())
        self.assertEqual(seen - before, set())
        process.signal(signal.SIGTERM)
        self.assertEqual(process.wait().status, 0)
        self.host.assert_nothing_left()

    def test_mounts_of_preparing_and_of_commands_are_not_the_hosts(self):
        process = self.host.start_pod(self.host.aci(exec=["/probe", "pause"])).expect("ready")
        self.host.wait_ready(process.uuid)
        for command in (["status", process.uuid], ["list"], ["enter", process.uuid, "/probe", "exit", "0"],
                        ["prepare", self.host.aci(name="example.com/other")], ["gc"]):
            self.host.ok(*command)
            self.host.assert_no_mounts()
        process.signal(signal.SIGTERM)
        process.wait()

    def test_two_pods_do_not_see_each_other(self):
        verbs = ["report", "ns", "host-name", "pause"]
        image = self.host.aci(exec=["/probe", *verbs])
        one, two = (self.host.start_pod(image).expect("ready") for _ in range(2))
        a, b = (namespaces(sections(p.out)["ns"]) for p in (one, two))
        for name in NAMESPACES:
            self.assertNotEqual(a[name], b[name], name)
        seen = self.host.report("processes")["processes"]
        self.assertEqual(len(seen), 2)
        for process in (one, two):
            process.signal(signal.SIGTERM)
            self.assertEqual(process.wait().status, 0)

    def test_the_working_directory_of_the_manifest(self):
        """ACE-77"""
        seen = self.host.report("cwd", app={"workingDirectory": "/srv/work", "files": {
            "srv": None, "srv/work": None}})
        self.assertEqual(seen["cwd"], ["/srv/work"])

    def test_a_missing_working_directory_fails_and_is_not_made(self):
        """ACE-78"""
        result = self.host.pod(self.host.aci(workingDirectory="/srv/none"))
        self.assertEqual(result.status, 254)
        self.assertIn("/srv/none", result.err)

    def test_a_descriptor_is_no_working_directory(self):
        """Threat 4: the descriptor of a directory of the host, leaked into the pod."""
        low = os.open("/", os.O_RDONLY)
        leaked = [os.dup2(low, number, inheritable=True) for number in range(600, 620)]
        try:
            for number in [*range(3, 12), 600, 619]:
                for place in (f"/proc/self/fd/{number}", f"/proc/self/fd/{number}/etc", f"/dev/fd/{number}"):
                    with self.subTest(place):
                        image = self.host.aci(exec=["/probe", "cwd"], workingDirectory=place)
                        result = self.host.pod(image, close_fds=False)
                        self.assertEqual((result.status, result.out), (254, ""), result)
        finally:
            for number in leaked + [low]:
                os.close(number)

    def test_orphans_are_adopted_and_reaped(self):
        seen = self.host.report("spawn-orphan")["spawn-orphan"]
        self.assertEqual(seen, ["parent 1", "gone"])

    def test_a_script_that_runs_this_very_program_finds_nothing(self):
        """Threat 3: #!/proc/self/exe, while what runs is ours."""
        programs = [harness.GANTRY] + [
            os.path.join(harness.STAGE1_IMAGES, name) for name in os.listdir(harness.STAGE1_IMAGES)]

        def digests():
            return [hashlib.sha256(read(path, "rb")).hexdigest() for path in programs]
        before = digests()
        image = self.host.aci({"evil": entry("", "#!/proc/self/exe\n", mode=0o755)}, exec=["/evil"])
        self.assertNotEqual(self.host.pod(image).status, 0)
        self.assertEqual(digests(), before)
        self.host.assert_nothing_left()


@needs_root
class Users(unittest.TestCase):
    """appc 1.7.1, rkt 7.9, threat 6."""

    def setUp(self):
        self.host = Host(self)

    PASSWD = ("root:x:0:0:root:/root:/bin/sh\nweb:x:33:44:web:/:/bin/sh\n1000:x:0:0::/:/bin/sh\n"
              "0000:x:5:5::/:/bin/sh\n4294967296:x:0:0::/:/bin/sh\n1e3:x:77:77::/:/bin/sh\n"
              "short:x:1\nodd:x:-1:0::/:/bin/sh\nhuge:x:4294967296:0::/:/bin/sh\n")
    GROUP = "root:x:0:\nweb:x:55:\n1000:x:0:\nother:x:66:web\n"

    def run_as(self, user, group, files=None):
        return self.host.pod(self.host.aci(
            {"etc/passwd": self.PASSWD, "etc/group": self.GROUP, **(files or {})},
            exec=["/probe", "ids"], user=user, group=group))

    def assert_ids(self, user, group, uid, gid, files=None):
        with self.subTest(user=user, group=group):
            result = self.run_as(user, group, files)
            self.assertEqual(result.lines[:2], [f"uid {uid} {uid} {uid}", f"gid {gid} {gid} {gid}"],
                             result)

    def assert_refused(self, user, group, files=None):
        with self.subTest(user=user, group=group):
            result = self.run_as(user, group, files)
            self.assertEqual((result.status, result.out), (254, ""), result)
            self.assertTrue(result.err)

    def test_numbers_and_names(self):
        self.assert_ids("root", "root", 0, 0)
        self.assert_ids("12", "34", 12, 34)
        self.assert_ids("web", "web", 33, 55)
        self.assert_ids("web", "other", 33, 66)
        self.assert_ids("4294967294", "4294967294", 4294967294, 4294967294)

    def test_the_groups_of_etc_group_are_not_added(self):
        """ACE-82"""
        self.assertEqual(self.run_as("web", "web").lines[2], "groups")

    def test_digits_are_always_a_number(self):
        """CVE-2026-46680: whatever the image's own passwd calls them."""
        self.assert_ids("1000", "1000", 1000, 1000)
        self.assert_ids("0000", "0000", 0, 0)

    def test_what_is_no_number_and_no_name_is_refused(self):
        for user in ("4294967296", "4294967295", "99999999999999999999", "-1", "+0", "0x0", " 0", "0 ",
                     "nobody", "short", "odd", "huge", "web:web", "１"):
            self.assert_refused(user, "0")
        for group in ("4294967296", "-1", "+0", "nobody"):
            self.assert_refused("0", group)

    def test_a_name_may_look_like_a_number(self):
        self.assert_ids("1e3", "0", 77, 0)

    def test_an_absolute_path_means_its_owner(self):
        owned = {"owned": entry("", "", uid=42, gid=43),
                 "link": entry("", type=tarfile.SYMTYPE, linkname="owned", uid=7, gid=8)}
        self.assert_ids("/owned", "/owned", 42, 43, owned)
        self.assert_ids("/link", "/link", 7, 8, owned)
        self.assert_refused("/missing", "0")
        self.assert_refused("/../../../../../../nothing/here", "0")

    def test_a_hostile_passwd_harms_nobody(self):
        """Threat 10: a FIFO, a link out, a device, a file without end."""
        out = {"etc/passwd": symlink("", "../../../../../../../../etc/passwd")}
        fifo = {"etc/passwd": entry("", type=tarfile.FIFOTYPE)}
        endless = {"etc/passwd": symlink("", "/dev/zero")}
        for files in (out, fifo, endless, {"etc/passwd": "x" * (2 << 20)}):
            self.assert_refused("web", "0", files)
        self.assert_ids("5", "5", 5, 5, fifo)


@needs_root
class Traps(unittest.TestCase):
    """Threat 1: what an image may put where the pod is built. Nothing outside is touched, and the
    pod has a right /dev, or does not start."""

    PLACES = ("dev", "dev/null", "dev/console", "dev/pts", "dev/shm", "dev/ptmx", "proc", "proc/self",
              "sys", "sys/fs", "etc", "etc/hosts", "run", "tmp", "work")

    @classmethod
    def setUpClass(cls):
        cls.host = Host(cls)

    def setUp(self):
        self.wire = os.path.join(self.host.images, "wire")
        os.makedirs(os.path.join(self.wire, "inside"))
        write(os.path.join(self.wire, "file"), "untouched")
        self.addCleanup(os.rename, self.wire, f"{self.wire}-{self.id()}")

    def shapes(self):
        yield "file", entry("", "a file")
        yield "link to an absolute path", symlink("", self.wire)
        yield "link up and out", symlink("", "../" * 12 + self.wire[1:])
        yield "link to a descriptor", symlink("", "/proc/self/fd/3")
        yield "link to itself", symlink("", "/work")
        yield "dangling link", symlink("", os.path.join(self.wire, "made"))
        yield "fifo", entry("", type=tarfile.FIFOTYPE)

    def state(self):
        """Every name below the wire, with what would change on a write."""
        found = {}
        for path, directories, files in os.walk(self.wire):
            for name in [".", *directories, *files]:
                info = os.lstat(os.path.join(path, name))
                found[os.path.join(path, name)] = (info.st_mode, info.st_uid, info.st_mtime_ns,
                                                   info.st_ctime_ns, info.st_size)
        return found

    def spring(self, place, shape, **app):
        files = {}
        for number in range(1, place.count("/") + 1):
            files["/".join(place.split("/")[:number])] = None
        base = {name: what for name, what in harness.PROBE_FILES.items()
                if name != place and not name.startswith(place + "/")}
        manifest = harness.image_manifest(exec=["/probe", "report", "stat /dev/null", "cat /proc/self/comm"],
                                          **app)
        entries = [entry("manifest", manifest), entry("rootfs")]
        entries += harness.rootfs_entries({**base, **files, place: shape})
        self.host.count += 1
        file = self.host.file(f"trap-{self.host.count}.aci", harness.tar(entries))
        return self.host.pod(file)

    def test_nothing_outside_is_touched(self):
        before = self.state()
        for place in self.PLACES:
            for kind, shape in self.shapes():
                with self.subTest(place=place, shape=kind):
                    result = self.spring(place, shape)
                    self.assertEqual(self.state(), before, result)
                    self.assertIn(result.status, (0, 254), result)
                    if result.status == 0:
                        seen = sections(result.out)
                        self.assertEqual(seen["stat /dev/null"], ["char 0666 0 0 1:3 /dev/null"])
                        self.assertEqual(seen["cat /proc/self/comm"], ["probe"])
        self.host.assert_no_processes()
        self.host.assert_no_mounts()

    def test_a_working_directory_that_leads_out_stays_inside(self):
        before = self.state()
        for kind, shape in self.shapes():
            with self.subTest(shape=kind):
                result = self.spring("work", shape, workingDirectory="/work/inside")
                self.assertEqual(result.status, 254, result)
                self.assertEqual(self.state(), before)


@needs_root
class Interactive(unittest.TestCase):
    """--interactive: a terminal of the app's own (threat 21), never the caller's."""

    def setUp(self):
        self.host = Host(self)
        self.master, self.slave = pty.openpty()
        self.addCleanup(os.close, self.master)
        self.addCleanup(os.close, self.slave)
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 77, 0, 0))
        self.before = termios.tcgetattr(self.slave)
        self.text = ""

    def start(self, *verbs, flags=("--interactive",), **app):
        """Runs the probe on our terminal, in a session of its own."""
        def take_terminal():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        image = self.host.aci(exec=["/probe", "report", *verbs], **app)
        words = self.host.argv("run", "--net=none", *flags, image)
        options = self.host.options(env={"TERM": "xterm-test"}, stdin=self.slave)
        self.process = harness.subprocess.Popen(
            words, stdout=self.slave, stderr=self.slave, preexec_fn=take_terminal, **options)
        harness.Process.started.add(self.process.pid)
        self.addCleanup(self.process.kill)

    def expect(self, text):
        """Reads what the terminal shows until TEXT is there."""
        while text not in self.text:
            if not select.select([self.master], [], [], harness.TIMEOUT)[0]:
                raise AssertionError(f"'{text}' never came: {self.text}")
            self.text += os.read(self.master, 65536).decode()

    def end(self, status=0):
        self.assertEqual(self.process.wait(harness.TIMEOUT), status, self.text)
        while select.select([self.master], [], [], 0)[0]:
            self.text += os.read(self.master, 65536).decode()
        self.assertEqual(termios.tcgetattr(self.slave), self.before, "the terminal's modes")
        self.host.assert_no_processes()
        return sections(self.text.replace("\r\n", "\n"))

    def test_it_is_the_apps_own(self):
        self.start("tty", "fds", "list /dev/pts")
        seen = self.end()
        terminal = seen["tty"][0].split()[1]
        self.assertRegex(terminal, r"\A/dev/(pts/\d+|console)\Z")
        self.assertEqual(seen["tty"], [f"0 {terminal}", f"1 {terminal}", f"2 {terminal}",
                                       "controlling yes", seen["tty"][4], "size 33 77"])
        self.assertEqual([line.split()[0] for line in seen["fds"]], ["0", "1", "2"])
        self.assertLessEqual(len(seen["list /dev/pts"]), 2)

    def test_without_it_no_descriptor_is_a_terminal(self):
        """The callers' could be read from, and typed into. What is written arrives whole."""
        self.start("fds", "say out", "complain err", flags=())
        seen = self.end()
        self.assertEqual([line.split()[3].partition(":")[0] for line in seen["fds"]],
                         ["/dev/null", "pipe", "pipe"])
        self.assertEqual(seen["say out"], ["out"])
        self.assertIn("err\r\n", self.text)

    def test_without_it_the_apps_user_owns_the_output(self):
        for stream in ("stdout", "stderr"):
            with self.subTest(stream):
                self.start(f"write /dev/{stream} by-name-of-{stream}", flags=(), user="1000",
                           group="1000")
                self.end()
                self.assertEqual(self.text.count(f"by-name-of-{stream}"), 2, self.text)

    def test_what_is_typed_is_read(self):
        self.start("say ask", "read-line")
        self.expect("ask")
        os.write(self.master, b"typed\r")
        self.assertIn("line: typed", self.end()["read-line"])

    def test_control_c_interrupts_the_app(self):
        self.start("pause")
        self.expect("ready")
        os.write(self.master, b"\x03")
        self.expect("got INT")
        self.end()

    def test_a_new_size_reaches_the_app(self):
        self.start("pause", "tty")
        self.expect("ready")
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", 44, 99, 0, 0))
        self.expect("got WINCH")
        self.assertIn("size 44 99", self.end()["tty"])

    def test_nothing_can_be_typed_into_it(self):
        """Not by TIOCSTI or TIOCLINUX, even as root."""
        self.start("push-tty")
        self.process.wait(harness.TIMEOUT)
        self.expect("TIOCLINUX")
        self.assertIn("TIOCSTI: errno", self.text)

    def test_the_apps_user_may_use_it(self):
        self.start("write /dev/tty hello", "stat /dev/pts/0", user="1000", group="1000")
        self.assertIn("hello", "".join(self.end()["write /dev/tty hello"]))

    def test_the_modes_are_restored_however_it_ends(self):
        self.start("pause")
        self.expect("ready")
        self.process.terminate()
        self.expect("got TERM")
        self.end()

    def test_it_can_be_fed_by_a_pipe(self):
        read_end, write_end = os.pipe()
        os.write(write_end, b"piped\n")
        os.close(write_end)
        image = self.host.aci(exec=["/probe", "read-line"])
        result = self.host.pod("--interactive", image, stdin=read_end)
        os.close(read_end)
        self.assertEqual(result.status, 0, result)
        self.assertIn("line: piped", result.out)


if __name__ == "__main__":
    unittest.main()
