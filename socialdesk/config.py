"""Every setting: its default, its unit, and where its value came from."""
import os
import re
import secrets
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from urllib.parse import urlsplit

from .errors import BadSetting

PREFIX = "SOCIALDESK_"


@dataclass
class Settings:
    """The settings of one desk.  source maps a setting's name to "default", "environment", "socialdesk.toml" or "made at the first start"."""

    data: Path = Path("data")
    database_url: str = ""              # empty: SQLite in the data folder
    base_url: str = "http://127.0.0.1:8000"
    secret_key: str = ""                # empty: made at the first start, kept in the data folder
    mail_from: str = ""
    smtp_url: str = ""                  # smtp://, smtp+starttls:// or smtps://[name:password@]host[:port]
    push_hosts: tuple = ()              # hosts (https) or whole origins, added to the known push services
    push_route: dict = field(default_factory=dict)      # host -> loopback origin, for tests
    vapid_subject: str = ""             # mailto: or https:; empty: from mail_from or base_url
    max_upload_bytes: int = 10 * 1024 * 1024
    trusted_proxies: int = 0            # how many proxies in front set X-Forwarded-*
    limits: bool = True
    public_articles: bool = False       # may anybody read the articles that are for everyone, without signing in?
    jobs: str = "embedded"              # embedded: threads beside the web threads; off: only `app.py worker`
    source: dict = field(default_factory=dict)

    @property
    def is_sqlite(self):
        """Does the desk live in a SQLite file?"""
        return self.database_url.startswith("sqlite")

    @property
    def origin(self):
        """Scheme, host and port of the base URL."""
        parts = urlsplit(self.base_url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def is_https(self):
        """Is the desk reached by https?"""
        return self.base_url.startswith("https://")

    @property
    def uploads(self):
        """The folder of attachments, named by the SHA-256 of their content."""
        return self.data / "files"


def load(environ=None, **overrides):
    """Read the settings from the environment and socialdesk.toml.  overrides: by the command line.  Raises BadSetting."""
    environ = os.environ if environ is None else environ
    given = {k[len(PREFIX):].lower(): v for k, v in environ.items() if k.startswith(PREFIX) and v != ""}
    settings = Settings(data=Path(overrides.pop("data", None) or given.pop("data", None) or "data").expanduser().absolute())
    settings.source["data"] = "environment" if PREFIX + "DATA" in environ else "default"
    from_file = _read_file(settings.data / "socialdesk.toml")
    for name, value, where in (*((n, v, "socialdesk.toml") for n, v in from_file.items()),
                               *((n, v, "environment") for n, v in given.items()),
                               *((n, v, "command line") for n, v in overrides.items() if v is not None)):
        _set(settings, name, value, where)
    _complete(settings)
    return settings


def _read_file(path):
    try:
        return {k.lower(): v for k, v in tomllib.loads(path.read_text("utf-8")).items()}
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise BadSetting(f"{path.name} in the data folder cannot be read: {error}. Mend or remove it, then start again.") from None


KNOWN = {f.name for f in fields(Settings)} - {"source", "data"}


def _set(settings, name, value, where):
    shown = PREFIX + name.upper()
    if name not in KNOWN:
        raise BadSetting(f"{shown} ({where}) is not a setting of this version. Remove it, or look it up in the README, Settings.")
    try:
        setattr(settings, name, _READ.get(name, _text)(value))
    except ValueError as error:
        raise BadSetting(f"{shown} ({where}) cannot be used: {error}.") from None
    settings.source[name] = where


def _text(value):
    if not isinstance(value, str):
        raise ValueError("it must be text")
    return value.strip()


def _url(value):
    value = _text(value).rstrip("/")
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path or parts.query:
        raise ValueError("it must be an address like https://desk.example.org, without a path")
    parts.port                                           # raises ValueError where it is not a number
    return value


def _database(value):
    value = _text(value)
    if not re.match(r"(postgresql(\+psycopg)?|sqlite)://", value):
        raise ValueError("it must begin with postgresql:// or sqlite://")
    return value


def _smtp(value):
    value = _text(value)
    parts = urlsplit(value)
    if parts.scheme not in ("smtp", "smtps", "smtp+starttls") or not parts.hostname:
        raise ValueError("it must look like smtp://mail.example.org:25, smtp+starttls://… or smtps://…")
    parts.port
    return value


def _address(value):
    value = _text(value)
    if not re.fullmatch(r"(?:[^<>\r\n]*<[^@\s<>]+@[^@\s<>]+>|[^@\s<>]+@[^@\s<>]+)", value):
        raise ValueError("it must be a mail address such as desk@example.org")
    return value


def _subject(value):
    value = _text(value)
    if not re.match(r"(mailto:[^@\s]+@[^@\s]+|https://\S+)$", value):
        raise ValueError("it must begin with mailto: or https:, push services refuse anything else")
    return value


def _whole(least):
    def read(value):
        number = int(value) if isinstance(value, int) and not isinstance(value, bool) or re.fullmatch(r"\d{1,15}", str(value)) else -1
        if number < least:
            raise ValueError(f"it must be a whole number of at least {least}")
        return number
    return read


def _choice(*words):
    def read(value):
        if value not in words:
            raise ValueError("it must be one of " + ", ".join(words))
        return value
    return read


def _list(value):
    return tuple(value) if isinstance(value, list) else tuple(re.split(r"[\s,]+", _text(value)))


def _hosts(value):
    for host in _list(value):
        if not re.fullmatch(r"(https?://)?[A-Za-z0-9.\-\[\]]+(:\d+)?", host):
            raise ValueError(f"{host!r} is neither a host nor an origin")
    return tuple(h.lower() for h in _list(value))


def _route(value):
    routes = dict(pair.partition("=")[::2] for pair in _list(value))
    for host, origin in routes.items():
        if not host or urlsplit(origin).hostname not in ("127.0.0.1", "localhost", "::1"):
            raise ValueError("it must look like push.example.org=http://127.0.0.1:8031, and lead to this machine")
    return routes


def _switch(value):
    return _choice("on", "off")("on" if value is True else "off" if value is False else value) == "on"


_READ = {"database_url": _database, "base_url": _url, "mail_from": _address, "smtp_url": _smtp, "push_hosts": _hosts,
         "push_route": _route, "vapid_subject": _subject, "max_upload_bytes": _whole(1024), "trusted_proxies": _whole(0),
         "limits": _switch, "public_articles": _switch, "jobs": _choice("embedded", "off")}


def _complete(settings):
    for name in KNOWN:
        settings.source.setdefault(name, "default")
    if not settings.database_url:
        settings.database_url = f"sqlite:///{settings.data / 'socialdesk.sqlite3'}"
    settings.database_url = re.sub(r"^postgresql://", "postgresql+psycopg://", settings.database_url)
    if settings.secret_key and len(settings.secret_key) < 16:
        raise BadSetting("SOCIALDESK_SECRET_KEY is too short: use at least 16 characters, or leave it out and one is made.")
    if not settings.vapid_subject:
        address = re.search(r"[^\s<>]+@[^\s<>]+", settings.mail_from)
        settings.vapid_subject = f"mailto:{address[0]}" if address else settings.base_url if settings.is_https else "mailto:desk@example.org"


def make_folders(settings):
    """Make the data folder (readable by its owner alone) and the secret key where they are missing."""
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    settings.uploads.mkdir(exist_ok=True, mode=0o700)
    if settings.is_sqlite:
        Path(settings.database_url.removeprefix("sqlite:///")).touch(mode=0o600)
    if not settings.secret_key:
        settings.secret_key = keep_secret(settings.data / "secret-key", lambda: secrets.token_urlsafe(48))
        settings.source["secret_key"] = "secret-key in the data folder"


def keep_secret(path, make):
    """The text in path, made by make() if it is missing; two starting at once agree on one.  Readable by the owner alone."""
    if path.exists():
        return _kept_secret(path)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(6)}.new")
    draft.touch(mode=0o600)
    with open(draft, "w", encoding="ascii") as file:
        file.write(make())
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)                             # refuses to replace: the first one wins
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return _kept_secret(path)


def _kept_secret(path):
    text = path.read_text("ascii").strip()
    if len(text) < 16:
        raise BadSetting(f"{path.name} in the data folder is damaged. Bring it back from a backup; without one, remove it and a new one is made.")
    return text


def keep_file(path, data):
    """Write a file that is named by its content, once and whole: a reader never sees half of it."""
    if path.exists():
        os.utime(path)                                   # it is wanted again: whoever clears away looks at its age
        return
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
    try:
        with open(draft, "xb") as file:
            os.chmod(draft, 0o600)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
