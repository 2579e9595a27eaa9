"""The command line: app.py and its commands."""
import argparse
import logging
import sys

from . import commands as do
from .errors import BadSetting, Refusal


def main(arguments=None):
    """Run a command.  Returns the exit status."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr)
    try:
        return options.run(options) or 0
    except (BadSetting, Refusal, do.Sentence) as refusal:
        print(getattr(refusal, "sentence", None) or str(refusal), file=sys.stderr)
        return 2
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    except (OSError, EOFError) as error:
        where = f"{error.filename}: " if getattr(error, "filename", None) else ""
        print(f"That cannot be read or written ({where}{getattr(error, 'strerror', None) or error or 'it ends too early'}). "
              "Look at the path, its rights and the room on the disk.", file=sys.stderr)
        return 2


def _parser():
    parser = argparse.ArgumentParser(prog="app.py", description="SocialDesk: a service desk that feels like the social app on people's phones. "
                                     "Without a command it serves.")
    _serving(parser)
    parser.set_defaults(run=do.serve)
    commands = parser.add_subparsers(title="commands", metavar="")

    def command(name, run, words, parents=commands):
        made = parents.add_parser(name, help=words, description=words)
        made.set_defaults(run=run)
        return made

    def group(name, words):
        return commands.add_parser(name, help=words, description=words).add_subparsers(required=True, metavar="what")

    shown = command("demo", do.demo, "serve a filled desk on a data folder of its own; prints links for a requester, an agent, an admin")
    _serving(shown)
    shown.add_argument("--people", type=int, default=24, help="how many people (24)")
    shown.add_argument("--posts", type=int, default=120, help="how many threads (120), replies on top; 100000 take a few minutes")
    shown.add_argument("--seed", type=int, default=7, help="another number, another organisation (7)")
    command("worker", do.worker, "do jobs only (set SOCIALDESK_JOBS=off where the web runs)")
    command("migrate", do.migrate, "bring the schema up to date")
    command("check", do.check, "say how the desk is; exit status 1 if something is wrong")
    command("backup", do.backup, "copy everything to one file while the desk runs").add_argument("file")
    back = command("restore", do.restore, "bring back a backup; stop the desk before")
    back.add_argument("file")
    back.add_argument("--replace", action="store_true", help="onto a desk that is not empty: what it holds is lost")
    command("rotate", do.rotate_push_key, "make a new push key; devices of the old one go on ringing and change over by themselves",
            group("push-key", "the desk's push key"))
    _people(command, group)
    bring = command("import", do.import_, "bring in people (CSV), articles, tickets or posts (JSON Lines, .gz too); safe to repeat")
    bring.add_argument("what", choices=("people", "articles", "tickets", "posts"))
    bring.add_argument("file")
    bring.add_argument("--requester", metavar="EMAIL", help="who asked, for tickets that do not say")
    bring.add_argument("--dry-run", action="store_true", help="say what would happen, change nothing")
    return parser


def _people(command, group):
    person = command("add", do.add_person, "add a person; the handle is made from the name", group("person", "people"))
    person.add_argument("--email", required=True)
    person.add_argument("--name", required=True)
    person.add_argument("--role", choices=("requester", "agent", "admin"), default="requester")
    person.add_argument("--team", help="made if unknown")
    person.add_argument("--circle", metavar="SLUG")
    person.add_argument("--hours", choices=("always",), help="no quiet hours")
    team = command("add", do.add_team, "add a team", group("team", "teams"))
    team.add_argument("name")
    team.add_argument("--confidential", action="store_true", help="only its members see its tickets")
    circle = command("add", do.add_circle, "add a circle", group("circle", "circles"))
    circle.add_argument("name")
    circle.add_argument("--join", choices=("open", "request", "invite"), default="open")
    tokens = group("token", "API tokens")
    key = command("create", do.token, "make an API token and print it alone", tokens)
    command("revoke", do.revoke, "end all API tokens of a person", tokens).add_argument("--email", required=True)
    key.add_argument("--email", required=True)
    key.add_argument("--scopes", help="words parted by commas; without it all that the person may do")
    command("link", do.link, "make a one-time sign-in link and print it alone").add_argument("--email", required=True)


def _serving(parser):
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=_port, default=8000)
    parser.add_argument("--workers", type=int, default=1, help="processes")
    parser.add_argument("--threads", type=int, default=512, help="a process; 64 are kept for pages, the rest hold open pages' streams")


def _port(text):
    port = int(text)
    if not 0 < port < 65536:
        raise argparse.ArgumentTypeError("a port is a number from 1 to 65535")
    return port
