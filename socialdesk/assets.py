"""What browsers fetch once and keep: joined, compressed, under an address that is its content's hash."""
import gzip
import hashlib
import os
import re
import shutil
import tempfile
import time
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from urllib.parse import quote

import brotli
from markupsafe import Markup
from whitenoise import WhiteNoise

SOURCE = Path(__file__).parent / "static"
LAYERS = ("tokens", "base", "layout", "components", "utilities")        # the order of the layers is the order of power
VENDOR = "htmx.min.js"                          # stands unmodified in front of our eager module: one request for both
EAGER = ("person", "keyboard", "times", "notices", "drafts", "sending", "place", "page")      # of js/app: one module of what every page needs at once
TOLD = b";\nwindow.htmx = htmx;\n"               # in a module nothing is the window's by itself
FORMAT = b"2"                                   # raise it when the same sources shall give other files
COPIED = (".svg", ".png", ".js")
SQUEEZED = (".css", ".js", ".svg")              # pictures are compressed already
KEEP_SECONDS = 7 * 24 * 3600                    # pages opened before an upgrade still find their files


@dataclass(frozen=True)
class Build:
    """One set of files.  hash: of all their content; folder: where they lie; names: what is in it."""

    hash: str
    folder: Path
    names: frozenset

    def asset(self, name):
        """The address of a file.  Raises LookupError for one that does not exist."""
        if name not in self.names:
            raise LookupError(f"There is no static file {name!r}; there are {', '.join(sorted(self.names))}.")
        return f"/static/{self.hash}/{name}"


def mount(app, data, source=SOURCE, serves=True):
    """Build into the data folder, serve it in front of the app, give templates asset() and sign().
    serves: False for a command, which only needs to know the addresses."""
    built = build(source, data) if serves else plan(source, data)
    _teach(app, built)
    if serves:
        _serve(app, built)
    return built


def _serve(app, built):
    app.wsgi_app = noise = WhiteNoise(app.wsgi_app, allow_all_origins=False, immutable_file_test=lambda path, url: True)
    for folder in sorted(built.folder.parent.iterdir(), key=lambda one: one == built.folder):
        try:
            noise.add_files(folder, f"static/{folder.name}")
        except FileNotFoundError:               # an old set, removed by a neighbor that starts at this moment
            continue


def _teach(app, built):
    app.jinja_env.globals.update(asset=built.asset, sign=_sign(built.asset("icons.svg")), favicon=_favicon())
    app.extensions["assets"] = built


def _favicon():
    """The icon of the tab, small enough to stand in the page: one request less."""
    svg = (SOURCE / "brand" / "icon.svg").read_text("utf-8").strip().replace('"', "'")
    return "data:image/svg+xml," + quote(svg, safe=" ='/:;,()-.")


def _sign(icons):
    """The function that draws an icon: a page has a hundred of the same few, so each is put together once."""
    @lru_cache(maxsize=512, typed=True)
    def sign(name, label=None, look="icon"):
        spoken = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
        return Markup('<svg class="{}" {}><use href="{}#{}"/></svg>').format(look or "sign", spoken, icons, name)
    return sign


def plan(source, data):
    """The Build of what is there now, whether or not it is written yet."""
    return _plan(collect(Path(source)), data)


def _plan(files, data):
    stamp = _hash(files)
    return Build(stamp, Path(data) / "static" / stamp, frozenset(files))


def build(source, data):
    """Write the files and their compressed siblings into data/static/<hash>, once; several processes may do so at once."""
    files = collect(Path(source))
    made = _plan(files, data)
    home, folder = made.folder.parent, made.folder
    home.mkdir(parents=True, exist_ok=True)
    if folder.is_dir():
        os.utime(folder)
    else:
        _supersede(home)
        _write(files, folder)
    _tidy(home, keep=folder)
    return made


def collect(source):
    """What is served, by name: the joined stylesheet, htmx with our eager module, the other modules, icons and brand as they are."""
    files = {"app.css": _join_css(source / "css"), "js/app.js": (source / "vendor" / VENDOR).read_bytes() + TOLD + eager(source)}
    for path in [source / "icons.svg", *sorted((source / "js").rglob("*")), *sorted((source / "brand").rglob("*"))]:
        if path.suffix in COPIED and path.parent.name != "app":
            files[path.relative_to(source).as_posix()] = _lean(path.read_text("utf-8")).encode() if path.suffix == ".js" else path.read_bytes()
    return files


def _join_css(folder):
    order = f"@layer {','.join(LAYERS)};\n"
    parts = [f"@layer {name}{{\n{_squeeze((folder / f'{name}.css').read_text('utf-8'))}\n}}\n" for name in LAYERS]
    return (order + "".join(parts)).encode()


def eager(source):
    """Our eager parts as one module: what they import of each other stands in it already."""
    parts = [(source / "js" / "app" / f"{name}.js").read_text("utf-8") for name in EAGER]
    return _lean("\n".join(re.sub(r'^import \{[^}]*\} from "\./[a-z]+\.js";\n', "", part, flags=re.M) for part in parts)).encode()


def _lean(js):
    """Comments to the line's end and indentation out; the lines keep their numbers."""
    return "\n".join(_without_comment(line.strip()) for line in js.splitlines()) + "\n"


def _without_comment(line):
    code = line.partition("// ")[0]
    is_code = not any(code.count(quote) % 2 for quote in "\"'`")       # else the slashes stand in a text
    return code.rstrip() if is_code else line


def _squeeze(css):
    """Comments and indentation out; everything else stays as it was written."""
    while "/*" in css:
        before, _, rest = css.partition("/*")
        css = before + rest.partition("*/")[2]
    return "\n".join(line.strip() for line in css.splitlines() if line.strip())


def _hash(files):
    digest = hashlib.sha256(FORMAT)
    for name, content in sorted(files.items()):
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:16]


def _write(files, folder):
    """All or nothing: into a folder of our own, then renamed.  Who comes second throws their copy away."""
    draft = Path(tempfile.mkdtemp(prefix=".static-", dir=folder.parent.parent))
    try:
        for name, content in files.items():
            path = draft / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            if path.suffix in SQUEEZED:
                for ending, smaller in zip((".br", ".gz"), _compressed(content)):
                    path.with_name(path.name + ending).write_bytes(smaller)
        draft.chmod(0o755)
        draft.rename(folder)
    except OSError:
        if not folder.is_dir():                 # not a lost race: a full disk, a folder that may not be written
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)


@cache
def _compressed(content):
    return brotli.compress(content, quality=11), gzip.compress(content, 9, mtime=0)


def _supersede(home):
    """The days that an old set is kept count from the day it was replaced, not from the day it was made."""
    try:
        newest = max(home.iterdir(), key=lambda one: one.stat().st_mtime, default=None)
        if newest:
            os.utime(newest)
    except FileNotFoundError:                   # a neighbor tidied up meanwhile
        pass


def _tidy(home, keep):
    limit = time.time() - KEEP_SECONDS
    for old in [*home.iterdir(), *home.parent.glob(".static-*")]:
        try:
            if old != keep and old.stat().st_mtime < limit:
                shutil.rmtree(old)
        except FileNotFoundError:               # a neighbor was quicker
            continue
