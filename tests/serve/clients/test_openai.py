"""The official client: chats and completions, whole and streamed."""

import json
import sys
from typing import Annotated

import pytest
from conftest import ABSENT, questions

try:
    import openai
    from pydantic import BaseModel, Field
except ImportError as error:
    print(f"this Python lacks a module of ci/requirements.txt: {error}", file=sys.stderr)
    pytest.exit(str(error), returncode=ABSENT)


def client_of(server, **options):
    return openai.OpenAI(base_url=server.url, api_key="none", max_retries=0, **options)


def ask(text):
    return [{"role": "user", "content": text}]


def test_models(server):
    models = client_of(server).models.list().data
    assert len(models) == 1
    assert client_of(server).models.retrieve(models[0].id).id == models[0].id
    with pytest.raises(openai.NotFoundError):
        client_of(server).models.retrieve("other")


def test_chat_splits_the_chain(server):
    model = client_of(server).models.list().data[0].id
    answer = client_of(server).chat.completions.create(
        model=model, messages=ask(questions(1)[0]), temperature=0, max_tokens=600)
    choice = answer.choices[0]
    assert choice.finish_reason == "stop"
    assert "</think>" not in choice.message.content
    assert len(choice.message.reasoning_content) > 20
    details = answer.usage.completion_tokens_details
    assert 0 < details.reasoning_tokens < answer.usage.completion_tokens
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


def test_a_cut_chain_has_no_content(server):
    answer = client_of(server).chat.completions.create(
        model="student", messages=ask(questions(1)[0]), temperature=0, max_tokens=5)
    assert answer.choices[0].finish_reason == "length"
    assert answer.choices[0].message.content is None
    assert answer.choices[0].message.reasoning_content
    assert answer.usage.completion_tokens_details.reasoning_tokens == 5


def test_a_stream_adds_up_to_the_whole(server):
    for seed in range(3):
        options = dict(model="student", messages=ask(questions(3)[seed]), temperature=1.0,
                       seed=seed, max_tokens=200)
        whole = client_of(server).chat.completions.create(**options)
        reasoning, content, reasons, usage = "", "", [], None
        for chunk in client_of(server).chat.completions.create(
                **options, stream=True, stream_options={"include_usage": True}):
            if chunk.usage:
                usage = chunk.usage
                assert chunk.choices == []
                continue
            delta = chunk.choices[0].delta
            reasoning += getattr(delta, "reasoning_content", None) or ""
            content += delta.content or ""
            if chunk.choices[0].finish_reason:
                reasons.append(chunk.choices[0].finish_reason)
        assert reasoning == (whole.choices[0].message.reasoning_content or "")
        assert content == (whole.choices[0].message.content or "")
        assert reasons == [whole.choices[0].finish_reason]
        assert usage == whole.usage


def test_a_chain_that_ends_the_text_is_told_from_one_that_is_cut(server):
    options = dict(model="student", messages=ask(questions(1)[0]), temperature=0)
    client = client_of(server)
    usage = client.chat.completions.create(**options, max_tokens=600).usage
    closing = usage.completion_tokens_details.reasoning_tokens
    for tokens, closed in [(closing - 1, False), (closing, True)]:
        message = client.chat.completions.create(**options, max_tokens=tokens).choices[0].message
        assert message.content == ("" if closed else None)
        parts = []
        for chunk in client.chat.completions.create(**options, max_tokens=tokens, stream=True):
            delta = chunk.choices[0].delta
            if getattr(delta, "reasoning_content", None) is not None:
                parts.append("reasoning")
            if delta.content is not None:
                parts.append("content")
        assert parts[0] == "content" and parts[1] == "reasoning"  # the role's chunk comes first
        assert (parts[-1] == "content") == closed


def test_several_choices(server):
    answer = client_of(server).chat.completions.create(
        model="student", messages=ask("2 + 2?"), n=4, temperature=2.0, seed=5, max_tokens=30)
    assert [choice.index for choice in answer.choices] == [0, 1, 2, 3]
    assert len({choice.message.reasoning_content for choice in answer.choices}) > 1
    alone = client_of(server).chat.completions.create(
        model="student", messages=ask("2 + 2?"), temperature=2.0, seed=5, max_tokens=30)
    assert alone.choices[0].message == answer.choices[0].message


def test_chat_logprobs(server):
    answer = client_of(server).chat.completions.create(
        model="student", messages=ask("2 + 2?"), temperature=0, max_tokens=8, logprobs=True,
        top_logprobs=3)
    content = answer.choices[0].logprobs.content
    assert len(content) == answer.usage.completion_tokens
    for token in content:
        assert len(token.top_logprobs) == 3
        assert token.logprob == max(other.logprob for other in token.top_logprobs)
        assert token.logprob <= 0
        assert bytes(token.bytes).decode("utf-8", "replace")
    streamed = []
    for chunk in client_of(server).chat.completions.create(
            model="student", messages=ask("2 + 2?"), temperature=0, max_tokens=8, logprobs=True,
            top_logprobs=3, stream=True):
        choice = chunk.choices[0]
        if choice.delta.role:
            assert choice.logprobs is None
        elif choice.delta.content or getattr(choice.delta, "reasoning_content", None):
            assert choice.logprobs.content
        if choice.logprobs:
            streamed += choice.logprobs.content
    assert streamed == content


def test_completions_with_echo_and_logprobs(server):
    client = client_of(server)
    echoed = client.completions.create(model="student", prompt="One two three", max_tokens=0,
                                       echo=True, logprobs=2)
    logprobs = echoed.choices[0].logprobs
    assert echoed.choices[0].text == "One two three"
    assert logprobs.token_logprobs[0] is None and logprobs.top_logprobs[0] is None
    assert all(value <= 0 for value in logprobs.token_logprobs[1:])
    assert echoed.usage.completion_tokens == 0
    # A generated token's logprob is what an echo says of it.
    more = client.completions.create(model="student", prompt="One two three", max_tokens=5,
                                     temperature=0, logprobs=1,
                                     extra_body={"return_token_ids": True})
    ids = more.choices[0].prompt_token_ids + more.choices[0].token_ids
    again = client.completions.create(model="student", prompt=ids, max_tokens=0, echo=True,
                                      logprobs=1)
    tail = again.choices[0].logprobs.token_logprobs[-len(more.choices[0].token_ids):]
    assert tail == pytest.approx(more.choices[0].logprobs.token_logprobs)


def test_text_offsets_count_characters(server):
    client = client_of(server)
    text = "Zwölf Äpfel, 😀 and 3 €"
    echoed = client.completions.create(model="student", prompt=text, max_tokens=6, echo=True,
                                       temperature=0, logprobs=0).choices[0]
    offsets = echoed.logprobs.text_offset
    assert offsets == sorted(offsets) and len(text) in offsets
    for name, offset in zip(echoed.logprobs.tokens, offsets):
        if not name.startswith("bytes:") and name.isprintable() and name.strip() and name[0] != "<":
            assert echoed.text[offset:].startswith(name), (name, offset)
    alone = dict(model="student", prompt=text, max_tokens=6, temperature=0, logprobs=0)
    streamed = []
    for chunk in client.completions.create(**alone, stream=True):
        if chunk.choices[0].logprobs:
            streamed += chunk.choices[0].logprobs.text_offset
    assert streamed == client.completions.create(**alone).choices[0].logprobs.text_offset


def test_completions_of_many_prompts(server):
    client = client_of(server)
    prompts = ["One", "Two and two", "Three"]
    together = client.completions.create(model="student", prompt=prompts, max_tokens=12,
                                         temperature=1.0, seed=9)
    for prompt, choice in zip(prompts, together.choices):
        alone = client.completions.create(model="student", prompt=prompt, max_tokens=12,
                                          temperature=1.0, seed=9)
        assert alone.choices[0].text == choice.text
    streamed = ["", "", ""]
    for chunk in client.completions.create(model="student", prompt=prompts, max_tokens=12,
                                           temperature=1.0, seed=9, stream=True):
        streamed[chunk.choices[0].index] += chunk.choices[0].text
    assert streamed == [choice.text for choice in together.choices]


def test_stop_strings_are_not_shown(server):
    client = client_of(server)
    whole = client.completions.create(model="student", prompt="The number of coins", max_tokens=40,
                                      temperature=0).choices[0].text
    stop = whole[10:14]
    cut = client.completions.create(model="student", prompt="The number of coins", max_tokens=40,
                                    temperature=0, stop=[stop])
    assert cut.choices[0].text == whole[:whole.index(stop)]
    assert cut.choices[0].finish_reason == "stop"
    streamed = "".join(chunk.choices[0].text for chunk in client.completions.create(
        model="student", prompt="The number of coins", max_tokens=40, temperature=0, stop=[stop],
        stream=True))
    assert streamed == cut.choices[0].text


class Person(BaseModel):
    name: str = Field(max_length=8)
    age: int = Field(ge=0, le=150)
    friends: list[Annotated[str, Field(max_length=6)]] = Field(max_length=2)


def test_json_schema(plain_server):
    client = client_of(plain_server)
    for seed in range(4):
        answer = client.chat.completions.parse(
            model="with-tools", messages=ask("Who?"), response_format=Person, temperature=1.0,
            seed=seed, max_tokens=900)
        person = answer.choices[0].message.parsed
        assert isinstance(person, Person) and len(person.friends) <= 2


def test_json_schema_with_bounds_always_ends(plain_server):
    schema = {"type": "object", "additionalProperties": False,
              "properties": {"kind": {"enum": ["a", "b"]},
                             "size": {"type": "integer", "minimum": 3, "maximum": 17},
                             "tags": {"type": "array", "maxItems": 2,
                                      "items": {"type": "string", "maxLength": 4}}},
              "required": ["kind", "size", "tags"]}
    client = client_of(plain_server)
    for seed in range(8):
        answer = client.chat.completions.create(
            model="with-tools", messages=ask("Which?"), temperature=1.5, seed=seed, max_tokens=200,
            response_format={"type": "json_schema",
                             "json_schema": {"name": "thing", "schema": schema, "strict": True}})
        assert answer.choices[0].finish_reason == "stop"
        thing = json.loads(answer.choices[0].message.content)
        assert list(thing) == ["kind", "size", "tags"]
        assert thing["kind"] in "ab" and 3 <= thing["size"] <= 17
        assert all(len(tag) <= 4 for tag in thing["tags"]) and len(thing["tags"]) <= 2


def test_json_mode_behind_a_chain(server):
    """A model that thinks is constrained once its chain has ended."""
    schema = {"type": "object", "properties": {"answer": {"type": "integer", "maximum": 999}},
              "required": ["answer"], "additionalProperties": False}
    answer = client_of(server).chat.completions.create(
        model="student", messages=ask(questions(1)[0]), temperature=0, max_tokens=700,
        response_format={"type": "json_schema", "json_schema": {"name": "a", "schema": schema}})
    assert answer.choices[0].message.reasoning_content
    assert isinstance(json.loads(answer.choices[0].message.content)["answer"], int)


def test_an_unsupported_schema_is_refused_by_name(plain_server):
    with pytest.raises(openai.BadRequestError, match="uniqueItems"):
        client_of(plain_server).chat.completions.create(
            model="with-tools", messages=ask("?"), response_format={
                "type": "json_schema",
                "json_schema": {"name": "x", "schema": {"type": "array", "uniqueItems": True}}})


TOOLS = [{"type": "function", "function": {
    "name": "add", "description": "adds", "parameters": {
        "type": "object", "properties": {"a": {"type": "integer", "minimum": 0, "maximum": 99},
                                         "b": {"type": "integer", "minimum": 0, "maximum": 99}},
        "required": ["a", "b"], "additionalProperties": False}}},
         {"type": "function", "function": {"name": "now", "parameters": {
             "type": "object", "properties": {}, "additionalProperties": False}}}]


def test_tools(plain_server):
    client = client_of(plain_server)
    for choice in ["required", {"type": "function", "function": {"name": "add"}}]:
        options = dict(model="with-tools", messages=ask("1 + 2"), tools=TOOLS, tool_choice=choice,
                       parallel_tool_calls=False, temperature=1.0, seed=3, max_tokens=300)
        answer = client.chat.completions.create(**options)
        assert answer.choices[0].finish_reason == "tool_calls"
        call = answer.choices[0].message.tool_calls[0]
        if choice != "required":
            assert call.function.name == "add"
        if call.function.name == "add":
            assert set(json.loads(call.function.arguments)) == {"a", "b"}
        name, arguments, identity, reason = "", "", "", None
        for chunk in client.chat.completions.create(**options, stream=True):
            reason = chunk.choices[0].finish_reason or reason
            for delta in chunk.choices[0].delta.tool_calls or []:
                assert delta.index == 0
                identity = delta.id or identity
                name += delta.function.name or ""
                arguments += delta.function.arguments or ""
        assert reason == "tool_calls" and identity
        assert (name, arguments) == (call.function.name, call.function.arguments)
    free = client.chat.completions.create(model="with-tools", messages=ask("1 + 2"), tools=TOOLS,
                                          tool_choice="none", max_tokens=10, temperature=0)
    assert free.choices[0].message.tool_calls is None


def test_a_conversation_with_tool_results(plain_server):
    messages = ask("1 + 2") + [
        {"role": "assistant", "content": None, "tool_calls": [
            {"id": "c1", "type": "function",
             "function": {"name": "add", "arguments": '{"a": 1, "b": 2}'}}]},
        {"role": "tool", "tool_call_id": "c1", "content": "3"}]
    answer = client_of(plain_server).chat.completions.create(
        model="with-tools", messages=messages, tools=TOOLS, max_tokens=5, temperature=0)
    assert answer.choices[0].finish_reason in ("length", "stop", "tool_calls")


def test_tools_need_a_template_that_knows_them(server):
    with pytest.raises(openai.BadRequestError, match="template"):
        client_of(server).chat.completions.create(model="student", messages=ask("?"), tools=TOOLS)


def test_a_prompt_beyond_the_context_is_said_with_numbers(server):
    with pytest.raises(openai.BadRequestError) as caught:
        client_of(server).completions.create(model="student", prompt="many words " * 2000)
    assert caught.value.code == "context_length_exceeded"
    assert "1024" in str(caught.value)


def test_a_switch_that_the_template_lacks_is_refused(server):
    def chat(value):
        return client_of(server).chat.completions.create(
            model="student", messages=ask("1 + 1"), max_tokens=2,
            extra_body={"chat_template_kwargs": {"enable_thinking": value}})

    chat(True)  # which is the case
    with pytest.raises(openai.BadRequestError, match="enable_thinking"):
        chat(False)


def test_more_choices_than_may_ever_wait_are_refused(server):
    prompts = ["x"] * 3
    with pytest.raises(openai.BadRequestError, match="more than 128"):
        client_of(server).completions.create(model="student", prompt=prompts, n=128, max_tokens=1)


def test_unknown_models_are_not_served(server):
    with pytest.raises(openai.NotFoundError) as caught:
        client_of(server).completions.create(model="gpt-4", prompt="x")
    assert caught.value.code == "model_not_found"
