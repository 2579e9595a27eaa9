"""Push: who rings, what it says, and what becomes of each answer of a push service."""
from .conftest import run_due
from .phones import phone, service, settings_given  # noqa: F401


def test_a_reply_reaches_the_phone_of_who_asked(make, phone):
    ada, tomasz = make.person("Ada"), make.agent("Tomasz")
    ticket = make.ticket(ada)
    run_due()
    mine = phone(ada)
    make.reply(ticket, tomasz)
    run_due()
    assert mine.bodies == ["Something changed in one of your tickets."]
