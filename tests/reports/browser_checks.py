"""Opens a page of assay compare in Chromium and checks what only a browser can.

browser_checks.py CHROMIUM PAGE.html [--screenshots DIR]

The page holds several runs whose chains differ. Hostile texts in it would set window.hacked.
Prints a line for each failed check, then measurements; exits with 1 if any check failed.
"""

import base64
import pathlib
import sys

from browser import Browser

FAILED = []


def check(name, holds, detail=""):
    if not holds:
        FAILED.append(name)
        print(f"FAILED {name}: {detail}")


def check_opening(browser, url):
    browser.open(url)
    browser.js("new Promise((done) => "
               "requestAnimationFrame(() => requestAnimationFrame(done)))")
    timing = browser.js("""(() => {
      const it = performance.getEntriesByType("navigation")[0];
      return {load: it.loadEventEnd, interactive: it.domInteractive, painted: performance.now()};
    })()""")
    check("console", not browser.complaints(), browser.complaints())
    check("requests", browser.requests() == [url], browser.requests())
    return timing


def check_hostile(browser, url):
    check("scripts", browser.js("document.scripts.length") == 1)
    check("hacked", browser.js("window.hacked === undefined"))
    for what in ("img", "iframe", "object", "embed", "link", "form", "base",
                 "a[href^='javascript']"):
        check("no " + what, browser.js(f"document.querySelector(\"{what}\") === null"))
    handlers = browser.js("""[...document.querySelectorAll("*")].filter((it) =>
      [...it.attributes].some((at) => at.name.startsWith("on"))).length""")
    check("no handlers", handlers == 0, handlers)
    hidden = browser.js(r"/[\u0000-\u0008\u001b\u202a-\u202e\u2066-\u2069]/.test("
                        "document.documentElement.outerHTML)")
    check("no control characters", not hidden)
    for address in ("#\"><img src=x onerror=window.hacked=1>", "#javascript:window.hacked=1",
                    "#/%00/'\"]/..", "#/a/b/0/ZZ-QQQQQQQQ", "#" + "x" * 100000, "#%", "#[id]",
                    "#/__proto__/constructor/0"):
        browser.js("location.hash = " + repr(address))
        check("address " + address[:40], not browser.complaints(), browser.complaints())
    check("hacked by address", browser.js("window.hacked === undefined"))
    check("dialog by address", browser.js("!document.querySelector('dialog').open"))
    browser.js("location.hash = ''")


def check_sorting(browser):
    order = """(() => {
      const table = document.querySelector("#overview + .scroll table");
      const button = table.tHead.rows[0].cells[COLUMN].querySelector("button");
      button.click();
      return [...table.tBodies[0].rows].map((row) => Number(row.cells[COLUMN].dataset.v ?? NaN));
    })()"""
    for column in (1, 4):
        first = browser.js(order.replace("COLUMN", str(column)))
        second = browser.js(order.replace("COLUMN", str(column)))
        known = [it for it in first if it is not None]
        check(f"sort column {column} up", known == sorted(known), first)
        known = [it for it in second if it is not None]
        check(f"sort column {column} down", known == sorted(known, reverse=True), second)


def check_runs_hide(browser):
    browser.js("document.querySelector('.toggle').click()")
    shown = ("[...document.querySelectorAll('main .r0')].filter((it) =>"
             " !it.closest('.bar') && !it.hasAttribute('hidden')).length")
    check("a run hides", browser.js(shown) == 0, browser.js(shown))
    browser.js("document.querySelector('.toggle').click()")
    check("a run shows", browser.js(shown) > 0)


def check_explanations(browser):
    browser.js("document.querySelector('.term').focus()")
    words = browser.js("document.getElementById('tip').textContent")
    check("explanation", len(words) > 10, words)
    bare = browser.js(r"""(() => {
      const walk = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
      const bare = [];
      while (walk.nextNode()) {
        const parent = walk.currentNode.parentElement;
        if (parent.closest("bdi, pre")) continue;
        for (const it of walk.currentNode.data.matchAll(/(.?)C(10|[1-9])\b(.?)/g)) {
          if (it[1] !== "(" && it[3] !== ")") bare.push(parent.textContent.slice(0, 80));
        }
      }
      return bare;
    })()""")
    check("no component without words", not bare, bare)


def check_deep_link(browser, url):
    key = browser.js("""(() => {
      const differing = document.querySelector("tr[data-outcome~=tokens-differ][data-key]");
      return (differing || document.querySelector("tr[data-key]"))?.dataset.key;
    })()""")
    check("problems have addresses", bool(key))
    if not key:
        return
    browser.open("about:blank")
    browser.open(url + "#/" + key)
    browser.js("new Promise((done) => setTimeout(done, 300))")
    state = browser.js("""(() => {
      const dialog = document.querySelector("dialog");
      return {open: dialog.open, sides: dialog.querySelectorAll(".side").length,
              texts: dialog.querySelectorAll("pre").length,
              marks: dialog.querySelectorAll("mark").length,
              words: dialog.querySelector(".parting")?.textContent ?? ""};
    })()""")
    check("deep link opens", state["open"] and state["sides"] == 2, state)
    check("both chains", state["texts"] == 2, state)
    check("divergence marked", state["marks"] == 2, state)
    check("divergence in words", "The same" in state["words"], state)
    check("deep link console", not browser.complaints(), browser.complaints())
    browser.js("document.querySelector('dialog select').dispatchEvent(new Event('change'))")
    check("address names the pair", browser.js("/\\/[A-Z]+-[A-Z]+$/.test(location.hash)"),
          browser.js("location.hash"))


def check_width(browser):
    browser.size(390, 844)
    wide = browser.js("document.documentElement.scrollWidth")
    check("narrow page does not scroll sideways", wide <= 390, wide)
    browser.size(1280, 900)


def screenshots(browser, url, folder):
    for name, scheme, width in (("light", "light", 1280), ("dark", "dark", 1280),
                                ("narrow", "light", 390)):
        browser.media(scheme)
        browser.size(width, 900)
        browser.open("about:blank")
        browser.open(url)
        browser.js("new Promise((done) => setTimeout(done, 200))")
        height = browser.js("document.documentElement.scrollHeight")
        for part in range(0, min(height, 20000), 2000):
            image = browser.call("Page.captureScreenshot", {
                "captureBeyondViewport": True,
                "clip": {"x": 0, "y": part, "width": width, "height": min(2000, height - part),
                         "scale": 1}})
            path = pathlib.Path(folder) / f"{name}-{part // 2000}.png"
            path.write_bytes(base64.b64decode(image["data"]))


def main():
    program, page = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()
    url = page.as_uri()
    with Browser(program) as browser:
        browser.size(1280, 900)
        timing = check_opening(browser, url)
        check_hostile(browser, url)
        check_sorting(browser)
        check_runs_hide(browser)
        check_explanations(browser)
        check_width(browser)
        check_deep_link(browser, url)
        if "--screenshots" in sys.argv:
            screenshots(browser, url, sys.argv[sys.argv.index("--screenshots") + 1])
    print(f"interactive after {timing['interactive']:.0f} ms, loaded after "
          f"{timing['load']:.0f} ms, painted after {timing['painted']:.0f} ms; "
          f"{page.stat().st_size / 1e6:.2f} MB")
    return 1 if FAILED else 0


if __name__ == "__main__":
    sys.exit(main())
