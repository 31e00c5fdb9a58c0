# SPDX-License-Identifier: Apache-2.0
"""Archives byte by byte, for what no well-meaning tool writes, and trees as one can compare."""

import bz2
import gzip
import hashlib
import io
import json
import lzma
import os
import stat
import struct
import tarfile

BLOCK = 512
MANIFEST = json.dumps({"acKind": "ImageManifest", "acVersion": "0.8.11", "name": "example.com/app"})


# Tar


def field(value, width):
    """A number as a header has it; bytes are taken as they are."""
    if isinstance(value, bytes):
        return value.ljust(width, b"\0")
    return b"%0*o\0" % (width - 1, value)


def header(name, type="0", size=0, mode=0o644, uid=0, gid=0, mtime=0, link="", magic=b"ustar\x0000",
           major=0, minor=0, prefix=b"", pad=b"", sum=None):
    """One header block. SUM: what it says its checksum is, instead of the right one."""
    name = name if isinstance(name, bytes) else name.encode()
    link = link if isinstance(link, bytes) else link.encode()
    parts = [name.ljust(100, b"\0"), field(mode, 8), field(uid, 8), field(gid, 8), field(size, 12),
             field(mtime, 12), b" " * 8, type.encode().ljust(1, b"\0"), link.ljust(100, b"\0"),
             magic.ljust(8, b"\0"), bytes(64), field(major, 8), field(minor, 8),
             prefix.ljust(155, b"\0"), pad.ljust(12, b"\0")]
    block = b"".join(parts)
    assert len(block) == BLOCK, len(block)
    total = sum_of(block) if sum is None else sum
    return block[:148] + b"%06o\0 " % total + block[156:]


def sum_of(block):
    return sum(block)


def padded(content):
    return content + bytes(-len(content) % BLOCK)


def member(name, content=b"", type="0", **fields):
    content = content if isinstance(content, bytes) else content.encode()
    fields.setdefault("size", len(content))
    return header(name, type, **fields) + padded(content)


def record(key, value):
    """A record of an extended header, with its own length in it."""
    body = b" %s=%s\n" % (key.encode(), value if isinstance(value, bytes) else value.encode())
    length = len(body)
    while len(b"%d" % length) + len(body) != length:
        length = len(b"%d" % length) + len(body)
    return b"%d" % length + body


def extended(records, type="x"):
    content = records if isinstance(records, bytes) else b"".join(
        record(key, value) for key, value in records.items())
    return member("PaxHeader", content, type)


def long_name(name, type="L"):
    return member("././@LongLink", name.encode() + b"\0", type, magic=b"ustar  ")


END = bytes(2 * BLOCK)
TOP = member("manifest", MANIFEST) + member("rootfs", type="5", mode=0o755)


def image(*members, top=TOP, end=END):
    """An image of the MEMBERS besides its manifest and rootfs."""
    return top + b"".join(members) + end


# Compression


def zstd(content):
    """Frames of raw blocks: no compression, but all of the format."""
    out = [struct.pack("<IBB", 0xFD2FB528, 0, 0x58)]  # a window of 2 MiB
    blocks = [content[at:at + 100000] for at in range(0, len(content), 100000)] or [b""]
    for number, block in enumerate(blocks):
        last = number == len(blocks) - 1
        out.append(struct.pack("<I", last | len(block) << 3)[:3] + block)
    return b"".join(out)


def zstd_zeros(count):
    """A frame of COUNT blocks of 128 KiB of zeros, in four bytes each."""
    block = struct.pack("<I", 1 << 1 | (128 << 10) << 3)[:3] + b"\0"
    last = struct.pack("<I", 1 | 1 << 1 | (128 << 10) << 3)[:3] + b"\0"
    return struct.pack("<IBB", 0xFD2FB528, 0, 0x58) + block * (count - 1) + last


COMPRESSIONS = {
    "plain": lambda content: content,
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstd,
}


# Trees


def snapshot(top, content=True, times=True):
    """{path: all that can be seen of it}, without following anything. Hard links are told by the
    first path that has the file."""
    first, found = {}, {}
    top = os.fsencode(top)
    for directory, directories, files in os.walk(top):
        for name in [b"."] * (directory == top) + directories + files:
            path = os.path.join(directory, name)
            st = os.lstat(path)
            facts = {"mode": oct(st.st_mode), "owner": (st.st_uid, st.st_gid)}
            if times:
                facts["mtime"] = st.st_mtime_ns
            if stat.S_ISREG(st.st_mode):
                facts["size"] = st.st_size
                facts["same as"] = first.setdefault(st.st_ino, os.path.relpath(path, top))
                if content:
                    with open(path, "rb") as file:
                        facts["content"] = hashlib.sha256(file.read()).hexdigest()
            if stat.S_ISLNK(st.st_mode):
                facts["target"] = os.readlink(path)
            if stat.S_ISCHR(st.st_mode) or stat.S_ISBLK(st.st_mode):
                facts["device"] = st.st_rdev
            facts["xattrs"] = {name: os.getxattr(path, name, follow_symlinks=False)
                               for name in os.listxattr(path, follow_symlinks=False)}
            found[os.path.relpath(path, top)] = facts
    return found


def vector_tar(entries):
    """The archive that an entry list of tests/vectors/appc/archive-layout.json describes."""
    types = {"file": tarfile.REGTYPE, "dir": tarfile.DIRTYPE, "symlink": tarfile.SYMTYPE,
             "hardlink": tarfile.LNKTYPE}
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for entry in entries:
            info = tarfile.TarInfo(entry["path"])
            info.type = types[entry["type"]]
            info.linkname = entry.get("link", "")
            content = entry.get("contents", "").encode()
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()
