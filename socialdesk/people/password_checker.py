"""Which passwords are refused: too short, the person's own name, or among the first that anyone would try."""

import re
import unicodedata

from ..errors import Invalid

MIN_LENGTH = 10
MAX_LENGTH = 200

_LEET = str.maketrans("@4310$5!7", "aaeiossit")
_ROWS = ("abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "qwertzuiopasdfghjklyxcvbnm",
         "azertyuiopqsdfghjklmwxcvbn", "12345678901234567890")
# With figures and signs around them, repeated or strung together, these make most of the commonest passwords.
_COMMON = frozenset("""
    password passwort passwd pass motdepasse contrasena qwerty qwertz azerty asdf zxcvbn abc abcd letmein welcome
    willkommen bienvenue hello hallo bonjour admin administrator root login master changeme change secret geheim
    iloveyou ichliebedich love monkey dragon sunshine princess football baseball superman batman starwars pokemon
    shadow whatever trustno freedom computer internet office service support helpdesk socialdesk company test testing
    guest user default temp spring summer autumn fall winter fruehling sommer herbst monday january
    the my is me new now please
""".split())
_KEYBOARD = frozenset("""
    1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx3edc 1qaz2wsx3edc4rfv qazwsxedcrfv zaq12wsxcde3 q1w2e3r4t5 q1w2e3r4t5y6
    1a2b3c4d5e a1b2c3d4e5 qweasdzxc123 correcthorsebatterystaple
""".split())


def check_password(password, name="", email=""):
    """The password in the one form to be hashed (NFKC).  Raises Invalid with what to choose instead."""
    password = unicodedata.normalize("NFKC", password)
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise _refusal(_about_length(len(password)))
    if "\x00" in password or re.search("[\ud800-\udfff]", password):
        raise _refusal("This password holds a sign that cannot be typed. Choose letters, figures, signs and spaces.")
    bare = re.sub(r"[\W_]", "", password.casefold())
    if _is_about(bare, name, email):
        raise _refusal(
            "This password is mostly your name or e-mail address, which others know. "
            "Choose words that have nothing to do with you.")
    if len(set(password)) < 4 or _is_common(bare) or _is_common(_without_leet(password)):
        raise _refusal(
            "This password is one of the first that others would try. "
            "Choose three or four words that do not belong together.")
    return password


def _refusal(sentence):
    return Invalid(sentence, field="password")


def _about_length(length):
    if length > MAX_LENGTH:
        return f"This password has {length} characters; it may have {MAX_LENGTH}. Choose a shorter one."
    characters = "character" if length == 1 else "characters"
    return f"This password has {length} {characters}; it needs {MIN_LENGTH}. Three or four words in a row make a good one."


def _is_about(bare, name, email):
    """Is it the name or the address, with at most a few letters and figures around it?"""
    local, _, domain = email.partition("@")
    clues = [email, local, name, *name.split(), *re.split(r"[\W_]", local), *domain.split(".")[:-1]]
    clues = {re.sub(r"[\W_]", "", clue.casefold()) for clue in clues}
    rest = bare
    for clue in sorted((clue for clue in clues if len(clue) >= 3), key=len, reverse=True):
        rest = rest.replace(clue, "")
    return rest != bare and len(re.sub(r"\d", "", rest)) < 4


def _is_common(text):
    """A run along the keyboard, a short piece repeated, or common words with figures or signs around them?"""
    if text in _KEYBOARD or re.fullmatch(r"(.{1,4}?)\1+.?", text):
        return True
    if any(text in row * 2 or text in row[::-1] * 2 for row in _ROWS):
        return True
    return _is_made_of_common(re.sub(r"[\W\d_]", "", text))


def _without_leet(password):
    """p@ssw0rd as password; the figures behind the last letter stay, to be left out as such."""
    kept = re.sub(r"[\W\d_]+$", "", password.casefold())
    return kept.translate(_LEET) + password[len(kept):]


def _is_made_of_common(letters):
    """Can the letters be cut into one to three common words without a rest?"""
    fewest = {0: 0}
    for start in range(len(letters)):
        for end in range(start + 2, start + 17):
            if start in fewest and letters[start:end] in _COMMON:
                fewest[end] = min(fewest.get(end, 9), fewest[start] + 1)
    return 1 <= fewest.get(len(letters), 9) <= 3
