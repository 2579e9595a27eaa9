"""What a person changes about themselves."""
from datetime import timedelta

from ..db import db, locked, now
from ..errors import Conflict, Invalid
from ..events import Verb, record
from . import checker
from .actions import check_lang, set_handle
from .hours_checker import check_exceptions, check_hours, check_rounds, check_tz
from .mail_actions import queue_mail
from .models import BUDGETS, DIGESTS, FEED_VIEWS, LOCK_SCREENS, SWIPES, Person
from .session_actions import end_all

THEMES = ("auto", "light", "dark")
LOCKED = "A locked phone shows everything (full), only who (who), or only that there is something (discreet). Choose one of the three."
NO_SWIPE = "A swipe can be me-too, like, save, follow or none. Choose one of these for each side."


def change_profile(viewer, **changes):
    """Change one's own name, handle, tz, lang, hours, theme, lock_screen, lock_private, batch_hours, daily_pushes,
    even_outside, digest, feed_view, only_tickets, swipe_left: those given and not None.  Returns the Person.
    Raises Invalid, Conflict (a handle that is taken); then nothing is changed."""
    return set_all(locked(Person, viewer.id), **changes)


def set_all(person, **changes):
    """The same for a person read for update, whoever asks."""
    for what, value in changes.items():
        if value is not None:
            _CHANGE[what](person, value)
    db.session.flush()
    return person


def _rename(person, name):
    person.name = checker.check_name(name)
    person.name_fold = checker.fold_name(person.name)


def _one_of(column, words, sentence):
    def change(person, value):
        if value not in words:
            raise Invalid(sentence, field=column)
        setattr(person, column, value)
    return change


def _choose_digest(person, value):
    if value not in DIGESTS:
        raise Invalid("The digest is off, daily or weekly.", field="digest")
    if value != person.digest:
        person.digest, person.digest_at = value, None    # the clockwork gives it its time


def _checked(column, check):
    return lambda person, value: setattr(person, column, check(value))


_CHANGE = {"name": _rename, "handle": set_handle, "tz": _checked("tz", check_tz), "lang": _checked("lang", check_lang),
           "hours": _checked("hours", check_hours),
           "theme": _one_of("theme", THEMES, "The look is auto (as the device), light or dark."),
           "lock_screen": _one_of("lock_screen", LOCK_SCREENS, LOCKED), "lock_private": _one_of("lock_private", LOCK_SCREENS, LOCKED),
           "batch_hours": _checked("batch_hours", check_rounds),
           "daily_pushes": _one_of("daily_pushes", BUDGETS, "The number of pushes a day is 3, 6, 12 or 0 (no limit)."),
           "even_outside": _checked("even_outside", check_exceptions),
           "digest": _choose_digest,
           "feed_view": _one_of("feed_view", FEED_VIEWS, "The feed has three orders: for-you, newest and following."),
           "only_tickets": _one_of("only_tickets", (True, False), "Just my tickets is on (true) or off (false)."),
           "swipe_right": _one_of("swipe_right", SWIPES, NO_SWIPE), "swipe_left": _one_of("swipe_left", SWIPES, NO_SWIPE)}


def set_password(viewer, pw_hash, kept):
    """Keep a new password's hash and end every other session.  kept: the hash that was checked before.
    Raises Conflict if another one was set in the meantime."""
    person = locked(Person, viewer.id)
    if person.pw_hash != kept:
        raise Conflict("Your password was changed a moment ago, on another device. If that was not you, sign out everywhere and tell the desk.")
    person.pw_hash = pw_hash
    end_all(person, but=viewer.session_id)
    record(Verb.PASSWORD_CHANGED, actor=person)
    queue_mail(person.id, "Your SocialDesk password was changed",
               "Your password was just changed, and every other device was signed out.\n\n"
               "If that was not you: have a sign-in code mailed to you, choose a new password under Me, and tell the desk.\n",
               expires_at=now() + timedelta(days=1))
