"""What is known and what is going on, through the API: suggestions, search, the feed, articles."""
from ..db import transaction
from ..errors import Missing
from ..feed.cursor_checker import MAX_TEXT
from ..feed.queries import feed_page
from ..knowledge import actions as knowledge
from ..knowledge import help_queries, withdrawal_actions
from ..knowledge.checker import day_of
from ..knowledge.queries import owner_of as article_owner
from ..knowledge.withdrawal_views import bring_back
from ..posts.queries import get_post, prepare
from ..search import queries as search
from ..search.found_queries import KINDS
from ..tags.checker import MAX_LENGTH
from ..search.tag_queries import likely_tags
from . import article_queries, queries
from .door_views import CURSOR, PAGED, endpoint, once, page, shown
from .post_views import prepared_change
from .schemas_openapi import VIEWS

_Q = {"type": "string", "maxLength": 1000, "required": True, "description": "an address of more than 8190 bytes is refused with 414"}


@endpoint("GET", "/suggestions", "What may answer a text", tag="Find", scope="read", answer="Suggestions",
          args={"q": _Q, "limit": {"type": "integer", "minimum": 1, "maximum": 20, "default": 3}})
def show_suggestions(person, args):
    """The best first; empty where nothing fits.  A longer text is sent by POST."""
    return _suggestions(person, args["q"] or "", args["limit"])


def _suggestions(person, text, limit):
    found = search.suggest(person, text, limit=limit)
    return {"suggestions": [{"kind": one.kind, "id": one.id, "title": one.title, "url": one.url, "score": one.score} for one in found]}


@endpoint("POST", "/suggestions", "What may answer a long text", tag="Find", scope="read", body="TextToAnswer", answer="Suggestions")
def suggest_for_text(person, data):
    """The same for a text that fits into no address; nothing is written."""
    return _suggestions(person, data["text"], data.get("limit", 3))


@endpoint("POST", "/hashtags/suggest", "Hashtags that fit a text", tag="Find", scope="read", body="TextToTag", answer="LikelyHashtags")
def suggest_hashtags(person, data):
    """At most three, the likeliest first, learned from what everyone or a circle of the caller's may read; nothing is written."""
    return {"hashtags": [{"name": name, "confidence": sure} for name, sure in likely_tags(person, data["text"])]}


@endpoint("GET", "/search", "Search everything the caller may read", tag="Find", scope="read", answer="Findings",
          args={"q": _Q | {"description": "words; \"words next to each other\", one AND another, -not this"},
                "kind": {"type": "string", "enum": list(KINDS)}, "tag": {"type": "string", "maxLength": MAX_LENGTH + 1, "description": "only what carries this hashtag"}} | PAGED)
def show_search(person, args):
    """Any word may match, best first."""
    found, after = search.search(person, args["q"] or "", args["limit"], args["cursor"], args["kind"], args["tag"])
    return page([{"kind": one.kind, "id": one.id, "title": one.title, "url": one.url, "excerpt": plain(one.excerpt)} for one in found], after)


def plain(excerpt):
    """An excerpt without the marks around the words asked for."""
    return excerpt.striptags() if hasattr(excerpt, "striptags") else excerpt


@endpoint("GET", "/feed", "The feed, in the order of a view", tag="Find", scope="read", answer="Posts",
          args={"view": {"type": "string", "enum": list(VIEWS), "default": "newest", "description": "a cursor goes on in the view it came from"}}
          | PAGED | {"cursor": CURSOR | {"maxLength": MAX_TEXT}})
def show_feed(person, args):
    """Threads the caller may see."""
    found = feed_page(person, args["cursor"], args["limit"], args["view"])
    return page(queries.posts_of(person, [row.id for row in found.rows]), found.next_cursor)


# --- articles

@endpoint("GET", "/articles", "Articles, newest first", tag="Articles", scope="read", args=PAGED, answer="Articles")
def show_articles(person, args):
    """The articles the caller may read."""
    rows, after = help_queries.articles(person, "newest", args["cursor"], args["limit"])
    return page(article_queries.articles_of(person, [row.id for row in rows]), after)


@endpoint("POST", "/articles", "Publish an article", tag="Articles", scope="write", body="NewArticle", answer="Article", status=201, keyed=True)
def make_article(person, data):
    """Agents write articles."""
    prepared = prepare(person, data["body"], title=data["title"])
    more = {"lang": person.lang} | {name: data[name] for name in ("audience", "summary", "lang", "source_url", "licence") if name in data} | _care(data)
    return shown(article_queries.article_of, person, once(person, lambda: {"id": knowledge.publish_article(person, prepared, **more).id}))


@endpoint("GET", "/articles/{id}", "An article", tag="Articles", scope="read", answer="Article")
def show_article(person, id):
    """An article the caller may read."""
    return article_queries.article_of(person, id)


@endpoint("PATCH", "/articles/{id}", "Revise an article", tag="Articles", scope="write", body="ArticleChange", answer="Article",
          refusals=(409,))
def revise_article(person, id, data):
    """What it was stays as a version; 409 if another came since the version that was sent."""
    if get_post(id, person).kind != "article":
        raise Missing()
    prepared = prepared_change(person, id, data)
    with transaction():
        knowledge.revise_article(id, person, prepared, base=data.get("version"), audience=data.get("audience"), **_care(data))
    return shown(article_queries.article_of, person, id)


@endpoint("POST", "/articles/{id}/withdrawal", "Take an article back", tag="Articles", scope="write", body="Withdrawal", needs_body=False, status=204)
def withdraw_article(person, id, data):
    """Nobody finds or reads it any more; for 30 days the desk can bring it back."""
    with transaction():
        withdrawal_actions.withdraw_article(id, person, data.get("reason", ""))


@endpoint("DELETE", "/articles/{id}/withdrawal", "Bring an article back", tag="Articles", scope="write", answer="Article", refusals=(409,))
def restore_article(person, id):
    """It stands again as it was."""
    bring_back(id, person)
    return shown(article_queries.article_of, person, id)


def _care(data):
    """Who answers for an article and when it is looked at again, as far as it was sent."""
    made = {"owner_id": None if data["owner"] is None else article_owner(data["owner"])} if "owner" in data else {}
    return made | ({"review_at": day_of(data["review_at"])} if "review_at" in data else {})
