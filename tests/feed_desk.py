"""What the tests of the feed share: reading its pages, walking its cursors, following hashtags, a major incident."""
import re
from datetime import timedelta

from socialdesk.db import db, now, transaction
from socialdesk.feed import queries
from socialdesk.posts import actions
from socialdesk.posts.queries import prepare
from socialdesk.tags.models import TagFollow
from socialdesk.tags.queries import tag_by_name
from socialdesk.tickets.models import Major


def ids_in(page):
    return [int(found) for found in re.findall(r'id="card-(\d+)"', page.get_data(as_text=True))]


def card_in(page, post_id):
    """The HTML of one card."""
    return page.get_data(as_text=True).partition(f'id="card-{post_id}"')[2].partition("</article>")[0]


def walk(person, limit, view="newest", between=lambda: None):
    """All ids a view gives, page by page."""
    cursor, seen = None, []
    while True:
        page = queries.feed_page(person, cursor, limit, view)
        seen += [row.id for row in page.rows]
        cursor = page.next_cursor
        if cursor is None:
            return seen
        between()


def follow_tag(person, name, level="all"):
    tag_id = tag_by_name(name).id
    with transaction():
        db.session.merge(TagFollow(person_id=person.id, tag_id=tag_id, level=level))


def publish(author, kind, body, **more):
    prepared = prepare(author, body)
    with transaction():
        return actions.publish(author, kind, prepared, **more)


def make_major(make, agent, ticket, body="Mail is slow at every site."):
    """The public post of a ticket that was made a major incident."""
    post = publish(agent, "announcement", body)
    with transaction():
        db.session.add(Major(post_id=post.id, ticket_id=ticket.id, next_update_at=now() + timedelta(minutes=30)))
    return post
