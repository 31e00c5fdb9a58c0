# SPDX-License-Identifier: Apache-2.0
"""Ours: gantry in its ways of starting the image, and the floor in its."""

import os

import image
from contest import Contender
from peers import Missing, find, run_once

SIZE_FACTOR = 10
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
        folder = "--dir=" + self._scratch.sub(data)
        return [self._options.gantry, folder, "--insecure-options=image", *words]

    def _fetch(self, data, aci):
        """Into the data directory DATA; returns the image's ID."""
        if not os.access(self._options.gantry, os.X_OK):
            raise Missing("no '%s': build it, or name it by --gantry" % self._options.gantry)
        argv = self._gantry(data, "fetch", aci)
        return run_once(argv).split()[-1]

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
        size = os.stat(os.path.join(self._root, "bin", image.APP)).st_size
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
        scratch = self._scratch.make("floor")
        base = [program, *options, self._root, scratch, self._options.filter]
        true, idle = base + TRUE, base + image.IDLE
        return Contender(name, self._output, lambda number: true, lambda number: idle, note=note)

    def floor(self):
        """The scale of the budgets."""
        return self._floor("floor", self._options.floor, [], "static, glibc")

    def floor_ordinary(self):
        name, options = "floor, ordinary overlay", ["--ordinary"]
        return self._floor(name, self._options.floor, options, "syncs the disk")

    def floor_musl(self):
        program = self._options.floor + "-musl"
        return self._floor("floor, musl", program, [], "static, musl")

    def floor_leanest(self):
        program, options = self._options.floor + "-musl", ["--keep"]
        return self._floor("floor, leanest", program, options, "musl, removes nothing")

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
        """MiB of programs and stage1 images, as the build tree has them; None if some lack."""
        top = os.path.dirname(os.path.dirname(os.path.realpath(self._options.gantry)))
        folders = [os.path.join(top, f) for f in ("bin", "libexec", "lib/gantry")]
        if not all(os.path.isdir(f) for f in folders):
            return None
        sizes = [
            os.lstat(os.path.join(base, name)).st_size
            for folder in folders
            for base, _, names in os.walk(folder)
            for name in names
        ]
        return sum(sizes) / (1 << 20)
