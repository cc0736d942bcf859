"""The demo city's data files, checked."""

from functools import cache
from importlib.resources import files
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from foundation.data_files import read_data_file
from workorders.deadlines import Kind

Texts = tuple[str, ...]
Level = Literal["area", "city"]
Spot = Literal["road", "compound", "school", "hospital", "market", "hall", "scenic", "company", "village", "community"]
M = TypeVar("M", bound=BaseModel)

MATTER_FILES = ("urban", "housing", "utilities", "transport", "livelihood", "safety", "services")


class Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Leaf(Table):
    """A third-level category, with how citizens put it."""

    name: str
    issues: Texts = Field(min_length=1)
    says: Texts = Field(min_length=1)
    kinds: tuple[Kind, ...] = (Kind.COMPLAINT, Kind.HELP)
    lead: str | None = None
    street: bool = False
    urgent: bool = False


class Group(Table):
    """A second-level category, with who answers for it, by what right, and what such units reply."""

    name: str
    lead: str | None = None
    level: Level = "city"
    co: Texts = ()
    spot: Spot
    auto: bool = False
    basis: str = ""
    asks: Texts = ()
    replies: Texts = Field(min_length=1)
    leaf: tuple[Leaf, ...]


class Matter(Table):
    """A first-level category."""

    name: str
    group: tuple[Group, ...]


class MatterFile(Table):
    matter: tuple[Matter, ...]


class CityName(Table):
    code: str
    name: str


class AreaTable(CityName):
    """A district 区 or county 县, its streets 街道 and their communities 社区."""

    streets: dict[str, Texts]


class PlacesFile(Table):
    city: CityName
    roads: Texts
    estates: Texts
    estate_kinds: Texts
    villages: Texts
    schools: Texts
    hospitals: Texts
    markets: Texts
    halls: Texts
    scenics: Texts
    company_names: Texts
    company_kinds: Texts
    area: tuple[AreaTable, ...]


class RootTable(Table):
    key: str
    name: str


class BureauTable(Table):
    key: str
    name: str
    area: str | None = None
    parent: str | None = None
    round_the_clock: bool = False


class UnitsFile(Table):
    root: RootTable
    area_government: str
    bureau: tuple[BureauTable, ...]


class PeopleFile(Table):
    surnames: Texts
    given_f: Texts
    given_m: Texts


class PhrasesFile(BaseModel):
    """Named lists of phrases; `phrases["since"]`."""

    model_config = ConfigDict(frozen=True, extra="allow")
    __pydantic_extra__: dict[str, Texts]

    def __getitem__(self, name: str) -> Texts:
        return self.__pydantic_extra__[name]


def _read(name: str, model: type[M]) -> M:
    text = (files(__package__) / f"{name}.toml").read_text(encoding="utf-8")
    return read_data_file(text, model, name=f"{name}.toml")


@cache
def matters() -> tuple[Matter, ...]:
    """The first-level categories, in the order of the files."""
    return tuple(matter for name in MATTER_FILES for matter in _read(f"matters_{name}", MatterFile).matter)


@cache
def places() -> PlacesFile:
    return _read("places", PlacesFile)


@cache
def units() -> UnitsFile:
    return _read("units", UnitsFile)


@cache
def people() -> PeopleFile:
    return _read("people", PeopleFile)


@cache
def phrases() -> PhrasesFile:
    return _read("phrases", PhrasesFile)
