# SPDX-License-Identifier: Apache-2.0
"""The interface between stage0 and stage1 (rkt 7.1 to 7.4), from both sides.

StageZero runs a stage1 that records what it was given. Conformance is for anybody's stage1 ACI:
what gantry, or rkt, may expect of it. It runs for the flavours of the installation, and with

    STAGE1_ACI=FILE STAGE1_LACKS=apps,isolation,... python3 -m unittest test_stage1_conformance.Given

for another."""

import io
import json
import os
import signal
import tarfile
import unittest

import harness
from harness import Host, descendants, needs_root, read, sections

ENTRY_POINTS = "coreos.com/rkt/stage1/"
VERSION = ENTRY_POINTS + "interface-version"
VERSIONS = range(1, 7)


@needs_root
class StageZero(unittest.TestCase):
    """What stage0 gives to a stage1."""

    def setUp(self):
        self.host = Host(self)
        self.reports = os.path.join(self.host.images, "reports")
        os.mkdir(self.reports)

    def stage1(self, version=6, settings=None, **image):
        settings = {"report": self.reports, **(settings or {})}
        self.host.count += 1
        return self.host.file(f"stage1-{self.host.count}.aci",
                              harness.stage1_probe_aci(settings, version, **image))

    def told(self, entry="run"):
        """What ENTRY recorded, once."""
        path = os.path.join(self.reports, entry + ".json")
        report = json.loads(read(path))
        os.unlink(path)
        return report

    def run_with(self, stage1, *words, **options):
        return self.host.pod(f"--stage1-path={stage1}", *words, **options)

    def pause_with(self, stage1):
        process = self.host.start_pod(f"--stage1-path={stage1}", self.host.aci())
        process.expect("ready")
        return process

    def test_its_exit_status_is_ours(self):
        result = self.run_with(self.stage1(settings={"run": 37}), self.host.aci())
        self.assertEqual(result.status, 37)
        self.host.assert_nothing_left()

    def test_it_is_stage0s_process(self):
        """rkt 7.2: exec'ed, with stage0's pid and session, in the pod's directory."""
        process = self.host.start_pod(f"--stage1-path={self.stage1()}", self.host.aci())
        process.wait()
        told = self.told()
        self.assertEqual((told["pid"], told["ppid"]), (process.pid, os.getpid()))
        self.assertEqual(told["cwd"], os.path.realpath(self.host.pod_path(process.uuid)))

    def test_the_arguments_of_each_version(self):
        """rkt 7.2: in this order; what a version has no word for is dropped with a warning."""
        since = {"--hostname=h": 2, "--disable-capabilities-restriction": 3, "--disable-paths": 3,
                 "--disable-seccomp": 3, "--ipc=private": 6}
        order = ["--debug", "--net=host", f"--local-config={self.host.config}", "--hostname=h",
                 "--disable-capabilities-restriction", "--disable-paths", "--disable-seccomp",
                 "--ipc=private"]
        image = self.host.aci()
        for version in [None, *VERSIONS]:
            with self.subTest(version=version):
                stage1 = self.stage1(version)
                result = self.host.run("--debug", "--insecure-options=image,all-run", "run", "--net=host",
                                       "--hostname=h", "--ipc=private", f"--stage1-path={stage1}", image)
                self.assertEqual(result.status, 0, result)
                *options, uuid = self.told()["argv"][1:]
                spoken = [word for word in order if since.get(word, 1) <= (version or 1)]
                self.assertEqual(options, spoken)
                self.assertIn(uuid, self.host.pods())
                for word in set(order) - set(spoken):
                    self.assertIn(word.partition("=")[0], result.err)

    def test_an_unknown_version_is_refused(self):
        for version in (0, 7, 99, "x", ""):
            with self.subTest(version=version):
                result = self.run_with(self.stage1(version), self.host.aci())
                self.assertEqual(result.status, 254)
                self.assertIn("version", result.err)
        self.assertEqual(os.listdir(self.reports), [])

    def test_no_run_entry_point_is_refused(self):
        result = self.run_with(self.stage1(entries=("enter", "gc")), self.host.aci())
        self.assertEqual(result.status, 254)
        self.assertIn("coreos.com/rkt/stage1/run", result.err)

    def test_an_entry_point_cannot_lead_out_of_the_image(self):
        """Threat 7: nothing an image says names a program of the host."""
        for path in ("/../../../../../../../../bin/true", "bin/true", "/nothing", "/probe-stage1"):
            with self.subTest(path):
                stage1 = self.stage1(extra={ENTRY_POINTS + "run": path})
                result = self.run_with(stage1, self.host.aci())
                self.assertEqual(result.status, 254, result)
        self.assertEqual(os.listdir(self.reports), [])

    def test_it_has_the_lock_and_nothing_else(self):
        """rkt 6.1: the pod's directory, locked, as the number in the environment says."""
        low = os.open("/", os.O_RDONLY)
        leaked = [os.dup2(low, number, inheritable=True) for number in range(600, 700)]
        try:
            self.run_with(self.stage1(), self.host.aci(), close_fds=False)
        finally:
            for number in leaked + [low]:
                os.close(number)
        told = self.told()
        lock = told["lock"]
        self.assertEqual((lock["is_pod"], lock["held"]), (True, True))
        self.assertEqual([fd["number"] for fd in told["fds"]], [0, 1, 2, lock["number"]])
        held, = (fd for fd in told["fds"] if fd["number"] == lock["number"])
        self.assertEqual((held["directory"], held["cloexec"]), (True, False))

    def test_it_has_the_callers_environment(self):
        self.run_with(self.stage1(), self.host.aci(), env={"OF_THE_CALLER": "yes"})
        self.assertIn("OF_THE_CALLER=yes", self.told()["environment"])

    def test_the_pods_directory(self):
        """common/pod/pod.h, rkt 6.4"""
        image = self.host.aci({"etc/mark": "x"}, name="example.com/web", labels={"version": "2"})
        key = self.host.fetch(image)
        self.run_with(self.stage1(), image)
        told = self.told()
        tree = {item["path"]: item for item in told["tree"]}
        app = "./stage1/rootfs/opt/stage2/web"
        for path, kind in (("./pod", "file"), ("./stage1/manifest", "file"),
                           ("./stage1/rootfs", "directory"), (app + "/manifest", "file"),
                           (app + "/rootfs", "directory"), (app + "/rootfs/etc/mark", "file"),
                           ("./stage1/rootfs/rkt/status", "directory")):
            self.assertEqual(tree.get(path, {}).get("type"), kind, path)
        self.assertEqual(tree["."]["mode"] & 0o007, 0)
        pod = json.loads(told["files"]["pod"])
        self.assertEqual([(a["name"], a["image"]["id"]) for a in pod["apps"]], [("web", key)])
        self.assertEqual(json.loads(told["files"][app[2:] + "/manifest"])["name"], "example.com/web")
        self.assertEqual(json.loads(told["files"]["stage1/manifest"])["name"], "example.com/stage1-probe")

    def test_the_roots_are_overlays_of_its_own_namespace(self):
        result = self.run_with(self.stage1(), self.host.aci())
        told = self.told()
        self.assertNotEqual(told["namespaces"]["mnt"], os.readlink("/proc/self/ns/mnt"))
        points = {line.split()[4]: line.partition(" - ")[2].split()[0] for line in told["mounts"]}
        pod = os.path.realpath(self.host.pod_path(result.uuid))
        for path in ("/stage1/rootfs", "/stage1/rootfs/opt/stage2/probe/rootfs"):
            self.assertEqual(points.get(pod + path), "overlay", path)
        self.host.assert_no_mounts()

    def test_what_it_writes_stays_with_the_pod(self):
        """Not in the shared tree, which the next pod gets as it was imported."""
        stage1 = self.stage1()
        for _ in range(2):
            result = self.run_with(stage1, self.host.aci(name="example.com/x"))
            self.assertNotIn("./stage1/rootfs/probe/other",
                             [item["path"] for item in self.told()["tree"]])
            upper = os.path.join(self.host.pod_path(result.uuid), "upper", ".stage1", "probe")
            self.assertEqual(os.listdir(upper), ["run.json"])
            harness.write(os.path.join(upper, "other"), "")

    def test_status_enter_and_stop_go_through_it(self):
        process = self.pause_with(self.stage1(settings={"pause": 1, "enter": 21}))
        self.assertEqual(self.host.status(process.uuid)["pid"], str(process.pid))
        self.assertEqual(self.host.run("enter", process.uuid, "/x", "-y", "z").status, 21)
        told = self.told("enter")
        self.assertEqual(told["argv"][1:],
                         [f"--pid={process.pid}", "--appname=probe", "--", "/x", "-y", "z"])
        self.assertEqual(told["cwd"], os.path.realpath(self.host.pod_path(process.uuid)))
        self.host.ok("stop", process.uuid)
        self.assertEqual(self.told("stop")["argv"][1:], [process.uuid])
        self.assertEqual(process.wait().status, 0)

    def test_stop_says_when_it_failed(self):
        process = self.pause_with(self.stage1(settings={"pause": 1, "stop": 3}))
        result = self.host.run("stop", "--force", process.uuid)
        self.assertEqual(result.status, 254)
        self.assertIn(f'error stopping "{process.uuid}"', result.err)
        self.assertEqual(self.told("stop")["argv"][1:], ["--force", process.uuid])
        process.signal(signal.SIGTERM)
        process.wait()

    def test_gc_calls_it_and_goes_on_if_it_fails(self):
        """rkt 2.14; --local-config since version 5."""
        for version in VERSIONS:
            with self.subTest(version=version):
                result = self.run_with(self.stage1(version, {"gc": version % 2}), self.host.aci())
                gc = self.host.run("gc", "--grace-period=0s")
                self.assertEqual(gc.status, 0, gc)
                config = [f"--local-config={self.host.config}"] if version >= 5 else []
                self.assertEqual(self.told("gc")["argv"][1:], config + [result.uuid])
                self.assertEqual(self.host.pods(), {})
        self.host.assert_nothing_left()

    def test_stages_of_rkt_may_lack_what_is_not_required(self):
        stage1 = self.stage1(entries=("run",), settings={"pause": 1})
        process = self.pause_with(stage1)
        for command in (["enter", process.uuid, "/x"], ["stop", process.uuid]):
            result = self.host.run(*command)
            self.assertEqual(result.status, 254)
            self.assertRegex(result.err, "stage1")
        process.signal(signal.SIGTERM)
        process.wait()
        self.host.assert_nothing_left()

    def test_it_is_chosen_by_name_hash_and_directory_too(self):
        stage1 = self.stage1(settings={"run": 11})
        key = self.host.fetch(stage1)
        for choice in (f"--stage1-hash={key}", f"--stage1-hash={key[:19]}",
                       "--stage1-name=example.com/stage1-probe:6.0.0",
                       "--stage1-name=example.com/stage1-probe"):
            with self.subTest(choice):
                self.assertEqual(self.host.pod(choice, self.host.aci()).status, 11)

    def test_one_choice_only(self):
        result = self.host.run("run", "--stage1-path=/a", "--stage1-name=b", self.host.aci())
        self.assertEqual(result.status, 254)
        self.assertIn("mutually exclusive", result.err)


@needs_root
class UnderRkt(unittest.TestCase):
    """A stage0 like rkt's leaves stage1 in the host's mount namespace, where mounts are shared."""

    def setUp(self):
        self.host = Host(self)

    def mount(self, *words):
        harness.subprocess.run(["mount", *words], check=True, cwd=self.pod)
        self.addCleanup(harness.subprocess.run, ["umount", words[-1]], cwd=self.pod)

    def test_what_native_mounts_stays_in_the_pod(self):
        uuid = self.host.ok("prepare", self.host.aci(exec=["/probe", "report", "pause"])).strip()
        self.pod = self.host.pods()[uuid]
        app = os.listdir(os.path.join(self.pod, "upper"))[0]
        there = f"stage1/rootfs/opt/stage2/{app}"
        self.mount("-t", "overlay", "overlay", "-o",
                   f"lowerdir={there}/tree/rootfs,upperdir=upper/{app},workdir=work/{app}",
                   f"{there}/rootfs")
        before = read("/proc/self/mountinfo")
        lock = os.open(self.pod, os.O_RDONLY)
        self.addCleanup(os.close, lock)
        process = harness.Process(
            ["stage1/rootfs/gantry/run", "--net=none", uuid],
            **{**self.host.options(env={"RKT_LOCK_FD": str(lock)}), "cwd": self.pod},
            pass_fds=[lock])
        process.expect("ready")
        self.assertEqual(read("/proc/self/mountinfo"), before)
        os.kill(process.pid, signal.SIGTERM)
        self.assertEqual(process.wait().status, 0)
        self.assertEqual(read("/proc/self/mountinfo"), before)



class Conformance:
    """The tests for any stage1. FILE is its ACI; LACKS names what it is not made for."""

    FILE = None
    LACKS = ()

    @classmethod
    def setUpClass(cls):
        with tarfile.open(cls.FILE) as archive:
            cls.manifest = json.load(archive.extractfile("manifest"))
            cls.files = {os.path.normpath(m.name): m for m in archive.getmembers()}
        cls.annotations = {a["name"]: a["value"] for a in cls.manifest.get("annotations", [])}

    def setUp(self):
        self.host = Host(self)

    def needs(self, what):
        if what in self.LACKS:
            self.skipTest(f"this stage1 lacks {what}")

    def stage1(self, version):
        """The same image, as if of an older interface."""
        manifest = json.loads(json.dumps(self.manifest))
        for annotation in manifest["annotations"]:
            if annotation["name"] == VERSION:
                annotation["value"] = str(version)
        manifest["name"] += f"-v{version}"
        out = io.BytesIO()
        with tarfile.open(self.FILE) as source, tarfile.open(fileobj=out, mode="w") as target:
            for member in source.getmembers():
                if member.name == "manifest":
                    content = json.dumps(manifest).encode()
                    member.size = len(content)
                    target.addfile(member, io.BytesIO(content))
                else:
                    target.addfile(member, source.extractfile(member) if member.isreg() else None)
        return self.host.file(f"stage1-v{version}.aci", out.getvalue())

    def choice(self):
        return f"--stage1-path={self.FILE}"

    def run_probe(self, *words, **options):
        return self.host.pod(self.choice(), self.host.aci(exec=["/probe", *words]), net="host", **options)

    def start_probe(self, *words, **app):
        process = self.host.start_pod(self.choice(), self.host.aci(exec=["/probe", *words], **app),
                                      net="host")
        process.expect("ready")
        self.host.wait_ready(process.uuid)
        return process

    def locked(self, uuid):
        return self.host.state(uuid) in ("running", "preparing")

    def test_the_manifest_names_programs_that_are_there(self):
        for name in ("run", "enter", "stop", "gc"):
            path = self.annotations.get(ENTRY_POINTS + name, "")
            self.assertRegex(path, r"\A/", name)
            member = self.files.get("rootfs" + os.path.normpath(path))
            self.assertIsNotNone(member, path)
            self.assertTrue(member.mode & 0o111, path)

    def test_the_version_is_one_of_six(self):
        self.assertIn(int(self.annotations.get(VERSION, "1")), VERSIONS)

    def test_the_exit_status_is_the_apps(self):
        for status in (0, 1, 42, 255):
            with self.subTest(status):
                self.assertEqual(self.run_probe("exit", str(status)).status, status)

    def test_a_signals_death_is_a_failure(self):
        self.assertEqual(self.run_probe("kill", "KILL").status, 128 + 9)

    def test_arguments_of_every_version_are_understood(self):
        """rkt 7.2: stage0 speaks as the image's version says."""
        own = int(self.annotations.get(VERSION, "1"))
        image = self.host.aci(exec=["/probe", "exit", "13"])
        for version in range(1, own + 1):
            with self.subTest(version=version):
                words = [] if "host-name" in self.LACKS else ["--hostname=h"]
                words += [] if version < 6 or "ipc" in self.LACKS else ["--ipc=private"]
                result = self.host.run("--insecure-options=image,all-run", "run", "--net=host", *words,
                                       f"--stage1-path={self.stage1(version)}", image)
                self.assertEqual(result.status, 13, result)

    def test_output_and_errors_arrive(self):
        result = self.run_probe("report", "say out", "complain err")
        self.assertIn("out\n", result.out)
        self.assertIn("err\n", result.out + result.err)

    def test_standard_input_is_empty(self):
        self.needs("empty input")
        read_end, write_end = os.pipe()
        os.write(write_end, b"from the caller\n")
        result = self.run_probe("read-line", stdin=read_end)
        os.close(read_end)
        os.close(write_end)
        self.assertEqual(result.out, "(end)\n")

    def test_only_three_descriptors_reach_the_app(self):
        low = os.open("/", os.O_RDONLY)
        leaked = [os.dup2(low, number, inheritable=True) for number in range(600, 650)]
        try:
            result = self.run_probe("fds", close_fds=False)
        finally:
            for number in leaked + [low]:
                os.close(number)
        lines = result.lines
        if "supervisor" in self.LACKS:
            # The app is all that there is to hold the pod's lock.
            lines = [line for line in lines if not line.endswith(self.host.pod_path(result.uuid))]
        self.assertEqual([line.split()[0] for line in lines], ["0", "1", "2"], result)

    def test_environment_and_working_directory_are_the_apps(self):
        image = self.host.aci({"srv": None}, exec=["/probe", "report", "print-env", "cwd"],
                              workingDirectory="/srv", environment=[{"name": "OWN", "value": "a b=c"}])
        seen = sections(self.host.pod(self.choice(), image, net="host", env={"SECRET": "x"}).out)
        self.assertEqual(seen["cwd"], ["/srv"])
        self.assertIn("OWN=a b=c", seen["print-env"])
        self.assertIn("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                      seen["print-env"])
        self.assertNotIn("SECRET=x", seen["print-env"])

    def test_ids_are_the_apps(self):
        image = self.host.aci(exec=["/probe", "ids"], user="12", group="34", supplementaryGIDs=[56])
        result = self.host.pod(self.choice(), image, net="host")
        self.assertEqual(result.lines, ["uid 12 12 12", "gid 34 34 34", "groups 56"])

    def test_the_root_is_the_apps(self):
        image = self.host.aci({"etc/mark": "inside\n"}, exec=["/probe", "cat", "/etc/mark"])
        self.assertEqual(self.host.pod(self.choice(), image, net="host").out, "inside\n")

    def test_a_status_file_says_how_the_app_ended(self):
        self.needs("status")
        result = self.run_probe("exit", "5")
        path = os.path.join(self.host.pod_path(result.uuid), "upper", ".stage1", "rkt", "status", "probe")
        alternative = os.path.join(self.host.pod_path(result.uuid), "stage1/rootfs/rkt/status/probe")
        self.assertEqual(read(path if os.path.exists(path) else alternative), "5\n")
        self.assertEqual(self.host.status(result.uuid)["app-probe"], "5")

    def test_a_pid_file_names_a_process_of_the_pod(self):
        process = self.start_probe("pause")
        pid = self.host.wait_ready(process.uuid)
        self.assertIn(pid, [process.pid, *descendants(process.pid)])
        process.signal(signal.SIGTERM)
        process.wait()

    def test_the_lock_is_held_while_it_lives_and_dropped_at_its_end(self):
        process = self.start_probe("pause")
        self.assertTrue(self.locked(process.uuid))
        process.signal(signal.SIGTERM)
        process.wait()
        self.assertFalse(self.locked(process.uuid))

    def test_signals_to_the_run_process_reach_the_app(self):
        process = self.start_probe("pause", "0")
        process.signal(signal.SIGTERM)
        result = process.wait()
        self.assertEqual(result.status, 0, result)
        self.assertIn("got TERM", result.out)

    def test_stop(self):
        process = self.start_probe("pause", "0")
        self.host.ok("stop", process.uuid)
        self.assertIn("got TERM", process.wait().out)
        self.host.assert_nothing_left()

    def test_stop_by_force(self):
        process = self.start_probe("ignore", "TERM", "INT", "HUP")
        self.host.ok("stop", "--force", process.uuid)
        self.assertNotEqual(process.wait().status, 0)
        self.host.assert_nothing_left()

    def test_its_death_is_the_pods(self):
        process = self.start_probe("ignore", "TERM", "INT", "HUP")
        process.signal(signal.SIGKILL)
        process.process.wait()
        self.host.assert_no_processes()
        self.assertFalse(self.locked(process.uuid))

    def test_enter_runs_a_command_in_the_apps_root(self):
        process = self.start_probe("pause", files={"etc/mark": "inside\n"})
        entered = self.host.run("enter", process.uuid, "/probe", "report", "cat /etc/mark", "fds")
        self.assertEqual(entered.status, 0, entered)
        seen = sections(entered.out)
        self.assertEqual(seen["cat /etc/mark"], ["inside"])
        self.assertEqual([line.split()[0] for line in seen["fds"]], ["0", "1", "2"])
        self.assertEqual(self.host.run("enter", process.uuid, "/probe", "exit", "17").status, 17)
        self.assertNotEqual(self.host.run("enter", process.uuid, "/nothing").status, 0)
        process.signal(signal.SIGTERM)
        process.wait()

    def test_gc_leaves_nothing(self):
        self.run_probe("exit", "0")
        self.run_probe("exit", "1")
        self.host.assert_nothing_left()

    def test_what_cannot_start_fails_and_leaves_nothing(self):
        for app in ({"exec": ["/nothing"]}, {"user": "nobody-here"}, {"workingDirectory": "/nothing"}):
            with self.subTest(app):
                result = self.host.pod(self.choice(), self.host.aci(**app), net="host")
                self.assertEqual(result.status, 254, result)
        self.host.assert_nothing_left()

    def test_several_apps(self):
        image = self.host.aci(exec=["/probe"])
        result = self.host.pod(self.choice(), image, "--name=a", "--", "exit", "0", "---", image,
                               "--name=b", "--", "exit", "3", net="host")
        if "apps" in self.LACKS:
            self.assertEqual(result.status, 254)
            self.assertRegex(result.err, "only supports 1 application per Pod")
        else:
            self.assertEqual(result.status, 3)

    def test_isolation(self):
        self.needs("isolation")
        result = self.run_probe("ns")
        for line in result.lines:
            name = line.split(":")[0]
            same = line == os.readlink(f"/proc/self/ns/{name}")
            self.assertEqual(same, name in ("user", "net"), name)

    def test_its_mounts_are_not_the_hosts(self):
        self.needs("private mounts")
        process = self.start_probe("pause")
        self.host.assert_no_mounts()
        process.signal(signal.SIGTERM)
        process.wait()


def flavour(name):
    return os.path.join(harness.STAGE1_IMAGES, f"stage1-{name}.aci")


@needs_root
class Native(Conformance, unittest.TestCase):
    FILE = flavour("native")


@needs_root
class Fly(Conformance, unittest.TestCase):
    """A chroot (rkt 7.13): no status file, no isolation, one app."""

    FILE = flavour("fly")
    LACKS = ("apps", "isolation", "status", "ipc", "supervisor")


@needs_root
@unittest.skipUnless(os.environ.get("STAGE1_ACI"), "no STAGE1_ACI is given")
class Given(Conformance, unittest.TestCase):
    FILE = os.environ.get("STAGE1_ACI")
    LACKS = tuple(filter(None, os.environ.get("STAGE1_LACKS", "").split(",")))


if __name__ == "__main__":
    unittest.main()
