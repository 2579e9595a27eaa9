"""The app on the home screen: worker, manifest, offline page."""
import json
import re
import struct

import pytest

from socialdesk.pwa import KEPT, WORKER


@pytest.mark.parametrize("address", ["/service-worker.js", "/manifest.webmanifest", "/offline", "/theme.css"])
def test_the_app_is_there_for_whoever_is_not_signed_in(browse, address):
    answer = browse(None).get(address)
    assert answer.status_code == 200 and "Set-Cookie" not in answer.headers


def test_the_worker_serves_the_whole_site_and_is_asked_about_each_time(browse):
    answer = browse(None).get("/service-worker.js")
    assert answer.headers["Service-Worker-Allowed"] == "/" and answer.headers["Cache-Control"] == "no-cache"
    assert answer.mimetype == "text/javascript"
    again = browse(None).get("/service-worker.js", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_the_worker_knows_its_build_the_desks_key_and_files_that_exist(browse, make, desk):
    text = browse(None).get("/service-worker.js").text
    told = {name: json.loads(value) for name, value in re.findall(r"^const ([A-Z]+) = (.+);$", text, re.MULTILINE) if name in ("BUILD", "KEY", "KEPT", "ICON", "BADGE")}
    assert told["BUILD"] == desk.extensions["assets"].hash
    assert told["KEY"] == browse(make.person()).get("/me/devices/key").json["key"]
    assert len(told["KEPT"]) == len(KEPT)
    for address in (*told["KEPT"], told["ICON"], told["BADGE"]):
        with browse(None).get(address) as answer:
            assert answer.status_code == 200, address


def test_the_worker_stays_short():
    assert all(len(part.read_text("utf-8").splitlines()) <= 180 for part in WORKER)


def test_the_worker_leaves_every_unsafe_request_but_the_share_alone():
    text = "".join(part.read_text("utf-8") for part in WORKER)
    assert text.count('"POST"') == 3, "the share target, telling the desk of a device's new address, and a deed pressed on a notice"
    assert "/ask/shared" in text and 'if (request.method !== "GET") return;' in text


def test_the_manifest_makes_it_installable(browse):
    manifest = json.loads(browse(None).get("/manifest.webmanifest").text)
    assert manifest["id"] == manifest["start_url"] == manifest["scope"] == "/"
    assert manifest["display"] == "standalone" and "standalone" in manifest["display_override"]
    assert {"name", "short_name", "description", "lang", "dir", "theme_color", "background_color", "launch_handler"} <= set(manifest)
    assert {(icon["sizes"], icon["purpose"]) for icon in manifest["icons"]} == {
        (size, purpose) for size in ("192x192", "512x512") for purpose in ("any", "maskable")}
    assert [shortcut["url"] for shortcut in manifest["shortcuts"]] == ["/ask", "/inbox", "/me/tickets"]


def test_every_icon_is_a_picture_of_the_size_it_says(browse):
    client = browse(None)
    for icon in json.loads(client.get("/manifest.webmanifest").text)["icons"]:
        with client.get(icon["src"]) as answer:
            data = answer.data
        assert data[:8] == b"\x89PNG\r\n\x1a\n" and "%dx%d" % struct.unpack(">II", data[16:24]) == icon["sizes"]


def test_the_offline_page_is_the_same_for_everybody(browse, make):
    person = make.person("Adalbert")
    first, second = browse(None).get("/offline").text, browse(person).get("/offline").text
    assert first == second and "No network" in first and "Adalbert" not in first


def test_every_page_names_the_manifest(browse, make):
    assert '<link rel="manifest" href="/manifest.webmanifest">' in browse(make.person()).get("/inbox").text
