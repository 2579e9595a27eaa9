"""Where agents write articles: the editor, its preview, its pictures."""
import secrets
from functools import partial

from flask import Blueprint, make_response, render_template, request

from ..db import close_read, now, transaction
from ..errors import Conflict, Missing, Refusal
from ..people.throttle_actions import spend
from ..policy import require
from ..posts.ask_queries import draft_of
from ..posts.attachment_views import HEADERS
from ..posts.checker import MAX_TITLE
from ..posts.draft_actions import drop_draft, keep_draft
from ..posts.photo_checker import name_in_text
from ..posts.queries import keep_photos
from ..posts.thread_queries import own_title
from ..tags.checker import fold, hashtags_in
from ..tags.queries import tags_of
from ..web import go, limit_reads, once, refused, viewer
from . import actions, checker, picture_queries, queries, source_queries, version_queries
from .difference_checker import difference
from .picture_checker import read_token

bp = Blueprint("articles", __name__)
FIELDS = ("title", "body", "audience", "summary", "tags", "owner", "review_at", "lang", "pictures", "key", "version", "from")


# --- the editor

@bp.get("/help/new")
def begin():
    """The form of a new article; a link may bring title and text along, or the ticket it is written from, else there is
    what could not be published."""
    require(viewer(), "article.write")
    source = source_queries.source_of(request.args["from"], viewer()) if "from" in request.args else None
    kept = None if "body" in request.args else draft_of(viewer(), _place(None, source))
    given = source_queries.draft_from(source) if source and not kept else dict(zip(("title", "body"), _read_draft(kept)[1:]))
    given |= {name: request.args[name] for name in ("title", "body") if name in request.args}
    return _page(None, given | {"from": str(source.id) if source else "", "owner": viewer().handle, "lang": viewer().lang, "audience": "everyone",
                                "review_at": checker.next_review(now()).date().isoformat()}, kept=kept, source=source)


def _place(article, source, draft=True):
    """Where a draft is kept: on the desk, or by its last part on a device."""
    place = str(article.id) if article else f"from-{source.id}" if source else "new"
    return f"article-{place}" if draft else place


@bp.get("/help/<slug>/edit")
def change(slug):
    """The form of an article as it stands; with ?kept=1 what could not be saved instead of its text."""
    require(viewer(), "article.write")
    article = queries.article_of(slug, viewer())
    kept, typed = draft_of(viewer(), f"article-{article.id}"), _as_it_stands(article)
    if kept and "kept" in request.args:
        typed["version"], typed["title"], typed["body"] = _read_draft(kept)
    html, _contents = checker.with_contents(article.body_html)
    return _page(article, typed, kept=None if "kept" in request.args else kept, html=html, title_shown=article.title, lang=article.lang)


def _as_it_stands(article):
    inside = {fold(shown) for _, _, shown in hashtags_in(article.body_md)}
    beside = [shown for shown in tags_of([article.id]).get(article.id, []) if fold(shown) not in inside]
    return {"title": own_title(article), "body": article.body_md, "summary": article.summary, "lang": article.lang,
            "tags": " ".join(f"#{shown}" for shown in beside), "owner": article.owner_handle or viewer().handle, "audience": article.audience,
            "review_at": article.review_at.date().isoformat() if article.review_at else "", "version": str(article.version)}


def _page(article, typed, template="knowledge/edit.html", **more):
    """The editor with what was typed, as a page or as its form alone."""
    typed = {name: typed.get(name, "") for name in FIELDS} | {"key": typed.get("key") or secrets.token_urlsafe(12)}
    source = more.pop("source", None) or _source(typed)
    return render_template(template, article=article, typed=typed, here="help", source=source, place=_place(article, source, draft=False),
                           action=f"/help/{article.slug}/edit" if article else "/help/new", max_title=MAX_TITLE,
                           pictures=picture_queries.pictures_of(article, typed["pictures"], viewer()), **more)


def _source(typed):
    """The ticket an article is being written from, if one may still see it."""
    try:
        return source_queries.source_of(typed["from"], viewer()) if typed["from"] else None
    except Missing:
        return None


# --- saving

@bp.post("/help/new")
def publish():
    """Publish it."""
    require(viewer(), "article.write")
    if request.form.get("from"):
        source_queries.source_of(request.form["from"], viewer())
    return _save(None, lambda prepared, facts: once(viewer(), partial(_publish, prepared, facts))["slug"])


def _publish(prepared, facts):
    spend("post", viewer().id)
    post = actions.publish_article(viewer(), prepared, **{"lang": viewer().lang} | facts)
    ticket_id = request.form.get("from", "")
    if ticket_id:
        actions.write_up(post, int(ticket_id), viewer())
    drop_draft(viewer(), f"article-from-{ticket_id}" if ticket_id else "article-new")
    return {"id": post.id, "slug": queries.slug_of(post.id)}


@bp.post("/help/<slug>/edit")
def revise(slug):
    """Change it; what it was stays as a version."""
    require(viewer(), "article.write")
    article = queries.article_of(slug, viewer())
    return _save(article, lambda prepared, facts: _revise(article, prepared, facts))


def _revise(article, prepared, facts):
    with transaction():
        spend("post", viewer().id)
        actions.revise_article(article.id, viewer(), prepared, base=request.form.get("version", type=int), **facts)
        drop_draft(viewer(), f"article-{article.id}")
    return article.slug


def _save(article, deed):
    typed = _typed()
    try:
        _take_files(typed)
        prepared = picture_queries.prepare_article(viewer(), typed["body"], typed["title"], typed["pictures"], article, is_last_word=True)
        return go(f"/help/{deed(prepared, _facts(typed))}")
    except Refusal as error:
        return _refused(article, typed, error)


def _typed():
    return {name: request.form.get(name, "") for name in FIELDS}


def _facts(typed):
    """What stands beside the text, as far as the form has it."""
    facts = {"summary": checker.check_line(typed["summary"], "summary", 500) or "", "tags": checker.tags_from(typed["tags"]),
             "lang": checker.check_lang(typed["lang"]), "audience": typed["audience"], "review_at": checker.day_of(typed["review_at"]),
             "owner_id": queries.owner_of(typed["owner"]) if typed["owner"].strip() else viewer().id}
    names = {"owner_id": "owner"}
    return {name: value for name, value in facts.items() if names.get(name, name) in request.form}


def _take_files(typed):
    """Store the photos of the form, and return their names; what the text does not show yet is shown at its end."""
    files = [file for file in request.files.getlist("photo") if file.filename]
    for _ in files:
        spend("upload", viewer().id)
    names = []
    for photo in keep_photos(files, most=picture_queries.MOST):
        names.append(name_in_text(photo.sha256))
        typed["pictures"] = f"{typed['pictures']} {picture_queries.token_of(photo, viewer())}".strip()
        if names[-1] not in typed["body"]:
            typed["body"] = f"{typed['body'].rstrip()}\n\n![Picture]({names[-1]})\n".lstrip("\n")
    return names


# --- what could not be saved

def _refused(article, typed, error):
    """The editor with all that was typed, and the sentence beside what it is about."""
    if request.wants_json or error.status >= 500:
        raise error
    with transaction():
        keep_draft(viewer(), _place(article, _source(typed)), "\n".join((typed["version"], typed["title"].replace("\n", " "), typed["body"])) if typed["body"].strip() else "")
    more = {"error": error}
    if isinstance(error, Conflict):
        more |= _others_version(article, typed) if error.field == "version" else {}
        typed["key"] = ""
    page = _page(article, typed, "knowledge/_editor.html" if request.wants_fragment else "knowledge/edit.html", **more)
    return refused(page, error)


def _others_version(article, typed):
    """What came meanwhile: who wrote it, and what it changed of the version this text began with.  Saved again, the text is built on it."""
    article = queries.article_of(str(article.id), viewer())
    theirs = version_queries.version_of(article, article.version)
    try:
        base = version_queries.version_of(article, int(typed["version"][:9]))
    except Missing:
        base = None
    close_read()
    typed["version"] = str(article.version)
    return {"theirs": theirs, "changes": difference(base.body_md, theirs.body_md) if base else []}


def _read_draft(kept):
    """(version, title, body) of a draft kept on the desk."""
    version, title, body = (*kept.text.split("\n", 2), "", "", "")[:3] if kept else ("", "", "")
    return version, title, body


# --- the preview, and pictures that wait

@bp.post("/help/preview")
def preview():
    """How it will look.  Nothing is written, but a photo that came along."""
    require(viewer(), "article.write")
    limit_reads("preview", 60, 5)
    typed, article = _typed(), _article_written()
    try:
        if not request.wants_fragment:
            _take_files(typed)
        look = _look(typed, article) if typed["body"].strip() or not request.wants_fragment else {}
    except Refusal as error:
        if request.wants_fragment and error.status == 422:
            return make_response(render_template("knowledge/_preview.html", sentence=error.sentence), 422)
        return _refused(article, typed, error)
    return render_template("knowledge/_preview.html", **look) if request.wants_fragment else _page(article, typed, **look)


def _look(typed, article):
    prepared = picture_queries.prepare_article(viewer(), typed["body"], typed["title"], typed["pictures"], article)
    html, _contents = checker.with_contents(picture_queries.shown(prepared, viewer()))
    return {"title_shown": prepared.title, "html": html, "lang": typed["lang"] or viewer().lang}


def _article_written():
    """The article whose form this is, or None for a new one."""
    action = request.form.get("action", "")
    return queries.article_of(action.split("/")[2], viewer()) if checker.is_edit_address(action) else None


@bp.post("/help/preview/pictures")
def add_pictures():
    """Check and store pictures for the article that is being written; by htmx their list, else the form again with them in its text."""
    require(viewer(), "article.write")
    typed, article = _typed(), _article_written()
    try:
        fresh = _take_files(typed)
    except Refusal as error:
        if request.wants_fragment:
            raise
        return _refused(article, typed, error)
    return _page(article, typed, "knowledge/_pictures.html" if request.wants_fragment else "knowledge/edit.html", fresh=fresh)


@bp.get("/help/preview/<token>")
def picture(token):
    """A picture that waits for its article, for the person who sent it."""
    require(viewer(), "article.write")
    found = read_token(token, viewer().id, picture_queries.secret())
    path = found and picture_queries.path_of(found.sha256)
    if not found or not path.is_file():
        raise Missing()
    close_read()
    return make_response(path.read_bytes(), HEADERS | {"Content-Type": found.mime})
