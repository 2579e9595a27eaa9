"""How telling people goes, for those who run the desk: what waits, how each push service does, what failed for good."""
from collections import defaultdict, namedtuple
from datetime import timedelta

import sqlalchemy as sa

from ..db import db, now
from ..jobs import Job
from ..people.models import Mail, Person
from ..policy import require
from .device_checker import service_name
from .models import Delivery, Device

DAY = timedelta(hours=24)
MOST_COUNTED = 100_000                  # deliveries looked at, the newest: the page must not read years of them
MOST_DEAD = 200
MOST_NAMED = 20
#: how the kinds of jobs begin or end that tell people something
KINDS = ("push%", "tell%", "mail%", "%-mail", "digest%")
REFUSED = (-4, -2, -1, 307, 400, 401, 403, 413)

#: count and oldest (None: nothing waits) of what is due by now
Waiting = namedtuple("Waiting", "count oldest")
#: one push service in the last day.  given_up: it was tried until nobody wanted it any more; again_at: the next try of what was put off
Service = namedtuple("Service", "name sent gone refused given_up put_off again_at last_status")


def pushes_waiting():
    """The pushes that are due by now and not sent."""
    return _waiting(sa.select(sa.func.count(), sa.func.min(Delivery.send_at)).where(
        Delivery.state == "due", Delivery.channel == "push", Delivery.send_at <= now()))


def mails_waiting():
    """The mails that are due by now: those to be written, and those written and not taken by the mail server."""
    parts = (_waiting(sa.select(sa.func.count(), sa.func.min(Delivery.send_at)).where(
        Delivery.state == "due", Delivery.channel == "mail", Delivery.send_at <= now())),
        _waiting(sa.select(sa.func.count(), sa.func.min(Mail.made_at)).where(Mail.state == "due")))
    return Waiting(sum(part.count for part in parts), min((part.oldest for part in parts if part.oldest), default=None))


def _waiting(statement):
    return Waiting(*db.session.execute(statement).one())


def mails_failed():
    """(how many mails of the last day came to nothing, how many notices the mail server refused in them)."""
    failed = sa.select(sa.func.count()).select_from(Mail).where(Mail.state == "failed", Mail.made_at > now() - DAY).scalar_subquery()
    newest = sa.select(sa.func.max(Delivery.id) - MOST_COUNTED).scalar_subquery()
    notices = sa.select(sa.func.count()).select_from(Delivery).where(
        Delivery.id > newest, Delivery.channel == "mail", Delivery.state == "refused", Delivery.send_at > now() - DAY).scalar_subquery()
    return db.session.execute(sa.select(failed, notices)).one()


def refused_people(viewer):
    """(how many people's addresses the mail server refuses, MOST_NAMED of them: id, name and when it last did, the newest first)."""
    require(viewer, "admin")
    theirs = sa.and_(Person.mail_refused_at.is_not(None), Person.state == "active")
    named = db.session.execute(sa.select(Person.id, Person.name, Person.email, Person.mail_refused_at).where(theirs)
                               .order_by(Person.mail_refused_at.desc(), Person.id).limit(MOST_NAMED)).all()
    count = db.session.scalar(sa.select(sa.func.count()).select_from(Person).where(theirs)) if len(named) == MOST_NAMED else len(named)
    return count, named


def services_of_the_day(viewer):
    """[Service], the one with most pushes first: what came of the last 24 hours' pushes.  One without a name stands for the devices
    that their people turned off since: their addresses are gone."""
    require(viewer, "admin")
    services = {}
    for row in db.session.execute(_by_origin()):
        one = services.setdefault(row.origin and service_name(row.origin), defaultdict(int))
        one[_outcome(row)] += row.count
        if _outcome(row) == "put_off":
            one["again_at"] = min(filter(None, (one["again_at"], row.again_at)))
            one["last_status"] = row.http
    found = [Service(name, *(one[field] for field in Service._fields[1:6]), one["again_at"] or None, one["last_status"])
             for name, one in services.items()]
    return sorted(found, key=lambda one: (-one.sent - one.put_off - one.refused, one.name))


def _by_origin():
    newest = sa.select(sa.func.max(Delivery.id) - MOST_COUNTED).scalar_subquery()
    where_is = sa.func.strpos if db.engine.dialect.name == "postgresql" else sa.func.instr
    # scheme, host and port end at the first stroke after "https://"
    origin = sa.func.substr(Device.endpoint, 1, where_is(sa.func.substr(Device.endpoint, 9), "/") + 7).label("origin")
    tried = sa.or_(Delivery.state.in_(("sent", "gone")), Delivery.http.is_not(None))
    return (sa.select(origin, Delivery.state, Delivery.http, sa.func.count().label("count"), sa.func.min(Delivery.send_at).label("again_at"))
            .join(Device, Device.id == Delivery.device_id)
            .where(Delivery.id > newest, Delivery.channel == "push", Delivery.send_at > now() - DAY, tried)
            .group_by(origin, Delivery.state, Delivery.http))


def _outcome(row):
    if row.state == "dropped":
        return "refused" if row.http in REFUSED else "given_up"
    return {"due": "put_off"}.get(row.state, row.state)


def dead_letters(viewer):
    """Work that would have told somebody something and failed too often, the newest first: closed words and ids only."""
    require(viewer, "admin")
    return db.session.execute(sa.select(Job.id, Job.kind, Job.lane, Job.ref_id, Job.attempts, Job.error_class, Job.run_at)
                              .where(Job.state == "dead", about_telling()).order_by(Job.id.desc()).limit(MOST_DEAD)).all()


def about_telling():
    """The condition that a job tells people something."""
    return sa.or_(*(Job.kind.like(kind) for kind in KINDS))
