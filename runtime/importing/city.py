"""The units, categories, places and channels that rows name: those that stand, or made anew where the mapping lets.

What is made has an id that follows from the source and the names, so that another run, or another file of the same
source, finds it again.
"""

import re
from dataclasses import dataclass, field, replace
from typing import Final

from foundation.crypto import sm3
from foundation.errors import Busy, DomainError
from foundation.trees import Tree
from identity.actors import Actor, Role
from identity.directory import Directory, Snapshot
from identity.documents import Category, Channel, Place, Unit
from identity.errors import UnitInUse
from identity.units import Units
from runtime.composition import App
from runtime.importing.history import Placed
from runtime.importing.mapping import Mapping, TreeMapping
from runtime.importing.rows import Matter, Refused, State
from workorders.exchange.documents import Platform
from workorders.exchange.platforms import MOST_PLATFORMS
from workorders.lifecycle.values import Upstream

FOUNDER: Final = Actor("system:import", frozenset({Role.SYSTEM, Role.ADMINISTRATOR}), label="数据导入")
TRIES: Final = 8
MOST_MADE: Final = 2_000
"""Nodes of one tree that an import makes: more, and the column holds something else, an address for instance."""
LONGEST_WORD: Final = 16
NAMES: Final = {"unit": "承办单位", "category": "诉求分类", "place": "地点", "channel": "受理渠道"}
AnyTree = Tree[Unit] | Tree[Category] | Tree[Place] | Tree[Channel]


@dataclass(slots=True)
class City:
    """Finds the nodes that rows name, in the city as it stood when the import began, with what it made since."""

    units: Units
    directory: Directory
    mapping: Mapping
    snapshot: Snapshot
    platforms: frozenset[str]
    """The platforms above that are connected."""
    found: dict[tuple[str, tuple[str, ...]], tuple[str, ...] | str] = field(default_factory=dict)
    """The path of each name met, or why it cannot be used."""
    made: dict[str, int] = field(default_factory=dict)

    @classmethod
    async def of(cls, app: App, mapping: Mapping) -> "City":
        """The city as it stands now."""
        directory = app.identity.directory
        directory.forget()
        connected = app.database.collection(Platform).find({"revoked_at": None}, {"_id": 1}).limit(MOST_PLATFORMS)
        platforms = frozenset(raw["_id"] for raw in await connected.to_list())
        return cls(app.identity.units, directory, mapping, await directory.snapshot(), platforms)

    async def place(self, matter: Matter) -> Placed:
        """Where a matter stands. Raises `Refused`."""
        paths = {key: await self._path(key, names) for key, names in matter.names.items()}
        unit = paths["unit"]
        if matter.state is State.OPEN:
            unit = self._standing(unit)
            self._require_connected(matter.upstream)
        return Placed(unit=unit, category=paths["category"], place=paths["place"], channel=paths["channel"][-1])

    def name_of(self, unit: str) -> str:
        return self.snapshot.units.names(unit)[-1]

    async def _path(self, key: str, names: tuple[str, ...]) -> tuple[str, ...]:
        known = self.found.get((key, names))
        if known is None:
            try:
                known = await self._find(key, names)
            except Refused as refused:
                known = str(refused)
            self.found[key, names] = known
        if isinstance(known, str):
            raise Refused(known)
        return known

    def _standing(self, unit: tuple[str, ...]) -> tuple[str, ...]:
        """The unit, or who took over from it: somebody has to finish what is open."""
        heir = self.snapshot.successor(unit[-1])
        if heir is None:
            raise Refused(f"承办单位 {unit[-1]} 已撤销，没有承接单位，在办的工单无处可派。")
        return heir.path

    def _require_connected(self, upstream: Upstream | None) -> None:
        """Somebody has to take the answer to what is open."""
        if upstream is not None and upstream.source not in self.platforms:
            raise Refused(f"没有接入编号为 {upstream.source} 的上级平台，在办的上级工单无处上报。")

    async def _find(self, key: str, names: tuple[str, ...]) -> tuple[str, ...]:
        mapped, tree = self.mapping.tree(key), self._tree(key)
        if names and (given := mapped.values.get(names[-1])) is not None:
            return self._known(key, tree, given)
        if not names:
            if mapped.default is None:
                raise Refused(f"缺少{NAMES[key]}。")
            await self._root(key, mapped)
            return self._known(key, self._tree(key), mapped.default)
        parent = await self._root(key, mapped)
        for level in range(1, len(names) + 1):
            parent = await self._child(key, mapped, names[:level], parent)
        return self._known(key, self._tree(key), parent or "")

    async def _child(self, key: str, mapped: TreeMapping, names: tuple[str, ...], parent: str | None) -> str:
        tree, id = self._tree(key), self._id(names)
        if id in tree:
            return id
        alone = len(names) == 1 and len(getattr(self.mapping.columns, key)) == 1
        among = list(tree) if alone else list(tree.children(parent))
        named = [node.id for node in among if node.name == names[-1]]
        if len(named) == 1:
            return named[0]
        if len(named) > 1:
            raise Refused(f"有 {len(named)} 个{NAMES[key]}名为“{names[-1]}”，请在映射的 values 中写明是哪一个。")
        if not mapped.create:
            raise Refused(f"没有名为“{names[-1]}”的{NAMES[key]}，映射也没有让导入时新建。")
        await self._make(key, id, names[-1], parent)
        return id

    async def _root(self, key: str, mapped: TreeMapping) -> str | None:
        """The node under which new ones hang, made if it is missing."""
        if mapped.under is None:
            return None
        if mapped.under.id not in self._tree(key):
            await self._make(key, mapped.under.id, mapped.under.name, None)
        return mapped.under.id

    async def _make(self, key: str, id: str, name: str, parent: str | None) -> None:
        if self.made.get(key, 0) >= MOST_MADE:
            raise Refused(f"新建的{NAMES[key]}已有 {MOST_MADE} 个，映射的列可能不对。")
        for _ in range(TRIES):
            try:
                await self._create(key, id, name, parent)
                break
            except (UnitInUse, Busy):  # another importer makes them too
                self.directory.forget()
                self.snapshot = await self.directory.snapshot()
                if id in self._tree(key):
                    return
            except DomainError as fault:
                raise Refused(f"不能新建{NAMES[key]}“{name[:60]}”：{fault.message}") from None
        else:
            raise Busy
        self.made[key] = self.made.get(key, 0) + 1

    async def _create(self, key: str, id: str, name: str, parent: str | None) -> None:
        now = self.snapshot
        match key:
            case "unit":
                unit = await self.units.create(FOUNDER, id, name, parent)
                self.snapshot = replace(now, units=Tree([*now.units, unit]))
            case "category":
                category = await self.units.create_node(FOUNDER, Category, id, name, parent)
                self.snapshot = replace(now, categories=Tree([*now.categories, category]))
            case "place":
                place = await self.units.create_node(FOUNDER, Place, id, name, parent)
                self.snapshot = replace(now, places=Tree([*now.places, place]))
            case _:
                channel = await self.units.create_node(FOUNDER, Channel, id, name, parent)
                self.snapshot = replace(now, channels=Tree([*now.channels, channel]))

    def _known(self, key: str, tree: AnyTree, id: str) -> tuple[str, ...]:
        if not (path := tree.path(id)):
            raise Refused(f"没有编号为 {id} 的{NAMES[key]}，请检查映射。")
        return path

    def _tree(self, key: str) -> AnyTree:
        snapshot = self.snapshot
        trees: dict[str, AnyTree] = {
            "unit": snapshot.units,
            "category": snapshot.categories,
            "place": snapshot.places,
            "channel": snapshot.channels,
        }
        return trees[key]

    def _id(self, names: tuple[str, ...]) -> str:
        """Readable as far as the name is in Latin letters, and its own by a hash of the whole path."""
        word = re.sub(r"[^a-z0-9]+", "-", names[-1].lower()).strip("-")[:LONGEST_WORD].strip("-")
        own = sm3("\0".join((self.mapping.source, *names)).encode()).hex()[: LONGEST_WORD + 6 - len(word)]
        return "-".join(part for part in (self.mapping.source, word, own) if part)
