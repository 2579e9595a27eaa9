"""How many things happened before: a notice counts what still stands and its reader may see, wherever it is shown."""
import pytest
import sqlalchemy as sa

from socialdesk.db import db, transaction
from socialdesk.notifications import count_queries
from socialdesk.notifications.models import Notification, Told
from socialdesk.notifications.queries import inbox_of, line_of, waiting_of
from socialdesk.people.models import Person
from socialdesk.posts import reaction_actions, text_actions
from socialdesk.tickets import actions as tickets

from .api_desk import call  # noqa: F401
from .conftest import run_due
from .mail_desk import post_office, settings_given, text_of  # noqa: F401
from .phones import phone, service  # noqa: F401
from .test_push import say


def take_back(reply, author):
    with transaction():
        text_actions.delete(reply.id, author)
    run_due()


def lines(person):
    """(n, sentence) of each line of the inbox, the newest first."""
    viewer_lines = (*waiting_of(person), *inbox_of(person, waiting=False).lines)
    db.session.rollback()
    return [(line.n, line.sentence) for line in viewer_lines]


@pytest.mark.parametrize("gone, sentence", [
    ((), "Ben replied. 2 more things happened before."), ((0,), "Ben replied. One more thing happened before."),
    ((1,), "Ben replied. One more thing happened before."), ((0, 1), "Ben replied.")])
def test_a_reply_that_was_taken_back_is_not_counted_in_the_inbox(make, call, gone, sentence):  # noqa: F811
    ada, ben = make.person("Ada"), make.person("Ben")
    question = make.question(ada)
    replies = [say(make, question, ben, body=f"Word {n}.") for n in range(3)]
    for n in gone:
        take_back(replies[n], ben)
    sentence = sentence.replace("replied", "answered your question")
    assert lines(ada) == [(3 - len(gone), sentence)]
    told, = call(ada).get("/notifications").json["items"]
    assert (told["n"], told["sentence"]) == (3 - len(gone), sentence)
    assert line_of(ada, told["id"]).sentence == sentence


def test_a_line_whose_last_reply_was_taken_back_says_so(make):
    ada, ben = make.person("Ada"), make.person("Ben")
    question = make.question(ada)
    first, last = (say(make, question, ben, body=f"Word {n}.") for n in range(2))
    take_back(last, ben)
    assert lines(ada) == [(2, "What Ben wrote was taken back. One more thing happened before.")]
    take_back(first, ben)
    assert lines(ada) == [(1, "What Ben wrote was taken back.")]


def test_a_like_of_what_is_gone_by_now_is_still_a_like(make):
    ada, ben, cleo = make.person("Ada"), make.person("Ben"), make.person("Cleo")
    question = make.question(cleo)
    reply = say(make, question, ada)
    with transaction():
        reaction_actions.react(reply.id, ben, "like")
    run_due()
    take_back(reply, ada)
    assert lines(ada) == [(1, "Ben likes what you wrote.")]


def test_nor_on_a_phone(make, phone):  # noqa: F811
    ada, ben = make.person("Ada"), make.person("Ben")
    hers, question = phone(ada), make.question(ada)
    first = say(make, question, ben, body="Try the left one.")
    take_back(first, ben)
    say(make, question, ben, body="Try the right one.")
    say(make, question, ben, body="Or none.")
    assert hers.bodies[1:] == ["Ben answered your question. “Try the right one.”",
                               "Ben answered your question. One more thing happened before. “Or none.”"]


def test_nor_in_the_notice_of_what_waited_till_the_morning(make, phone, time):  # noqa: F811
    time.stop(2026, 3, 2, 6, 0)
    ada, ben = make.person("Ada", hours={"mon": [["08:00", "18:00"]]}), make.person("Ben")
    hers, question, other = phone(ada), make.question(ada), make.question(ada, "Another one?")
    first = say(make, question, ben, body="Try the left one.")
    take_back(first, ben)
    say(make, question, ben, body="Try the right one.")
    say(make, other, ben)
    time.stop(2026, 3, 2, 8, 0)
    run_due()
    notice, = hers.told
    assert notice["title"] == "2 things are new" and "before" not in notice["body"]


def test_nor_in_a_mail(make, post_office, phone, time):  # noqa: F811
    ada = make.person("Ada")
    phone(ada)                                                             # so the mail comes two hours later
    ticket, tomasz = make.ticket(ada), make.agent("Tomasz")
    first, *_ = (say(make, ticket, tomasz, body=body) for body in ("It is the left one.", "Or the middle one.", "It is the right one."))
    take_back(first, tomasz)
    time.pass_(hours=2, minutes=1)
    run_due()
    mail, = post_office.to(ada)
    assert "Tomasz replied. One more thing happened before." in text_of(mail) and "2 more" not in text_of(mail)


def test_a_note_counts_for_who_may_read_notes_alone(make, phone):  # noqa: F811
    ada, tomasz, mona = make.person("Ada"), make.agent("Tomasz"), make.agent("Mona")
    ticket = make.ticket(ada)
    with transaction():
        tickets.assign(ticket.id, tomasz, mona.id)
    run_due()
    say(make, ticket, tomasz, body="A hunch.", note=True)
    say(make, ticket, ada, body="It is worse.")
    assert lines(mona)[0][0] == 3
    with transaction():
        db.session.execute(sa.update(Person).where(Person.id == mona.id).values(role="requester"))
        tickets.posts.give_access(ticket.id, ada, mona.id)
    run_due()
    assert lines(make.viewer(mona))[0] == (3, "Ada added you, so you can read along. 2 more things happened before.")


def test_what_was_read_before_is_not_counted_again(make, browse):
    ada, ben = make.person("Ada"), make.person("Ben")
    question = make.question(ada)
    for n in range(2):
        say(make, question, ben, body=f"Word {n}.")
    browse(ada).post("/inbox/read")
    last = [say(make, question, ben, body=f"Later {n}.") for n in range(2)]
    assert lines(ada)[0] == (2, "Ben answered your question. One more thing happened before.")
    take_back(last[0], ben)
    assert lines(ada)[0] == (1, "Ben answered your question.")


def test_likes_and_replies_of_one_thread_are_counted_apart(make):
    ada, ben, cleo = make.person("Ada"), make.person("Ben"), make.person("Cleo")
    question = make.question(ada)
    for who in (ben, cleo):
        with transaction():
            reaction_actions.react(question.id, who, "like")
        run_due()
    first = say(make, question, ben)
    say(make, question, cleo)
    assert sorted(lines(ada)) == [(2, "Cleo and one more like what you wrote."), (2, "Cleo answered your question. One more thing happened before.")]
    take_back(first, ben)
    assert sorted(lines(ada)) == [(1, "Cleo answered your question."), (2, "Cleo and one more like what you wrote.")]


def test_lines_that_tell_of_one_thing_ask_nothing_more(make, monkeypatch):
    ada, ben = make.person("Ada"), make.person("Ben")
    say(make, make.question(ada), ben)
    monkeypatch.setattr(count_queries, "_statement", lambda of: pytest.fail("nothing is to be counted"))
    assert lines(ada) == [(1, "Ben answered your question.")]
    assert db.session.scalar(sa.select(sa.func.max(Notification.n))) == 1


def test_what_was_told_so_long_ago_that_it_is_forgotten_still_counts(make):
    ada, ben = make.person("Ada"), make.person("Ben")
    question = make.question(ada)
    for n in range(3):
        say(make, question, ben, body=f"Word {n}.")
    with transaction():
        db.session.execute(sa.delete(Told))
    assert lines(ada) == [(3, "Ben answered your question. 2 more things happened before.")]
