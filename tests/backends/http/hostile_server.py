"""An OpenAI-compatible server that misbehaves on request. The first part of a path chooses how:
/KIND/v1/chat/completions. GET /log answers with the requests so far."""

import gzip
import json
import time

from fake_api import Handler, event, model_text, serve, words

SEEN = {}


def chunk(text=None, finish=None, **more):
    delta = {} if text is None else {"content": text}
    delta.update(more)
    return {"id": "x", "object": "chat.completion.chunk",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


class Hostile(Handler):
    def do_GET(self):
        if self.path == "/log":
            self.answer(200, self.log)
            return
        kind = self.path.split("/")[1]
        self.remember(None)
        if kind == "nomodels":
            self.answer(404, {"error": {"message": "no such path"}})
        elif kind == "locked":
            self.answer(401, {"error": {
                "message": "Incorrect API key: " + str(self.headers.get("Authorization"))}})
        elif kind == "moved":
            self.answer(301, b"", headers=[("Location", self.path.replace("moved", "good"))])
        elif kind == "many":
            self.answer(200, {"data": [{"id": "a"}, {"id": "b"}]})
        elif self.path.endswith("/v1/models"):
            self.answer(200, {"object": "list", "data": [{"id": "m", "object": "model"}]})
        else:
            self.answer(404, {"error": {"message": "no such path"}})

    def do_POST(self):
        kind = self.path.split("/")[1]
        body = self.read_json()
        self.remember(body)
        SEEN[kind] = SEEN.get(kind, 0) + 1
        getattr(self, "post_" + kind)(body, SEEN[kind])

    # Sound replies in unusual clothes.

    def stream(self, body, before=(), after=(), done=True, usage=None, text=None):
        self.begin_stream()
        self.piece(event(chunk("", role="assistant")))
        for extra in before:
            self.piece(extra)
        for word in words(text or model_text(body)):
            self.piece(event(chunk(word)))
        self.piece(event(chunk(finish="stop")))
        if usage is not None:
            self.piece(event({"choices": [], "usage": usage}))
        for extra in after:
            self.piece(extra)
        if done:
            self.piece(event("[DONE]"))
        self.end_stream()

    def post_good(self, body, n):
        self.stream(body)

    def post_keyed(self, body, n):
        self.stream(body, usage={"prompt_tokens": 5, "completion_tokens": 9})

    def post_echo(self, body, n):
        self.stream(body, text="You sent %s and more" % self.headers.get("Authorization"))

    def post_document(self, body, n):
        self.answer(200, {"choices": [{"index": 0, "finish_reason": "stop", "message": {
            "role": "assistant", "content": model_text(body)}}]})

    def post_split(self, body, n):
        """One byte a chunk, through characters and JSON alike."""
        self.begin_stream()
        whole = ("data: " + json.dumps(chunk("né→😀 \\boxed{4}"), ensure_ascii=False) + "\r\n\r\n" +
                 event(chunk(finish="stop")) + event("[DONE]"))
        for byte in whole.encode():
            self.piece(bytes([byte]))
        self.end_stream()

    def post_nodone(self, body, n):
        self.stream(body, done=False)

    def post_twice(self, body, n):
        self.stream(body, after=[event(chunk(finish="stop"))])

    def post_afterfinish(self, body, n):
        self.stream(body, after=[event(chunk("more \\boxed{5}"))])

    def post_comments(self, body, n):
        self.stream(body, before=[": ping\n\n", "event: message\nid: 7\nretry: 100\n\n"])

    def post_lying(self, body, n):
        self.stream(body, usage={"prompt_tokens": 1, "completion_tokens": 100000})

    def post_plain(self, body, n):
        self.begin_stream("text/plain")
        self.piece(event(chunk("\\boxed{4}", "stop")) + event("[DONE]"))
        self.end_stream()

    def post_badutf8(self, body, n):
        self.begin_stream()
        self.piece(b'data: {"choices":[{"index":0,"delta":{"content":"a\xff\xfeb"},'
                   b'"finish_reason":"stop"}]}\n\n' + event("[DONE]").encode())
        self.end_stream()

    def post_hints(self, body, n):
        """Interim answers before the real one."""
        self.wfile.write(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
        self.stream(body)

    def post_lingers(self, body, n):
        """Says why it ended, and never ends."""
        self.begin_stream()
        self.piece(event(chunk("\\boxed{4}", "stop")))
        time.sleep(30)

    def post_reasoning(self, body, n):
        self.begin_stream()
        self.piece(event(chunk(reasoning_content="2 + 2")) + event(chunk(reasoning_content=" = 4")))
        self.piece(event(chunk("The answer is \\boxed{4}.")) + event(chunk(finish="stop")))
        self.piece(event("[DONE]"))
        self.end_stream()

    def post_length(self, body, n):
        self.begin_stream()
        self.piece(event(chunk("2 + 2 =", "length")) + event("[DONE]"))
        self.end_stream()

    def post_stops(self, body, n):
        """Ignores stop strings: the client must cut."""
        self.begin_stream()
        for word in ("The answer ", "is 4. ST", "OP here", " and on"):
            self.piece(event(chunk(word)))
            time.sleep(0.01)
        self.piece(event(chunk(finish="stop")) + event("[DONE]"))
        self.end_stream()

    # What passes.

    def post_busy(self, body, n):
        if n <= 2:
            self.answer(429, {"error": {"message": "slow down"}}, headers=[("Retry-After", "0")])
        else:
            self.stream(body)

    def post_later(self, body, n):
        if n == 1:
            self.answer(429, {"error": {"message": "slow down"}}, headers=[("Retry-After", "1")])
        else:
            self.stream(body)

    def post_failsonce(self, body, n):
        if n == 1:
            self.answer(503, b"<html>Bad gateway</html>", "text/html")
        else:
            self.stream(body)

    def post_resetonce(self, body, n):
        if n == 1:
            self.begin_stream()
            self.piece(event(chunk("2 + ")))
            self.hang_up(reset=True)
        else:
            self.stream(body)

    # What does not.

    def post_always429(self, body, n):
        self.answer(429, {"error": {"message": "slow down"}})

    def post_always500(self, body, n):
        self.answer(500, {"error": {"message": "broken, key " +
                                    str(self.headers.get("Authorization"))}})

    def post_refuses(self, body, n):
        self.answer(400, {"error": {"message": "top_k is not permitted", "code": 400}})

    def post_html(self, body, n):
        self.answer(200, b"<!DOCTYPE html><title>Sign in</title>", "text/html")

    def post_disguised(self, body, n):
        self.answer(200, b"  <html>Sign in</html>", "application/json")

    def post_words(self, body, n):
        self.answer(200, b"Service says hello", "text/plain")

    def post_empty(self, body, n):
        self.answer(200, b"")

    def post_nocontent(self, body, n):
        self.send_response(204)
        self.end_headers()

    def post_halfline(self, body, n):
        self.begin_stream()
        self.piece(event(chunk("2 + ")) + 'data: {"choices":[{"ind')
        self.end_stream()

    def post_halfchunk(self, body, n):
        self.begin_stream()
        self.wfile.write(b"40\r\ndata: {")
        self.hang_up()

    def post_reset(self, body, n):
        self.begin_stream()
        self.piece(event(chunk("2 + ")))
        self.hang_up(reset=True)

    def post_hangup(self, body, n):
        self.hang_up()

    def post_nochoices(self, body, n):
        self.begin_stream()
        self.piece(event({"choices": []}) + event("[DONE]"))
        self.end_stream()

    def post_donetooearly(self, body, n):
        self.begin_stream()
        self.piece(event(chunk("2 + ")) + event("[DONE]"))
        self.end_stream()

    def post_badjson(self, body, n):
        self.begin_stream()
        self.piece(event("{broken"))
        self.end_stream()

    def post_deepjson(self, body, n):
        self.begin_stream()
        self.piece("data: " + "[" * 100000 + "\n\n")
        self.end_stream()

    def post_errorevent(self, body, n):
        self.begin_stream()
        self.piece(event(chunk("2 + ")))
        self.piece(event({"error": {"message": "out of memory", "code": 400}}))
        self.end_stream()

    def post_filtered(self, body, n):
        self.begin_stream()
        self.piece(event(chunk("no", "content_filter")) + event("[DONE]"))
        self.end_stream()

    def post_endless(self, body, n):
        self.begin_stream()
        data = event(chunk("word " * 1000)).encode()
        while True:
            self.piece(data)

    def post_endlessline(self, body, n):
        self.begin_stream()
        self.piece("data: ")
        while True:
            self.piece("a" * 65536)

    def post_endlessheaders(self, body, n):
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            self.wfile.write(b"X-Filler: " + b"a" * 1000 + b"\r\n")

    def post_interim(self, body, n):
        while True:
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)

    def post_bomb(self, body, n):
        packed = gzip.compress(bytes(50_000_000))
        self.answer(200, packed, "text/event-stream", [("Content-Encoding", "gzip")])

    def post_silent(self, body, n):
        self.begin_stream()
        time.sleep(30)

    def post_drip(self, body, n):
        """Comments keep the connection busy, no text comes."""
        self.begin_stream()
        while True:
            self.piece(": still here\n\n")
            time.sleep(0.05)

    def post_stalls(self, body, n):
        self.begin_stream()
        self.piece(event(chunk("2 + ")))
        while True:
            self.piece(": still here\n\n")
            time.sleep(0.05)

    def post_slow(self, body, n):
        self.begin_stream()
        while True:
            self.piece(event(chunk("a")))
            time.sleep(0.05)

    # Redirects.

    def redirect(self, status, location):
        self.answer(status, b"", headers=[("Location", location)])

    def port(self):
        return self.headers.get("Host").rsplit(":", 1)[1]

    def post_here(self, body, n):
        self.redirect(307, "/keyed/v1/chat/completions")

    def post_elsewhere(self, body, n):
        self.redirect(307, "http://localhost:%s/keyed/v1/chat/completions" % self.port())

    def post_round(self, body, n):
        self.redirect(308, "/round/v1/chat/completions")

    def post_asget(self, body, n):
        self.redirect(302, "/good/v1/chat/completions")

    def post_tofile(self, body, n):
        self.redirect(307, "file:///etc/passwd")

    def post_downgrade(self, body, n):
        self.redirect(307, "http://127.0.0.1:%s/good/v1/chat/completions" % self.port())

    def post_counted(self, body, n):
        """Fails now and then, as a run of many samples meets it."""
        if n > 1 and n % 3 == 0:
            self.answer(503, {"error": {"message": "busy"}})
        else:
            time.sleep(0.02)
            self.stream(body)


if __name__ == "__main__":
    serve(Hostile)
