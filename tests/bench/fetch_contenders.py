# SPDX-License-Identifier: Apache-2.0
"""Who fetches: gantry, its floor, and the tools that others have. Each run has a place of its
own; when it has ended its files are emptied but not removed, since removing many files slows the
making of new ones for half a minute on ext4."""
import os
import shutil
import stat
import subprocess
import sys

import fetch_image
import fetch_server
import machine
from contest import Contender, Failed
from peers import Missing, find, run_once

NAMES = ("one", "two", "three")
USER = "Bench <bench@example.test>"


def empty(top):
    """Gives back what the files below TOP hold."""
    for folder, _, names in os.walk(top):
        for name in names:
            path = os.path.join(folder, name)
            st = os.lstat(path)
            if stat.S_ISREG(st.st_mode) and st.st_nlink == 1 and st.st_size:
                os.truncate(path, 0)


class Fetch(Contender):
    """COMMAND(place) is the argv of a run whose result belongs into the new directory PLACE."""

    def __init__(self, name, images, command, note=""):
        super().__init__(name, images.output, lambda number: command(self._place(number)), note=note)
        self._images = images
        self._places = images.scratch.make("runs", name.replace("/", "-"))
        self._last = None

    def _place(self, number):
        self._last = os.path.join(self._places, str(number))
        os.mkdir(self._last)
        return self._last

    def run(self):
        machine.preheat(self._images.plan["preheat"])
        os.sync()
        try:
            return super().run()
        finally:
            empty(self._last)

    def peak(self):
        """KiB of its largest process."""
        reading, writing = os.pipe()
        argv = [self._images.program("peak"), *self._next(self._command)]
        with os.fdopen(reading) as answer:
            pid = os.posix_spawn(argv[0], argv, os.environ, file_actions=[
                *self._output.actions(), (os.POSIX_SPAWN_DUP2, writing, 3)])
            os.close(writing)
            text = answer.read()
        _, status = os.waitpid(pid, 0)
        empty(self._last)
        if status or not text:
            raise Failed("'%s' ended with %d" % (" ".join(argv), status))
        return int(text)


class Images:
    """The images, their server and their key, and all that fetches them."""

    def __init__(self, options, scratch, output, plan, progress):
        self.options, self.scratch, self.output, self.plan = options, scratch, output, plan
        self._folder = scratch.make("images")
        self._config = scratch.make("config")
        self._server = None
        self._signed_by = None
        os.environ["GNUPGHOME"] = scratch.make("gnupg")
        os.chmod(os.environ["GNUPGHOME"], 0o700)
        progress("choosing files of " + fetch_image.SOURCE)
        self._paths = fetch_image.choose(plan["size"])
        self._made = set()
        self._progress = progress

    def close(self):
        if self._server:
            self._server.kill()
            self._server.wait()
            self._server.stdout.close()
        if shutil.which("gpgconf"):
            subprocess.run(["gpgconf", "--kill", "all"], check=False, capture_output=True)

    def program(self, name):
        path = os.path.join(self.options.build, "tests", "bench", name)
        if not os.access(path, os.X_OK):
            raise Missing("no '%s'" % path)
        return path

    def describe(self):
        size = os.stat(self.archive("gzip")).st_size
        tar = os.stat(self._tar("one")).st_size
        text = "%d files, %.0f MiB, in gzip %.0f MiB"
        return text % (len(self._paths), tar / (1 << 20), size / (1 << 20))

    def _once(self, path, make):
        if path not in self._made:
            self._progress("making " + os.path.basename(path))
            make()
            self._made.add(path)
        return path

    def _tar(self, name):
        path = self.scratch.sub(name + ".tar")
        full = "example.com/bench/" + name
        return self._once(path, lambda: fetch_image.make_tar(path, full, self._paths))

    def archive(self, kind, name="one"):
        path = os.path.join(self._folder, "%s-%s.aci" % (name, kind))
        return self._once(path, lambda: fetch_image.compress(self._tar(name), kind, path))

    # What others need

    def serve(self):
        """Starts the server; its process ID."""
        certificate, key = fetch_server.make_certificate(self.scratch.make("server"))
        os.environ["SSL_CERT_FILE"] = os.environ["CURL_CA_BUNDLE"] = certificate
        argv = [sys.executable, "-B", fetch_server.__file__, self._folder, certificate, key]
        self._server = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
        self._port = int(self._server.stdout.readline())
        return self._server.pid

    def url(self, path):
        return "https://%s:%d/%s" % (fetch_server.NAME, self._port, os.path.basename(path))

    def _gpg(self, *words):
        return run_once([find("gpg"), "--batch", "--yes", "--pinentry-mode=loopback",
                         "--passphrase=", *words])

    def _sign(self, path):
        """Beside PATH lies its signature, of a key that gantry trusts."""
        if not self._signed_by:
            self._gpg("--quick-gen-key", USER, "rsa3072", "sign", "never")
            rows = self._gpg("--list-keys", "--with-colons").splitlines()
            fingerprint = next(r.split(":")[9] for r in rows if r.startswith("fpr:"))
            folder = os.path.join(self._config, "trustedkeys", "root.d")
            os.makedirs(folder)
            self._gpg("--armor", "--output", os.path.join(folder, fingerprint.lower()), "--export")
            self._keyring = self.scratch.sub("keyring.gpg")
            self._gpg("--output", self._keyring, "--export")
            self._signed_by = fingerprint
        signature = path + ".asc"
        return self._once(signature, lambda: self._gpg(
            "--armor", "--output", signature, "--detach-sign", path))

    # Who fetches

    def floor(self, kind="gzip"):
        program, path = self.program("fetch-floor"), self.archive(kind)
        name = "floor" if kind == "gzip" else "floor, " + kind
        return Fetch(name, self, lambda place: [program, path, place])

    def floor_copy(self):
        program, path = self.program("fetch-floor"), self.archive("gzip")
        return Fetch("floor that keeps a copy", self, lambda place: [
            program, path, place, place + ".aci"])

    def floor_three(self):
        """One after the other: one takes all processors there are, or nearly."""
        program = self.program("fetch-floor")
        words = ["mkdir '%s'/%d && %s '%s' '%s'/%d" for _ in NAMES]
        paths = [self.archive("gzip", name) for name in NAMES]

        def command(place):
            each = [text % (place, i, program, path, place, i)
                    for i, (text, path) in enumerate(zip(words, paths))]
            return ["/bin/sh", "-c", " && ".join(each)]

        return Fetch("floor, three times", self, command)

    def _gantry(self, name, images, *options):
        gantry = self.options.gantry
        if not os.access(gantry, os.X_OK):
            raise Missing("no '%s': build it, or name it by --gantry" % gantry)
        configs = ["--%s-config=%s" % (kind, self._config) for kind in ("local", "system")]
        return Fetch(name, self, lambda place: [
            gantry, "--dir=" + place, *configs, *options, "fetch", *images])

    def gantry(self, kind="gzip"):
        name = "gantry" if kind == "gzip" else "gantry, " + kind
        return self._gantry(name, [self.archive(kind)], "--insecure-options=image")

    def gantry_signed(self):
        path = self._signed("gzip")
        return self._gantry("gantry, signed", [path])

    def _signed(self, kind, name="one"):
        """The same archive, under a name that has a signature beside it."""
        path = os.path.join(self._folder, "%s-signed-%s.aci" % (name, kind))
        self._once(path, lambda: os.link(self.archive(kind, name), path))
        self._sign(path)
        return path

    def gantry_https(self):
        url = self.url(self.archive("gzip"))
        return self._gantry("gantry, https", [url], "--insecure-options=image")

    def gantry_https_signed(self):
        url = self.url(self._signed("gzip"))
        return self._gantry("gantry, https, signed", [url])

    def gantry_three(self):
        paths = [self.archive("gzip", name) for name in NAMES]
        return self._gantry("gantry, three", paths, "--insecure-options=image")

    def gantry_three_https(self):
        urls = [self.url(self._signed("gzip", name)) for name in NAMES]
        return self._gantry("gantry, three, https, signed", urls)

    def gpgv(self):
        path = self._signed("gzip")
        program = find("gpgv")
        return Fetch("gpgv of the archive", self, lambda place: [
            program, "--keyring", self._keyring, path + ".asc", path])

    def pipe(self):
        """What one does by hand; nothing waits for the disk."""
        find("curl")
        url = self.url(self.archive("gzip"))
        text = "set -o pipefail; curl -sf '%s' | gzip -dc | tee >(sha512sum >'%s.sum') | tar -xpC '%s'"
        return Fetch("curl | gzip -d | tar x", self, lambda place: [
            find("bash"), "-c", text % (url, place, place)], note="with sha512sum; not durable")

    # Peers, from an OCI layout on the disk

    def _layout(self):
        path = self.scratch.sub("oci")
        return self._once(path, lambda: fetch_image.make_oci(
            path, self._paths, self.scratch.sub("layer.tar")))

    def umoci(self):
        layout, skopeo, umoci = self._layout(), find("skopeo"), find("umoci")
        text = "'%s' copy -q --insecure-policy oci:'%s':bench oci:'%s'/oci:bench" \
            " && '%s' unpack --image '%s'/oci:bench '%s'/bundle"
        return Fetch("skopeo copy + umoci unpack", self, lambda place: [
            "/bin/sh", "-c", text % (skopeo, layout, place, umoci, place, place)],
            note="not durable")

    def podman(self):
        layout, podman = self._layout(), find("podman")
        # It wants no more than 50 letters there.
        state = self.scratch.make("podman")
        return Fetch("podman pull", self, lambda place: [
            podman, "--root", place + "/root", "--runroot", state,
            "--events-backend=file", "--cgroup-manager=cgroupfs", "pull", "-q",
            "oci:%s:bench" % layout])
