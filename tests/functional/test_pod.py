# SPDX-License-Identifier: Apache-2.0
"""The life of a pod, from the command line: run, prepare, list, status, enter, stop, rm, gc."""

import json
import os
import re
import signal
import subprocess
import unittest

from harness import PROBE, Host, descendants, needs_root, sections


@needs_root
class Run(unittest.TestCase):
    """One app: what goes in at run, and what comes out."""

    def setUp(self):
        self.host = Host(self)

    def run_probe(self, *words, options=(), after=(), **rest):
        return self.host.pod(*options, self.host.aci(exec=["/probe", *words]), *after, **rest)

    def test_the_exit_status_of_the_app_is_ours(self):
        image = self.host.aci(exec=["/probe", "exit", "42"])
        self.assertEqual(self.host.pod(image).status, 42)
        self.host.assert_nothing_left()

    def test_success_is_quiet(self):
        result = self.run_probe("exit", "0")
        self.assertEqual((result.status, result.out, result.err), (0, "", ""))

    def test_the_callers_umask_is_not_the_pods(self):
        """The root can be entered by the app's user, and what the app makes has usual modes."""
        image = self.host.aci(exec=["/probe", "report", "stat /"], user="1000", group="1000")
        result = self.host.pod(image, umask=0o077)
        self.assertEqual(result.status, 0, result)
        self.assertIn("755", result.out)

    def test_death_by_a_signal_is_128_and_the_signal(self):
        for name, number in (("TERM", 15), ("SEGV", 11), ("KILL", 9), ("USR1", 10)):
            with self.subTest(name):
                self.assertEqual(self.run_probe("kill", name).status, 128 + number)

    def test_output_of_one_app_is_passed_as_it_is(self):
        """And standard error stays apart. A last line without an end is not lost."""
        result = self.run_probe("report", "say out", "complain err")
        self.assertEqual(result.out, "== say out\nout\n== complain err\n")
        self.assertEqual(result.err, "err\n")

    def test_much_output_arrives_whole(self):
        content = "".join(f"line {n}\n" for n in range(40000))
        image = self.host.aci({"big": content}, exec=["/probe", "cat", "/big"])
        self.assertEqual(self.host.pod(image).out, content)

    # Not served yet: the caller's own descriptors are passed on.
    @unittest.expectedFailure
    def test_the_apps_user_can_open_dev_stdout(self):
        for stream in ("stdout", "stderr"):
            with self.subTest(stream):
                image = self.host.aci(exec=["/probe", "write", f"/dev/{stream}", "text"], user="1000",
                                      group="1000")
                result = self.host.pod(image)
                self.assertEqual((result.status, result.out + result.err), (0, "text"), result)

    def test_standard_input_is_empty(self):
        """rkt 7.12: what the caller has on it is not the app's, unless --interactive."""
        read_end, write_end = os.pipe()
        os.write(write_end, b"from the caller\n")
        os.close(write_end)
        result = self.run_probe("report", "read-line", "fds", stdin=read_end)
        os.close(read_end)
        found = sections(result.out)
        self.assertEqual(found["read-line"], ["(end)"])
        self.assertEqual(found["fds"][0].split()[3], "/dev/null")

    def test_arguments_after_two_dashes_are_added(self):
        """ACE-80: unmodified, without a shell."""
        hard = ["plain", "", "two words", "$HOME `id` \"'\\", "--looks-like=an option", "ünï", "%n"]
        result = self.run_probe("argv", "first", after=["--", *hard])
        self.assertEqual(result.out.split("\n")[:-1], ["first", *hard])

    def test_exec_replaces_the_command_and_its_arguments(self):
        result = self.run_probe("exit", "1", after=["--exec=/probe", "--", "argv", "other"])
        self.assertEqual(result.out, "other\n")

    def test_a_command_without_slash_is_looked_up_in_the_path_of_the_app(self):
        """ACE-79"""
        image = self.host.aci({"opt": None, "opt/tool": (PROBE, 0o755)},
                              exec=["tool", "say", "found"],
                              environment=[{"name": "PATH", "value": "/bin:/opt"}])
        self.assertEqual(self.host.pod(image).out, "found\n")

    def test_a_missing_command_fails_with_254(self):
        for command in ("/nothing", "nothing", "/etc"):
            with self.subTest(command):
                result = self.host.pod(self.host.aci(exec=[command]))
                self.assertEqual(result.status, 254, result)
                self.assertIn(f"'{command}'", result.err)
                self.assertEqual(len(result.err.splitlines()), 1, result)
        self.host.assert_nothing_left()

    def test_the_environment_is_the_manifests_and_the_command_lines(self):
        """rkt 2.3, ACE-75: weakest first, the image's, --environment, --set-env-file, --set-env."""
        file = self.host.file("env", "# comment\n\n; another\nB=file\nC=file\n")
        image = self.host.aci(exec=["/probe", "print-env"], environment=[
            {"name": name, "value": "image"} for name in "ABCDE"])
        result = self.host.pod("--set-env=C=set", f"--set-env-file={file}", image,
                               "--environment=D=app", "--environment=C=app")
        found = dict(line.split("=", 1) for line in result.lines)
        self.assertEqual([found[name] for name in "ABCDE"],
                         ["image", "file", "set", "app", "image"])

    def test_inherit_env_adds_what_nothing_else_sets(self):
        image = self.host.aci(exec=["/probe", "print-env"],
                              environment=[{"name": "A", "value": "image"}])
        result = self.host.pod("--inherit-env", image, env={"A": "caller", "B": "caller"})
        self.assertIn("A=image", result.lines)
        self.assertIn("B=caller", result.lines)

    def test_overrides_of_an_app(self):
        image = self.host.aci(exec=["/probe", "report", "ids", "cwd", "print-env AC_APP_NAME"])
        result = self.host.pod(image, "--user=5", "--group=6", "--supplementary-gids=8,7",
                               "--working-dir=/etc", "--name=other")
        self.assertEqual(sections(result.out), {
            "ids": ["uid 5 5 5", "gid 6 6 6", "groups 7 8"], "cwd": ["/etc"],
            "print-env AC_APP_NAME": ["other"]})

    def test_the_uuid_is_saved_before_the_app_runs(self):
        """rkt 2.1: without a line end. A second save replaces the first."""
        process = self.host.start_pod(self.host.aci(exec=["/probe", "pause"]))
        self.assertRegex(process.uuid, r"\A[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
        process.expect("ready").signal(signal.SIGTERM)
        self.assertEqual(process.wait().status, 0)
        self.assertEqual(os.stat(process.uuid_file).st_mode & 0o777, 0o644)

    def test_an_image_can_be_given_by_name_hash_and_file(self):
        file = self.host.aci(name="example.com/thing", labels={"version": "1.2"},
                             exec=["/probe", "exit", "7"])
        key = self.host.fetch(file)
        for image in (file, key, key[:20], "example.com/thing", "example.com/thing:1.2",
                      "example.com/thing,version=1.2", "file://" + file):
            with self.subTest(image):
                self.assertEqual(self.host.pod(image).status, 7)

    def test_every_compression_is_recognised_by_content(self):
        for compression in ("", "gz", "bz2", "xz"):
            with self.subTest(compression or "none"):
                file = self.host.aci(compression=compression, exec=["/probe", "exit", "3"],
                                     name=f"example.com/z{compression}")
                self.assertEqual(self.host.pod(file).status, 3)

    def test_the_program_need_not_be_called_from_a_directory_it_may_read(self):
        result = self.host.pod(self.host.aci(), cwd="/")
        self.assertEqual(result.status, 0)

    def test_a_read_only_root(self):
        """ACE-17"""
        image = self.host.aci(exec=["/probe", "write", "/etc/file", "x"])
        self.assertEqual(self.host.pod(image).status, 0)
        result = self.host.pod(image, "--readonly-rootfs=true")
        self.assertEqual(result.status, 1)
        self.assertIn("errno 30", result.err)

    def test_debug_says_more_and_changes_nothing(self):
        image = self.host.aci(exec=["/probe", "exit", "5"])
        result = self.host.run("--debug", "run", "--net=none", image)
        self.assertEqual(result.status, 5)
        self.assertTrue(result.err)


@needs_root
class Apps(unittest.TestCase):
    """Several apps in one pod."""

    def setUp(self):
        self.host = Host(self)

    def pod(self, *commands, **options):
        """Each of COMMANDS: the words after /probe, of an app called a, b, ..."""
        words = []
        for number, command in enumerate(commands):
            words += ["---"] if words else []
            words += [self.image, f"--name={'abcdef'[number]}", "--", *command]
        return self.host.start_pod(*words, **options)

    @property
    def image(self):
        return self.host.aci(exec=["/probe"])

    def output(self, result, app):
        """The lines of one app, without their prefix 'APP[PID]: '."""
        pattern = re.compile(rf"{app}\[\d+\]: (.*)")
        return [m.group(1) for m in map(pattern.fullmatch, result.out.splitlines()) if m]

    def test_all_succeed(self):
        """The pod lives until the last ends (rkt 7.6 a)."""
        process = self.pod(["exit", "0"], ["pause"])
        process.expect("ready")
        self.assertTrue(process.running())
        process.signal(signal.SIGTERM)
        self.assertEqual(process.wait().status, 0)
        self.host.assert_nothing_left()

    def test_one_that_fails_stops_the_others(self):
        """rkt 7.6 b: the pod's status is that of the first to fail. The others get SIGTERM."""
        result = self.pod(["pause"], ["exit", "3"], ["pause"]).wait()
        self.assertEqual(result.status, 3)
        # One that had not begun to wait yet was ended by the signal itself.
        self.assertEqual(result.out.count("ready"), result.out.count("got TERM"), result)

    def test_the_first_to_fail_decides(self):
        result = self.pod(["call", "go"], ["report", "serve go", "exit 9"],
                          ["pause", "4"]).wait()
        self.assertEqual(result.status, 9, result)

    # Not served yet: the caller's own descriptors are passed on.
    @unittest.expectedFailure
    def test_each_line_names_its_app(self):
        result = self.pod(["say", "one", "two"], ["complain", "three"]).wait()
        self.assertEqual(result.status, 0)
        self.assertEqual(self.output(result, "a"), ["one", "two"])
        lines = (result.out + result.err).splitlines()
        self.assertTrue(any(re.fullmatch(r"b\[\d+\]: three", line) for line in lines), result)

    def test_each_has_its_own_status(self):
        process = self.pod(["exit", "0"], ["report", "call go", "exit 6"], ["serve", "go"])
        self.assertEqual(process.wait().status, 6)
        status = self.host.status(process.uuid)
        self.assertEqual((status["state"], status["app-a"], status["app-b"]), ("exited", "0", "6"))

    def test_they_share_what_a_pod_shares(self):
        """ACE-3: the pid, net, ipc and uts namespaces; ACE-4: each its own root."""
        result = self.pod(["report", "ns", "serve x"], ["report", "ns", "call x"]).wait()
        for name, count in (("pid", 1), ("net", 1), ("ipc", 1), ("uts", 1), ("user", 1), ("mnt", 2)):
            found = re.findall(rf"{name}:\[\d+\]", result.out)
            self.assertEqual((len(found), len(set(found))), (2, count), result)

    def test_they_reach_each_other_by_network_and_ipc(self):
        """ACE-3"""
        result = self.pod(["serve", "door"], ["call", "door"], ["send", "77", "hello"],
                          ["receive", "77"]).wait()
        self.assertEqual(result.status, 0, result)
        for text in ("served", "called", "received hello"):
            self.assertIn(text, result.out)

    def test_they_see_each_others_processes_but_not_files(self):
        result = self.pod(["report", "write /etc/of-a x", "call seen"],
                          ["report", "serve seen", "processes", "list /etc"]).wait()
        self.assertEqual(result.status, 0, result)
        self.assertNotIn(":0 of-a", result.out)
        self.assertGreaterEqual(len(re.findall(r"\d+ 1 \w probe", result.out)), 1)

    def test_two_apps_need_two_names(self):
        image = self.image
        result = self.host.run("run", "--net=none", image, "---", image)
        self.assertEqual(result.status, 254)
        self.assertIn("multiple apps with name probe", result.err)

    def test_interactive_is_for_one(self):
        result = self.host.run("run", "--net=none", "--interactive", self.image, "---", self.image,
                               "--name=b")
        self.assertEqual(result.status, 254)
        self.assertIn("interactive option only supports one image", result.err)


@needs_root
class Life(unittest.TestCase):
    """What other commands see of a pod, and do with it."""

    def setUp(self):
        self.host = Host(self)

    def start(self, *command, **app):
        process = self.host.start_pod(self.host.aci(exec=["/probe", *(command or ["pause"])], **app))
        process.expect("ready")
        self.host.wait_ready(process.uuid)
        return process

    def end(self, process, status=0):
        process.signal(signal.SIGTERM)
        self.assertEqual(process.wait().status, status)

    def test_a_running_pod_as_status_says_it(self):
        process = self.start()
        status = self.host.status(process.uuid)
        self.assertEqual(status["state"], "running")
        self.assertEqual(status["exited"], "false")
        self.assertIn(int(status["pid"]), descendants(process.pid) + [process.pid])
        stamp = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,3})? [+-]\d{4} \w+"
        self.assertRegex(status["created"], stamp)
        self.assertRegex(status["started"], stamp)
        self.end(process)
        self.assertEqual(self.host.state(process.uuid), "exited")
        self.assertEqual(self.host.status(process.uuid)["app-probe"], "0")

    def test_list_has_one_row_for_each_app(self):
        process = self.start(name="example.com/web", labels={"version": "1.0"})
        header, row = self.host.ok("list").splitlines()
        self.assertEqual(re.split(r"\t+", header), ["UUID", "APP", "IMAGE NAME", "STATE", "CREATED",
                                                    "STARTED", "NETWORKS"])
        self.assertEqual(re.split(r"\t+", row)[:4],
                         [process.uuid[:8], "web", "example.com/web:1.0", "running"])
        self.assertEqual(self.host.ok("list", "--no-legend").count("\n"), 1)
        self.end(process)
        self.assertIn("exited", self.host.ok("list"))

    def test_list_as_json(self):
        self.assertEqual(json.loads(self.host.ok("list", "--format=json")), None)
        process = self.start(name="example.com/web")
        pod, = json.loads(self.host.ok("list", "--format=json"))
        self.assertEqual((pod["name"], pod["state"], pod["app_names"]),
                         (process.uuid, "running", ["web"]))
        self.assertEqual(pod["apps"][0]["state"], "running")
        self.end(process)
        pod = json.loads(self.host.ok("status", "--format=json", process.uuid))
        self.assertEqual((pod["state"], pod["apps"][0]["exit_code"]), ("exited", 0))

    def test_a_uuid_may_be_cut_short(self):
        process = self.start()
        self.assertEqual(self.host.state(process.uuid[:8]), "running")
        self.assertEqual(self.host.state(process.uuid[:8].upper()), "running")
        self.end(process)

    def test_status_waits_for_the_end(self):
        process = self.start()
        waiting = self.host.start("status", "--wait", process.uuid)
        limited = self.host.run("status", "--wait=10ms", process.uuid)
        self.assertEqual((limited.status, limited.out), (254, ""))
        self.end(process)
        self.assertIn("state=exited", waiting.wait().lines)

    def test_stop_ends_it(self):
        process = self.start()
        self.assertEqual(self.host.ok("stop", process.uuid), f'"{process.uuid}"\n')
        result = process.wait()
        self.assertIn("got TERM", result.out)
        self.assertEqual(self.host.ok("stop", process.uuid),
                         f'pod "{process.uuid}" is already stopped\n')
        self.host.assert_nothing_left()

    def test_stop_with_force_ends_what_ignores_it(self):
        process = self.start("ignore", "TERM", "INT", "HUP")
        self.host.ok("stop", "--force", process.uuid)
        process.wait()
        self.host.assert_nothing_left()

    def test_stop_takes_several_and_counts_failures(self):
        process = self.start()
        result = self.host.run("stop", process.uuid, "00000000")
        self.assertEqual(result.status, 254)
        self.assertIn("stop: failed to stop 1 pod(s)", result.err)
        process.wait()

    def test_enter_runs_a_command_in_the_app(self):
        image = self.host.aci({"etc/mark": "inside\n"}, exec=["/probe", "pause"])
        process = self.host.start_pod(image).expect("ready")
        pid = self.host.wait_ready(process.uuid)
        found = sections(self.host.ok("enter", process.uuid, "/probe", "report", "cat /etc/mark", "ns",
                                      "host-name", "cwd"))
        self.assertEqual(found["cat /etc/mark"], ["inside"])
        self.assertEqual(found["cwd"], ["/"])
        for line in found["ns"]:
            name = line.split(":")[0]
            if name != "mnt":
                self.assertEqual(line, os.readlink(f"/proc/{pid}/ns/{name}"))
        self.assertEqual(self.host.run("enter", process.uuid, "/probe", "exit", "9").status, 9)
        self.end(process)

    def test_enter_is_as_confined_as_the_app(self):
        """Threats 1b: capabilities, no new privileges, seccomp, cgroup, descriptors."""
        keys = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp",
                "Seccomp_filters")
        image = self.host.aci(exec=["/probe", "report", "cat /proc/self/status",
                                    "cat /proc/self/cgroup", "pause"])
        process = self.host.start_pod(image)
        process.expect("ready")
        app = sections(process.out)
        entered = sections(self.host.ok(
            "enter", process.uuid, "/probe", "report", "cat /proc/self/status",
            "cat /proc/self/cgroup", "fds"))

        def fields(report):
            lines = dict(l.split(":\t", 1) for l in report["cat /proc/self/status"] if ":\t" in l)
            return {key: lines.get(key) for key in keys}
        self.assertEqual(fields(entered), fields(app))
        self.assertEqual(entered["cat /proc/self/cgroup"], app["cat /proc/self/cgroup"])
        self.assertEqual([line.split()[0] for line in entered["fds"]], ["0", "1", "2"])
        self.end(process)

    def test_enter_wants_a_running_pod_and_an_app(self):
        result = self.host.pod(self.host.aci())
        entered = self.host.run("enter", result.uuid, "/probe", "exit", "0")
        self.assertEqual(entered.status, 254)
        self.assertIn(f'pod "{result.uuid}" isn\'t currently running', entered.err)

    def test_rm_removes_an_exited_pod_and_refuses_a_running_one(self):
        process = self.start()
        result = self.host.run("rm", process.uuid)
        self.assertEqual(result.status, 254)
        self.assertIn(f'pod "{process.uuid}" is currently running', result.err)
        self.end(process)
        self.assertEqual(self.host.ok("rm", process.uuid), f'"{process.uuid}"\n')
        self.host.assert_nothing_left(gc=False)

    def test_gc_keeps_what_runs_and_what_is_young(self):
        running, ended = self.start(), self.host.pod(self.host.aci())
        self.host.ok("gc")
        self.assertEqual(self.host.state(running.uuid), "running")
        self.assertEqual(self.host.state(ended.uuid), "exited garbage")
        result = self.host.run("gc", "--grace-period=0s")
        self.assertEqual(result.out, f'Garbage collecting pod "{ended.uuid}"\n')
        self.assertEqual(list(self.host.pods()), [running.uuid])
        self.end(running)
        self.host.assert_nothing_left()

    def test_gc_marks_only(self):
        ended = self.host.pod(self.host.aci())
        self.host.ok("gc", "--mark-only", "--grace-period=0s")
        self.assertEqual(self.host.pods(), {ended.uuid: self.host.pods("exited-garbage")[ended.uuid]})

    def test_prepare_then_run(self):
        image = self.host.aci(exec=["/probe", "exit", "4"])
        uuid, = self.host.ok("prepare", image).splitlines()
        self.assertEqual(self.host.state(uuid), "prepared")
        self.assertEqual(self.host.run("run-prepared", "--net=none", uuid[:8]).status, 4)
        self.assertEqual(self.host.state(uuid), "exited")
        again = self.host.run("run-prepared", "--net=none", uuid)
        self.assertEqual(again.status, 254)
        self.assertIn(f'pod "{uuid}" is not prepared', again.err)
        self.host.assert_nothing_left()

    def test_gc_expires_prepared_pods(self):
        uuid = self.host.ok("prepare", self.host.aci()).strip()
        self.host.ok("gc", "--expire-prepared=1h", "--grace-period=0s")
        self.assertEqual(self.host.state(uuid), "prepared")
        self.host.ok("gc", "--expire-prepared=0s", "--grace-period=0s")
        self.host.assert_nothing_left()

    def test_cat_manifest_says_what_runs(self):
        key = self.host.fetch(self.host.aci(name="example.com/web", exec=["/probe", "pause"]))
        process = self.host.start_pod(key, "--user=7", "--", "3")
        pod = json.loads(self.host.ok("cat-manifest", process.uuid))
        app, = pod["apps"]
        self.assertEqual((pod["acKind"], app["name"], app["image"]["id"], app["image"]["name"]),
                         ("PodManifest", "web", key, "example.com/web"))
        self.assertEqual((app["app"]["exec"], app["app"]["user"]), (["/probe", "pause", "3"], "7"))
        process.expect("ready")
        self.end(process)

    def test_a_pod_manifest_of_ones_own(self):
        key = self.host.fetch(self.host.aci())
        manifest = {"acVersion": "0.8.11", "acKind": "PodManifest", "apps": [{
            "name": "mine", "image": {"id": key},
            "app": {"exec": ["/probe", "exit", "8"], "user": "0", "group": "0"}}]}
        file = self.host.file("pod.json", json.dumps(manifest))
        self.assertEqual(self.host.pod(f"--pod-manifest={file}").status, 8)

    def test_a_write_goes_to_the_pod_and_never_to_the_shared_tree(self):
        """ACE-16: every pod begins with a clean copy."""
        image = self.host.aci({"etc/old": "old\n"},
                              exec=["/probe", "report", "list /etc", "cat /etc/old", "write /etc/new x",
                                    "write /etc/old changed"])
        self.host.fetch(image)

        def tree():
            found = {}
            for path, directories, files in os.walk(os.path.join(self.host.data, "cas", "tree")):
                for name in directories + files:
                    full = os.path.join(path, name)
                    info = os.lstat(full)
                    found[full] = (info.st_mode, info.st_mtime_ns, info.st_size, info.st_nlink)
            return found
        before = tree()
        first, second = self.host.pod(image), self.host.pod(image)
        self.assertEqual(first.out, second.out)
        self.assertEqual(sections(second.out)["cat /etc/old"], ["old"])
        self.assertEqual({k: v for k, v in tree().items() if k in before}, before)

    def test_a_pod_ends_although_a_daemon_of_it_does_not(self):
        """Every process of the pod is gone when it has ended."""
        result = self.host.pod(self.host.aci(exec=["/probe", "spawn-daemon", "5"]))
        self.assertEqual(result.status, 5)
        self.assertEqual(descendants(), [])

    def test_sigterm_stops_the_pod_cleanly(self):
        process = self.start("pause", "0")
        process.signal(signal.SIGTERM)
        result = process.wait()
        self.assertEqual((result.status, result.lines), (0, ["ready", "got TERM"]))
        self.assertEqual(self.host.status(process.uuid)["app-probe"], "0")
        self.host.assert_nothing_left()

    def test_what_an_app_exits_with_when_it_is_stopped_counts_as_0(self):
        """rkt 7.6 e; by its own exit, or by the signal."""
        for command in (["pause", "7"], ["ignore", "INT"]):
            process = self.start(*command)
            process.signal(signal.SIGTERM)
            self.assertEqual(process.wait().status, 0)
            self.assertEqual(self.host.status(process.uuid)["app-probe"], "0")

    def test_sigint_stops_it_too(self):
        process = self.start()
        process.signal(signal.SIGINT)
        self.assertEqual(process.wait().status, 0)
        self.host.assert_nothing_left()

    def test_a_second_signal_kills_at_once(self):
        process = self.start("report", "pause", "ignore TERM")
        process.signal(signal.SIGTERM)
        process.expect("got TERM").signal(signal.SIGTERM)
        self.assertEqual(process.wait().status, 128 + signal.SIGKILL)
        self.host.assert_nothing_left()

    def test_a_killed_supervisor_takes_the_pod_with_it(self):
        process = self.start("ignore", "TERM", "INT", "HUP")
        process.signal(signal.SIGKILL)
        process.process.wait()
        self.host.assert_no_processes()
        self.assertEqual(self.host.state(process.uuid), "exited")
        self.host.assert_nothing_left()

    def test_a_dead_pods_number_is_nobody_elses(self):
        """Threat 28: a pid file that outlived its pod names a stranger."""
        result = self.host.pod(self.host.aci())
        stranger = subprocess.Popen(["/bin/sleep", "1000"])
        self.addCleanup(stranger.wait)
        self.addCleanup(stranger.kill)
        for name in ("pid", "ppid"):
            path = os.path.join(self.host.pod_path(result.uuid), name)
            if os.path.exists(path):
                with open(path, "w") as file:
                    file.write(f"{stranger.pid}\n")
        self.host.run("stop", result.uuid)
        self.host.run("stop", "--force", result.uuid)
        self.assertEqual(self.host.run("enter", result.uuid, "/probe", "exit", "0").status, 254)
        self.assertIsNone(stranger.poll())

    def test_a_hundred_readers_do_not_disturb_it(self):
        """Reading a pod's state takes its lock for a moment: it must not look like life."""
        result = self.host.pod(self.host.aci())
        commands = [self.host.start("status", result.uuid) for _ in range(20)]
        for command in commands:
            self.assertIn("state=exited", command.wait().lines)


if __name__ == "__main__":
    unittest.main()
