"""What makes the desk an app: service worker, manifest, offline page, the theme's own colors."""
import hashlib
import json
from functools import cache
from pathlib import Path

from flask import Blueprint, current_app, render_template, request

from .notifications.keys_delivery import keys_of
from .web import SHARE_TARGET, public

bp = Blueprint("pwa", __name__)
ROOT = Path(__file__).resolve().parent.parent
WORKER = (ROOT / "service-worker.js", ROOT / "service-worker-deeds.js")          # served as one
LIGHT = "#f4f0ed"                       # the table under the cards, as in tokens.css
#: what the offline page needs to look like itself
KEPT = ("app.css", "js/app.js", "icons.svg", "brand/icon.svg", "brand/icon-192.png", "brand/badge-96.png")
#: what a browser's name says of its device; the first that fits: an Android says Linux as well
DEVICES = {"android": ("Android",), "iphone": ("iPhone", "iPad", "iPod"), "computer": ("Windows", "Macintosh", "Linux", "CrOS")}
DEVICES_IN_ORDER = ("iphone", "android", "computer")
#: pictures of the desk for the install dialog: name, size in pixels, form factor, what they show.  docs/pictures.py draws them
SCREENSHOTS = (("screen-feed", "720x1280", "narrow", "What colleagues ask, and what helped"),
               ("screen-ticket", "720x1280", "narrow", "How a ticket stands, in plain words"),
               ("screen-ask", "720x1280", "narrow", "One box, and what is known while you type"),
               ("screen-wide", "1280x800", "wide", "The same on a computer"))


@bp.get("/service-worker.js")
@public
def service_worker():
    """The worker, told which build it belongs to; fetched anew by the browser at its own pace."""
    assets = current_app.extensions["assets"]
    told = {"BUILD": assets.hash, "KEY": keys_of(current_app.config["SETTINGS"]).public,
            "KEPT": [assets.asset(name) for name in KEPT if name in assets.names],
            "ICON": assets.asset("brand/icon-192.png"), "BADGE": assets.asset("brand/badge-96.png")}
    lines = "".join(f"const {name} = {json.dumps(value)};\n" for name, value in told.items())
    return _kept(lines + _worker(), "text/javascript", **{"Service-Worker-Allowed": "/"})


@cache
def _worker():
    return "".join(part.read_text("utf-8") for part in WORKER)


@bp.get("/manifest.webmanifest")
@public
def manifest():
    """How the desk stands on a home screen."""
    return _kept(json.dumps(_manifest(current_app.extensions["assets"].asset), ensure_ascii=False), "application/manifest+json")


def _manifest(asset):
    def icon(name, size, purpose):
        return {"src": asset(f"brand/{name}-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
    small = [icon("icon", 192, "any")]
    return {
        "id": "/", "name": "SocialDesk", "short_name": "SocialDesk", "lang": "en", "dir": "ltr", "start_url": "/", "scope": "/",
        "description": "Ask, be helped, and be told on your phone: the service desk of your organization.",
        "display": "standalone", "display_override": ["standalone", "minimal-ui"], "orientation": "any",
        "theme_color": LIGHT, "background_color": LIGHT, "categories": ["business", "productivity"],
        "icons": [icon("icon", 192, "any"), icon("icon", 512, "any"), icon("maskable", 192, "maskable"), icon("maskable", 512, "maskable")],
        "shortcuts": [{"name": "Ask", "description": "Ask your colleagues or the desk", "url": "/ask", "icons": small},
                      {"name": "Inbox", "description": "What is new for you", "url": "/inbox", "icons": small},
                      {"name": "My tickets", "description": "How they stand", "url": "/me/tickets", "icons": small}],
        "screenshots": [_screenshot(asset, *one) for one in SCREENSHOTS],
        "share_target": {"action": SHARE_TARGET, "method": "POST", "enctype": "multipart/form-data", "params": {
            "title": "title", "text": "text", "url": "url", "files": [{"name": "photo", "accept": ["image/*"]}]}},
        "launch_handler": {"client_mode": ["navigate-existing", "auto"]}}


def _screenshot(asset, name, sizes, form_factor, label):
    return {"src": asset(f"brand/{name}.png"), "sizes": sizes, "type": "image/png", "form_factor": form_factor, "label": label}


@bp.get("/install")
@public
def install():
    """How the desk gets onto a home screen: on an iPhone, on Android, on a computer."""
    agent = request.headers.get("User-Agent", "")
    own = next((way for way, names in DEVICES.items() if any(name in agent for name in names)), "iphone")
    answer = current_app.make_response(render_template("install.html", here="me", ways=sorted(DEVICES_IN_ORDER, key=lambda way: way != own), offers="Chrome/" in agent))
    answer.vary.add("User-Agent")
    return answer


@bp.get("/offline")
@public
def offline():
    """The page for no network: the same for everybody, kept by the worker."""
    return render_template("offline.html")


@bp.get("/theme.css")
@public
def theme():
    """The organization's own colors; none are chosen yet."""
    return _kept(":root{}\n", "text/css")


def _kept(text, kind, **headers):
    """A text that browsers keep and ask about: 304 while it is the same."""
    answer = current_app.response_class(text, mimetype=kind, headers=headers)
    answer.headers["Cache-Control"] = "no-cache"
    answer.set_etag(hashlib.sha256(text.encode()).hexdigest()[:24])
    return answer.make_conditional(request)
