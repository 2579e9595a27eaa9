"""Articles that are old or do not help come to their owner, with the reason and what to do."""
from datetime import timedelta

import pytest
import sqlalchemy as sa

from socialdesk.db import db, now, transaction
from socialdesk.knowledge.models import Article
from socialdesk.search.lesson_actions import forget, learn, let_learn

from .conftest import HTMX, run_due

DUE, IDLE, UNHELPFUL = "Its review date came", "No sign of use for half a year", "It does not help"


def judge(browse, make, article, *verdicts):
    for verdict in verdicts:
        browse(make.person()).post(f"/p/{article.id}/verdict", data={"solved": verdict})


def page_of(browse, person):
    return browse(person).get("/me/articles").text


def reasons(browse, person):
    page = page_of(browse, person)
    return [words for words in (DUE, IDLE, UNHELPFUL) if words in page]


def opens(browse, person, article):
    run_due()
    assert browse(person).post("/suggestions/opened", data={"post_id": article.id, "body": "how do I print"}).status_code == 303


@pytest.fixture
def owner(make):
    return make.agent("Tomasz Nowak")


def test_a_fresh_article_needs_nobody(browse, make, owner):
    make.article(owner)
    page = page_of(browse, owner)
    assert "Nothing to look at" in page and reasons(browse, owner) == []


def test_a_review_date_that_came_is_a_reason(browse, make, owner, time):
    make.article(owner, title="Print on both sides", review_at=now() + timedelta(days=10))
    assert reasons(browse, owner) == []
    time.pass_(days=11)
    page = page_of(browse, owner)
    assert reasons(browse, owner) == [DUE] and 'href="/help/print-on-both-sides/edit"' in page and "/help/print-on-both-sides/review" in page


def test_an_article_nobody_used_for_half_a_year_is_stale(browse, make, owner, time):
    make.article(owner, review_at=None)
    time.pass_(days=179)
    assert reasons(browse, owner) == []
    time.pass_(days=2)
    assert reasons(browse, owner) == [IDLE]


@pytest.mark.parametrize("use, left", [("solved", []), ("not solved", [IDLE]), ("opened", []), ("opened, keeping nothing", []),
                                       ("opened, then erased", []), ("sent", [IDLE]), ("read", [IDLE]), ("reviewed", []), ("edited", [])])
def test_what_counts_as_use(browse, make, owner, time, use, left):
    article, person = make.article(owner, title="Print", review_at=None), make.person()
    time.pass_(days=100)
    if use in ("solved", "not solved"):
        browse(person).post(f"/p/{article.id}/verdict", data={"solved": "yes" if use == "solved" else "no"})
    elif use == "opened, keeping nothing":
        with transaction():
            let_learn(person, False)
        opens(browse, person, article)
    elif use.startswith("opened"):
        opens(browse, person, article)
        if use.endswith("erased"):
            with transaction():
                forget(person)
    elif use == "sent":
        with transaction():
            learn(person, article.id, "sent", "print")
    elif use == "read":
        assert browse(person).get("/help/print").status_code == 200
    elif use == "reviewed":
        browse(owner).post("/help/print/review")
    else:
        browse(owner).post("/help/print/edit", data={"title": "Print", "body": "Other words.", "review_at": ""})
    time.pass_(days=81)
    with transaction():
        db.session.execute(sa.update(Article).values(review_at=None))
    assert reasons(browse, owner) == left


def test_what_counts_as_a_sign_of_use_is_said_where_it_is_missed(browse, make, owner, time):
    make.article(owner, review_at=None)
    time.pass_(days=181)
    page = page_of(browse, owner)
    for part in ("opened it from the suggestions while typing", "said that it solved it", "neither changed nor said to still hold", "reads its page leaves no sign"):
        assert part in page


@pytest.mark.parametrize("verdicts, left", [(["no", "no"], []), (["no", "no", "yes"], [UNHELPFUL]), (["no", "yes", "yes"], []),
                                            (["no", "no", "yes", "yes"], [UNHELPFUL]), (["no", "no", "no"], [UNHELPFUL])])
def test_three_verdicts_of_which_no_more_than_half_were_good(browse, make, owner, verdicts, left):
    judge(browse, make, make.article(owner), *verdicts)
    assert reasons(browse, owner) == left


def test_the_reason_is_said_in_figures_and_a_change_begins_anew(browse, make, owner, time):
    article = make.article(owner, title="Print")
    judge(browse, make, article, "no", "no", "no", "yes")
    assert "it solved it for 1 of 4" in page_of(browse, owner)
    time.pass_(minutes=5)
    browse(owner).post("/help/print/edit", data={"title": "Print", "body": "In smaller steps."})
    assert reasons(browse, owner) == []
    time.pass_(minutes=5)
    judge(browse, make, article, "no", "no", "no")
    assert "it solved it for 0 of 3" in page_of(browse, owner)


def test_saying_that_it_still_holds_takes_it_off_the_list(browse, make, owner, time):
    make.article(owner, title="Print")
    time.pass_(days=200)
    assert reasons(browse, owner) == [DUE, IDLE]
    assert browse(owner).post("/help/print/review", headers=HTMX).status_code == 200
    assert reasons(browse, owner) == []


def test_only_ones_own_are_listed_and_only_for_those_who_write(browse, make, owner, time):
    make.article(owner, title="Print")
    other = make.agent()
    time.pass_(days=200)
    assert reasons(browse, other) == [] and "Print" not in page_of(browse, other)
    assert browse(make.person()).get("/me/articles").status_code == 403
    assert browse(None).get("/me/articles").status_code == 303


def test_help_leads_there_for_the_desk_alone(browse, make, owner):
    assert 'href="/me/articles"' in browse(owner).get("/help").text
    assert 'href="/me/articles"' not in browse(make.person()).get("/help").text


def test_an_admin_sees_how_all_stand_by_owner(browse, make, owner, time):
    admin = make.admin("Cy Admin")
    judge(browse, make, make.article(owner, title="One"), "no", "no", "no")
    make.article(owner, title="Two", review_at=None)
    make.article(owner, title="Three", owner_id=None, review_at=None)
    time.pass_(days=181)
    table = page_of(browse, admin).split("<tbody>")[1].split("</tbody>")[0]
    rows = [[cell.split("<")[0] for cell in row.replace('<a href="/@tomasz">', "").split('">')[1:]] for row in table.split("<tr>")[1:]]
    assert rows == [["Tomasz Nowak", "2", "1", "2", "1"], ["Nobody", "1", "0", "1", "0"]]
    assert "by who answers for them" not in page_of(browse, owner)


def test_the_list_goes_on_page_by_page(browse, make, owner, time):
    titles = [f"Number {n} of many" for n in range(25)]
    for title in titles:
        make.article(owner, title=title)
    time.pass_(days=200)
    first = page_of(browse, owner)
    cursor = first.split("/me/articles?cursor=")[1].split('"')[0]
    second = browse(owner).get(f"/me/articles?cursor={cursor}").text
    assert [sum(f">{title}<" in page for title in titles) for page in (first, second)] == [20, 5]
    assert browse(owner).get("/me/articles?cursor=x").status_code == 422
