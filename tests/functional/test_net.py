# SPDX-License-Identifier: Apache-2.0
"""The half that talks to the network (rkt 4.6, appc 2.3, threats 17), over real HTTPS: what is
asked of whom with which credentials, and what comes of servers that lie, break off or stop."""

import os
import re
import shutil
import socket
import subprocess
import tempfile
import unittest

import network
from harness import TIMEOUT, needs_program, read, wait_until, write
from https_server import (Authority, Page, Proxy, Server, aws, basic, bearer, page_of_tags,
                          redirect)
from net_half import BODY, DEFERRED, UNCHANGED, Half

setUpModule = network.enter

URL = "https://example.test/a"
DATE = "Sat, 01 Jan 2022 00:00:00 GMT"
LATER = {"Date": "Sat, 01 Jan 2022 00:00:02 GMT"}
# More than pipes and buffers hold.
LARGE = os.urandom(1 << 20) * 4
MORE_THAN_A_PIPE = 72 << 10


class Net(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.authority = Authority(cls)

    def setUp(self):
        self.server = Server(self, self.authority)
        self.half = self.start()

    def start(self, env=None, **ask):
        return Half(self, {**self.authority.env, **(env or {})}, **ask)

    def put(self, *pages, url=URL):
        return self.server.put(url, *pages)

    def gets(self, content, url=URL, half=None, **members):
        reply = (half or self.half).get(url, **members)
        self.assertIsNone(reply.failed)
        self.assertEqual(reply.outcome, BODY)
        self.assertEqual(len(reply.body), len(content))
        self.assertEqual(reply.body, content)
        return reply

    def fails(self, text, url=URL, half=None, **members):
        reply = (half or self.half).get(url, **members)
        self.assertIn(text, reply.failed or f"no failure: {reply.begin}")
        self.assertNotIn("\n", reply.failed)
        return reply

    def asked(self):
        return [line.partition(" ")[2] for line in self.server.lines]


class Files(Net):
    def test_a_file_comes_as_it_is(self):
        self.put(Page(LARGE, etag='"1"', last_modified=DATE, cache_control="public, max-age=60"))
        reply = self.gets(LARGE)
        self.assertEqual(reply.begin, {
            "total": len(LARGE), "maxAge": 60, "etag": '"1"', "lastModified": DATE,
            "resumable": True, **{k: v for k, v in reply.begin.items() if k in ("code", "offset")}})
        self.assertFalse(reply.begin.get("offset") or reply.begin.get("code"))
        headers = self.server.requests[0].headers
        self.assertEqual(headers["User-Agent"], "gantry/test")
        self.assertEqual(headers["Accept-Encoding"], "identity")
        self.assertIsNone(headers["Range"])

    def test_one_without_a_length(self):
        self.put(Page(LARGE, chunked=True))
        self.assertEqual(self.gets(LARGE).begin["total"], -1)

    def test_an_empty_one(self):
        self.put(Page(b""))
        self.assertFalse(self.gets(b"").begin.get("total"))

    def test_what_says_it_is_compressed_is_not_touched(self):
        self.put(Page(b"as it is", headers={"Content-Encoding": "gzip"}))
        self.gets(b"as it is")

    def test_connections_are_kept(self):
        self.put(b"a")
        for _ in range(5):
            self.gets(b"a")
        self.fails("404", "https://example.test/none")
        self.gets(b"a")
        self.assertEqual(self.server.connections, 1)

    def test_statuses(self):
        for status, code, text in ((404, -2, "bad HTTP status code: 404"),
                                   (410, -2, "bad HTTP status code: 410"),
                                   (500, -5, "bad HTTP status code: 500"),
                                   (304, -5, "bad HTTP status code: 304"),
                                   (206, -5, "bad HTTP status code: 206"),
                                   (416, -5, "bad HTTP status code: 416"),
                                   (204, -5, "bad HTTP status code: 204")):
            with self.subTest(status):
                self.put(Page(status=status))
                reply = self.fails(f"cannot get '{URL}': {text}")
                self.assertEqual(reply.begin["code"], code)

    def test_what_is_deferred(self):
        self.put(Page(status=202))
        self.assertEqual(self.half.get(URL).outcome, DEFERRED)

    def test_what_one_has_already_is_not_sent(self):
        self.put(Page(b"a", etag='"1"', last_modified=DATE, cache_control="max-age=5"))
        reply = self.half.get(URL, etag='"1"')
        self.assertEqual((reply.outcome, reply.begin["maxAge"]), (UNCHANGED, 5))
        self.assertEqual(self.half.get(URL, lastModified=DATE).outcome, UNCHANGED)
        self.gets(b"a", etag='"2"')
        self.assertEqual([request.size < 4096 for request in self.server.requests], [True] * 3)

    def test_ages(self):
        for text, age in (("no-store, max-age=9", 0), ("max-age=7, no-cache", 0),
                          ("max-age=x", 0), ("private", 0), ('max-age="8"', 8)):
            with self.subTest(text):
                self.put(Page(b"a", cache_control=text))
                self.assertEqual(self.gets(b"a").begin.get("maxAge", 0), age)

    def test_of_two_ages_the_one_that_asks_sooner(self):
        for first, second in (("max-age=60", "max-age=5"), ("max-age=5", "max-age=60")):
            self.put(Page(b"a", cache_control=first, headers={"cache-control": second}))
            self.assertEqual(self.gets(b"a").begin["maxAge"], 5)

    def test_a_url_is_not_believed(self):
        self.fails("neither https nor http", "ftp://example.test/")
        self.fails("neither https nor http", "file:///etc/passwd")
        self.fails("put them into auth.d", "https://u:p@example.test/")
        self.assertEqual(self.asked(), [])

    def test_a_name_that_nobody_knows(self):
        self.fails("could not resolve host: no.example.invalid", "https://no.example.invalid/")

    def test_a_server_that_is_not_there(self):
        self.fails("failed to connect to example.test port 444", "https://example.test:444/")


class Sizes(Net):
    def test_more_than_allowed_is_not_begun(self):
        self.put(Page(b"12345"))
        reply = self.fails("has 5 bytes, more than 4", sizeMax=4)
        self.assertIsNone(reply.end)
        self.gets(b"12345", sizeMax=5)

    def test_more_than_allowed_without_a_length_ends(self):
        self.put(Page(LARGE, chunked=True))
        reply = self.fails("larger than 100000 bytes", sizeMax=100000)
        self.assertLessEqual(len(reply.body), 100000)

    def test_fewer_bytes_than_said(self):
        self.put(Page(b"123", length=10))
        self.fails("7 bytes remaining")

    def test_more_bytes_than_said_are_not_read(self):
        self.put(Page(b"1234567890", length=3))
        self.gets(b"123")

    def test_headers_without_end(self):
        self.put(Page(b"a", headers={f"X-{i}": "x" * 1000 for i in range(400)}))
        self.fails("the headers are longer than 262144 bytes")

    def test_a_page_without_end(self):
        self.put(Page(b" " * (1 << 20) + b"x", chunked=True), url="https://example.test")
        self.assertIn("larger than 1048576 bytes", self.half.discover("example.test")["text"])


def connections():
    """Those to port 443 that one end has not closed yet."""
    rows = [row.split() for row in read("/proc/thread-self/net/tcp").splitlines()[1:]]
    established, close_wait = "01", "08"
    return [row for row in rows
            if row[2].endswith(":01BB") and row[3] in (established, close_wait)]


class Broken(Net):
    """Connections that end, servers that are busy."""

    def test_what_breaks_off_is_taken_up_again(self):
        page = {"etag": '"1"', "cut": 1 << 20}
        self.put(Page(LARGE, **page), Page(LARGE, etag='"1"', cut=(2 << 20)), Page(LARGE, etag='"1"'))
        self.gets(LARGE)
        ranges = [request.headers["Range"] for request in self.server.requests]
        self.assertEqual(ranges[0], None)
        self.assertEqual([request.headers["If-Range"] for request in self.server.requests],
                         [None, '"1"', '"1"'])
        self.assertEqual([request.status for request in self.server.requests], [200, 206, 206])

    def test_what_nobody_has_read_yet_is_not_lost_with_the_connection(self):
        body = LARGE[:128 << 10]
        self.put(Page(body, etag='"1"', cut=MORE_THAN_A_PIPE), Page(body, etag='"1"'))
        _, reader = self.half.begin(URL)
        wait_until(lambda: len(self.server.requests) > 1 or not connections(),
                   "the end of the connection")
        with open(reader, "rb") as pipe:
            self.assertEqual(pipe.read(), body)
        self.assertEqual(self.server.requests[1].headers["Range"], f"bytes={MORE_THAN_A_PIPE}-")

    def test_by_its_date_if_that_is_old_enough(self):
        pages = [Page(LARGE, last_modified=DATE, headers=LATER, cut=1 << 20),
                 Page(LARGE, last_modified=DATE)]
        self.put(*pages)
        self.gets(LARGE)
        self.assertEqual(self.server.requests[1].headers["If-Range"], DATE)

    def test_not_by_a_date_of_the_same_second(self):
        self.put(Page(LARGE, last_modified=DATE, headers={"Date": DATE}, cut=1 << 20), Page(LARGE))
        self.fails("bytes remaining")
        self.assertEqual(len(self.asked()), 1)

    def test_not_without_a_way_to_tell_it_is_the_same(self):
        for fields in ({}, {"etag": 'W/"1"'}, {"etag": '"1"', "ranges": False}):
            with self.subTest(fields):
                self.server.forget()
                self.put(Page(LARGE, cut=1 << 20, **fields), Page(LARGE))
                reply = self.fails("bytes remaining")
                self.assertFalse(reply.begin.get("resumable"))
                self.assertEqual(len(self.asked()), 1)

    def test_what_has_changed_meanwhile_is_not_put_together(self):
        self.put(Page(LARGE, etag='"1"', cut=1 << 20), Page(LARGE[::-1], etag='"2"'))
        self.fails("has changed while it was being fetched")

    def test_it_is_not_tried_for_ever(self):
        self.put(Page(LARGE, etag='"1"', cut=1 << 20),
                 *[Page(LARGE, etag='"1"', cut=1000) for _ in range(9)])
        self.fails("bytes remaining")
        self.assertEqual(len(self.asked()), 4)

    def test_a_server_that_is_busy_is_asked_again(self):
        for status in (429, 502, 503, 504):
            with self.subTest(status):
                self.put(Page(status=status), Page(b"a"))
                self.gets(b"a")

    def test_one_that_stays_busy_is_not(self):
        self.put(Page(status=503))
        self.fails("bad HTTP status code: 503")
        self.assertEqual(len(self.asked()), 4)

    def test_one_that_wants_to_be_left_alone_is(self):
        self.put(Page(status=503, headers={"Retry-After": "3600"}), Page(b"a"))
        self.fails("bad HTTP status code: 503")
        self.assertEqual(len(self.asked()), 1)

    def test_a_server_that_fails_otherwise_is_not_asked_again(self):
        self.put(Page(status=500), Page(b"a"))
        self.fails("500")
        self.assertEqual(len(self.asked()), 1)

    def test_no_answer_at_all(self):
        self.put(Page(status=0), Page(b"a"))
        self.gets(b"a")

    def test_a_body_that_comes_slowly_comes(self):
        self.put(Page(b"0123456789", step=1))
        self.gets(b"0123456789")


class Rest(Net):
    """The rest of a file of which one has a part."""

    def test_only_the_rest_is_sent(self):
        self.put(Page(LARGE, etag='"1"'))
        reply = self.gets(LARGE[1000:], offset=1000, etag='"1"')
        self.assertEqual((reply.begin["offset"], reply.begin["total"]), (1000, len(LARGE)))
        self.assertEqual(reply.begin["etag"], '"1"')
        self.assertTrue(reply.begin["resumable"])
        self.assertIsNone(self.server.requests[0].headers["If-None-Match"])

    def test_all_of_one_that_has_changed(self):
        self.put(Page(LARGE, etag='"2"'))
        reply = self.gets(LARGE, offset=1000, etag='"1"')
        self.assertEqual((reply.begin.get("offset", 0), reply.begin["etag"]), (0, '"2"'))

    def test_all_of_one_without_a_strong_validator(self):
        self.put(Page(LARGE, etag='W/"1"'))
        self.gets(LARGE, offset=1000, etag='W/"1"')
        self.assertIsNone(self.server.requests[0].headers["Range"])

    def test_from_the_beginning_if_the_server_refuses(self):
        self.put(Page(LARGE, etag='"1"', refuses_ranges=True))
        self.assertFalse(self.gets(LARGE, offset=1000, etag='"1"').begin.get("offset"))
        self.assertEqual([request.status for request in self.server.requests], [416, 200])

    def test_from_the_beginning_if_it_sends_another_part(self):
        for text in ("bytes 999-4194303/4194304", "bytes 1000-4194302/4194304",
                     "bytes 1000-4194303/*", "x"):
            with self.subTest(text):
                self.put(Page(LARGE, etag='"1"', headers={"Content-Range": text}, chunked=True),
                         Page(LARGE))
                self.assertFalse(self.gets(LARGE, offset=1000, etag='"1"').begin.get("offset"))

    def test_no_more_than_allowed_in_all(self):
        self.put(Page(LARGE, etag='"1"'))
        self.fails("more than 4194303", offset=1000, etag='"1"', sizeMax=len(LARGE) - 1)

    def test_the_rest_that_breaks_off_is_taken_up_again(self):
        self.put(Page(LARGE, etag='"1"', cut=1 << 20), Page(LARGE, etag='"1"'))
        self.gets(LARGE[1000:], offset=1000, etag='"1"')


class Redirects(Net):
    def test_they_are_followed(self):
        self.put(*[redirect(to) for to in ("/b", "c?x=1", "//other.test/d")])
        for status, to, url in ((301, "/b", "b"), (302, "c", "c"), (303, "d", "d"),
                                (307, "//other.test/e", "e"), (308, URL + "/f", "f")):
            with self.subTest(status):
                self.put(redirect(to, status))
                host = "other.test" if to.startswith("//") else "example.test"
                self.put(b"there", url=f"https://{host}/{'a/' if url == 'f' else ''}{url}")
                self.gets(b"there")

    def test_ten_and_no_more(self):
        for i in range(10):
            self.put(redirect(f"/{i + 1}"), url=f"https://example.test/{i}")
        self.put(b"there", url="https://example.test/10")
        self.gets(b"there", "https://example.test/0")
        self.put(redirect("/0"), url="https://example.test/more")
        self.fails("more than 10 redirects", "https://example.test/more")
        self.put(redirect(URL))
        self.fails("more than 10 redirects")

    def test_not_to_plain_http_unless_that_is_allowed(self):
        self.put(redirect("http://example.test/b"))
        plain = Server(self)
        plain.put("http://example.test/b", b"there")
        self.fails("a redirect to plain http, to 'http://example.test/b', is not followed")
        self.assertEqual(plain.lines, [])
        self.gets(b"there", half=self.start(insecureHTTP=True))

    def test_to_nothing_else(self):
        for to, text in (("ftp://example.test/", "neither https nor http"),
                         ("file:///etc/passwd", "neither https nor http"),
                         ("https://u:p@example.test/", "put them into auth.d"),
                         ("https://example.test/" + "x" * 2100, "must be a URL of at most")):
            with self.subTest(to[:30]):
                self.put(redirect(to))
                self.fails(text)

    def test_one_that_leads_nowhere(self):
        self.put(Page(status=302))
        self.fails("the redirect names no URL")

    def test_conditions_go_along(self):
        self.put(redirect("https://cdn.example.test/a"))
        self.put(Page(LARGE, etag='"1"'), url="https://cdn.example.test/a")
        self.assertEqual(self.half.get(URL, etag='"1"').outcome, UNCHANGED)
        self.gets(LARGE[5:], etag='"1"', offset=5)


USER = {"user": "u", "password": "p:w"}
TOKEN = {"token": "t0ken"}
KEYS = {"keyID": "AKID", "secret": "s3cret", "region": "eu-west-1"}


class Credentials(Net):
    """Only to the scheme, host and port they are for (threats 17)."""

    KINDS = ((USER, basic("u", "p:w")), (TOKEN, bearer("t0ken")),
             (KEYS, aws("AKID", "s3cret", "eu-west-1")))

    def test_each_kind_is_sent_at_once(self):
        for credentials, needs in self.KINDS:
            for url in (URL, URL + "/b%20c~?y=1&x=%2F&z"):
                with self.subTest(credentials, url=url):
                    self.server.forget()
                    self.put(Page(b"a", etag='"1"', needs=needs), url=url.partition("?")[0])
                    self.gets(b"a", url, credentials=credentials)
                    self.assertEqual(
                        self.half.get(url, credentials=credentials, etag='"1"').outcome, UNCHANGED)
                    self.assertEqual([r.status for r in self.server.requests], [200, 304])

    def test_what_is_resumed_has_them_too(self):
        for credentials, needs in self.KINDS:
            with self.subTest(credentials):
                self.put(Page(LARGE, etag='"1"', needs=needs, cut=1 << 20),
                         Page(LARGE, etag='"1"', needs=needs))
                self.gets(LARGE, credentials=credentials)

    def seen(self, server=None):
        return [(request.url, "Authorization" in request.headers)
                for request in (server or self.server).forget()]

    def test_redirects_to_the_same_server_keep_them(self):
        for to in ("/b", "https://EXAMPLE.test/b", "https://example.test:443/b"):
            for credentials, _ in self.KINDS:
                with self.subTest(to, kind=credentials):
                    self.put(redirect(to))
                    self.put(b"a", url="https://example.test/b")
                    self.gets(b"a", credentials=credentials)
                    self.assertEqual([sent for _, sent in self.seen()], [True, True])

    def test_redirects_to_any_other_drop_them(self):
        half = self.start(insecureHTTP=True)
        servers = {"https": self.server, "http": Server(self),
                   "port": Server(self, self.authority, port=9443)}
        for to, server in (("https://other.test/b", "https"), ("https://www.example.test/b", "https"),
                           ("https://example.test:9443/b", "port"), ("http://example.test/b", "http"),
                           ("https://127.0.0.1/b", "https")):
            for credentials, _ in self.KINDS:
                with self.subTest(to, kind=credentials):
                    self.put(redirect(to))
                    servers[server].put(to, b"a")
                    self.gets(b"a", half=half, credentials=credentials)
                    seen = self.seen() + (self.seen(servers[server]) if server != "https" else [])
                    self.assertEqual(seen, [(URL, True), (to, False)])

    def test_once_dropped_they_do_not_come_back(self):
        self.put(redirect("https://other.test/b"))
        self.put(redirect("https://example.test/c"), url="https://other.test/b")
        self.put(b"a", url="https://example.test/c")
        self.gets(b"a", credentials=USER)
        self.assertEqual([sent for _, sent in self.seen()], [True, False, False])
        self.put(redirect("/c"), url="https://other.test/b")
        self.put(b"a", url="https://other.test/c")
        self.gets(b"a", credentials=USER)
        self.assertEqual([sent for _, sent in self.seen()], [True, False, False])

    def test_the_next_request_has_its_own(self):
        self.put(b"a")
        self.gets(b"a", credentials=USER)
        self.gets(b"a", credentials=TOKEN)
        self.gets(b"a")
        self.assertEqual([request.headers["Authorization"] for request in self.server.requests],
                         ["Basic dTpwOnc=", "Bearer t0ken", None])

    def test_never_over_plain_http(self):
        plain = Server(self)
        plain.put("http://example.test/a", b"a")
        for credentials, _ in self.KINDS:
            self.gets(b"a", "http://example.test/a", self.start(insecureHTTP=True),
                      credentials=credentials)
        self.assertEqual(self.seen(plain), [("http://example.test/a", False)] * 3)

    def test_discovery_has_those_of_the_host_and_not_over_http(self):
        plain = Server(self)
        half = self.start(insecureHTTP=True)
        half.discover("example.test/app", credentials=USER)
        self.assertEqual(self.seen(), [("https://example.test/app?ac-discovery=1", True),
                                       ("https://example.test/?ac-discovery=1", True)])
        self.assertEqual([sent for _, sent in self.seen(plain)], [False, False])

    def test_refusals_say_who_was_refused(self):
        self.put(Page(needs=bearer("x")))
        self.fails("bad HTTP status code: 401: 'example.test:443': it has no credentials in auth.d")
        self.fails("'example.test:443': the server refuses its credentials in auth.d",
                   credentials=TOKEN)
        self.put(redirect("https://other.test/b"))
        self.put(Page(status=403), url="https://other.test/b")
        self.fails("bad HTTP status code: 403: 'other.test:443': credentials are not sent along",
                   credentials=TOKEN)

    def test_no_message_has_a_secret(self):
        self.put(redirect("https://other.test/b?signature=hidden"))
        self.put(Page(status=500), url="https://other.test/b")
        for credentials, _ in self.KINDS:
            half = self.start(debug=True)
            half.get(URL + "?hidden=1", credentials=credentials)
            said = half.end()
            self.assertIn("asking for 'https://example.test/a?...' with its credentials", said)
            self.assertIn("redirected to 'https://other.test/b?...', without credentials", said)
            for secret in ("p:w", "t0ken", "s3cret", "hidden", "dTpwOnc"):
                self.assertNotIn(secret, said)


class Tls(Net):
    def test_who_is_not_vouched_for_is_refused(self):
        self.put(b"a")
        half = Half(self, {"SSL_CERT_FILE": ""})
        self.fails("SSL certificate problem", half=half)
        self.assertIn("SSL_CERT_FILE", self.fails("--insecure-options=tls", half=half).failed)
        other = Authority(self, "Another CA")
        self.fails("SSL certificate problem", half=Half(self, other.env))
        self.assertEqual(self.asked(), [])

    def test_only_for_its_own_names_and_time(self):
        Server(self, self.authority, port=8443, names=["other.test"])
        self.fails("no alternative certificate subject name matches", "https://example.test:8443/")
        Server(self, self.authority, port=9443, days=-1)
        self.fails("certificate has expired", "https://example.test:9443/")

    def test_all_of_it_can_be_done_without(self):
        self.put(b"a")
        half = Half(self, {"SSL_CERT_FILE": ""}, insecureTLS=True)
        self.gets(b"a", half=half)
        other = Server(self, self.authority, port=8443, names=["other.test"], days=-1)
        other.put("https://example.test:8443/a", b"b")
        self.gets(b"b", "https://example.test:8443/a", half)
        self.gets(b"a", half=self.half)

    def test_a_directory_of_certificates(self):
        directory = tempfile.mkdtemp(prefix="gantry-test-")
        self.addCleanup(shutil.rmtree, directory)
        shutil.copy(self.authority.file, os.path.join(directory, "any.name"))
        write(os.path.join(directory, "garbage"), "no certificate\n")
        self.put(b"a")
        self.gets(b"a", half=Half(self, {"SSL_CERT_DIR": "/nonexistent:" + directory}))

    def test_a_file_of_certificates_that_only_root_can_read(self):
        directory = tempfile.mkdtemp(prefix="gantry-test-")
        self.addCleanup(shutil.rmtree, directory)
        os.chmod(directory, 0o700)
        file = write(os.path.join(directory, "ca"), read(self.authority.file), 0o600)
        self.put(b"a")
        self.gets(b"a", half=Half(self, {"SSL_CERT_FILE": file}))

    def test_a_file_that_is_not_there(self):
        self.fails("SSL_CERT_FILE: cannot open '/nonexistent'",
                   half=Half(self, {"SSL_CERT_FILE": "/nonexistent"}))

    def test_a_file_without_certificates(self):
        self.fails("SSL_CERT_FILE", half=Half(self, {"SSL_CERT_FILE": "/etc/hosts"}))

    def test_no_keys_are_written_down(self):
        directory = tempfile.mkdtemp(prefix="gantry-test-")
        self.addCleanup(shutil.rmtree, directory)
        self.put(b"a")
        self.gets(b"a", half=self.start({"SSLKEYLOGFILE": os.path.join(directory, "keys")}))
        self.assertEqual(os.listdir(directory), [])

    @needs_program("nginx")
    def test_http_2_where_it_is_offered(self):
        nginx = Nginx(self, self.authority)
        nginx.put("a", LARGE)
        self.gets(LARGE, "https://example.test:8443/a")
        self.gets(LARGE, "https://example.test:8443/a")
        self.assertEqual(nginx.lines(2), ["HTTP/2.0 1 200"] * 2)


class Nginx:
    """One that speaks HTTP/2. Its log: protocol, connection, status."""

    def __init__(self, test, authority):
        self.directory = tempfile.mkdtemp(prefix="gantry-nginx-")
        test.addCleanup(shutil.rmtree, self.directory)
        authority.context("example.test")
        key, certificate = (authority.path(f"{authority.count}.{kind}") for kind in ("key", "pem"))
        os.mkdir(os.path.join(self.directory, "www"))
        config = write(os.path.join(self.directory, "nginx.conf"), f"""
            daemon off;
            master_process off;
            user root;
            pid {self.directory}/pid;
            error_log {self.directory}/errors;
            events {{}}
            http {{
                log_format test "$server_protocol $connection $status";
                access_log {self.directory}/log test;
                server {{
                    listen 127.0.0.1:8443 ssl http2;
                    ssl_certificate {certificate};
                    ssl_certificate_key {key};
                    root {self.directory}/www;
                }}
            }}
        """)
        self.process = subprocess.Popen(["nginx", "-c", config, "-p", self.directory],
                                        stderr=subprocess.DEVNULL)
        test.addCleanup(self.end)
        wait_until(self.listens, "nginx to listen")

    def listens(self):
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", 8443)) == 0

    def end(self):
        self.process.terminate()
        self.process.wait(TIMEOUT)

    def put(self, name, content):
        write(os.path.join(self.directory, "www", name), content)

    def lines(self, count):
        def logged():
            return read(os.path.join(self.directory, "log")).splitlines()
        wait_until(lambda: len(logged()) >= count, "the log")
        first = None
        lines = []
        for line in logged():
            protocol, connection, status = line.split()
            first = first or connection
            lines.append(f"{protocol} {int(connection) - int(first) + 1} {status}")
        return lines


class Http(Net):
    def setUp(self):
        super().setUp()
        self.plain = Server(self)
        self.plain.put("http://example.test/a", b"a")

    def test_only_if_it_is_allowed(self):
        self.fails("--insecure-options=http allows it", "http://example.test/a")
        self.fails("--insecure-options=http", "http://example.test/a", self.start(insecureTLS=True))
        self.assertEqual(self.plain.lines, [])
        self.gets(b"a", "http://example.test/a", self.start(insecureHTTP=True))

    def test_discovery_comes_to_it_last(self):
        page = page_of_tags(("ac-discovery", "example.test https://example.test/{name}.{ext}"))
        self.plain.put("http://example.test/app", page)
        self.assertIn("no page tells", self.half.discover("example.test/app")["text"])
        self.assertEqual(self.plain.lines, [])
        found = self.start(insecureHTTP=True).discover("example.test/app")
        self.assertEqual(found["endpoints"][0]["image"],
                         "https://example.test/example.test/app.aci")
        self.assertEqual(self.server.lines[-1], "GET https://example.test/app?ac-discovery=1 404")
        self.assertEqual(self.plain.lines, ["GET http://example.test/app?ac-discovery=1 200"])


class Proxies(Net):
    def test_https_goes_through_one(self):
        proxy = Proxy(self)
        self.put(Page(b"a", needs=basic("u", "p:w")))
        for name in ("https_proxy", "HTTPS_PROXY", "all_proxy"):
            with self.subTest(name):
                proxy.forget()
                half = self.start({name: "http://proxy.test:3128"})
                self.gets(b"a", half=half, credentials=USER)
                request, = proxy.requests
                self.assertEqual(str(request), "CONNECT example.test:443 200")
                self.assertNotIn("Authorization", request.headers)
                self.assertNotIn("Proxy-Authorization", request.headers)

    def test_http_goes_through_one(self):
        proxy = Proxy(self)
        proxy.put("http://example.test/a", b"a")
        for name in ("http_proxy", "HTTP_PROXY"):
            with self.subTest(name):
                proxy.forget()
                half = self.start({name: "http://proxy.test:3128"}, insecureHTTP=True)
                self.gets(b"a", "http://example.test/a", half, credentials=USER)
                request, = proxy.requests
                self.assertNotIn("Authorization", request.headers)

    def test_names_that_need_none(self):
        proxy = Proxy(self)
        self.put(b"a")
        self.gets(b"a", half=self.start({"https_proxy": "http://proxy.test:3128",
                                         "no_proxy": "other.test,.test"}))
        self.assertEqual(proxy.lines, [])

    def test_one_that_wants_a_password(self):
        proxy = Proxy(self, rule=Page(needs=lambda request: request.headers.get(
            "Proxy-Authorization") == "Basic dTpw"))
        self.put(b"a")
        self.gets(b"a", half=self.start({"https_proxy": "http://u:p@proxy.test:3128"}))
        proxy.forget()
        self.fails("407", half=self.start({"https_proxy": "http://proxy.test:3128"}))
        self.assertEqual(proxy.lines, ["CONNECT example.test:443 407"])
        self.assertEqual(self.asked(), [URL + " 200"])


class Discovery(Net):
    def test_a_walk_over_real_https(self):
        self.put(page_of_tags(
            ("ac-discovery", "example.test https://example.test/{name}-{version}-{os}.{ext}"),
            ("ac-discovery-pubkeys", "example.test https://example.test/keys.gpg")),
            url="https://example.test/")
        found = self.half.discover("example.test/a/b", labels={"os": "linux"})
        base = "https://example.test/example.test/a/b-latest-linux"
        self.assertEqual(found["endpoints"], [{"image": base + ".aci", "signature": base + ".aci.asc"}])
        self.assertEqual(found["prefix"], "example.test")
        found = self.half.discover("example.test/a/b", "keys")
        self.assertEqual(found["keys"], ["https://example.test/keys.gpg"])
        self.assertEqual(self.asked(), [
            "https://example.test/a/b?ac-discovery=1 404", "https://example.test/a?ac-discovery=1 404",
            "https://example.test/?ac-discovery=1 200"] * 2)
        self.assertEqual(self.server.connections, 1)

    def test_a_page_may_be_elsewhere(self):
        self.put(redirect("https://www.other.test/page"), url="https://example.test/app")
        self.put(page_of_tags(("ac-discovery", "example.test https://x.test/{name}.{ext}")),
                 url="https://www.other.test/page")
        self.assertEqual(len(self.half.discover("example.test/app")["endpoints"]), 1)

    def test_a_failure_names_every_page(self):
        self.put(Page(status=500), url="https://example.test/a")
        text = self.half.discover("example.test/a")["text"]
        self.assertEqual(
            text, "no page tells where images of 'example.test/a' are: "
            "'https://example.test/a?ac-discovery=1': bad HTTP status code: 500; "
            "'https://example.test?ac-discovery=1': bad HTTP status code: 404")

    def test_a_tag_that_ends_within_a_part_is_warned_of(self):
        self.put(page_of_tags(("ac-discovery", "example.test/ap https://x.test/{name}.{ext}")),
                 url="https://example.test/app")
        self.assertEqual(len(self.half.discover("example.test/app")["endpoints"]), 1)
        self.assertIn("for 'example.test/ap', which ends within a part of 'example.test/app'",
                      self.half.end())


class Process(Net):
    """The program itself, seen from outside while it waits for a server."""

    def test_it_is_nobody_and_can_become_no_one_else(self):
        page = self.put(Page(b"a" * 10, hold=5))
        self.half.send("file", URL, os.open(os.devnull, os.O_WRONLY), sizeMax=10)
        page.until_held()
        status = dict(line.split(":\t", 1) for line in
                      read(f"/proc/{self.half.process.pid}/status").splitlines() if ":\t" in line)
        self.assertEqual(status["Uid"].split(), ["65534"] * 4)
        self.assertEqual(status["Gid"].split(), ["65534"] * 4)
        self.assertEqual(status["Groups"].strip(), "")
        for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            self.assertEqual(int(status[kind], 16), 0, kind)
        self.assertEqual(status["NoNewPrivs"], "1")
        self.assertEqual(status["Seccomp"], "2")
        # Not dumpable: what is its own is root's.
        self.assertEqual(os.stat(f"/proc/{self.half.process.pid}/maps").st_uid, 0)
        limits = read(f"/proc/{self.half.process.pid}/limits")
        self.assertRegex(limits, r"Max core file size +0 +0 ")
        self.assertRegex(limits, r"Max open files +256 +256 ")
        page.go()

    def test_it_has_nothing_but_sockets_and_pipes(self):
        page = self.put(Page(b"a" * 10, hold=5))
        begin, reader = self.half.begin(URL)
        page.until_held()
        folder = f"/proc/{self.half.process.pid}/fd"
        links = {fd: os.readlink(f"{folder}/{fd}") for fd in os.listdir(folder)}
        for fd, link in links.items():
            if fd not in ("0", "1"):
                self.assertRegex(link, r"^(socket|pipe|anon_inode):", f"{fd} of {links}")
        self.assertEqual(begin["total"], 10)
        page.go()
        os.close(reader)

    def test_it_ends_with_gantry_whatever_it_waits_for(self):
        page = self.put(Page(LARGE, hold=5))
        _, reader = self.half.begin(URL)
        page.until_held()
        self.half.socket.close()
        self.assertTrue(self.half.has_ended())
        os.close(reader)

    def test_it_has_nothing_to_say_to_one_that_has_gone(self):
        reader, writer = os.pipe()
        self.half.send("file", "ftp://example.test/a", writer, sizeMax=1)
        os.close(reader)
        os.close(writer)
        self.assertEqual(self.half.end(), "")

    def test_a_body_that_nobody_reads_is_given_up(self):
        page = self.put(Page(LARGE, hold=5))
        _, reader = self.half.begin(URL)
        page.until_held()
        self.assertIn("nobody reads", self.half.give_up(reader)["text"])
        self.put(b"a")
        self.gets(b"a")

    def test_a_body_that_is_read_in_part_is_given_up(self):
        self.put(Page(LARGE))
        _, reader = self.half.begin(URL)
        os.read(reader, 100)
        self.assertLess(self.half.give_up(reader)["code"], 0)
        self.gets(LARGE)

    def test_a_reader_that_waits_does_not_lose_a_byte(self):
        self.put(Page(LARGE))
        _, reader = self.half.begin(URL)
        self.server.wait_for("GET")
        with open(reader, "rb") as pipe:
            self.assertEqual(pipe.read(), LARGE)
        self.assertFalse(self.half.receive().get("code"))

    def test_questions_that_make_no_sense_end_it(self):
        for text in (b"", b"{}", b"x", b'{"what":"x","agent":"a","url":"https://x"}',
                     b'{"what":"file","agent":"a","url":"https://x"}',
                     b'{"what":"images","agent":"a","url":"https://x"}'):
            with self.subTest(text):
                half = self.start()
                half.socket.send(text)
                self.assertTrue(half.has_ended())
                half.end()


if __name__ == "__main__":
    unittest.main()
