"""What one can do with articles: publish, revise, restore, look at them again, say whether they solved it."""
import hashlib
import json

import sqlalchemy as sa

from ..db import db, insert, insert_new, locked, now
from ..errors import Conflict, Invalid, Missing
from ..events import Verb, record
from ..policy import require, sees
from ..posts.access_actions import move_rights
from ..posts.actions import publish
from ..posts.models import Link, Post
from ..posts.text_actions import edit
from ..tags.actions import tag_thread, untag_thread
from ..tags.checker import MAX_TAGS
from ..tags.queries import tags_of
from . import checker
from .models import Article, Verdict


_USUAL = object()


def publish_article(author, prepared, *, slug=None, lang="en", source_url=None, licence=None, source=None, external_id=None, summary="",
                    owner_id=_USUAL, review_at=_USUAL, tags=(), audience="everyone"):
    """Publish an article.  audience: everyone, or private for the desk alone.  slug: else from the title, else its id.  owner_id: who answers for it, else its author;
    None: nobody.  review_at: the day to look at it again, else in half a year; None: never.  tags: names beside those of
    the text.  Raises NotAllowed, Invalid, Conflict."""
    require(author, "article.write")
    _check_readers(audience)
    facts = origin(lang, source_url, licence, summary) | {"owner_id": author.id if owner_id is _USUAL else owner_id}
    facts["review_at"] = checker.next_review(now()) if review_at is _USUAL else checker.check_review(review_at, now())
    if slug is not None and _taken([checker.check_slug(slug)]):
        raise Conflict(f"There is an article at /help/{slug} already. Choose another address, or leave it out.", field="slug")
    post = publish(author, "article", prepared, audience="everyone", in_feed=False, source=source, external_id=external_id, event=False)
    db.session.add(Article(post_id=post.id, slug=slug or slugs_for({post.id: post.title})[post.id],
                           content_hash=fingerprint(prepared.title, prepared.body_md), **facts))
    db.session.flush()
    if tags:
        tag_thread(post, list(tags)[:MAX_TAGS])
    if audience != "everyone":                  # not by publish(): there a hashtag would give it to a team, and perhaps seal it
        move_rights(post.id, audience=audience)
    record(Verb.ARTICLE_PUBLISHED, post, author)
    return post


def write_up(article, ticket_id, author):
    """Note that an article was written from a ticket: its thread says so to who reads it.  Raises Missing, NotAllowed."""
    ticket = locked(Post, ticket_id)
    if ticket.kind != "ticket" or not sees(author, ticket):
        raise Missing()
    require(author, "note.write", ticket)
    if insert_new(Link.__table__, {"from_id": article.id, "to_id": ticket.id, "kind": "article"}, "from_id", "to_id", "kind"):
        record(Verb.TICKET_WRITTEN_UP, ticket, author, ref_id=article.id)


def origin(lang=None, source_url=None, licence=None, summary=None):
    """What an article says of where it comes from, as columns of Article.  Raises Invalid."""
    return {"lang": checker.check_lang(lang), "source_url": checker.check_address(source_url),
            "licence": checker.check_line(licence, "licence"), "summary": checker.check_line(summary, "summary", 1000) or ""}


def fingerprint(*content):
    """The SHA-256 that tells whether an article that comes again is the same."""
    return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode("utf-8", "surrogatepass")).hexdigest()


def slugs_for(titles):
    """{post id: slug} for new articles: from the title, with the id where that is taken or none.  titles: {post id: title}."""
    bare = {post_id: checker.slug_of(title) for post_id, title in titles.items()}
    taken, found = _taken([wish for post_id, slug in bare.items() for wish in (slug, f"{slug}-{post_id}")]), {}
    for post_id, slug in bare.items():
        wishes = [slug] if checker.is_free_to_use(slug) else []
        wishes += [f"{slug}-{post_id}", f"{slug}-{post_id}-x"] if slug else [str(post_id)]
        found[post_id] = next(wish for wish in wishes if wish not in taken)
        taken.add(found[post_id])
    return found


def _taken(slugs):
    return set(db.session.scalars(sa.select(Article.slug).where(Article.slug.in_(slugs))))


def revise_article(post_id, viewer, prepared, *, base=None, tags=None, audience=None, **facts):
    """Change an article; what its text was stays as a version, and the same again changes nothing.
    base: the version the text was written on; tags: names beside those of the text; audience: who may read it from now on; facts: columns of Article such as
    owner_id, review_at, lang, summary.  Raises Missing, NotAllowed, Invalid, Conflict (another version came meanwhile)."""
    post = locked_article(post_id, viewer)
    before = post.version
    edit(post_id, viewer, prepared, verb=Verb.ARTICLE_REVISED, base=base)
    changed = [_set_facts(post_id, facts), tags is not None and _set_tags(post, [*prepared.tags, *tags])]
    if any(changed) and post.version == before:
        record(Verb.ARTICLE_REVISED, post, viewer, ref_id=post.version)
    return move_article(post_id, viewer, audience) if audience is not None else post


def move_article(post_id, viewer, audience):
    """Let everyone read an article, or the desk alone.  audience: one of checker.READERS.  Twice is once.  Raises Missing, NotAllowed, Invalid."""
    post = locked_article(post_id, viewer, "article.move")
    _check_readers(audience)
    before = post.audience
    if before != audience:
        move_rights(post.id, audience=audience)
        record(Verb.ARTICLE_MOVED, post, viewer, before=before, after=audience)
    return post


def _check_readers(audience):
    if audience not in checker.READERS:
        raise Invalid("An article is for everyone, or for the desk alone. Choose one of these.", field="audience")


def locked_article(post_id, viewer, deed="article.write", standing=True):
    """The Post of an article, to be decided on.  standing: one that was taken back is Missing.  Raises Missing, NotAllowed."""
    require(viewer, deed)
    post = locked(Post, post_id)
    if post.kind != "article" or standing and post.deleted_at or not sees(viewer, post):
        raise Missing()
    return post


def _set_facts(post_id, facts):
    """Set columns of an article.  Returns whether anything changed."""
    article = locked(Article, post_id)
    if "review_at" in facts:
        checker.check_review(facts["review_at"], now(), article.review_at)
    fresh = {name: value for name, value in facts.items() if getattr(article, name) != value}
    for name, value in fresh.items():
        setattr(article, name, value)
    db.session.flush()
    return bool(fresh)


def _set_tags(post, names):
    """Give an article these hashtags and no others.  Returns whether anything changed."""
    names, before = names[:MAX_TAGS], tags_of([post.id])
    untag_thread(post, keep=names)
    tag_thread(post, names)
    return tags_of([post.id]) != before


def keep_as_it_is(post_id, viewer):
    """Somebody looked, and the article still holds: its next review is in half a year.  Twice is once.  Raises Missing, NotAllowed."""
    post = locked_article(post_id, viewer)
    if _set_facts(post_id, {"review_at": checker.next_review(now())}):
        record(Verb.ARTICLE_REVIEWED, post, viewer)


# --- did this solve it?

def give_verdict(post_id, viewer, solved):
    """Say whether an article or an accepted answer solved it; the last word counts.  Returns False if it was said before.
    Raises Missing, Invalid."""
    _check_judged(post_id, viewer)
    before = db.session.scalar(sa.select(Verdict.solved).where(Verdict.post_id == post_id, Verdict.person_id == viewer.id))
    row = {"post_id": post_id, "person_id": viewer.id, "solved": solved, "at": now()}
    db.session.execute(insert(Verdict.__table__).values(row).on_conflict_do_update(
        index_elements=["post_id", "person_id"], set_={"solved": solved, "at": row["at"]}))
    _count(post_id)
    return before != solved


def take_back_verdict(post_id, viewer):
    """As if nothing had been said.  Raises Missing."""
    if not sees(viewer, locked(Post, post_id)):
        raise Missing()
    db.session.execute(sa.delete(Verdict).where(Verdict.post_id == post_id, Verdict.person_id == viewer.id))
    _count(post_id)


def say_it_solved(post_id, viewer):
    """A suggestion solved it before anything was sent: a verdict, and once an event.  Raises Missing, Invalid."""
    if give_verdict(post_id, viewer, True):
        record(Verb.SUGGESTION_SOLVED, db.session.get(Post, post_id), viewer)


def _check_judged(post_id, viewer):
    post = locked(Post, post_id)
    if post.deleted_at or not sees(viewer, post):
        raise Missing()
    if post.kind not in ("article", "announcement") and post.accepted_at is None:
        raise Invalid("Only an article, an announcement or an accepted answer can be said to have solved it. Reply instead, and say what helped.")


def _count(post_id):
    """Counted anew from the rows, so that no count can drift."""
    db.session.flush()
    solved = sa.select(sa.func.count()).where(Verdict.post_id == post_id, Verdict.solved).scalar_subquery()
    not_solved = sa.select(sa.func.count()).where(Verdict.post_id == post_id, sa.not_(Verdict.solved)).scalar_subquery()
    db.session.execute(sa.update(Article).where(Article.post_id == post_id).values(solved=solved, not_solved=not_solved)
                       .execution_options(synchronize_session=False))
