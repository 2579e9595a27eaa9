"""API tokens."""
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ..db import db


class ApiToken(db.Model):
    """A key of a person for programs.  hash: SHA-256 of the token; scopes: None for all that the person may do."""

    id: Mapped[int] = mapped_column(primary_key=True)
    hash: Mapped[str] = mapped_column(unique=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id", ondelete="CASCADE"), index=True)
    scopes: Mapped[str | None]
    made_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
