# SPDX-License-Identifier: Apache-2.0
"""How pods end and go: rm, gc, stop, and enter while they run. On pods made by hand, whose stage1
writes down what it was called with; and on real ones."""

import fcntl
import json
import os
import shutil
import signal
import threading
import unittest

import harness
from handmade import Pods, app, arguments
from harness import Host, needs_root, write


@needs_root
class PodsTest(unittest.TestCase):
    def setUp(self):
        self.host = Host(self)
        self.pods = Pods(self.host)

    def places(self):
        """{UUID: the state directory it lies in}"""
        return {uuid: path.split("/")[-2] for uuid, path in self.host.pods().items()}

    def refused(self, *words, errors, out=""):
        """The command fails with the lines ERRORS."""
        result = self.host.run(*words)
        self.assertEqual(result.err.splitlines(), errors)
        self.assertEqual((result.status, result.out), (254, out))

    def misused(self, *words):
        result = self.host.run(*words)
        self.assertEqual(result.status, 254, result)
        self.assertIn("USAGE:", result.out)


class Rm(PodsTest):
    LAST = "rm: failed to remove one or more pods"

    def removed(self, place, *messages):
        uuid = self.pods.make(place)
        result = self.host.run("rm", uuid)
        self.assertEqual((result.status, result.out), (0, f'"{uuid}"\n'))
        self.assertEqual(result.err, "".join(f"rm: {m.format(uuid)}\n" for m in messages))
        self.assertEqual(self.host.pods(), {})

    def test_pods_that_do_not_run(self):
        self.removed("run")
        self.removed("exited-garbage")
        self.removed("prepared", 'moving expired prepared pod "{}" to garbage')
        self.removed("prepare", 'moving failed prepare "{}" to garbage')

    def test_pods_that_are_not_to_be_touched(self):
        for place, what in (("run", "running"), ("prepare", "being prepared"),
                            ("exited-garbage", "being deleted")):
            uuid = self.pods.make(place)
            with self.pods.locked(uuid):
                self.refused("rm", uuid, errors=[f'rm: pod "{uuid}" is currently {what}', self.LAST])
            self.assertEqual(self.places()[uuid], place)

    def test_a_pod_that_is_being_born(self):
        uuid = self.pods.make("prepare")
        with self.pods.locked("pods/prepare", kind=fcntl.LOCK_SH):
            self.refused("rm", uuid,
                         errors=[f'rm: pod "{uuid}" is currently being prepared', self.LAST])

    def test_one_failure_keeps_no_other_from_being_removed(self):
        first, second, third = (self.pods.make("run") for _ in range(3))
        with self.pods.locked(second):
            self.refused("rm", first, "", second, "x", third, out=f'"{first}"\n"{third}"\n', errors=[
                "rm: cannot get pod: UUID cannot be empty",
                f'rm: pod "{second}" is currently running',
                'rm: cannot get pod: no matches found for "x"', self.LAST])
        self.assertEqual(list(self.host.pods()), [second])

    def test_a_uuid_from_a_file(self):
        uuid = self.pods.make("run")
        file = self.host.file("uuid", f" {uuid}\n")
        self.misused("rm", f"--uuid-file={file}", uuid)
        self.misused("rm")
        self.assertEqual(self.host.ok("rm", f"--uuid-file={file}"), f'"{uuid}"\n')
        self.assertEqual(self.host.run("rm", f"--uuid-file={file}.none").status, 254)

    def test_whatever_lies_in_the_pod_and_nothing_it_leads_to(self):
        uuid = self.pods.make("run")
        outside = self.host.file("outside", "")
        deep = os.path.join(self.pods.find(uuid), "upper/web/" + "d/" * 200)
        os.makedirs(deep)
        os.symlink(outside, os.path.join(deep, "link"))
        os.mkfifo(os.path.join(deep, "fifo"))
        write(os.path.join(self.pods.find(uuid), "upper/web/immutable-looking"), "", 0o000)
        self.host.ok("rm", uuid)
        self.assertEqual(self.host.pods(), {})
        self.assertTrue(os.path.exists(outside))

    def test_a_directory_with_nothing_in_it_is_removed_too(self):
        uuid = self.pods.uuid()
        os.mkdir(self.pods.path("pods/run", uuid))
        self.assertEqual(self.host.ok("rm", uuid), f'"{uuid}"\n')

    def test_stage1_is_called_for_a_pod_that_ran(self):
        uuid, never_ran = self.pods.make("run"), self.pods.make("prepared")
        reports = self.pods.give_stage1(uuid), self.pods.give_stage1(never_ran)
        self.host.ok("rm", uuid, never_ran)
        self.assertEqual([arguments(report, "gc") for report in reports],
                         [[f"--local-config={self.host.config}", uuid], None])


class Gc(PodsTest):
    def gc(self, *words):
        """What it printed, by lines: answers, messages."""
        result = self.host.run("gc", *words)
        self.assertEqual(result.status, 0, result)
        return result.out.splitlines(), result.err.splitlines()

    def test_it_marks_and_after_the_grace_period_collects(self):
        exited, aborted, prepared, running = (
            self.pods.make(place) for place in ("run", "prepare", "prepared", "run"))
        with self.pods.locked(running):
            self.assertEqual(self.gc("--mark-only"), ([], [
                f'gc: moving pod "{exited}" to garbage',
                f'gc: moving failed prepare "{aborted}" to garbage']))
            self.assertEqual(self.places(), {exited: "exited-garbage", aborted: "garbage",
                                             prepared: "prepared", running: "run"})
            self.assertEqual(self.gc(), (
                [f'Garbage collecting pod "{aborted}"'],
                [f'gc: pod "{exited}" not removed: still within grace period (30m0s)']))
            self.assertEqual(self.gc("--grace-period=0s", "--expire-prepared=0"), (
                [f'Garbage collecting pod "{exited}"', f'Garbage collecting pod "{prepared}"'],
                [f'gc: moving expired prepared pod "{prepared}" to garbage']))
            self.assertEqual(self.places(), {running: "run"})

    def test_the_grace_period_begins_with_the_mark(self):
        """Not with the pod, however old."""
        uuid = self.pods.make("run", created=10**9, started=10**9)
        self.gc("--grace-period=1h")
        _, messages = self.gc("--grace-period=1h")
        self.assertEqual(messages,
                         [f'gc: pod "{uuid}" not removed: still within grace period (1h0m0s)'])

    def test_prepared_pods_have_a_day(self):
        uuid = self.pods.make("prepared", created=10**9)
        self.assertEqual(self.gc(), ([], []))
        self.assertEqual(self.places(), {uuid: "prepared"})

    def test_a_pod_that_is_being_born_or_prepared_is_left_alone(self):
        born, prepared = self.pods.make("prepare"), self.pods.make("prepare")
        with self.pods.locked("pods/prepare", kind=fcntl.LOCK_SH), self.pods.locked(prepared):
            self.assertEqual(self.gc("--grace-period=0"), ([], []))
        with self.pods.locked(prepared):
            self.assertEqual(self.gc("--mark-only"),
                             ([], [f'gc: moving failed prepare "{born}" to garbage']))

    def test_stage1_undoes_what_it_did(self):
        for version, given in ((5, True), (4, False)):
            uuid = self.pods.make("exited-garbage")
            reports = self.pods.give_stage1(uuid, version=version)
            self.gc("--grace-period=0")
            local = [f"--local-config={self.host.config}"] if given else []
            self.assertEqual(arguments(reports, "gc"), local + [uuid])

    def test_a_stage1_that_fails_is_told_of_and_hinders_nothing(self):
        uuid = self.pods.make("exited-garbage")
        self.pods.give_stage1(uuid, gc=3)
        out, messages = self.gc("--grace-period=0")
        self.assertEqual(out, [f'Garbage collecting pod "{uuid}"'])
        self.assertEqual(messages, [f'gc: pod "{uuid}": stage1\'s gc: it ended with exit status 3'])
        self.assertEqual(self.host.pods(), {})

    def test_a_stage1_that_is_not_usable_is_passed_over(self):
        """It is gone from the store, names no entry point, or its manifest is none."""
        gone, silent, wrong = (self.pods.make("exited-garbage") for _ in range(3))
        self.pods.give_stage1(gone)
        shutil.rmtree(self.pods.path("cas/tree"))
        self.pods.give_stage1(silent, entries=["run"])
        self.pods.give_stage1(wrong)
        write(os.path.join(self.pods.find(wrong), "stage1/manifest"), "[]")
        out, messages = self.gc("--grace-period=0")
        self.assertEqual(len(out), 3)
        self.assertEqual(len(messages), 1, messages)
        self.assertIn(f'gc: pod "{wrong}": stage1\'s gc: ', messages[0])
        self.assertEqual(self.host.pods(), {})

    def test_garbage_needs_no_stage1(self):
        """As a removal that was cut short leaves it."""
        uuid = self.pods.make("garbage")
        reports = self.pods.give_stage1(uuid)
        self.assertEqual(self.gc(), ([f'Garbage collecting pod "{uuid}"'], []))
        self.assertIsNone(arguments(reports, "gc"))

    def test_a_removal_that_was_cut_short_is_ended_by_the_next(self):
        """By something mounted in the pod; it is nowhere listed any more, and stage1 is done."""
        uuid = self.pods.make("exited-garbage")
        reports = self.pods.give_stage1(uuid)
        place = os.path.join("upper", "web")
        os.makedirs(os.path.join(self.pods.find(uuid), place))
        mounted = os.path.join(self.pods.find(uuid), place).encode()
        harness.checked(harness.libc.mount(b"none", mounted, b"tmpfs", 0, None))
        _, messages = self.gc("--grace-period=0")
        self.assertIn(f'gc: cannot remove pod "{uuid}": ', messages[0])
        self.assertEqual(self.places(), {uuid: "garbage"})
        self.assertEqual(self.host.ok("list", "--no-legend"), "\n")
        os.unlink(os.path.join(reports, "gc.json"))
        harness.checked(harness.libc.umount2(os.path.join(self.pods.find(uuid), place).encode(), 0))
        self.assertEqual(self.gc(), ([f'Garbage collecting pod "{uuid}"'], []))
        self.assertIsNone(arguments(reports, "gc"))
        self.assertEqual(self.host.pods(), {})

    def test_foreign_things_stay_and_hinder_nothing(self):
        uuid, file, link = self.pods.make("run"), self.pods.uuid(), self.pods.uuid()
        write(self.pods.path("pods/run", file), "")
        write(self.pods.path("pods/garbage/README"), "")
        os.symlink("/", self.pods.path("pods/garbage", link))
        out, messages = self.gc("--grace-period=0")
        self.assertEqual(out, [f'Garbage collecting pod "{uuid}"'])
        self.assertEqual(len(messages), 3, messages)
        self.assertIn(f"gc: cannot open 'pods/run/{file}': Not a directory", messages)
        self.assertEqual(set(self.places()), {file, "README", link})

    def test_what_dead_commands_left_in_the_store(self):
        os.makedirs(self.pods.path("cas/tmp/dead/deep"))
        os.mkdir(self.pods.path("cas/tmp/alive"))
        with self.pods.locked("cas/tmp/alive"):
            self.gc("--mark-only")
            self.assertEqual(set(os.listdir(self.pods.path("cas/tmp"))), {"dead", "alive"})
            self.gc()
        self.assertEqual(os.listdir(self.pods.path("cas/tmp")), ["alive"])

    def test_two_at_once_collect_each_pod_once(self):
        uuids = [self.pods.make("run") for _ in range(50)]
        both = [self.host.start("gc", "--grace-period=0") for _ in range(2)]
        results = [process.wait() for process in both]
        self.assertEqual([result.status for result in results], [0, 0], results)
        lines = sorted(line for result in results for line in result.lines)
        self.assertEqual(lines, [f'Garbage collecting pod "{uuid}"' for uuid in uuids])
        self.assertNotIn("cannot", results[0].err + results[1].err)
        self.assertEqual(self.host.pods(), {})

    def test_no_data_directory_is_nothing_to_do(self):
        shutil.rmtree(self.host.data)
        self.assertEqual(self.gc(), ([], []))
        self.assertFalse(os.path.exists(self.host.data))

    def test_words_there_are_none(self):
        self.misused("gc", "now")
        self.misused("gc", "--grace-period=-1s")


class Stop(PodsTest):
    def running(self, **settings):
        """A pod that is up, whose stage1 stops a process of the test's."""
        victim = harness.Process(["/bin/sh", "-c", "read x"], stdin=-1)
        self.addCleanup(victim.process.stdin.close)
        self.addCleanup(victim.kill)
        uuid = self.pods.make("run", pid=victim.pid)
        return uuid, self.pods.give_stage1(uuid, **settings)

    def test_stage1_stops_it(self):
        uuid, reports = self.running()
        with self.pods.locked(uuid):
            self.assertEqual(self.host.ok("stop", uuid[:8]), f'"{uuid}"\n')
        self.assertEqual(arguments(reports, "stop"), [uuid])
        uuid, reports = self.running()
        with self.pods.locked(uuid):
            self.assertEqual(self.host.ok("stop", "--force", uuid), f'"{uuid}"\n')
        self.assertEqual(arguments(reports, "stop"), ["--force", uuid])

    def test_one_that_has_ended_is_no_error(self):
        for place in ("run", "exited-garbage"):
            uuid = self.pods.make(place)
            self.assertEqual(self.host.ok("stop", uuid), f'pod "{uuid}" is already stopped\n')

    def test_failures_are_counted(self):
        uuid, _ = self.running(stop=7)
        prepared = self.pods.make("prepared")
        with self.pods.locked(uuid):
            self.refused("stop", uuid, prepared, "x", errors=[
                f'stop: error stopping "{uuid}": stage1\'s stop ended with exit status 7',
                f'stop: pod "{prepared}" is not running',
                'stop: cannot get pod: no matches found for "x"', "stop: failed to stop 3 pod(s)"])

    def test_a_stage1_that_has_no_stop(self):
        uuid, _ = self.running(entries=["run"])
        with self.pods.locked(uuid):
            self.refused("stop", uuid, errors=[
                f"stop: error stopping \"{uuid}\": stage1 'example.com/stage1' has no annotation "
                "'coreos.com/rkt/stage1/stop'", "stop: failed to stop 1 pod(s)"])

    def test_a_pod_that_is_just_starting_is_waited_for(self):
        uuid, reports = self.running()
        pid_file = os.path.join(self.pods.find(uuid), "pid")
        os.rename(pid_file, pid_file + ".later")
        with self.pods.locked(uuid):
            process = self.host.start("stop", uuid)
            harness.wait_until(lambda: harness.descendants(process.pid), "a wait")
            self.assertIsNone(arguments(reports, "stop"))
            os.rename(pid_file + ".later", pid_file)
            self.assertEqual(process.wait().status, 0)

    def test_a_uuid_from_a_file(self):
        uuid = self.pods.make("run")
        file = self.host.file("uuid", f" {uuid}\n")
        self.misused("stop", f"--uuid-file={file}", uuid)
        self.misused("stop")
        self.assertIn("already stopped", self.host.ok("stop", f"--uuid-file={file}"))
        self.assertEqual(self.host.run("stop", f"--uuid-file={file}.none").status, 1)


class Enter(PodsTest):
    def running(self, *apps, **settings):
        uuid = self.pods.make("run", pid=4711, apps=[app(name) for name in apps or ["web"]])
        return uuid, self.pods.give_stage1(uuid, enter=42, **settings)

    def enter(self, uuid, *words):
        with self.pods.locked(uuid):
            return self.host.run("enter", *words)

    def test_stage1s_entry_point_is_what_it_becomes(self):
        uuid, reports = self.running()
        result = self.enter(uuid, uuid[:8], "/bin/ls", "--all", "x y")
        self.assertEqual((result.status, result.err), (42, ""))
        self.assertEqual(arguments(reports, "enter"),
                         ["--pid=4711", "--appname=web", "--", "/bin/ls", "--all", "x y"])

    def test_the_shell_is_one_that_the_image_has(self):
        for place, path, shell in ((None, None, "/bin/sh"), ("tree", "bin/bash", "/bin/bash"),
                                   ("upper", "usr/bin/bash", "/bin/bash")):
            uuid, reports = self.running()
            pod = self.pods.find(uuid)
            tree, upper = self.pods.path("cas/tree", f"app-{uuid}", "rootfs"), f"{pod}/upper/web"
            os.makedirs(f"{pod}/stage1/rootfs/opt/stage2/web")
            os.symlink(f"../../../../../../../../cas/tree/app-{uuid}",
                       f"{pod}/stage1/rootfs/opt/stage2/web/tree")
            if place:
                root = {"tree": tree, "upper": upper}[place]
                os.makedirs(os.path.join(root, os.path.dirname(path)))
                write(os.path.join(root, path), "", 0o755)
                if path.startswith("usr"):
                    os.symlink("usr/bin", os.path.join(root, "bin"))
            result = self.enter(uuid, uuid)
            self.assertEqual(result.err, f'enter: no command specified, assuming "{shell}"\n')
            self.assertEqual(arguments(reports, "enter")[-1], shell)

    def test_the_app_has_to_be_said_if_there_are_several(self):
        uuid, reports = self.running("web", "db")
        result = self.enter(uuid, uuid, "/bin/ls")
        self.assertEqual((result.status, result.err), (254, (
            "enter: pod contains multiple apps:\nenter: \tweb\nenter: \tdb\n"
            'enter: unable to determine app name: specify app using "gantry enter --app= ..."\n')))
        self.assertEqual(self.enter(uuid, "--app=db", uuid, "/bin/ls").status, 42)
        self.assertEqual(arguments(reports, "enter")[1], "--appname=db")
        result = self.enter(uuid, "--app=none", uuid, "/bin/ls")
        self.assertEqual(result.err,
                         "enter: unable to determine app name: pod contains no app 'none'\n")

    def test_a_pod_that_does_not_run(self):
        for place in ("run", "prepared", "exited-garbage"):
            uuid = self.pods.make(place)
            self.refused("enter", uuid, "/bin/ls",
                         errors=[f'enter: pod "{uuid}" isn\'t currently running'])
        self.misused("enter")

    def test_the_child_of_a_supervisor_is_the_first_process(self):
        parent = harness.Process(["/bin/sh", "-c", "sleep 1000; :"])
        self.addCleanup(parent.kill)
        harness.wait_until(lambda: harness.descendants(parent.pid), "a child")
        uuid = self.pods.make("run", pid=parent.pid, pid_file="ppid")
        reports = self.pods.give_stage1(uuid, enter=42)
        os.symlink("ready", os.path.join(self.pods.find(uuid), "stage1/rootfs/rkt/supervisor-status"))
        self.assertEqual(self.enter(uuid, uuid, "/bin/ls").status, 42)
        child, = harness.descendants(parent.pid)
        self.assertEqual(arguments(reports, "enter")[0], f"--pid={child}")


@needs_root
class Real(unittest.TestCase):
    """What gantry itself makes."""

    def setUp(self):
        self.host = Host(self)

    def state(self, uuid):
        return self.host.state(uuid)

    def test_a_pod_that_ends_by_itself(self):
        uuid = self.host.pod(self.host.aci(exec=["/probe", "exit", "42"])).uuid
        status = self.host.status(uuid)
        self.assertEqual((status["state"], status["exited"], status["app-probe"]),
                         ("exited", "true", "42"))
        pod, = json.loads(self.host.ok("list", "--format=json"))
        self.assertLessEqual(pod["created_at"], pod["started_at"])
        self.assertLessEqual(pod["apps"][0]["started_at"], pod["apps"][0]["finished_at"])
        self.assertEqual((pod["apps"][0]["state"], pod["apps"][0]["exit_code"]), ("exited", 42))
        self.assertRegex(self.host.ok("list", "--no-legend"), f"^{uuid[:8]}\tprobe\texample.com/probe\t")
        self.assertIn(f'Garbage collecting pod "{uuid}"', self.host.ok("gc", "--grace-period=0"))
        self.host.assert_nothing_left(gc=False)

    def test_a_pod_that_is_stopped(self):
        pod = self.host.start_pod(self.host.aci(exec=["/probe", "pause"]))
        self.assertIn("state=running\n", self.host.ok("status", "--wait-ready", pod.uuid))
        status = self.host.status(pod.uuid)
        self.assertEqual(status["pid"], str(self.host.wait_ready(pod.uuid)))
        self.assertNotIn("app-probe", status)
        self.assertEqual(self.host.run("rm", pod.uuid).status, 254)
        self.host.ok("gc", "--grace-period=0")
        self.assertEqual(self.host.run("enter", pod.uuid, "/probe", "exit", "3").status, 3)
        self.assertEqual(self.host.ok("stop", pod.uuid), f'"{pod.uuid}"\n')
        self.assertIn("app-probe=0\n", self.host.ok("status", "--wait", pod.uuid))
        self.assertEqual(pod.wait().status, 0)
        self.assertEqual(self.host.ok("rm", pod.uuid), f'"{pod.uuid}"\n')
        self.host.assert_nothing_left(gc=False)

    def test_a_pod_that_is_killed(self):
        """By stop, or with the process that is the pod."""
        for end in (lambda pod: self.host.ok("stop", "--force", pod.uuid),
                    lambda pod: pod.signal(signal.SIGKILL)):
            pod = self.host.start_pod(self.host.aci(exec=["/probe", "pause"]))
            self.host.ok("status", "--wait-ready", pod.uuid)
            end(pod)
            self.assertIn("state=exited\n", self.host.ok("status", "--wait", pod.uuid))
            pod.wait()
            self.host.assert_nothing_left()

    def test_a_pod_that_is_prepared_first(self):
        image = self.host.aci(exec=["/probe", "exit", "7"])
        uuid, other = (self.host.ok("prepare", image).strip() for _ in range(2))
        self.assertEqual(self.state(uuid), "prepared")
        waiting = self.host.start("status", "--wait", uuid)
        self.assertEqual(self.host.run("run-prepared", "--net=none", uuid).status, 7)
        self.assertIn("app-probe=7\n", waiting.wait().out)
        self.assertEqual(self.state(other), "prepared")
        self.host.ok("gc", "--grace-period=0", "--expire-prepared=0")
        self.assertEqual(self.host.pods(), {})

    def test_collecting_all_the_time_harms_no_pod(self):
        image = self.host.aci(exec=["/probe", "exit", "5"])
        self.host.fetch(image)
        collecting = threading.Event()

        def collect():
            while not collecting.is_set():
                self.host.ok("gc", "--grace-period=0")
                self.host.ok("list")

        collector = threading.Thread(target=collect)
        collector.start()
        try:
            pods = [self.host.start_pod(image) for _ in range(20)]
            self.assertEqual([pod.wait().status for pod in pods], [5] * len(pods))
        finally:
            collecting.set()
            collector.join()
        self.host.assert_nothing_left()


if __name__ == "__main__":
    unittest.main()
