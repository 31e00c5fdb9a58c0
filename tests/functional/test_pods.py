# SPDX-License-Identifier: Apache-2.0
"""Pods as seen from outside: list, status and cat-manifest, on pods made by hand."""

import fcntl
import json
import os
import re
import shutil
import subprocess
import unittest

import harness
from handmade import CREATED, IMAGE_ID, STARTED, Pods, app, pod_manifest
from harness import Host, needs_program, write

NETWORK = {"netName": "default", "netConf": "net/99-default.conf",
           "pluginPath": "stage1/rootfs/usr/lib/rkt/plugins/net/ptp", "ifName": "eth0",
           "ip": "172.16.28.2", "args": "", "mask": "255.255.255.0"}
OBSERVED = "3f156900-e135-442d-8840-a4db5b33f80e"
INSPECT = app("rkt-inspect", "coreos.com/rkt-inspect", "1.30.0")

TIMES = {"created": CREATED, "started": STARTED}
LINE = "-" * 40


class PodsTest(unittest.TestCase):
    def setUp(self):
        self.host = Host(self)
        self.pods = Pods(self.host)

    def fails(self, *words, error, status=254):
        """The command prints nothing but the lines ERROR."""
        result = self.host.run(*words)
        self.assertEqual((result.status, result.out, result.err), (status, "", error + "\n"))

    def misused(self, *words):
        """The command explains how it is used."""
        result = self.host.run(*words)
        self.assertEqual(result.status, 254, result)
        self.assertIn("USAGE:", result.out)
        self.assertRegex(result.err, "^Error: .*\n")


class Observed(PodsTest):
    """As rkt's own output was observed."""

    def setUp(self):
        super().setUp()
        self.pods.make("run", OBSERVED, apps=[INSPECT], pid_file="ppid", statuses={"rkt-inspect": 0},
                       networks=[NETWORK], **TIMES)

    def ok(self, *words):
        return self.host.ok(*words, env={"TZ": "UTC"})

    def test_status(self):
        self.assertEqual(self.ok("status", OBSERVED), (
            "state=exited\n"
            "created=2026-11-20 17:31:33.44 +0000 UTC\n"
            "started=2026-11-20 17:31:35.114 +0000 UTC\n"
            "networks=default:ip4=172.16.28.2\n"
            "pid=85\n"
            "exited=true\n"
            "app-rkt-inspect=0\n"))

    def test_list_full(self):
        self.assertEqual(self.ok("list", "--full"), (
            "UUID\t\t\t\t\tAPP\t\tIMAGE NAME\t\t\tIMAGE ID\t\tSTATE\tCREATED\t\t\t\t\t"
            "STARTED\t\t\t\t\tNETWORKS\n"
            "3f156900-e135-442d-8840-a4db5b33f80e\trkt-inspect\tcoreos.com/rkt-inspect:1.30.0\t"
            "sha512-05126eb372f5\texited\t2026-11-20 17:31:33.44 +0000 UTC\t"
            "2026-11-20 17:31:35.114 +0000 UTC\tdefault:ip4=172.16.28.2\n"))

    def test_list(self):
        for line, expected in zip(self.ok("list").splitlines(), (
                "UUID		APP		IMAGE NAME			STATE	CREATED",
                "3f156900	rkt-inspect	coreos.com/rkt-inspect:1.30.0	exited	")):
            self.assertTrue(line.startswith(expected), line)

    def object(self):
        """What is observed, and the time at which the app ended, which rkt knew of mutable pods
        only."""
        ended = os.stat(os.path.join(self.pods.find(OBSERVED),
                                     "stage1/rootfs/rkt/status/rkt-inspect")).st_mtime_ns
        return {"name": OBSERVED, "state": "exited", "networks": [NETWORK],
                "app_names": ["rkt-inspect"],
                "apps": [{"name": "rkt-inspect", "state": "exited", "created_at": CREATED,
                          "started_at": STARTED, "finished_at": ended, "exit_code": 0,
                          "image_id": IMAGE_ID}],
                "created_at": 1795195893, "started_at": 1795195895}

    def test_json(self):
        text = json.dumps(self.object(), separators=(",", ":"))
        pretty = json.dumps(self.object(), indent="\t")
        self.assertEqual(self.ok("status", "--format=json", OBSERVED), text + "\n")
        self.assertEqual(self.ok("list", "--format=json"), f"[{text}]\n")
        self.assertEqual(self.ok("status", "--format=json-pretty", OBSERVED), pretty + "\n")
        self.assertEqual(self.ok("list", "--format=json-pretty"),
                         json.dumps([self.object()], indent="\t") + "\n")


class List(PodsTest):
    def test_no_pods(self):
        header = "UUID\tAPP\tIMAGE NAME\tSTATE\tCREATED\tSTARTED\tNETWORKS\n"
        for _ in range(2):
            self.assertEqual(self.host.ok("list"), header)
            self.assertEqual(self.host.ok("list", "--no-legend"), "\n")
            self.assertEqual(self.host.ok("list", "--format=json"), "null\n")
            shutil.rmtree(self.host.data, ignore_errors=True)  # and no data directory

    def test_what_is_the_pods_stands_on_its_first_line_only(self):
        self.pods.make("run", apps=[app("web"), app("db", "example.com/db", None)], **TIMES)
        first, second = self.host.ok("list", "--no-legend", "--full").splitlines()
        self.assertEqual(first.split("\t")[1:5],
                         ["web", "example.com/web:1.0", IMAGE_ID[:19], "exited"])
        self.assertEqual(second.split(), ["db", "example.com/db", IMAGE_ID[:19]])

    def test_the_image_name_is_that_of_the_images_own_manifest(self):
        manifest = harness.image_manifest("example.com/own", labels={"version": "2"})
        self.pods.make("run", files={"stage1/rootfs/opt/stage2/web/manifest": manifest})
        self.assertIn("\texample.com/own:2\t", self.host.ok("list"))

    def test_an_image_manifest_that_is_wrong_costs_its_name_only(self):
        uuid = self.pods.make("run", files={"stage1/rootfs/opt/stage2/web/manifest": "{"})
        result = self.host.run("list", "--no-legend")
        self.assertIn("\tweb\t--\texited\t", result.out)
        self.assertIn(f"list: pod '{uuid}': image manifest of app 'web': ", result.err)
        self.assertEqual(result.status, 0)

    def test_a_pod_without_apps(self):
        self.pods.make("prepared", apps=[])
        self.assertEqual(self.host.ok("list", "--no-legend").split("\t")[1:4], ["-", "-", "prepared"])

    def test_pods_in_every_place_by_uuid(self):
        states = {"run": "exited", "exited-garbage": "exited garbage", "prepared": "prepared",
                  "prepare": "aborted prepare"}
        uuids = [self.pods.make(place) for place in states]
        self.pods.make("garbage")
        lines = self.host.ok("list", "--no-legend").splitlines()
        self.assertEqual([line.split("\t")[0] for line in lines], [uuid[:8] for uuid in uuids])
        for line, state in zip(lines, states.values()):
            self.assertIn(f"\t{state}\t", line)
        self.assertTrue(lines[-1].rstrip().endswith("a long while ago"), lines[-1])

    def test_what_is_no_pod_is_told_after_the_list_and_harms_nothing(self):
        good = self.pods.make("run")
        junk, file, empty, link, bad = ("README", *(self.pods.uuid() for _ in range(4)))
        write(self.pods.path("pods/run", junk), "")
        write(self.pods.path("pods/run", file), "")
        os.mkdir(self.pods.path("pods/run", empty))
        os.symlink("/", self.pods.path("pods/run", link))
        self.pods.make("exited-garbage", bad, manifest='{"acKind": "PodManifest"}')
        os.mkfifo(self.pods.path("pods/run", "fifo"))
        result = self.host.run("list", "--no-legend")
        self.assertEqual(result.status, 0)
        self.assertTrue(result.out.startswith(good[:8]), result)
        text = "".join(f"list: {line}\n" for line in (
            "6 error(s) encountered when listing pods:", LINE,
            f"cannot open 'pods/run/{file}': Not a directory", LINE,
            f"manifest of pod '{empty}': cannot open 'pod': No such file or directory", LINE,
            f"cannot open 'pods/run/{link}': LOOP", LINE,
            f"manifest of pod '{bad}': .acVersion: required", LINE,
            "'pods/run/README' is no pod", LINE, "'pods/run/fifo' is no pod", LINE,
            "misc:", "  gantry's appc version: 0.8.11", ""))
        # The C libraries have words of their own for it.
        self.assertEqual(re.sub(f"({link}': ).*", r"\1LOOP", result.err), text)
        self.assertEqual([pod["name"] for pod in json.loads(self.host.ok("list", "--format=json"))],
                         [good])
        self.fails("status", empty, error=f"status: unable to print status: manifest of pod "
                                          f"'{empty}': cannot open 'pod': No such file or directory")
        self.fails("status", file, error="status: problem retrieving pod: cannot open "
                                         f"'pods/run/{file}': Not a directory")
        self.fails("cat-manifest", bad,
                   error=f"cat-manifest: manifest of pod '{bad}': .acVersion: required")

    def test_a_pod_that_was_never_prepared_is_no_object(self):
        uuid = self.pods.make("prepare")
        result = self.host.run("list", "--format=json")
        self.assertEqual((result.status, result.out), (0, "null\n"))
        self.assertIn(f"list: pod '{uuid}' (aborted prepare) has no time of creation\n", result.err)

    def test_a_manifest_cannot_reach_the_terminal(self):
        self.pods.make("run", apps=[app(image="example.com/web", version="1\x1b[2J\n")])
        self.assertIn("example.com/web:1?[2J?", self.host.ok("list"))

    def test_words_and_formats_that_there_are_not(self):
        self.misused("list", "word")
        self.misused("list", "--format=yaml")


class Status(PodsTest):
    def test_the_facts_of_each_state(self):
        """Free, and while someone holds the lock."""
        for place, free, held in (
                ("prepare", ["aborted prepare", None, None], ["preparing", None, None]),
                ("prepared", ["prepared", None, None], ["prepared", None, None]),
                ("run", ["exited", "true", "3"], ["running", "false", None]),
                ("exited-garbage", ["exited garbage", "true", "3"], ["exited deleting", "false", "3"])):
            uuid = self.pods.make(place, statuses={"web": 3} if place != "prepared" else {}, **TIMES)

            def facts():
                status = self.host.status(uuid)
                self.assertEqual("networks" in status, status["state"] in ("running", "exited"))
                self.assertEqual(status.get("pid"), "85" if "exited" in status else None)
                return [status.get(key) for key in ("state", "exited", "app-web")]

            self.assertEqual(facts(), free)
            with self.pods.locked(uuid):
                self.assertEqual(facts(), held)

    def test_an_unlocked_draft_is_not_dead_while_a_pod_is_being_born(self):
        uuid = self.pods.make("prepare")
        with self.pods.locked("pods/prepare", kind=fcntl.LOCK_SH):
            self.assertEqual(self.host.state(uuid), "preparing")
        self.assertEqual(self.host.state(uuid), "aborted prepare")

    def test_times_that_are_not_known(self):
        uuid = self.pods.make("run")
        os.unlink(os.path.join(self.pods.find(uuid), "pod"))
        write(os.path.join(self.pods.find(uuid), "pod"), pod_manifest([]))
        self.assertNotIn("started", self.host.status(uuid))
        self.assertEqual(self.host.status(self.pods.make("prepare"))["created"],
                         "0001-01-01 00:00:00 +0000 UTC")

    def test_statuses_of_a_stage1_in_an_overlay(self):
        uuid = self.pods.make("run", apps=[app("a"), app("b"), app("c")],
                              statuses={"a": 0, "b": 255}, upper=True)
        status = self.host.status(uuid)
        self.assertEqual([status.get(f"app-{name}") for name in "abc"], ["0", "255", None])

    def test_a_prefix_in_any_case(self):
        uuid = self.pods.make("run", "ABCDEF01-3438-42bc-ab37-3cf85f132e60".lower())
        self.pods.make("run")
        for prefix in ("a", "ABCDEF01", uuid.upper()):
            self.assertEqual(self.host.state(prefix), "exited")

    def test_uuids_that_name_no_pod(self):
        self.pods.make("run")
        self.pods.make("prepared")
        garbage = self.pods.make("garbage")
        for command, words in (("status", "problem retrieving pod"), ("enter", "problem retrieving pod"),
                               ("cat-manifest", "problem retrieving pod")):
            for text, why in (("0000", "ambiguous uuid, 2 matches"), ("", "UUID cannot be empty"),
                              ("1234", 'no matches found for "1234"'),
                              ("..", 'no matches found for ".."'),
                              (garbage, f'no matches found for "{garbage}"')):
                self.fails(command, text, error=f"{command}: {words}: {why}")

    def test_a_uuid_from_a_file(self):
        uuid = self.pods.make("run")
        file = self.host.file("uuid", f"\n  {uuid}\t\n\n")
        self.assertIn("state=exited\n", self.host.ok("status", f"--uuid-file={file}"))
        self.assertIn('"web"', self.host.ok("cat-manifest", f"--uuid-file={file}"))
        self.misused("status", f"--uuid-file={file}", uuid)
        self.misused("status")
        self.misused("status", uuid, uuid)
        none = os.path.join(self.host.images, "none")
        self.fails("status", f"--uuid-file={none}", status=1,
                   error=f"status: unable to resolve UUID from file: cannot open '{none}': "
                         "No such file or directory")
        long = self.host.file("long", "0" * 5000)
        self.fails("status", f"--uuid-file={long}", status=1,
                   error=f"status: unable to resolve UUID from file: '{long}': "
                         "is larger than 4096 bytes")

    @needs_program("strace")
    def test_a_full_uuid_is_opened_and_no_other_pod_looked_at(self):
        """Among a thousand: nothing is listed, and no path is another pod's."""
        uuids = [self.pods.make("run", **TIMES) for _ in range(1000)]
        trace = os.path.join(self.host.images, "trace")
        sanitizer = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"
        for words in (("status", uuids[500]), ("rm", uuids[700])):
            result = subprocess.run(
                ["strace", "-f", "-s", "1000", "-o", trace, "-e", "trace=%file,getdents64", *self.host.argv(*words)],
                **self.host.options(env={"ASAN_OPTIONS": sanitizer}), stdout=subprocess.PIPE,
                stderr=subprocess.PIPE)
            self.assertEqual(result.returncode, 0, result.stderr)
            lines = harness.read(trace).splitlines()
            self.assertTrue([line for line in lines if words[1] in line], "the trace saw the pod")
            others = [line for line in lines if "-3438-42bc-" in line and words[1] not in line]
            self.assertEqual(others, [])
            if words[0] == "status":
                self.assertEqual([line for line in lines if "getdents" in line], [])


class Wait(PodsTest):
    def setUp(self):
        super().setUp()
        self.uuid = self.pods.make("run")

    def waits(self, *words):
        """Starts status, and returns when it waits: its child does, for the lock."""
        process = self.host.start("status", *words, self.uuid)
        harness.wait_until(lambda: harness.descendants(process.pid) or not process.running(), "a wait")
        self.assertEqual((process.running(), process.out), (True, ""), process)
        return process

    def test_until_the_pod_has_ended(self):
        for words in (["--wait"], ["--wait=true"], ["--wait=1h"], ["--wait=-1s"]):
            with self.pods.locked(self.uuid):
                process = self.waits(*words)
            result = process.wait()
            self.assertEqual(result.status, 0, result)
            self.assertIn("state=exited\n", result.out)

    def test_until_the_pod_is_up_and_then_until_its_end(self):
        pod = self.pods.find(self.uuid)
        with self.pods.locked(self.uuid):
            process = self.waits("--wait-ready")
            write(os.path.join(pod, "pid.new"), "85\n")
            os.rename(os.path.join(pod, "pid.new"), os.path.join(pod, "pid"))
            self.assertIn("state=running\n", process.wait().out)
            process = self.waits("--wait-ready", "--wait")
        self.assertIn("state=exited\n", process.wait().out)

    def test_a_limit_that_passes(self):
        with self.pods.locked(self.uuid):
            self.fails("status", "--wait=10ms", self.uuid,
                       error=f'status: pod "{self.uuid}" did not end within the time given')
            self.fails("status", "--wait-ready=10ms", self.uuid,
                       error=f'status: pod "{self.uuid}" was not ready within the time given')
            for off in ("--wait=false", "--wait=0", "--wait-ready=0s"):
                self.assertIn("state=running\n", self.host.ok("status", off, self.uuid))

    def test_a_pod_that_never_came_up(self):
        self.fails("status", "--wait-ready", self.uuid,
                   error=f'status: pod "{self.uuid}" ended before it was ready')

    def test_a_time_that_is_none(self):
        self.misused("status", "--wait=soon", self.uuid)

    def test_a_wait_that_is_killed_leaves_nothing(self):
        with self.pods.locked(self.uuid):
            process = self.waits("--wait")
            process.signal(9)
            process.wait()
            self.host.assert_no_processes()


class CatManifest(PodsTest):
    def test_both_styles(self):
        uuid = self.pods.make("prepared")
        document = {"acVersion": "0.8.11", "acKind": "PodManifest", "apps": [app()],
                    "volumes": None, "isolators": None, "annotations": None, "ports": []}
        self.assertEqual(self.host.ok("cat-manifest", uuid), json.dumps(document, indent="\t") + "\n")
        self.assertEqual(self.host.ok("cat-manifest", "--pretty-print=false", uuid),
                         json.dumps(document, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    unittest.main()
