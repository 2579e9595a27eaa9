"""Devices: taking one in, letting one go, and what a test showed."""
import hashlib
from datetime import timedelta

import sqlalchemy as sa

from ..db import db, insert, locked, now
from ..errors import Conflict, Missing
from ..events import Event
from ..jobs import clockwork
from ..people.models import Session
from ..people.text_checker import clean_line
from .device_checker import MAX_LABEL
from .models import Delivery, Device, Notification, Told
from .words_checker import GONE

MOST_DEVICES = 10                       # a person; the one not seen for longest makes room
TURNED_OFF = -3                         # in the place of an HTTP status: its person wants no notices there
KEEP_DAYS = 90                          # what was read and sent is kept so long
AT_ONCE = 5000                          # rows forgotten in one transaction


def keep_device(viewer, subscription, label="", old=None, by_hand=True, key_id=""):
    """Take a browser's subscription; the same one again is brought up to date and belongs to who is signed in now.
    subscription: device_checker.Subscription.  old: the endpoint this browser had before; what is due there goes to the new one.
    by_hand: False where the app asks by itself: what its person turned off stays off.  key_id: of the push key it signed up with.
    Returns the device's id, or None.  Raises Conflict where the push service has forgotten the address: the browser makes a new one."""
    mark, former = _mark(subscription.endpoint), _mark(old) if isinstance(old, str) else None
    if not by_hand and _is_turned_off(viewer, mark, former):
        return None
    _move(viewer, former, mark)
    facts = {"person_id": viewer.id, "endpoint": subscription.endpoint, "p256dh": subscription.p256dh, "auth": subscription.auth,
             "session_public_id": viewer.session_id or None, "label": _label(viewer, label), "vapid_id": key_id, "last_seen_at": now(), "off_at": None}
    fresh = {"endpoint_hash": mark, "made_at": now(), "failures": 0}
    on_again = {"last_status": sa.case((Device.last_status == TURNED_OFF, None), else_=Device.last_status)}
    lives = sa.or_(Device.last_status.is_(None), Device.last_status.not_in(GONE))
    row = insert(Device.__table__).values(facts | fresh).on_conflict_do_update(index_elements=["endpoint_hash"], set_=facts | on_again, where=lives)
    device_id = db.session.scalar(row.returning(Device.id))
    if device_id is None:
        raise Conflict("The push service has forgotten this address, so nothing rings there. Turn notices off and on again: the browser then takes a new one.",
                       field="endpoint")
    _make_room(viewer.id)
    return device_id


def _mark(endpoint):
    return hashlib.sha256(endpoint.encode("utf-8", "surrogatepass")).hexdigest()


def _is_turned_off(viewer, *marks):
    return db.session.scalar(sa.select(Device.id).where(
        Device.endpoint_hash.in_(marks), Device.person_id == viewer.id, Device.last_status == TURNED_OFF).limit(1)) is not None


def _move(viewer, former, mark):
    """Give the row of the former address the new one, which nothing is known of yet; where that has a row already, the former one goes."""
    if former in (None, mark):
        return
    mine = (Device.endpoint_hash == former, Device.person_id == viewer.id)
    if db.session.scalar(sa.select(Device.id).where(Device.endpoint_hash == mark)) is None:
        change = sa.update(Device).where(*mine).values(endpoint_hash=mark, last_status=None, failures=0)
    else:
        change = sa.delete(Device).where(*mine)
    db.session.execute(change.execution_options(synchronize_session=False))


def _label(viewer, label):
    given = clean_line(label)[:MAX_LABEL] if isinstance(label, str) else ""
    if given:
        return given
    return db.session.scalar(sa.select(Session.label).where(Session.public_id == viewer.session_id)) or "A browser"


def _make_room(person_id):
    spare = (sa.select(Device.id).where(Device.person_id == person_id, Device.off_at.is_(None))
             .order_by(Device.last_seen_at.desc(), Device.id.desc()).offset(MOST_DEVICES))
    for device_id in db.session.scalars(spare).all():
        _switch_off(device_id)


def _switch_off(device_id):
    db.session.execute(sa.update(Device).where(Device.id == device_id).values(off_at=now()).execution_options(synchronize_session=False))


def remove_device(viewer, device_id):
    """Let a device go, and its address; that it was turned off is kept, so that it does not come back by itself.
    Raises Missing where it is not theirs."""
    device = _own(viewer, device_id)
    device.endpoint = device.p256dh = device.auth = ""
    device.off_at, device.last_status = now(), TURNED_OFF
    db.session.flush()


def _own(viewer, device_id):
    device = locked(Device, device_id)
    if device.person_id != viewer.id or device.last_status == TURNED_OFF:
        raise Missing()
    return device


def note_test(viewer, device_id, endpoint, answer):
    """Write down what came of a test push; nothing where the device has another address than this one by now.
    Raises Missing where the device went in the meantime."""
    device = _own(viewer, device_id)
    if device.endpoint != endpoint:
        return
    device.last_status = answer.status
    if answer.outcome == "sent":
        device.last_ok_at, device.failures = now(), 0
    else:
        device.failures += 1
    if answer.outcome == "gone":
        device.off_at = now()
    db.session.flush()


@clockwork("tidy_notifications", 3600)
def tidy_notifications():
    """Forget what was told, sent and read long ago, and devices long gone; a part at a time."""
    old = now() - timedelta(days=KEEP_DAYS)
    _forget(Delivery.id, Delivery.expires_at < old)
    _forget(Notification.id, Notification.read_at < old)
    _forget(Device.id, Device.off_at < old)
    long_past = sa.select(Event.id).where(Event.at < old).order_by(Event.id.desc()).limit(1).scalar_subquery()
    db.session.execute(sa.delete(Told).where(Told.event_id <= long_past).execution_options(synchronize_session=False))


def _forget(key, which):
    some = sa.select(key).where(which).order_by(key).limit(AT_ONCE)
    db.session.execute(sa.delete(key.class_).where(key.in_(some)).execution_options(synchronize_session=False))
