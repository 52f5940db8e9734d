"""A headless Chromium driven through its debugging pipe; the standard library alone."""

import json
import os
import select
import subprocess
import tempfile
import time


class Browser:
    """Opens pages and collects what they do wrong. Use as a context manager."""

    def __init__(self, program):
        self.folder = tempfile.TemporaryDirectory(prefix="assay-browser-")
        to_child, self.out = os.pipe()
        self.inp, from_child = os.pipe()
        arguments = [
            program, "--headless=new", "--remote-debugging-pipe", "--no-first-run",
            "--disable-gpu", "--disable-background-networking", "--disable-component-update",
            "--disable-dev-shm-usage", "--hide-scrollbars", "--force-color-profile=srgb",
            "--user-data-dir=" + self.folder.name]
        if os.getuid() == 0:
            arguments.append("--no-sandbox")  # Chromium's own sandbox refuses root

        def fds():
            os.dup2(to_child, 13)
            os.dup2(from_child, 14)
            os.dup2(13, 3)
            os.dup2(14, 4)

        self.process = subprocess.Popen(
            arguments + ["about:blank"], close_fds=False, preexec_fn=fds,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_child)
        os.close(from_child)
        self.buffer = b""
        self.number = 0
        self.events = []
        self.session = None
        target = self.call("Target.createTarget", {"url": "about:blank"})["targetId"]
        self.session = self.call(
            "Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.process.kill()
        self.process.wait()
        os.close(self.out)
        os.close(self.inp)
        try:
            self.folder.cleanup()
        except OSError:
            pass  # a child of the browser still writes there

    def _message(self, deadline):
        while b"\0" not in self.buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.inp], [], [], left)[0]:
                raise TimeoutError("the browser does not answer")
            data = os.read(self.inp, 1 << 20)
            if not data:
                raise RuntimeError("the browser has ended")
            self.buffer += data
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, parameters=None, seconds=60):
        self.number += 1
        request = {"id": self.number, "method": method, "params": parameters or {}}
        if self.session:
            request["sessionId"] = self.session
        data = json.dumps(request).encode() + b"\0"
        while data:
            data = data[os.write(self.out, data):]
        deadline = time.monotonic() + seconds
        while True:
            message = self._message(deadline)
            if message.get("id") == self.number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']['message']}")
                return message["result"]
            self.events.append(message)

    def wait_for(self, event, seconds=60):
        deadline = time.monotonic() + seconds
        while True:
            for at, message in enumerate(self.events):
                if message.get("method") == event:
                    return self.events.pop(at)
            self.events.append(self._message(deadline))

    def open(self, url):
        self.events = []
        self.call("Page.navigate", {"url": url})
        self.wait_for("Page.loadEventFired")

    def js(self, expression):
        """The value of an expression, which may be a promise."""
        result = self.call("Runtime.evaluate", {
            "expression": expression, "returnByValue": True, "awaitPromise": True})
        if "exceptionDetails" in result:
            raise RuntimeError(json.dumps(result["exceptionDetails"])[:2000])
        return result["result"].get("value")

    def complaints(self):
        """Errors of the console, exceptions, refusals of the content policy, dialogs."""
        self.js("new Promise((done) => setTimeout(done, 50))")
        found = []
        for message in self.events:
            method, data = message.get("method"), message.get("params", {})
            if method == "Runtime.exceptionThrown":
                found.append("exception: " + json.dumps(data["exceptionDetails"])[:500])
            elif method == "Runtime.consoleAPICalled" and data["type"] in ("error", "warning"):
                found.append("console: " + json.dumps(data["args"])[:500])
            elif method == "Log.entryAdded" and data["entry"]["level"] in ("error", "warning"):
                found.append("log: " + data["entry"]["text"][:500])
            elif method == "Page.javascriptDialogOpening":
                found.append("dialog: " + data.get("message", ""))
        return found

    def requests(self):
        return [it["params"]["request"]["url"] for it in self.events
                if it.get("method") == "Network.requestWillBeSent"]

    def media(self, scheme):
        self.call("Emulation.setEmulatedMedia",
                  {"features": [{"name": "prefers-color-scheme", "value": scheme}]})

    def size(self, width, height):
        self.call("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})
