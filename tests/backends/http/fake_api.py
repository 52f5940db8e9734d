"""What the fake servers of these tests share: an HTTP server that writes what a test wants, byte by
byte, and a stand-in for a model whose texts depend on prompt, seed and stop strings alone."""

import http.server
import json
import socket
import ssl
import struct
import sys
import threading


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    log = []

    def log_message(self, *args):
        pass

    def version_string(self):
        return "fake"

    def read_json(self):
        size = int(self.headers.get("Content-Length", "0"))
        return json.loads(self.rfile.read(size) or b"{}")

    def remember(self, body):
        self.log.append({
            "path": self.path,
            "host": self.headers.get("Host"),
            "authorization": self.headers.get("Authorization"),
            "body": body,
        })

    def answer(self, status, body, content_type="application/json", headers=()):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def begin_stream(self, content_type="text/event-stream", headers=()):
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def piece(self, data):
        data = data.encode() if isinstance(data, str) else data
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def end_stream(self):
        self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()

    def hang_up(self, reset=False):
        """Closes without an end; reset: with an RST."""
        if reset:
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.wfile.flush()
        self.connection.close()
        self.close_connection = True


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        """Clients that hang up are what these tests are about."""


def event(data):
    return "data: " + (data if isinstance(data, str) else json.dumps(data)) + "\n\n"


def text_of(body):
    """The prompt as one text; ids stand for themselves."""
    if "messages" in body:
        return "\n".join(m["content"] for m in body["messages"])
    prompt = body.get("prompt", "")
    return prompt if isinstance(prompt, str) else " ".join(map(str, prompt))


NUMBERS = ("one, two, three, four, five, six, seven, eight, nine, ten, eleven, twelve, thirteen, "
           "fourteen, fifteen, sixteen, seventeen, eighteen, nineteen, twenty")


def model_text(body, prompt=None):
    """What the model says; `prompt`: what was left of it."""
    prompt = text_of(body) if prompt is None else prompt
    if "secret code" in prompt:
        text = "The code is 7391." if "code is 7391" in prompt else "There is no code here."
    elif "Count from one" in prompt:
        text = NUMBERS
    elif "colours" in prompt:
        text = "Red, green and blue."
    elif "the sea" in prompt:
        text = "Waves number %s break on the shore." % body.get("seed")
    else:
        text = "2 + 2 = 4.\n\nSo the answer is \\boxed{4}."
    for stop in body.get("stop") or []:
        text = text.split(stop)[0]
    return text


def words(text):
    """Pieces of a text as a stream would cut it: a word with the blank before it."""
    out = []
    for part in text.split(" "):
        out.append(part if not out else " " + part)
    return out


def count(text):
    return len(words(text))


def serve(handler):
    """Prints the port, serves until the input closes. Arguments: certificate and key, or none."""
    server = Server(("127.0.0.1", 0), handler)
    if len(sys.argv) == 3:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[1], sys.argv[2])
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.read()
