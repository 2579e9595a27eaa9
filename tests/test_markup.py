"""What people write is shown as they meant it, and nothing they write can do anything but be read."""

import re
import sys
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from socialdesk.errors import Invalid
from socialdesk.people.checker import mentions_in
from socialdesk.posts.checker import MAX_BODY, MAX_TITLE, check_body, check_title, clean, cut, excerpt, render, title_of
from socialdesk.posts.markup_checker import REL
from socialdesk.tags.checker import fold, hashtags_in

LINKS = {"people": {"ada", "ben"}, "attachments": {"photo:1": 7, "photo:2": (8, 640, 480)}}

# Written out a second time by hand: a slip in the list of the code shall not be its own judge.
ALLOWED = {
    "p": set(), "br": set(), "hr": set(), "em": set(), "strong": set(), "s": set(), "a": {"href", "rel"},
    "img": {"src", "alt", "width", "height", "loading"}, "code": set(), "pre": set(), "blockquote": set(), "ul": set(), "ol": {"start"},
    "li": set(), "table": set(), "thead": set(), "tbody": set(), "tr": set(), "th": set(), "td": set(),
    "h2": set(), "h3": set(), "h4": set(), "h5": set(), "h6": set(),
}


class Reader(HTMLParser):
    """Reads HTML back: every element and attribute must be allowed, every element closed in its place."""

    def __init__(self, source):
        super().__init__(convert_charrefs=True)
        self.links, self.open, self.deepest, self.words = [], [], 0, []
        self.feed(source)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        assert tag in ALLOWED and {name for name, _ in attrs} <= ALLOWED[tag], (tag, attrs)
        attrs = dict(attrs)
        if tag == "a":
            assert "a" not in self.open
            self.check_link(**attrs)
        if tag == "img":
            assert re.fullmatch(r"/attachments/[78]", attrs["src"]) and "alt" in attrs
        if tag not in ("br", "hr", "img"):
            self.open.append(tag)
            self.deepest = max(self.deepest, len(self.open))

    def check_link(self, href, rel=None):
        self.links.append(href)
        if href.startswith("/"):
            assert rel is None and not href.startswith(("//", "/\\"))
        else:
            assert re.match("(?:https?://|mailto:|tel:)", href, re.IGNORECASE) and rel == REL

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    def refuse(self, *what):
        raise AssertionError(what)

    handle_comment = handle_decl = handle_pi = unknown_decl = refuse


def read(markdown, links=LINKS):
    return Reader(render(markdown, links)[0])


@pytest.mark.parametrize("markdown, expected", [
    ("One\ntwo", "<p>One<br>\ntwo</p>"), ("One\n\ntwo", "<p>One</p>\n<p>two</p>"), ("**a** *b* ~~c~~ `d`", "<p><strong>a</strong> <em>b</em> <s>c</s> <code>d</code></p>"),
    ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"), ("3. a", '<ol start="3">\n<li>a</li>\n</ol>'), ("> a", "<blockquote>\n<p>a</p>\n</blockquote>"),
    ("```python\n#a <b>\n```", "<pre><code>#a &lt;b&gt;\n</code></pre>"), ("---", "<hr>"), ("", ""), (" \n ", ""),
    ("a|b\n:-|-:\n1|2", "<table>\n<thead>\n<tr>\n<th>a</th>\n<th>b</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>1</td>\n<td>2</td>\n</tr>\n</tbody>\n</table>"),
    ("1 < 2 & 3", "<p>1 &lt; 2 &amp; 3</p>"), ("<b>x</b>", "<p>&lt;b&gt;x&lt;/b&gt;</p>"), ("\\#a \\@ada \\*b\\*", "<p>#a @ada *b*</p>"),
    (">" * 30 + "help", "<p>" + "&gt;" * 30 + "help</p>"), ("[](x)", "<p>[](x)</p>"), ("[a]: /p/7", "<p>[a]: /p/7</p>"),
])
def test_markdown_is_shown_as_meant(markdown, expected):
    assert render(markdown)[0] == expected


def test_headings_begin_below_those_of_the_page():
    assert render("# A\n### B")[0] == "<h3>A</h3>\n<h5>B</h5>"
    assert render("## A\n### B", heading=2)[0] == "<h2>A</h2>\n<h3>B</h3>"
    assert render("# A\n###### B")[0] == "<h3>A</h3>\n<h6>B</h6>"


def test_a_hashtag_links_to_its_page_as_it_was_spelled():
    assert render("My #Größe, #home-office #VPN.")[0] == (
        '<p>My <a href="/t/gr%C3%B6sse">#Größe</a>, <a href="/t/homeoffice">#home-office</a> <a href="/t/vpn">#VPN</a>.</p>')
    assert read("**#a** _#b_ ~~#c~~ (#d)\n\n- #e\n\n> #f\n\n# #g\n\nx|y\n-|-\n#h|z").links == [f"/t/{letter}" for letter in "abcdefgh"]
    assert read("`#a` C# x#b &#39; https://example.org/#c").links == ["https://example.org/#c"]


def test_only_people_there_are_become_links():
    assert render("@Ada, @ben. @nobody ada@ben", LINKS)[0] == '<p><a href="/@ada">@Ada</a>, <a href="/@ben">@ben</a>. @nobody ada@ben</p>'
    assert read("@ada", {}).links == read("`@ada`").links == []


@pytest.mark.parametrize("markdown, hrefs", [
    ("see https://example.org/a_b_c(d)?e=f#g.", ["https://example.org/a_b_c(d)?e=f#g"]), ("(https://example.org)", ["https://example.org"]),
    ("www.example.org", ["https://www.example.org"]), ("HTTP://example.org", ["HTTP://example.org"]), ("**https://example.org**", ["https://example.org"]),
    ("[a](https://example.org \"t\")", ["https://example.org"]), ("<https://example.org>", ["https://example.org"]), ("<ada@example.org>", ["mailto:ada@example.org"]),
    ("[a](tel:+44123)", ["tel:+44123"]), ("[a](/p/7)", ["/p/7"]), ("[a][b]\n\n[b]: https://example.org", ["https://example.org"]),
    ("[https://a.example #vpn @ada](https://b.example)", ["https://b.example"]), ("https://", []), ("xhttps://example.org", []), ("`https://example.org`", []),
    ("https://a.example https://b.example", ["https://a.example", "https://b.example"]), ("[x https://a.example](nope", ["https://a.example"]),
])
def test_web_addresses_become_links_that_tell_nobody_where_one_came_from(markdown, hrefs):
    assert read(markdown).links == hrefs


@pytest.mark.parametrize("target", [
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", "java&#10;script:alert(1)", "&#x6A;avascript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd",
    "//evil.example", "/\\\\evil.example", "\\\\\\\\evil.example", "#top", "x.html", "ms-settings:x", "intent:x", "blob:x", "about:blank", "  javascript:x", "?next=x",
])
def test_a_link_that_leads_nowhere_good_is_only_its_words(target):
    for markdown in (f"[words]({target})", f"[words](<{target}>)", f"[words][r]\n\n[r]: {target}", f"![words]({target})"):
        page = read(markdown)
        assert "words" in "".join(page.words) and all(href.startswith("/%5C") for href in page.links)


def test_a_photo_of_the_post_is_shown_and_one_from_elsewhere_is_never_loaded():
    assert render("![My desk](photo:1)", LINKS)[0] == '<p><img src="/attachments/7" alt="My desk" loading="lazy"></p>'
    assert render("![](photo:2)", LINKS)[0] == '<p><img src="/attachments/8" alt="" loading="lazy" width="640" height="480"></p>'
    assert render("![x](https://example.org/p.png)")[0] == f'<p><a href="https://example.org/p.png" rel="{REL}">x</a></p>'
    assert render("[![x](https://example.org/p.png)](/p/7)")[0] == '<p><a href="/p/7">x</a></p>'
    assert render("![x](photo:9) ![y](/attachments/7) ![z](//example.org/p.png)", LINKS)[0] == "<p>x y z</p>"
    assert read('![a" onerror="alert(1)](photo:1)').links == []


HOSTILE = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg/onload=alert(1)>", "<iframe src=javascript:alert(1)>", "<hx-partial hx-target='#x'>x</hx-partial>",
    "<a hx-get='/x' hx-trigger='load' data-hx-post='/y' href='/z'>x</a>", "<div id=x class=y style='color:red' onclick=z>x</div>", "<base href=//evil.example>",
    "<form action=/p/1/reaction><button>x", "<meta http-equiv=refresh content=0>", "<style>*{}</style>", "<template><script>1</script></template>", "<math><mtext></mtext>",
    "<!-- x --><![CDATA[x]]><?php x ?><!DOCTYPE x>", "[a](x\" onclick=\"alert(1))", "[a](https://x.y \"t\\\" onclick=\\\"alert(1)\")", "![a](photo:1 'x\" onerror=\"1')",
    "[a](<javascript:alert(1)>)", "<javascript:alert(1)>", "<x onclick=1@y.z>", "https://x.y/\"onclick=alert(1)", "https://x.y/'onclick='1", "www.x.y/<script>",
    "#tag<script>alert(1)</script>", "#\"onclick=1", "@ada\"onclick=1", "```\"onclick=1 class=x\nx\n```", "~~~html <script>\n<script>1</script>\n~~~", "a|b\n-|-\n<script>|</td>",
    "&lt;script&gt;alert(1)&lt;/script&gt;", "&#60;script&#62;", "\\<script>", "<scr<script>ipt>", "<<script>script>", "[![a](javascript:1)](javascript:2)", "<a\nhref=javascript:1>",
    "\x00<script>", "<script\x00>", "\ud83d\ud83d<b>", "<img src=`x`onerror=1>", "<p/onmouseover=1>", "</p></div></body><script>", "[a]: javascript:1\n[a]", "{{7*7}} {% x %}",
    "<https://x.y/onclick=1 onclick=2>", "[a](mailto:x?body=<script>)", "<mailto:x@y.z?\"onclick=1>", "[x](/sign-out)", "<noscript><p title=\"</noscript><img src=x onerror=1>\">",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_can_only_be_read(text):
    for around in ("{}", "> {}", "- {}", "# {}", "**{}**", "[{}](/p/1)", "x\n{}\nx", "![{}](photo:1)"):
        read(around.format(text) if "{}" in around else around)


pieces = st.one_of(
    st.sampled_from(HOSTILE), st.sampled_from(list("#@*_~`[]()<>!|\\\n-+=&;:/. \t\"'") + ["](", "![", "https://x.y/", "www.a.b", "#vpn", "@ada", "\n\n", "    ", "```\n", "> ", "- ", "1. ",
    "|-|-|\n", "photo:1", "javascript:", "\u202e", "🔥", "שלום", "\ud800"]), st.text(max_size=8))
texts = st.lists(pieces, max_size=14).map("".join)


@settings(max_examples=120, deadline=None)
@given(texts)
def test_no_text_at_all_gets_an_element_or_attribute_outside_the_list(text):
    page, plain = render(text, LINKS)
    Reader(page)
    assert clean(plain) == plain and (plain or not clean(text).strip() or "<hr>" in page or "<pre>" in page)
    assert (page, plain) == render(text, LINKS)


@settings(max_examples=120, deadline=None)
@given(st.lists(st.sampled_from(["#a", "#B-", "@ada", "@ben.", "`", "``", "\\", "\n", "\n\n", "    ", "> ", "- ", "```\n", "x", " ", " ", "*", "**", "_", "https://x.y/", "(", ")", "!", "🔥"]), max_size=14).map("".join))
def test_what_is_linked_is_what_is_counted(text):
    linked = read(text).links
    assert [href for href in linked if href.startswith("/t/")] == ["/t/" + fold(shown) for _, _, shown in hashtags_in(clean(text))]
    assert [href for href in linked if href.startswith("/@")] == ["/@" + handle for _, _, handle in mentions_in(clean(text), LINKS["people"])]


def test_no_more_than_twenty_hashtags_are_linked():
    text = " ".join("#tag" + chr(97 + number) for number in range(26))
    assert len(read(text).links) == len(hashtags_in(text)) == 20


def steps(work, text):
    """How many lines of Python the work runs through: the same on a slow and on a busy machine."""
    count = 0

    def line(frame, event, argument):
        nonlocal count
        count += event == "line"
        return line

    before = sys.gettrace()
    sys.settrace(line)
    try:
        work(text)
    finally:
        sys.settrace(before)
    return count


SLOW = [">", "[", "*", "![", "`", "<", "#", "#a ", "@a ", "[a](", "*a ", "- ", "\\", "\\`", "&#", "[a]: b\n", "> a\n", "|a", "|\n", "https://x.y ", "~~a", "_a", "](a (", "a\n", "a@", "<a@"]


@pytest.mark.parametrize("piece", SLOW)
def test_twice_the_text_costs_no_more_than_about_twice_the_work(piece):
    for work in (render, hashtags_in):
        small, large = (steps(work, (piece * 800)[:size] + "#") for size in (200, 400))
        assert large < 2.6 * small + 2_000


@pytest.mark.parametrize("text", [">" * 5_000, "[" * 10_000, "*" * 20_000])
def test_text_made_to_be_slow_is_done_in_a_few_steps_a_character(text):
    assert steps(render, text) < 150 * len(text)


def test_emphasis_is_not_nested_without_end():
    page = read("*a " * 3_000 + "a* " * 3_000)
    assert page.deepest < 12
    assert "".join(page.words).count("a") == 6_000


@pytest.mark.parametrize("markdown, title", [
    ("My VPN is down. Since Monday.", "My VPN is down."), ("Help!! It burns", "Help!!"), ("Why? Because.", "Why?"), ("One line\nAnother", "One line"),
    ("Hello,\n\nmy screen is black. Help", "Hello, my screen is black."), ("The printer stopped\nworking today. Really.", "The printer stopped working today."),
    ("# VPN\n\nIt fails.", "VPN"), ("- one\n- two", "one"), ("**Bold** #vpn @ada `code` [link](https://x.y)!", "Bold #vpn @ada code link!"), ("Version 2.5 fails. Ok", "Version 2.5 fails."),
    ("Ask e.g. Ada about it. Now.", "Ask e.g. Ada about it."), ("Dr. Hopper is here. Yes", "Dr. Hopper is here."), ("No. 5 is alive. Yes", "No. 5 is alive."), ('He said "no." Then left.', 'He said "no."'),
    ("画面が黒い。助けて", "画面が黒い。"), ("---", "---"), ("![](photo:1)", "Photo"), ("![My desk](photo:1)", "My desk"), ("\u202eevil\u2066 title", "evil title"), ("a\x00b", "ab"), ("", ""), (" \n", ""),
    ("\ud800", "…"), ("\u202e", "…"), ("&#x202E;x", "x"), ("> quoted. Then", "quoted."), ("...", "..."), ("Wait... what?", "Wait... what?"), ("```\ncode here\n```", "code here"),
    ("<b>bold</b>", "<b>bold</b>"), ("שלום עולם. עוד", "שלום עולם."), ("🔥🔥🔥", "🔥🔥🔥"), ("J. R. Smith called. Ok", "J. R. Smith called."), ("I am stuck in Room B. Please help.", "I am stuck in Room B."),
])
def test_the_first_sentence_is_the_title(markdown, title):
    assert title_of(markdown) == title


def test_a_long_title_is_cut_at_a_word():
    title = title_of("word " * 50)
    assert len(title) <= MAX_TITLE and title.endswith("word…")
    assert title_of("x" * 500) == "x" * 119 + "…"
    assert cut("a" * 118 + "e\u0301\u0301x", 120) == "a" * 118 + "…"
    assert cut("ab👩\u200d🔧cd", 5) == "ab…"


@settings(max_examples=120, deadline=None)
@given(texts)
def test_every_text_has_a_title_on_one_line(text):
    title = title_of(text)
    assert len(title) <= MAX_TITLE and bool(title) == bool(text.strip())
    assert not re.search("[\n\x00-\x1f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", title)
    title.encode()


def test_plain_words_are_what_search_and_notices_read():
    plain = render("# A\n\nb **c**\nd\n\n- e\n- f\n\n`g` ![h](photo:1) ![](photo:2)\n\n|i|j|\n|-|-|\n|k|l|\n\n    m", LINKS)[1]
    assert plain == "A\n\nb c\nd\n\ne\n\nf\n\ng h Photo\n\ni j\nk l\n\nm"
    assert excerpt(plain, 12) == "A b c d e f…"
    assert excerpt("short\n\u202etext", 20) == "short text"


@given(st.text())
@settings(max_examples=100)
def test_cleaning_twice_is_cleaning_once_and_leaves_nothing_that_cannot_be_stored(text):
    cleaned = clean(text)
    assert clean(cleaned) == cleaned
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]", cleaned)
    cleaned.encode()



@pytest.mark.parametrize("sign", ["\u202a", "\u202b", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069"])
def test_nothing_in_a_text_turns_around_how_the_rest_is_read(sign):
    typed = f"Send it to {sign}gro.elpmaxe\n\n- {sign}one\n\n`{sign}code` &#x{ord(sign):x};told &#{ord(sign)};twice"
    html, plain = render(typed)
    assert sign not in check_body(typed) and sign not in html and sign not in plain and sign not in title_of(typed)
    assert "gro.elpmaxe" in html and "told" in html
    assert "\u200f" in check_body("\u200fשלום") and "\u200e" in render("a\u200eb")[0], "marks stay"


def test_cleaning_keeps_what_people_write():
    for text in ("a\tb\nc", "שלום\u200f", "👩\u200d🔧", "🏴\U000e0067\U000e0062\U000e007f", "می\u200cخواهم"):
        assert clean(text) == text
    assert clean("a\r\nb\rc\u2028d\x85e") == "a\nb\nc\nd\ne"
    assert clean("e\u0301") == "é"


def test_a_post_says_something_and_is_not_a_book():
    assert check_body("\n  Help \r\n ") == "  Help"
    assert len(check_body("x" * MAX_BODY)) == MAX_BODY
    for text in ("", " \n\t", "\x00", "\ud800"):
        with pytest.raises(Invalid, match="There is no text yet") as refused:
            check_body(text)
        assert refused.value.field == "body"
    with pytest.raises(Invalid, match="20,001 characters; it may have 20,000. Nothing is lost"):
        check_body("x" * (MAX_BODY + 1))
    assert check_body("x" * 30_000, limit=100_000)


def test_a_title_is_one_line_and_not_too_long():
    assert check_title(" VPN\n is \u202edown ") == "VPN is down"
    assert check_title("") == ""
    with pytest.raises(Invalid, match="The title has 121 characters; it may have 120"):
        check_title("x" * 121)
