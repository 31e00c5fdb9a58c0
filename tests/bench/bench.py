# SPDX-License-Identifier: Apache-2.0
"""What the benches have in common: contenders tried once, contests, progress, and the report."""

import json
import os
import signal
import sys

import contest
import machine
import report
from contest import Failed, Output
from peers import Missing

SKIPPED = 77


class Bench:
    """One measurement of everything in SECTIONS, into a report. FAILED: something of ours did not
    run. SETTLE: seconds before each run. SERVERS: processes that run for it all the time."""

    SETTLE = 0.0

    def __init__(self, options, scratch, plan):
        self.options = options
        self.scratch = scratch
        self.plan = plan
        self.report = report.Report(quick=options.quick, rounds=options.rounds)
        self.output = Output(scratch.sub("stderr"))
        self.servers = []
        self.failed = False
        self.undecided = False

    def sections(self, *sections):
        for section in sections:
            machine.preheat(self.plan["preheat"])
            self.report.section(section.__name__)
            self.undecided = False
            with machine.Others(self.servers) as others:
                section()
            self.report.others(others.share, self.undecided)

    def progress(self, text):
        if sys.stderr.isatty():
            sys.stderr.write("\r\033[K" + text)
            sys.stderr.flush()

    def usable(self, name, make):
        """The contender MAKE() returns, tried once; None if it cannot run, which is reported."""
        self.progress("trying %s" % name)
        try:
            contender = make()
            contender.run()
            return contender
        except (Missing, Failed, OSError, RuntimeError) as error:
            self.report.unusable(name, str(error))
            return None

    def needed(self, name, make):
        contender = self.usable(name, make)
        self.failed = self.failed or contender is None
        return contender

    def contest(self, title, entrants, rounds):
        """The first of ENTRANTS is the reference."""

        def progress(done):
            self.progress("%s: round %d of %d" % (title, done, rounds))

        result = contest.measure(entrants[0], entrants[1:], rounds, self.SETTLE, progress)
        self.report.discarded(title, result.discarded, len(result.base))
        self.undecided = self.undecided or result.undecided
        self.report.starts(title, result, entrants)
        return result


def add_options(parser, rounds):
    build = os.path.join(
        os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__)))),
        "build", "release")
    add = parser.add_argument
    add("--build", metavar="DIR", default=build, help="the build to measure")
    add("--gantry", metavar="FILE", help="another gantry than the build's")
    add("--scratch", metavar="DIR", default="/var/tmp", help="where to work; not on an overlay")
    add("--rounds", metavar="N", type=int, default=rounds)
    add("--quick", action="store_true", help="less of everything, to see that it works")
    add("--json", action="store_true", help="print JSON")


def parse(parser):
    options = parser.parse_args()
    options.gantry = options.gantry or os.path.join(options.build, "bin", "gantry")
    if options.rounds < 2:
        parser.error("--rounds: two at least")
    return options


def main(options, make):
    """Runs what MAKE(options, scratch) returns, a Bench with run(), and prints its report."""
    if os.geteuid():
        print("bench: this needs root", file=sys.stderr)
        return SKIPPED
    machine.private_mounts()
    scratch = machine.Scratch(options.scratch)
    # So that what is left behind goes then too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        bench = make(options, scratch)
        bench.run()
    except (Failed, Missing, OSError) as error:
        print("bench: %s" % error, file=sys.stderr)
        return 1
    finally:
        for left in scratch.remove():
            print("bench: left behind: %s" % left, file=sys.stderr)
    bench.progress("")
    data = bench.report.data
    print(json.dumps(data, indent="\t") if options.json else bench.report.text())
    return 1 if bench.failed else 0
