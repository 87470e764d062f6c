#!/usr/bin/env python3
"""What a browser makes of the status page. Ends with 1, and says why, if it is not as it should be.

    status_page_browser.py clone URL PID [FOLDER]
        an agent that copies files slowly; when this prints RELEASE, the copy is to be sped up.
        PID is the agent's, to be held up for a moment. Screenshots go to the folder, if there is one.
    status_page_browser.py scenes PROGRAM [FOLDER]
        states that are hard to bring about, served by the program
"""

import os
import pathlib
import re
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "testing"))
from chromium import Browser  # noqa: E402  pylint: disable=wrong-import-position

PHONE = (360, 740)
DESK = (1100, 900)
SCENES = ("running", "failed", "idle", "starting", "hostile")


def check(what, so):
    print(("ok    " if so else "WRONG ") + what, flush=True)
    if not so:
        sys.exit(1)


def shoot(page, folder, name, size=DESK):
    if folder:
        page.size(*size)
        page.size(size[0], page.value("document.documentElement.scrollHeight"))
        page.screenshot(os.path.join(folder, name))
    page.size(*size)


def percent(page):
    return float(page.value("document.getElementById('percent').textContent"))


def look_at_layout(page, name):
    page.size(*PHONE)
    width = page.value("document.documentElement.scrollWidth")
    check(f"{name}: a phone needs no sideways scroll ({width} px)", width <= PHONE[0])
    page.size(*DESK)
    grounds = []
    for scheme in ("dark", "light"):
        page.scheme(scheme)
        grounds.append(page.value("getComputedStyle(document.body).backgroundColor"))
    check(f"{name}: dark is not light ({grounds})", grounds[0] != grounds[1])


def look_for_strangers(page, base):
    asked = [event["request"]["url"] for event in page.events("Network.requestWillBeSent")]
    strangers = [url for url in asked if not url.startswith((base + "/debug/", "data:"))]
    check(f"of {len(asked)} requests none goes elsewhere {strangers}", asked and not strangers)
    check("nothing was refused by the page's policy",
          not [entry for entry in page.events("Log.entryAdded")
               if "Content Security Policy" in entry["entry"]["text"]])


def look_without_script(browser, url, folder):
    page = browser.page()
    page.scripts(on=False)
    page.go(url)
    root = page.call("DOM.getDocument")["root"]["nodeId"]

    def text(selector):
        node = page.call("DOM.querySelector", {"nodeId": root, "selector": selector})["nodeId"]
        html = page.call("DOM.getOuterHTML", {"nodeId": node})["outerHTML"] if node else ""
        return re.sub(r"<[^>]*>", "", html)

    check("without a script it says what it is",
          re.search(r"JavaScript is off: this is the state as of \S+ \d\d:\d\d:\d\dZ\.",
                    text("noscript")))
    check("without a script it shows the percent", re.search(r"\d+\.\d", text("#percent")))
    check("without a script it shows the shard", "PRIMARY" in text("#shard"))
    shoot_path = folder and os.path.join(folder, "no-script.png")
    if shoot_path:
        page.screenshot(shoot_path)


# What the reader has done to the page must outlast its updates.
def touch(page):
    page.value("window.__mark = 'not loaded again'")
    page.value("document.querySelector('#story > summary').click()")
    page.value("document.querySelector('#story > summary').focus({preventScroll: true})")
    page.value("scrollTo(0, 60)")


def look_at_touched(page):
    check("it was not loaded again", page.value("window.__mark") == "not loaded again")
    check("what was opened is open", page.value("document.getElementById('story').open"))
    check("what had the focus has it",
          page.value("document.activeElement === document.querySelector('#story > summary')"))
    check("it stands where it stood", page.value("scrollY") == 60)


def look_at_progress(page):
    bar = "document.querySelector('progress[aria-label=\"FILE COPY\"]')"
    copied = f"({bar} ? {bar}.value : 0)"
    for _ in range(2):
        before = percent(page)
        bytes_before = page.value(copied)
        page.wait(f"parseFloat(document.getElementById('percent').textContent) > {before}")
        page.wait(f"{copied} > {bytes_before}")
        check(f"the percent grows: {before} to {percent(page)}", percent(page) > before)
    title = page.value("document.title")
    check(f"the title tells it too: {title}", re.match(r"\d+\.\d % zone1-", title))


def look_at_silence(page, pid):
    os.kill(pid, signal.SIGSTOP)
    try:
        page.wait("!document.getElementById('away').hidden")
        text = page.value("document.getElementById('away').textContent")
        check(f"an agent that is away is said to be: {text}",
              re.search(r"does not answer since \d\d:\d\d:\d\d UTC", text))
    finally:
        os.kill(pid, signal.SIGCONT)
    page.wait("document.getElementById('away').hidden")
    check("and back when it is back", True)


def clone(url, pid, folder):
    base = url.split("/debug/")[0]
    with Browser() as browser:
        page = browser.page()
        page.size(*DESK)
        page.go(url)
        for section in ("ready", "running", "tablet", "shard", "preflight", "history"):
            check(f"it has #{section}", page.value(f"!!document.getElementById('{section}')"))
        check("it has a bar for every phase",
              page.value("document.querySelectorAll('.phases progress').length") == 9)
        touch(page)
        look_at_progress(page)
        look_at_touched(page)
        look_at_layout(page, "clone")
        look_without_script(browser, url, folder)
        page.front()
        shoot(page, folder, "clone-light.png")
        page.scheme("dark")
        shoot(page, folder, "clone-dark.png")
        shoot(page, folder, "clone-phone.png", PHONE)
        page.size(*DESK)
        look_at_silence(page, pid)
        look_for_strangers(page, base)
        print("RELEASE", flush=True)
        page.wait("document.querySelector('#history .chip.good') && "
                  "!document.getElementById('running')", 60)
        check("its end is seen without loading it again",
              page.value("window.__mark") == "not loaded again")
        page.wait("document.querySelector('#ready strong').textContent === 'Ready'")
        check("the tablet is ready again", True)


def scenes(program, folder):
    with Browser() as browser:
        for scene in SCENES:
            server = subprocess.Popen([program, scene], stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, text=True)
            try:
                base = f"http://127.0.0.1:{int(server.stdout.readline())}"
                page = browser.page()
                page.size(*DESK)
                page.go(base + "/debug/status")
                look_at_layout(page, scene)
                shoot(page, folder, scene + ".png")
                # One update, so that what the script makes of the fragment is looked at too.
                first = page.value("document.querySelector('time').textContent")
                page.wait(f"document.querySelector('time').textContent !== '{first}'")
                check(f"{scene}: no value became markup",
                      not page.value("document.title.includes('pwned') || "
                                     "document.querySelectorAll('img, main script').length")
                      and not page.events("Page.javascriptDialogOpening"))
                look_for_strangers(page, base)
            finally:
                server.stdin.close()
                server.wait(10)


def main():
    what, *rest = sys.argv[1:]
    if what == "clone":
        clone(rest[0], int(rest[1]), rest[2] if len(rest) > 2 else None)
    else:
        scenes(rest[0], rest[1] if len(rest) > 1 else None)


if __name__ == "__main__":
    main()
