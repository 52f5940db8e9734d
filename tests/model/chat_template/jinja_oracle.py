"""Renders chat templates with jinja2, configured as transformers configures it.

stdin: a JSON list of {template, messages, add_generation_prompt, date, variables}; stdout: a JSON
list of {"ok": true, "text": ...} or {"ok": false, "error": ...}.
"""

import datetime
import functools
import json
import sys

import jinja2
import jinja2.ext
from jinja2 import nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment


class GenerationTag(jinja2.ext.Extension):
    """{% generation %}: marks the assistant's text; the text itself is unchanged."""

    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return nodes.CallBlock(self.call_method("_body"), [], [], body).set_lineno(line)

    def _body(self, caller):
        return caller()


def raise_exception(message):
    raise jinja2.exceptions.TemplateError(message)


def tojson(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(
        value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys
    )


@functools.cache
def compiled(source, date):
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[GenerationTag, jinja2.ext.loopcontrols]
    )
    environment.filters["tojson"] = tojson
    environment.globals["raise_exception"] = raise_exception
    environment.globals["strftime_now"] = datetime.datetime.fromisoformat(date).strftime
    return environment.from_string(source)


def render(case):
    return compiled(case["template"], case["date"]).render(
        messages=case["messages"],
        tools=None,
        documents=None,
        add_generation_prompt=case["add_generation_prompt"],
        **case["variables"],
    )


def answer(case):
    try:
        return {"ok": True, "text": render(case)}
    except Exception as error:  # whatever it is, the template does not render
        return {"ok": False, "error": f"{type(error).__name__}: {error}"}


json.dump([answer(case) for case in json.load(sys.stdin)], sys.stdout)
