"""Statements that most requests ask: compiled once for each shape of their parameters, so that asking costs little more than the
database does.  Reading through the session, compiled from its cache, costs three times as much for twenty rows."""
from collections import namedtuple
from typing import NamedTuple

from sqlalchemy.exc import DBAPIError

from .db import db


class _Shape(NamedTuple):
    """A statement for lists of certain lengths.  fixed: values that never change; asked: (name, source, its processor);
    lists: (name, names of its items); order: of the values, None where they go by name."""

    text: str
    fixed: dict
    asked: list
    lists: list
    order: list | None


class Ready:
    """A SELECT of columns, executed with values by name.  A list for an IN may have any length but none."""

    def __init__(self, statement):
        self.statement, self._shapes, self._made = statement, {}, {}

    def all(self, given):
        """Its rows, as named tuples."""
        connection = db.session.connection()
        dialect = connection.dialect
        compiled, lists, read = self._made.get(dialect.name) or self._make(dialect, given)
        key = dialect.name, *[len(given[name]) for name in lists]
        shape = self._shapes.get(key)
        if shape is None:
            shape = self._shapes[key] = _shape(compiled, dialect, given)
        return list(map(read, _fetch(connection, shape.text, _sent(shape, given))))

    def first(self, given):
        """Its first row, or None."""
        rows = self.all(given)
        return rows[0] if rows else None

    def scalar(self, given):
        """The first value of its first row."""
        return self.all(given)[0][0]

    def _make(self, dialect, given):
        columns = self.statement.selected_columns
        compiled = self.statement.compile(dialect=dialect)
        lists = [name for bound, name in compiled.bind_names.items() if bound.expanding and name in given]
        made = self._made[dialect.name] = compiled, lists, _reader(columns, dialect)
        return made


def _fetch(connection, text, values):
    """What the driver gives.  It is heard and refused as what the session asks is."""
    cursor = connection.connection.cursor()
    try:
        connection.dispatch.before_cursor_execute(connection, cursor, text, values, None, False)
        cursor.execute(text, values)
        return cursor.fetchall()
    except connection.dialect.loaded_dbapi.Error as error:
        raise DBAPIError.instance(text, None, error, connection.dialect.loaded_dbapi.Error, dialect=connection.dialect) from error
    finally:
        cursor.close()


def _reader(columns, dialect):
    """The function that makes a named tuple of what the driver gives."""
    make = namedtuple("Row", [column.key for column in columns], rename=True)._make
    reads = [(n, read) for n, column in enumerate(columns) if (read := column.type.dialect_impl(dialect).result_processor(dialect, None))]
    if not reads:
        return make

    def read_row(values):
        values = list(values)
        for n, read in reads:
            values[n] = read(values[n])
        return make(values)
    return read_row


def _shape(compiled, dialect, given):
    state = compiled.construct_expanded_state(given)
    fixed, asked, lists = {}, [], []
    for bound, name in compiled.bind_names.items():
        process = bound.type.dialect_impl(dialect).bind_processor(dialect)
        if name in state.parameter_expansion and name in given:
            lists.append((name, state.parameter_expansion[name]))
        elif name in state.parameter_expansion:             # a list of the statement's own
            fixed.update(zip(state.parameter_expansion[name], map(process, bound.value) if process else bound.value))
        elif bound.callable or name in given:
            asked.append((name, bound.callable, process))
        else:
            fixed[name] = process(bound.value) if process else bound.value
    return _Shape(state.statement, fixed, asked, lists, state.positiontup)


def _sent(shape, given):
    values = dict(shape.fixed)
    for name, call, process in shape.asked:
        value = call() if call else given[name]
        values[name] = process(value) if process else value
    for name, items in shape.lists:
        values.update(zip(items, given[name]))
    return values if shape.order is None else tuple([values[name] for name in shape.order])
