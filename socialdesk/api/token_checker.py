"""What an API token looks like and what it may be limited to."""
from ..errors import Invalid

PREFIX = "sd_"                          # so that a token left lying about is recognized
#: a token may be limited to some of these; write does not include read
SCOPES = {"read": "see what its person sees", "write": "write, answer and change in its person's name",
          "admin": "be the admin its person is"}


def check_scopes(scopes):
    """The scopes in their order, each once.  scopes: words, or a text with commas between.  Raises Invalid for one that is unknown, or for none."""
    given = scopes.replace(",", " ").split() if isinstance(scopes, str) else list(scopes)
    unknown = [word for word in given if word not in SCOPES]
    if unknown or not given:
        said = f"There is no scope {str(unknown[0])[:40]!r}" if unknown else "No scope is named"
        raise Invalid(f"{said}. A token's scopes are read, write and admin; without any it may do all that its person may.", field="scopes")
    return [word for word in SCOPES if word in given]
