"""Supervision 督办: what the hotline does so that nothing is left undone, and nothing is done twice.

**Supervision 督办.** A supervisor, a leader's instruction 批示 or a rule watches over an order: with a level, an own
deadline, the unit's answer and a closing. It may bring replies forward, and postpones none. Meetings 联席会议, 督办会
put an outcome on each of their orders. What is supervised, and what it moves, says `lifecycle/policy/supervision.py`.

**Merging 合并.** A duplicate 重复件 is merged into its main order 主单. The child keeps its number, state, callback and
rating; nobody works on it, it leaves the desks, and its clocks are muted 静默. When the main order's reply is accepted,
each child goes to the callback with that answer 随主单答复, and its own citizen reads and rates it. A main order that
ends without an accepted reply lets its children go: they stand where they stood. What is merged, and what is not, says
`lifecycle/policy/merging.py`. Candidates 疑似重复件 are offered to the dispatcher with their reasons.

**Escalation 升级.** When a light crosses a line, whom the rule pack names is told of it in their inbox, each line once.

**Emergencies 特急.** Whoever is on duty at the lead unit is called by phone, up the roster; then it is the supervisors'
matter. Whose turn it is when, says `lifecycle/policy/phoning.py`.

**Exclusion 剔除.** A supervisor may leave an order out of every rate, upon a unit's appeal 申诉 or without, and take
that back. Who may appeal, and until when, says `lifecycle/policy/exclusion.py`.

| file | holds |
|---|---|
| `supervising`, `meetings` | the verbs of supervision, and of meetings |
| `repeating` | complaints that repeat about one place, one consumer of the outbox |
| `merging` | the verbs: merge, unmerge |
| `following` | what becomes of the children, one consumer of the outbox |
| `candidates`, `likeness` | which orders may be the same matter, and how much two texts are alike (pure) |
| `escalation`, `notices` | who is told of a line, and in what words (pure) |
| `telling` | tells them, one consumer of the outbox |
| `excluding` | the verbs of appeal and exclusion; supervisors and heads are told, one consumer of the outbox |
| `phoning` | calls recorded, confirmed; supervisors are told, one consumer of the outbox |
| `inbox` | what is needed of others for that: people and their inbox |
"""
