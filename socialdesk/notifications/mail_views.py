"""Mails about notices, from the person's side: the link that ends them, the digest, an address that is refused."""
from flask import Blueprint, current_app, render_template, request, url_for

from ..db import transaction
from ..errors import Missing
from ..people.mail_actions import try_again
from ..people.profile_actions import change_profile
from ..people.throttle_actions import spend
from ..web import public, respond, viewer
from . import digest_actions, mail_actions, mail_queries, unsubscribe_actions
from .matters_checker import BY_KEY
from .unsubscribe_checker import DIGEST, make_token, make_undo, read_token, read_undo

bp = Blueprint("mails", __name__)
__all__ = ["bp", "digest_actions", "mail_actions"]      # loaded with the room, so that their jobs find them


# --- the link in each mail: whoever holds the mail may end such mails, signed in or not (RFC 8058)

@bp.get("/unsubscribe/<token>")
@public
def unsubscribe(token):
    """What pressing the button ends; a look alone ends nothing, since mail scanners look at every link."""
    known = read_token(_secret(), token)
    return _page("ask", token=token, what=_words(known[1])) if known else _unknown()


@bp.post("/unsubscribe/<token>")
@public
def end(token):
    """End such mails: by the page's button, or by a mail program's one click."""
    known = read_token(_secret(), token)
    try:
        if known is None:
            raise Missing()
        spend("unsubscribe", known[0])
        with transaction():
            before = unsubscribe_actions.unsubscribe(*known)
    except Missing:
        return _unknown()
    return _page("ended", what=_words(known[1]), undo=make_undo(_secret(), known[0], before) if before else None)


@bp.post("/unsubscribe/undo/<token>")
@public
def undo(token):
    """Bring back what was chosen before."""
    known = read_undo(_secret(), token)
    try:
        if known is None:
            raise Missing()
        spend("unsubscribe", known[0])
        with transaction():
            unsubscribe_actions.subscribe_again(*known)
    except Missing:
        return _unknown()
    kind = next(iter(known[1])) if len(known[1]) == 1 else "notices"
    return _page("undone", what=_words(kind), token=make_token(_secret(), known[0], kind))


def _secret():
    return current_app.config["SETTINGS"].secret_key


def _words(kind):
    return "the digest" if kind == DIGEST else f"mails about “{BY_KEY[kind].sentence}”" if kind in BY_KEY else "mails about notices"


def _page(state, **more):
    return render_template("notifications/unsubscribe.html", state=state, **more)


def _unknown():
    """The same for every token that is none: it tells nobody whether there is such a person."""
    return _page("unknown"), 404


# --- choices

@bp.post("/me/notifications/digest")
def digest():
    """Each working day, once a week, or never."""
    spend("deed", viewer().id)
    with transaction():
        change_profile(viewer(), digest=request.form.get("digest", ""))
    return respond("notifications/_digest.html", url_for("choices.show", kept="digest", _anchor="digest"), kept=True, mails=mail_queries.mails_of(viewer()))


@bp.post("/me/mail/again")
def again():
    """The address works again, says its person: a mail tries it."""
    spend("mail", viewer().id)
    with transaction():
        try_again(viewer())
    return respond("notifications/_mail_refused.html", url_for("choices.show"), tried=True, mails=mail_queries.mails_of(viewer()))
