"""Promises of pyproject.toml and the two locks: what a stranger installs is what was tested."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
LOCKS = ("run", "test")
PIN = re.compile(r"^(\S+?)==([^\s;]+)", re.MULTILINE)


def lock_text(name):
    return (ROOT / "requirements" / f"{name}.lock").read_text("utf-8")


def pins(name):
    return dict(PIN.findall(lock_text(name)))


def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def test_the_tests_run_on_the_versions_that_people_install():
    assert pins("run").items() <= pins("test").items()


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_host(name):
    assert not re.search(r"://|^\s*-[^-]|--(index|extra-index|find-links|trusted)", lock_text(name), re.MULTILINE)


@pytest.mark.parametrize("name", LOCKS)
def test_every_pinned_package_has_a_hash(name):
    blocks = re.split(r"^(?=\S+==)", lock_text(name), flags=re.MULTILINE)[1:]
    assert {block.split("==")[0] for block in blocks} == set(pins(name)) and len(blocks) > 10        # one package may be pinned for several Pythons
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_holds_what_the_project_asks_for(name):
    wanted = project()["project"]["dependencies"] + (project()["dependency-groups"]["test"] if name == "test" else [])
    pinned = {canonicalize_name(package): version for package, version in pins(name).items()}
    asked = [Requirement(line) for line in wanted]
    assert [str(one) for one in asked if pinned.get(canonicalize_name(one.name), "none") not in one.specifier] == []
