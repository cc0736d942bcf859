"""What the values of a dimension are called, and which of a tree's lie side by side. Pure."""

from foundation.errors import InvalidInput
from foundation.trees import Tree
from identity.directory import Snapshot
from identity.documents import Category, Place, Unit
from workorders.deadlines.values import KIND_NAMES
from workorders.statistics.tallying import NOWHERE, Dimension

KINDS = {kind.value: name for kind, name in KIND_NAMES.items()}
TREES = (Dimension.UNIT, Dimension.CATEGORY, Dimension.PLACE)


def name_of(city: Snapshot, dimension: Dimension, value: str) -> str:
    """The value's name; its id if it is not known any more."""
    match dimension:
        case Dimension.ALL:
            return "全市"
        case Dimension.UNIT if value == NOWHERE:
            return "未经单位办理"
        case Dimension.SOURCE:
            return "本市" if value == NOWHERE else value
        case Dimension.KIND:
            return KINDS.get(value, value)
        case Dimension.UNIT | Dimension.CATEGORY | Dimension.PLACE | Dimension.CHANNEL:
            names = {
                Dimension.UNIT: city.units.names,
                Dimension.CATEGORY: city.categories.names,
                Dimension.PLACE: city.places.names,
                Dimension.CHANNEL: city.channels.names,
            }[dimension](value)
            return names[-1] if names else value
        case _:
            return value


def side_by_side(city: Snapshot, dimension: Dimension, below: str | None) -> tuple[str, ...] | None:
    """The values of a tree directly below one, the only root if none is named; the roots where there are several.

    None for a dimension that is no tree: all its values lie side by side. Raises `InvalidInput` for what is not there.
    """
    tree: Tree[Unit] | Tree[Category] | Tree[Place]
    match dimension:
        case Dimension.UNIT:
            tree = city.units
        case Dimension.CATEGORY:
            tree = city.categories
        case Dimension.PLACE:
            tree = city.places
        case _:
            if below is not None:
                raise InvalidInput.field("below", "只有承办单位、诉求分类和地区可以限定上级。")
            return None
    if below is not None and below not in tree:
        raise InvalidInput.field("below", "未找到所限定的上级。")
    found = [node.id for node in tree.children(below)]
    if below is None and len(found) == 1:
        found = [node.id for node in tree.children(found[0])] or found
    return tuple(found)
