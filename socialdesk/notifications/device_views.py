"""Devices that take pushes: turning on, off, and the test button."""
from flask import Blueprint, current_app, jsonify, redirect, render_template, request, url_for

from ..db import close_read, transaction
from ..errors import Missing
from ..people.throttle_actions import spend
from ..web import respond, viewer
from . import device_actions, queries, words_checker
from .device_checker import check_subscription
from .keys_delivery import keys_of
from .trial_delivery import send_test

bp = Blueprint("devices", __name__)


@bp.app_template_global("device_words")
def device_words(status):
    """What the last push to a device came to, in words; nothing to say while all is well."""
    return None if status is None or status in (200, 201, 202) else words_checker.tested(status)[1]


@bp.get("/me/devices")
def devices():
    """The devices of this person: a part of the page of choices."""
    if not request.wants_fragment:
        return redirect(url_for("choices.show", _anchor="devices"), 303)
    return render_template("notifications/_devices.html", devices=queries.devices_of(viewer()))


@bp.get("/me/devices/key")
def key():
    """The desk's public key, which a browser subscribes with."""
    return jsonify(key=keys_of(current_app.config["SETTINGS"]).public)


@bp.post("/me/devices")
def register():
    """Take this browser's subscription; the same one again is brought up to date."""
    given = request.get_json(silent=True)
    subscription = check_subscription(given, current_app.config["SETTINGS"].push_hosts)
    spend("device", viewer().id)
    with transaction():
        device_id = device_actions.keep_device(viewer(), subscription, given.get("label"))
    return jsonify(id=device_id), 201


@bp.delete("/me/devices/<int:device_id>")
def delete(device_id):
    """This device takes no more pushes."""
    with transaction():
        device_actions.remove_device(viewer(), device_id)
    return "", 204


@bp.post("/me/devices/<int:device_id>/remove")
def remove(device_id):
    """The same by a form."""
    with transaction():
        device_actions.remove_device(viewer(), device_id)
    return _list()


@bp.post("/me/devices/<int:device_id>/test")
def test(device_id):
    """Send a test push now, and say in words what came of it."""
    spend("push-test", viewer().id)
    device = queries.device_of(viewer(), device_id)
    badge = queries.unread_count(viewer())
    close_read()
    if device is None:
        raise Missing()
    answer = send_test(current_app.config["SETTINGS"], device, badge)
    with transaction():
        device_actions.note_test(viewer(), device_id, answer.status, answer.outcome)
    fine, sentence = words_checker.tested(answer.status)
    if request.wants_json:
        return jsonify(sent=fine, sentence=sentence, status=answer.status)
    return _list(sentence=sentence, bad=not fine)


def _list(**told):
    rows = queries.devices_of(viewer()) if request.wants_fragment else []
    return respond("notifications/_devices.html", url_for("choices.show", _anchor="devices"), devices=rows, **told)
