"""The first admin of a new desk."""
import sqlalchemy as sa

from ..db import db
from . import actions
from .checker import fold_email
from .models import Person


def make_first_admin(email, name, pw_hash):
    """Make the admin, or make somebody who is here already one.  pw_hash: None for sign-in by link or code alone.  Returns the Person."""
    person = db.session.scalar(sa.select(Person).where(Person.email_fold == fold_email(email)).with_for_update())
    if person is None:
        person = actions.add_person(email, name, role="admin")
    person.role, person.state = "admin", "active"
    person.pw_hash = pw_hash or person.pw_hash
    db.session.flush()
    return person
