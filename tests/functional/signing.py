# SPDX-License-Identifier: Apache-2.0
"""
Throwaway OpenPGP keys, and what is signed with them, by the real gpg in a home of its own.

    keyring = Keyring(self)
    key = keyring.key("Ann <ann@example.test>")
    key.fingerprint, key.public, key.sign(image)

No agent outlives the call that needed it, so that a test can count processes.
"""

import os
import re
import shutil
import subprocess
import tempfile

from harness import TIMEOUT, wait_until, write

# GnuPG's own clock, for what was made in the past or has ended by now.
LONG_AGO = "20200101T000000"


class Keyring:
    """A GNUPGHOME. TEST is a test, or a class whose tests share it."""

    def __init__(self, test):
        self.home = tempfile.mkdtemp(prefix="gantry-gpg-")
        write(os.path.join(self.home, "gpg-agent.conf"),
              "allow-loopback-pinentry\ndisable-scdaemon\nno-allow-external-cache\n", 0o600)
        add = test.addClassCleanup if isinstance(test, type) else test.addCleanup
        add(self.close)

    def close(self):
        self.end_agent()
        shutil.rmtree(self.home)

    def end_agent(self):
        """Its pid is asked first: the one that ends has to be gone, not only told to go."""
        socket = os.path.join(self.home, "S.gpg-agent")
        if not os.path.exists(socket):
            return
        told = self.command("gpg-connect-agent", "--no-autostart", "GETINFO pid", "/bye")
        pid = re.search(rb"^D (\d+)$", told, re.MULTILINE)
        self.command("gpgconf", "--kill", "gpg-agent")
        if pid:
            wait_until(lambda: gone(int(pid[1])), "the end of gpg-agent")

    def command(self, *argv, input=None):
        program, *words = argv
        done = subprocess.run([program, f"--homedir={self.home}", *words],
                              input=input or b"", capture_output=True, timeout=TIMEOUT,
                              env={"PATH": os.environ["PATH"], "LC_ALL": "C"}, check=False)
        if done.returncode:
            raise AssertionError(f"{' '.join(argv)}: {done.stderr.decode(errors='replace')}")
        return done.stdout

    def gpg(self, *words, input=None, at=None):
        """Runs gpg. AT: the time that it takes for now."""
        clock = [f"--faked-system-time={at}!"] if at else []
        try:
            return self.command("gpg", "--batch", "--no-tty", "--quiet", "--yes",
                                "--pinentry-mode=loopback", "--passphrase=",
                                "--allow-weak-digest-algos", *clock, *words, input=input)
        finally:
            self.end_agent()

    def fingerprints(self, which):
        """Of the public keys that gpg finds for WHICH: the primary's and the subkeys'."""
        listing = self.command("gpg", "--batch", "--with-colons", "--list-keys", "--", which)
        return [line.split(":")[9].lower() for line in listing.decode().splitlines()
                if line.startswith("fpr:")]

    def key(self, identity="Test <test@example.test>", algorithm="ed25519", expires="never",
            at=None):
        """A new key that signs. EXPIRES as gpg has it: a time from AT on, 'never', a date."""
        before = set(self.secret_keys())
        self.gpg("--quick-generate-key", identity, algorithm, "sign", expires, at=at)
        made, = set(self.secret_keys()) - before
        return Key(self, made)

    def secret_keys(self):
        """The primary keys' fingerprints."""
        listing = self.command("gpg", "--batch", "--with-colons", "--list-keys").decode()
        return [found.lower() for found in
                re.findall(r"^pub:.*\n(?:\w+:.*\n)*?fpr:+(\w+):", listing, re.MULTILINE)]


def gone(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


class Key:
    """One key pair. FINGERPRINT: the primary's, lower case."""

    def __init__(self, keyring, fingerprint):
        self.keyring = keyring
        self.fingerprint = fingerprint

    @property
    def id(self):
        """The long one: the fingerprint's last sixteen digits."""
        return self.fingerprint[-16:]

    @property
    def subkeys(self):
        return self.keyring.fingerprints(self.fingerprint)[1:]

    @property
    def public(self):
        """The public key as armored text."""
        return self.keyring.gpg("--armor", "--export", self.fingerprint)

    @property
    def public_binary(self):
        return self.keyring.gpg("--export", self.fingerprint)

    def sign(self, content, armor=True, digest=None, by=None, at=None, how="--detach-sign",
             options=()):
        """A signature of CONTENT; HOW: or '--sign', '--clearsign', which no image may have. BY: the
        subkey's fingerprint, else gpg takes the newest that signs. AT: see Keyring.gpg()."""
        words = ["--local-user", f"{by or self.fingerprint}!" if by else self.fingerprint]
        words += ["--digest-algo", digest] if digest else []
        words += ["--armor"] if armor else []
        return self.keyring.gpg(*words, *options, "--output=-", how, input=content, at=at)

    def add_subkey(self, algorithm="ed25519", expires="never", at=None):
        """Another that signs for this one; its fingerprint."""
        before = set(self.subkeys)
        self.keyring.gpg("--quick-add-key", self.fingerprint, algorithm, "sign", expires, at=at)
        made, = set(self.subkeys) - before
        return made

    def add_identity(self, identity):
        self.keyring.gpg("--quick-add-uid", self.fingerprint, identity)

    def set_expiry(self, expires, at=None):
        self.keyring.gpg("--quick-set-expire", self.fingerprint, expires, at=at)

    def revoke(self, reason=0):
        """By the certificate that gpg made with the key. REASON: 1 is 'compromised'."""
        name = self.fingerprint.upper() + ".rev"
        path = os.path.join(self.keyring.home, "openpgp-revocs.d", name)
        with open(path, encoding="ascii") as file:
            certificate = file.read().replace(":-----BEGIN", "-----BEGIN")
        self.keyring.gpg("--import", input=certificate.encode())


def damaged(content, at=-1):
    """CONTENT with one bit turned, in the middle unless AT says where."""
    at = len(content) // 2 if at < 0 else at
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1:]
