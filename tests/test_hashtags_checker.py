"""Hashtags: the same ones are found wherever they are typed, and spellings of one tag are one tag."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from socialdesk.tags.checker import MAX_TAGS, fold, from_foreign, hashtags_in, is_name


def names(text):
    return [shown for _, _, shown in hashtags_in(text)]


@pytest.mark.parametrize("text, expected", [
    ("#vpn", ["vpn"]), ("no tag", []), ("", []), ("My #VPN is down, #wifi too.", ["VPN", "wifi"]),
    ("(#vpn) [#wifi] {#mail} \"#a\" '#b' «#c» „#d“ ‘#e’", ["vpn", "wifi", "mail", "a", "b", "c", "d", "e"]),
    ("#home-office #two_words", ["home-office", "two_words"]), ("#größe #日本語 #сеть #हिन्दी #שלום", ["größe", "日本語", "сеть", "हिन्दी", "שלום"]),
    ("#1password #365", ["1password"]), ("#2024-01 #_ #- #--a", ["--a"]), ("#vpn's #vpn. #vpn, #vpn! #vpn?", ["vpn"] * 5),
    ("**#bold** _#slanted_ ~~#gone~~", ["bold", "slanted", "gone"]), ("🔥#hot ⚠️#careful", ["hot", "careful"]),
    ("#vpn, #VPN #v_p-n", ["vpn", "VPN", "v_p-n"]), ("#end-", ["end"]), ("# heading", []), ("#heading", ["heading"]), ("# a #b", ["b"]),
    ("- #item\n> #quote\n1. #three", ["item", "quote", "three"]),
])
def test_a_hashtag_is_found_as_typed(text, expected):
    assert names(text) == expected


@pytest.mark.parametrize("text", [
    "C#", "C#sharp", "a#b", "1#b", "a_#b", "ä#b", "##b", "#️⃣", "#️⃣b", "&#x27;", "&#abc;", "\\#b", "@#b", "x/#b",
    "https://example.org/#part", "https://example.org/a?b#part", "see www.example.org/#!/part", "<https://example.org/#part>",
    "[link](#part)", "[link](/p/7#part)", "[link](</a b#part>)", "[link](/p/7 \"the #title\")", "[ref]: /p/7#part",
    "`#code`", "``a `#code` b``", "```\n#code\n```", "~~~sh\n#code\n~~~", "    #code", "- item\n\n      #code", "> ```\n> #code\n> ```",
    "```\n#never closed", "#" + "a" * 51, "#\u3164", "#\ufe0f", "# b", "#.b", "#",
])
def test_this_is_no_hashtag(text):
    assert names(text) == []


@pytest.mark.parametrize("text, expected", [
    ("`a` #b `c`", ["b"]), ("`a #b", ["b"]), ("``a` #b", ["b"]), ("\\`a #b `", ["b"]), ("\\\\`#a` #b", ["b"]), ("`a\n\n#b`", ["b"]),
    ("```\n#a\n```\n#b", ["b"]), ("https://example.org/#a #b", ["b"]), ("https://example.org) #b", ["b"]), ("[#a](/p/7#c) #b", ["a", "b"]),
    ("#a" + "\r\n" + "    #b\r\n\r\n    #c\r\n\r\n#d", ["a", "b", "d"]),
])
def test_code_and_addresses_end_where_markdown_ends_them(text, expected):
    assert names(text) == expected


def test_fifty_letters_are_the_most():
    assert names("#" + "a" * 50) == ["a" * 50]


def test_twenty_different_hashtags_count_and_more_stay_words():
    text = " ".join(f"#tag{'abcdefghijklmnopqrstuvwxyz'[n]}" for n in range(26))
    assert len(names(text)) == MAX_TAGS == 20
    assert len(names(text + " #TAGA #tag-b")) == 22


@pytest.mark.parametrize("one, other", [
    ("VPN", "vpn"), ("home-office", "HomeOffice"), ("home_office", "homeoffice"), ("Straße", "STRASSE"), ("ｗｉｆｉ", "wifi"),
    ("e\u0301t\u00e9", "été"), ("ﬁx", "fix"), ("İ", "i̇"), ("ΣΊΣΥΦΟΣ", "σίσυφος"), ("a\ufe0fb", "ab"), ("e_\u0301", "é"),
])
def test_spellings_of_one_hashtag_are_one(one, other):
    assert fold(one) == fold(other) != ""


@pytest.mark.parametrize("one, other", [("vpn", "wifi"), ("a1", "a2"), ("résumé", "resume"), ("schön", "schon")])
def test_different_hashtags_stay_different(one, other):
    assert fold(one) != fold(other)


@pytest.mark.parametrize("text, expected", [
    ("Network", "Network"), ("Network / VPN", "Network-VPN"), ("#vpn", "vpn"), ("C++", "C"), ("  E-Mail & Kalender  ", "E-Mail-Kalender"),
    ("IT Support: Access", "IT-Support-Access"), ("a__b", "a__b"), ("--", None), ("2024", None), ("", None), ("!?", None), ("日本 語", "日本-語"),
    ("x" * 60, "x" * 50), ("a" * 49 + " b", "a" * 49), ("\ud800vpn\x00", "vpn"),
])
def test_a_label_from_elsewhere_becomes_a_hashtag_where_it_can(text, expected):
    assert from_foreign(text) == expected


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=80))
def test_folding_twice_is_folding_once_and_leaves_letters_marks_and_digits(text):
    folded = fold(text)
    assert fold(folded) == folded
    assert all(unicodedata.category(ch)[0] in "LM" or unicodedata.category(ch) == "Nd" for ch in folded)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=80))
def test_what_is_imported_can_be_typed(text):
    name = from_foreign(text)
    if name is not None:
        assert is_name(name) and names(f"see #{name}.") == [name] and from_foreign(name) == name


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.one_of(st.sampled_from("#ab-_ `\\\n~*>()[]:/.é🔥\ud800\u202e"), st.characters()), max_size=120))
def test_places_and_names_agree_on_any_text(text):
    last = 0
    for start, end, shown in hashtags_in(text):
        assert last <= start and text[start:end] == "#" + shown and is_name(shown)
        last = end
