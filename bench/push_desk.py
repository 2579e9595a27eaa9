"""The desk of the push bench: a question that very many follow, one device each, and a ticket beside it."""
import base64
import hashlib
import os

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from socialdesk import config, create_app, schema
from socialdesk.db import db, now, transaction
from socialdesk.notifications.models import Choice, Device
from socialdesk.people import actions as people
from socialdesk.people.models import Person, Session
from socialdesk.policy import viewer_of
from socialdesk.posts import actions as posts
from socialdesk.posts import queries
from socialdesk.posts.models import Follow
from socialdesk.tickets import actions as tickets

KEY, SECRET = ec.generate_private_key(ec.SECP256R1()), os.urandom(16)      # one for all devices: the sender cannot tell
POINT = KEY.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def text(data):
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def fill(folder, plan, origin, alone=None, hanging=None):
    """A question with followers, one device each, and a ticket beside it; some more followers at a service that hangs.
    alone: the service of the ticket's requester.  Returns (question id, ticket id)."""
    app = create_app(config.load({"SOCIALDESK_DATA": str(folder), "SOCIALDESK_JOBS": "off"} | plan.settings()))
    with app.app_context():
        schema.migrate(app.config["SETTINGS"])
        with transaction():
            asker = people.add_person("asker@example.org", "Ada", hours="always")
            asker.daily_pushes = 0                          # as many as there are
            agent = people.add_person("agent@example.org", "Tomasz", role="agent", hours="always")
            db.session.flush()
            asker, agent = viewer_of(asker.id), viewer_of(agent.id)
        question, ticket = (queries.prepare(asker, words) for words in ("Who else prints on both sides?", "My screen stays black."))
        with transaction():
            question = posts.publish(asker, "question", question, event=False)
            ticket = tickets.open_ticket(asker, ticket, event=False)
            extra = plan.devices // 10 if hanging else 0
            _crowd(plan.devices + extra)
            ids = db.session.scalars(sa.select(Person.id).where(Person.handle.like("p%"), Person.email.like("p%@example.org"))).all()
            _wish(plan, question.id, ids)
            away = set(ids[::11][:extra])                   # in between all the others
            _devices([asker.id], alone or origin, "single")
            _devices([key for key in ids if key not in away], origin, "many")
            if hanging:
                _devices([asker.id, *away], hanging, "away")
        found = question.id, ticket.id
        db.session.remove()
        db.engine.dispose()
        return found


def _crowd(count):
    made = {"role": "requester", "hours": "always", "made_at": now(), "state": "active", "tz": "UTC", "lang": "en"}
    db.session.execute(sa.insert(Person), [made | {
        "email": f"p{n}@example.org", "email_fold": f"p{n}@example.org", "handle": f"p{n}", "name": f"Person {n}",
        "name_fold": f"person {n}"} for n in range(count)])


def _wish(plan, question_id, ids):
    """What makes the deed ring at once on all these people's devices."""
    if plan.deed == "reply":
        db.session.execute(sa.insert(Follow), [{"root_id": question_id, "person_id": key, "level": "all"} for key in ids])
    else:
        db.session.execute(sa.insert(Choice), [{"person_id": key, "matter": "announcements", "channel": "push", "level": "now"} for key in ids])


def _devices(person_ids, origin, kind):
    moment = now()
    db.session.execute(sa.insert(Session), [{
        "id_hash": f"{kind}{key}", "person_id": key, "epoch": 1, "made_at": moment, "seen_at": moment, "label": "bench", "public_id": f"{kind}{key}"}
        for key in person_ids])
    db.session.execute(sa.insert(Device), [{
        "person_id": key, "endpoint": f"{origin}/{kind}-{key}", "endpoint_hash": hashlib.sha256(f"{kind}{key}".encode()).hexdigest(),
        "p256dh": text(POINT), "auth": text(SECRET), "session_public_id": f"{kind}{key}", "label": "bench", "made_at": moment,
        "last_seen_at": moment, "failures": 0} for key in person_ids])
