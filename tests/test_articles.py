"""Articles: published by the desk, read by everyone, versioned, judged by those they helped."""
import sqlalchemy as sa

from socialdesk.db import db
from socialdesk.events import Event, Verb
from socialdesk.knowledge.checker import slug_of
from socialdesk.knowledge.models import Article, Verdict
from socialdesk.posts.models import Post, Version

from .conftest import HTMX, run_due

LONG = "Before all.\n\n## First part\n\nOne.\n\n## Second *part*\n\nTwo.\n\n### Third part\n\nThree."


def slug(post):
    return db.session.scalar(sa.select(Article.slug).where(Article.post_id == post.id))


def test_an_agent_publishes_an_article_that_everyone_reads(browse, make):
    answer = browse(make.agent()).post("/help/new", data={"title": "Reset your VPN key", "body": "Open **Portal**. #vpn", "key": "k1"})
    assert (answer.status_code, answer.location) == (303, "/help/reset-your-vpn-key")
    page = browse(make.person()).get(answer.location)
    assert "<h1 class=\"big\">Reset your VPN key</h1>" in page.text and "<strong>Portal</strong>" in page.text and 'href="/t/vpn"' in page.text


def test_the_same_form_sent_twice_is_one_article(browse, make):
    agent = browse(make.agent())
    first, second = (agent.post("/help/new", data={"title": "Twice", "body": "Once.", "key": "same"}) for _ in range(2))
    assert first.location == second.location == "/help/twice"
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Article)) == 1
    assert db.session.scalars(sa.select(Event.verb).where(Event.verb == Verb.ARTICLE_PUBLISHED)).all() == [Verb.ARTICLE_PUBLISHED]


def test_the_same_key_with_another_text_is_refused_and_nothing_is_lost(browse, make):
    agent = browse(make.agent())
    agent.post("/help/new", data={"title": "One", "body": "Once.", "key": "same"})
    answer = agent.post("/help/new", data={"title": "One", "body": "Other words & more.", "key": "same"})
    assert answer.status_code == 409 and "Other words &amp; more." in answer.text
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Article)) == 1


def test_by_htmx_the_answer_leads_to_the_article(browse, make):
    answer = browse(make.agent()).post("/help/new", data={"title": "Quick", "body": "Fast.", "key": "k"}, headers=HTMX)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/help/quick")


def test_only_agents_write_articles(browse, make):
    article, person = make.article(), browse(make.person())
    for answer in (person.get("/help/new"), person.post("/help/new", data={"title": "Mine", "body": "My text."}),
                   person.get(f"/help/{slug(article)}/edit"), person.post(f"/help/{slug(article)}/edit", data={"body": "Mine now."}),
                   person.get(f"/help/{slug(article)}/versions"), person.post("/help/preview", data={"body": "Look"})):
        assert answer.status_code == 403 and "Only the desk writes articles" in answer.text
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Post)) == 1
    assert "/help/new" not in person.get("/help").text and "/edit" not in person.get(f"/help/{slug(article)}").text


def test_an_empty_article_is_told_so_and_the_title_is_kept(browse, make):
    answer = browse(make.agent()).post("/help/new", data={"title": "A good title", "body": "  "})
    assert answer.status_code == 422 and "There is no text yet" in answer.text and "A good title" in answer.text


def test_a_change_is_a_new_version_and_the_old_one_can_be_read(browse, make):
    article, agent = make.article(title="Print on both sides", body="Old words."), make.agent("Tomasz Nowak")
    answer = browse(agent).post(f"/help/{slug(article)}/edit", data={"title": "Print on two sides", "body": "New words."})
    assert answer.location == "/help/print-on-both-sides"
    page = browse(make.person()).get(answer.location).text
    assert "New words." in page and "Old words." not in page and "Print on two sides" in page and "Changed" in page
    versions = browse(agent).get("/help/print-on-both-sides/versions").text
    assert "Tomasz Nowak" in versions and "Version 2" in versions and 'href="/help/print-on-both-sides/versions/1"' in versions
    assert "Old words." in browse(agent).get("/help/print-on-both-sides/versions/1").text
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Version).where(Version.post_id == article.id)) == 2


def test_the_same_text_saved_again_is_no_new_version(browse, make):
    article = make.article()
    for _ in range(2):
        browse(make.agent()).post(f"/help/{slug(article)}/edit", data={"title": "Same", "body": "Same."})
    assert db.session.get(Post, article.id, populate_existing=True).version == 2


def test_the_preview_writes_nothing(browse, make):
    agent = browse(make.agent())
    quick = agent.post("/help/preview", data={"title": "T", "body": "# Big\n\n<script>x</script>", "action": "/help/new"}, headers=HTMX)
    assert quick.text.lstrip().startswith('<section id="preview"') and "&lt;script&gt;" in quick.text and "<h2 id=" in quick.text
    plain = agent.post("/help/preview", data={"title": "T", "body": "# Big", "key": "kept", "action": "/help/new"})
    assert 'value="kept"' in plain.text and "# Big</textarea>" in plain.text and 'action="/help/new"' in plain.text
    assert 'action="/help/new"' in agent.post("/help/preview", data={"body": "x", "action": "https://evil.example/"}).text
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Post)) == 0


def test_an_article_with_many_headings_has_a_table_of_contents(browse, make):
    article, person = make.article(title="Long one", body=LONG), browse(make.person())
    page = person.get(f"/help/{slug(article)}").text
    assert 'href="#h-third-part">Third part' in page and '<h3 id="h-third-part">Third part</h3>' in page
    assert '<h2 id="h-second-part">Second <em>part</em></h2>' in page
    short = make.article(title="Short one", body="## One\n\n## Two")
    assert "On this page" not in person.get(f"/help/{slug(short)}").text


def test_the_source_and_the_licence_stand_on_the_page(browse, make):
    article = make.article(source_url="https://docs.example.org/a?b=1", licence="CC-BY-4.0")
    page = browse(make.person()).get(f"/help/{slug(article)}").text
    assert 'href="https://docs.example.org/a?b=1"' in page and "Licence: CC-BY-4.0" in page and 'rel="nofollow noopener noreferrer"' in page


def test_an_address_is_made_of_the_title_else_of_the_id(browse, make):
    assert slug_of("Größe der Übersicht: 3 Wege!") == "groesse-der-uebersicht-3-wege"
    assert slug_of("การรีเฟรช") == "" and slug_of("...") == "" and len(slug_of("word " * 60)) <= 80
    first, second, thai, number, new = (make.article(title=title) for title in ("Same title", "Same title", "การรีเฟรช", "2019", "New"))
    assert [slug(first), slug(second), slug(thai)] == ["same-title", f"same-title-{second.id}", str(thai.id)]
    assert slug(number) == f"2019-{number.id}" and slug(new) == f"new-{new.id}"
    assert browse(make.person()).get(f"/help/{first.id}").location == "/help/same-title"


def test_an_unknown_article_is_missing(browse, make):
    person, question = browse(make.person()), make.question()
    for address in ("/help/nothing-here", f"/help/{question.id}", "/help/99999999999999999999", "/help/%00", "/help/%F0%9F%8E%89"):
        assert person.get(address).status_code == 404
    assert browse(None).get("/help/nothing-here").status_code == 303


def test_help_shows_what_helped_most_and_what_is_newest(browse, make):
    old, new = make.article(title="Old friend"), make.article(title="Brand new")
    browse(make.person()).post(f"/p/{old.id}/verdict", data={"solved": "yes"})
    helpful, newest = (browse(make.person()).get(f"/help?view={view}").text for view in ("helpful", "newest"))
    assert helpful.index("Old friend") < helpful.index("Brand new") and "Solved it for 1" in helpful
    assert newest.index("Brand new") < newest.index("Old friend")
    assert new.in_feed is False


def test_help_goes_on_page_by_page_without_losing_or_repeating(browse, make):
    titles = {f"Number {n} of many" for n in range(45)}
    for title in titles:
        make.article(title=title)
    person = browse(make.person())
    for view in ("helpful", "newest"):
        seen, address, pages = [], f"/help?view={view}", 0
        while address:
            page = person.get(address, headers=HTMX if pages else {}).text
            seen += [line.split(">")[1].split("<")[0] for line in page.split('class="row-title" href="/help/')[1:]]
            more = page.split('class="button plain whole" href="')
            address, pages = more[1].split('"')[0].replace("&amp;", "&") if len(more) > 1 else None, pages + 1
        assert (len(seen), set(seen), pages) == (45, titles, 3)
    assert person.get("/help?cursor=nonsense").status_code == 422


def test_an_empty_help_says_what_to_do(browse, make):
    assert "Ask instead" in browse(make.person()).get("/help").text
    assert "Write the first one" in browse(make.agent()).get("/help").text


# --- did this solve it?

def test_a_verdict_is_counted_once_and_can_be_taken_back(browse, make):
    article, ada, ben = make.article(), browse(make.person()), browse(make.person())
    for _ in range(2):
        answer = ada.post(f"/p/{article.id}/verdict", data={"solved": "yes"}, headers=HTMX)
    assert answer.status_code == 200 and f'id="verdict-{article.id}"' in answer.text and "It did for 1 of 1 person" in answer.text
    assert ben.post(f"/p/{article.id}/verdict", data={"solved": "no"}).location == f"/help/{slug(article)}"
    assert "It did for 1 of 2 people" in ada.get(f"/help/{slug(article)}").text
    for _ in range(2):
        ada.post(f"/p/{article.id}/verdict/remove")
    row = db.session.execute(sa.select(Article.solved, Article.not_solved)).one()
    assert tuple(row) == (0, 1)


def test_a_second_thought_replaces_the_first(browse, make):
    article, ada = make.article(), browse(make.person())
    ada.post(f"/p/{article.id}/verdict", data={"solved": "yes"})
    ada.post(f"/p/{article.id}/verdict", data={"solved": "no"})
    assert tuple(db.session.execute(sa.select(Article.solved, Article.not_solved)).one()) == (0, 1)


def test_an_accepted_answer_can_be_judged_and_other_replies_cannot(browse, make):
    from socialdesk.db import transaction
    from socialdesk.posts.answer_actions import accept
    asker = make.person()
    question = make.question(asker)
    answer, other = make.reply(question, make.person()), make.reply(question, make.person())
    with transaction():
        accept(answer.id, asker)
    reader = browse(make.person())
    assert reader.post(f"/p/{answer.id}/verdict", data={"solved": "yes"}, headers=HTMX).status_code == 200
    assert reader.post(f"/p/{other.id}/verdict", data={"solved": "yes"}).status_code == 422
    assert reader.post(f"/p/{answer.id}/verdict", data={"solved": "maybe"}).status_code == 422
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Verdict)) == 1


def test_nobody_judges_what_they_may_not_see(browse, make):
    ticket, stranger = make.ticket(), browse(make.person())
    for address in (f"/p/{ticket.id}/verdict", f"/p/{ticket.id}/verdict/remove", "/p/999999/verdict", "/p/999999/verdict/remove"):
        assert stranger.post(address, data={"solved": "yes"}).status_code == 404
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Verdict)) == 0


def test_publishing_is_in_the_ledger_and_followed_up(make):
    article = make.article()
    assert run_due() > 0
    assert db.session.scalars(sa.select(Event.verb).where(Event.root_id == article.id)).all() == [Verb.ARTICLE_PUBLISHED]
