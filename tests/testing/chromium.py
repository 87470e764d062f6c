"""A headless Chromium, told what to do over DevTools on a pipe. Standard library only.

    with Browser() as browser:
        page = browser.page()
        page.go("http://127.0.0.1:16000/debug/status")
        page.value("document.title")

Every wait has a deadline; what is waited for in the page is asked for again and again in the page
itself. Not safe for several threads. No host but 127.0.0.1 can be reached.
"""

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

PATIENCE = 20  # seconds


class BrowserError(Exception):
    pass


class Browser:
    def __init__(self):
        program = shutil.which("chromium")
        if program is None:
            raise BrowserError("chromium is missing; scripts/setup installs it")
        self.folder = tempfile.mkdtemp(prefix="graft-chromium.")
        self.log = open(os.path.join(self.folder, "log"), "w+", encoding="utf-8")
        theirs_in, self.to = os.pipe()
        self.back, theirs_out = os.pipe()
        for end in (self.to, self.back):
            os.set_inheritable(end, False)
        self.process = subprocess.Popen(
            # Chromium reads from 3 and writes to 4.
            ["bash", "-c", f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}', "bash", program,
             "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--hide-scrollbars", "--no-first-run", "--disable-extensions",
             "--disable-background-networking", "--disable-component-update",
             "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
             f"--user-data-dir={self.folder}/profile", "--remote-debugging-pipe", "about:blank"],
            pass_fds=(theirs_in, theirs_out), stdout=self.log, stderr=self.log,
            env={**os.environ, "HOME": self.folder})
        os.close(theirs_in)
        os.close(theirs_out)
        self.unread = b""
        self.last_id = 0
        self.events = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.call("Browser.close")
            self.process.wait(5)
        except (BrowserError, OSError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        for end in (self.to, self.back):
            os.close(end)
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _read(self, deadline):
        while b"\0" not in self.unread:
            ready, _, _ = select.select([self.back], [], [], max(0, deadline - time.monotonic()))
            got = os.read(self.back, 1 << 20) if ready else b""
            if not got:
                self.log.seek(0)
                raise BrowserError(f"chromium {'has ended' if ready else 'does not answer'}: "
                                   f"{self.log.read()[-2000:]}")
            self.unread += got
        message, self.unread = self.unread.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, params=None, session=None, patience=PATIENCE):
        self.last_id += 1
        message = {"id": self.last_id, "method": method, "params": params or {}}
        if session:
            message["sessionId"] = session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + patience
        while True:
            answer = self._read(deadline)
            if "id" not in answer:
                self.events.append(answer)
            elif answer["id"] == self.last_id:
                if "error" in answer:
                    raise BrowserError(f"{method}: {answer['error']}")
                return answer["result"]

    def page(self):
        target = self.call("Target.createTarget", {"url": "about:blank"})["targetId"]
        session = self.call("Target.attachToTarget",
                            {"targetId": target, "flatten": True})["sessionId"]
        return Page(self, session)


class Page:
    def __init__(self, browser, session):
        self.browser = browser
        self.session = session
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(domain + ".enable")

    def call(self, method, params=None, patience=PATIENCE):
        return self.browser.call(method, params, self.session, patience)

    def events(self, method):
        """What has happened so far, the pipe's unread part left aside."""
        return [event["params"] for event in self.browser.events
                if event["method"] == method and event.get("sessionId") == self.session]

    def go(self, url):
        loaded = len(self.events("Page.loadEventFired"))
        answer = self.call("Page.navigate", {"url": url})
        if "errorText" in answer:
            raise BrowserError(f"{url}: {answer['errorText']}")
        deadline = time.monotonic() + PATIENCE
        while len(self.events("Page.loadEventFired")) == loaded:
            message = self.browser._read(deadline)
            self.browser.events.append(message)

    def value(self, expression, patience=PATIENCE):
        answer = self.call("Runtime.evaluate",
                           {"expression": expression, "returnByValue": True, "awaitPromise": True},
                           patience)
        if "exceptionDetails" in answer:
            raise BrowserError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def wait(self, condition, seconds=PATIENCE):
        """Until the JavaScript expression is true in the page, looked at as it is drawn."""
        script = f"""new Promise((done) => {{
          const end = performance.now() + {seconds * 1000};
          const look = () => {{
            const met = !!({condition});
            if (met || performance.now() > end) done(met); else setTimeout(look, 50);
          }};
          look();
        }})"""
        if not self.value(script, seconds + PATIENCE):
            raise BrowserError(f"not so within {seconds} s: {condition}")

    def front(self):
        """A page behind another one counts as hidden."""
        self.call("Page.bringToFront")

    def size(self, width, height):
        self.call("Emulation.setDeviceMetricsOverride",
                  {"width": width, "height": height, "deviceScaleFactor": 1,
                   "mobile": width < 600})

    def scheme(self, name):
        self.call("Emulation.setEmulatedMedia",
                  {"features": [{"name": "prefers-color-scheme", "value": name}]})

    def scripts(self, on):
        self.call("Emulation.setScriptExecutionDisabled", {"value": not on})

    def screenshot(self, path, whole=True):
        png = self.call("Page.captureScreenshot",
                        {"format": "png", "captureBeyondViewport": whole})["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(png))
