"""Open-WebUI's requests, replayed: what backend/open_webui/routers/openai.py and tasks.py send to
an OpenAI-compatible address (read in December 2026). Open-WebUI itself does not run here."""

import http.client
import json

from conftest import STUDENT, Server, questions

KEY = "0123456789abcdef-open-webui"


def ask(server, method, path, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request(method, path, json.dumps(body).encode() if body else None, {
        "Content-Type": "application/json", "Authorization": f"Bearer {KEY}",
        "X-OpenWebUI-User-Name": "Ann", "X-OpenWebUI-User-Id": "1",
        "X-OpenWebUI-User-Email": "ann@example.org", "X-OpenWebUI-User-Role": "admin",
        "X-OpenWebUI-Chat-Id": "c1"})
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()
    assert response.status == 200, text
    return response.getheader("Content-Type"), text


def events(text):
    lines = [line for line in text.split("\n") if line]
    assert all(line.startswith("data: ") for line in lines) and lines[-1] == "data: [DONE]"
    return [json.loads(line.removeprefix("data: ")) for line in lines[:-1]]


def test_its_requests():
    server = Server(STUDENT, env={"ASSAY_SERVE_TOKEN": KEY})
    try:
        models = json.loads(ask(server, "GET", "/v1/models")[1])["data"]
        model = models[0]["id"]
        messages = [{"role": "system", "content": "Be brief."},
                    {"role": "user", "content": questions(1)[0]}]
        # A chat, with what its settings and "usage" add.
        kind, text = ask(server, "POST", "/v1/chat/completions", {
            "stream": True, "model": model, "messages": messages,
            "stream_options": {"include_usage": True}, "temperature": 0.8, "top_p": 0.9,
            "max_tokens": 600, "frequency_penalty": 0.0, "seed": 5, "stop": ["<end>"]})
        assert kind == "text/event-stream"
        chunks = events(text)
        deltas = [chunk["choices"][0]["delta"] for chunk in chunks if chunk["choices"]]
        assert deltas[0]["role"] == "assistant"
        assert "".join(delta.get("reasoning_content") or "" for delta in deltas)
        answer = "".join(delta.get("content") or "" for delta in deltas)
        assert chunks[-1]["usage"]["completion_tokens"] > 0
        # The next turn, without settings, and the title that it asks for beside it.
        messages += [{"role": "assistant", "content": answer}, {"role": "user", "content": "Why?"}]
        assert events(ask(server, "POST", "/v1/chat/completions", {
            "stream": True, "model": model, "messages": messages, "max_tokens": 8})[1])
        title = {"model": model, "stream": False, "max_completion_tokens": 1000,
                 "messages": [{"role": "user", "content": "Generate a concise title."}]}
        message = json.loads(ask(server, "POST", "/v1/chat/completions", title)[1])
        assert message["choices"][0]["message"]["role"] == "assistant"
    finally:
        assert server.stop()[0] == 0
