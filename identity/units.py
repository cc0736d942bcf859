"""Member units 成员单位 as a tree, and the other reference trees: made, moved, changed, abolished."""

import re
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar
from zoneinfo import ZoneInfo

from foundation.changes import AlreadyClaimed, Change, StaleWrite
from foundation.clock import Clock
from foundation.errors import Busy, Conflict, DomainError, InvalidInput, NotFound
from foundation.idempotency import Once
from foundation.trees import TreeFault, path_below
from identity.access import Permission, may_read_staff, require
from identity.actors import Actor
from identity.audit import Audited, audited
from identity.directory import Directory
from identity.documents import Category, Channel, Contact, DutyShift, Place, Unit
from identity.duty import checked_contacts, checked_roster
from identity.errors import NotATree, UnitAbolished, UnitInUse
from identity.repository import Repository

ID: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
TRIES: Final = 8
MOST_MOVED: Final = 500
MOST_ANSWERED_FOR: Final = 500

TreeDocument = Unit | Category | Place | Channel
T = TypeVar("T", bound=Unit | Category | Place | Channel)
N = TypeVar("N", bound=Category | Place | Channel)


@dataclass(frozen=True, slots=True)
class UnitDetails:
    """What is known of a unit beside its name and place in the tree; None leaves a field as it is."""

    calendar: str | None = None
    contacts: Sequence[Contact] | None = None
    duty: Sequence[DutyShift] | None = None
    categories: Sequence[str] | None = None
    places: Sequence[str] | None = None

    def checked(self) -> dict[str, Any]:
        """The fields to change. Raises InvalidInput."""
        fields: dict[str, Any] = {}
        if self.calendar is not None:
            fields["calendar"] = self.calendar or None
        if self.contacts is not None:
            fields["contacts"] = checked_contacts(self.contacts)
        if self.duty is not None:
            fields["duty"] = checked_roster(self.duty)
        if self.categories is not None:
            fields["categories"] = _checked_list("categories", self.categories)
        if self.places is not None:
            fields["places"] = _checked_list("places", self.places)
        return fields


NO_DETAILS: Final = UnitDetails()


class Calendars(Protocol):
    """The working calendars that units may name, kept by another domain and handed over at start-up."""

    async def names(self) -> Collection[str]: ...


class Units:
    """What administrators do with units and reference trees. Every change is audited and seen within seconds.

    Exactly once under an idempotency key: the same request sent again answers the node as it is now. A key that was
    used for another request raises KeyReused.
    """

    def __init__(
        self, repository: Repository, directory: Directory, clock: Clock, zone: ZoneInfo, calendars: Calendars
    ) -> None:
        self._repository, self._directory = repository, directory
        self._clock, self._zone, self._calendars = clock, zone, calendars

    async def read(self, actor: Actor, id: str) -> Unit:
        """A unit with its contacts and duty roster, for whoever may know its people. Raises NotFound."""
        unit = await self._repository.unit(id)
        if unit is None or not may_read_staff(actor, unit.path):
            raise NotFound
        return unit

    async def create(
        self,
        actor: Actor,
        id: str,
        name: str,
        parent: str | None,
        details: UnitDetails = NO_DETAILS,
        *,
        once: Once | None = None,
    ) -> Unit:
        """Make a unit. Raises NotAllowed, InvalidInput, NotFound (parent), UnitAbolished, NotATree, UnitInUse."""
        require(actor, Permission.MANAGE_UNITS)

        async def run() -> Unit:
            path = await self._path(Unit, _checked_id(id), parent)
            unit = Unit(_id=id, name=_checked_name(name), parent=parent, path=path, **details.checked())
            await self._require_known_references(unit)
            await self._insert(actor, unit, Audited.UNIT_CREATED, once)
            return unit

        return await self._once(Unit, once, run())

    async def change(
        self,
        actor: Actor,
        id: str,
        *,
        name: str | None = None,
        details: UnitDetails = NO_DETAILS,
        once: Once | None = None,
    ) -> Unit:
        """Change name or details. Raises NotAllowed, NotFound, InvalidInput, UnitAbolished, Busy."""
        require(actor, Permission.MANAGE_UNITS)
        fields = details.checked() | ({"name": _checked_name(name)} if name is not None else {})

        def apply(unit: Unit) -> Unit:
            _require_standing(unit)
            return unit.changed(**fields)

        changing = self._changed(actor, Unit, id, apply, Audited.UNIT_CHANGED, sorted(fields), once)
        return await self._once(Unit, once, changing)

    async def abolish(self, actor: Actor, id: str, successor: str, *, once: Once | None = None) -> Unit:
        """Abolish a unit as of today (local date); the successor takes over what is open, and takes staff by hand.

        Raises NotAllowed, NotFound, UnitAbolished (either of them), Conflict while units below it stand, Busy.
        """
        require(actor, Permission.MANAGE_UNITS)
        today = self._clock.now().astimezone(self._zone).date().isoformat()

        def apply(unit: Unit) -> Unit:
            _require_standing(unit)
            return unit.changed(abolished_on=today, successor=successor)

        async def judge() -> None:
            heir = await self._known(Unit, successor)
            _require_standing(heir)
            if successor == id or id in heir.path:
                raise NotATree("承接单位不能是被撤销单位自身或其下级。")
            self._directory.forget()
            below = (await self._directory.snapshot()).units.children(id)
            if any(child.abolished_on is None for child in below):
                raise Conflict("该单位仍有下级单位，请先调整下级单位。")

        changing = self._changed(actor, Unit, id, apply, Audited.UNIT_ABOLISHED, [successor], once, judge)
        return await self._once(Unit, once, changing)

    async def create_node(
        self,
        actor: Actor,
        model: type[N],
        id: str,
        name: str,
        parent: str | None,
        *,
        once: Once | None = None,
    ) -> N:
        """Make a category, place or channel. Raises NotAllowed, InvalidInput, NotFound, NotATree, UnitInUse."""
        require(actor, Permission.MANAGE_REFERENCE)

        async def run() -> N:
            path = await self._path(model, _checked_id(id), parent)
            node = model(_id=id, name=_checked_name(name), parent=parent, path=path)
            await self._insert(actor, node, Audited.REFERENCE_CHANGED, once)
            return node

        return await self._once(model, once, run())

    async def change_node(
        self,
        actor: Actor,
        model: type[N],
        id: str,
        *,
        name: str | None = None,
        retired: bool | None = None,
        once: Once | None = None,
    ) -> N:
        """Rename or retire a category, place or channel. Raises NotAllowed, InvalidInput, NotFound, Busy."""
        require(actor, Permission.MANAGE_REFERENCE)
        fields: dict[str, Any] = {"name": _checked_name(name)} if name is not None else {}
        if retired is not None:
            fields["retired"] = retired

        def apply(node: N) -> N:
            return node.changed(**fields)

        changing = self._changed(actor, model, id, apply, Audited.REFERENCE_CHANGED, sorted(fields), once)
        return await self._once(model, once, changing)

    async def move(self, actor: Actor, model: type[T], id: str, parent: str | None, *, once: Once | None = None) -> T:
        """Hang a node, with all below it, under another parent, in one transaction. What is closed keeps the paths
        of its day.

        Raises NotAllowed, NotFound, NotATree, UnitAbolished, InvalidInput over MOST_MOVED nodes, Busy.
        """
        require(actor, Permission.MANAGE_UNITS if model is Unit else Permission.MANAGE_REFERENCE)
        return await self._once(model, once, self._moved(actor, model, id, parent, once))

    async def _once(self, model: type[T], once: Once | None, running: Awaitable[T]) -> T:
        """What comes of it; or, where the same request was carried out before, the node as it is now."""
        try:
            return await running
        except (DomainError, AlreadyClaimed):
            earlier = None if once is None else await self._repository.answered(once)
            if earlier is None:
                raise
        self._directory.forget()
        return await self._known(model, earlier)

    async def _moved(self, actor: Actor, model: type[T], id: str, parent: str | None, once: Once | None) -> T:
        for _ in range(TRIES):
            path: tuple[str, ...] = await self._path(model, id, parent)
            nodes = await self._repository.all_of(model)
            moved = [node for node in nodes if id in node.path]
            if not moved:
                raise NotFound
            if len(moved) > MOST_MOVED:
                raise InvalidInput(f"一次最多移动{MOST_MOVED}个节点，请分批调整。")
            change, top = Change(), moved[0]
            for node in moved:
                below: tuple[str, ...] = node.path[node.path.index(id) + 1 :]
                fresh = node.changed(path=(*path, *below), version=node.version + 1)
                if node.id == id:
                    fresh = fresh.changed(parent=parent)
                    top = fresh
                change.replace(fresh, expecting={"version": node.version})
            # The new ancestors must still stand where they stood: two moves at once could close a circle.
            for ancestor in path[:-1]:
                change.update(
                    model,
                    ancestor,
                    {"$inc": {"version": 1}},
                    expecting=_as_it_stood(model, path[: path.index(ancestor) + 1]),
                )
            what = Audited.UNIT_CHANGED if model is Unit else Audited.REFERENCE_CHANGED
            self._tell(change, actor, model, id, what, {"parent": parent, "nodes": len(moved)}, once)
            try:
                await self._repository.save(change)
            except StaleWrite:
                continue
            self._directory.forget()
            return top
        raise Busy

    async def _path(
        self, model: type[Unit] | type[Category] | type[Place] | type[Channel], id: str, parent: str | None
    ) -> tuple[str, ...]:
        above: tuple[str, ...] = ()
        if parent is not None:
            node: TreeDocument = await self._known(model, parent)
            if isinstance(node, Unit):
                _require_standing(node)
            above = node.path
        try:
            return path_below(above, id)
        except TreeFault:
            raise NotATree from None

    async def _known(self, model: type[T], id: str) -> T:
        node = await self._repository.node(model, id)
        if node is None:
            raise NotFound
        return node

    async def _require_known_references(self, unit: Unit) -> None:
        self._directory.forget()  # another process may have made them a moment ago
        snapshot = await self._directory.snapshot()
        for path, named, tree in (
            ("categories", unit.categories, snapshot.categories),
            ("places", unit.places, snapshot.places),
        ):
            unknown = [id for id in named if id not in tree]
            if unknown:
                raise InvalidInput.field(path, f"类别或区域不存在：{unknown[0][:40]}。")
        if unit.calendar is not None and unit.calendar not in await self._calendars.names():
            raise InvalidInput.field("calendar", "没有这个工作日历。")

    async def _insert(self, actor: Actor, node: TreeDocument, what: Audited, once: Once | None) -> None:
        change = Change().insert(node)
        if node.parent is not None:  # which still stands, and where it stood, or the new path would be wrong
            expecting = _as_it_stood(type(node), node.path[:-1])
            change.update(type(node), node.parent, {"$inc": {"version": 1}}, expecting=expecting)
        self._tell(change, actor, type(node), node.id, what, {"parent": node.parent}, once)
        try:
            await self._repository.save(change)
        except AlreadyClaimed:
            raise UnitInUse from None
        except StaleWrite:
            raise Busy from None
        self._directory.forget()

    async def _changed(
        self,
        actor: Actor,
        model: type[T],
        id: str,
        apply: Callable[[T], T],
        what: Audited,
        details: Sequence[str],
        once: Once | None,
        judge: Callable[[], Awaitable[None]] | None = None,
    ) -> T:
        """`judge` looks at the tree around the node after the node was read: what is hung below it from then on makes
        the write stale."""
        for _ in range(TRIES):
            node = await self._known(model, id)
            if judge is not None:
                await judge()
            fresh = apply(node).changed(version=node.version + 1)
            if isinstance(fresh, Unit):
                await self._require_known_references(fresh)
            change = Change().replace(fresh, expecting={"version": node.version})
            self._tell(change, actor, model, id, what, {"details": list(details)}, once)
            try:
                await self._repository.save(change)
            except StaleWrite:
                continue
            self._directory.forget()
            return fresh
        raise Busy

    def _tell(
        self,
        change: Change,
        actor: Actor,
        model: type[TreeDocument],
        id: str,
        what: Audited,
        details: dict[str, Any],
        once: Once | None,
    ) -> None:
        """Add the audit entry, and the idempotency key where there is one."""
        now = self._clock.now()
        change.insert(audited(actor, what, f"{model.__name__.lower()}:{id}", now, details=details))
        if once is not None:
            once.record(change, id, now)


def _as_it_stood(model: type[TreeDocument], path: tuple[str, ...]) -> dict[str, Any]:
    """What a node that others are hung below is expected to be still."""
    return {"path": list(path), **({"abolished_on": None} if model is Unit else {})}


def _require_standing(unit: Unit) -> None:
    if unit.abolished_on is not None:
        raise UnitAbolished


def _checked_list(path: str, ids: Sequence[str]) -> tuple[str, ...]:
    if len(ids) > MOST_ANSWERED_FOR:
        raise InvalidInput.field(path, f"最多选择{MOST_ANSWERED_FOR}项。")
    return tuple(dict.fromkeys(ids))


def _checked_id(id: str) -> str:
    if not ID.fullmatch(id):
        raise InvalidInput.field("id", "编号须为1至40位小写字母、数字、点、下划线或连字符。")
    return id


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= 60 or not name.isprintable():
        raise InvalidInput.field("name", "请填写名称（1至60字）。")
    return name
