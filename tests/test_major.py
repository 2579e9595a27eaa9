"""Major incidents: a public word of a private ticket, its promises, who is told; and the impact that me toos raise."""
import re

import pytest
import sqlalchemy as sa

from socialdesk import jobs
from socialdesk.db import db, now, transaction
from socialdesk.events import Event
from socialdesk.notifications import queries as notices
from socialdesk.notifications.models import Delivery, Device, Notification
from socialdesk.people.models import Session
from socialdesk.posts import actions
from socialdesk.posts.models import Link, Post
from socialdesk.tickets.models import Major

from .conftest import HTMX, run_due, told_by_now
from .post_desk import events, form, fragment, fresh, refused, sees
from .test_share import newest, shared
from .ticket_desk import put, row_of


def declare(browser, ticket, body="The Wi-Fi of the whole house is gone. #wifi", minutes=60, **more):
    """Make a ticket a major incident by form.  Returns the public post."""
    answer = browser.post(f"/p/{ticket.id}/major", data={"body": body, "minutes": minutes} | more)
    assert answer.status_code == 303, answer.text
    found = db.session.get(Post, int(answer.location.rsplit("/", 1)[1]))
    db.session.rollback()
    return found


def major_of(ticket):
    db.session.rollback()
    found = db.session.execute(sa.select(*Major.__table__.c).where(Major.ticket_id == ticket.id)).first()
    db.session.rollback()
    return found


def inbox_of(person):
    db.session.rollback()
    return [line.sentence for line in notices.inbox_of(person).lines]


@pytest.fixture
def no_network(monkeypatch):
    """Pushes are written, not sent."""
    monkeypatch.setitem(jobs._handlers, "push", jobs.Handler(lambda claimed: {}, True))


def give_phone(browse, person):
    browse(person)
    with transaction():
        session = db.session.scalars(sa.select(Session).where(Session.person_id == person.id)).first()
        db.session.add(Device(person_id=person.id, endpoint_hash=str(person.id), endpoint=f"https://fcm.googleapis.com/{person.id}", p256dh="x",
                              auth="x", made_at=now(), last_seen_at=now(), session_public_id=session.public_id))


def rung(person):
    """How often a person's phone rang."""
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(Delivery).join(Notification, Notification.id == Delivery.notification_id)
                             .where(Notification.person_id == person.id))


# --- declared

def test_a_major_incident_is_a_public_post_and_the_ticket_stays_private(make, browse, time):
    time.stop(2026, 3, 2, 9, 0)
    ada, tom, ben = make.person("Ada"), make.agent("Tom"), make.person("Ben")
    ticket = make.ticket(ada, "My zebra laptop finds no Wi-Fi.")
    page = browse(tom).get(f"/p/{ticket.id}/major").text
    assert page.count(" required") == 1 and "zebra" not in page.split('name="body"')[1].split("</textarea>")[0]
    public = declare(browse(tom), ticket)
    assert (public.kind, public.author_id, public.audience, public.title) == ("announcement", tom.id, "everyone", "The Wi-Fi of the whole house is gone.")
    major = major_of(ticket)
    assert major.post_id == public.id and (major.next_update_at - now()).total_seconds() == 3600 and major.ended_at is None
    assert db.session.scalar(sa.select(Link.kind).where(Link.from_id == public.id, Link.to_id == ticket.id)) == "shared"
    assert events(ticket, "major_declared") == 1 == events(public, "major_declared") and not sees(ben, ticket)
    page = browse(ben).get(f"/p/{public.id}").text
    assert "Major incident" in page and "zebra" not in page and f"/p/{ticket.id}\"" not in page and "Ada" not in page
    assert f'href="/p/{public.id}"' in browse(ada).get(f"/p/{ticket.id}").text and f'href="/p/{ticket.id}"' in browse(tom).get(f"/p/{public.id}").text


def test_declared_twice_it_is_one(make, browse):
    tom, ticket = make.agent(), make.ticket()
    public = declare(browse(tom), ticket)
    assert declare(browse(tom), ticket, "Once more").id == public.id
    again = browse(tom).post(f"/p/{ticket.id}/major", data={"body": "By htmx", "minutes": "30"}, headers=HTMX)
    assert again.status_code == 204 and again.headers["HX-Redirect"] == f"/p/{public.id}"
    assert newest() == public.id and events(public, "major_declared") == 1


def test_who_may_not_declare_one_leaves_no_trace(make, browse):
    hr = make.team("HR", confidential=True)
    ada, tom = make.person("Ada"), make.agent()
    ticket, sealed = make.ticket(ada), make.ticket(ada, team_id=hr.id)
    own, request_, done, question = make.ticket(tom), make.ticket(ada, type="request"), make.ticket(ada), make.question(ada)
    put(done, "resolved")
    given = {"body": "All is gone", "minutes": "60"}
    refused(browse(ada), f"/p/{ticket.id}/major", 403, "Only the desk", **given)
    refused(browse(make.person()), f"/p/{ticket.id}/major", 404, **given)
    refused(browse(tom), f"/p/{sealed.id}/major", 404, **given)
    refused(browse(tom), f"/p/{question.id}/major", 404, **given)
    refused(browse(tom), f"/p/{request_.id}/major", 409, "Only an incident", **given)
    refused(browse(tom), f"/p/{done.id}/major", 409, "still open", **given)
    refused(browse(tom), f"/p/{ticket.id}/major", 422, "Promise when", body="x", minutes="7")
    refused(browse(tom), f"/p/{ticket.id}/major", 422, "", body=" ", minutes="60")
    assert browse(tom).get(f"/p/{own.id}/major").status_code == 200


# --- the next word, and the end

def test_the_next_word_is_a_reply_with_a_new_promise(make, browse, time):
    time.stop(2026, 3, 2, 9, 0)
    tom, eve, ben, ticket = make.agent("Tom"), make.agent("Eve"), make.person("Ben"), make.ticket()
    public = declare(browse(tom), ticket)
    time.pass_(minutes=30)
    text = fragment(browse(eve), f"/p/{public.id}/word", body="Two floors are back.", minutes="120", key="w1")
    assert "Two floors are back." in text and f'id="major-desk-{public.id}"' in text
    form(browse(eve), f"/p/{public.id}/word", f"/p/{public.id}", body="Two floors are back.", minutes="120", key="w1")
    assert (major_of(ticket).next_update_at - now()).total_seconds() == 7200 and events(public, "major_updated") == 1
    run_due()
    assert fresh(public).replies_public == 1 and "Two floors are back." in browse(ben).get(f"/p/{public.id}").text
    refused(browse(ben), f"/p/{public.id}/word", 403, "Only the desk", body="x", minutes="60")
    refused(browse(tom), f"/p/{public.id}/word", 422, "Promise when", body="x", minutes="soon")


def test_it_ends_by_hand_and_the_ticket_goes_on(make, browse):
    tom, ticket = make.agent(), make.ticket()
    public = declare(browse(tom), ticket)
    form(browse(tom), f"/p/{ticket.id}/major/remove", f"/p/{ticket.id}")
    again = browse(tom).post(f"/p/{ticket.id}/major/remove", headers=HTMX)
    assert again.headers["HX-Redirect"] == f"/p/{ticket.id}"
    assert major_of(ticket).ended_at is not None and events(public, "major_ended") == 1 and row_of(ticket)["status"] == "new"
    assert "It is over" in browse(make.person()).get(f"/p/{public.id}").text
    refused(browse(tom), f"/p/{public.id}/word", 409, "no major incident any more", body="x", minutes="60")
    refused(browse(make.person()), f"/p/{public.id}/me-too", 422, "major incident")
    refused(browse(tom), f"/p/{make.ticket().id}/major/remove", 409, "no major incident")


def test_one_that_comes_back_goes_on_in_its_thread(make, browse):
    tom, ticket = make.agent(), make.ticket()
    public = declare(browse(tom), ticket)
    form(browse(tom), f"/p/{ticket.id}/major/remove", f"/p/{ticket.id}")
    assert declare(browse(tom), ticket, "It is back.").id == public.id
    assert major_of(ticket).ended_at is None and "It is back." in browse(tom).get(f"/p/{public.id}").text


def test_one_whose_public_word_was_taken_back_is_told_anew(make, browse):
    tom, ticket = make.agent(), make.ticket()
    public = declare(browse(tom), ticket)
    assert browse(tom).post(f"/p/{public.id}/delete").status_code == 303
    other = declare(browse(tom), ticket, "Told anew.")
    assert other.id != public.id and major_of(ticket).post_id == other.id


@pytest.mark.parametrize("status", ["resolved", "canceled"])
def test_it_ends_with_its_ticket_and_comes_back_with_an_undo(make, browse, time, status):
    time.stop()
    tom, ticket = make.agent(), make.ticket()
    public = declare(browse(tom), ticket)
    fragment(browse(tom), f"/p/{ticket.id}/status", status=status, sentence="So it is.")
    assert major_of(ticket).ended_at is not None
    fragment(browse(tom), f"/p/{ticket.id}/status/undo")
    assert major_of(ticket).ended_at is None and events(public, "major_ended") == events(ticket, "major_ended") == 0
    fragment(browse(tom), f"/p/{ticket.id}/status", status=status, sentence="So it is.")
    told_by_now()
    assert major_of(ticket).ended_at is not None and events(public, "major_ended") == 1


# --- who is told

def test_those_it_touches_are_told_that_it_is_bigger_and_when_the_next_word_comes(make, browse, time, no_network):
    time.stop(2026, 3, 2, 9, 0)
    ada, ben, cleo, dan, tom = make.person("Ada"), make.person("Ben"), make.person("Cleo"), make.person("Dan"), make.agent("Tom")
    ticket = make.ticket(ada)
    with transaction():
        actions.give_access(ticket.id, ada, ben.id)
    question = shared(browse(ada), ticket)
    fragment(browse(cleo), f"/p/{question.id}/me-too")
    run_due()
    for person in (ada, ben, cleo, dan, tom):
        give_phone(browse, person)
    with transaction():
        for table in (Delivery, Notification):
            db.session.execute(sa.delete(table))
    public = declare(browse(tom), ticket)
    run_due()
    for person in (ada, ben, cleo):
        assert inbox_of(person) == ["It is bigger than one person: many have it, and Tom tells everyone how it goes on. The next word comes at 10:00."]
        assert rung(person) == 1
    assert inbox_of(dan) == inbox_of(tom) == [] and rung(dan) == rung(tom) == 0
    fragment(browse(dan), f"/p/{public.id}/me-too")
    fragment(browse(tom), f"/p/{public.id}/word", body="Half is back.", minutes="1440")
    run_due()
    assert [inbox_of(person)[0].split(" One more")[0] for person in (ada, dan)] == ["Tom says how it stands. The next word comes tomorrow at 09:00."] * 2
    form(browse(tom), f"/p/{ticket.id}/major/remove", f"/p/{ticket.id}")
    run_due()
    assert inbox_of(dan)[0].startswith("It is over.") and f"/p/{public.id}" in browse(dan).get("/inbox").text
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Notification).where(Notification.root_id == ticket.id)) == 0


def test_an_overdue_promise_tells_its_author_and_half_an_hour_later_the_team(make, browse, time):
    time.stop(2026, 3, 2, 9, 0)
    team = make.team("Network")
    tom, eve, zoe = make.agent("Tom", teams=[team]), make.agent("Eve", teams=[team]), make.agent("Zoe")
    ticket = make.ticket(team_id=team.id)
    public = declare(browse(tom), ticket)

    def overdue():
        run_due(clockwork=True)
        run_due(clockwork=True)
        return ["overdue" in " ".join(inbox_of(who)) or "promised for now" in " ".join(inbox_of(who)) or "half an hour late" in " ".join(inbox_of(who))
                for who in (tom, eve, zoe)]
    time.pass_(minutes=59)
    assert overdue() == [False, False, False]
    time.pass_(minutes=2)
    assert overdue() == [True, False, False] and notices.waiting_of(tom) and events(public, "major_overdue") == 1
    time.pass_(minutes=31)
    assert overdue() == [True, True, False] and events(public, "major_overdue") == 2
    assert "overdue" not in browse(make.person()).get(f"/p/{public.id}").text
    fragment(browse(eve), f"/p/{public.id}/word", body="Still at it.", minutes="15")
    time.pass_(minutes=16)
    overdue()
    assert events(public, "major_overdue") == 3
    db.session.rollback()
    last = db.session.scalars(sa.select(Event).where(Event.verb == "major_overdue").order_by(Event.id.desc())).first()
    assert (last.after, last.ref_id) == ("author", eve.id)
    db.session.rollback()
    form(browse(tom), f"/p/{ticket.id}/major/remove", f"/p/{ticket.id}")
    time.pass_(hours=2)
    overdue()
    assert events(public, "major_overdue") == 3


# --- the impact

def impact(ticket):
    run_due()
    row = row_of(ticket)
    return row["impact"], row["priority"]


def crowd(make, *circles):
    return [make.person(circles=[circle] if circle else []) for circle in circles]


def say_me_too(browse, post, people):
    for person in people:
        fragment(browse(person), f"/p/{post.id}/me-too")


def test_three_people_of_two_circles_raise_the_impact_by_one_step_and_no_more(make, browse):
    one, two = make.circle("One"), make.circle("Two")
    tom, ada = make.agent(), make.person("Ada")
    ticket = make.ticket(ada, urgency="high")
    question = shared(browse(ada), ticket)
    public = declare(browse(tom), ticket)
    first, second, third, *more = crowd(make, one, one, two, two, one, None, None)
    say_me_too(browse, question, [first, second])
    assert impact(ticket) == ("low", "medium")
    say_me_too(browse, public, [first, second])                 # the same two once more
    assert impact(ticket) == ("low", "medium")
    say_me_too(browse, public, [third])
    assert impact(ticket) == ("medium", "high") and events(ticket, "impact_changed") == 1
    say_me_too(browse, public, more)
    say_me_too(browse, question, [third, *more])
    assert impact(ticket) == ("medium", "high") and events(ticket, "impact_changed") == 1
    assert "counts for more now" in browse(tom).get(f"/p/{ticket.id}").text


def test_three_people_of_one_circle_or_of_none_are_not_enough(make, browse):
    one = make.circle("One")
    ada = make.person("Ada")
    for circle in (one, None):
        ticket = make.ticket(ada)
        question = shared(browse(ada), ticket)
        say_me_too(browse, question, crowd(make, circle, circle, circle))
        assert impact(ticket) == ("low", "low")
        say_me_too(browse, question, crowd(make, None if circle else one))
        assert impact(ticket) == ("medium", "medium")


def test_who_asked_does_not_count_twice(make, browse):
    one, two = make.circle("One"), make.circle("Two")
    tom, ada = make.agent(), make.person("Ada", circles=[two])
    ticket = make.ticket(ada)
    public = declare(browse(tom), ticket)
    say_me_too(browse, public, [ada, *crowd(make, one, one)])
    assert impact(ticket) == ("low", "low")


def test_taken_back_me_toos_lower_it_again(make, browse):
    one, two = make.circle("One"), make.circle("Two")
    ada = make.person("Ada")
    ticket = make.ticket(ada)
    question = shared(browse(ada), ticket)
    people = crowd(make, one, one, two)
    say_me_too(browse, question, people)
    assert impact(ticket) == ("medium", "medium")
    fragment(browse(people[0]), f"/p/{question.id}/me-too/remove")
    assert impact(ticket) == ("low", "low")


def test_an_impact_an_agent_has_decided_stays(make, browse):
    one, two = make.circle("One"), make.circle("Two")
    tom, ada = make.agent("Tom"), make.person("Ada")
    ticket = make.ticket(ada)
    question = shared(browse(ada), ticket)
    before = row_of(ticket)
    fragment(browse(tom), f"/p/{ticket.id}/type", urgency="medium", impact="")
    assert row_of(ticket) == before
    fragment(browse(tom), f"/p/{ticket.id}/type", impact="low")
    assert row_of(ticket)["impact_held"] and events(ticket, "impact_changed") == 0
    say_me_too(browse, question, crowd(make, one, two, two, None))
    assert impact(ticket) == ("low", "low")
    fragment(browse(tom), f"/p/{ticket.id}/type", impact="high")
    form(browse(tom), f"/p/{ticket.id}/type", f"/p/{ticket.id}", impact="high")
    assert impact(ticket) == ("high", "high") and events(ticket, "impact_changed") == 1
    refused(browse(tom), f"/p/{ticket.id}/type", 422, "The impact is", impact="huge")
    refused(browse(ada), f"/p/{ticket.id}/type", 403, impact="low")
    page = browse(tom).get(f"/p/{ticket.id}/facts").text
    assert re.search(r'<option value="high" selected>', page) and "As colleagues say me too" not in page


def test_an_ended_ticket_moves_no_more(make, browse):
    one, two = make.circle("One"), make.circle("Two")
    ada = make.person("Ada")
    ticket = make.ticket(ada)
    question = shared(browse(ada), ticket)
    put(ticket, "closed")
    say_me_too(browse, question, crowd(make, one, one, two))
    assert impact(ticket) == ("low", "low")
