# SPDX-License-Identifier: Apache-2.0
"""The tests' network, web server and keys do what tests of gantry rely on."""

import os
import socket
import ssl
import subprocess
import threading
import unittest
import urllib.request

import harness
import network
from harness import Process, needs_program, read
from https_server import (Authority, Page, Proxy, Server, Site, aws, basic, bearer, page_of_tags,
                          redirect)
from signing import LONG_AGO, Keyring, damaged

setUpModule = network.enter

CONTENT = b"0123456789abcdef" * 6400


class Network(unittest.TestCase):
    def test_only_the_loopback_is_there(self):
        self.assertEqual([name for _, name in socket.if_nameindex()], ["lo"])

    def test_names_lead_to_it_and_others_nowhere(self):
        self.assertEqual(socket.gethostbyname("example.test"), network.LOOPBACK)
        with self.assertRaises(socket.gaierror):
            socket.gethostbyname("debian.org")

    def test_children_are_inside(self):
        inside = os.stat("/proc/thread-self/ns/net").st_ino
        child = subprocess.run(["stat", "-Lc", "%i", "/proc/self/ns/net"], capture_output=True,
                               check=True)
        self.assertEqual(int(child.stdout), inside)

    def test_leaving_leaves_nothing(self):
        outside, mounts = os.stat("/proc/thread-self/ns/net").st_ino, harness.mounts()
        hosts = read("/etc/hosts")
        with network.inside("one.test"):
            self.assertNotEqual(os.stat("/proc/thread-self/ns/net").st_ino, outside)
            self.assertIn("one.test", read("/etc/hosts"))
            self.assertGreater(len(harness.mounts()), len(mounts))
        self.assertEqual(os.stat("/proc/thread-self/ns/net").st_ino, outside)
        self.assertEqual((harness.mounts(), read("/etc/hosts")), (mounts, hosts))


@needs_program("openssl")
@needs_program("curl")
class Https(unittest.TestCase):
    def setUp(self):
        self.authority = Authority(self)
        self.server = Server(self, self.authority)

    def curl(self, url, *words, env=None):
        """Curl's Result; the status of HTTP is the last line of what it printed."""
        environment = {"PATH": os.environ["PATH"], **self.authority.env, **(env or {})}
        return Process(["curl", "-sS", "-w", "\n%{http_code}", *words, url], env=environment,
                       stdin=subprocess.DEVNULL).wait()

    def served(self, url, *words, **options):
        result = self.curl(url, *words, **options)
        self.assertEqual(result.status, 0, result)
        body, _, status = result.out.rpartition("\n")
        return int(status), body

    def test_a_page_is_served_and_recorded(self):
        self.server.put("https://example.test/a?b", "here")
        self.assertEqual(self.served("https://example.test/a?b"), (200, "here"))
        self.assertEqual(self.served("https://example.test/a?c")[0], 404)
        self.assertEqual(self.server.lines, ["GET https://example.test/a?b 200",
                                             "GET https://example.test/a?c 404"])
        first = self.server.requests[0]
        self.assertEqual((first.sent, first.headers["Host"]), (4, "example.test"))
        self.assertGreater(first.size, len("GET /a?b HTTP/1.1") + len("HTTP/1.1 200 OK") + 4)

    def test_only_its_authority_is_trusted_and_only_for_its_names_and_time(self):
        other = Authority(self, "Another")
        self.assertEqual(self.curl("https://example.test/", env=other.env).status, 60)
        Server(self, self.authority, port=1443, names=("other.test",))
        Server(self, self.authority, port=2443, days=-1)
        self.assertEqual(self.curl("https://other.test:1443/").status, 0)
        self.assertEqual(self.curl("https://example.test:1443/").status, 60)
        self.assertEqual(self.curl("https://example.test:2443/").status, 60)
        self.assertEqual(self.served("https://example.test/")[0], 404)

    def test_plain_http(self):
        plain = Server(self)
        plain.put("http://example.test", page_of_tags(("ac-discovery", "example.test x")))
        self.assertIn('<meta name="ac-discovery" content="example.test x">',
                      self.served("http://example.test/?ac-discovery=1")[1])
        self.assertEqual(plain.lines, ["GET http://example.test/?ac-discovery=1 200"])

    def test_pages_in_turn(self):
        self.server.put("https://example.test/", Page(status=503), Page(status=202), Page(b"good"))
        self.assertEqual([self.served("https://example.test/")[0] for _ in range(4)],
                         [503, 202, 200, 200])

    def test_validators(self):
        self.server.put("https://example.test/", Page(
            b"x", etag='"1"', last_modified="Fri, 20 Nov 2026 00:00:00 GMT",
            cache_control="max-age=60"))
        head = self.served("https://example.test/", "-I")[1]
        for line in ('ETag: "1"', "Cache-Control: max-age=60", "Accept-Ranges: bytes"):
            self.assertIn(line, head)
        for status, header in ((304, 'If-None-Match: "1"'), (200, 'If-None-Match: "2"'),
                               (304, "If-Modified-Since: Fri, 20 Nov 2026 00:00:00 GMT"),
                               (200, "If-Modified-Since: Thu, 19 Nov 2026 00:00:00 GMT")):
            self.assertEqual(self.served("https://example.test/", "-H", header)[0], status, header)
        self.assertEqual(self.server.requests[1].sent, 0)

    def test_ranges(self):
        self.server.put("https://example.test/", Page(b"0123456789", etag='"1"'))
        def get(*headers):
            return self.served("https://example.test/", *(w for h in headers for w in ("-H", h)))
        self.assertEqual(get("Range: bytes=4-"), (206, "456789"))
        self.assertEqual(get("Range: bytes=4-", 'If-Range: "1"'), (206, "456789"))
        self.assertEqual(get("Range: bytes=4-", 'If-Range: "2"'), (200, "0123456789"))
        self.assertEqual(get("Range: bytes=10-")[0], 416)
        self.server.put("https://example.test/", Page(b"0123456789", ranges=False))
        self.assertEqual(get("Range: bytes=4-"), (200, "0123456789"))
        self.server.put("https://example.test/", Page(b"0123456789", refuses_ranges=True))
        self.assertEqual(get("Range: bytes=4-")[0], 416)

    def test_a_body_that_is_cut(self):
        """Every byte up to there arrives."""
        for how in ({}, {"chunked": True}):
            self.server.put("https://example.test/", Page(CONTENT, cut=70000, **how), Page(CONTENT))
            result = self.curl("https://example.test/", "-w", "")
            self.assertNotEqual(result.status, 0)
            self.assertEqual(result.out, CONTENT[:70000].decode())
            self.assertEqual(self.server.requests[-1].sent, 70000)
            self.assertEqual(self.served("https://example.test/"), (200, CONTENT.decode()))

    def test_a_length_that_is_a_lie(self):
        self.server.put("https://example.test/", Page(b"short", length=10))
        self.assertEqual(self.curl("https://example.test/").status, 18)
        self.server.put("https://example.test/", Page(b"too long", length=3))
        self.assertEqual(self.served("https://example.test/")[1], "too")

    def test_no_length_and_no_answer(self):
        self.server.put("https://example.test/", Page(CONTENT, chunked=True, step=1000))
        self.assertEqual(self.served("https://example.test/"), (200, CONTENT.decode()))
        self.server.put("https://example.test/", Page(status=0))
        self.assertIn(self.curl("https://example.test/").status, (52, 56))
        self.assertEqual(self.server.lines[-1], "GET https://example.test/ 0")

    def test_a_body_that_holds_until_it_is_told(self):
        page = self.server.put("https://example.test/", Page(b"abcdef", hold=3))
        done = []
        client = threading.Thread(target=lambda: done.append(self.served("https://example.test/")))
        client.start()
        page.until_held()
        self.server.wait_for("GET https://example.test/")
        self.assertEqual((self.server.requests[0].sent, done), (3, []))
        page.go()
        client.join()
        self.assertEqual(done, [(200, "abcdef")])

    def test_a_server_closes_although_a_client_holds_on(self):
        self.server.put("https://example.test/", Page(b"abcdef", hold=3))
        context = ssl.create_default_context(cafile=self.authority.file)
        with socket.create_connection((network.LOOPBACK, 443)) as raw:
            with context.wrap_socket(raw, server_hostname="example.test") as client:
                client.sendall(b"GET / HTTP/1.1\r\nHost: example.test\r\n\r\n")
                self.server.wait_for("GET")

    def test_connections_are_kept(self):
        self.server.put("https://example.test/", "x")
        self.curl("https://example.test/", "https://example.test/", "https://example.test/")
        self.assertEqual((len(self.server.requests), self.server.connections), (3, 1))

    def test_credentials(self):
        for needs, words in ((basic("u", "p"), ["-u", "u:p"]),
                             (bearer("t"), ["--oauth2-bearer", "t"]),
                             (aws("id", "secret", "eu-west-1"),
                              ["--aws-sigv4", "aws:amz:eu-west-1:s3", "-u", "id:secret"])):
            self.server.put("https://example.test/a", Page("x", needs=needs))
            self.assertEqual(self.served("https://example.test/a")[0], 401)
            self.assertEqual(self.served("https://example.test/a", *words)[0], 200, words)
            words[-1] += "x"
            self.assertEqual(self.served("https://example.test/a", *words)[0], 401, words)

    def test_redirects_lead_to_other_names(self):
        self.server.put("https://example.test/", redirect("https://other.test/there"))
        self.server.put("https://other.test/there", "there")
        self.assertEqual(self.served("https://example.test/", "-L")[1], "there")
        self.assertEqual(self.server.lines, ["GET https://example.test/ 302",
                                             "GET https://other.test/there 200"])

    def test_a_proxy_of_both_kinds(self):
        proxy = Proxy(self, rule=Page(needs=lambda asked: "Proxy-Authorization" in asked.headers))
        proxy.put("http://example.test/", "plain")
        self.server.put("https://example.test/", "secret")
        self.assertEqual(self.served("http://example.test/", "-x", "proxy.test:3128")[1], "plain")
        self.assertEqual(self.curl("https://example.test/", "-x", "proxy.test:3128").status, 56)
        self.assertEqual(self.served("https://example.test/", "-x", "u:p@proxy.test:3128")[1],
                         "secret")
        self.assertEqual(proxy.lines, ["GET http://example.test/ 200", "CONNECT example.test:443 407",
                                       "CONNECT example.test:443 200"])

    def test_a_site_has_discovery_image_signature_and_keys(self):
        site, key = Site(self.server, "example.test"), Keyring(self).key()
        site.keys(key)
        image = harness.aci(name="example.test/hello")
        site.add("example.test/hello", image, "0.0.1", key, cache_control="max-age=9")
        context = ssl.create_default_context(cafile=self.authority.file)
        asked = urllib.request.urlopen("https://example.test?ac-discovery=1", context=context)
        with asked as page:
            text = page.read().decode()
        template = "https://example.test/images/{name}-{version}-{os}-{arch}.{ext}"
        self.assertIn("example.test " + template, text)
        self.assertIn("example.test https://example.test/pubkeys.gpg", text)
        arch = harness.LABELS["arch"]
        url = f"https://example.test/images/example.test/hello-0.0.1-linux-{arch}.aci"
        self.assertEqual(site.url("example.test/hello", "0.0.1"), url)
        self.assertIn("max-age=9", self.served(url, "-I")[1])
        self.assertIn("BEGIN PGP SIGNATURE", self.served(url + ".asc")[1])
        self.assertIn("BEGIN PGP PUBLIC KEY", self.served(site.keys_url)[1])


@needs_program("gpg")
class Signing(unittest.TestCase):
    def setUp(self):
        self.keyring = Keyring(self)
        self.key = self.keyring.key()

    def verify(self, content, signature, key=None):
        """The status words of gpg in a home that knows only KEY."""
        other = Keyring(self)
        other.gpg("--import", input=(key or self.key).public)
        paths = [os.path.join(other.home, name) for name in ("signature", "content")]
        for path, text in zip(paths, (signature, content)):
            harness.write(path, text)
        done = subprocess.run(
            ["gpg", f"--homedir={other.home}", "--batch", "--status-fd=1", "--no-auto-key-retrieve",
             "--verify", *paths], capture_output=True, check=False)
        words = [line.split()[1] for line in done.stdout.decode().splitlines()
                 if line.startswith("[GNUPG:]")]
        return [word for word in words if word in (
            "GOODSIG", "BADSIG", "ERRSIG", "EXPKEYSIG", "REVKEYSIG", "EXPSIG")]

    def test_good_and_bad(self):
        for armor in (True, False):
            signature = self.key.sign(b"content", armor=armor)
            self.assertEqual(signature.startswith(b"-----BEGIN PGP SIGNATURE"), armor)
            self.assertEqual(self.verify(b"content", signature), ["GOODSIG"])
            self.assertEqual(self.verify(damaged(b"content"), signature), ["BADSIG"])

    def test_the_digest_is_chosen(self):
        for digest, number in (("SHA1", 2), ("SHA256", 8), ("SHA512", 10)):
            packets = self.keyring.gpg("--list-packets", input=self.key.sign(b"x", digest=digest))
            self.assertIn(f"digest algo {number},".encode(), packets)

    def test_another_key_is_unknown(self):
        other = self.keyring.key("Other <other@example.test>", "rsa2048")
        self.assertEqual(self.verify(b"x", other.sign(b"x")), ["ERRSIG"])
        self.assertEqual(self.verify(b"x", other.sign(b"x"), other), ["GOODSIG"])
        self.assertNotEqual(other.fingerprint, self.key.fingerprint)
        self.assertRegex(self.key.fingerprint, "^[0-9a-f]{40}$")

    def test_expired_revoked_and_subkeys(self):
        old = self.keyring.key("Old <old@example.test>", expires="1y", at=LONG_AGO)
        self.assertEqual(self.verify(b"x", old.sign(b"x", at=LONG_AGO), old), ["EXPKEYSIG"])
        sub = self.key.add_subkey()
        signature = self.key.sign(b"x", by=sub)
        self.assertIn(sub[-16:].upper().encode(),
                      self.keyring.gpg("--list-packets", input=signature))
        self.assertEqual(self.verify(b"x", signature), ["GOODSIG"])
        self.assertIn(b"BEGIN PGP PUBLIC", self.key.public)
        self.key.revoke()
        self.assertEqual(self.verify(b"x", signature), ["REVKEYSIG"])

    def test_no_agent_is_left(self):
        self.key.sign(b"x")
        self.assertEqual(harness.descendants(), [])
        self.assertFalse([name for name in os.listdir(self.keyring.home) if name.startswith("S.")])


if __name__ == "__main__":
    unittest.main()
