# SPDX-License-Identifier: Apache-2.0
"""Ours: gantry in its ways of starting the image, and the floor in its."""

import os
import shutil
import subprocess

import image
from contest import Contender, Failed
from peers import Missing, find

SIZE_FACTOR = 10
OVERLAY = []  # as stage1 mounts it
OVERLAY_OTHER = ["--volatile"]
FLY = "--stage1-from-dir=stage1-fly.aci"
TRUE = ["/bin/true"]


class Ours:
    """OPTIONS name the programs. Makes the image, and a data directory that holds it."""

    def __init__(self, options, scratch, output):
        self._options = options
        self._scratch = scratch
        self._output = output
        self._root = scratch.sub("rootfs")
        image.make_root(self._root)
        self._aci = scratch.sub("busybox.aci")
        image.make_aci(self._aci, "example.com/bench/busybox", self._root)
        self._id = None

    def _gantry(self, data, *words):
        return [self._options.gantry, "--dir=" + self._scratch.sub(data), "--insecure-options=image", *words]

    def _fetch(self, data, aci):
        """Into the data directory DATA; returns the image's ID."""
        if not os.access(self._options.gantry, os.X_OK):
            raise Missing("no '%s': build it, or name it by --gantry" % self._options.gantry)
        argv = self._gantry(data, "fetch", aci)
        done = subprocess.run(argv, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        if done.returncode:
            raise Failed("'%s': %s" % (" ".join(argv), done.stderr.strip()))
        return done.stdout.split()[-1]

    def _pod(self, name, data, image_id, *options):
        run = self._gantry(data, "run", "--net=none", *options, image_id)
        idle = run + ["--exec=/bin/sh", "--", *image.IDLE[1:]]
        return Contender(name, self._output, lambda number: run, lambda number: idle)

    def _cached(self):
        self._id = self._id or self._fetch("data", self._aci)
        return self._id

    def native(self):
        return self._pod("gantry", "data", self._cached())

    def fly(self):
        return self._pod("gantry, fly", "data", self._cached(), FLY)

    def version(self):
        argv = [self._options.gantry, "version"]
        return Contender("gantry version", self._output, lambda number: argv)

    def large(self):
        size = sum(entry.stat().st_size for entry in os.scandir(os.path.join(self._root, "bin")))
        aci = self._scratch.sub("large.aci")
        image.make_aci(aci, "example.com/bench/large", self._root, (SIZE_FACTOR - 1) * size)
        return self._pod("ten times the image", "data", self._fetch("data", aci))

    def crowded(self, name, pods, progress):
        """In a data directory with PODS exited ones, each really run."""
        pod = self._pod(name, "crowded", self._fetch("crowded", self._aci))
        for number in range(pods):
            pod.run()
            if number % 10 == 0:
                progress("%s: %d" % (name, number))
        return pod

    def _floor(self, name, program, options, note):
        if not os.access(program, os.X_OK):
            raise Missing("no '%s'" % program)
        base = [program, *options, self._root, self._scratch.make("floor"), self._options.filter]
        return Contender(name, self._output, lambda number: base + TRUE, lambda number: base + image.IDLE, note=note)

    def floor(self):
        return self._floor("floor", self._options.floor, OVERLAY, "static, glibc")

    def floor_musl(self):
        return self._floor("floor, musl", self._options.floor + "-musl", OVERLAY, "static, musl")

    def floor_other(self):
        return self._floor("floor, volatile overlay", self._options.floor, OVERLAY_OTHER, "static, glibc")

    def floor_fly(self):
        argv = [self._options.floor, "--fly", self._root, *TRUE]
        return Contender("floor, fly", self._output, lambda number: argv)

    def nothing(self, suffix=""):
        """What a static program costs that does nothing."""
        program = self._options.floor + suffix
        if not os.access(program, os.X_OK):
            raise Missing("no '%s'" % program)
        name = "a static program" + suffix.replace("-", ", ")
        return Contender(name, self._output, lambda number: [program, "--true"])

    def unshare_chroot(self):
        """util-linux and coreutils, the poor man's fly."""
        argv = [find("unshare"), "-m", find("chroot"), self._root, *TRUE]
        return Contender("unshare -m chroot", self._output, lambda number: argv)

    def installed(self):
        """KiB of what is installed, as the build tree has it."""
        top = os.path.dirname(os.path.dirname(os.path.realpath(self._options.gantry)))
        total = 0
        for folder in ("bin", "libexec", "lib/gantry", "lib/gantry/stage1-images"):
            path = os.path.join(top, folder)
            for base, _, names in os.walk(path):
                total += sum(os.lstat(os.path.join(base, name)).st_size for name in names)
        return total
