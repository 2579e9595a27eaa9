"""A tiny site for the lab's own tests: a strict page, a service worker that shows what is pushed."""
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
          "worker-src 'self'; form-action 'self'; base-uri 'none'")

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Lab</title><script src="/page.js"></script>
<main><h1>Lab</h1><form><label>Words <input id="words" name="words"></label>
<button id="push" type="button">Tell me</button></form><p id="state">Nothing yet</p><p id="touch">Swipe me</p></main></html>"""

DOT = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
FAULTY_PAGE = f"""<!doctype html><html><meta charset="utf-8"><title></title><div style="color:red">Inline style</div>
<script>document.title = "inline script ran"</script><img src="{DOT}" id="wide" width="2000"><img src="/gone.png" alt=""></html>"""

SCRIPT = """
async function subscribe(key) {
  const registration = await navigator.serviceWorker.register("/worker.js");
  await navigator.serviceWorker.ready;
  if (await Notification.requestPermission() !== "granted") return "refused";
  const bytes = Uint8Array.from(atob(key.replace(/-/g, "+").replace(/_/g, "/")), c => c.charCodeAt(0));
  return (await registration.pushManager.subscribe({userVisibleOnly: true, applicationServerKey: bytes})).toJSON();
}
async function unsubscribe() {
  const registration = await navigator.serviceWorker.ready;
  return (await registration.pushManager.getSubscription()).unsubscribe();
}
addEventListener("DOMContentLoaded", () => {
  const say = words => { document.querySelector("#state").textContent = words };
  document.querySelector("#push")?.addEventListener("click", event =>
    say((event.isTrusted ? "pressed " : "faked ") + document.querySelector("#words").value));
  document.querySelector("#touch")?.addEventListener("pointermove", event => say(event.pointerType));
});
"""

WORKER = """
addEventListener("install", () => skipWaiting());
addEventListener("activate", event => event.waitUntil(clients.claim()));
addEventListener("message", event => console.error(event.data));
addEventListener("push", event => {
  const said = event.data.json();
  event.waitUntil(registration.showNotification(said.title, {body: said.body, tag: said.tag, data: said,
    actions: [{action: "yes", title: "It works"}, {action: "no", title: "It doesn't"}]}));
});
addEventListener("notificationclick", event => {
  event.notification.close();
  event.waitUntil(clients.openWindow(`${event.notification.data.url}?pressed=${event.action || "notice"}`));
});
"""

FILES = {"/": ("text/html", PAGE), "/opened": ("text/html", PAGE), "/faulty": ("text/html", FAULTY_PAGE),
         "/page.js": ("text/javascript", SCRIPT), "/worker.js": ("text/javascript", WORKER)}


class LabSite:
    """Serves on a free loopback port: `origin`."""

    def start(self):
        """Listen, in a thread."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self.origin = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        return self

    def stop(self):
        """Close the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        kind, text = FILES.get(self.path.partition("?")[0], (None, "Not here"))
        body = text.encode()
        self.send_response(200 if kind else 404)
        self.send_header("Content-Type", f"{kind or 'text/plain'}; charset=utf-8")
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        """Stay quiet."""
