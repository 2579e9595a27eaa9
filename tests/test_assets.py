"""What browsers fetch: small, joined, compressed, kept for good, and nothing that the policy of the pages would refuse."""
import gzip
import hashlib
import os
import re
import threading
import time
from pathlib import Path

import brotli
import pytest
from flask import Flask

from socialdesk import assets

TEMPLATES = Path(assets.__file__).parent / "templates"
STATIC = assets.SOURCE
WEEK = 7 * 24 * 3600


@pytest.fixture(scope="module")
def files():
    return assets.collect(STATIC)


def make_source(folder, color="red"):
    """The least that can be built."""
    for name in assets.LAYERS:
        _put(folder / "css" / f"{name}.css", f"/* {name} */\n.{name} {{ color: {color}; }}\n")
    _put(folder / "vendor" / assets.VENDOR, "var htmx = 1")
    _put(folder / "icons.svg", "<svg/>")
    for name in assets.EAGER:
        _put(folder / "js" / "app" / f"{name}.js", f"export const {name} = 1;\n")
    _put(folder / "brand" / "icon.svg", "<svg/>")
    return folder


def _put(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


# --- weight

def test_the_one_stylesheet_weighs_at_most_10_kb(files):
    assert len(brotli.compress(files["app.css"])) <= 10_000


def test_the_eager_module_weighs_at_most_8_kb_and_pulls_in_no_other(files):
    assert len(brotli.compress(assets.eager(STATIC))) <= 8_000
    assert not re.search(rb"^\s*import\s[^(]", files["js/app.js"], re.M)


def test_the_stylesheet_holds_the_layers_in_their_order_and_no_comment(files):
    css = files["app.css"].decode()
    assert css.startswith("@layer tokens,base,layout,components,utilities;")
    assert re.findall(r"^@layer (\w+)\{", css, re.M) == list(assets.LAYERS)
    assert "/*" not in css and css.count("{") == css.count("}")


# --- built once, whole or not at all

def test_a_build_has_every_file_with_its_compressed_siblings(tmp_path):
    built = assets.build(STATIC, tmp_path)
    for name in ("app.css", "js/app.js", "js/live.js", "icons.svg", "brand/icon.svg"):
        plain = (built.folder / name).read_bytes()
        assert brotli.decompress((built.folder / f"{name}.br").read_bytes()) == plain
        assert gzip.decompress((built.folder / f"{name}.gz").read_bytes()) == plain
    assert (built.folder / "brand" / "icon-192.png").read_bytes()[:4] == b"\x89PNG"
    assert not (built.folder / "brand" / "icon-192.png.br").exists()


def test_one_script_is_htmx_unmodified_and_then_our_eager_module(files):
    assert files["js/app.js"] == (STATIC / "vendor" / "htmx.min.js").read_bytes() + b";\nwindow.htmx = htmx;\n" + assets.eager(STATIC)
    assert not re.search(rb"^(?:var|let|const|function|class|export (?:const|function)) htmx\b", assets.eager(STATIC), re.M), "the name is taken"


def test_modules_lose_their_comments_and_nothing_else(files, tmp_path):
    source = make_source(tmp_path)
    _put(source / "js" / "a.js", '// why\nconst a = "x // y"; // of the size\n\n  go(`https://${a}`);\n')
    assert assets.collect(source)["js/a.js"] == b'\nconst a = "x // y"; // of the size\n\ngo(`https://${a}`);\n', "a text that holds the two strokes stays, whatever follows"
    _put(source / "js" / "a.js", "  let a = 1; // why\n")
    assert assets.collect(source)["js/a.js"] == b"let a = 1;\n"
    for path in (STATIC / "js").rglob("*.js"):
        assert all(line.count("`") % 2 == 0 for line in path.read_text().splitlines()), f"{path.name}: a text over several lines would lose its indentation"


def test_the_same_content_has_the_same_address_and_other_content_another(tmp_path):
    first = assets.build(make_source(tmp_path / "a"), tmp_path / "data")
    again = assets.build(make_source(tmp_path / "b"), tmp_path / "data")
    other = assets.build(make_source(tmp_path / "c", color="blue"), tmp_path / "data")
    assert first == again and first.hash != other.hash
    assert first.asset("js/app.js") == f"/static/{first.hash}/js/app.js"


def test_an_unknown_name_is_refused_with_the_names_there_are(tmp_path):
    built = assets.build(make_source(tmp_path / "a"), tmp_path / "data")
    with pytest.raises(LookupError, match="app.css"):
        built.asset("js/ap.js")


def test_many_that_start_at_once_end_with_one_whole_set(tmp_path):
    source, found, gate = make_source(tmp_path / "a"), [], threading.Barrier(8)

    def start():
        gate.wait()
        found.append(assets.build(source, tmp_path / "data"))

    threads = [threading.Thread(target=start) for _ in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert len(found) == 8 and len(set(found)) == 1
    assert [one.name for one in (tmp_path / "data" / "static").iterdir()] == [found[0].hash]
    assert not list((tmp_path / "data").glob(".static-*"))
    assert all((found[0].folder / name).is_file() for name in found[0].names)


def test_a_folder_that_cannot_be_written_is_told_and_leaves_nothing_behind(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "static").write_text("a file in the way")
    with pytest.raises(OSError):
        assets.build(make_source(tmp_path / "a"), tmp_path / "data")
    assert [one.name for one in (tmp_path / "data").iterdir()] == ["static"]


def test_an_old_set_stays_for_a_week_after_it_was_replaced(tmp_path):
    data, long_ago = tmp_path / "data", time.time() - 30 * 24 * 3600
    old = assets.build(make_source(tmp_path / "a"), data)
    os.utime(old.folder, (long_ago, long_ago))
    assets.build(make_source(tmp_path / "b", color="blue"), data)
    assert old.folder.is_dir()
    os.utime(old.folder, (time.time() - WEEK - 60,) * 2)
    assets.build(make_source(tmp_path / "b", color="blue"), data)
    assert not old.folder.exists()


def test_a_draft_left_by_a_killed_process_is_tidied_away_after_a_week(tmp_path):
    left = tmp_path / "data" / ".static-killed"
    left.mkdir(parents=True)
    os.utime(left, (time.time() - WEEK - 60,) * 2)
    assets.build(make_source(tmp_path / "a"), tmp_path / "data")
    assert not left.exists()


# --- served

@pytest.fixture
def served(tmp_path):
    app = Flask(__name__, static_folder=None)
    older = assets.build(make_source(tmp_path / "a"), tmp_path)
    app.get("/page")(lambda: "the app")
    return app, older, assets.mount(app, tmp_path, make_source(tmp_path / "b", color="blue"))


def fetch(app, address, **headers):
    """An answer, read whole and closed."""
    with app.test_client().get(address, headers=headers) as answer:
        answer.get_data()
        return answer


def test_a_file_is_kept_for_good_and_sent_compressed(served):
    app, _, built = served
    answer = fetch(app, built.asset("app.css"), **{"Accept-Encoding": "br, gzip"})
    assert answer.status_code == 200 and answer.headers["Content-Encoding"] == "br"
    assert "immutable" in answer.headers["Cache-Control"] and "Accept-Encoding" in answer.headers["Vary"]
    assert b"blue" in brotli.decompress(answer.data)
    assert answer.content_type.startswith("text/css") and "Access-Control-Allow-Origin" not in answer.headers


def test_scripts_and_drawings_have_their_types(served):
    app, _, built = served
    kinds = {name: fetch(app, built.asset(name)).mimetype for name in ("js/app.js", "icons.svg")}
    assert kinds == {"js/app.js": "text/javascript", "icons.svg": "image/svg+xml"}


def test_a_page_opened_before_an_upgrade_still_finds_its_files(served):
    app, older, built = served
    assert older.hash != built.hash
    assert b"red" in fetch(app, older.asset("app.css")).data


def test_what_is_not_a_file_goes_to_the_app(served):
    app, _, built = served
    assert fetch(app, "/page").data == b"the app"
    assert fetch(app, f"/static/{built.hash}/../secret-key").status_code == 404
    assert app.jinja_env.globals["asset"]("icons.svg") == built.asset("icons.svg")


# --- third-party files

def test_vendored_files_are_those_the_readme_names():
    rows = re.findall(r"^\| `([^`]+)` \|.*`([0-9a-f]{64})`", (STATIC / "vendor" / "README.md").read_text(), re.M)
    sums = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (STATIC / "vendor").glob("*.js")}
    assert dict(rows) == sums and set(sums) == {assets.VENDOR}
    assert (STATIC / "vendor" / "htmx.LICENSE").is_file() and (STATIC / "icons.LICENSE").is_file()


# --- lint: one place for colors, nothing the content policy would refuse

RAW_COLOR = re.compile(r"#[0-9a-f]{3,8}\b|\b(?:rgb|rgba|hsl|hsla|oklch|oklab|lab|lch|light-dark)\(", re.I)
FORBIDDEN = {
    "an hx-on attribute": r"hx-on[:=\-]",
    "an on* attribute": r"""<[^>]*\son[a-z]+\s*=\s*[\w\"'{]""",
    "an inline style": r"<style\b|<[^>]*\sstyle\s*=",
    "an inline script": r"<script\b(?![^>]*\ssrc=)",
    "a js: value": r"""["']\s*(?:js|javascript):""",
    "a trigger filter": r"""hx-trigger\s*=\s*(["'])[^"']*\[""",
    "an address of another host": r"""(?:src|href|action|hx-(?:get|post))\s*=\s*["'](?:https?:)?//""",
    "a note for later": r"TO" + "DO|FIX" + "ME",
}


@pytest.mark.parametrize("name", [name for name in assets.LAYERS if name != "tokens"])
def test_colors_have_their_names_in_tokens_alone(name):
    lines = (STATIC / "css" / f"{name}.css").read_text().splitlines()
    assert [line for line in lines if RAW_COLOR.search(line)] == []


def test_every_token_that_is_used_is_defined(files):
    css = files["app.css"].decode()
    used = set(re.findall(r"var\((--[\w-]+)", css + files["icons.svg"].decode()))
    assert used - set(re.findall(r"(--[\w-]+)\s*:", css)) == set()


def templates():
    return sorted(TEMPLATES.rglob("*.html"))


@pytest.mark.parametrize("path", templates(), ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_templates_hold_nothing_the_content_policy_would_refuse(path):
    text = re.sub(r"\{#.*?#\}", "", path.read_text(), flags=re.S)
    assert [what for what, pattern in FORBIDDEN.items() if re.search(pattern, text, re.I)] == []


def draws(path):
    """Does it draw something by itself, or does it only hold macros?"""
    rest = re.sub(r"\{#.*?#\}|\{%-?\s*macro.*?endmacro\s*-?%\}", "", path.read_text(), flags=re.S)
    return bool(re.sub(r"\{%.*?%\}", "", rest, flags=re.S).strip())


@pytest.mark.parametrize("path", [path for path in templates() if path.name.startswith("_") and draws(path)],
                         ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_a_fragment_says_what_it_needs_and_who_sends_it(path):
    first = path.read_text().split("#}")[0]
    assert first.startswith("{#") and "Needs:" in first and "Root:" in first and "Sent by:" in first


def test_every_sign_a_template_names_is_in_the_sprite():
    there = set(re.findall(r'<symbol id="([^"]+)"', (STATIC / "icons.svg").read_text()))
    named = {name for path in templates() for name in re.findall(r"""icon\(\s*['"]([a-z0-9-]+)['"]\s*[,)]""", path.read_text())}
    assert named and named - there == set()


@pytest.mark.parametrize("text, what", [
    ('<button onclick="x()">', "an on* attribute"), ('<p style="color: red">', "an inline style"), ("<script>1</script>", "an inline script"),
    ('<a hx-on:click="x">', "an hx-on attribute"), ("<i hx-vals='js:{}'>", "a js: value"), ('<i hx-trigger="click[ctrlKey]">', "a trigger filter"),
    ('<img src="https://elsewhere.example/x.png">', "an address of another host")])
def test_the_lint_sees_what_it_forbids(text, what):
    assert re.search(FORBIDDEN[what], text, re.I)
