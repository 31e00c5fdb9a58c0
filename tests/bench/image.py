# SPDX-License-Identifier: Apache-2.0
"""The image that everybody starts: the distribution's static busybox, as a directory for the
floor and the peers, and as an ACI for gantry."""
import io
import json
import os
import shutil
import tarfile

BUSYBOX = ("/bin/busybox", "/usr/bin/busybox")
APP = "busybox"  # the program that an app of this image runs, as /proc names it
APPLETS = ("true", "sh", "sleep")
IDLE = ["/bin/sh", "-c", "echo up; exec sleep 1000"]
FOLDERS = ("bin", "dev", "etc", "proc", "sys", "tmp", "usr")
ARCHITECTURE = {"x86_64": "amd64"}.get(os.uname().machine, os.uname().machine)

MANIFEST = {
    "acKind": "ImageManifest",
    "acVersion": "0.8.11",
    "name": None,
    "labels": [
        {"name": "version", "value": "1"},
        {"name": "os", "value": "linux"},
        {"name": "arch", "value": ARCHITECTURE},
    ],
    "app": {"exec": ["/bin/true"], "user": "0", "group": "0"},
}


def make_root(path):
    """Raises FileNotFoundError if there is no busybox."""
    source = next((b for b in BUSYBOX if os.path.exists(b)), None)
    if not source:
        raise FileNotFoundError("no busybox: install busybox-static")
    for folder in FOLDERS:
        os.makedirs(os.path.join(path, folder))
    shutil.copy(source, os.path.join(path, "bin", APP))
    for applet in APPLETS:
        os.symlink(APP, os.path.join(path, "bin", applet))


def make_aci(path, name, root, filler=0):
    """An image of ROOT, and of FILLER bytes more in small files."""
    manifest = json.dumps(dict(MANIFEST, name=name)).encode()
    with tarfile.open(path, "w:gz", compresslevel=1, format=tarfile.PAX_FORMAT) as archive:
        _add_bytes(archive, "manifest", manifest)
        archive.add(root, "rootfs", filter=_by_root)
        each = 10000
        for number in range(filler // each):
            _add_bytes(archive, "rootfs/usr/%d/%d" % (number % 100, number), os.urandom(each))


def _add_bytes(archive, name, data):
    info = tarfile.TarInfo(name)
    info.size = len(data)
    info.mode = 0o644
    archive.addfile(info, io.BytesIO(data))


def _by_root(info):
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    return info
