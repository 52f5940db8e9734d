"""Servers that answer in the shapes of vLLM, Ollama, llama.cpp's server, Jan and mlx_lm.server, as
their sources and pages show them in November 2026. No model is behind them: fake_api.py speaks. The
first part of a path chooses: /vllm/v1/chat/completions. A vocabulary of bytes stands for theirs, so
that "tokens" can be counted by the tests' own."""

import json

from fake_api import Handler, event, model_text, serve, text_of, words

OLLAMA_CONTEXT = 512
BOS = 257
ANSWERED = object()


def template(body):
    """The chat template of all of them: one line a message, and the turn to speak."""
    return "".join("%s: %s\n" % (m["role"], m["content"]) for m in body["messages"]) + "assistant:"


def ids(text):
    return list(text.encode())


class Replay(Handler):
    def route(self):
        _, kind, rest = self.path.split("/", 2)
        return kind, "/" + rest

    def do_GET(self):
        if self.path == "/log":
            self.answer(200, self.log)
            return
        kind, path = self.route()
        found = getattr(self, "get_" + kind)(path)
        if found is ANSWERED:
            return
        if found is None:
            self.answer(404, {"error": {"message": "File Not Found", "type": "not_found_error",
                                        "code": 404}})
        else:
            self.answer(200, found)

    def do_POST(self):
        kind, path = self.route()
        body = self.read_json()
        self.remember(body)
        getattr(self, "post_" + kind)(path, body)

    def events(self, chunks):
        self.begin_stream()
        for one in chunks:
            self.piece(event(one))
        self.piece(event("[DONE]"))
        self.end_stream()

    # vLLM: owned_by, max_model_len, /tokenize of messages, `reasoning`, stop_reason, usage last.

    def get_vllm(self, path):
        if path == "/v1/models":
            return {"object": "list", "data": [{
                "id": "deepseek-r1", "object": "model", "created": 1, "owned_by": "vllm",
                "root": "deepseek-r1", "parent": None, "max_model_len": 4096, "permission": []}]}
        return None

    def post_vllm(self, path, body, reasoning="reasoning"):
        if path == "/tokenize":
            tokens = ids(template(body))
            self.answer(200, {"count": len(tokens), "max_model_len": 4096, "tokens": tokens,
                              "token_strs": None})
            return
        if body.get("top_k") == 0:
            self.answer(400, {"error": {"message": "top_k must be -1 or positive", "code": 400,
                                        "type": "BadRequestError", "param": None}})
            return
        base = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1,
                "model": body["model"]}

        def chunk(delta, finish=None, **more):
            choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
            choice.update(more)
            return dict(base, choices=[choice])

        text = model_text(body)
        out = [chunk({"role": "assistant", "content": ""})]
        out += [chunk({reasoning: w}) for w in ("Two and", " two is four.")]
        out += [chunk({"content": w}) for w in words("\n\n" + text)]
        out.append(chunk({"content": ""}, "stop", stop_reason=None, token_ids=None))
        usage = {"prompt_tokens": len(ids(template(body))), "total_tokens": 0,
                 "completion_tokens": 3 + len(text)}
        out.append(dict(base, choices=[], usage=usage))
        self.events(out)

    # An older vLLM.

    def get_oldvllm(self, path):
        return self.get_vllm(path)

    def post_oldvllm(self, path, body):
        self.post_vllm(path, body, "reasoning_content")

    # One whose stop strings end the thinking part, too.

    def get_cutsthought(self, path):
        return self.get_vllm(path)

    def post_cutsthought(self, path, body):
        thought = "Two and two is four."
        cut = [thought.index(stop) for stop in body.get("stop") or [] if stop in thought]
        if not cut:
            self.post_vllm(path, body)
            return
        self.events([{"choices": [{"index": 0, "delta": {"reasoning": thought[:min(cut)]},
                                   "finish_reason": "stop"}]}])

    # Ollama: several models, owned_by library, /api/version, a prompt cut without a word.

    def get_ollama(self, path):
        if path == "/v1/models":
            return {"object": "list", "data": [
                {"id": name, "object": "model", "created": 1, "owned_by": "library"}
                for name in ("qwen3:4b", "deepseek-r1:latest")]}
        if path == "/api/version":
            return {"version": "0.32.9"}
        return None

    def post_ollama(self, path, body):
        if body["model"] not in ("qwen3:4b", "deepseek-r1", "deepseek-r1:latest"):
            self.answer(404, {"error": {"message": "model '%s' not found" % body["model"],
                                        "type": "not_found_error", "param": None, "code": None}})
            return
        whole = template(body)
        kept = whole[-OLLAMA_CONTEXT:]
        text = model_text(body, kept)
        base = {"id": "chatcmpl-7", "object": "chat.completion.chunk", "created": 1,
                "model": body["model"], "system_fingerprint": "fp_ollama"}

        def chunk(finish=None, content="", **more):
            delta = {"role": "assistant", "content": content}
            delta.update(more)
            return dict(base, choices=[{"index": 0, "delta": delta, "finish_reason": finish}])

        out = [chunk(reasoning="Hm.")] + [chunk(content=w) for w in words(text)]
        room = OLLAMA_CONTEXT - len(kept)
        cut = body["max_tokens"] > room and "the answer is" in text
        out.append(chunk("length" if cut else "stop"))
        out.append(dict(base, choices=[], usage={
            "prompt_tokens": len(ids(kept)), "completion_tokens": len(text),
            "total_tokens": len(kept) + len(text)}))
        self.events(out)

    # A server that keeps the end of a prompt and counts all of it.

    def get_liar(self, path):
        if path == "/v1/models":
            return {"data": [{"id": "liar"}]}
        return None

    def post_liar(self, path, body):
        whole = template(body)
        text = model_text(body, whole[-OLLAMA_CONTEXT:])
        chunks = [{"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]},
                  {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
                  {"choices": [], "usage": {"prompt_tokens": len(ids(whole)),
                                            "completion_tokens": len(text)}}]
        self.events(chunks)

    # llama.cpp's server: /props, /apply-template, /tokenize, timings in the last chunk.

    def get_llama(self, path):
        if path == "/v1/models":
            return {"object": "list", "data": [{
                "id": "model.gguf", "object": "model", "created": 1, "owned_by": "llamacpp",
                "meta": {"n_vocab": 258, "n_ctx_train": 8192}}],
                "models": [{"name": "model.gguf", "model": "model.gguf"}]}
        if path == "/props":
            return {"default_generation_settings": {"n_ctx": 4096, "params": {"top_k": 40}},
                    "total_slots": 4, "chat_template": "{{ messages }}", "build_info": "b9999"}
        return None

    def post_llama(self, path, body, bos=(), opening=""):
        if path == "/apply-template":
            self.answer(200, {"prompt": template(body) + opening})
        elif path == "/tokenize":
            self.answer(200, {"tokens": list(bos) + ids(body["content"])})
        else:
            self.llama_completion(body, len(bos))

    def llama_completion(self, body, n_bos, text=None):
        text = model_text(body) if text is None else text
        base = {"id": "chatcmpl-x", "object": "chat.completion.chunk", "created": 1,
                "model": "model.gguf", "system_fingerprint": "b9999"}

        def chunk(delta, finish=None):
            return dict(base, choices=[{"index": 0, "delta": delta, "finish_reason": finish}])

        out = [chunk({"role": "assistant", "content": None})]
        out += [chunk({"content": w}) for w in words(text)] + [chunk({}, "stop")]
        n = len(ids(template(body))) + n_bos
        out.append(dict(base, choices=[], usage={
            "prompt_tokens": n, "completion_tokens": len(text) + 1,
            "total_tokens": n + len(text) + 1}, timings={
            "cache_n": 0, "prompt_n": n, "prompt_ms": 10.0, "prompt_per_second": 100.0 * n,
            "predicted_n": len(text) + 1, "predicted_ms": 20.0, "predicted_per_second": 1000.0}))
        self.events(out)

    # The same with what people get wrong.

    def get_twobos(self, path):
        return self.get_llama(path)

    def post_twobos(self, path, body):
        self.post_llama(path, body, bos=(BOS, BOS))

    # A small model that counts in digits.

    def get_digits(self, path):
        return self.get_llama(path)

    def post_digits(self, path, body):
        text = "123456789012345678901234"
        for stop in body.get("stop") or []:
            text = text.split(stop)[0]
        self.llama_completion(body, 0, text)

    def get_nothink(self, path):
        return self.get_llama(path)

    def post_nothink(self, path, body):
        self.post_llama(path, body)

    # Jan: a key is required, models name nobody as their owner, llama.cpp behind it, no /props.

    def get_jan(self, path):
        if self.headers.get("Authorization") != "Bearer jan-key":
            self.answer(401, b"Invalid or missing authorization token", "text/plain")
            return ANSWERED
        if path == "/v1/models":
            return {"object": "list", "data": [{"id": "jan-v3-4b", "object": "model"}]}
        return None

    def post_jan(self, path, body):
        if self.headers.get("Authorization") != "Bearer jan-key":
            self.answer(401, b"Invalid or missing authorization token", "text/plain")
        elif path == "/v1/chat/completions":
            self.llama_completion(body, 0)
        else:
            self.answer(404, b"Not Found", "text/plain")

    # mlx_lm.server: HTTP/1.0, errors with 404, comments while it reads the prompt.

    def get_mlx(self, path):
        if path == "/v1/models":
            return {"object": "list", "data": [{"id": "/home/someone/student", "object": "model",
                                                "created": 1}]}
        return None

    def version_string(self):
        return "BaseHTTP/0.6 Python/3.11" if "/mlx/" in self.path else "fake"

    def post_mlx(self, path, body):
        text = model_text(body)
        base = {"id": "chatcmpl-y", "system_fingerprint": "0.32", "created": 1,
                "object": "chat.completion.chunk", "model": body["model"]}

        def chunk(delta, finish=None):
            return dict(base, choices=[{"index": 0, "finish_reason": finish,
                                        "delta": dict(delta, role="assistant")}])

        self.send_response(200)
        self.send_header("Content-type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        out = ": keepalive 1/1\n\n"
        for w in words(text):
            out += event(chunk({"content": w}))
        out += event(chunk({}, "stop"))
        n = len(ids(template(body)))
        out += event(dict(base, object="chat.completion", choices=[], usage={
            "prompt_tokens": n, "completion_tokens": len(text) + 1, "total_tokens": 0}))
        self.wfile.write((out + event("[DONE]")).encode())
        self.close_connection = True


if __name__ == "__main__":
    serve(Replay)
