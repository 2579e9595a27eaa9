"""What is read of the index may not be what was written: one kind of error for all that can be wrong with it."""
from contextlib import contextmanager

from sqlalchemy.exc import OperationalError


class Damaged(Exception):
    """The posting lists, or what stands beside them, are not what was written: all has to be written anew."""


@contextmanager
def reading_lists():
    """Within it rows of the index are read and taken apart.  Raises Damaged where one is of another type, or no text at all."""
    try:
        yield
    except (ValueError, TypeError, AttributeError, LookupError) as error:
        raise Damaged() from error
    except OperationalError as error:
        if "decode" not in str(error.orig).lower():         # what SQLite says of bytes that are no text
            raise
        raise Damaged() from error
