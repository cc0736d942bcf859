"""The dispatch catalogue as every process holds it: compiled once per version, asked for each order."""

from dataclasses import dataclass, replace
from datetime import date

from identity.actors import Actor
from workorders.lifecycle.terms import Routing as LifecycleRouting
from workorders.lifecycle.terms import TermsLibrary
from workorders.routing.access import require_reader
from workorders.routing.repository import CatalogueRepository
from workorders.routing.rules import Catalogue, Routing, match


@dataclass(frozen=True, slots=True)
class _Compiled:
    version: int
    catalogue: Catalogue


class Router:
    """Answers by the catalogue as last committed when it is asked: one read by `_id` tells whether it changed.

    Satisfies the life cycle's own `Router`.
    """

    def __init__(self, catalogue: CatalogueRepository, library: TermsLibrary) -> None:
        self._catalogue = catalogue
        self._library = library
        self._compiled: _Compiled | None = None

    async def route(
        self, category: tuple[str, ...], place: tuple[str, ...], on: date, excluding: frozenset[str]
    ) -> LifecycleRouting | None:
        """Where an order goes on that local day; None if a person has to decide. Paths are root first."""
        routing = match(await self._current(), category, place, on, excluding)
        if routing.lead is None or routing.rule is None:
            return None
        return LifecycleRouting(
            lead=routing.lead,
            co=routing.co,
            rule=routing.rule,
            reason=routing.reason,
            auto_dispatch=routing.auto_dispatch,
        )

    async def explain(
        self,
        actor: Actor,
        category: tuple[str, ...],
        place: tuple[str, ...],
        on: date,
        excluding: frozenset[str] = frozenset(),
    ) -> Routing:
        """The same for a dispatcher: with its reason, the basis and the runners-up. Raises `NotAllowed`."""
        require_reader(actor)
        return match(await self._current(), category, place, on, excluding)

    async def _current(self) -> Catalogue:
        version = await self._catalogue.version()
        compiled = self._compiled
        if compiled is None or compiled.version != version:
            stored = await self._catalogue.catalogue()
            rules = (document.rule() for document in stored.rules)
            catalogue = Catalogue.compile(rules, {}, await self._catalogue.names())
            compiled = self._compiled = _Compiled(stored.version, catalogue)
        # Units come with every question: an abolished one hands on to its successor from the same moment.
        return replace(compiled.catalogue, units=(await self._library.current()).units)
