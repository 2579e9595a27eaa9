"""People from a CSV file: good rows go in, bad ones are told by line; safe to repeat."""
import csv
from itertools import islice

import sqlalchemy as sa

from ..db import db, transaction
from ..errors import Invalid, Refusal
from ..policy import runs_desk
from . import actions, checker, profile_actions, queries
from .hours_checker import check_tz
from .models import Person
from .text_checker import is_utf8

COLUMNS = ("email", "name", "handle", "role", "team", "tz", "lang")
AT_ONCE = 200                           # rows a transaction: others must write in between
MAX_LINE = 2000


class _Undo(Exception):
    """Ends the transaction of a dry run."""


def import_people(lines, dry_run=False):
    """Add or update people, some at a time, each time in a transaction of its own.
    lines: text of CSV, a person a line, with or without a first line that names the columns.
    Returns (added or changed, unchanged, [(line, reason)]).  dry_run: the same answer, and nothing is kept."""
    rows, bad = _rows(lines), []
    counts = {"added": 0, "unchanged": 0}
    while chunk := list(islice(rows, AT_ONCE)):
        try:
            with transaction():
                for line, row in chunk:
                    _take(line, row, counts, bad)
                if dry_run:
                    raise _Undo()
        except _Undo:
            pass
    return counts["added"], counts["unchanged"], bad


def _rows(lines):
    """(number of the line, the row as a dict, or a sentence about what is wrong with it)."""
    columns = delimiter = None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        delimiter = delimiter or (";" if ";" in line and "," not in line else ",")
        cells = _cells(line, delimiter)
        if columns is None and not isinstance(cells, str):
            columns = _columns(cells)
            if columns is not COLUMNS:
                continue
        yield number, cells if isinstance(cells, str) else _as_row(columns, cells)


def _cells(line, delimiter):
    """The fields of a line, each line by itself: one forgotten quotation mark must not swallow the rest of the file."""
    if len(line) > MAX_LINE:
        return f"This line has {len(line)} characters; a person takes at most {MAX_LINE}."
    if not is_utf8(line) or "\x00" in line:
        return "This line is not UTF-8 text. Save the file as UTF-8, then import it again."
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter, strict=True))]
    except csv.Error:
        return "This line is not CSV: a quotation mark is opened and not closed, or stands in the middle of a field."


def _columns(cells):
    names = [cell.lstrip("\ufeff").strip().lower() for cell in cells]
    return names if "email" in names else COLUMNS


def _as_row(columns, cells):
    if len(cells) > len(columns):
        return f"This line has {len(cells)} fields, but there are {len(columns)} columns. Put text that holds a comma in quotation marks."
    return {name: cell for name, cell in zip(columns, cells) if name in COLUMNS}


def _take(line, row, counts, bad):
    if isinstance(row, str):
        bad.append((line, row))
        return
    try:
        with db.session.begin_nested():
            counts["added" if _add_or_change(row) else "unchanged"] += 1
    except Refusal as error:
        bad.append((line, error.sentence))


def _add_or_change(row):
    """Returns whether anything is different now."""
    email = checker.check_email(row.get("email", ""))
    given = {name: row[name] for name in ("handle", "tz", "lang") if row.get(name)}
    role = actions.check_role(row["role"].lower()) if row.get("role") else None
    person = db.session.scalar(sa.select(Person).where(Person.email_fold == checker.fold_email(email)).with_for_update())
    if person is None or person.state == "imported":
        person, is_new = actions.add_person(email, row.get("name", ""), role=role or "requester", **given), True
    else:
        is_new = _change(person, row.get("name", ""), role, given)
    return _join(person, row.get("team", "")) or is_new


def _change(person, name, role, given):
    wanted = {"name": checker.check_name(name), "role": role or person.role, **given}
    if "handle" in wanted:
        wanted["handle"] = checker.check_handle(wanted["handle"])
    if wanted.get("tz"):
        check_tz(wanted["tz"])
    if {column: getattr(person, column) for column in wanted} == wanted:
        return False
    if runs_desk(person) and wanted["role"] != "admin":
        raise Invalid(f"{person.name} is an admin. An import takes nobody's admin role; an admin does, under Admin, People.")
    profile_actions.set_all(person, **{column: value for column, value in wanted.items() if column != "role"})
    person.role = wanted["role"]
    db.session.flush()
    return True


def _join(person, team_name):
    if not team_name:
        return False
    team = queries.team_by_name(team_name) or actions.add_team(team_name)
    return actions.join_team(person.id, team.id)
