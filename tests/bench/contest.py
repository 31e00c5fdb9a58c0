# SPDX-License-Identifier: Apache-2.0
"""Programs measured against each other, in alternation, as ratios.

A contender is a command that starts one pod and ends with it. A round runs each once, in an
order drawn anew, between two runs of the reference; a round whose two references differ by
more than SPREAD was disturbed by something else, and is measured again."""
import collections
import os
import random
import select
import signal
import statistics
import time

import machine

SPREAD = 2.0
FEWEST = 2
UP = b"up"
TIMEOUT = 60

# Seconds, seconds, exit status as the shell counts.
Sample = collections.namedtuple("Sample", "wall cpu status")

# Of the rounds' ratios: that of the medians, and the quartiles.
Ratio = collections.namedtuple("Ratio", "medians low high")


class Failed(Exception):
    """A contender did not do what was asked of it; the text says what it said."""


class Output:
    """Where runs write: stdout to nowhere, stderr to a file for when one fails."""

    def __init__(self, path):
        self.null = os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC)
        self.file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def actions(self, stdout=None):
        out = self.null if stdout is None else stdout
        return [
            (os.POSIX_SPAWN_DUP2, self.null, 0),
            (os.POSIX_SPAWN_DUP2, out, 1),
            (os.POSIX_SPAWN_DUP2, self.file, 2),
        ]

    def mark(self):
        return os.fstat(self.file).st_size

    def since(self, mark):
        """The last line written since MARK."""
        text = os.pread(self.file, 65536, mark).decode("utf-8", "replace")
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        return lines[-1] if lines else "it said nothing"


class Contender:
    """NAME as it is printed. COMMAND(number) is the argv of the NUMBERth run; IDLE(number),
    if it has one, that of a pod which says UP and then sleeps. PREPARE changes the machine for
    this one alone, in an arena."""

    def __init__(self, name, output, command, idle=None, prepare=None, note=""):
        self.name = name
        self.note = note
        self.has_idle = idle is not None
        self._output = output
        self._command = command
        self._idle = idle
        self._number = 0
        self._arena = None
        if prepare:
            self._arena = machine.Arena(prepare, lambda argv: self._run(argv))

    def close(self):
        if self._arena:
            self._arena.close()

    def run(self):
        """One run; whatever does not end with 0 is a failure."""
        argv = self._next(self._command)
        mark = self._output.mark()
        sample = Sample(*(self._arena.call(argv) if self._arena else self._run(argv)))
        if sample.status:
            said = self._output.since(mark)
            raise Failed("'%s' ended with %d: %s" % (" ".join(argv), sample.status, said))
        return sample

    def _next(self, command):
        self._number += 1
        return command(self._number)

    def _run(self, argv):
        actions = self._output.actions()
        start = time.monotonic()
        pid = os.posix_spawn(argv[0], argv, os.environ, file_actions=actions)
        _, status, usage = os.wait4(pid, 0)
        wall = time.monotonic() - start
        return wall, usage.ru_utime + usage.ru_stime, _exit_status(status)

    def run_together(self, count):
        """COUNT at once; seconds until the last has ended."""
        mark = self._output.mark()
        commands = [self._next(self._command) for _ in range(count)]
        actions = self._output.actions()
        start = time.monotonic()
        pids = [os.posix_spawn(a[0], a, os.environ, file_actions=actions) for a in commands]
        statuses = [_exit_status(os.waitpid(pid, 0)[1]) for pid in pids]
        wall = time.monotonic() - start
        if any(statuses):
            bad = sum(1 for status in statuses if status)
            raise Failed("%d of %d failed: %s" % (bad, count, self._output.since(mark)))
        return wall

    def up(self, count):
        """Starts COUNT idle pods; they are the caller's to end."""
        return Idle(self, self._output, [self._next(self._idle) for _ in range(count)])


class Idle:
    """Idle pods of one contender, all up. WALL: seconds until the last was."""

    def __init__(self, contender, output, commands):
        self.contender = contender
        self._pids = []
        mark = output.mark()
        reading, writing = os.pipe()
        actions = output.actions(stdout=writing)
        try:
            start = time.monotonic()
            for argv in commands:
                pid = os.posix_spawn(argv[0], argv, os.environ, file_actions=actions)
                self._pids.append(pid)
            os.close(writing)
            self._await(reading, len(commands), output, mark)
            self.wall = time.monotonic() - start
        except Failed:
            self.end()
            raise
        finally:
            os.close(reading)

    @staticmethod
    def _await(reading, count, output, mark):
        seen = b""
        deadline = time.monotonic() + TIMEOUT
        while seen.count(UP) < count:
            left = max(0, deadline - time.monotonic())
            ready, _, _ = select.select([reading], [], [], left)
            data = os.read(reading, 65536) if ready else b""
            if not data:
                came, said = seen.count(UP), output.since(mark)
                raise Failed("%d of %d came up: %s" % (came, count, said))
            seen += data

    def memory(self, app):
        """KiB of private memory of all that runs for the pods, but for processes of APP:
        {program: [written, mapped by it alone]}."""
        parts = {}
        for family in machine.families(self._pids).values():
            for pid in family:
                program = machine.executable(pid)
                if program != app:
                    part = parts.setdefault(program, [0, 0])
                    written, mapped = machine.private_memory(pid)
                    part[0] += written
                    part[1] += mapped
        return parts

    def end(self):
        """Kills the apps, the last of each family; what ran them must end of itself."""
        for family in machine.families(self._pids).values():
            if len(family) > 1:
                os.kill(family[-1], signal.SIGKILL)
        deadline = time.monotonic() + TIMEOUT
        for pid in self._pids:
            while os.waitpid(pid, os.WNOHANG) == (0, 0):
                if time.monotonic() > deadline:
                    os.kill(pid, signal.SIGKILL)
                time.sleep(0.002)
        self._pids = []


def _exit_status(status):
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


class Rounds:
    """What was measured: for each contender its samples, for each round the reference's."""

    def __init__(self, reference, contenders):
        self.reference = reference.name
        self.samples = {c.name: [] for c in contenders}
        self.base = []
        self.discarded = 0
        self.undecided = False  # too few rounds were quiet: these are all

    def add(self, before, after, samples):
        wall, cpu = (before.wall + after.wall) / 2, (before.cpu + after.cpu) / 2
        self.base.append(Sample(wall, cpu, 0))
        for name, sample in samples.items():
            self.samples[name].append(sample)

    def wall(self, name):
        return statistics.median(s.wall for s in self._of(name))

    def cpu(self, name):
        return statistics.median(s.cpu for s in self._of(name))

    def _of(self, name):
        return self.base if name == self.reference else self.samples[name]

    def ratio(self, name, to=None, field="wall"):
        """Of NAME to the contender TO, by default the reference."""
        these = [getattr(s, field) for s in self._of(name)]
        those = [getattr(s, field) for s in self._of(to or self.reference)]
        return ratio(these, those)

    def ratio_if_known(self, name, to):
        """None if one of the two did not take part."""
        known = set(self.samples) | {self.reference}
        return self.ratio(name, to) if {name, to} <= known else None

    def noise(self):
        """The reference's own upper quartile, over its median."""
        walls = [s.wall for s in self.base]
        return statistics.quantiles(walls, n=4, method="inclusive")[2] / statistics.median(walls)


def ratio(these, those):
    each = [a / b if b else float("inf") for a, b in zip(these, those)]
    low, _, high = statistics.quantiles(each, n=4, method="inclusive")
    return Ratio(statistics.median(these) / statistics.median(those), low, high)


def measure(reference, contenders, rounds, settle=0.0, progress=None):
    """SETTLE: seconds to wait before each run, for the kernel to take down what the one
    before left behind (network namespaces die in the background)."""
    result = Rounds(reference, contenders)
    chance = random.Random(1)

    def run(contender):
        time.sleep(settle)
        return contender.run()

    disturbed = []
    while len(result.base) < rounds and len(disturbed) <= rounds:
        order = list(contenders)
        chance.shuffle(order)
        before = run(reference)
        samples = {c.name: run(c) for c in order}
        after = run(reference)
        if max(before.wall, after.wall) > SPREAD * min(before.wall, after.wall):
            disturbed.append((before, after, samples))
            continue
        result.add(before, after, samples)
        if progress:
            progress(len(result.base))
    result.discarded = len(disturbed)
    if len(result.base) < FEWEST:
        result.undecided = True
        for each in disturbed:
            result.add(*each)
    return result


# Medians in seconds of two things measured against each other, and the first's ratio.
Pair = collections.namedtuple("Pair", "this that ratio")


def pairs(this, that, rounds):
    """THIS() and THAT() return seconds; each round asks both, in changing order."""
    seconds = {this: [], that: []}
    for number in range(rounds):
        for which in (this, that) if number % 2 else (that, this):
            seconds[which].append(which())
    return pair_of(seconds[this], seconds[that])


def pair_of(these, those):
    return Pair(statistics.median(these), statistics.median(those), ratio(these, those))
