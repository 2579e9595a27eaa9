"""Writing down what is searched for, without anybody's name, and forgetting it in time."""
from datetime import timedelta

import sqlalchemy as sa

from ..db import db, insert, now
from ..jobs import clockwork
from .models import SearchCount

DAYS = 90                               # so long counts are kept


def write_counts(week, asked, shown):
    """Keep counts.  week: its first day; asked: {(found, words): people}; shown: how often suggestions were, today.
    Of several processes the one that saw most people counts: never is one person counted as two."""
    rows = [{"day": week, "what": "found" if found else "missed", "words": words, "number": people} for (found, words), people in sorted(asked.items())]
    if rows:
        statement = insert(SearchCount.__table__)
        new = statement.excluded.number
        more = sa.case((new > SearchCount.number, new), else_=SearchCount.number)
        db.session.execute(statement.on_conflict_do_update(index_elements=["day", "what", "words"], set_={"number": more}), rows)
    if shown:
        statement = insert(SearchCount.__table__)
        db.session.execute(statement.on_conflict_do_update(index_elements=["day", "what", "words"], set_={"number": SearchCount.number + statement.excluded.number}),
                           {"day": now().date().isoformat(), "what": "shown", "words": "", "number": shown})


@clockwork("forget-searches", 24 * 3600)
def forget_old_counts():
    """Counts that are long past go."""
    oldest = (now() - timedelta(days=DAYS)).date().isoformat()
    db.session.execute(sa.delete(SearchCount).where(SearchCount.day < oldest).execution_options(synchronize_session=False))
