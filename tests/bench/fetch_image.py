# SPDX-License-Identifier: Apache-2.0
"""The image that is fetched: files of this machine's /usr, a part of them that depends on their
names alone, as an ACI in each compression and as an OCI layout of the same tree.

All belong to root and have no special modes, so that the floor has nothing to decide."""
import hashlib
import io
import json
import os
import stat
import subprocess
import tarfile
import zlib

import image
from peers import find

SOURCE = "/usr"
LARGEST = 16 << 20
PATH_MAX = 90  # what fits a header with "rootfs" before it
COMPRESSORS = {
    "gzip": ["gzip", "-6", "-c"],
    "zstd": ["zstd", "-3", "-q", "-c"],
    "xz": ["xz", "-6", "-T0", "-c"],
}


def _files():
    """(path, its stat) of all that could be taken."""
    for folder, folders, names in os.walk(SOURCE):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(folder, name)
            st = os.lstat(path)
            plain = stat.S_ISREG(st.st_mode) and st.st_nlink == 1 and st.st_size <= LARGEST
            if len(path) <= PATH_MAX and (plain or stat.S_ISLNK(st.st_mode)):
                yield path, st


def choose(size):
    """Paths of files of about SIZE bytes in all, and of their directories, these first."""
    files = list(_files())
    share = size / max(1, sum(st.st_size for _, st in files))
    chosen = set()
    for path, _ in files:
        if zlib.crc32(path.encode()) < share * (1 << 32):
            chosen.add(path)
            while len(path) > 1:
                path = os.path.dirname(path)
                chosen.add(path)
    return sorted(chosen - {"/"})


def _entry(path, name):
    st = os.lstat(path)
    info = tarfile.TarInfo(name)
    info.mtime = int(st.st_mtime)
    info.mode = st.st_mode & 0o777
    if stat.S_ISDIR(st.st_mode):
        info.type = tarfile.DIRTYPE
    elif stat.S_ISLNK(st.st_mode):
        info.type, info.linkname, info.mode = tarfile.SYMTYPE, os.readlink(path), 0o777
        if len(info.linkname) > 100:
            return None, None
    else:
        info.size = st.st_size
        return info, path
    return info, None


def _add(archive, paths, prefix):
    for path in paths:
        info, content = _entry(path, prefix + path)
        if content:
            with open(content, "rb") as file:
                archive.addfile(info, file)
        elif info:
            archive.addfile(info)


def make_tar(path, name, paths):
    """An uncompressed ACI called NAME."""
    manifest = json.dumps(dict(image.MANIFEST, name=name)).encode()
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as archive:
        for entry, content in (("manifest", manifest), ("rootfs", None)):
            info = tarfile.TarInfo(entry)
            if content is None:
                info.type, info.mode = tarfile.DIRTYPE, 0o755
                archive.addfile(info)
            else:
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
        _add(archive, paths, "rootfs")


def compress(tar, kind, path):
    """Raises Missing if the program for it is not installed."""
    program, *words = COMPRESSORS[kind]
    with open(path, "wb") as out:
        subprocess.run([find(program), *words, tar], stdout=out, check=True)


def make_oci(folder, paths, scratch_tar):
    """An OCI layout whose image 'bench' is one gzipped layer of the same files."""
    with tarfile.open(scratch_tar, "w", format=tarfile.USTAR_FORMAT) as archive:
        _add(archive, paths, ".")
    blobs = os.path.join(folder, "blobs", "sha256")
    os.makedirs(blobs)
    layer = os.path.join(blobs, "layer")
    compress(scratch_tar, "gzip", layer)

    def digest_of(path):
        whole = hashlib.sha256()
        with open(path, "rb") as file:
            for part in iter(lambda: file.read(1 << 20), b""):
                whole.update(part)
        return whole.hexdigest()

    def described(kind, digest):
        size = os.stat(os.path.join(blobs, digest)).st_size
        return {"mediaType": kind, "digest": "sha256:" + digest, "size": size}

    def put(value):
        text = json.dumps(value).encode()
        digest = hashlib.sha256(text).hexdigest()
        with open(os.path.join(blobs, digest), "wb") as file:
            file.write(text)
        return digest

    kind = "application/vnd.oci.image.%s"
    compressed, plain = digest_of(layer), digest_of(scratch_tar)
    os.rename(layer, os.path.join(blobs, compressed))
    config = put({
        "architecture": image.ARCHITECTURE,
        "os": "linux",
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + plain]},
    })
    manifest = put({
        "schemaVersion": 2,
        "mediaType": kind % "manifest.v1+json",
        "config": described(kind % "config.v1+json", config),
        "layers": [described(kind % "layer.v1.tar+gzip", compressed)],
    })
    row = described(kind % "manifest.v1+json", manifest)
    row["annotations"] = {"org.opencontainers.image.ref.name": "bench"}
    for name, value in (("index.json", {"schemaVersion": 2, "manifests": [row]}),
                        ("oci-layout", {"imageLayoutVersion": "1.0.0"})):
        with open(os.path.join(folder, name), "w", encoding="ascii") as file:
            json.dump(value, file)
