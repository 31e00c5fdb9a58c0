# SPDX-License-Identifier: Apache-2.0
"""Documentation/getting-started.md, typed as it stands, in a network of its own: a server of the
page's takes port 443."""

import os
import re
import shutil
import unittest

import network
from harness import ROOT, Host, Process, needs_program, needs_root, read

PAGE = os.path.join(ROOT, "Documentation/getting-started.md")

# What is about this machine and not about a pod, or wants someone at a terminal.
ELSEWHERE = ("dist/packages", "systemctl", "--interactive")

setUpModule = network.enter


def typed():
    fences = re.findall(r"^```sh\n(.*?)^```$", read(PAGE), re.M | re.S)
    return [text for text in fences if not any(word in text for word in ELSEWHERE)]


@needs_root
@needs_program("gpg")
@needs_program("openssl")
class GettingStarted(unittest.TestCase):
    def test_what_it_says_to_type_works(self):
        host = Host(self)
        # The page's administrator has no vendor, and says by oneself what is insecure.
        program = " ".join(word for word in host.argv()
                           if not word.startswith(("--insecure-options", "--system-config")))
        script = f'set -eu\ncd "$TMPDIR"\ngantry() {{ {program} "$@"; }}\n' + "".join(typed())
        result = Process(["sh", "-c", script + "wait; rm -r *\n"], **host.options()).wait()
        self.assertEqual(result.status, 0, result)
        uuid = "[0-9a-f-]{36}"
        for seen in (r"^sha512-[0-9a-f]{32}$", rf"^gantry-{uuid}$", "one$", "two$",
                     "^gpg key fingerprint is: ([0-9A-F]{4} +){9}[0-9A-F]{4}$", "^from the server$",
                     "^state=running$", "sleep 1000", rf'^"{uuid}"$', "^state=exited$",
                     rf'^Garbage collecting pod "{uuid}"$'):
            self.assertRegex(result.out, re.compile(seen, re.M))
        keys = os.path.join(host.config, "trustedkeys")
        self.assertEqual([files for _, _, files in os.walk(keys) if files], [])
        shutil.rmtree(keys)
        host.assert_nothing_left()


if __name__ == "__main__":
    unittest.main()
