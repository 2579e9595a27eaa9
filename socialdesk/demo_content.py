"""What the demo tells: its people, and the texts in samples/ read into threads and steps."""
import re
from dataclasses import dataclass, field
from datetime import time, timedelta
from pathlib import Path

SAMPLES = Path(__file__).parent / "samples"
DOMAIN = "alderbrook.example"
PORTO, GDANSK = "Europe/Lisbon", "Europe/Warsaw"

#: handle, name, role, time zone, team; the requester, the agent and the admin whose links are printed come first
PEOPLE = (
    ("amina", "Amina Yusuf", "requester", PORTO, None), ("tomasz", "Tomasz Wieczorek", "agent", GDANSK, "Network"),
    ("ines", "Inês Carvalho", "admin", PORTO, "Workplace"), ("priya", "Priya Raman", "agent", PORTO, "Workplace"),
    ("mei", "Mei-Ling Chua", "agent", GDANSK, "Workplace"), ("jonas", "Jonas Lindahl", "agent", PORTO, "Network"),
    ("ruth", "Ruth Achterberg", "agent", PORTO, "People & pay"), ("idris", "Idris Bello", "agent", GDANSK, "People & pay"),
    ("kofi", "Kofi Mensah", "requester", PORTO, None), ("lena", "Lena Brandt", "requester", PORTO, None),
    ("hiroshi", "Hiroshi Tanabe", "requester", GDANSK, None), ("zofia", "Zofia Nowak", "requester", GDANSK, None),
    ("duarte", "Duarte Pires", "requester", PORTO, None), ("salome", "Salome Gelashvili", "requester", PORTO, None),
    ("mateus", "Mateus Prado", "requester", PORTO, None), ("aroha", "Aroha Ngata", "requester", PORTO, None),
    ("bilal", "Bilal Qureshi", "requester", PORTO, None), ("freya", "Freya Sandvik", "requester", GDANSK, None),
    ("gwen", "Gwen Pritchard", "requester", PORTO, None), ("nikolai", "Nikolai Petrov", "requester", GDANSK, None),
    ("yara", "Yara Haddad", "requester", GDANSK, None), ("thabo", "Thabo Dlamini", "requester", PORTO, None),
    ("camille", "Camille Rousseau", "requester", PORTO, None), ("minh", "Minh Tran", "requester", GDANSK, None))
HOURS = {PORTO: {day: [["09:00", "13:00"], ["14:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
         GDANSK: {day: [["07:30", "16:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}}
FIRST = ("Adaeze Ana Anders Ayumi Beatriz Björn Chidi Dagny Elif Emil Farid Giulia Hana Henrik Ilse Imani Ivana Jamal Joana Kasper "
         "Katya Leila Liam Luz Magda Malik Marta Nadia Nils Noor Olu Pavel Petra Quynh Rafael Rosa Sami Sanna Siobhan Tariq Tove Uma "
         "Viktor Wanjiru Xenia Yusuf Zuri").split()
LAST = ("Abara Almeida Aydin Bakker Berg Castro Diallo Dvořák Eriksen Fonseca Gruber Haas Hansen Ito Jansen Kamau Keller Kovács "
        "Larsen Lopes Moreau Nakamura Ndiaye Novak Okafor Olsen Papadaki Quist Rossi Sato Silva Sørensen Szabó Tavares Ueda Vega "
        "Virtanen Wójcik Yilmaz Zielińska").split()

#: team -> is it confidential, the hashtags it answers for
TEAMS = {"Network": (False, ("wifi", "vpn", "network", "phone")),
         "Workplace": (False, ("printer", "meeting-room", "screen", "laptop", "software", "mail", "headset", "plotter")),
         "People & pay": (True, ("pay", "leave", "contract"))}
SYNONYMS = {"wlan": "wifi", "beamer": "screen", "salary": "pay"}
#: circle -> its first members
CIRCLES = {"Porto office": ("ines", "priya", "jonas", "amina", "kofi", "lena", "duarte", "freya", "gwen", "salome", "mateus"),
           "Pilot group": ("mei", "aroha", "freya", "bilal", "amina", "zofia")}
#: whoever may stand in for a word in braces of samples/often.md
CAST = {"asker": [row[0] for row in PEOPLE[8:]], "helper": [row[0] for row in PEOPLE[8:]], "other": [row[0] for row in PEOPLE[8:]],
        "workplace": ["priya", "mei"], "network": ["tomasz", "jonas"], "people": ["ruth", "idris"], "admin": ["ines"],
        "agent": ["priya", "mei", "tomasz", "jonas"], "porto": CIRCLES["Porto office"][3:], "local": CIRCLES["Porto office"][3:]}
WORDS = {
    "room": ["room Douro", "room Tâmega", "room Sabor", "room Motława", "room Radunia", "the small archive", "the model workshop"],
    "place": ["by the kitchen", "by the stairs", "on floor 2", "next to the archive", "in the model workshop", "by the reception",
              "behind the plotter", "at the side door"],
    "distance": ["two meters", "one desk", "three steps", "a corridor", "one window"],
    "thing": ["a second charger", "a headset", "a laptop stand", "a card reader", "a numeric keypad", "a longer cable", "a quiet mouse"],
    "abroad": ["Lyon", "Tbilisi", "Oslo", "Kraków", "Vigo", "Riga", "Maputo"],
    "paper": ["the inspection report", "the load table", "the site diary", "the tender letter", "the flood map", "the minutes"],
    "project": ["the Vistula bridge", "the Sabor viaduct", "the Braga footbridge", "the Limpopo culvert", "the Minho weir", "the Sopot pier"],
    "program": ["Archway", "Spanlight", "Weirbook", "Terraline", "Plotkin"],
    "day": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"],
    "clock": ["8:30", "9:15", "10:00", "11:45", "12:30", "14:00", "15:20"],
    "floor": ["1", "2", "3"], "money": ["48.20", "112.00", "16.75", "230.10"]}


@dataclass
class Step:
    """One thing somebody does in a thread.  after: the time since the step before."""

    who: str
    verb: str
    argument: str
    after: timedelta
    text: str = ""


@dataclass
class Thread:
    """Something somebody says, of any kind, and what comes of it.  when: ("day", working days ago, time) or ("ago", timedelta),
    or None where the demo chooses.  options: circle, photo, type, urgency; choices, of a poll."""

    kind: str
    by: str
    when: tuple | None
    options: dict
    text: str
    steps: list = field(default_factory=list)


_HEAD = re.compile(r"(question|ticket|article|announcement|idea|kudos|poll) by (\S+?)(?:, (?:day (\d+) (\d\d:\d\d)|(\d+[mh]) ago))?((?:, [a-z]+(?: [\w-]+)?)*)")
_STEP = re.compile(r"(\S+) ([a-z-]+?)(?: ([\w:-]+))? \+(\d+[mh])")
_UNITS = {"m": "minutes", "h": "hours"}
_TYPES = {"request": ("type", "request"), "high": ("urgency", "high"), "low": ("urgency", "low")}


def threads_of(name):
    """The threads of a file in samples/."""
    return [read_thread(part) for part in source_of(name)]


def source_of(name):
    """The threads of a file in samples/ as they are written."""
    return re.split(r"(?m)^=== ", (SAMPLES / name).read_text("utf-8"))[1:]


def read_thread(text):
    """A thread as it is written: a head, its text, and steps.  Raises ValueError where it cannot be read."""
    head, *parts = re.split(r"(?m)^--- ", text)
    line, _, body = head.partition("\n")
    found = _HEAD.fullmatch(line)
    if not found:
        raise ValueError(f"samples: {line}")
    kind, by, day, clock, ago, options = found.groups()
    when = ("day", int(day), time.fromisoformat(clock)) if day else ("ago", span(ago)) if ago else None
    given = dict(map(_option, options.split(", ")[1:]))
    if kind == "poll":
        given["choices"] = re.findall(r"(?m)^\* (.+)$", body)
        body = re.sub(r"(?m)^\* .+\n?", "", body)
    return Thread(kind, by, when, given, body.strip(), [_read_step(part) for part in parts])


def _option(words):
    name, _, value = words.partition(" ")
    return (name, value) if value else _TYPES[name]


def _read_step(text):
    line, _, body = text.partition("\n")
    found = _STEP.fullmatch(line)
    if not found:
        raise ValueError(f"samples: {line}")
    who, verb, argument, after = found.groups()
    return Step(who, verb, argument or "", span(after), body.strip())


def roots_in(thread):
    """How many threads it becomes: a reply of its author to an ended ticket opens another, a major incident is told in public."""
    status, roots = "", 1
    for step in thread.steps:
        status = step.argument if step.verb == "sets" else status
        if step.verb == "says" and step.who == thread.by and status in ("closed", "canceled"):
            status, roots = "new", roots + 1
        roots += step.verb == "declares"
    return roots


def span(text):
    """A span such as 15m or 3h as a timedelta."""
    return timedelta(**{_UNITS[text[-1]]: int(text[:-1])})


def extra_people(count):
    """(e-mail, name) of so many more people, all different."""
    for n in range(count):
        first, last = FIRST[n % len(FIRST)], LAST[(n + n // len(FIRST)) % len(LAST)]
        again = n // (len(FIRST) * len(LAST))
        yield f"colleague{n + 1}@{DOMAIN}", f"{first} {last}" + (f" {again + 1}" if again else "")
