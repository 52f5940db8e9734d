"""Clients that misbehave: refused in OpenAI's form, and nobody else notices."""

import http.client
import json
import signal
import socket
import threading
import time

import pytest
from conftest import STUDENT, Server


def post(server, path, body, headers=None, timeout=60):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=timeout)
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    connection.request("POST", path, data,
                       {"Content-Type": "application/json", **(headers or {})})
    response = connection.getresponse()
    text = response.read()
    connection.close()
    return response.status, dict(response.getheaders()), text


def error_of(answer):
    status, _, text = answer
    error = json.loads(text)["error"]
    assert set(error) == {"message", "type", "param", "code"}
    return status, error


GOOD = {"prompt": "The number of", "max_tokens": 8, "temperature": 0}


def test_bad_bodies(server):
    assert error_of(post(server, "/v1/completions", b"{"))[0] == 400
    assert error_of(post(server, "/v1/completions", b'{"prompt": "\xff"}'))[0] == 400
    assert error_of(post(server, "/v1/completions", b"[" * 100))[0] == 400
    assert error_of(post(server, "/v1/completions", b"x" * (5 << 20)))[0] == 413
    assert error_of(post(server, "/v1/completions", GOOD, {"Content-Type": "text/plain"}))[0] == 415
    assert error_of(post(server, "/v1/other", GOOD))[0] == 404
    for path, allowed in [("/v1/models", "GET, HEAD"), ("/health", "GET, HEAD")]:
        refused = post(server, path, GOOD)
        assert error_of(refused)[0] == 405 and refused[1]["Allow"] == allowed
    assert error_of(post(server, "/v1/completions", GOOD, {"Content-Encoding": "gzip"}))[0] == 415
    assert error_of(post(server, "/v1/completions", GOOD, {"Host": "evil.example"}))[0] == 403
    assert error_of(post(server, "/v1/completions", GOOD, {"Origin": "http://x.example"}))[0] == 403
    assert post(server, "/v1/completions", GOOD)[0] == 200


def test_no_cors(server):
    headers = post(server, "/v1/completions", GOOD)[1]
    assert not any(name.lower().startswith("access-control") for name in headers)


def test_a_client_that_vanishes_is_noticed(server):
    body = json.dumps({"prompt": "Once", "max_tokens": 900, "temperature": 1.0, "stream": True})
    for _ in range(8):
        raw = socket.create_connection(("127.0.0.1", server.port))
        raw.sendall(f"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                    f"application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
        raw.recv(100)
        raw.close()
    for _ in range(600):
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        connection.request("GET", "/health")
        health = json.loads(connection.getresponse().read())
        connection.close()
        if health["running"] == 0 and health["waiting"] == 0:
            return
        time.sleep(0.05)
    pytest.fail(f"still computing for nobody: {health}")


def test_a_schema_holds_nobody_up(server):
    """Sixty bytes with three nested counts, and a schema that leaves everything open at once."""
    def ask(schema):
        return post(server, "/v1/completions", {
            "prompt": "J", "max_tokens": 40, "temperature": 0, "response_format": {
                "type": "json_schema", "json_schema": {"name": "x", "schema": schema}}})

    bomb = {"type": "string", "pattern": "^((a{0,200}){0,200}){0,200}b$"}
    one = {"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]}
    many = {"anyOf": [{"type": "null"}] + [one] * 400}
    wide = {"anyOf": [{"type": "string", "pattern": f"^.*{i}$"} for i in range(1500)]}
    answers = []
    threads = [threading.Thread(target=lambda s=s: answers.append(ask(s)))
               for s in (bomb, many, wide)]
    for thread in threads:
        thread.start()
    begin = time.monotonic()
    assert post(server, "/v1/completions", {**GOOD, "max_tokens": 1})[0] == 200
    assert time.monotonic() - begin < 4
    for thread in threads:
        thread.join()
    assert sorted(answer[0] for answer in answers) == [200, 200, 400]
    refused = next(answer for answer in answers if answer[0] == 400)
    assert error_of(refused)[1]["param"] == "response_format"
    assert "the schema needs more than" in error_of(refused)[1]["message"]


def test_more_choices_than_the_queue_holds_are_a_mistake():
    server = Server(STUDENT, "--queue", "4")
    try:
        status, error = error_of(post(server, "/v1/completions", {**GOOD, "n": 5}))
        assert (status, error["param"]) == (400, "n") and "4" in error["message"]
        assert post(server, "/v1/completions", {**GOOD, "n": 4})[0] == 200
    finally:
        assert server.stop()[0] == 0


def test_a_full_queue_says_when_to_come_back():
    server = Server(STUDENT, "--batch", "1", "--queue", "2")
    try:
        statuses = []

        def ask():
            statuses.append(post(server, "/v1/completions", {**GOOD, "max_tokens": 400}))

        threads = [threading.Thread(target=ask) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        refused = [answer for answer in statuses if answer[0] == 429]
        assert refused and {answer[0] for answer in statuses} == {200, 429}
        assert refused[0][1]["Retry-After"] == "1"
        assert error_of(refused[0])[1]["type"] == "rate_limit_error"
    finally:
        assert server.stop()[0] == 0


def test_a_request_that_takes_too_long_ends():
    server = Server(STUDENT, "--request-seconds", "0.1")
    try:
        status, error = error_of(post(server, "/v1/completions",
                                      {**GOOD, "n": 64, "max_tokens": 1000, "temperature": 1.0}))
        assert (status, error["code"]) == (504, "timeout")
    finally:
        server.stop()


def test_the_token_is_needed(tmp_path):
    token = "0123456789abcdef0123"
    (tmp_path / "token").write_text(token + "\n")
    server = Server(STUDENT, "--token-file", str(tmp_path / "token"))
    try:
        status, error = error_of(post(server, "/v1/completions", GOOD))
        assert status == 401 and token not in error["message"]
        assert error_of(post(server, "/v1/completions", GOOD,
                             {"Authorization": "Bearer " + token[:-1] + "x"}))[0] == 401
        assert post(server, "/v1/completions", GOOD, {"Authorization": "Bearer " + token})[0] == 200
    finally:
        code, err = server.stop()
        assert code == 0 and token not in err


def test_other_addresses_need_a_token():
    with pytest.raises(RuntimeError, match="there is no token"):
        Server(STUDENT, "--host", "0.0.0.0")
    with pytest.raises(RuntimeError, match="is no IP address"):
        Server(STUDENT, "--host", "localhost")


def test_stopping_finishes_what_runs():
    server = Server(STUDENT)
    answers = []
    thread = threading.Thread(target=lambda: answers.append(
        post(server, "/v1/completions", {**GOOD, "max_tokens": 300})))
    thread.start()
    for _ in range(200):
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        connection.request("GET", "/health")
        running = json.loads(connection.getresponse().read())["running"]
        connection.close()
        if running or answers:
            break
    code, _ = server.stop(signal.SIGINT)
    thread.join()
    assert code == 0 and answers[0][0] == 200


def test_stopping_cuts_what_takes_longer_than_the_grace():
    server = Server(STUDENT, "--grace", "0", "--batch", "1")
    answers = []
    thread = threading.Thread(target=lambda: answers.append(post(
        server, "/v1/completions", {**GOOD, "n": 64, "max_tokens": 1000, "temperature": 1.0})))
    thread.start()
    time.sleep(0.5)
    code, err = server.stop()
    thread.join()
    assert code == 130 and "cut" in err
    assert error_of(answers[0])[1]["code"] == "shutting_down"
