"""What a poll may offer, and for how long; pure computing."""
from datetime import timedelta

from ..errors import Invalid
from ..people.text_checker import clean_line

FEWEST, MOST = 2, 8
MAX_OPTION = 100
DAYS = (1, 3, 7, 30)


def check_options(options):
    """The cleaned options, empty ones and repeats left out.  Raises Invalid unless two to eight are left."""
    found = {}
    for option in options:
        text = clean_line(str(option)).strip()
        if len(text) > MAX_OPTION:
            raise Invalid(f"An option may have {MAX_OPTION} characters, and “{text[:20]}…” has {len(text)}. Say it shorter; the rest fits into the text above.",
                          field="option")
        if text:
            found.setdefault(text.casefold(), text)
    if not FEWEST <= len(found) <= MOST:
        raise Invalid(f"A poll offers {FEWEST} to {MOST} different options, and here {'is' if len(found) == 1 else 'are'} {len(found)}. Your text is kept.",
                      field="option")
    return list(found.values())


def closing_of(days, moment):
    """When a poll closes that begins at a moment; None: it stays open.  days: of DAYS, as number or text.  Raises Invalid."""
    if days in (None, ""):
        return None
    if str(days) not in map(str, DAYS):
        raise Invalid("A poll is open for 1, 3, 7 or 30 days, or without an end. Choose one of these.", field="closes_days")
    return moment + timedelta(days=int(days))
