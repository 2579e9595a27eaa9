"""What brings a suggestion forward, and everyday words on a young desk: the right thing is shown, and nothing where nothing fits."""
import pytest
import sqlalchemy as sa

from socialdesk.db import db, transaction
from socialdesk.demo_content import threads_of
from socialdesk.knowledge.models import Article
from socialdesk.search.index_actions import Entry, write
from socialdesk.search.queries import search, suggest
from socialdesk.search.rank_checker import best_sentence
from socialdesk.search.tag_queries import likely_tags
from socialdesk.search.word_checker import terms_of
from socialdesk.tags.follow_actions import follow_tag

from .conftest import run_due
from .test_suggestions import filler, titles


def twins(make, **more):
    """Two articles that say the same: the words alone would bring the newer one first."""
    filler(make)
    pair = [make.article(title="Walrus adapter", body="Take the walrus adapter out of the drawer.", **more) for _ in range(2)]
    run_due()
    assert first(make.person()) == pair[1].id
    return pair


def first(viewer):
    found = suggest(viewer, "walrus adapter")
    db.session.rollback()
    return found[0].id


def test_what_solved_it_for_others_comes_before_its_twin(make):
    older, _newer = twins(make)
    with transaction():
        db.session.execute(sa.update(Article).where(Article.post_id == older.id).values(solved=3))
    assert first(make.person()) == older.id


def test_what_happens_now_comes_before_its_twin(make):
    older, _newer = twins(make)
    with transaction():
        write([Entry(older.id, older.id, "everyone", "incident", "Walrus adapter", "Take the walrus adapter out of the drawer.")])
    assert first(make.person()) == older.id


def test_what_carries_a_followed_hashtag_comes_before_its_twin(make):
    older, newer = twins(make)
    with transaction():
        for post, tag in ((older, "alpha"), (newer, "bravo")):
            from socialdesk.posts.models import Post
            from socialdesk.tags.actions import tag_thread
            tag_thread(db.session.get(Post, post.id), [tag])
    person = make.person()
    assert first(person) == newer.id
    with transaction():
        follow_tag("alpha", person)
    assert first(person) == older.id


# --- words with a mistake

@pytest.mark.parametrize("text", ["walrsu", "walrsu ", "adapter walrsu", "walrsu adapter ", "waltus", "walrs ", "wallrus "], ids=repr)
def test_a_word_with_a_mistake_finds_what_was_meant_finished_or_being_typed(make, text):
    filler(make)
    walrus = make.article(title="Walrus", body="It hums.")
    run_due()
    found, _next = search(make.person(), text)
    db.session.rollback()
    assert walrus.id in [one.id for one in found]


def test_a_known_word_is_not_taken_for_another_one(make):
    make.article(title="The roof terrace", body="It is closed."), make.article(title="The room plan", body="Each room.")
    run_due()
    found, _next = search(make.person(), "roof ")
    db.session.rollback()
    assert [one.title for one in found] == ["The roof terrace"]


# --- everyday texts

@pytest.fixture
def young(make):
    """A desk with the sample articles of the demo and hardly anything else; one person of it."""
    author = make.agent()
    for thread in threads_of("articles.md"):
        head, _, body = thread.text.partition("\n")
        make.article(author, title=head.removeprefix("# "), body=body.strip())
    run_due()
    return make.person()


SHOWN = {
    "vpn broken": "Work from home: the VPN", "The VPN connects and drops again every five minutes.": "Work from home: the VPN",
    "vpn drops": "Work from home: the VPN", "my screen stays black": "The screen in the meeting room stays dark", "cant log in": "A new password, and how to remember it",
    "cannot sign in to the portal": "A new password, and how to remember it", "i forgot my passwrod": "A new password, and how to remember it",
    "wifi does not work": "Wi-Fi on a new phone", "my laptop is so slow today": "The laptop is slow: five things to look at first",
    "the printer is broken": "Print on both sides of the paper", "my headset is broken": "They cannot hear me: headset and microphone",
    "somebody stole my phone": "A phone or laptop is lost or stolen", "i got a strange mail": "A mail looks suspicious: what to do"}
SILENT = ("what is for lunch today", "who won the match", "my chair squeaks", "can we get a dog in the office", "the roof is leaking",
          "parking space for visitors", "please help me it does not work", "invoice for customer 4711")


@pytest.mark.parametrize("text", SHOWN)
def test_an_everyday_text_shows_the_right_article_of_a_young_desk(young, text):
    assert SHOWN[text] in titles(young, text)


@pytest.mark.parametrize("text", SILENT)
def test_a_young_desk_is_silent_where_nothing_fits(young, text):
    assert titles(young, text) == []


def test_a_word_that_an_article_only_mentions_does_not_bring_it(young):
    """One article tells who reads what is sent with #leave; others say that one may leave something out, or leave the office."""
    assert titles(young, "how much leave do I have") == ["How to get help here"]


# --- the sentence, the chips

def test_a_line_of_hashtags_is_no_sentence():
    body = "The plug is loose.\n#wifi #phone\nPush the phone's plug in. #wifi #cable"
    assert best_sentence(body, terms_of("wifi phone ")) == "Push the phone's plug in."
    assert best_sentence("It hums. #wifi #phone", terms_of("wifi ")) == "It hums." and best_sentence("#wifi", terms_of("wifi ")) == ""


def test_no_chip_is_offered_where_nothing_is_like_the_text_or_only_a_guessed_word_is(make):
    for n in range(5):
        make.question(body=f"The walrus printer of floor {n} takes gray paper and hums all day. #printer")
        make.question(body=f"Where is the canteen menu of week {n}? #canteen")
    run_due()
    person = make.person()

    def chips(text):
        found = [name for name, _sure in likely_tags(person, text)]
        db.session.rollback()
        return found
    assert chips("gray paper in the printer")[0] == "printer"
    assert chips("the walrsu ") == chips("the bridge between the shore and the island broke down in this week's storm") == []


def test_words_of_what_was_withdrawn_speak_for_no_hashtag(make, browse):
    from socialdesk.search.ask_queries import view_of
    from socialdesk.search.rebuild_actions import merge_all
    from socialdesk.search.tag_queries import _having, _labels, _within
    author = make.person()
    posts = [make.question(author, body=f"The zebrafish tank number {n} #zoo") for n in range(3)]
    make.question(body="The tunnel drops #vpn")
    run_due()
    merge_all()
    names = ["everyone"]

    def counted():
        view, labels = view_of(author, ("known", "asked"), names), _labels(tuple(names))
        found = int(_having(view, "zebrafish", labels, _within(view.gone, labels))[1].sum())
        db.session.rollback()
        return found
    assert counted() == 3
    for post in posts[:2]:
        browse(author).post(f"/p/{post.id}/delete")
    run_due()
    assert counted() == 1
