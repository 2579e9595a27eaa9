"""How Markdown becomes HTML that is safe to show: the parser with hashtags, @mentions, web addresses and photos."""

import re
from bisect import bisect_right
from urllib.parse import quote, unquote

import nh3
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.rules_inline import image, link
from markdown_it.token import Token

from ..people.checker import mention_at
from ..people.text_checker import inside, url_spans
from ..tags.checker import fold, hashtag_at, is_taken

TAGS = frozenset("p br hr em strong s a img code pre blockquote ul ol li table thead tbody tr th td h2 h3 h4 h5 h6".split())
ATTRIBUTES = {"a": {"href", "rel"}, "img": {"src", "alt", "width", "height", "loading"}, "ol": {"start"}}
REL = "nofollow noopener noreferrer"
MAX_EMPHASIS = 8  # browsers and sanitizers both tire of elements thousands deep

_SAFE = re.compile(r"(?:https?://|mailto:|tel:)[^\s]+|/(?![/\\])[^\s]*", re.IGNORECASE)
_CLEANER = nh3.Cleaner(
    tags=set(TAGS), attributes=ATTRIBUTES, url_schemes={"http", "https", "mailto", "tel"}, link_rel=None,
    attribute_filter=lambda tag, name, value: None if name == "src" and not value.startswith("/attachments/") else value,
)


def parse(markdown, links, heading):
    """Tokens of a Markdown text, everything in them already turned into what may be shown.
    heading: the level that the text's highest headings get."""
    known = {name: links.get(name) or {} for name in ("people", "attachments")}
    env = {**known, "tags": set(), "urls": {}}
    tokens = _PARSER.parse(markdown, env)
    _shift_headings(tokens, heading)
    for token in tokens:
        token.attrs.pop("style", None)
        if token.children:
            token.children = _flattened(_tamed(token.children, env))
    return tokens


def to_html(tokens):
    """The tokens as HTML within the allow-list."""
    return _CLEANER.clean(_PARSER.renderer.render(tokens, _PARSER.options, {})).strip()


def _shift_headings(tokens, heading):
    """The highest heading used becomes the given level, so that a text fits below the headings of its page."""
    headings = [token for token in tokens if token.type in ("heading_open", "heading_close")]
    highest = min((int(token.tag[1]) for token in headings), default=0)
    for token in headings:
        token.tag = f"h{min(6, int(token.tag[1]) - highest + heading)}"


def _tamed(children, env):
    """The inline tokens with outside links marked, unsafe ones taken off their text, and pictures resolved."""
    tamed, kept = [], []
    for token in children:
        if token.type == "link_open":
            kept.append(_allow_link(token))
        if token.type in ("link_open", "link_close"):
            if kept[-1] if token.type == "link_open" else kept.pop():
                tamed.append(token)
        elif token.type == "image":
            tamed.extend(_picture(token, env["attachments"], bool(kept)))
        else:
            tamed.append(token)
    return tamed


def _allow_link(token):
    """May this link stay?  Links out of the desk get REL."""
    href = token.attrs["href"]
    outside = not href.startswith("/")
    token.attrs = {"href": href, "rel": REL} if outside else {"href": href}
    # The sanitizer knows what browsers take for an address; one it would empty is better no link at all.
    return bool(_SAFE.fullmatch(href)) and "href" in _CLEANER.clean(f'<a href="{escapeHtml(href)}">.</a>')


def _picture(token, attachments, in_link):
    """A photo of the post itself is shown; one from elsewhere is never loaded, only linked."""
    source = token.attrs["src"]
    photo = attachments.get(source) or attachments.get(unquote(source))
    if photo:
        number, width, height = photo if isinstance(photo, tuple) else (photo, None, None)
        token.attrs = {"src": f"/attachments/{number}", "alt": "", "loading": "lazy"}
        if width and height:
            token.attrs.update(width=width, height=height)
        return [token]
    is_outside = re.match("https?://", source, re.IGNORECASE)
    alt = token.content or (source if is_outside else "Photo")
    link_open, text, link_close = _link({"href": source}, alt)
    return [link_open, text, link_close] if is_outside and not in_link and _allow_link(link_open) else [text]


def _flattened(children):
    """The inline tokens without the emphasis that is nested deeper than MAX_EMPHASIS."""
    kept, depth = [], 0
    for token in children:
        emphasis = token.tag in ("em", "strong", "s")
        depth += token.nesting if emphasis and token.nesting > 0 else 0
        if not emphasis or depth <= MAX_EMPHASIS:
            kept.append(token)
        depth += token.nesting if emphasis and token.nesting < 0 else 0
    return kept


def _link(attrs, text):
    return [Token("link_open", "a", 1, attrs=attrs), Token("text", "", 0, content=text), Token("link_close", "a", -1)]


def _push_link(state, href, text):
    for token in _link({"href": href}, text):
        state.push(token.type, token.tag, token.nesting)
        state.tokens[-1].attrs, state.tokens[-1].content = token.attrs, token.content


def _urls(state):
    """The web addresses of this piece of text, looked for once."""
    urls = state.env["urls"]
    if state.src not in urls:
        urls[state.src] = url_spans(state.src)
    return urls[state.src]


def _text(state, silent):
    """Plain text up to the next sign that may mean something, or the next web address."""
    found = state.md.inline.terminator_re.search(state.src, state.pos, state.posMax)
    end = found.start() if found else state.posMax
    spans = _urls(state)
    following = bisect_right(spans, state.pos, key=lambda span: span[0])
    if following < len(spans):
        end = min(end, spans[following][0])
    if end == state.pos:
        return False
    if not silent:
        state.append_pending(state.src[state.pos:end])
    state.pos = end
    return True


def _web_address(state, silent):
    """A bare https://… or www.… becomes a link."""
    end = inside(_urls(state), state.pos)
    if not end or end > state.posMax or state.linkLevel:
        return False
    if not silent:
        url = state.src[state.pos:end]
        _push_link(state, state.md.normalizeLink(url if "://" in url[:8] else "https://" + url), url)
    state.pos = end
    return True


def _if_closed(rule):
    """The rule, asked only where a ']' still follows: a row of opening brackets costs next to nothing."""
    return lambda state, silent: state.src.find("]", state.pos) >= 0 and rule(state, silent)


def _hashtag(state, silent):
    """#vpn becomes a link to its page, as long as the post has room for another hashtag."""
    if state.src[state.pos] != "#" or state.linkLevel or inside(_urls(state), state.pos):
        return False
    shown = hashtag_at(state.src, state.pos)
    if not shown or not (silent or is_taken(shown, state.env["tags"])):
        return False
    if not silent:
        _push_link(state, "/t/" + quote(fold(shown), safe=""), "#" + shown)
    state.pos += 1 + len(shown)
    return True


def _mention(state, silent):
    """@ada becomes a link to the person, if there is one of this handle."""
    if state.src[state.pos] != "@" or state.linkLevel or inside(_urls(state), state.pos):
        return False
    handle = mention_at(state.src, state.pos, state.env["people"])
    if not handle:
        return False
    end = state.pos + 1 + len(handle)
    if not silent:
        _push_link(state, "/@" + handle, state.src[state.pos:end])
    state.pos = end
    return True


def _make_parser():
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"])
    for name, rule in (("text", _text), ("link", _if_closed(link)), ("image", _if_closed(image))):
        parser.inline.ruler.at(name, rule)
    for name, rule in (("web_address", _web_address), ("mention", _mention), ("hashtag", _hashtag)):
        parser.inline.ruler.before("text", name, rule)
    # Unsafe targets lose their link later and keep their words; refusing them here would show the raw Markdown.
    parser.validateLink = lambda url: True
    return parser


_PARSER = _make_parser()
