"""How much one document may ask for; looked at before it is validated and before anything of it is executed.

A document is measured with its fragments spread out, in time that grows with its length only: fragments that spread
others twice each would otherwise be 2¹⁰⁰ fields. The specification's own rules compare all fields of one name in one
place with each other, 35 µs a pair: so there are bounds on that too.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    Node,
    OperationDefinitionNode,
    SelectionSetNode,
)

DEEPEST = 12
MOST_FIELDS = 1_000
MOST_ROOT_FIELDS = 20
"""Each may cost a page."""
MOST_ALIKE = 10
"""How often one place may be asked for under the same name; it is answered once."""
MOST_REPEATED = 2
"""How often a field may lie below itself: an order's assignments' order's assignments, and no further."""


def excess(document: DocumentNode) -> list[GraphQLError]:
    """What a document, valid or not, asks too much of. Introspection may be deeper."""
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    measure = _Measure(fragments)
    try:
        for each in document.definitions:
            if isinstance(each, OperationDefinitionNode):
                measure.check(each)
        measure.check_unused()
    except _Excess as found:
        return [GraphQLError(str(found), found.node)]
    return []


class _Excess(Exception):
    def __init__(self, message: str, node: Node) -> None:
        super().__init__(message)
        self.node = node


class _Measure:
    def __init__(self, fragments: dict[str, FragmentDefinitionNode]) -> None:
        self._fragments = fragments
        self._counted: dict[str, int | None] = {}
        """Fields of each fragment; None while it is being counted."""

    def check(self, operation: OperationDefinitionNode) -> None:
        """Raises `_Excess`."""
        selections = operation.selection_set
        if self._count(selections) > MOST_FIELDS:  # first: what follows looks at every field
            raise _Excess(f"一次请求最多查询 {MOST_FIELDS} 个字段。", operation)
        if sum(1 for _ in self._fields([selections])) > MOST_ROOT_FIELDS:
            raise _Excess(f"一次请求最多查询 {MOST_ROOT_FIELDS} 个顶层字段。", operation)
        self._walk([selections], 1, Counter())

    def check_unused(self) -> None:
        """After all operations. Raises `_Excess` for a fragment that none of them spread: it was not measured."""
        for name, fragment in self._fragments.items():
            if name not in self._counted:
                raise _Excess(f"片段 {name} 没有用到。", fragment)

    def _count(self, selections: SelectionSetNode) -> int:
        """All fields below, fragments spread out."""
        many = 0
        for each in selections.selections:
            if isinstance(each, FragmentSpreadNode):
                many += self._count_fragment(each)
            elif isinstance(each, InlineFragmentNode):
                many += self._count(each.selection_set)
            elif isinstance(each, FieldNode):
                many += 1 + (self._count(each.selection_set) if each.selection_set else 0)
        return many

    def _count_fragment(self, spread: FragmentSpreadNode) -> int:
        name = spread.name.value
        if name not in self._fragments:
            return 0  # validation names it
        if name not in self._counted:
            self._counted[name] = None
            self._counted[name] = self._count(self._fragments[name].selection_set)
        counted = self._counted[name]
        if counted is None:
            raise _Excess(f"片段 {name} 循环引用了自身。", spread)
        return counted

    def _fields(self, places: Sequence[SelectionSetNode]) -> Iterator[FieldNode]:
        for place in places:
            for each in place.selections:
                if isinstance(each, FieldNode):
                    yield each
                elif isinstance(each, FragmentSpreadNode):
                    fragment = self._fragments.get(each.name.value)
                    yield from self._fields([fragment.selection_set] if fragment else [])
                elif isinstance(each, InlineFragmentNode):
                    yield from self._fields([each.selection_set])

    def _walk(self, places: Sequence[SelectionSetNode], depth: int, above: Counter[str]) -> None:
        """Look at all that is asked in one place of the answer, which may be written in several."""
        asked: dict[str, list[FieldNode]] = defaultdict(list)
        for field in self._fields(places):
            alike = asked[field.alias.value if field.alias else field.name.value]
            alike.append(field)
            if len(alike) > MOST_ALIKE:
                raise _Excess(f"同一字段最多重复 {MOST_ALIKE} 次。", field)
        for alike in asked.values():
            first, below = alike[0], [field.selection_set for field in alike if field.selection_set is not None]
            name = first.name.value
            if not below or name.startswith("__"):
                continue
            if depth > DEEPEST:
                raise _Excess(f"查询最多嵌套 {DEEPEST} 层。", first)
            if above[name] >= MOST_REPEATED:
                raise _Excess(f"{name} 在自身之下最多出现 {MOST_REPEATED - 1} 次。", first)
            above[name] += 1
            self._walk(below, depth + 1, above)
            above[name] -= 1
