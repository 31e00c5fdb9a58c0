#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
Made the files beside it, which are tests' keys and signatures of "file" below: good ones, and
every kind that must not be taken for one. Run it again to add some: all keys are new each time.
"""

import base64
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../functional"))
# pylint: disable-next=wrong-import-position
from signing import LONG_AGO, Keyring

FILE = b"these bytes were signed\n"


class Here:
    """Cleans up like a test."""

    def __init__(self):
        self.cleanups = []

    def addCleanup(self, function):
        self.cleanups.append(function)


def put(name, content):
    with open(os.path.join(HERE, name), "wb") as file:
        file.write(content)


def packets(data):
    """Pairs of type and body. The lengths that gpg writes for what is here."""
    while data:
        assert data[0] & 0xc0 == 0x80
        size = 1 << (data[0] & 3)
        length = int.from_bytes(data[1:1 + size], "big")
        yield data[0] >> 2 & 15, data[1 + size:1 + size + length]
        data = data[1 + size + length:]


def packet(kind, body):
    return bytes([0x80 | kind << 2 | 1]) + len(body).to_bytes(2, "big") + body


def without_cross_certificate(key):
    """The subkey's own signature lies in its binding's area that nobody signed."""
    out = b""
    for kind, body in packets(key):
        if kind == 2 and body[1] == 0x18:
            hashed = int.from_bytes(body[4:6], "big")
            at = 6 + hashed
            size = int.from_bytes(body[at:at + 2], "big")
            area, kept = body[at + 2:at + 2 + size], b""
            while area:
                length = area[0]
                used = 1
                if length >= 192:
                    length = (length - 192) * 256 + area[1] + 192
                    used = 2
                if area[used] & 0x7f != 32:
                    kept += area[:used + length]
                area = area[used + length:]
            body = body[:at] + len(kept).to_bytes(2, "big") + kept + body[at + 2 + size:]
        out += packet(kind, body)
    return out


def with_foreign_identity(key, other):
    """An identity of another's at the end of the user IDs, with the signature for the other's."""
    stolen = b"".join(packet(kind, body) for kind, body in list(packets(other))[1:3])
    out = [packet(kind, body) for kind, body in packets(key)]
    return b"".join(out[:3]) + stolen + b"".join(out[3:])


def with_notes(key):
    """After each signature, what some gpg would have noted: that it is good."""
    out = b""
    for kind, body in packets(key):
        out += packet(kind, body) + (bytes([0xb0, 2, 0, 3]) if kind == 2 else b"")
    return out


def armored(kind, data):
    text = base64.encodebytes(data)
    crc = 0xb704ce
    for byte in data:
        crc ^= byte << 16
        for _ in range(8):
            crc = crc << 1 ^ (0x1864cfb if crc & 0x800000 else 0)
    crc = base64.b64encode((crc & 0xffffff).to_bytes(3, "big"))
    return b"-----BEGIN PGP %s-----\n\n%s=%s\n-----END PGP %s-----\n" % (kind, text, crc, kind)


def main():
    here = Here()
    keyring = Keyring(here)
    put("file", FILE)

    ann = keyring.key("Ann <ann@example.test>", at=LONG_AGO)
    put("ann.key", ann.public)
    # The private half of nobody: no gpg writes one that is empty.
    secret = b"".join(packet(5, body + b"\0") for kind, body in packets(ann.public_binary)
                      if kind == 6)
    put("private.key", armored(b"PRIVATE KEY BLOCK", secret))
    put("private-binary.key", secret)
    good = ann.sign(FILE, armor=False, at=LONG_AGO)
    put("good.sig", good)
    put("good.asc", armored(b"SIGNATURE", good))
    put("clear-signed.asc", ann.sign(FILE, how="--clearsign", at=LONG_AGO))
    put("inline.asc", ann.sign(FILE, how="--sign", at=LONG_AGO))
    put("inline.sig", ann.sign(FILE, how="--sign", armor=False, at=LONG_AGO))
    put("text-mode.asc", ann.sign(FILE, options=["--textmode"], at=LONG_AGO))
    put("sha1.asc", ann.sign(FILE, digest="SHA1", at=LONG_AGO))
    put("sha224.asc", ann.sign(FILE, digest="SHA224", at=LONG_AGO))
    put("expired.asc", ann.sign(FILE, options=["--default-sig-expire=1d"], at=LONG_AGO))
    put("notation.asc", ann.sign(FILE, options=["--set-notation=a@example.test=b"], at=LONG_AGO))

    bob = keyring.key("Bob <bob@example.test>", algorithm="rsa2048", at=LONG_AGO)
    subkey = bob.add_subkey("rsa2048", at=LONG_AGO)
    bob.add_identity("Robert \x1b[31mred\x1b[0m \u202egnol <rob@example.test>")
    put("bob.key", bob.public)
    put("bob.asc", bob.sign(FILE, by=bob.fingerprint, at=LONG_AGO))
    put("bob-subkey.asc", bob.sign(FILE, by=subkey, at=LONG_AGO))
    uncrossed = without_cross_certificate(bob.public_binary)
    assert uncrossed != bob.public_binary
    put("bob-uncrossed.key", armored(b"PUBLIC KEY BLOCK", uncrossed))
    put("two.sig", good + bob.sign(FILE, by=bob.fingerprint, armor=False, at=LONG_AGO))
    put("two-keys.key", ann.public + b"\nand another\n" + bob.public)
    put("two-in-one.key", armored(b"PUBLIC KEY BLOCK", ann.public_binary + bob.public_binary))
    # Bob's subkey, as if it were Ann's, and noted to be good.
    kinds = list(packets(bob.public_binary))
    at = [kind for kind, _ in kinds].index(14)
    stolen = b"".join(packet(*p) for p in kinds[at:at + 2])
    put("ann-stolen-subkey.key",
        armored(b"PUBLIC KEY BLOCK", with_notes(ann.public_binary + stolen)))
    put("ann-stolen-identity.key", armored(
        b"PUBLIC KEY BLOCK", with_notes(with_foreign_identity(ann.public_binary, bob.public_binary))))

    cid = keyring.key("Cid <cid@example.test>", expires="20200201T000000", at=LONG_AGO)
    put("cid-expired.key", cid.public)
    put("cid-expired.asc", cid.sign(FILE, at=LONG_AGO))
    dan = keyring.key("Dan <dan@example.test>", at=LONG_AGO)
    put("dan-revoked.asc", dan.sign(FILE, at=LONG_AGO))
    dan.revoke(1)
    put("dan-revoked.key", dan.public)
    with open(os.path.join(HERE, "fingerprints"), "w", encoding="ascii") as file:
        for name, value in (("ann", ann.fingerprint), ("bob", bob.fingerprint),
                            ("bob-subkey", subkey), ("cid", cid.fingerprint),
                            ("dan", dan.fingerprint)):
            file.write(f"{name} {value}\n")
    for cleanup in reversed(here.cleanups):
        cleanup()


if __name__ == "__main__":
    main()
