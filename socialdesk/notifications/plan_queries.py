"""By which way and when each person is told: their choices, hours, the day's number of pushes, and devices."""
from collections import defaultdict
from datetime import timedelta
from functools import cache

import sqlalchemy as sa
from flask import current_app

from ..db import db, now
from ..events import Event, Verb
from ..people.models import Holiday, Person, Session
from .audience_queries import RELATIONS
from .hours_checker import next_round, next_start
from .matters_checker import BY_KEY, LEVELS, MATTERS, levels_of
from .models import Choice, Delivery, Device, Notification, why

UNOPENED = timedelta(hours=2)           # then the second channel is taken
DAY = timedelta(hours=24)


def pick(concern, rows):
    """(people, {person id: Levels}): of the rows of told_by() one a person, by the relation that rings soonest, the nearest of those."""
    found = {}
    for row, levels in zip(rows, _levels(concern, rows)):
        matter = concern.matters[RELATIONS[row.rank]]
        soonest = (matter.exception not in row.even_outside, LEVELS["push"].index(levels.push), row.rank)
        if row.id not in found or soonest < found[row.id][0]:
            found[row.id] = soonest, row, levels
    return [row for _, row, _ in found.values()], {row.id: levels for _, row, levels in found.values()}


def plan(concern, people, levels):
    """({(rank, how, send_at): [person ids]} of pushes, {(rank, send_at): [person ids]} of mails) for what pick() gives."""
    moment, off = now(), holidays()
    spenders = [p.id for p in people if p.daily_pushes and levels[p.id].push == "now" and concern.matters[RELATIONS[p.rank]].spends]
    spent = _spent(spenders, moment) if spenders else {}
    reached = _reached(people, levels)
    pushes, mails = defaultdict(list), defaultdict(list)
    for person in people:
        matter, level = concern.matters[RELATIONS[person.rank]], levels[person.id]
        rings_at = moment
        if level.push != "never":
            how, rings_at = push_time(person, matter, level.push, spent.get(person.id, 0), moment, off)
            pushes[person.rank, how, rings_at].append(person.id)
        at = _mail_time(person, level.mail, rings_at if person.id in reached else None, moment, off)
        if at is not None:
            mails[person.rank, at].append(person.id)
    return pushes, mails


def push_time(person, matter, level, spent, moment, off):
    """(how, send_at) of a push.  person: anything with hours, tz, quiet_until, even_outside, batch_hours, daily_pushes;
    spent: pushes of the last 24 hours; off: holidays()."""
    if level == "now":
        if matter.exception in person.even_outside:
            return "alone", moment
        start = next_start(person.hours, person.tz, moment, off, person.quiet_until)
        if start > moment:
            return "rest", start
        if not (matter.spends and person.daily_pushes and spent >= person.daily_pushes):
            return "alone", moment
    return "rest", next_round(person.batch_hours, person.hours, person.tz, moment, off, person.quiet_until)


def _mail_time(person, level, rings_at, moment, off):
    """When the mail goes, or None.  rings_at: when a device tells it first, or None."""
    if level not in ("always", "second") or not current_app.config["SETTINGS"].smtp_url:
        return None
    later = rings_at + UNOPENED if level == "second" and rings_at else moment
    return next_start(person.hours, person.tz, later, off, person.quiet_until)


def holidays():
    """The days on which nobody works, as {"2026-12-25", …}."""
    return frozenset(db.session.scalars(sa.select(Holiday.day)))


def _levels(concern, rows):
    """The Levels of the matter of each row.  Where a reply rings by itself, its change of state does not ring again."""
    chosen = choices_of({row.id for row in rows}, {matter.key for matter in concern.matters.values()})
    for row in rows:
        matter = concern.matters[RELATIONS[row.rank]]
        levels = levels_of(matter, chosen[row.id, matter.key])
        yield levels if concern.rings else levels._replace(push="never", mail="digest")


def choices_of(person_ids, matters=BY_KEY):
    """{(person id, key of a matter): {channel: level}} of what these people chose otherwise than is usual; a defaultdict."""
    found = defaultdict(dict)
    for row in db.session.execute(_choices(), {"matters": list(matters), "people": list(person_ids)}):
        found[row.person_id, row.matter][row.channel] = row.level
    return found


@cache
def _choices():
    return sa.select(*Choice.__table__.c).where(Choice.matter.in_(sa.bindparam("matters", expanding=True)),
                                                Choice.person_id.in_(sa.bindparam("people", expanding=True)))


def _spent(person_ids, moment):
    """{person id: pushes that went out alone in the last 24 hours}, each happening once however many devices; without what may not wait."""
    return dict(db.session.execute(_went_out(), {"people": person_ids, "since": moment - DAY}).all())


@cache
def _went_out():
    return (sa.select(Delivery.person_id, sa.func.count(Delivery.event_id.distinct()))
            .join(Event, Event.id == Delivery.event_id).join(Notification, Notification.id == Delivery.notification_id)
            .where(Delivery.person_id.in_(sa.bindparam("people", expanding=True)), Delivery.channel == "push", Delivery.how == "alone",
                   Delivery.state.in_(("due", "sent")), Delivery.send_at > sa.bindparam("since", type_=Delivery.send_at.type),
                   sa.not_(_may_not_wait()))
            .group_by(Delivery.person_id))


def _may_not_wait():
    """The condition that an event was told as a matter whose pushes are not counted."""
    rows = [row for matter in MATTERS if not matter.spends for row in matter.rows]
    return sa.and_(sa.not_(Event.note), sa.or_(*(sa.and_(_is(what), why == by) for what, by in rows)))


def _is(what):
    """The condition that an event is what a row of the table tells: a verb, or "waits"."""
    if what != "waits":
        return Event.verb == what
    asked = sa.and_(Event.after == "on_hold", sa.func.coalesce(Event.facts["hold_reason"].as_string(), "") == "requester")
    return sa.and_(Event.verb == Verb.TICKET_STATUS_CHANGED, sa.or_(Event.after == "resolved", asked))


def _reached(people, levels):
    """Of those who would be mailed second, the ids of who has a device that rings."""
    ids = [person.id for person in people if levels[person.id].mail == "second"]
    return set(db.session.scalars(
        sa.select(Device.person_id).join(Person, Person.id == Device.person_id)
        .join(Session, sa.and_(Session.public_id == Device.session_public_id, Session.epoch == Person.epoch))
        .where(Device.person_id.in_(ids), Device.off_at.is_(None), Device.failures < 5))) if ids else set()
