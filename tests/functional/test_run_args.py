# SPDX-License-Identifier: Apache-2.0
"""From the command line to the pod's manifest: what run and prepare write down, what they refuse,
and which stage1 they take."""

import json
import os
import shutil
import unittest

import harness
from harness import Host, image_manifest, needs_root

ISOLATORS = {
    "resource/memory": {"limit": "1G"}, "resource/cpu": {"limit": "1"},
    "resource/block-bandwidth": {"default": True, "limit": "1M"},
    "resource/block-iops": {"default": True, "limit": "100"},
    "resource/network-bandwidth": {"default": True, "limit": "1M"},
    "os/linux/cpu-shares": 512, "os/linux/seccomp-remove-set": {"set": ["reboot"]},
    "os/linux/seccomp-retain-set": {"set": ["@appc.io/all"]},
    "os/linux/selinux-context": {"user": "u", "role": "r", "type": "t", "level": "s0"},
    "os/linux/apparmor-profile": {"profile": "x"}, "os/unix/sysctl": {"net.core.somaxconn": "1"}}


@needs_root
class Arguments(unittest.TestCase):
    def setUp(self):
        self.host = Host(self)

    def assert_refused(self, message, *words):
        """Status 254, MESSAGE and nothing else; no pod is made."""
        result = self.host.run(*words)
        self.assertEqual(result.status, 254, result)
        self.assertEqual(result.err, f"{words[0]}: {message}\n")
        self.assertEqual(result.out, "")
        self.assertEqual(self.host.pods(), {})
        self.host.assert_no_drafts()

    def prepared(self, *words, **options):
        """The manifest of the pod that prepare makes, and its text."""
        uuid = self.host.ok("prepare", *words, **options).strip()
        text = harness.read(os.path.join(self.host.pods("prepared")[uuid], "pod"))
        return json.loads(text), text


class Manifest(Arguments):
    def test_members_stand_in_rkts_order(self):
        key = self.host.fetch(self.host.aci(name="example.com/some_thing", labels={"version": "1.0"}))
        _, text = self.prepared("example.com/some_thing", "--annotation=a=b", "--user-label=x=y",
                                "--readonly-rootfs=true")
        labels = "".join(f'{{"name":"{name}","value":"{value}"}},' for name, value in
                         {**harness.LABELS, "version": "1.0"}.items())[:-1]
        self.assertEqual(text, (
            '{"acVersion":"0.8.11","acKind":"PodManifest","apps":[{"name":"some-thing","image":'
            f'{{"name":"example.com/some_thing","id":"{key}","labels":[{labels}]}},'
            '"app":{"exec":["/probe","exit","0"],"user":"0","group":"0","userLabels":{"x":"y"}},'
            '"readOnlyRootFS":true,"annotations":[{"name":"a","value":"b"}]}],'
            '"volumes":null,"isolators":null,'
            '"annotations":[{"name":"coreos.com/rkt/stage1/mutable","value":"false"}],"ports":[]}'))

    def test_apps_options_and_arguments_go_where_they_belong(self):
        one, two = self.host.aci(), self.host.aci(name="example.com/two", exec=["/two"])
        pod, _ = self.prepared(one, "--name=x", "--user=1000", "--", "-v", "--name=y", "---",
                               "--working-dir=/srv", two, "--exec=/bin/sh", "--", "-c", "id")
        first, second = pod["apps"]
        self.assertEqual((first["name"], first["app"]["exec"]),
                         ("x", ["/probe", "exit", "0", "-v", "--name=y"]))
        self.assertEqual((first["app"]["user"], first["app"]["workingDirectory"]), ("1000", "/srv"))
        self.assertEqual((second["name"], second["app"]["exec"]), ("two", ["/bin/sh", "-c", "id"]))

    def test_prepare_prints_the_whole_uuid_alone(self):
        result = self.host.run("prepare", "--quiet", self.host.aci())
        self.assertRegex(result.out, r"\A[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\n\Z")
        self.assertEqual((result.status, result.err), (0, ""))

    def test_a_pod_manifest_is_stored_as_it_is(self):
        key = self.host.fetch(self.host.aci())
        given = ('{ "acVersion": "0.8.11",\n\t"acKind":"PodManifest", "unknown": {"member": [1]},\n'
                 f'"apps": [{{"image": {{"id": "{key}"}}, "name": "a"}}] }}\n')
        _, text = self.prepared(f"--pod-manifest={self.host.file('pod.json', given)}")
        self.assertEqual(text, given)

    def test_a_pod_manifest_fetches_nothing(self):
        absent = "sha512-" + "0" * 64
        given = json.dumps({"acVersion": "0.8.11", "acKind": "PodManifest",
                            "apps": [{"name": "a", "image": {"id": absent}}]})
        path = self.host.file("pod.json", given)
        self.assert_refused(f"pod manifest '{path}': .apps[0].image.id: image {absent} is not in the "
                            "store", "prepare", f"--pod-manifest={path}")

    def test_a_pod_manifest_may_come_through_a_pipe(self):
        key = self.host.fetch(self.host.aci())
        read_end, write_end = os.pipe()
        os.write(write_end, json.dumps({"acVersion": "0.8.11", "acKind": "PodManifest", "apps": [
            {"name": "a", "image": {"id": key}}]}).encode())
        os.close(write_end)
        pod, _ = self.prepared("--pod-manifest=/dev/stdin", stdin=read_end)
        os.close(read_end)
        self.assertEqual(pod["apps"][0]["name"], "a")

    def test_a_caller_may_have_variables_that_a_manifest_cannot_hold(self):
        result = self.host.run("prepare", "--inherit-env", self.host.aci(), env={
            "BASH_FUNC_x%%": "() {  :; }", "GOOD": "1"})
        self.assertEqual(result.status, 0, result)
        self.assertEqual(result.err.splitlines(), [
            "prepare: variable 'BASH_FUNC_x%%' is not inherited: a manifest cannot hold it"])


class Refused(Arguments):
    def test_isolators_of_an_image_that_nothing_enforces(self):
        for name, value in ISOLATORS.items():
            with self.subTest(name):
                image = self.host.aci(isolators=[{"name": name, "value": value}])
                self.assert_refused(f"app 'probe': isolator '{name}' is not served yet",
                                    "run", "--net=none", image)

    def test_limits_of_the_command_line_that_nothing_enforces(self):
        image = self.host.aci()
        for option, name in (("--memory=1G", "resource/memory"), ("--cpu=1", "resource/cpu"),
                             ("--cpu-shares=512", "os/linux/cpu-shares"),
                             ("--seccomp=mode=remove,reboot", "os/linux/seccomp-remove-set")):
            with self.subTest(option):
                self.assert_refused(f"app 'probe': isolator '{name}' is not served yet",
                                    "prepare", image, option)

    def test_what_else_is_not_served(self):
        image = self.host.aci()
        for words, message in (
                (["--private-users"], "--private-users is not served yet"),
                (["--no-overlay"], "--no-overlay is not served yet"),
                (["--mds-register"], "--mds-register is not served yet"),
                (["--dns=8.8.8.8"],
                 "--dns: the pod's resolver configuration is not served yet"),
                (["--hosts-entry=host"], "--hosts-entry: entries of /etc/hosts are not served yet")):
            with self.subTest(words):
                self.assert_refused(message, "run", "--net=host", *words, image)

    def test_networks_but_two(self):
        image = self.host.aci()
        for words, name in (([], "default"), (["--net"], "default"), (["--net=a:IP=1.2.3.4"], "a"),
                            (["--net=one,two"], "one")):
            with self.subTest(words):
                self.assert_refused(f"network '{name}' is not served yet: use --net=none or --net=host",
                                    "run", *words, image)

    def test_an_isolator_that_nobody_knows_is_named_and_the_app_runs(self):
        image = self.host.aci(isolators=[{"name": "example.com/limit", "value": 1}])
        result = self.host.run("prepare", image)
        self.assertEqual((result.status, result.err), (
            0, "prepare: app 'probe': isolator 'example.com/limit' is unknown: nothing enforces it\n"))

    def test_event_handlers(self):
        image = self.host.aci(eventHandlers=[{"name": "pre-start", "exec": ["/probe"]}])
        self.assert_refused("app 'probe': running event handlers is not served yet",
                            "run", "--net=none", image)

    def test_two_apps_of_one_name(self):
        image = self.host.aci(name="example.com/rkt-inspect")
        result = self.host.run("prepare", image, image)
        self.assertEqual(result.status, 254)
        self.assertIn("multiple apps with name rkt-inspect", result.err)

    def test_the_manifest_of_a_pod_must_be_what_it_says(self):
        key = self.host.fetch(self.host.aci())

        def pod(**image):
            return self.host.file("pod.json", json.dumps({
                "acVersion": "0.8.11", "acKind": "PodManifest",
                "apps": [{"name": "a", "image": {"id": key, **image}}]}))
        self.assert_refused("app 'a': its image is called 'example.com/probe', not 'example.com/other'",
                            "prepare", f"--pod-manifest={pod(name='example.com/other')}")
        labels = [{"name": "version", "value": "2"}]
        self.assert_refused("app 'a': its image's label 'version' is not '2'",
                            "prepare", f"--pod-manifest={pod(labels=labels)}")

    def test_an_image_that_does_not_say_what_machine_it_is_for(self):
        manifest = json.loads(image_manifest())
        manifest["labels"] = []
        image = self.host.aci(manifest=json.dumps(manifest))
        self.assert_refused("app 'probe': image 'example.com/probe': label 'os' is missing",
                            "prepare", image)


class Run(Arguments):
    def test_a_word_after_two_dashes_is_an_image(self):
        self.assertEqual(self.host.run("run", "--net=none", "--", self.host.aci(
            exec=["/probe", "exit", "7"])).status, 7)

    def test_options_of_the_pod_may_follow_an_image(self):
        image = self.host.aci(exec=["/probe", "report", "host-name", "interfaces"])
        result = self.host.run("run", image, "--hostname=named.example", "--net=none")
        self.assertEqual(harness.sections(result.out), {
            "host-name": ["named.example"], "interfaces": ["lo up"]})

    def test_a_pod_is_called_after_the_program_and_itself(self):
        result = self.host.pod(self.host.aci(exec=["/probe", "host-name"]))
        self.assertEqual(result.out, f"gantry-{result.uuid}\n")

    def test_a_uuid_file_that_cannot_be_written_leaves_no_pod(self):
        self.assert_refused("cannot create '/nothing/here': No such file or directory",
                            "run", "--net=none", "--uuid-file-save=/nothing/here", self.host.aci())

    def test_a_uuid_file_is_written_anew(self):
        file = self.host.file("uuid", "x" * 100)
        result = self.host.run("run", "--net=none", f"--uuid-file-save={file}", self.host.aci())
        self.assertEqual(result.status, 0, result)
        self.assertEqual([harness.read(file)], list(self.host.pods("run")))


class RunPrepared(Arguments):
    def test_a_prepared_pod_runs_once(self):
        uuid = self.host.ok("prepare", self.host.aci(exec=["/probe", "exit", "5"])).strip()
        self.assertEqual(self.host.run("run-prepared", "--net=none", uuid[:8]).status, 5)
        result = self.host.run("run-prepared", "--net=none", uuid)
        self.assertEqual((result.status, result.err),
                         (254, f'run-prepared: pod "{uuid}" is not prepared\n'))

    def test_a_pod_of_several_apps_has_no_terminal(self):
        image = self.host.aci()
        uuid = self.host.ok("prepare", image, image, "--name=b").strip()
        result = self.host.run("run-prepared", "--net=none", "--interactive", uuid)
        self.assertEqual((result.status, result.err), (
            254, "run-prepared: interactive option only supports pods with one app\n"))
        self.assertIn(uuid, self.host.pods("prepared"))

    def test_it_wants_one_uuid(self):
        result = self.host.run("run-prepared", "--net=none")
        self.assertEqual(result.status, 254)
        self.assertIn("must be given one UUID", result.err)

    def test_the_networks_are_judged_before_the_pod_is_touched(self):
        uuid = self.host.ok("prepare", self.host.aci()).strip()
        result = self.host.run("run-prepared", uuid)
        self.assertEqual(result.status, 254)
        self.assertIn("network 'default' is not served yet", result.err)
        self.assertIn(uuid, self.host.pods("prepared"))


class Stage1(Arguments):
    def test_ours_has_our_names_and_rkts(self):
        image = self.host.aci(exec=["/probe", "exit", "3"])
        for name in ("gantry/stage1-native", "coreos.com/rkt/stage1-coreos",
                     "coreos.com/rkt/stage1-host:1.30.0", "coreos.com/rkt/stage1-src"):
            with self.subTest(name):
                self.assertEqual(self.host.pod(f"--stage1-name={name}", image).status, 3)
        for file in ("stage1-native.aci", "stage1-coreos.aci", "stage1-host.aci", "stage1-src.aci"):
            with self.subTest(file):
                self.assertEqual(self.host.pod(f"--stage1-from-dir={file}", image).status, 3)
        stage1 = [key for key in self.host.image_ids() if key != self.host.fetch(image)]
        self.assertEqual(len(stage1), 1)
        self.assertEqual(self.host.pod(f"--stage1-hash={stage1[0][:20]}", image).status, 3)

    def test_ours_needs_no_signature_as_a_file_and_another_does(self):
        key = self.host.fetch(self.host.aci(exec=["/probe", "exit", "3"]))
        for path in (os.path.join(harness.STAGE1_IMAGES, "stage1-native.aci"),
                     os.path.relpath(os.path.join(harness.STAGE1_IMAGES, "stage1-native.aci"),
                                     self.host.tmp)):
            result = self.host.pod("--insecure-options=none", f"--stage1-path={path}", key)
            self.assertEqual(result.status, 3, result)
        other = self.host.file("other.aci", harness.stage1_probe_aci({"run": 0}))
        before = self.host.image_ids()
        result = self.host.run("run", "--net=none", "--insecure-options=none",
                               f"--stage1-path={other}", key)
        self.assertEqual(result.status, 254, result)
        self.assertIn("signature", result.err)
        self.assertEqual(self.host.image_ids(), before)
        self.assertEqual(self.host.pod(f"--stage1-path={other}", key).status, 0)

    def test_an_installed_file_that_was_changed_is_refused(self):
        """Known by its digest, which is in the program."""
        key = self.host.fetch(self.host.aci())
        top = os.path.dirname(os.path.dirname(harness.GANTRY))
        moved = os.path.join(self.host.tmp, "moved")
        self.addCleanup(shutil.rmtree, moved, ignore_errors=True)
        images = os.path.join(moved, os.path.relpath(harness.STAGE1_IMAGES, top))
        shutil.copytree(harness.STAGE1_IMAGES, images)
        for part in ("bin/gantry", "libexec/gantry/import-image"):
            os.makedirs(os.path.dirname(os.path.join(moved, part)))
            shutil.copy(os.path.join(top, part), os.path.join(moved, part))
        os.replace(os.path.join(images, "stage1-fly.aci"), os.path.join(images, "stage1-native.aci"))
        words = [os.path.join(moved, "bin", "gantry"), *self.host.argv("run", "--net=none", key)[1:]]
        result = harness.Process(words, **self.host.options()).wait()
        self.assertEqual((result.status, result.err), (
            254, "run: stage1 image 'default': 'stage1-native.aci' is not the file that was built with "
            "this gantry: install both anew\n"))
        self.assertEqual(self.host.pods(), {})

    def test_what_cannot_be_had_says_so(self):
        key = self.host.fetch(self.host.aci())
        for option, message in (
                ("--stage1-name=coreos.com/rkt/stage1-kvm",
                 "stage1 image 'coreos.com/rkt/stage1-kvm': a stage1 that runs a virtual machine is not "
                 "served yet"),
                ("--stage1-from-dir=stage1-kvm.aci",
                 "stage1 image 'stage1-kvm.aci': a stage1 that runs a virtual machine is not served yet"),
                ("--stage1-from-dir=../x.aci",
                 "stage1 image '../x.aci': must be a file's name, without '/'"),
                ("--stage1-hash=name", "stage1 image 'name': must be an image ID"),
                ("--stage1-url=./x.aci",
                 "stage1 image './x.aci': must be an http or https URL")):
            with self.subTest(option):
                self.assert_refused(message, "run", "--net=none", option, key)

    def test_a_version_that_is_not_ours_is_looked_up_in_the_store(self):
        key = self.host.fetch(self.host.aci())
        result = self.host.run("run", "--net=none", "--stage1-name=gantry/stage1-native:99", key)
        self.assertEqual(result.status, 254, result)
        self.assertIn("gantry/stage1-native", result.err)


if __name__ == "__main__":
    unittest.main()
