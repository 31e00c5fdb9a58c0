# SPDX-License-Identifier: Apache-2.0
"""
The half of the import program that talks to the network, asked as gantry asks it
(stage0/fetch/net_protocol.h):

    half = Half(self, env=authority.env)
    reply = half.get("https://example.test/a")
    reply.body, reply.begin["etag"], reply.end         # or reply.failed: its words
"""

import dataclasses
import json
import os
import select
import signal
import socket
import subprocess

from harness import IMPORT, TIMEOUT

SOCKET = 3
BODY, UNCHANGED, DEFERRED = range(3)


@dataclasses.dataclass
class Reply:
    begin: dict
    body: bytes = b""
    end: dict = None

    @property
    def outcome(self):
        return self.begin.get("outcome", BODY)

    @property
    def failed(self):
        """The words of what failed, before the body or within it."""
        return self.begin.get("text") or (self.end or {}).get("text")


class Half:
    """One child; ASK are members of each request."""

    def __init__(self, test, env=None, **ask):
        self.ask = {"agent": "gantry/test", **ask}
        self.socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        # One that hangs is told apart from one that is slow.
        self.socket.settimeout(TIMEOUT)
        # Out of the way of what it is to be.
        end = os.dup2(theirs.fileno(), 100, inheritable=False)
        theirs.close()
        self.process = subprocess.Popen(
            [IMPORT % "net", "net"], env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, pass_fds=[SOCKET],
            preexec_fn=lambda: os.dup2(end, SOCKET))
        os.close(end)
        test.addCleanup(self.end)

    def end(self):
        """Ends it as gantry does; what it said on standard error."""
        if self.socket:
            self.socket.close()
            self.socket = None
            self.errors = self.process.communicate(timeout=TIMEOUT)[1].decode()
        return self.errors

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(TIMEOUT)

    def send(self, what, url, fd=None, **members):
        text = json.dumps({"what": what, "url": url, **self.ask, **members}).encode()
        socket.send_fds(self.socket, [text], [] if fd is None else [fd])

    def receive(self):
        return json.loads(self.socket.recv(128 << 10))

    def begin(self, url, **members):
        """Asks for a file; its answer, and the end of the pipe where a body would come."""
        reader, writer = os.pipe()
        try:
            self.send("file", url, writer, **{"sizeMax": 1 << 40, **members})
        finally:
            os.close(writer)
        return self.receive(), reader

    def get(self, url, **members):
        begin, reader = self.begin(url, **members)
        with open(reader, "rb") as pipe:
            if begin.get("code") or begin.get("outcome"):
                return Reply(begin)
            body = pipe.read()
        return Reply(begin, body, self.receive())

    def give_up(self, reader):
        """Reads no more of the body; the answer."""
        os.close(reader)
        return self.receive()

    def discover(self, name, kind="images", **members):
        self.send(kind, "https://" + name, name=name, **members)
        return self.receive()

    def has_ended(self):
        """Waits for its end; false if it does not come."""
        pidfd = os.pidfd_open(self.process.pid)
        try:
            return bool(select.select([pidfd], [], [], TIMEOUT)[0])
        finally:
            os.close(pidfd)
