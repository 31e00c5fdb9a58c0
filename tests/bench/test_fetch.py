# SPDX-License-Identifier: Apache-2.0
"""That the bench of fetching works to its end and says what it is there to say; never how long it
took."""

import json
import os
import subprocess
import sys
import unittest

FETCH = os.path.join(os.path.dirname(os.path.realpath(__file__)), "fetch")
BUILD = sys.argv.pop(1) if len(sys.argv) > 1 else None
SKIPPED = 77

TABLES = (
    "one image from the disk",
    "one image over HTTPS",
    "three images",
    "the same beside other tools",
    "the most memory that one process had",
)
MEASURED = "disk disk-copy signed https https-signed three three-https memory".split()
PEERS = {"curl | gzip -d | tar x", "skopeo copy + umoci unpack", "podman pull"}


def fetch(*options):
    build = ["--build", BUILD] if BUILD else []
    argv = [FETCH, "--quick", "--rounds", "2", *build, *options]
    return subprocess.run(argv, capture_output=True, text=True, check=False)


def has_floor():
    """It is by ISA-L, which not every machine has."""
    return not BUILD or os.path.exists(os.path.join(BUILD, "tests", "bench", "fetch-floor"))


@unittest.skipUnless(has_floor(), "no ISA-L, no floor")
class Fetch(unittest.TestCase):
    def test_measures_everything_and_names_what_it_could_not(self):
        done = fetch("--json")
        if done.returncode == SKIPPED:
            self.skipTest(done.stderr.strip())
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        data = json.loads(done.stdout)

        tables = {table["title"]: table["rows"] for table in data["tables"]}
        self.assertEqual(set(tables), set(TABLES))
        verdicts = {row["key"]: row["verdict"] for row in data["budgets"]}
        for key in MEASURED:
            self.assertIn(verdicts.get(key), ("met", "missed", "undecided"), key)
        measured = {row["name"] for row in tables["the same beside other tools"]}
        missing = {row["name"] for row in data["unusable"]}
        self.assertEqual(PEERS & (measured | missing), PEERS)
        self.assertTrue(all(row["reason"] for row in data["unusable"]))

    def test_a_gantry_that_cannot_run_is_a_failure(self):
        done = fetch("--gantry", "/nonexistent")
        if done.returncode == SKIPPED:
            self.skipTest(done.stderr.strip())
        self.assertEqual(done.returncode, 1, done.stderr + done.stdout)
        self.assertIn("not measured: gantry: no '/nonexistent'", done.stdout)


if __name__ == "__main__":
    unittest.main()
