"""A local HTTP(S) server that misbehaves on request, for fetch_http_test.

Usage: fetch_server.py [CERTIFICATE KEY]. Prints its port, serves until its input closes. The first
part of a path chooses the behaviour. GET /log answers with a JSON array of the requests so
far (host, path, authorization, range).
"""

import http.server
import json
import ssl
import sys
import threading

BODY = bytes((i * 7 + i // 251) % 256 for i in range(200_000))
LOG = []
STATE = {"version": 1, "cuts": 0, "busy": 0}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, status, body=b"", headers=(), length=None):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def file(self, body, etag, cut_at=None):
        """Range and If-Range as a correct server has them; cut_at ends the connection early."""
        start = 0
        wanted = self.headers.get("Range", "")
        if wanted.startswith("bytes=") and self.headers.get("If-Range") in (None, etag):
            start = int(wanted[6:].split("-")[0])
        headers = [("ETag", etag)]
        if start >= len(body):
            self.answer(416)
            return
        if start > 0:
            headers.append(("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}"))
        part = body[start:]
        sent = part if cut_at is None else part[:cut_at]
        self.answer(206 if start > 0 else 200, sent, headers, len(part))
        if cut_at is not None:
            self.close_connection = True

    def do_GET(self):
        host, port = self.headers.get("Host").rsplit(":", 1)
        if self.path == "/log":
            self.answer(200, json.dumps(LOG).encode())
            return
        LOG.append({
            "host": host,
            "path": self.path,
            "authorization": self.headers.get("Authorization"),
            "range": self.headers.get("Range"),
        })
        kind, _, rest = self.path[1:].partition("/")
        getattr(self, "get_" + kind)(rest, port)

    def get_good(self, rest, port):
        self.file(BODY, '"v1"')

    def get_cut(self, rest, port):
        """The first two answers end early."""
        STATE["cuts"] += 1
        self.file(BODY, '"v1"', 50_000 if STATE["cuts"] <= 2 else None)

    def get_alwayscut(self, rest, port):
        self.file(BODY, '"v1"', 30_000)

    def get_changed(self, rest, port):
        """Cut once, and another file under another ETag from then on."""
        STATE["version"] += 1
        if STATE["version"] == 2:
            self.file(bytes(len(BODY)), '"old"', 50_000)
        else:
            self.file(BODY, '"new"')

    def get_ignores_if_range(self, rest, port):
        """Cut once; then continues another file although If-Range forbids it."""
        STATE["version"] += 1
        if STATE["version"] == 2:
            self.file(bytes(len(BODY)), '"old"', 50_000)
        elif "Range" in self.headers:
            start = int(self.headers["Range"][6:].split("-")[0])
            self.answer(206, BODY[start:], [
                ("ETag", '"new"'),
                ("Content-Range", f"bytes {start}-{len(BODY) - 1}/{len(BODY)}"),
            ])
        else:
            self.file(BODY, '"new"')

    def get_weak(self, rest, port):
        """A weak ETag never allows a continuation."""
        STATE["cuts"] += 1
        self.file(BODY, 'W/"v1"', 50_000 if STATE["cuts"] <= 1 else None)

    def get_wrong(self, rest, port):
        self.file(bytes(len(BODY)), '"w"')

    def get_short(self, rest, port):
        self.file(BODY[:100], '"s"')

    def endless(self, status):
        self.send_response(status)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        chunk = b"10000\r\n" + bytes(0x10000) + b"\r\n"
        try:
            while True:
                self.wfile.write(chunk)
        except OSError:
            self.close_connection = True

    def get_endless(self, rest, port):
        self.endless(200)

    def get_endlesserror(self, rest, port):
        self.endless(404)

    def get_status(self, rest, port):
        self.answer(int(rest), b"<html>no</html>", [("Content-Type", "text/html")])

    def get_busy(self, rest, port):
        STATE["busy"] += 1
        if STATE["busy"] == 1:
            self.answer(503)
        else:
            self.file(BODY, '"v1"')

    def get_page(self, rest, port):
        self.answer(200, b" <!DOCTYPE html><title>Sign in</title>", [("Content-Type", "text/html")])

    def get_loop(self, rest, port):
        self.answer(302, headers=[("Location", "/loop/")])

    def get_hub(self, rest, port):
        """As the hub does it: the file's sha256 beside a redirect to another host."""
        self.answer(302, headers=[
            ("Location", f"http://localhost:{port}/good/"),
            ("X-Linked-ETag", '"' + rest + '"'),
        ])

    def get_same(self, rest, port):
        self.answer(302, headers=[("Location", "/good/")])

    def get_there_and_back(self, rest, port):
        self.answer(302, headers=[
            ("Location", f"http://localhost:{port}/back/127.0.0.1:{port}")])

    def get_back(self, rest, port):
        self.answer(302, headers=[("Location", f"http://{rest}/good/")])

    def get_downgrade(self, rest, port):
        self.answer(302, headers=[("Location", f"http://127.0.0.1:{port}/good/")])

    def get_filescheme(self, rest, port):
        self.answer(302, headers=[("Location", "file:///etc/passwd")])


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """Clients that hang up are what these tests are about."""


def main():
    server = Server(("127.0.0.1", 0), Handler)
    if len(sys.argv) == 3:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[1], sys.argv[2])
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
