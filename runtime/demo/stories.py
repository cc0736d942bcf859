"""What happens to the demo city's orders: who reports what, when, and which turns it takes. Pure; the same for a seed.

`plan` casts the stories; `lives` lets them happen. A story is told up to its `stop`, or up to today.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from random import Random

from foundation.working_time import Calendar
from runtime.demo.city import RESIDENTS, DemoCity, Node
from workorders.deadlines import Kind, Urgency
from workorders.lifecycle.states import Status
from workorders.lifecycle.values import Reporter

OLDEST = timedelta(days=28)
SETTLED = timedelta(days=12)
"""Whoever reported before that long ago has an archived order, in most stories."""


class Twist(StrEnum):
    """A turn that a story takes beside the straight road."""

    ANSWERED = "answered"  # 即答
    REJECTED = "rejected"  # 不予受理
    WITHDRAWN = "withdrawn"  # 撤单
    RECLASSIFIED = "reclassified"  # 改类
    SUPPLEMENTED = "supplemented"  # 补充
    URGED = "urged"  # 催办
    RETURNED = "returned"  # 退单
    RETURNED_TWICE = "returned_twice"  # 两次退单, 裁定
    RETURN_REFUSED = "return_refused"
    RETURN_PENDING = "return_pending"
    EXTENDED = "extended"  # 延期
    EXTENSION_REFUSED = "extension_refused"
    EXTENSION_PENDING = "extension_pending"
    SUSPENDED = "suspended"  # 挂起
    STILL_SUSPENDED = "still_suspended"
    SUSPENSION_PENDING = "suspension_pending"
    COMPLEX = "complex"  # 疑难
    COMPLEX_PENDING = "complex_pending"
    UNREACHED_FIRST = "unreached_first"  # 首次联系未接通
    DELEGATED = "delegated"  # 转派
    NEVER_SIGNED = "never_signed"  # the timer signs
    LATE = "late"  # 超期
    SENT_BACK_BY_HEAD = "sent_back_by_head"
    SENT_BACK_BY_HOTLINE = "sent_back_by_hotline"
    UNREACHED = "unreached"  # 三次未接通
    RATED = "rated"  # 市民在线评价
    RATED_BADLY = "rated_badly"
    REDONE = "redone"  # 重办
    FINALLY_ANSWERED = "finally_answered"  # 最终答复
    COMPLAINS_OF_UNIT = "complains_of_unit"  # 被投诉单位回避
    APPEAL_PENDING = "appeal_pending"  # 申诉待审核
    APPEAL_UPHELD = "appeal_upheld"  # 申诉成立, 剔除
    APPEAL_REJECTED = "appeal_rejected"  # 申诉不成立
    EXCLUDED = "excluded"  # 督办直接剔除


@dataclass(frozen=True, slots=True)
class Plot:
    """One story. `days` and `minutes` of working time until the unit replies; `stop` is where it stands today."""

    number: int
    received: datetime
    stop: Status
    channel: str
    kind: Kind
    urgency: Urgency
    reporter: Reporter
    resident: int
    leaf: str
    place: Node
    reply_after: timedelta
    twists: frozenset[Twist] = frozenset()
    spot: str | None = None

    def has(self, *twists: Twist) -> bool:
        return not self.twists.isdisjoint(twists)


@dataclass(frozen=True, slots=True)
class Part:
    """So many of 300 stories end here, with these turns. `minutes` is how long ago they came in: of working time, by
    the clock where units act at any hour; without it they are settled."""

    share: int
    stop: Status
    twists: tuple[Twist, ...] = ()
    minutes: tuple[int, int] | None = None
    urgency: Urgency = Urgency.NORMAL
    reporter: Reporter | None = None
    channel: str | None = None


T, S = Twist, Status
DAY = 450
CAST = (
    # Settled: the straight road and its turns.
    Part(62, S.CLOSED),
    Part(4, S.CLOSED, (T.LATE,)),
    Part(9, S.CLOSED, (T.EXTENDED,)),
    Part(2, S.CLOSED, (T.EXTENSION_REFUSED, T.LATE)),
    Part(7, S.CLOSED, (T.RETURNED,)),
    Part(3, S.CLOSED, (T.RETURNED_TWICE,)),
    Part(3, S.CLOSED, (T.RETURN_REFUSED,)),
    Part(3, S.CLOSED, (T.SUSPENDED,)),
    Part(2, S.CLOSED, (T.COMPLEX,)),
    Part(6, S.CLOSED, (T.DELEGATED,)),
    Part(4, S.CLOSED, (T.NEVER_SIGNED, T.URGED)),
    Part(5, S.CLOSED, (T.SENT_BACK_BY_HEAD,)),
    Part(5, S.CLOSED, (T.SENT_BACK_BY_HOTLINE,)),
    Part(5, S.CLOSED, (T.UNREACHED,)),
    Part(12, S.CLOSED, (T.RATED,), channel="mini_program"),
    Part(5, S.CLOSED, (T.REDONE,)),
    Part(2, S.CLOSED, (T.REDONE, T.FINALLY_ANSWERED)),
    Part(4, S.CLOSED, (T.RECLASSIFIED, T.SUPPLEMENTED)),
    Part(4, S.CLOSED, (T.COMPLAINS_OF_UNIT,), reporter=Reporter.CONFIDENTIAL),
    Part(7, S.CLOSED, reporter=Reporter.ANONYMOUS),
    Part(6, S.CLOSED, reporter=Reporter.CONFIDENTIAL),
    Part(5, S.CLOSED, channel="upstream"),
    Part(8, S.CLOSED, urgency=Urgency.URGENT),
    Part(4, S.CLOSED, urgency=Urgency.EMERGENCY),
    Part(2, S.CLOSED, (T.APPEAL_UPHELD,)),
    Part(2, S.CLOSED, (T.APPEAL_REJECTED,)),
    Part(1, S.CLOSED, (T.EXCLUDED,)),
    Part(34, S.CLOSED, (T.ANSWERED,)),
    Part(7, S.REJECTED, (T.REJECTED,)),
    Part(6, S.WITHDRAWN, (T.WITHDRAWN,)),
    # Open today, from the first desk to the last; some are overdue.
    Part(8, S.RECEIVED, minutes=(3, 150)),
    Part(4, S.RECEIVED, minutes=(240, 700)),
    Part(3, S.RECEIVED, (T.RETURNED,), minutes=(300, 900)),
    Part(1, S.RECEIVED, (T.RETURNED_TWICE,), minutes=(500, 1000)),
    Part(7, S.DISPATCHED, minutes=(15, 90)),
    Part(2, S.DISPATCHED, minutes=(3, 12), urgency=Urgency.URGENT),
    Part(22, S.IN_PROGRESS, minutes=(200, 4 * DAY)),
    Part(8, S.IN_PROGRESS, (T.LATE, T.URGED), minutes=(6 * DAY, 9 * DAY)),
    Part(2, S.IN_PROGRESS, minutes=(30, 60), urgency=Urgency.EMERGENCY),
    Part(2, S.IN_PROGRESS, (T.RETURN_PENDING,), minutes=(180, 400)),
    Part(3, S.IN_PROGRESS, (T.EXTENSION_PENDING,), minutes=(2 * DAY, 4 * DAY)),
    Part(1, S.IN_PROGRESS, (T.SUSPENSION_PENDING,), minutes=(DAY, 3 * DAY)),
    Part(1, S.IN_PROGRESS, (T.COMPLEX_PENDING,), minutes=(DAY, 3 * DAY)),
    Part(3, S.IN_PROGRESS, (T.STILL_SUSPENDED,), minutes=(2 * DAY, 4 * DAY)),
    Part(2, S.IN_PROGRESS, (T.EXTENDED,), minutes=(3 * DAY, 5 * DAY)),
    Part(2, S.IN_PROGRESS, (T.COMPLEX,), minutes=(6 * DAY, 9 * DAY)),
    Part(2, S.IN_PROGRESS, (T.DELEGATED,), minutes=(2 * DAY, 4 * DAY)),
    Part(2, S.IN_PROGRESS, (T.APPEAL_PENDING,), minutes=(2 * DAY, 4 * DAY)),
    Part(2, S.IN_PROGRESS, (T.REDONE,), minutes=(5 * DAY, 7 * DAY)),
    Part(2, S.IN_PROGRESS, minutes=(DAY, 3 * DAY), channel="upstream"),
    Part(7, S.UNIT_REVIEW, minutes=(2 * DAY, 4 * DAY)),
    Part(8, S.HOTLINE_REVIEW, minutes=(2 * DAY, 5 * DAY)),
    Part(10, S.CALLBACK, minutes=(3 * DAY, 6 * DAY)),
    Part(3, S.CALLBACK, (T.RATED_BADLY,), minutes=(3 * DAY, 6 * DAY), channel="mini_program"),
    # On the desk of phone tasks.
    Part(2, S.DISPATCHED, minutes=(4, 20), urgency=Urgency.EMERGENCY),
)
"""Of about 330 stories."""

CHANNELS = (("phone", 62), ("mini_program", 16), ("app", 8), ("web", 6), ("letter", 3), ("media", 3), ("wechat", 2))
"""How many of a hundred come in by each channel, where the part does not say."""


@dataclass(slots=True)
class HotSpot:
    """Neighbours who complain of the same thing at the same spot, one after the other."""

    leaf: str
    place: Node
    spot: str
    left: int = field(default=0)


def plan(city: DemoCity, seed: int, now: datetime, calendar: Calendar, orders: int) -> tuple[Plot, ...]:
    """About `orders` stories that came in during the four weeks before `now`, in the order of the cast."""
    random = Random(f"stories {seed}")  # noqa: S311 (plausible, not secret)
    total = sum(part.share for part in CAST)
    hot = _hot_spots(city, random)
    plots: list[Plot] = []
    for part in CAST:
        for _ in range(max(1, round(part.share * orders / total))):
            plots.append(_plot(len(plots), part, city, random, now, calendar, hot))
    return tuple(plots)


def _plot(
    number: int,
    part: Part,
    city: DemoCity,
    random: Random,
    now: datetime,
    calendar: Calendar,
    hot: list[HotSpot],
) -> Plot:
    leaf, place, spot = _matter(part, city, random, hot)
    kind = _kind(part, city, leaf, random)
    twists = frozenset(part.twists) | _small_turns(part, random)
    return Plot(
        number=number,
        received=_received(part, random, now, calendar),
        stop=part.stop,
        channel=_channel(part, random),
        kind=kind,
        urgency=part.urgency,
        reporter=part.reporter or Reporter.OPEN,
        resident=random.randrange(RESIDENTS),
        leaf=leaf,
        place=place,
        reply_after=_reply_after(kind, twists, random),
        twists=twists,
        spot=spot,
    )


def _matter(part: Part, city: DemoCity, random: Random, hot: list[HotSpot]) -> tuple[str, Node, str | None]:
    """What it is about and where: something urgent for the urgent, now and then a hot spot, else anything."""
    if part.urgency is not Urgency.NORMAL:
        urgent = sorted(id for id, (_, leaf) in city.leaves.items() if leaf.urgent)
        return random.choice(urgent), random.choice(city.communities), None
    if Twist.DELEGATED in part.twists:
        # Only units that have others below them can hand down.
        delegating = sorted(id for id, (group, _) in city.leaves.items() if group.lead in ("police", "heat"))
        return random.choice(delegating), _counties(city, random), None
    waits = part.stop in (Status.RECEIVED, Status.REJECTED) or Twist.ANSWERED in part.twists
    for spot in hot if not waits else ():
        if spot.left and random.random() < 0.06:
            spot.left -= 1
            return spot.leaf, spot.place, spot.spot
    leaf = random.choice(_waiting_for_a_person(city) if waits else sorted(city.leaves))
    rural = city.leaves[leaf][0].spot == "village"
    fitting = [place for place in city.communities if place.name.endswith("村") == rural]
    return leaf, random.choice(fitting), None


def _waiting_for_a_person(city: DemoCity) -> list[str]:
    """Matters that never go out by themselves: an order can lie on the dispatchers' desk."""
    return sorted(id for id, (group, leaf) in city.leaves.items() if not group.auto and not leaf.street)


def _counties(city: DemoCity, random: Random) -> Node:
    """A community of a county: heating there is the group's own, which may hand it to a branch."""
    return random.choice([place for place in city.communities if place.path[1] in ("990121", "990122")])


def _hot_spots(city: DemoCity, random: Random) -> list[HotSpot]:
    spots = []
    for name, left in (("室温不达标", 14), ("施工噪声", 8), ("预付卡退费", 7), ("延期交房", 6)):
        leaf = next(id for id, (_, known) in city.leaves.items() if known.name == name)
        place = random.choice([place for place in city.communities if place.name.endswith("社区")])
        spot = "悦动健身会所" if name == "预付卡退费" else random.choice(city.estates(place.id))
        spots.append(HotSpot(leaf, place, spot, left))
    return spots


def _kind(part: Part, city: DemoCity, leaf: str, random: Random) -> Kind:
    if Twist.ANSWERED in part.twists:
        return Kind.CONSULT
    if Twist.COMPLAINS_OF_UNIT in part.twists:
        return Kind.COMPLAINT
    kinds = city.leaves[leaf][1].kinds
    if not part.twists and part.urgency is Urgency.NORMAL and random.random() < 0.2:
        return Kind.CONSULT
    return random.choice([kind for kind in kinds if kind is not Kind.CONSULT] or list(kinds))


def _small_turns(part: Part, random: Random) -> frozenset[Twist]:
    """What may happen to any order that a unit works on."""
    if part.stop in (Status.RECEIVED, Status.DISPATCHED) or Twist.ANSWERED in part.twists:
        return frozenset()
    chances = ((Twist.SUPPLEMENTED, 0.1), (Twist.URGED, 0.08), (Twist.UNREACHED_FIRST, 0.15))
    return frozenset(twist for twist, chance in chances if random.random() < chance)


def _channel(part: Part, random: Random) -> str:
    if part.channel is not None:
        return part.channel
    channels, weights = zip(*CHANNELS, strict=True)
    drawn: str = random.choices(channels, weights)[0]
    return drawn if Twist.ANSWERED not in part.twists else "phone"


def _received(part: Part, random: Random, now: datetime, calendar: Calendar) -> datetime:
    """When it came in: so much working time ago, or some time in the settled weeks, mostly by day."""
    if part.minutes is not None:
        ago = timedelta(minutes=random.randint(*part.minutes), seconds=random.randrange(60))
        by_the_clock = part.stop is Status.DISPATCHED or part.urgency is not Urgency.NORMAL
        return now - ago if by_the_clock else calendar.add(now, -ago)
    moment = now - timedelta(seconds=random.uniform(SETTLED.total_seconds(), OLDEST.total_seconds()))
    if random.random() < 0.8:
        moment = calendar.next_open(moment) + timedelta(seconds=random.randrange(3_000))
    return moment


def _reply_after(kind: Kind, twists: frozenset[Twist], random: Random) -> timedelta:
    """Working time from signing to the reply: well within the limit, or two days past it."""
    if Twist.LATE in twists:
        return timedelta(minutes=random.randint(6 * DAY, 8 * DAY))
    if kind is Kind.CONSULT:
        return timedelta(minutes=random.randint(40, 330))
    if not twists.isdisjoint({Twist.EXTENDED, Twist.SUSPENDED, Twist.COMPLEX}):
        return timedelta(minutes=random.randint(3 * DAY, 4 * DAY))
    return timedelta(minutes=random.randint(120, 4 * DAY))
