# SPDX-License-Identifier: Apache-2.0
"""Volumes and mounts (appc 1.7.2, 1.7.4, 3.3, 4.3; rkt 2.4, 2.5, 7.8, 7.13). ACE-n: the
specification's requirement of that number."""

import contextlib
import errno
import json
import os
import signal
import stat
import tarfile
import unittest

import harness
from harness import (Host, checked, entry, libc, mounts, needs_root, read, sections, symlink, wait_until,
                     write)

MOUNTS = "cat /proc/self/mountinfo"
FLY = "--stage1-from-dir=stage1-fly.aci"
MAY_MOUNT = ["--insecure-options=image,seccomp"]
MOUNTER = ["--caps-retain=CAP_SYS_ADMIN,CAP_DAC_OVERRIDE"]


def table(lines):
    """{mount point: (options, optional fields)} of mountinfo's lines, the last mount first."""
    found = {}
    for line in lines:
        fields = line.split(" - ")[0].split()
        found[fields[4]] = (fields[5].split(","), fields[6:])
    return found


class Volumes(unittest.TestCase):
    def setUp(self):
        self.host = Host(self)
        self.source = os.path.join(self.host.images, "source")
        os.mkdir(self.source)
        write(os.path.join(self.source, "file"), "of the host\n")

    def volume(self, more="", source=None, name="v"):
        return f"--volume={name},kind=host,source={source or self.source}{more}"

    def mount_tmpfs(self, path):
        checked(libc.mount(b"test", path.encode(), b"tmpfs", 0, None))
        self.addCleanup(lambda: libc.umount2(path.encode(), 2))
        self.host.mounts = mounts()

    def pod(self, *verbs, words=(), app=None, files=None, **options):
        """The result of a pod of the probe with VERBS and gantry's WORDS."""
        image = self.host.aci(files, exec=["/probe", "report", *verbs], **(app or {}))
        return self.host.pod(*words, image, **options)

    def seen(self, *verbs, **options):
        result = self.pod(*verbs, **options)
        self.assertEqual(result.status, 0, result)
        return sections(result.out)

    def refused(self, message, *words, files=None, app=None):
        result = self.pod("cwd", words=words, files=files, app=app)
        self.assertEqual((result.status, len(result.err.splitlines())), (254, 1), result)
        self.assertIn(message, result.err)
        self.host.assert_nothing_left()


@needs_root
class HostVolumes(Volumes):
    def test_a_volume_is_bound_at_its_path(self):
        """ACE-30, ACE-31, ACE-36: a target that is missing is made, with its parents, 0:0 0755."""
        seen = self.seen("cat /a/b/c/file", "stat /a /a/b", "write /a/b/c/new made", MOUNTS,
                         words=[self.volume(), "--mount=volume=v,target=/a/b/c"])
        self.assertEqual(seen["cat /a/b/c/file"], ["of the host"])
        for line in seen["stat /a /a/b"]:
            self.assertEqual(line.split()[:4], ["directory", "0755", "0", "0"])
        self.assertEqual(read(os.path.join(self.source, "new")), "made")
        self.assertIn("/a/b/c", table(seen[MOUNTS]))
        self.host.assert_nothing_left()

    def test_what_is_made_is_made_in_the_pods_own_layer(self):
        image = self.host.aci(exec=["/probe", "stat", "/made"])
        words = [self.volume(), "--mount=volume=v,target=/made/here"]
        self.assertEqual(self.host.pod(*words, image).status, 0)
        self.assertEqual(self.host.pod(image).status, 1)

    def test_a_path_below_a_read_only_root_is_made_too(self):
        seen = self.seen("cat /new/file", "write /new/x y",
                         words=[self.volume(), "--mount=volume=v,target=/new"],
                         app={"name": "example.com/a"})
        self.assertEqual(seen["cat /new/file"], ["of the host"])
        image = self.host.aci(exec=["/probe", "write", "/new/z", "1"])
        result = self.host.pod(self.volume(), "--mount=volume=v,target=/new", image,
                               "--readonly-rootfs=true")
        self.assertEqual(result.status, 0, result)
        self.assertEqual(read(os.path.join(self.source, "z")), "1")

    def test_what_the_image_has_there_is_hidden(self):
        """ACE-32"""
        seen = self.seen("list /data", words=[self.volume(), "--mount=volume=v,target=/data"],
                         files={"data": None, "data/old": "hidden"})
        self.assertEqual([line.split()[-1] for line in seen["list /data"]], ["file"])

    def test_a_mount_point_gets_the_volume_of_its_name(self):
        """ACE-5, rkt 2.5"""
        point = {"name": "v", "path": "/data"}
        seen = self.seen("cat /data/file", words=[self.volume()], app={"mountPoints": [point]})
        self.assertEqual(seen["cat /data/file"], ["of the host"])

    def test_a_file_is_mounted_on_a_file(self):
        """ACE-40"""
        file = os.path.join(self.source, "file")
        for target in ("/etc/file", "/new/file", "/dev/log"):
            with self.subTest(target):
                seen = self.seen(f"cat {target}", files={"etc/file": "of the image"},
                                 words=[self.volume(source=file), f"--mount=volume=v,target={target}"])
                self.assertEqual(seen[f"cat {target}"], ["of the host"])

    def test_a_path_that_is_missing_is_told_when_the_pod_is_prepared(self):
        """ACE-37, ACE-38: nothing is made on the host."""
        missing = os.path.join(self.source, "missing")
        result = self.host.run("prepare", self.volume(source=missing), self.host.aci())
        self.assertEqual((result.status, result.err), (
            254, f"prepare: volume 'v': cannot open '{missing}': No such file or directory\n"))
        self.assertFalse(os.path.exists(missing))
        self.host.assert_nothing_left()

    def test_a_path_that_went_after_the_pod_was_prepared(self):
        """ACE-38"""
        place = os.path.join(self.source, "place")
        os.mkdir(place)
        for more in ("", ",recursive=true"):
            with self.subTest(more):
                uuid = self.host.ok("prepare", self.volume(more, place),
                                    "--mount=volume=v,target=/data", self.host.aci()).strip()
                os.rename(place, place + "-")
                result = self.host.run("run-prepared", "--net=none", uuid)
                os.rename(place + "-", place)
                self.assertEqual(result.status, 254, result)
                self.assertIn(f"'{place}'", result.err)
        self.host.assert_nothing_left()

    def test_links_of_the_host_lead_where_the_host_says(self):
        """Not ACE-41, ACE-42: threat 30."""
        os.symlink(self.source, os.path.join(self.host.images, "link"))
        seen = self.seen("cat /data/file", words=[
            self.volume(source=os.path.join(self.host.images, "link")), "--mount=volume=v,target=/data"])
        self.assertEqual(seen["cat /data/file"], ["of the host"])

    def test_recursion(self):
        """ACE-44: what is mounted below comes along unless it is told not to."""
        below = os.path.join(self.source, "below")
        os.mkdir(below)
        self.mount_tmpfs(below)
        write(os.path.join(below, "deep"), "deep")
        for more, there in (("", True), (",recursive=true", True), (",recursive=false", False)):
            with self.subTest(more):
                seen = self.seen("list /data/below", words=[self.volume(more),
                                                            "--mount=volume=v,target=/data"])
                self.assertEqual(bool(seen["list /data/below"]), there)
        self.host.assert_nothing_left()

    def test_read_only_is_read_only_all_the_way_down(self):
        """ACE-45"""
        below = os.path.join(self.source, "below")
        os.mkdir(below)
        self.mount_tmpfs(below)
        point = {"name": "v", "path": "/data", "readOnly": True}
        for more, app, denied in ((",readOnly=true", {}, 2), (",readOnly=true,recursive=true", {}, 2),
                                  ("", {"mountPoints": [point]}, 2),
                                  (",readOnly=false", {"mountPoints": [point]}, 0)):
            with self.subTest(more=more, app=app):
                words = [self.volume(more)] + ([] if app else ["--mount=volume=v,target=/data"])
                result = self.pod("write /data/x 1", "write /data/below/x 1", words=words, app=app)
                self.assertEqual(result.err.count(f"errno {errno.EROFS}"), denied, result)

    def test_volumes_bring_no_devices(self):
        """Threat 23: neither on the host's nor on empty ones; set-user-ID not on empty ones."""
        os.mknod(os.path.join(self.source, "null"), 0o666 | stat.S_IFCHR, os.makedev(1, 3))
        result = self.pod("open /data/null", "mknod /e/null 1 3", MOUNTS, words=[
            self.volume(), "--volume=e,kind=empty", "--mount=volume=v,target=/data",
            "--mount=volume=e,target=/e"])
        self.assertEqual(result.err.count(f"errno {errno.EACCES}"), 2, result)
        options = {path: what[0] for path, what in table(sections(result.out)[MOUNTS]).items()}
        self.assertIn("nodev", options["/data"])
        self.assertNotIn("nosuid", options["/data"])
        self.assertIn("nodev", options["/e"])
        self.assertIn("nosuid", options["/e"])

    def test_a_device_that_is_named_works(self):
        """rkt 7.8"""
        device = os.path.join(self.source, "full")
        os.mknod(device, 0o666 | stat.S_IFCHR, os.makedev(1, 7))
        for target in ("/dev/own/full", "/x/full"):
            seen = self.seen(f"open {target}", words=[self.volume(source=device),
                                                      f"--mount=volume=v,target={target}"])
            self.assertEqual(seen[f"open {target}"], [])

    def test_devices_work_if_the_kernels_paths_are_not_protected(self):
        os.mknod(os.path.join(self.source, "null"), 0o666 | stat.S_IFCHR, os.makedev(1, 3))
        words = ["--insecure-options=image,paths", self.volume(), "--mount=volume=v,target=/sys/kernel"]
        self.assertEqual(self.seen("open /sys/kernel/null", words=words)["open /sys/kernel/null"], [])

    def test_mounts_lie_on_one_another_parents_first(self):
        """Not ACE-35: whatever the order they were asked for in."""
        inner = os.path.join(self.host.images, "inner")
        os.mkdir(inner)
        write(os.path.join(inner, "file"), "inner\n")
        os.mkdir(os.path.join(self.source, "in"))
        seen = self.seen("cat /data/in/file", "cat /data/file", "cat /e/new/in/file", words=[
            self.volume(), self.volume(source=inner, name="w"), "--volume=e,kind=empty",
            "--mount=volume=w,target=/data/in", "--mount=volume=v,target=/data",
            "--mount=volume=w,target=/e/new/in", "--mount=volume=e,target=/e"])
        self.assertEqual(seen["cat /data/in/file"], ["inner"])
        self.assertEqual(seen["cat /data/file"], ["of the host"])
        self.assertEqual(seen["cat /e/new/in/file"], ["inner"])

    def test_nothing_is_made_on_the_host_for_a_mount_to_lie_on(self):
        """ACE-37"""
        for target in ("/data/in", "/data/in/deeper"):
            self.refused("nothing is made on the host", self.volume(), "--volume=e,kind=empty",
                         "--mount=volume=v,target=/data", f"--mount=volume=e,target={target}")
        self.assertEqual(os.listdir(self.source), ["file"])

    def test_nothing_is_mounted_on_what_the_host_would_see(self):
        os.makedirs(os.path.join(self.source, "in", "deeper"))
        os.mkdir(os.path.join(self.source, "below"))
        self.mount_tmpfs(os.path.join(self.source, "below"))
        before = mounts()
        for target in ("/data/in", "/data/in/deeper", "/data/below"):
            self.refused("what is mounted there is mounted on the host too",
                         self.volume(",recursive=true"), "--volume=e,kind=empty",
                         "--mount=volume=v,target=/data", f"--mount=volume=e,target={target}")
        self.assertEqual(mounts(), before)

    def test_places_that_no_volume_can_be_on(self):
        """Threat 2"""
        for target in ("/", "//.", "/proc", "/proc/self/attr", "/sys", "/sys/fs/cgroup", "/dev", "/dev/null",
                       "/dev/pts/0", "/dev/./console"):
            with self.subTest(target):
                self.refused("no volume can be on '", self.volume(), f"--mount=volume=v,target={target}")

    def test_the_plan_tells_of_them(self):
        result = self.pod("cwd", words=["--debug", self.volume(), "--mount=volume=v,target=/data"])
        self.assertIn(f"volume /data v {self.source}", result.err)

    def test_enter_sees_them_and_process_1_keeps_none(self):
        image = self.host.aci(exec=["/probe", "pause"])
        process = self.host.start_pod(self.volume(), "--mount=volume=v,target=/data", image).expect("ready")
        pid = self.host.wait_ready(process.uuid)
        kept = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
        self.assertEqual([path for path in kept if path.startswith("/") and path != "/dev/null"], [])
        self.assertEqual(self.host.ok("enter", process.uuid, "/probe", "cat", "/data/file"), "of the host\n")
        process.signal(signal.SIGTERM)
        self.assertEqual(process.wait().status, 0)
        self.host.assert_nothing_left()

    def test_gc_leaves_what_is_the_hosts(self):
        """Threat 29"""
        self.seen("write /data/kept 1", words=[self.volume(",recursive=true"),
                                               "--mount=volume=v,target=/data"])
        self.host.assert_nothing_left()
        self.assertEqual(sorted(os.listdir(self.source)), ["file", "kept"])


@needs_root
class EmptyVolumes(Volumes):
    def test_mode_and_owner(self):
        """ACE-46"""
        words = ["--volume=e,kind=empty,mode=1770,uid=7,gid=8", "--mount=volume=e,target=/e",
                 "--volume=f,kind=empty", "--mount=volume=f,target=/f"]
        seen = self.seen("stat /e /f", words=words)
        self.assertEqual([line.split()[:4] for line in seen["stat /e /f"]],
                         [["directory", "1770", "7", "8"], ["directory", "0755", "0", "0"]])

    def test_apps_share_them_and_each_has_its_own_root(self):
        """ACE-4, ACE-7"""
        words = ["--volume=e,kind=empty,mode=0777", "--mount=volume=e,target=/e"]
        one = self.host.aci(exec=["/probe", "report", "write /e/made 1", "write /own 1", "serve there"],
                            name="example.com/one")
        other = self.host.aci(exec=["/probe", "report", "call there", "cat /e/made", "stat /own"],
                              name="example.com/other")
        result = self.host.pod(*words, one, other)
        self.assertIn("== cat /e/made\n1", result.out)
        self.assertIn(f"/own: errno {errno.ENOENT}", result.err)

    def test_it_goes_with_the_pod(self):
        """ACE-46"""
        result = self.pod("write /e/file 1", words=["--volume=e,kind=empty", "--mount=volume=e,target=/e"])
        place = os.path.join(self.host.pod_path(result.uuid), "sharedVolumes")
        self.assertEqual(read(os.path.join(place, "e", "file")), "1")
        self.assertEqual(stat.S_IMODE(os.stat(place).st_mode), 0o700)
        self.host.assert_nothing_left()
        self.assertFalse(os.path.exists(place))

    def test_read_only(self):
        """ACE-45"""
        result = self.pod("write /e/file 1", words=["--volume=e,kind=empty,readOnly=true",
                                                    "--mount=volume=e,target=/e"])
        self.assertIn(f"errno {errno.EROFS}", result.err)

    def test_a_mount_point_without_volume_gets_one_and_the_user_is_told(self):
        """ACE-5, rkt 7.8"""
        points = [{"name": "data", "path": "/data"}]
        result = self.pod("write /data/file 1", "list /data", app={"mountPoints": points},
                          files={"data": None, "data/old": "hidden"})
        self.assertEqual(result.status, 0, result)
        self.assertEqual(len(result.err.splitlines()), 1)
        self.assertIn('no volume specified for mount point "data"', result.err)
        self.assertEqual([line.split()[-1] for line in sections(result.out)["list /data"]], ["file"])
        manifest = json.loads(self.host.ok("cat-manifest", result.uuid))
        self.assertEqual([v["name"] for v in manifest["volumes"]], ["probe-data"])
        self.assertEqual(manifest["apps"][0]["mounts"], [{"volume": "probe-data", "path": "/data"}])

    def docker(self, *verbs, files, annotations=None, words=()):
        manifest = harness.image_manifest(
            exec=["/probe", "report", *verbs], mountPoints=[{"name": "data", "path": "/data"}],
            annotations=annotations or {"appc.io/docker/repository": "library/x"})
        image = self.host.file("docker.aci", harness.aci(files, manifest))
        return self.host.pod(*words, image)

    FILES = {"data": entry("data", mode=0o1750, uid=5, gid=6), "data/sub": None,
             "data/sub/file": entry("x", "copied\n", mode=0o640, uid=9, gid=9),
             "data/link": symlink("x", "/etc/passwd")}
    VERBS = ("stat /data /data/sub/file /data/link", "cat /data/sub/file", "write /data/new 1")

    def test_an_image_made_from_dockers_finds_what_it_has_there(self):
        """rkt 7.8: copy-up, with mode and owner."""
        result = self.docker(*self.VERBS, files=self.FILES)
        self.assertEqual(result.status, 0, result)
        self.assertEqual(len(result.err.splitlines()), 2)
        seen = sections(result.out)
        self.assertEqual([line.split()[:4] for line in seen[self.VERBS[0]]],
                         [["directory", "1750", "5", "6"], ["file", "0640", "9", "9"],
                          ["link", "0777", "0", "0"]])
        self.assertEqual(seen["cat /data/sub/file"], ["copied"])
        self.host.assert_nothing_left()

    def test_only_that_image_and_only_a_volume_nobody_asked_for(self):
        for annotations, words in (({"other": "x"}, ()), (None, ("--volume=data,kind=empty",))):
            result = self.docker("list /data", files=self.FILES, annotations=annotations, words=words)
            self.assertEqual(result.status, 0, result)
            self.assertEqual(sections(result.out)["list /data"], [])

    def test_copy_up_follows_no_link_out_of_the_image(self):
        secret = os.path.join(self.host.images, "secret")
        os.mkdir(secret)
        write(os.path.join(secret, "file"), "secret")
        for target in (secret, "../../../../../../../.." + secret, "data"):
            result = self.docker("list /data", files={"data": symlink("x", target)})
            self.assertNotIn("file 0", result.out)


    def test_stage1_makes_what_another_stage0_leaves_to_it(self):
        """rkt 6.4"""
        image = self.host.aci(exec=["/probe", "report", "stat /e", "write /e/x 1"])
        uuid = self.host.ok("prepare", "--volume=e,kind=empty,mode=0711,uid=3",
                            "--mount=volume=e,target=/e", image).strip()
        place = os.path.join(self.host.pod_path(uuid), "sharedVolumes")
        os.rmdir(os.path.join(place, "e"))
        os.rmdir(place)
        result = self.host.run("run-prepared", "--net=none", uuid)
        self.assertEqual(result.status, 0, result)
        self.assertEqual(sections(result.out)["stat /e"][0].split()[:3], ["directory", "0711", "3"])
        self.assertTrue(os.path.exists(os.path.join(self.host.pod_path(uuid), "sharedVolumes/e/x")))


@needs_root
class HostileImages(Volumes):
    """Threat 1: each target is absent, or what an attacker would have there."""

    def setUp(self):
        super().setUp()
        self.tripwire = os.path.join(self.host.images, "tripwire")
        os.mkdir(self.tripwire)
        write(os.path.join(self.tripwire, "file"), "untouched")

    def place(self, files, target="/data", source=None):
        return self.pod(f"cat {target}/file", f"write {target}/mark 1", MOUNTS, files=files,
                        words=[self.volume(source=source), f"--mount=volume=v,target={target}"])

    def assert_untouched(self):
        self.assertEqual(os.listdir(self.tripwire), ["file"])
        self.host.assert_no_mounts()

    def test_links_stay_within_the_image(self):
        up = "../" * 20
        for link in (self.tripwire, up + self.tripwire[1:], up + "srv", "/srv", "srv", "a/../srv",
                     "/..//srv/./", "/missing/in/image"):
            with self.subTest(link):
                result = self.place({"data": symlink("x", link), "srv": None, "a": None})
                self.assertEqual(result.status, 0, result)
                self.assertEqual(sections(result.out)["cat /data/file"], ["of the host"])
                self.assert_untouched()

    def test_links_on_the_way(self):
        for files in ({"a": symlink("x", self.host.images)}, {"a": symlink("x", "/b"), "b": symlink("x", "../c")},
                      {"a": symlink("x", "/")}):
            with self.subTest(files):
                result = self.place(files, "/a/tripwire")
                self.assertEqual(result.status, 0, result)
                self.assertEqual(sections(result.out)["cat /a/tripwire/file"], ["of the host"])
                self.assert_untouched()

    def test_what_leads_nowhere_or_to_what_is_not_the_images(self):
        for link, message in (("data", "too many symbolic links"), ("/", "leads to the root"),
                              ("../..", "leads to the root"), (".", "leads to the root"),
                              ("/proc/self/attr", "leads to '/proc', which is the kernel's"),
                              ("/proc/self/root/etc", "leads to '/proc', which is the kernel's"),
                              ("proc/1/fd/3", "leads to '/proc', which is the kernel's"),
                              ("/dev/../dev", "leads to '/dev', which is the kernel's"),
                              ("/sys", "leads to '/sys', which is the kernel's")):
            with self.subTest(link):
                self.refused(message, self.volume(), "--mount=volume=v,target=/data",
                             files={"data": symlink("x", link)})
                self.assert_untouched()

    def test_what_is_of_another_kind(self):
        fifo = entry("x", type=tarfile.FIFOTYPE, mode=0o644)
        file = os.path.join(self.source, "file")
        for source, files, target, message in (
                (None, {"data": "file"}, "/data", "'data' is no directory"),
                (None, {"data": "file"}, "/data/in", "'data' is no directory"),
                (None, {"data": fifo}, "/data", "'data' is no directory"),
                (None, {"data": fifo}, "/data/in", "'data' is no directory"),
                (file, {"data": None}, "/data", "'data' is a directory, the volume is a file")):
            with self.subTest(target=target, files=files):
                self.refused(message, self.volume(source=source), f"--mount=volume=v,target={target}",
                             files=files)
        result = self.pod("cat /data", files={"data": fifo},
                          words=[self.volume(source=file), "--mount=volume=v,target=/data"])
        self.assertEqual(sections(result.out)["cat /data"], ["of the host"])

    def test_what_a_volume_holds_leads_nowhere_either(self):
        """What another pod left on a volume is as hostile as an image."""
        os.symlink(self.tripwire, os.path.join(self.source, "in"))
        result = self.pod("list /data/in", words=[
            self.volume(), "--volume=e,kind=empty", "--mount=volume=v,target=/data",
            "--mount=volume=e,target=/data/in"])
        self.assertEqual(result.status, 0, result)
        self.assertEqual(sections(result.out)["list /data/in"], [])
        self.assert_untouched()


@needs_root
class Propagation(Volumes):
    """What is mounted below a recursive volume passes both ways, of any other neither way
    (scenario C1)."""

    def setUp(self):
        super().setUp()
        for name in ("of-host", "of-pod"):
            os.mkdir(os.path.join(self.source, name))

    def pass_mounts(self, words, app_words, below=""):
        """Whether what the host mounts is seen in the pod, and what the pod mounts on the host.
        BELOW: where the source is on the volume."""
        image = self.host.aci(exec=["/probe", "report", f"mount tmpfs /data{below}/of-pod", "ignore TERM"])
        process = self.host.start_pod(*words, "--mount=volume=v,target=/data", image, *app_words)
        process.expect("ready")
        self.host.wait_ready(process.uuid)
        own, outer = (os.path.join(self.source, name) for name in ("of-pod", "of-host"))
        outwards = own in table(mounts())
        checked(libc.mount(b"test", outer.encode(), b"tmpfs", 0, None))
        pid = int(read(os.path.join(self.host.pod_path(process.uuid), "pid")))
        inwards = any(line.split()[4].endswith(f"/data{below}/of-host")
                      for line in read(f"/proc/{pid}/mountinfo").splitlines())
        with contextlib.suppress(ProcessLookupError):
            for child in harness.descendants(pid) or [pid]:
                os.kill(child, signal.SIGUSR1)
        result = process.wait()
        self.assertEqual(result.status, 0, result)
        stays = own in table(mounts())
        for path in (outer, *([own] if stays else [])):
            checked(libc.umount2(path.encode(), 0))
        self.assertEqual(stays, outwards)
        self.host.assert_nothing_left()
        return inwards, outwards

    def test_with_native(self):
        for more, passes in ((",recursive=true", True), ("", False), (",recursive=false", False)):
            with self.subTest(more):
                self.assertEqual(self.pass_mounts([*MAY_MOUNT, self.volume(more)], MOUNTER),
                                 (passes, passes))

    def test_with_fly(self):
        for more, passes in ((",recursive=true", True), ("", False)):
            with self.subTest(more):
                self.assertEqual(self.pass_mounts([FLY, self.volume(more)], []), (passes, passes))

    def test_of_the_root_of_the_host(self):
        """Nothing can lie over it: a stage0 like gantry has no way to share it."""
        words = [*MAY_MOUNT, self.volume(",recursive=true", "/")]
        self.assertEqual(self.pass_mounts(words, MOUNTER, self.source), (True, False))

    def test_none_is_shared_that_is_read_only(self):
        """What comes later would come writable."""
        image = self.host.aci(exec=["/probe", "cat", "/proc/self/mountinfo"])
        for more, shared in ((",recursive=true", True), (",recursive=true,readOnly=true", False)):
            result = self.host.pod(self.volume(more), "--mount=volume=v,target=/data", image)
            fields = table(result.out.splitlines())["/data"][1]
            self.assertEqual(any("shared:" in field or "master:" in field for field in fields), shared)

    def test_a_prepared_pod_too(self):
        uuid = self.host.ok("prepare", self.volume(",recursive=true"), "--mount=volume=v,target=/data",
                            self.host.aci(exec=["/probe", "cat", "/proc/self/mountinfo"])).strip()
        result = self.host.run("run-prepared", "--net=none", uuid)
        self.assertIn("shared:", " ".join(table(result.out.splitlines())["/data"][1]))


@needs_root
class Fly(Volumes):
    """rkt 7.13"""

    def test_volumes(self):
        below = os.path.join(self.source, "below")
        os.mkdir(below)
        self.mount_tmpfs(below)
        write(os.path.join(below, "deep"), "deep")
        words = [FLY, self.volume(), self.volume(",recursive=true", name="r"),
                 self.volume(",readOnly=true", name="o"), "--volume=e,kind=empty,mode=0700,uid=3",
                 "--mount=volume=v,target=/a/b", "--mount=volume=r,target=/r",
                 "--mount=volume=o,target=/o", "--mount=volume=e,target=/tmp/e"]
        result = self.pod("cat /a/b/file", "list /a/b/below", "list /r/below", "stat /tmp/e",
                          "write /o/x 1", words=words)
        seen = sections(result.out)
        self.assertEqual(seen["cat /a/b/file"], ["of the host"])
        self.assertEqual(seen["list /a/b/below"], [])
        self.assertEqual(len(seen["list /r/below"]), 1)
        self.assertEqual(seen["stat /tmp/e"][0].split()[:4], ["directory", "0700", "3", "0"])
        self.assertIn(f"errno {errno.EROFS}", result.err)
        self.host.assert_nothing_left()

    def test_enter(self):
        image = self.host.aci(exec=["/probe", "pause"])
        process = self.host.start_pod(FLY, self.volume(), "--mount=volume=v,target=/sys/kernel", image)
        process.expect("ready")
        self.host.wait_ready(process.uuid)
        self.assertEqual(self.host.ok("enter", process.uuid, "/probe", "cat", "/sys/kernel/file"),
                         "of the host\n")
        process.signal(signal.SIGTERM)
        process.wait()

    def test_a_kubelet(self):
        """Scenario C1: what its wrapper mounts, gantry's own data among it; gc while it runs."""
        shared, node = (os.path.join(self.host.images, name) for name in ("kubelet", "resolv.conf"))
        os.makedirs(os.path.join(shared, "pods", "one"))
        write(node, "nameserver 192.0.2.1\n")
        volumes = {"etc-kubernetes": (self.source, "/etc/kubernetes", ",readOnly=false"),
                   "certs": (self.source, "/etc/ssl/certs", ",readOnly=true"),
                   "usr-share-certs": (self.source, "/usr/share/ca-certificates", ",readOnly=true"),
                   "var-lib-kubelet": (shared, "/var/lib/kubelet", ",readOnly=false,recursive=true"),
                   "os-release": (os.path.join(self.source, "file"), "/etc/os-release", ",readOnly=true"),
                   "resolv": (node, "/etc/resolv.conf", ""),
                   "cni-bin": (self.source, "/opt/cni/bin", ""),
                   "data": (self.host.data, "/var/lib/gantry", ",recursive=true")}
        words = [FLY, "--inherit-env"]
        os.makedirs(self.host.data, exist_ok=True)
        for name, (source, target, more) in volumes.items():
            words += [self.volume(more, source, name), f"--mount=volume={name},target={target}"]
        image = self.host.aci({"kubelet": (harness.PROBE, 0o755)}, exec=["/nothing"])
        other = self.host.pod(self.host.aci()).uuid
        process = self.host.start_pod(*words, image, "--exec=/kubelet", "--", "report",
                                      "cat /etc/resolv.conf /etc/os-release",
                                      "mount tmpfs /var/lib/kubelet/pods/one", "ignore TERM").expect("ready")
        self.host.wait_ready(process.uuid)
        pod = os.path.join(shared, "pods", "one")
        self.assertIn(pod, table(mounts()))
        self.host.ok("gc", "--grace-period=0s")
        self.assertNotIn(other, self.host.pods())
        checked(libc.umount2(pod.encode(), 0))
        pid = int(read(os.path.join(self.host.pod_path(process.uuid), "pid")))
        self.assertNotIn("pods/one", read(f"/proc/{pid}/mountinfo"))
        os.kill(pid, signal.SIGUSR1)
        result = process.wait()
        self.assertEqual(result.status, 0, result)
        self.assertIn("nameserver 192.0.2.1\nof the host\n", result.out)
        self.host.assert_nothing_left()

    def test_nothing_is_made_on_the_host(self):
        """ACE-37"""
        self.refused("nothing is made on the host", FLY, self.volume(), "--mount=volume=v,target=/dev/new/x")
        self.assertFalse(os.path.exists("/dev/new"))

    def test_links_stay_within_the_image(self):
        result = self.pod("cat /data/file", files={"data": symlink("x", "../../../../etc")},
                          words=[FLY, self.volume(), "--mount=volume=v,target=/data"])
        self.assertEqual(sections(result.out)["cat /data/file"], ["of the host"])
        self.host.assert_nothing_left()


@needs_root
class Given(Volumes):
    """--pod-manifest: stored as it is, and completed all the same."""

    def pod_of(self, mounts_of_app, volumes, **app):
        image = self.host.fetch(self.host.aci(exec=["/probe", "cat", "/data/file"], **app))
        self.manifest = {"acVersion": "0.8.11", "acKind": "PodManifest",
                         "apps": [{"name": "a", "image": {"id": image}, "mounts": mounts_of_app}],
                         "volumes": volumes}
        return self.host.pod(f"--pod-manifest={self.host.file('pod', json.dumps(self.manifest))}")

    def test_a_mount_point_is_served_by_name(self):
        result = self.pod_of(None, [{"name": "data", "kind": "host", "source": self.source}],
                             mountPoints=[{"name": "data", "path": "/data"}])
        self.assertEqual((result.status, result.out), (0, "of the host\n"), result)
        stored = json.loads(self.host.ok("cat-manifest", result.uuid))
        self.assertEqual(stored["volumes"], self.manifest["volumes"])

    def test_a_volume_of_the_apps_own(self):
        volume = {"name": "own", "kind": "host", "source": self.source}
        result = self.pod_of([{"volume": "own", "path": "/data", "appVolume": volume}], None)
        self.assertEqual((result.status, result.out), (0, "of the host\n"), result)

    def test_two_mounts_on_one_path(self):
        result = self.pod_of([{"volume": "v", "path": "/data"}, {"volume": "v", "path": "/data/."}],
                             [{"name": "v", "kind": "host", "source": self.source}])
        self.assertEqual(result.status, 254, result)
        self.assertIn("app 'a': two mounts on '/data'", result.err)


if __name__ == "__main__":
    unittest.main()
