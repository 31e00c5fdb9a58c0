# SPDX-License-Identifier: Apache-2.0
"""Resource limits (setrlimit(2)): an app has those it was given, and else its caller's."""

import ctypes
import json
import os
import re
import resource
import signal
import unittest

from harness import STAGE1_IMAGES, Host, image_manifest, needs_root, read

CAP_SYS_RESOURCE, PR_CAPBSET_DROP = 24, 24
EFFECTIVE = int(re.search(r"^CapEff:\s*(\w+)$", read("/proc/self/status"), re.M).group(1), 16)
CAN_RAISE = EFFECTIVE >> CAP_SYS_RESOURCE & 1

# The address sanitizer's own would be to take away the core's.
os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":disable_coredump=0"

# As /proc calls them, and the values of a caller that has none of the usual ones.
CALLERS = {
    resource.RLIMIT_CORE: ("Max core file size", 4096, 8192),
    resource.RLIMIT_NOFILE: ("Max open files", 300, 600),
    resource.RLIMIT_NPROC: ("Max processes", 5000, 6000),
    resource.RLIMIT_MEMLOCK: ("Max locked memory", 65536, 131072),
    resource.RLIMIT_STACK: ("Max stack size", 4 << 20, 1 << 30),
    resource.RLIMIT_SIGPENDING: ("Max pending signals", 77, 88),
}


CALLER = {name: (str(soft), str(hard)) for name, soft, hard in CALLERS.values()}


def be_limited():
    """In the child that becomes gantry."""
    for number, (_, soft, hard) in CALLERS.items():
        resource.setrlimit(number, (soft, hard))


def be_unable_to_raise():
    """Even root cannot, then."""
    be_limited()
    if ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_SYS_RESOURCE, 0, 0, 0) < 0:
        os._exit(99)


def limits(lines):
    """{name: (soft, hard)} of /proc/self/limits, whose columns are 26, 21, 21 and 10 wide."""
    return {line[:26].strip(): (line[26:47].strip(), line[47:68].strip()) for line in lines[1:]}


def of(process):
    return limits(read(f"/proc/{process}/limits").splitlines())


class Flavour:
    """What holds for every way to run an app."""

    def setUp(self):
        self.host = Host(self)
        self.image = self.host.aci(exec=["/probe", "cat", "/proc/self/limits"])

    def pod(self, *words, **options):
        return self.host.pod(f"--stage1-path={STAGE1_IMAGES}/stage1-{self.FLAVOUR}.aci", *words,
                             net=self.NET, **options)

    def limits(self, *words, **options):
        result = self.pod(*words, **{"preexec_fn": be_limited, **options})
        self.assertEqual((result.status, result.err), (0, ""), result)
        return limits(result.lines)

    def test_the_callers_limits_hold_where_nothing_is_said(self):
        """They may be those of the unit that runs it."""
        self.assertEqual(self.limits(self.image), {**of(os.getpid()), **CALLER})

    def test_a_limit_is_what_was_given_and_the_others_stay(self):
        seen = self.limits(self.image, "--ulimit=nofile=100:200", "--ulimit=core=0",
                           "--ulimit=memlock=32Ki:64Ki", "--ulimit=cpu=100:unlimited")
        self.assertEqual(seen, {
            **of(os.getpid()), **CALLER, "Max open files": ("100", "200"),
            "Max core file size": ("0", "0"), "Max locked memory": ("32768", "65536"),
            "Max cpu time": ("100", "unlimited")})

    def test_every_limit_can_be_given(self):
        names = {"as": "address space", "core": "core file size", "cpu": "cpu time",
                 "data": "data size", "fsize": "file size", "locks": "file locks",
                 "memlock": "locked memory", "msgqueue": "msgqueue size", "nice": "nice priority",
                 "nofile": "open files", "nproc": "processes", "rss": "resident set",
                 "rtprio": "realtime priority", "rttime": "realtime timeout",
                 "sigpending": "pending signals", "stack": "stack size"}
        ours, values = of(os.getpid()), {}
        for number, name in enumerate(names):
            value = (5_000_000_000 if name in ("as", "data", "stack") else 10_000) + number
            hard = ours[f"Max {names[name]}"][1]
            least = value if hard == "unlimited" or CAN_RAISE else min(value, int(hard))
            values[name] = (str(max(least - 1, 0)), str(least))
        seen = self.limits(self.image, *(f"--ulimit={name}={soft}:{hard}"
                                         for name, (soft, hard) in values.items()), preexec_fn=None)
        self.assertEqual(seen, {f"Max {names[name]}": value for name, value in values.items()})

    def test_an_app_of_a_user_has_them_too(self):
        seen = self.limits(self.image, "--user=1000", "--group=1000", "--ulimit=nofile=200:300")
        self.assertEqual(seen["Max open files"], ("200", "300"))
        self.assertEqual(seen["Max pending signals"], ("77", "88"))

    def test_more_than_the_callers_needs_the_capability(self):
        result = self.pod(self.image, "--ulimit=nofile=100:601", preexec_fn=be_unable_to_raise)
        self.assertEqual(result.status, 254, result)
        self.assertRegex(result.err, r"\A[^\n]*limit 'nofile' cannot be raised to 601: the hard limit of "
                         r"who runs gantry is 600 \(raise that, or give gantry CAP_SYS_RESOURCE\)\n\Z")
        seen = self.limits(self.image, "--ulimit=nofile=100:600", preexec_fn=be_unable_to_raise)
        self.assertEqual(seen["Max open files"], ("100", "600"))

    @unittest.skipUnless(CAN_RAISE, "needs CAP_SYS_RESOURCE")
    def test_with_it_they_are_raised(self):
        seen = self.limits(self.image, "--ulimit=nofile=700:800")
        self.assertEqual(seen["Max open files"], ("700", "800"))

    def test_who_enters_has_the_apps_limits(self):
        """Those of the app and of its caller, not those of who enters."""
        image = self.host.aci(exec=["/probe", "pause"])
        process = self.host.start_pod(f"--stage1-path={STAGE1_IMAGES}/stage1-{self.FLAVOUR}.aci", image,
                                      "--ulimit=nofile=100:200", net=self.NET, preexec_fn=be_limited)
        process.expect("ready")
        entered = self.host.run("enter", process.uuid, "/probe", "cat", "/proc/self/limits")
        self.assertEqual(entered.status, 0, entered)
        self.assertEqual(limits(entered.lines), {
            **of(os.getpid()), **CALLER, "Max open files": ("100", "200")})
        process.signal(signal.SIGTERM)
        process.wait()


@needs_root
class Native(Flavour, unittest.TestCase):
    FLAVOUR, NET = "native", "none"

    def test_each_app_has_its_own(self):
        """Before the first image it is for every app that is not given one itself."""
        result = self.pod("--ulimit=nofile=111", "--ulimit=core=5", self.image, "--name=a",
                          "--ulimit=nofile=222", "---", self.image, "--name=b", preexec_fn=be_limited)
        self.assertEqual(result.status, 0, result)
        files = [line.split()[3:5] for line in result.lines if line.startswith("Max open files")]
        self.assertEqual(sorted(files), [["111", "111"], ["222", "222"]])
        cores = [line.split()[4:6] for line in result.lines if line.startswith("Max core")]
        self.assertEqual(cores, [["5", "5"]] * 2)

    def test_one_of_several_apps_is_entered_with_its_own(self):
        image = self.host.aci(exec=["/probe", "pause"])
        process = self.host.start_pod(
            image, "--name=a", "--ulimit=nofile=111", "---", image, "--name=b", preexec_fn=be_limited)
        self.host.wait_ready(process.uuid)
        for app, files in (("a", ("111", "111")), ("b", ("300", "600"))):
            entered = self.host.run("enter", f"--app={app}", process.uuid, "/probe", "cat",
                                    "/proc/self/limits")
            self.assertEqual(limits(entered.lines)["Max open files"], files, entered)
        process.signal(signal.SIGTERM)
        process.wait()


@needs_root
class Fly(Flavour, unittest.TestCase):
    FLAVOUR, NET = "fly", "host"


@needs_root
class Manifest(unittest.TestCase):
    """What is written down, and what is refused before there is a pod."""

    def setUp(self):
        self.host = Host(self)

    def annotations(self, *words):
        uuid = self.host.ok("prepare", "--quiet", *words).strip()
        pod = json.loads(self.host.ok("cat-manifest", uuid))
        return [app.get("annotations") for app in pod["apps"]]

    def assert_refused(self, message, *words):
        result = self.host.run(*words)
        self.assertEqual((result.status, result.err, result.out), (254, f"{message}\n", ""), result)
        self.assertEqual(self.host.pods(), {})

    def test_it_is_an_annotation_of_the_app(self):
        image = self.host.aci()
        self.assertEqual(
            self.annotations("--ulimit=core=0", image, "--ulimit=nofile=1:2", "--ulimit=as=1Gi",
                             "---", image, "--name=other", "---", image, "--name=third",
                             "--ulimit=core=unlimited"),
            [[{"name": "gantry/ulimit", "value": "nofile=1:2,as=1073741824,core=0"}],
             [{"name": "gantry/ulimit", "value": "core=0"}],
             [{"name": "gantry/ulimit", "value": "core=unlimited"}]])
        self.assertEqual(self.annotations(image), [None])

    def test_an_images_annotation_of_that_name_is_nothing(self):
        manifest = image_manifest(annotations={"gantry/ulimit": "nofile=7"},
                                  exec=("/probe", "cat", "/proc/self/limits"))
        image = self.host.aci(manifest=manifest)
        self.assertEqual(self.annotations(image), [None])
        result = self.host.pod(image, preexec_fn=be_limited)
        self.assertEqual(limits(result.lines)["Max open files"], ("300", "600"))

    def test_a_bad_one_is_refused(self):
        image = self.host.aci()
        for text, why in (
                ("nofile", "'nofile' is not NAME=SOFT[:HARD]"),
                ("files=1", "no limit is called 'files': setrlimit(2) has the names"),
                ("NOFILE=1", "no limit is called 'NOFILE': setrlimit(2) has the names"),
                ("nofile=5:4", "'nofile': the soft value is above the hard one"),
                ("nofile=1Ki", "'nofile': '1Ki' is neither a whole number nor 'unlimited'")):
            with self.subTest(text):
                self.assert_refused(
                    f'prepare: error parsing app image arguments: invalid argument "{text}" for '
                    f"--ulimit={text}: {why}", "prepare", image, f"--ulimit={text}")
        self.assert_refused('prepare: error parsing app image arguments: invalid argument "core=1" for '
                            "--ulimit=core=1: 'core' stands twice", "prepare", image,
                            "--ulimit=core=0", "--ulimit=core=1")
        self.assert_refused("prepare: app 'probe': --ulimit and --annotation=gantry/ulimit exclude each "
                            "other", "prepare", image, "--ulimit=core=0",
                            "--annotation=gantry/ulimit=core=1")

    def test_a_given_manifest_has_it_and_is_refused_with_the_place(self):
        key = self.host.fetch(self.host.aci(exec=["/probe", "cat", "/proc/self/limits"]))

        def given(text):
            return self.host.file("pod.json", json.dumps({
                "acVersion": "0.8.11", "acKind": "PodManifest", "apps": [
                    {"name": "a", "image": {"id": key},
                     "annotations": [{"name": "x", "value": "y"},
                                     {"name": "gantry/ulimit", "value": text}]}]}))

        path = given("nofile=30:40,fsize=1M")
        result = self.host.pod(f"--pod-manifest={path}")
        self.assertEqual(limits(result.lines)["Max open files"], ("30", "40"))
        self.assertEqual(limits(result.lines)["Max file size"], ("1000000", "1000000"))
        self.host.ok("gc", "--grace-period=0s")
        self.assert_refused("prepare: conflicting flags set with --pod-manifest (see --help)",
                            "prepare", "--ulimit=core=0", f"--pod-manifest={path}")
        for text, why in (("", "'' is not NAME=SOFT[:HARD]"),
                          ("nofile=9:8", "'nofile': the soft value is above the hard one"),
                          ("core=0,core=0", "'core' stands twice")):
            with self.subTest(text):
                path = given(text)
                self.assert_refused(f"prepare: pod manifest '{path}': .apps[0].annotations[1].value: {why}",
                                    "prepare", f"--pod-manifest={path}")


if __name__ == "__main__":
    unittest.main()
