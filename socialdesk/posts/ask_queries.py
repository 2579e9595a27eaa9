"""What the composer asks: who may be asked, what was typed before, what a key stands for."""
import sqlalchemy as sa

from ..db import db
from ..errors import Invalid
from ..people.models import Circle
from ..people.queries import handles
from .models import Draft, Idem


def circles_of(viewer):
    """Rows of slug, name: the circles whose members this person may ask."""
    if not viewer.circle_ids:
        return []
    return db.session.execute(sa.select(Circle.slug, Circle.name).where(Circle.id.in_(sorted(viewer.circle_ids)))
                              .order_by(Circle.name, Circle.id)).all()


def draft_of(viewer, place):
    """The row of text, at of what this person has typed at a place, or None."""
    return db.session.execute(sa.select(Draft.text, Draft.at).where(Draft.person_id == viewer.id, Draft.place == place)).first()


def people_named(text):
    """The ids of people whose handles stand in a text, parted by spaces or commas.  Raises Invalid for one that nobody has."""
    names = [name.strip().removeprefix("@").lower() for name in text.replace(",", " ").split()][:50]
    known = handles({name for name in names if "\x00" not in name})
    unknown = [name for name in names if name not in known]
    if unknown:
        raise Invalid(f"There is nobody with the handle @{unknown[0][:40]} here. It stands below the name on their page, such as @ada.", field="to")
    return [known[name] for name in names]


def sent_with(viewer, key):
    """The id of the post this person sent with a key, or None."""
    result = db.session.scalar(sa.select(Idem.result).where(Idem.person_id == viewer.id, Idem.key == key))
    return (result or {}).get("id")
