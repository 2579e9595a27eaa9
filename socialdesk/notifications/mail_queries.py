"""Which notices may be mailed at this moment, and what a person's page says of their mails."""
from collections import defaultdict
from functools import cache
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from ..db import db, now
from ..events import Event
from ..people.models import Person
from ..posts.models import Post
from .count_queries import counts_of
from .due_queries import events_of, happening_of, quotes_of, wanted
from .hours_checker import next_start
from .letter_checker import item_of
from .matters_checker import levels_of, matter_told
from .models import Delivery, Notification, why
from .plan_queries import choices_of, holidays


class Letter(NamedTuple):
    """A mail to one person.  told: the ids of the deliveries it tells; kind: what its link ends; expires_at: then it is too late."""

    person_id: int
    items: list
    told: list
    kind: str
    expires_at: object


class Round(NamedTuple):
    """Letters to write; unwanted: ids of deliveries nobody needs any more; later: {moment: ids} that may not be sent yet."""

    letters: list
    unwanted: list
    later: dict


def mailed_to(ids):
    """The people who have something to be mailed by now among these deliveries, in order."""
    return list(db.session.scalars(sa.select(Delivery.person_id).where(
        Delivery.id.in_(ids), Delivery.channel == "mail", Delivery.state == "due", Delivery.send_at <= now())
        .distinct().order_by(Delivery.person_id)))


def round_of(people, base_url):
    """The Round of these people: all that is due to each in one letter.  Rights, reading, choices and hours are asked anew; what was
    told since in the same thread goes along.  Within a write transaction, which then holds these deliveries."""
    moment, off = now(), holidays()
    rows = db.session.execute(_statement(), {"people": list(people), "moment": moment}).all()
    due_now = {row.id for row in rows if row.send_at <= moment}
    later = defaultdict(list)
    for row in rows:
        start = next_start(row.hours, row.tz, moment, off, row.quiet_until)
        if start > moment and row.fine and row.id in due_now:
            later[start].append(row.id)
    put_off = {delivery_id for ids in later.values() for delivery_id in ids}
    newest = _newest(rows, put_off, choices_of(people))
    over = [row.id for row in rows if row.id not in put_off and row.id not in newest
            and (row.id in due_now or row.notification_id in {one.notification_id for one in newest.values() if one.n > row.n})]
    return Round(_letters(newest, base_url), over, dict(later))


def _newest(rows, put_off, chosen):
    """{delivery id: row}: of each line the newest telling that is still wanted, where one was due."""
    of_line = {}
    late = {row.notification_id for row in rows if row.id in put_off}
    for row in rows:                    # in the order of n
        matter = matter_told(row.verb, row.relation, row.note, row.after, row.facts, row.kind)
        levels = matter and levels_of(matter, chosen[row.person_id, matter.key])
        if row.fine and row.notification_id not in late and levels and levels.inbox == "on" and levels.mail in ("always", "second"):
            of_line[row.notification_id] = row
    return {row.id: row for row in of_line.values()}


def _letters(newest, base_url):
    events, quotes = events_of({row.event_id for row in newest.values()}), quotes_of({row.event_id for row in newest.values()})
    counts = counts_of({row.id: row.n for row in newest.values()})
    of_person = defaultdict(list)
    for row in sorted(newest.values(), key=lambda row: row.event_id):
        of_person[row.person_id].append(row)
    return [_letter(person_id, rows, events, quotes, counts, base_url) for person_id, rows in of_person.items()]


def _letter(person_id, rows, events, quotes, counts, base_url):
    items = [item_of(happening_of(row, events[row.event_id])._replace(n=counts.get(row.id, 1)), events[row.event_id], quotes.get(row.event_id, ""), f"{base_url}/p/{row.root_id}")
             for row in rows]
    keys = {matter_told(row.verb, row.relation, row.note, row.after, row.facts, row.kind).key for row in rows}
    return Letter(person_id, items, [row.id for row in rows], keys.pop() if len(keys) == 1 else "notices", max(row.expires_at for row in rows))


@cache
def _statement():
    """What is due to these people, and what else waits for lines of which something is due."""
    moment = sa.bindparam("moment", type_=Delivery.send_at.type)
    post, root, first = aliased(Post), aliased(Post), aliased(Delivery)
    fine = sa.and_(*wanted(root, post, moment), Person.mail_refused_at.is_(None))
    due = sa.exists().where(first.notification_id == Delivery.notification_id, first.channel == "mail", first.state == "due", first.send_at <= moment)
    return (sa.select(Delivery.id, Delivery.n, Delivery.send_at, Delivery.expires_at, Delivery.notification_id, Delivery.event_id, Delivery.person_id,
                      Notification.root_id, why.label("relation"), Person.tz, Person.hours, Person.quiet_until,
                      Event.verb, Event.note, Event.after, Event.facts, root.kind, fine.label("fine"))
            .join(Notification, Notification.id == Delivery.notification_id).join(Person, Person.id == Notification.person_id)
            .join(Event, Event.id == Delivery.event_id).join(root, root.id == Notification.root_id).outerjoin(post, post.id == Event.post_id)
            .where(Delivery.person_id.in_(sa.bindparam("people", expanding=True)), Delivery.channel == "mail", Delivery.state == "due", due)
            .order_by(Delivery.n, Delivery.id).with_for_update(of=Delivery))


def mails_of(viewer):
    """email, refused_at (since when it is refused), digest and digest_at of this person."""
    return db.session.execute(sa.select(Person.email, Person.mail_refused_at.label("refused_at"), Person.digest, Person.digest_at)
                              .where(Person.id == viewer.id)).one()
