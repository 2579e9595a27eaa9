"""Whether what came in fits its JSON Schema, said in words."""
import re

from ..errors import Invalid
from ..people.text_checker import clean

_SAID = {"string": "a text", "boolean": "true or false", "integer": "a whole number", "null": "null", "array": "a list"}
_TYPES = {"string": str, "boolean": bool, "integer": int, "null": type(None), "array": list}


def read_body(schema, data):
    """The known members of a body that came in, each of its type, texts cleaned; others are not looked at, or refused where the
    schema says so.  schema: of an object; minProperties: at least so many have to be known.  Raises Invalid, with the member's name."""
    if not isinstance(data, dict):
        raise Invalid(f"The body has to be a JSON object such as {{\"{next(iter(schema['properties']))}\": …}}. Send one.")
    found = {}
    for member, what in schema["properties"].items():
        if member in data:
            found[member] = _fitting(member, what, data[member])
        elif member in schema["required"]:
            raise Invalid(f'"{member}" is missing. Add it to the object, and send it again.', field=member)
    if len(found) < schema.get("minProperties", 0):
        raise Invalid("Nothing to change was named. Send at least one of: " + ", ".join(schema["properties"]) + ".")
    if schema.get("additionalProperties") is False:
        _check_members(schema, data)
    return found


def _check_members(schema, data):
    strange = next((member for member in data if member not in schema["properties"]), None)
    if strange is not None:
        shown = clean(strange)[:50]
        raise Invalid(f'"{shown}" is not known here, so nothing was changed. Known are: ' + ", ".join(schema["properties"]) + ".", field=shown)


def _fitting(member, schema, value):
    if "type" not in schema:                    # more than one shape: its own checker reads it
        if value is None:
            raise Invalid(f'"{member}" cannot be null. Send what it should be, or leave it out.', field=member)
        return value
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if not any(type(value) is _TYPES[name] for name in types):
        raise Invalid(f'"{member}" has to be {" or ".join(_SAID[name] for name in types)}. Send it so.', field=member)
    if isinstance(value, list):
        return [_fitting(member, schema["items"], one) for one in value]
    if isinstance(value, str):
        value = clean(value)
    _check_word(member, schema, value)
    return value


def _check_word(member, schema, value):
    words = [word for word in schema.get("enum", ()) if word is not None]
    if words and value is not None and value not in words:
        raise Invalid(f'"{member}" is one of {", ".join(map(str, words))}. Choose one of these.', field=member)


def read_args(schemas, given):
    """The parameters of an address, each of its type, with defaults.  schemas: {name: schema}; given: {name: text}.
    Raises Invalid, with the parameter's name."""
    return {name: _argument(name, schema, given.get(name)) for name, schema in schemas.items()}


def _argument(name, schema, text):
    text = None if text is None else clean(text).strip()
    if not text:
        return schema.get("default")
    if schema["type"] == "integer":
        return _whole(name, schema, text)
    if schema["type"] == "boolean":
        if text.lower() not in ("true", "false", "1", "0"):
            raise Invalid(f'"{name}" is true or false. Send it so.', field=name)
        return text.lower() in ("true", "1")
    _check_word(name, schema, text)
    return text[:schema.get("maxLength", 2000)]


def _whole(name, schema, text):
    if not re.fullmatch(r"[0-9]{1,9}", text) or not schema["minimum"] <= int(text) <= schema["maximum"]:
        raise Invalid(f'"{name}" is a whole number from {schema["minimum"]} to {schema["maximum"]}. Send one of these.', field=name)
    return int(text)
