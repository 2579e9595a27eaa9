"""Devices that take pushes: turning on, off, and the test button."""
from flask import Blueprint, current_app, jsonify, redirect, render_template, request, url_for

from ..db import close_read, now, transaction
from ..errors import Invalid, Missing
from ..people.throttle_actions import spend
from ..web import respond, viewer
from . import device_actions, queries, words_checker
from .device_checker import check_subscription, health_of
from .keys_delivery import current_id, id_of, keys_of
from .trial_delivery import send_test

bp = Blueprint("devices", __name__)


@bp.app_template_global("device_health")
def device_health(device):
    """How a device does, for the eye and in words; nothing to say while all is well."""
    return health_of(device, now())


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
    """Take this browser's subscription; the same one again is brought up to date.  again: the app asks by itself; id: none
    is the answer where the person turned this device off.  old: the endpoint it had before; key: what it signed up with.
    Refused (409) where the push service has forgotten the endpoint."""
    given = request.get_json(silent=True)
    subscription = check_subscription(given, current_app.config["SETTINGS"].push_hosts)
    spend("device", viewer().id)
    key_id = _key_id(given.get("key"))
    with transaction():
        device_id = device_actions.keep_device(viewer(), subscription, given.get("label"), given.get("old"),
                                               by_hand=not given.get("again"), key_id=key_id)
    return jsonify(id=device_id), 201 if device_id else 200


def _key_id(public):
    """Which of the desk's keys a browser signed up with; the present one if it does not say."""
    settings = current_app.config["SETTINGS"]
    if public is None:
        return current_id(settings)
    found = id_of(settings, public) if isinstance(public, str) else None
    if found is None:
        raise Invalid("This browser signed up with a key that the desk does not have. Turn notices off and on again: it then takes the present one.", field="key")
    return found


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
    return _list(removed=True)


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
        device_actions.note_test(viewer(), device_id, device.endpoint, answer)
    fine, sentence = words_checker.tested(answer.status)
    if request.wants_json:
        return jsonify(sent=fine, sentence=sentence, status=answer.status)
    return _list(tested=device, outcome=answer.outcome, sentence=sentence)


def _list(**told):
    rows = queries.devices_of(viewer()) if request.wants_fragment else []
    return respond("notifications/_devices.html", url_for("choices.show", _anchor="devices"), devices=rows, **told)
