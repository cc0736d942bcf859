"""The exported GraphQL schema: clients are written against the file, so a change of it is always said."""

import difflib
from dataclasses import dataclass
from pathlib import Path

from graphql import build_schema
from graphql.utilities import find_breaking_changes

import api
from api.schema import sdl

FILE = Path(api.__file__).with_name("schema.graphql")


@dataclass(frozen=True, slots=True)
class SchemaChanges:
    """How the program's schema differs from a file of it."""

    diff: list[str]
    """Unified diff; empty where they are the same."""
    breaking: list[str]
    """What an existing client would stumble over, in words."""


def compare(file: Path) -> SchemaChanges:
    """Compare the program's schema with `file`; one that is not there yet counts as empty."""
    old, new = file.read_text() if file.exists() else "", sdl()
    diff = difflib.unified_diff(old.splitlines(), new.splitlines(), str(file), "the program", n=2, lineterm="")
    breaking = find_breaking_changes(build_schema(old), build_schema(new)) if old else []
    return SchemaChanges(list(diff), [change.description for change in breaking])


def export(file: Path) -> SchemaChanges:
    """Write the program's schema to `file`, and say what that changed."""
    changes = compare(file)
    file.write_text(sdl())
    return changes
