"""The house: imports go down only, sideways only to the left, and each file is what its name says."""
import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "socialdesk"
ROOMS = ["wording", "people", "tags", "posts", "knowledge", "tickets", "search", "notifications", "recognition", "surveys",
         "integrations", "feed", "insights", "api"]
#: from the ground: a module may import what stands on a lower floor, or to its left on its own
FLOORS = [["errors", "config", "db", "ready", "assets", "schema", "buckets"], ["checker", "index"], ["jobs", "workers"], ["events"], ["models"], ["viewer", "policy"], ["queries"],
          ["actions", "delivery"], ["headers", "request", "web", "live", "soon", "consequences"], ["views", "openapi", "pwa"],
          ["health", "backup", "importing", "demo_content", "demo_plan", "demo_pictures", "demo_words", "demo_steps", "demo_many",
           "demo_crowd", "demo_bulk", "demo", "server", "commands", "cli"], ["roof"]]
KERNEL = {name for floor in FLOORS for name in floor}
SUFFIXES = ("checker", "index", "models", "queries", "actions", "delivery", "views", "openapi")


def module_of(path):
    """(room or None, what it is) of a file, e.g. ("posts", "actions") for posts/poll_actions.py."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    if parts[-1] == "__init__":
        return (None, "roof") if len(parts) == 1 else (parts[0], "models")
    if len(parts) == 1:
        return None, parts[0]
    return parts[0], parts[-1].rpartition("_")[2]


def files():
    return [p for p in sorted(ROOT.rglob("*.py")) if "migrations" not in p.parts]


def imports(path):
    """The files of ours that a file imports, wherever in it."""
    package = path.relative_to(ROOT.parent).parent.parts
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            base = package[:len(package) - node.level + 1] if node.level else ()
            base = (*base, *(node.module.split(".") if node.module else ()))
            if not base or base[0] != "socialdesk":
                continue
            for alias in node.names:
                found = _file((*base, alias.name)) or _file(base)
                if found:
                    yield found
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "socialdesk" and _file(alias.name.split(".")):
                    yield _file(alias.name.split("."))


def _file(parts):
    path = ROOT.parent.joinpath(*parts)
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


def floor(what):
    return next(n for n, names in enumerate(FLOORS) if what in names)


@pytest.mark.parametrize("path", files(), ids=lambda p: str(p.relative_to(ROOT)))
def test_every_file_has_a_name_of_the_house(path):
    room, what = module_of(path)
    assert room in (None, *ROOMS)
    assert what in (SUFFIXES if room and path.name != "__init__.py" else KERNEL), f"{path.name}: name it by what it holds: {SUFFIXES}"


@pytest.mark.parametrize("path", files(), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_go_down_and_sideways_only_to_the_left(path):
    room, what = module_of(path)
    if what == "roof":
        return
    for target in set(imports(path)):
        if target.name == "__init__.py":
            assert what in ("commands", "demo"), f"{path.name} looks at the roof"
            continue
        other_room, other = module_of(target)
        here, there = floor(what), floor(other)
        assert there <= here, f"{path.relative_to(ROOT)} imports {target.relative_to(ROOT)}, which stands above it"
        if room is None and other_room is None and here == there:
            assert FLOORS[here].index(other) <= FLOORS[here].index(what), f"{what} may not know {other}"
        if what in ("queries", "actions", "delivery") and other in ("queries", "actions", "delivery") and room != other_room:
            assert ROOMS.index(other_room) < ROOMS.index(room), f"{path.relative_to(ROOT)} knows {target.relative_to(ROOT)}, a room to its right"


@pytest.mark.parametrize("path", files(), ids=lambda p: str(p.relative_to(ROOT)))
def test_roles_are_compared_in_policy_alone(path):
    if path.name in ("policy.py", "viewer.py"):
        return
    text = path.read_text("utf-8")
    assert not re.search(r"\.role\s*(==|!=)", text), "ask policy.can()"


@pytest.mark.parametrize("path", files(), ids=lambda p: str(p.relative_to(ROOT)))
def test_only_views_jobs_and_commands_open_the_write_transaction(path):
    _room, what = module_of(path)
    text = path.read_text("utf-8")
    if what in ("queries", "models", "checker", "index", "policy", "events"):
        assert not re.search(r"\btransaction\(\)", re.sub(r'""".*?"""', "", text, flags=re.S)), "a query or rule writes nothing"
    assert ".commit()" not in text or path.name in ("db.py", "backup.py"), "commit only by transaction()"


@pytest.mark.parametrize("path", files(), ids=lambda p: str(p.relative_to(ROOT)))
def test_actions_and_queries_know_no_request(path):
    _room, what = module_of(path)
    if what in ("actions", "queries", "models", "checker", "index"):
        assert not re.search(r"^from flask import .*\b(request|render_template|session|g)\b", path.read_text("utf-8"), re.M)


@pytest.mark.parametrize("path", files(), ids=lambda p: str(p.relative_to(ROOT)))
def test_every_module_and_public_function_says_what_it_is(path):
    tree = ast.parse(path.read_text("utf-8"))
    assert ast.get_docstring(tree), "a module needs its one line"
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{node.name} has no docstring"


@pytest.mark.parametrize("path", files(), ids=lambda p: str(p.relative_to(ROOT)))
def test_no_file_grows_past_three_hundred_lines(path):
    assert path.read_text("utf-8").count("\n") <= 300, "split it by noun"


def test_fragments_say_what_they_need():
    for path in (ROOT / "templates").rglob("_*.html"):
        if path.name in ("_macros.html",):
            continue
        assert re.match(r"\{#-?\s*Needs:.*Root:.*Sent by:", path.read_text("utf-8").split("#}")[0] + "#}", re.S), path


def test_the_repo_speaks_of_the_product_alone():
    foreign = re.compile(r"(?<![\w.])/(work|root|farm)/|/tmp/sd\b", re.I)
    for path in [p for p in ROOT.parent.rglob("*") if p.suffix in (".py", ".html", ".js", ".css", ".md", ".toml", ".sh") and p.is_file()
                 and not {".venv", "vendor", ".git", "node_modules", "data"} & set(p.parts)]:
        text = path.read_text("utf-8", errors="replace")
        if path != Path(__file__):
            assert not foreign.search(text), path
