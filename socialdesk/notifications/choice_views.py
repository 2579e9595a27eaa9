"""What a person chooses about being told: what, when, by which way."""
from flask import Blueprint, render_template, request, url_for

from ..db import transaction
from ..errors import Invalid
from ..people.hours_checker import EXCEPTIONS as EXCEPTION_KEYS
from ..people.hours_checker import MAX_ROUNDS
from ..people.models import BUDGETS
from ..people.profile_actions import change_profile
from ..people.throttle_actions import spend
from ..posts import thread_actions
from ..web import respond, viewer
from . import choice_actions, choice_queries, hours_checker, mail_queries, queries
from .matters_checker import EXCEPTIONS, PARTS

bp = Blueprint("choices", __name__)
assert EXCEPTION_KEYS == tuple(key for key, _ in EXCEPTIONS)


bp.add_app_template_global(choice_queries.quiet_of, "quiet_of")
bp.add_app_template_global(choice_queries.quiet_ways, "quiet_ways")


@bp.app_template_global("when_of_mine")
def when_of_mine():
    """What this person chose about when they are told."""
    return choice_queries.when_of(viewer())


# --- the first page, and quiet in one tap

@bp.get("/me/notifications")
def show():
    """Devices, quiet, the locked phone, what is muted; and the ways to what and when."""
    return render_template("notifications/choices.html", here="me", devices=queries.devices_of(viewer()),
                           muted=choice_queries.muted_of(viewer()), mails=mail_queries.mails_of(viewer()), kept_part=request.args.get("kept"), **_when())


@bp.post("/me/notifications/quiet")
def be_quiet():
    """Nothing rings until tomorrow, or until Monday."""
    spend("deed", viewer().id)
    with transaction():
        choice_actions.be_quiet(viewer(), request.form.get("until", ""))
    return _quiet()


@bp.post("/me/notifications/quiet/remove")
def ring_again():
    """It rings again."""
    spend("deed", viewer().id)
    with transaction():
        choice_actions.ring_again(viewer())
    return _quiet()


def _quiet():
    return respond("notifications/_quiet.html", url_for(".show"), pressed=True)


@bp.post("/me/notifications/lock-screen")
def lock_screen():
    """What a locked phone shows."""
    _change(lock_screen=request.form.get("lock_screen"), lock_private=request.form.get("lock_private"))
    return respond("notifications/_lock_screen.html", url_for(".show", kept="lock-screen", _anchor="lock-screen"), kept=True, **_when())


@bp.post("/me/notifications/muted/<int:root_id>/remove")
def unmute(root_id):
    """Hear of a thread again."""
    spend("deed", viewer().id)
    with transaction():
        thread_actions.unfollow(root_id, viewer())
    return respond("notifications/_muted.html", url_for(".show"), gone=root_id, muted=choice_queries.muted_of(viewer()))


# --- what

@bp.get("/me/notifications/what")
def what():
    """Everything one can be told, a sentence each."""
    return render_template("notifications/what.html", here="me", parts=choice_queries.matters_of(viewer()), kept_part=request.args.get("kept"))


@bp.post("/me/notifications/what/<any('mine', 'desk', 'others', 'all'):part>")
def choose(part):
    """Keep the choices of one part of the page."""
    spend("deed", viewer().id)
    shown = next((one for one in choice_queries.matters_of(viewer()) if one.key == part), None)
    with transaction():
        for chosen in shown.matters if shown else ():
            key = chosen.matter.key
            told, mail = request.form.get(f"{key}-told", chosen.told), request.form.get(f"{key}-mail", chosen.mail)
            if (told, mail) != (chosen.told, chosen.mail):
                choice_actions.choose(viewer(), key, told, mail)
    return respond("notifications/_matters.html", url_for(".what", kept=part, _anchor=part), kept=True,
                   part=next((one for one in choice_queries.matters_of(viewer()) if one.key == part), None))


# --- when

@bp.get("/me/notifications/when")
def when():
    """The times of the rest, the number of pushes, what may ring at any time."""
    return render_template("notifications/when.html", here="me", kept=request.args.get("kept"), **_when())


@bp.post("/me/notifications/when")
def choose_when():
    """Keep them; what cannot be kept is said beside its field."""
    changes = _typed_when()
    try:
        _change(**changes)
    except Invalid as error:
        if request.wants_json:
            raise
        return _not_kept(error, changes)
    kept = "once" if _has_doubles(changes["batch_hours"] or ()) else "all"
    return respond("notifications/_when.html", url_for(".when", kept=kept, _anchor="when-keep"), kept=kept, **_when())


def _has_doubles(rounds):
    """Did one of the times stand there more than once?  Asked of what could be kept."""
    typed = [one.strip().zfill(5) for one in rounds if one]
    return len(set(typed)) < len(typed)


def _typed_when():
    form = request.form
    budget = form.get("daily_pushes", "")
    return {"batch_hours": form.getlist("round") or None, "even_outside": form.getlist("even") if "daily_pushes" in form else None,
            "daily_pushes": int(budget) if budget.isdecimal() and len(budget) < 4 else budget or None}


def _not_kept(error, changes):
    """The form as it was typed, with what is wrong beside its field."""
    part = "_when.html" if request.wants_fragment else "when.html"
    shown = _when()
    typed = {name: value for name, value in changes.items() if value is not None}
    shown["chosen"] = shown["chosen"]._asdict() | typed
    return render_template("notifications/" + part, here="me", wrong=error, **shown), error.status


def _when():
    chosen = choice_queries.when_of(viewer())
    outside = hours_checker.outside(chosen.batch_hours, chosen.hours)
    return {"chosen": chosen, "hours": hours_checker.describe(chosen.hours), "exceptions": EXCEPTIONS, "most_rounds": MAX_ROUNDS, "outside": outside,
            "budgets": [*((budget, budget) for budget in BUDGETS if budget), (0, "No limit")],
            "within": [one for one in chosen.batch_hours if one not in outside]}


def _change(**changes):
    spend("deed", viewer().id)
    with transaction():
        change_profile(viewer(), **changes)


# --- hashtags and circles

@bp.get("/me/notifications/levels")
def levels():
    """What one hears of each hashtag and circle."""
    return render_template("notifications/levels.html", here="me", **_levels())


@bp.post("/me/notifications/levels/hashtag")
def hear_hashtag():
    """All of a hashtag, only mentions, or nothing."""
    spend("deed", viewer().id)
    with transaction():
        choice_actions.hear_hashtag(viewer(), request.form.get("hashtag", ""), request.form.get("level", ""))
    return respond("notifications/_levels.html", url_for(".levels"), **_levels())


@bp.post("/me/notifications/levels/circle")
def hear_circle():
    """All of a circle, only mentions, or nothing."""
    spend("deed", viewer().id)
    with transaction():
        choice_actions.hear_circle(viewer(), request.form.get("circle", ""), request.form.get("level", ""))
    return respond("notifications/_levels.html", url_for(".levels"), **_levels())


def _levels():
    return {"hashtags": choice_queries.hashtags_of(viewer()), "circles": choice_queries.circles_of(viewer())}
