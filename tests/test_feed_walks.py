"""Walking the feed while others post, edit, take back and change who may read: all that stayed comes up once, nothing that is not theirs."""
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from socialdesk.db import db, transaction
from socialdesk.feed import queries, ranked_queries
from socialdesk.posts import actions
from socialdesk.posts.models import Post
from socialdesk.posts.queries import prepare
from socialdesk.tags.queries import tag_by_name
from tests.feed_desk import follow_tag

#: who reads what, by hand; "elsewhere" is a circle nobody here is in
READS = {"member": {"everyone", "circle"}, "agent": {"everyone", "triage"}, "hr": {"everyone", "triage", "sealed"}}
QUESTIONS, TICKETS = ("everyone", "circle", "elsewhere"), ("triage", "sealed")
PLACES = QUESTIONS + TICKETS
VIEWS = ("newest", "for-you", "following", "hashtag")

_places = some.sampled_from(PLACES)
_deeds = some.lists(some.tuples(some.sampled_from(["post", "edit", "delete", "move", "lose"]), _places, some.integers(0, 30)), max_size=8)


class Town:
    """Readers, writers, and where each post stands now."""

    def __init__(self, make):
        self.make = make
        self.pilot, self.other, self.team = make.circle(), make.circle(), make.team(confidential=True)
        self.readers = {"member": make.person(circles=[self.pilot]), "agent": make.agent(), "hr": make.agent(teams=[self.team])}
        self.author = make.person(circles=[self.pilot, self.other])
        self.places = {}

    def audience(self, place):
        circle = {"circle": self.pilot, "elsewhere": self.other}.get(place)
        return f"circle:{circle.slug}" if circle else "everyone"

    def post(self, place):
        """Somebody writes."""
        if place in TICKETS:
            key = self.make.ticket(self.author, "It hums. #walk", team_id=self.team.id if place == "sealed" else None).id
        else:
            key = self.make.question(self.author, "Does it hum? #walk", audience=self.audience(place)).id
        self.places[key] = place

    def happen(self, deed, place, n):
        """Something happens to a post, or to what this process keeps."""
        keys = sorted(key for key, where in self.places.items() if where in QUESTIONS or deed != "delete" and where != "nowhere")
        if deed == "lose":
            ranked_queries.frozen.drop()
        elif deed == "post" or not keys:
            self.post(place)
        else:
            getattr(self, f"_{deed}")(keys[n % len(keys)], place, n)

    def _edit(self, key, place, n):
        prepared = prepare(self.author, f"Now it is {n}. #walk")
        with transaction():
            actions.edit(key, self.author, prepared)

    def _delete(self, key, place, n):
        with transaction():
            actions.delete(key, self.author)
        self.places[key] = "nowhere"

    def _move(self, key, place, n):
        kind = TICKETS if self.places[key] in TICKETS else QUESTIONS if self.places[key] in QUESTIONS else None
        if kind and place in kind:
            with transaction():
                if place in TICKETS:
                    actions.move_rights(key, team_id=self.team.id if place == "sealed" else None)
                else:
                    actions.move_rights(key, audience=self.audience(place))
            self.places[key] = place

    def read_by(self, who):
        return {key for key, place in self.places.items() if place in READS[who]}


def page_of(view, reader, tag_id, cursor, limit):
    if view == "hashtag":
        return queries.tag_page(reader, tag_id, cursor, limit)
    return queries.feed_page(reader, cursor, limit, view)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(who=some.sampled_from(sorted(READS)), view=some.sampled_from(VIEWS), first=some.lists(_places, min_size=1, max_size=12), deeds=_deeds, limit=some.integers(1, 5))
def test_whoever_walks_meets_all_that_stayed_theirs_once_and_nothing_else(desk, make, who, view, first, deeds, limit):
    town = Town(make)
    reader, start = town.readers[who], db.session.scalar(sa.select(sa.func.max(Post.id))) or 0
    db.session.rollback()
    for place in first:
        town.post(place)
    follow_tag(reader, "walk")
    tag_id = tag_by_name("walk").id
    db.session.rollback()
    stayed, waiting, cursor, seen = town.read_by(who), list(deeds), None, []
    while True:
        page = page_of(view, reader, tag_id, cursor, limit)
        met = [row.id for row in page.rows if row.id > start]
        assert len(page.rows) <= limit and set(met) <= town.read_by(who), "each page holds what may be read as it is asked for"
        seen += met
        cursor = page.next_cursor
        if cursor is None:
            break
        if waiting:
            town.happen(*waiting.pop())
            stayed &= town.read_by(who)
    assert len(seen) == len(set(seen)), "nothing comes up twice"
    assert stayed <= set(seen), "nothing that stayed is lost"
    assert view == "for-you" or seen == sorted(seen, reverse=True), "newest first, strictly"
