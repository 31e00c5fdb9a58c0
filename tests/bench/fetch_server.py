# SPDX-License-Identifier: Apache-2.0
"""A web server over TLS for one folder, in a network namespace of the bench's own: a process of
its own, which shares no lock with what is measured.

    python3 fetch_server.py FOLDER CERTIFICATE KEY     prints its port, and serves until killed
"""
import http.server
import os
import ssl
import subprocess
import sys

from peers import find

NAME = "localhost"
PIECE = 1 << 20


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    folder = None

    def do_GET(self):
        path = os.path.join(self.folder, os.path.basename(self.path))
        if not os.path.isfile(path):
            self.send_error(404)
            return
        with open(path, "rb") as file:
            self.send_response(200)
            self.send_header("Content-Type", "application/octet-stream")
            self.send_header("Content-Length", str(os.fstat(file.fileno()).st_size))
            self.send_header("ETag", '"1"')
            self.end_headers()
            for piece in iter(lambda: file.read(PIECE), b""):
                self.wfile.write(piece)

    def log_message(self, *_):
        pass


class Sockets(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """Whoever is measured may close a connection when it has what it wants."""


def make_certificate(folder):
    """A certificate that signs itself, and its key; their paths."""
    certificate, key = os.path.join(folder, "tls.pem"), os.path.join(folder, "tls.key")
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2".split()
    words += ["-subj", "/CN=" + NAME, "-addext", "subjectAltName=DNS:" + NAME]
    argv = [find("openssl"), *words, "-keyout", key, "-out", certificate]
    subprocess.run(argv, check=True, capture_output=True)
    return certificate, key


def main(folder, certificate, key):
    Handler.folder = folder
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = Sockets(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True,
                                        do_handshake_on_connect=False)
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
