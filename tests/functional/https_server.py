# SPDX-License-Identifier: Apache-2.0
"""
A web server that does as a test says: real TLS by a CA of its own, and real faults.

    authority = Authority(self)
    server = Server(self, authority)                   # 443; network.py's names
    server.put("https://example.test/a", Page(b"content", etag='"1"'))
    server.put("https://example.test/b", Page(status=503), Page(b"then good"))
    host.run("fetch", ..., env=authority.env)
    server.lines                                       # ["GET https://example.test/a 200", ...]

A URL has one or more pages: the first request gets the first, and so on; the last one stays. What
is to happen in the middle of a body waits for the test, never for time: Page(hold=...).
"""

import base64
import contextlib
import dataclasses
import hashlib
import hmac
import os
import re
import shutil
import socket
import socketserver
import ssl
import struct
import subprocess
import tempfile
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler
from typing import Callable, Optional

import network
from harness import LABELS, TIMEOUT

BLOCK = 65536


class Authority:
    """A CA and what it signs. Trusted by who has its file in SSL_CERT_FILE: see env."""

    def __init__(self, test, name="Test CA"):
        self.directory = tempfile.mkdtemp(prefix="gantry-ca-")
        add = test.addClassCleanup if isinstance(test, type) else test.addCleanup
        add(shutil.rmtree, self.directory)
        self.file, self.key = self.path("ca.pem"), self.path("ca.key")
        self.count = 0
        self.openssl("req", "-x509", *self.new_key(self.key), "-out", self.file, "-days", "30",
                     "-subj", f"/CN={name}", "-addext", "basicConstraints=critical,CA:TRUE",
                     "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    @property
    def env(self):
        return {"SSL_CERT_FILE": self.file}

    def path(self, name):
        return os.path.join(self.directory, name)

    @staticmethod
    def new_key(file):
        return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", file]

    @staticmethod
    def openssl(*words):
        subprocess.run(["openssl", *words], check=True, capture_output=True, timeout=TIMEOUT)

    def context(self, *names, days=30):
        """What a server needs to be NAMES. DAYS below zero: it has ended already."""
        self.count += 1
        key, request, file, extensions = (self.path(f"{self.count}.{kind}")
                                          for kind in ("key", "csr", "pem", "ext"))
        alternatives = ",".join(
            ("IP:" if re.fullmatch(r"[\d.]+|.*:.*", name) else "DNS:") + name for name in names)
        with open(extensions, "w", encoding="ascii") as out:
            out.write(f"subjectAltName={alternatives}\nbasicConstraints=CA:FALSE\n")
        self.openssl("req", "-new", *self.new_key(key), "-out", request, "-subj", "/CN=a server")
        self.openssl("x509", "-req", "-in", request, "-CA", self.file, "-CAkey", self.key,
                     "-set_serial", str(self.count), "-days", str(days), "-extfile", extensions,
                     "-out", file)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file, key)
        context.set_alpn_protocols(["http/1.1"])
        return context


# eq: a page is itself, since its events are.
@dataclasses.dataclass(eq=False)
class Page:
    """One answer. Positions are bytes of the body as it is sent."""

    content: bytes = b""
    status: int = 200                 # 0: the connection ends without an answer
    headers: dict = dataclasses.field(default_factory=dict)
    type: str = "application/octet-stream"
    etag: Optional[str] = None        # with its quotes; If-None-Match and If-Range know it
    last_modified: Optional[str] = None
    cache_control: Optional[str] = None
    ranges: bool = True               # says Accept-Ranges, and serves them
    refuses_ranges: bool = False      # says so and answers 416
    length: Optional[int] = None      # what Content-Length says, if not the truth
    chunked: bool = False             # no Content-Length at all
    step: int = BLOCK                 # sends no more at a time
    hold: Optional[int] = None        # sends so much, and waits for go(); see until_held()
    cut: Optional[int] = None         # sends so much, and breaks the connection
    needs: Optional[Callable] = None  # credentials: see basic(), bearer(), aws(); else 401

    def __post_init__(self):
        if isinstance(self.content, str):
            self.content = self.content.encode()
        self.held, self.released = threading.Event(), threading.Event()

    def until_held(self):
        """Waits until a client was sent what it may have before go()."""
        if not self.held.wait(TIMEOUT):
            raise AssertionError("nobody asked for the page that holds")

    def go(self):
        self.released.set()

    def unchanged_for(self, request):
        """Whether the copy that the client has is this one (If-None-Match goes first)."""
        tags = request.headers.get("If-None-Match")
        if tags is not None:
            return bool(self.etag) and self.etag in [tag.strip() for tag in tags.split(",")]
        since = request.headers.get("If-Modified-Since")
        return bool(since) and since == self.last_modified

    def start_for(self, request):
        """Where the body begins: None is not a range, or one that does not count any more."""
        asked = re.fullmatch(r"bytes=(\d+)-", request.headers.get("Range", ""))
        condition = request.headers.get("If-Range")
        if not asked or not self.ranges or condition not in (None, self.etag, self.last_modified):
            return None
        return int(asked[1])


def redirect(location, status=302):
    return Page(status=status, headers={"Location": location})


def page_of_tags(*tags, **fields):
    """A page for discovery; TAGS: (name, content), as ("ac-discovery", "PREFIX TEMPLATE")."""
    lines = "".join(f'<meta name="{name}" content="{content}">\n' for name, content in tags)
    text = f"<!DOCTYPE html>\n<html><head>\n<title>Images</title>\n{lines}</head></html>\n"
    return Page(text, type="text/html; charset=utf-8", **fields)


# Credentials


def basic(user, password):
    text = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
    return lambda request: request.headers.get("Authorization") == text


def bearer(token):
    return lambda request: request.headers.get("Authorization") == f"Bearer {token}"


def aws(key_id, secret, region, service="s3"):
    """Recomputes the signature (version 4) of what the client says it signed."""
    def is_signed(request):
        found = re.fullmatch(
            r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request, ?"
            r"SignedHeaders=([\w;-]+), ?Signature=([0-9a-f]{64})",
            request.headers.get("Authorization", ""))
        if not found or found.group(1, 3, 4) != (key_id, region, service):
            return False
        date, names, signature = found.group(2, 5, 6)
        if not {"host", "x-amz-date"} <= set(names.split(";")):
            return False
        stamp = request.headers["x-amz-date"]
        parts = urllib.parse.urlsplit(request.target)
        query = "&".join(sorted(field if "=" in field else field + "="
                                for field in parts.query.split("&") if field))
        lines = "".join(f"{name}:{' '.join(request.headers[name].split())}\n"
                        for name in names.split(";"))
        body = request.headers.get("x-amz-content-sha256", hashlib.sha256(b"").hexdigest())
        canonical = "\n".join((request.method, parts.path, query, lines, names, body))
        scope = f"{date}/{region}/{service}/aws4_request"
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{digest}"
        key = ("AWS4" + secret).encode()
        for word in (date, region, service, "aws4_request", text):
            key = hmac.new(key, word.encode(), hashlib.sha256).digest()
        return stamp.startswith(date) and hmac.compare_digest(key.hex(), signature)
    return is_signed


# The server


@dataclasses.dataclass
class Request:
    """What a client asked, and what it got: recorded before the answer's first byte is sent."""

    method: str
    scheme: str
    host: str       # as the Host header has it, with the port if it does
    target: str     # path and query
    headers: object
    received: int   # bytes of its head
    status: int = 0
    head: int = 0   # bytes of the answer's head
    sent: int = 0   # and of its body

    @property
    def url(self):
        return f"{self.scheme}://{self.host}{self.target}"

    @property
    def size(self):
        """Bytes of HTTP, both ways."""
        return self.received + self.head + self.sent

    def __str__(self):
        return f"{self.method} {self.target if self.is_proxied else self.url} {self.status}"

    @property
    def is_proxied(self):
        return not self.target.startswith("/")


class Counted:
    """A file that knows how much was read from it."""

    def __init__(self, file):
        self.file, self.count = file, 0

    def readline(self, limit=-1):
        line = self.file.readline(limit)
        self.count += len(line)
        return line

    def __getattr__(self, name):
        return getattr(self.file, name)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "test", ""
    disable_nagle_algorithm = True
    timeout = TIMEOUT

    def setup(self):
        """The handshake is here, not where connections are accepted: it may never end."""
        self.request.settimeout(self.timeout)
        self.server.opened(self.request)
        if self.server.site.tls:
            raw = self.request
            self.request = self.server.site.tls.wrap_socket(raw, server_side=True)
            self.server.closed(raw)
            self.server.opened(self.request)
        super().setup()
        self.rfile = Counted(self.rfile)

    def finish(self):
        with contextlib.suppress(OSError, ValueError):
            super().finish()
            if self.server.site.tls:
                self.connection.setblocking(False)
                self.connection.unwrap()
        self.server.closed(self.connection)
        self.connection.close()

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.answer(with_body=True)

    def do_HEAD(self):
        self.answer(with_body=False)

    def parse_request(self):
        good = super().parse_request()
        self.head_size, self.rfile.count = self.rfile.count, 0
        return good

    def answer(self, with_body):
        site = self.server.site
        asked = Request(self.command, site.scheme, self.headers.get("Host", ""), self.path,
                        self.headers, self.head_size)
        page = site.page_for(asked)
        status, headers, body = self.decide(page, asked)
        asked.status = status
        site.record(asked)
        if not status:
            self.break_off(reset=True)
            return
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        asked.head = sum(map(len, self._headers_buffer)) + 2
        self.end_headers()
        if with_body and status not in (204, 304):
            self.send_body(page, asked, body)

    def decide(self, page, asked):
        """The status, headers and body of PAGE for who ASKED so."""
        headers = {"Content-Type": page.type}
        for name, value in (("ETag", page.etag), ("Last-Modified", page.last_modified),
                            ("Cache-Control", page.cache_control)):
            if value:
                headers[name] = value
        if page.ranges and page.status == 200:
            headers["Accept-Ranges"] = "bytes"
        status, body, whole = page.status, page.content, len(page.content)
        start = page.start_for(asked)
        if page.needs and not page.needs(asked):
            status, body, headers = 401, b"", {"WWW-Authenticate": 'Basic realm="test"'}
        elif status == 200 and page.unchanged_for(asked):
            status, body = 304, b""
        elif status == 200 and start is not None and (start >= whole or page.refuses_ranges):
            status, body = 416, b""
            headers["Content-Range"] = f"bytes */{whole}"
        elif status == 200 and start is not None:
            status, body = 206, body[start:]
            headers["Content-Range"] = f"bytes {start}-{whole - 1}/{whole}"
        if page.chunked:
            headers["Transfer-Encoding"] = "chunked"
        elif status != 304:
            headers["Content-Length"] = str(len(body) if page.length is None else page.length)
        return status, {**headers, **page.headers}, body

    def send_body(self, page, asked, body):
        stops = sorted({stop for stop in (page.hold, page.cut, len(body))
                        if stop is not None and stop <= len(body)})
        for stop in stops:
            while asked.sent < stop:
                part = body[asked.sent:min(stop, asked.sent + page.step)]
                asked.sent += len(part)
                self.send_part(page, part)
            if stop == page.hold:
                page.held.set()
                page.released.wait(TIMEOUT)
            if stop == page.cut:
                self.break_off()
                return
        if page.chunked:
            self.wfile.write(b"0\r\n\r\n")
        if page.length not in (None, len(body)):
            self.close_connection = True

    def send_part(self, page, part):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part) if page.chunked else part)

    def break_off(self, reset=False):
        """With no goodbye of TLS. A reset also takes back what is on its way."""
        self.close_connection = True
        linger = struct.pack("ii", reset, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.server.closed(self.connection)
        os.close(self.connection.detach())


class Sockets(socketserver.ThreadingTCPServer):
    """Each connection has a thread, which ends with it."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, site, address):
        self.site, self.connections, self.lock = site, set(), threading.Lock()
        super().__init__(address, site.handler)

    def opened(self, connection):
        with self.lock:
            self.connections.add(connection)

    def closed(self, connection):
        with self.lock:
            self.connections.discard(connection)

    def process_request(self, request, client_address):
        self.site.connections += 1
        super().process_request(request, client_address)

    def handle_error(self, request, client_address):
        """A client that went away is no error of the server's; nor is one that mistrusts it."""

    def close(self):
        self.shutdown()
        with self.lock:
            for connection in self.connections:
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(connection, socket.SHUT_RDWR)
        self.server_close()


class Server:
    """HTTPS at PORT for NAMES if there is an AUTHORITY; else plain HTTP."""

    handler = Handler

    def __init__(self, test, authority=None, port=None, names=tuple(network.NAMES), days=30,
                 address=network.LOOPBACK):
        self.scheme = "https" if authority else "http"
        self.port = port or (443 if authority else 80)
        self.tls = authority.context(*names, address, days=days) if authority else None
        self.authority = authority
        self.pages, self.requests, self.connections = {}, [], 0
        self.changed = threading.Condition()
        self.sockets = Sockets(self, (address, self.port))
        self.thread = threading.Thread(target=self.sockets.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()
        add = test.addClassCleanup if isinstance(test, type) else test.addCleanup
        add(self.close)

    def close(self):
        for page in (page for pages in self.pages.values() for page in pages):
            page.go()
        self.sockets.close()
        self.thread.join()

    # What it serves

    def put(self, url, *pages):
        """PAGES in the order in which they are served, the last for ever; text or bytes are
        the page with it. A URL without a query answers for every query."""
        scheme, rest = url.split("://", 1)
        if scheme != self.scheme:
            raise ValueError(f"'{url}' is not for a server of {self.scheme}")
        host, slash, path = rest.partition("/")
        made = [page if isinstance(page, Page) else Page(page) for page in pages]
        with self.changed:
            self.pages[self.key(host, slash + path or "/")] = made
        return made[-1]

    def remove(self, url):
        host, slash, path = url.split("://", 1)[1].partition("/")
        with self.changed:
            del self.pages[self.key(host, slash + path or "/")]

    def key(self, host, target):
        default = {"https": ":443", "http": ":80"}[self.scheme]
        return host.lower().removesuffix(default), target

    def page_for(self, request):
        with self.changed:
            for target in (request.target, request.target.partition("?")[0]):
                pages = self.pages.get(self.key(request.host, target))
                if pages:
                    return pages.pop(0) if len(pages) > 1 else pages[0]
        return Page("there is no such page\n", status=404, type="text/plain")

    # What it saw

    def record(self, request):
        with self.changed:
            self.requests.append(request)
            self.changed.notify_all()

    @property
    def lines(self):
        """Each request as 'METHOD URL STATUS'."""
        with self.changed:
            return [str(request) for request in self.requests]

    def forget(self):
        """Forgets the requests; returns them."""
        with self.changed:
            seen, self.requests = self.requests, []
        return seen

    def wait_for(self, text, count=1):
        """Waits until COUNT requests had TEXT in their line."""
        def there():
            return sum(text in str(request) for request in self.requests) >= count
        with self.changed:
            if not self.changed.wait_for(there, TIMEOUT):
                raise AssertionError(f"'{text}' was never asked for: {self.requests}")


class Site:
    """The images of one name: SERVER has its discovery pages, the files, and the public keys.

        site = Site(server, "example.test")
        site.add("example.test/hello", aci(...), version="0.0.1", key=key)
    """

    def __init__(self, server, prefix, files=None):
        """FILES: the directory URL of images and keys; else images/ of the same host."""
        self.server, self.prefix, self.tags = server, prefix, []
        self.base = f"{server.scheme}://{prefix.partition('/')[0]}"
        self.files = files or f"{self.base}/images"
        self.template = self.files + "/{name}-{version}-{os}-{arch}.{ext}"
        self.keys_url = f"{self.base}/pubkeys.gpg"
        self.tag("ac-discovery", f"{prefix} {self.template}")

    def tag(self, name, content):
        """One more meta tag on the page of the prefix."""
        self.tags.append((name, content))
        self.server.put(f"{self.server.scheme}://{self.prefix}", page_of_tags(*self.tags))

    def keys(self, *keys):
        """Lets KEYS (of signing.py) be discovered, as one file."""
        self.server.put(self.keys_url, Page(b"".join(key.public for key in keys)))
        if not any(name == "ac-discovery-pubkeys" for name, _ in self.tags):
            self.tag("ac-discovery-pubkeys", f"{self.prefix} {self.keys_url}")

    def url(self, name, version="latest", os="linux", arch=None, ext="aci"):
        values = {"name": name, "version": version, "os": os, "arch": arch or LABELS["arch"],
                  "ext": ext}
        return re.sub(r"\{(\w+)\}", lambda found: values[found[1]], self.template)

    def add(self, name, content, version="latest", key=None, signature=None, **fields):
        """Serves CONTENT (bytes, or the file's path) as NAME, signed by KEY, or with SIGNATURE.
        FIELDS: of the image's Page. The Page."""
        if isinstance(content, str):
            with open(content, "rb") as file:
                content = file.read()
        fields.setdefault("etag", f'"{hashlib.sha256(content).hexdigest()[:16]}"')
        if key:
            signature = key.sign(content)
        if signature:
            self.server.put(self.url(name, version, ext="aci.asc"), Page(signature))
        return self.server.put(self.url(name, version), Page(content, **fields))


class ProxyHandler(Handler):
    def do_CONNECT(self):
        host, _, port = self.path.partition(":")
        page = self.server.site.page_for_proxy()
        asked = Request("CONNECT", "", host, self.path, self.headers, self.head_size, page.status)
        if page.needs and not page.needs(asked):
            asked.status = 407
        self.server.site.record(asked)
        self.close_connection = True
        self.send_response_only(asked.status)
        self.end_headers()
        if asked.status == 200:
            with socket.create_connection((network.LOOPBACK, int(port)), TIMEOUT) as other:
                self.tunnel(other)

    def tunnel(self, other):
        def pump(source, target):
            with contextlib.suppress(OSError):
                while block := source.recv(BLOCK):
                    target.sendall(block)
            with contextlib.suppress(OSError):
                target.shutdown(socket.SHUT_WR)
        back = threading.Thread(target=pump, args=(other, self.connection), daemon=True)
        back.start()
        pump(self.connection, other)
        back.join()


class Proxy(Server):
    """A proxy: of https by CONNECT, and of http by serving what was put here for the URL. All
    machines are this one. RULE: a Page whose status and needs decide about CONNECT."""

    handler = ProxyHandler

    def __init__(self, test, port=3128, rule=None):
        self.rule = rule or Page()
        super().__init__(test, port=port)

    def page_for_proxy(self):
        return self.rule

    def page_for(self, request):
        _, _, rest = request.target.partition("://")
        host, slash, path = rest.partition("/")
        direct = dataclasses.replace(request, host=host, target=slash + path)
        return super().page_for(direct)
