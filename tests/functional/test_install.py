# SPDX-License-Identifier: Apache-2.0
"""What 'cmake --install' puts where, and that it works from there."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest

from harness import GANTRY, ROOT, Host, Process, needs_root, read

BUILD = os.path.dirname(os.path.dirname(GANTRY))
CACHE = dict(re.findall(r"^(\w+):\w+=(.*)$", read(os.path.join(BUILD, "CMakeCache.txt")), re.M))
SANITIZED = CACHE.get("GANTRY_SANITIZE") == "ON"

PLACES = """
    bin/gantry
    libexec/gantry/import-net
    libexec/gantry/import-trust
    libexec/gantry/import-image
    lib/gantry/stage1-images/stage1-native.aci
    lib/gantry/stage1-images/stage1-fly.aci
    lib/systemd/system/gantry-gc.service
    lib/systemd/system/gantry-gc.timer
    lib/tmpfiles.d/gantry.conf
    lib/sysusers.d/gantry.conf
    share/bash-completion/completions/gantry
    share/fish/vendor_completions.d/gantry.fish
    share/zsh/site-functions/_gantry
    share/doc/gantry/LICENSE
    share/doc/gantry/README.md
""".split()


class Installed(Host):
    """A host whose gantry is the one that was installed below ROOT."""

    def __init__(self, test, root):
        self.gantry = os.path.join(root, "bin/gantry")
        super().__init__(test)

    def argv(self, *words):
        return [self.gantry, *super().argv(*words)[1:]]


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.tmp = tempfile.mkdtemp(prefix="gantry-install-")
        cls.addClassCleanup(shutil.rmtree, cls.tmp)
        subprocess.run(
            ["cmake", "--install", BUILD], check=True, stdout=subprocess.DEVNULL,
            env={**os.environ, "DESTDIR": cls.tmp})
        cls.root = cls.tmp + CACHE["CMAKE_INSTALL_PREFIX"]

    def files(self):
        for folder, _, names in os.walk(self.tmp):
            for name in names:
                yield os.path.join(folder, name)

    def test_each_thing_is_where_distributions_expect_it(self):
        pages = os.listdir(os.path.join(ROOT, "Documentation/subcommands"))
        manual = {"gantry" if p == "gantry.md" else "gantry-" + p[:-3] for p in pages}
        places = PLACES + [f"share/man/man1/{name}.1" for name in manual]
        missing = [p for p in places if not os.path.isfile(os.path.join(self.root, p))]
        self.assertEqual(missing, [])

    def test_nothing_lies_anywhere_else(self):
        ours = re.compile("/(_?gantry|stage1-[a-z]+|import)[^/]*$|/share/doc/gantry/")
        self.assertEqual([f for f in self.files() if not ours.search(f)], [])

    def test_only_programs_can_be_executed(self):
        programs = {p for p in PLACES if p.startswith(("bin/", "libexec/"))}
        executable = {os.path.relpath(f, self.root) for f in self.files() if os.access(f, os.X_OK)}
        self.assertEqual(executable, programs)

    def test_the_quickstart_builds_each_program(self):
        """It builds no more than it runs."""
        targets = re.search(r"--target (.*) -- ", read(os.path.join(ROOT, "dist/quickstart")))[1].split()
        programs = [os.path.basename(p) for p in PLACES if p.startswith(("bin/", "libexec/"))]
        self.assertEqual([p for p in programs if p not in targets], [])

    @unittest.skipIf(SANITIZED, "the sanitizers are not what is installed")
    def test_all_of_it_is_under_4_mib(self):
        sizes = {f: os.path.getsize(f) for f in self.files()}
        self.assertLess(sum(sizes.values()), 4 << 20, sizes)

    def test_the_unit_gives_gantry_words_that_it_knows(self):
        text = read(os.path.join(self.root, "lib/systemd/system/gantry-gc.service"))
        host = Installed(self, self.root)
        commands = re.findall(r"^ExecStart=(\S+) (.*)$", text, re.M)
        self.assertEqual(len(commands), 2)
        for program, words in commands:
            self.assertEqual(self.tmp + program, host.gantry)
            host.ok(*words.split())

    @needs_root
    def test_an_installation_that_was_moved_runs_a_pod_with_its_own_stage1(self):
        moved = os.path.join(self.tmp, "elsewhere")
        shutil.copytree(self.root, moved)
        self.addCleanup(shutil.rmtree, moved)
        host = Installed(self, moved)
        self.assertEqual(host.pod(host.aci(exec=["/probe", "exit", "7"])).status, 7)
        host.assert_nothing_left()

    @needs_root
    def test_it_runs_in_a_changed_root(self):
        """As when a distribution that was just bootstrapped is tried."""
        host = Installed(self, self.root)
        root = os.path.join(self.tmp, "root")
        os.mkdir(root)
        self.addCleanup(os.rmdir, root)
        script = 'mount --make-rprivate / && mount --rbind / "$0" && exec chroot "$0" "$@"'
        command = host.argv("run", "--net=none", host.aci(exec=["/probe", "exit", "7"]))
        result = Process(
            ["unshare", "--mount", "sh", "-c", script, root, *command], **host.options()).wait()
        self.assertEqual(result.status, 7, result)
        host.assert_nothing_left()


if __name__ == "__main__":
    unittest.main()
