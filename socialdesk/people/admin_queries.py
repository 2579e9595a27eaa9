"""What the pages of an admin show."""
import sqlalchemy as sa

from ..db import db
from ..errors import Missing
from ..jobs import Job
from ..policy import require
from .checker import fold_email, fold_name
from .models import Circle, Holiday, Mail, Membership, Person, Team, TeamMember
from .queries import begins, page_of

PAGE = 50
_SHOWN = (Person.id, Person.handle, Person.name, Person.email, Person.role, Person.state, Person.name_fold)


def counts(viewer):
    """What stands on the first page: how many people, teams, circles, dead jobs, mails that did not go."""
    require(viewer, "admin")
    parts = {"people": sa.select(sa.func.count()).select_from(Person), "teams": sa.select(sa.func.count()).select_from(Team),
             "circles": sa.select(sa.func.count()).select_from(Circle),
             "dead": sa.select(sa.func.count()).select_from(Job).where(Job.state == "dead"),
             "mails": sa.select(sa.func.count()).select_from(Mail).where(Mail.state == "due")}
    return db.session.execute(sa.select(*(part.scalar_subquery().label(name) for name, part in parts.items()))).one()._asdict()


def people(viewer, text="", after=""):
    """A page of all people, switched off or not: (rows, the next cursor or None).  text: how name, handle or address begins."""
    require(viewer, "admin")
    found = sa.select(*_SHOWN).order_by(Person.name_fold, Person.id)
    fold = fold_name(text).removeprefix("@")
    if fold:
        found = found.where(sa.or_(begins(fold), Person.email_fold.startswith(fold_email(fold), autoescape=True)))
    return page_of(found, after, PAGE)


def person(viewer, person_id):
    """(the row, their teams, their circles).  Raises Missing."""
    require(viewer, "admin")
    row = db.session.execute(sa.select(*_SHOWN, Person.tz, Person.made_at, Person.mail_refused_at, Person.pw_hash.is_not(None).label("has_password"))
                             .where(Person.id == person_id)).first()
    if row is None:
        raise Missing()
    teams = db.session.execute(sa.select(Team.id, Team.name, Team.confidential).join(TeamMember, TeamMember.team_id == Team.id)
                               .where(TeamMember.person_id == person_id).order_by(Team.name_fold)).all()
    circles = db.session.execute(sa.select(Circle.id, Circle.name).join(Membership, Membership.circle_id == Circle.id)
                                 .where(Membership.person_id == person_id).order_by(Circle.name)).all()
    return row, teams, circles


def teams(viewer):
    """All teams, with how many are in each."""
    require(viewer, "admin")
    members = sa.select(sa.func.count()).where(TeamMember.team_id == Team.id).scalar_subquery()
    return db.session.execute(sa.select(Team.id, Team.name, Team.confidential, members.label("members")).order_by(Team.name_fold)).all()


def team(viewer, team_id):
    """(the row, its members).  Raises Missing."""
    require(viewer, "admin")
    return _group(Team, TeamMember, TeamMember.team_id, team_id)


def circles(viewer):
    """All circles, with how many are in each."""
    require(viewer, "admin")
    members = sa.select(sa.func.count()).where(Membership.circle_id == Circle.id).scalar_subquery()
    return db.session.execute(sa.select(Circle.id, Circle.name, Circle.slug, Circle.join, members.label("members")).order_by(Circle.name)).all()


def circle(viewer, circle_id):
    """(the row, its members).  Raises Missing."""
    require(viewer, "admin")
    return _group(Circle, Membership, Membership.circle_id, circle_id)


def _group(model, member, column, key):
    group = db.session.get(model, key)
    if group is None:
        raise Missing()
    rows = db.session.execute(sa.select(*_SHOWN).join(member, member.person_id == Person.id).where(column == key)
                              .order_by(Person.name_fold, Person.id)).all()
    return group, rows


def person_named(viewer, text):
    """The id of the person with this handle or address.  Raises Missing with what to do."""
    require(viewer, "admin")
    text = text.strip()
    which = Person.email_fold == fold_email(text) if "@" in text[1:] else Person.handle == text.removeprefix("@").lower()
    found = None if "\x00" in text else db.session.scalar(sa.select(Person.id).where(which))
    if found is None:
        raise Missing("Nobody here has this handle or address. Look them up under Admin, People, or add them there first.", field="who")
    return found


def dead_jobs(viewer):
    """Work that failed too often, the newest first: closed words and ids only."""
    require(viewer, "admin")
    return db.session.execute(sa.select(Job.id, Job.kind, Job.lane, Job.ref_id, Job.attempts, Job.error_class, Job.run_at)
                              .where(Job.state == "dead").order_by(Job.id.desc()).limit(200)).all()


def holidays(viewer):
    """The desk's holidays, in order."""
    require(viewer, "admin")
    return db.session.scalars(sa.select(Holiday).order_by(Holiday.day)).all()
