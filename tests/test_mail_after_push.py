"""A mail that comes second waits for the push; one that comes always does not."""
import sqlalchemy as sa

import pytest

from socialdesk import jobs
from socialdesk.db import db
from socialdesk.notifications.choice_actions import choose
from socialdesk.notifications.models import Delivery

from .conftest import run_due
from .mail_desk import post_office, settings_given  # noqa: F401
from .phones import phone, service  # noqa: F401
from .test_when import ada, at  # noqa: F401
from .told import do


def planned(channel):
    db.session.rollback()
    found = db.session.scalar(sa.select(Delivery.send_at).where(Delivery.channel == channel, Delivery.state == "due"))
    db.session.rollback()
    return found


@pytest.mark.parametrize("mail, when", [("always", at(3, 8)), ("second", at(3, 10))])
def test_a_push_put_over_to_the_morning_takes_the_mail_that_comes_after_it_along(make, phone, post_office, ada, time, mail, when):  # noqa: F811
    time.stop(2026, 3, 2, 17, 59)
    hers, ticket = phone(ada), make.ticket(ada)
    do(choose, ada, "answers", "now", mail)
    make.reply(ticket, make.agent("Tom"), "The blue one.")
    jobs.run_due(("now",))
    time.stop(2026, 3, 2, 18, 1)
    run_due()
    assert hers.told == [] and planned("push") == at(3, 8) and post_office.mails == []
    time.stop(*when.timetuple()[:5])
    run_due()
    assert len(hers.told) == 1 and len(post_office.mails) == 1
