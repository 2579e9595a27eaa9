"""What Lighthouse says of a phone's first view: scores, shifts, requests and bytes of each page, on the demo as shipped."""
import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from .desk import ROOT, Desk

HOME = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "socialdesk-lighthouse"
HOW = "npm install --prefix {} lighthouse@13 node@24"
FIRST_NODE = (22, 19)
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
SIGNED_OUT = {"sign-in": "/sign-in", "install": "/install", "api-docs": "/api/v1/docs"}
PHOTO = r'<article(?:(?!</article>).)*?href="/p/(\d+)"(?:(?!</article>).)*?/attachments/'      # a card with a photo
FIGURES = {"cls": ("cumulative-layout-shift", 4), "lcp_ms": ("largest-contentful-paint", 0), "fcp_ms": ("first-contentful-paint", 0),
           "tbt_ms": ("total-blocking-time", 0)}


class Demo(Desk):
    """The demo with many posts, as `app.py demo` fills and serves it."""

    def start(self, people, posts):
        """Fill the desk unless it is filled, and serve.  Returns the cookies of the requester and the agent."""
        self.process = subprocess.Popen(
            [sys.executable, "app.py", "demo", "--people", str(people), "--posts", str(posts), "--port", str(self.port)],
            cwd=ROOT, env=self.environ, stdout=subprocess.PIPE, text=True, start_new_session=True)
        links = [self.process.stdout.readline().strip() for _ in range(3)]
        self.wait()
        return [self.open_link(link) for link in links[:2]]

    def pages(self, requester, agent):
        """name -> (path, cookie): what is looked at, found by its links as a person would find it."""
        question = self.first("/", requester, PHOTO, r'<article.*?href="/p/(\d+)"')
        ticket, article = self.first("/me/tickets", requester, r'href="/p/(\d+)"'), self.first("/help", requester, r'href="/help/([^"?#]+)"')
        signed_in = {"feed": "/", "post": f"/p/{question}", "ticket": f"/p/{ticket}", "article": f"/help/{article}", "help": "/help", "inbox": "/inbox"}
        return {name: (path, requester) for name, path in signed_in.items()} | {"desk": ("/desk", agent)} \
            | {name: (path, "") for name, path in SIGNED_OUT.items()}

    def first(self, path, cookie, *patterns):
        """What the first match on a page captures; of several patterns the first that has one."""
        html = self.request("GET", path, {"Cookie": cookie})[2].decode()
        found = next(filter(None, (re.search(pattern, html, re.S) for pattern in patterns)), None)
        if not found:
            raise RuntimeError(f"{path} shows nothing of the form {patterns[-1]}; a demo with more posts has it.")
        return found[1]


class Lighthouse:
    """Lighthouse of an npm folder, run by the Node beside it or the machine's, in the machine's Chromium."""

    def __init__(self, home):
        self.script = home / "node_modules" / "lighthouse" / "cli" / "index.js"
        self.node = next((found for found in (shutil.which("node", path=str(home / "node_modules" / ".bin")), shutil.which("node"))
                          if found and _version(found) >= FIRST_NODE), None)
        self.browser = next(filter(None, map(shutil.which, BROWSERS)), None)
        self.lacks = None if self.script.exists() and self.node else f"Lighthouse 13 with Node {'.'.join(map(str, FIRST_NODE))} or newer is not there: {HOW.format(home)}"
        if not self.browser:
            self.lacks = "Chromium is not installed (Debian package chromium)."

    def look(self, url, cookie, tries=3):
        """One cold visit of a phone: Lighthouse's report.  Now and then Chromium records nothing; then it is asked again."""
        with tempfile.TemporaryDirectory(prefix="socialdesk-lighthouse-") as folder:
            headers, report = Path(folder, "headers.json"), Path(folder, "report.json")
            headers.write_text(json.dumps({"Cookie": cookie} if cookie else {}))
            done = subprocess.run([self.node, self.script, url, "--output=json", f"--output-path={report}", "--quiet", f"--extra-headers={headers}",
                                   f"--only-categories={','.join(CATEGORIES)}", "--chrome-flags=--headless=new --no-sandbox"],
                                  env=os.environ | {"CHROME_PATH": self.browser}, stderr=subprocess.PIPE, text=True)
            found = json.loads(report.read_text()) if report.exists() else {"runtimeError": done.stderr.strip()}
        if not found.get("runtimeError") and found["finalDisplayedUrl"].split("#")[0] == url:
            return found
        if tries == 1:
            raise RuntimeError(f"{url} was not seen: {found.get('runtimeError') or found['finalDisplayedUrl']}")
        return self.look(url, cookie, tries - 1)


def _version(node):
    said = subprocess.run([node, "--version"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    return tuple(map(int, re.findall(r"\d+", said)[:2]))


def figures(report):
    """The figures of one report; scores of 100."""
    audits, found = report["audits"], report["audits"]["network-requests"]["details"]["items"]
    sent = [one for one in found if one.get("transferSize")]                    # what came from the browser's own memory is not a request
    return {**{name: round(100 * report["categories"][name]["score"]) for name in CATEGORIES},
            **{name: round(audits[audit]["numericValue"], digits) for name, (audit, digits) in FIGURES.items()},
            "requests": len(sent), "bytes": sum(one["transferSize"] for one in sent),
            "html_bytes": next(one["transferSize"] for one in sent if one["resourceType"] == "Document"),
            "photo_bytes": sum(one["transferSize"] for one in sent if "/attachments/" in one["url"])}


def costs(report):
    """The audits that cost points, in Lighthouse's words."""
    return sorted({f"{ref['id']}: {report['audits'][ref['id']]['title']}" for name in CATEGORIES for ref in report["categories"][name]["auditRefs"]
                   if ref["weight"] and (report["audits"][ref["id"]]["score"] or 0) < (1 if name != "performance" else 0.9)
                   and report["audits"][ref["id"]]["scoreDisplayMode"] not in ("notApplicable", "manual", "informative")})


def measure(lighthouse, url, cookie, runs):
    """Each figure's median of several visits; shifts and requests are the worst of them."""
    reports = [lighthouse.look(url, cookie) for _ in range(runs)]
    seen = [figures(report) for report in reports]
    middle = {name: statistics.median_low(one[name] for one in seen) for name in seen[0]}
    return middle | {"cls": max(one["cls"] for one in seen), "requests": max(one["requests"] for one in seen), "runs": [one["performance"] for one in seen],
                     "costs": sorted({words for report in reports for words in costs(report)}), "cpu_index": statistics.median_low(round(report["environment"]["benchmarkIndex"]) for report in reports)}


def main():
    """Print one JSON line."""
    parser = argparse.ArgumentParser(prog="python -m bench.lighthouse", description=__doc__)
    parser.add_argument("--posts", type=int, default=10_000)
    parser.add_argument("--people", type=int, default=24)
    parser.add_argument("--runs", type=int, default=3, help="visits of each page; medians are printed")
    parser.add_argument("--only", nargs="*", help="names of pages")
    parser.add_argument("--data", help="a folder for the demo, kept, so that it is filled once")
    parser.add_argument("--lighthouse", type=Path, default=HOME, help="the folder of " + HOW.format("FOLDER"))
    options = parser.parse_args()
    lighthouse = Lighthouse(options.lighthouse)
    if lighthouse.lacks:
        print(json.dumps({"skipped": lighthouse.lacks}))
        return
    with tempfile.TemporaryDirectory(prefix="socialdesk-bench-") as folder:
        demo = Demo(options.data or folder)
        try:
            pages = {name: page for name, page in demo.pages(*demo.start(options.people, options.posts)).items() if name in (options.only or [name])}
            raw = {}
            for name, (path, cookie) in pages.items():
                raw[name] = measure(lighthouse, f"http://localhost:{demo.port}{path}", cookie, options.runs)
                print(name, path, json.dumps(raw[name]), file=sys.stderr, flush=True)
        finally:
            demo.stop()
            demo.stop(9)
    print(json.dumps({"posts": options.posts, "runs": options.runs, "pages": raw}))


if __name__ == "__main__":
    main()
