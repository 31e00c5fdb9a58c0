# SPDX-License-Identifier: Apache-2.0
"""That the bench works to its end and says what it is there to say; never how long it took."""

import json
import os
import subprocess
import sys
import unittest

START = os.path.join(os.path.dirname(os.path.realpath(__file__)), "start")
BUILD = sys.argv.pop(1) if len(sys.argv) > 1 else None
SKIPPED = 77

TABLES = (
    "one pod, --net=none, until its process has ended",
    "the same beside other tools",
    "the same under other circumstances",
    "so many at once, until all have ended",
    "so many that stay, until all are up",
    "private memory of what runs for an idle pod, without the app",
)
MEASURED = (
    "native native-stretch fly fly-floor process memory ten-times-the-image install"
).split()
PEERS = {"bubblewrap", "crun", "runc", "systemd-nspawn", "podman"}


def start(*options):
    build = ["--build", BUILD] if BUILD else []
    argv = [START, "--quick", "--rounds", "2", *build, *options]
    return subprocess.run(argv, capture_output=True, text=True, check=False)


class Start(unittest.TestCase):
    def test_measures_everything_and_names_what_it_could_not(self):
        done = start("--json")
        if done.returncode == SKIPPED:
            self.skipTest(done.stderr.strip())
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        data = json.loads(done.stdout)

        tables = {table["title"]: table["rows"] for table in data["tables"]}
        self.assertEqual(set(tables), set(TABLES))
        verdicts = {row["key"]: row["verdict"] for row in data["budgets"]}
        for key in MEASURED:
            self.assertIn(verdicts.get(key), ("met", "missed", "undecided"), key)
        self.assertEqual(verdicts["network"], "not measured")

        measured = {row["name"] for row in tables[TABLES[1]]}
        missing = {row["name"] for row in data["unusable"]}
        self.assertEqual(PEERS & (measured | missing), PEERS)
        self.assertTrue(all(row["reason"] for row in data["unusable"]))

    def test_a_gantry_that_cannot_run_is_a_failure(self):
        done = start("--gantry", "/nonexistent")
        if done.returncode == SKIPPED:
            self.skipTest(done.stderr.strip())
        self.assertEqual(done.returncode, 1, done.stderr + done.stdout)
        self.assertIn("not measured: gantry: no '/nonexistent'", done.stdout)


if __name__ == "__main__":
    unittest.main()
