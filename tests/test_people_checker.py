"""Names, handles, addresses, passwords and @mentions: what is taken, and the sentence for what is not."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from socialdesk.errors import Invalid
from socialdesk.people.checker import (
    MAX_MENTIONS, check_email, check_handle, check_name, check_password, fold_email, fold_name, handle_from, initials, is_email,
    is_handle, mentions_in, slug_from,
)


def refusal(check, *given_):
    with pytest.raises(Invalid) as refused:
        check(*given_)
    return refused.value.field, refused.value.sentence


@pytest.mark.parametrize("name, handle", [
    ("Ada Lovelace", "ada"), ("Lovelace, Ada", "ada"), ("Zoë Müller", "zoe"), ("Dr. Grace Hopper", "grace"), ("Dr", "dr"), ("Björn", "bjorn"),
    ("Søren Ægir", "soren"), ("Łukasz", "lukasz"), ("Weiß", "weiss"), ("Юлия Щукина", "yuliya"), ("Ольга", "olga"), ("Γιώργος", "giorgos"),
    ("İbrahim", "ibrahim"), ("Anne-Marie Dupont", "anne-marie"), ("O'Brien", "obrien"), ("J. R. Smith", "j"), ("山田 Taro", "taro"),
    ("山田太郎", "person"), ("", "person"), ("🔥", "person"), ("7 of 9", "7"), ("ｆｕｌｌ", "full"), ("x" * 90, "x" * 24), (",", "person"),
])
def test_a_handle_comes_from_the_first_name(name, handle):
    assert handle_from(name) == handle


@given(st.text(max_size=60))
def test_any_name_gives_a_handle_with_room_for_a_number(name):
    assert is_handle(handle_from(name) + "12345")


@pytest.mark.parametrize("text, handle", [("ada", "ada"), ("@Ada", "ada"), (" ada.l-2_ ", "ada.l-2_"), ("0", "0"), ("a" * 30, "a" * 30)])
def test_a_handle_is_taken_in_small_letters(text, handle):
    assert check_handle(text) == handle


@pytest.mark.parametrize("text", ["", "@", ".ada", "-a", "_a", "ada l", "zoë", "a" * 31, "a/b", "a@b", "a\x00/b"])
def test_a_handle_that_cannot_be_one_is_refused_with_one_that_can(text):
    field, sentence = refusal(check_handle, text)
    assert field == "handle" and is_handle(re.search(r"\. (\S+) would work\.$", sentence).group(1))


@pytest.mark.parametrize("name, letters", [
    ("Ada Lovelace", "AL"), ("Lovelace, Ada", "AL"), ("ada", "A"), ("Ada King von Lovelace", "AL"), ("élise", "É"), ("山田太郎", "山"), ("", "?"), ("🔥 !", "?"),
    ("ßigma", "S"), ("(Ada) «L»", "AL"), ("R2 D2", "RD"),
])
def test_initials_are_one_or_two_letters(name, letters):
    assert initials(name) == letters


def test_a_name_is_one_line_without_tricks():
    assert check_name("  Ada\n Lovelace\x00\u202e ") == "Ada Lovelace"
    for text in ("", " \n", "\u202e", "...", "\u200b"):
        assert refusal(check_name, text)[0] == "name"
    assert "81" in refusal(check_name, "x" * 81)[1]


@pytest.mark.parametrize("name, slug", [("Pilot group 2", "pilot-group-2"), ("Büro & Küche", "buro-kuche"), ("R&D", "r-d"), ("山田", ""), ("x " * 40, "x-" * 14 + "x")])
def test_a_group_gets_an_address_one_can_type(name, slug):
    assert slug_from(name) == slug and (slug == "" or is_handle(slug))


def test_names_are_found_whatever_their_capitals():
    assert fold_name(" ADA  Größe\u202e ") == fold_name("ada grösse")


@pytest.mark.parametrize("text", ["ada@example.org", "a.b+c@sub.example.co.uk", "ada@bücher.example", "o'brien@example.org", "söze@example.org", "a@b.cd"])
def test_an_address_that_mail_may_reach_is_taken(text):
    assert is_email(text) and check_email(f" {text}\n") == text


@pytest.mark.parametrize("text", [
    "", "ada", "ada@", "@example.org", "ada@example", "ada@@example.org", "a b@example.org", "ada@exa mple.org", "ada@example..org", ".a@example.org",
    "a.@example.org", "a..b@example.org", "ada@-x.org", "ada@x-.org", "ada@1.2.3.4", "<ada@example.org>", "a,b@example.org", "ada@example.org\r\nBcc: x@y.org",
    "ada@example.org\x00", "a\ud800@example.org", "a\u202e@example.org\x07", "x" * 65 + "@example.org", "a@" + "b" * 64 + ".org", "a@" + "b." * 130 + "org", "ada@example.org.",
])
def test_an_address_that_cannot_be_one_is_refused_with_an_example(text):
    field, sentence = refusal(check_email, text)
    assert field == "email" and "ada@example.org" in sentence


def test_addresses_differ_neither_by_capitals_nor_by_how_an_accent_is_typed():
    assert fold_email(" Ada@Example.ORG ") == "ada@example.org"
    assert fold_email("so\u0308ze@example.org") == fold_email("söze@example.org")


@pytest.mark.parametrize("alike", ["ａda@example.org", "ada@example.orɢ", "аda@example.org", "ad\u00aa@example.org"])
def test_an_address_that_only_looks_alike_is_another(alike):
    assert fold_email(alike) != "ada@example.org"


@given(st.text(max_size=60))
def test_folding_an_address_twice_is_folding_it_once(text):
    assert fold_email(fold_email(text)) == fold_email(text)


@pytest.mark.parametrize("password", [
    "correct horse battery", "Tr0ub4dor&3x", "8412 9937 2206", "пароль-из-слов", "quince otter lamp", "x9$kLm2!pQ", "a" * 9 + "bcde fghq", "y" + "ab c" * 49,
    "ada likes walnuts", "my summer in Lisbon",
])
def test_a_good_password_is_taken(password):
    assert check_password(password, "Ada Lovelace", "ada@example.org") == password


def test_a_password_typed_on_another_keyboard_is_the_same():
    assert check_password("cafe\u0301 walnut ﬁg") == check_password("café walnut fig")


@pytest.mark.parametrize("password, says", [
    ("", "0 characters; it needs 10"), ("a", "1 character; it needs 10"), ("short", "5 characters"), ("x" * 9, "9 characters"), ("q1" * 101, "202 characters; it may have 200"),
    ("ada.lovelace", "your name"), ("AdaLovelace1815", "your name"), ("lovelace-ada!", "your name"), ("ada@mail.example.org", "your name"), ("alove@mail99", "your name"),
    ("ad\x00bcdefghij", "cannot be typed"), ("ad\ud800bcdefghij", "cannot be typed"),
    ("password12", "first that others"), ("Password123!", "first that others"), ("P@ssw0rd2024", "first that others"), ("1234567890", "first that others"),
    ("0987654321", "first that others"), ("qwertyuiop", "first that others"), ("Qwertz12345", "first that others"), ("aaaaaaaaaaaa", "first that others"),
    ("121212121212", "first that others"), ("abcabcabcabc", "first that others"), ("1q2w3e4r5t", "first that others"), ("Welcome2024!", "first that others"),
    ("Summer-2025", "first that others"), ("iloveyou1234", "first that others"), ("MyNewPassword", "first that others"), ("socialdesk1", "first that others"),
    ("passwordpassword", "first that others"), ("          ", "first that others"), ("changeme!!!!", "first that others"),
])
def test_a_password_anyone_would_try_is_refused_with_what_to_choose(password, says):
    field, sentence = refusal(check_password, password, "Ada Lovelace", "alove@mail.example.org")
    assert field == "password" and says in sentence


@given(st.text(max_size=230), st.text(max_size=30), st.text(max_size=30))
@settings(max_examples=60)
def test_any_password_is_taken_or_refused(password, name, email):
    try:
        assert 10 <= len(check_password(password, name, email)) <= 200
    except Invalid as refused:
        assert refused.field == "password"


def handles(text, known=None):
    return [handle for _, _, handle in mentions_in(text, known)]


@pytest.mark.parametrize("text, expected", [
    ("@ada", ["ada"]), ("Hi @Ada, and @ben.", ["ada", "ben"]), ("(@ada) \"@ben\" '@cem'", ["ada", "ben", "cem"]), ("**@ada** _@ben_", ["ada", "ben"]),
    (".@ada look", ["ada"]), ("🔥@ada", ["ada"]), ("@ada.l @ada-l @ada_l", ["ada.l", "ada-l", "ada_l"]), ("@ada's", ["ada"]), ("- @ada\n> @ben", ["ada", "ben"]),
    ("@ada`@ben`", ["ada"]),
])
def test_a_mention_is_found(text, expected):
    assert handles(text) == expected


@pytest.mark.parametrize("text", [
    "", "@", "@ ada", "ada@example.org", "a.@example.org", "a+@ada", "a-@ada", "<ada@example.org>", "mailto:x@ada", "@ada@example.social", "\\@ada", "@@ada",
    "`@ada`", "```\n@ada\n```", "    @ada", "https://example.org/@ada", "https://ada@example.org", "[x](/@ada)", "/@ada", "@" + "a" * 31, "@ädä", "é@ada",
])
def test_this_is_no_mention(text):
    assert handles(text) == []


def test_a_full_stop_ends_the_sentence_unless_it_is_part_of_a_known_handle():
    assert handles("Ask @ada.", {"ada"}) == ["ada"]
    assert handles("Ask @ada.", {"ada."}) == ["ada."]
    assert handles("Ask @ada..", {"ada", "ada."}) == ["ada."]
    assert handles("Ask @ada.", {"ben"}) == []


def test_places_of_mentions_are_those_in_the_text_and_only_so_many_count():
    text = "Hi @Ada. " + " ".join(f"@p{number}" for number in range(40))
    found = mentions_in(text)
    assert text[found[0][0]:found[0][1]] == "@Ada"
    assert len({handle for _, _, handle in found}) == MAX_MENTIONS


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.one_of(st.sampled_from("@ab.-_ `\\\n~*>()[]:/é\ud800"), st.characters()), max_size=120))
def test_mentions_of_any_text_are_handles(text):
    for start, end, handle in mentions_in(text):
        assert is_handle(handle) and text[start:end].lower() == "@" + handle
