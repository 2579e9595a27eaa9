"""The demo's many people: their teams, circles and hashtags, and who plays which part in their threads."""
import sqlalchemy as sa

from . import demo_content as content
from .db import db, insert_new
from .demo_many import Crowd
from .demo_words import words
from .people import actions as people
from .people.models import Circle, Membership, Person, Team, TeamMember
from .policy import are_agents
from .tags.models import PostTag, Tag, TagFollow

OPEN_TEAMS = ("Network", "Workplace")
AGENT_EVERY, SEALED_EVERY = 50, 400     # of so many more people one works for an open team, for the confidential one
PEOPLE_A_CIRCLE, LEAST_PEOPLE = 60, 20
MOST_FOLLOWED, LISTENED = 4, 60         # hashtags a person follows, of the most used ones


def part_of(number):
    """(role, team) of the more people by their number: few are agents."""
    if number % SEALED_EVERY == SEALED_EVERY - 1:
        return "agent", "People & pay"
    if number % AGENT_EVERY == AGENT_EVERY - 1:
        return "agent", OPEN_TEAMS[number // AGENT_EVERY % 2]
    return "requester", None


def join_circles(person_ids, rng):
    """More circles for more people: an office each, for half of them a project; every third of these is by invitation."""
    if len(person_ids) < LEAST_PEOPLE:
        return
    offices = [db.session.scalar(sa.select(Circle.id).where(Circle.name == "Porto office")), people.add_circle("Gdańsk office").id]
    names = list(dict.fromkeys(f"{river} {structure}" for structure in words()["structure"] for river in words()["river"]))
    rng.shuffle(names)
    projects = [people.add_circle(name, join="invite" if n % 3 == 2 else "open").id
                for n, name in enumerate(names[:max(2, len(person_ids) // PEOPLE_A_CIRCLE)])]
    rows = [(offices[n % 2], person_id) for n, person_id in enumerate(person_ids)]
    rows += [(projects[int(len(projects) * rng.random() ** 1.5)], person_id) for person_id in person_ids if rng.random() < 0.5]
    insert_new(Membership.__table__, [{"circle_id": circle_id, "person_id": person_id, "role": "member"} for circle_id, person_id in rows],
               "circle_id", "person_id")


def crowd_of():
    """Everybody's parts (demo_many.Crowd); the requester whose link is printed keeps to the story."""
    someone = [tuple(row) for row in db.session.execute(
        sa.select(Person.id, Person.handle).where(sa.not_(are_agents()), Person.handle != content.PEOPLE[0][0]).order_by(Person.id))]
    teams = {}
    for name, *row in db.session.execute(sa.select(Team.name, Person.id, Person.handle).join(TeamMember, TeamMember.team_id == Team.id)
                                         .join(Person, Person.id == TeamMember.person_id).order_by(Person.id)):
        teams.setdefault(name, []).append(tuple(row))
    circles = {}
    for circle_id, *row in db.session.execute(sa.select(Membership.circle_id, Person.id, Person.handle).join(Person, Person.id == Membership.person_id)
                                              .where(Person.id.in_([key for key, _ in someone])).order_by(Membership.circle_id, Person.id)):
        circles.setdefault(circle_id, []).append(tuple(row))
    owners = {row.fold: (row.id, row.confidential) for row in db.session.execute(
        sa.select(Tag.fold, Team.id, Team.confidential).join(Team, Team.id == Tag.team_id).order_by(Tag.fold))}
    everyone = dict.fromkeys(("asker", "helper", "other", "third", "porto", "local"), someone)
    desk = {"workplace": teams["Workplace"], "network": teams["Network"], "people": teams["People & pay"]}
    admin = [row for row in teams["Workplace"] if row[1] == content.CAST["admin"][0]]
    return Crowd(everyone | desk | {"agent": teams["Workplace"] + teams["Network"], "admin": admin},
                 [(key, members) for key, members in circles.items() if len(members) > 4], owners)


def follow_hashtags(person_ids, rng):
    """Of the more people each follows a few hashtags, most often those that everybody uses; a few are muted."""
    used = list(db.session.scalars(sa.select(PostTag.tag_id).group_by(PostTag.tag_id).order_by(sa.func.count().desc(), PostTag.tag_id).limit(LISTENED)))
    rows = {}
    for person_id in person_ids if used else ():
        for _ in range(rng.randint(0, MOST_FOLLOWED)):
            rows[person_id, used[int(len(used) * rng.random() ** 2)]] = "muted" if rng.random() < 0.04 else "all"
    insert_new(TagFollow.__table__, [{"person_id": person_id, "tag_id": tag_id, "level": level} for (person_id, tag_id), level in rows.items()],
               "person_id", "tag_id")
