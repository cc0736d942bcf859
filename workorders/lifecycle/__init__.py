"""The life cycle 工单流转 of a work order: who may do what to it when, and what it becomes.

    a citizen reports → intake → dispatch → sign → contact → reply → two reviews → callback → archive

An order is one aggregate. Every action takes one road (`office`): read the order, judge it by pure rules (`policy/`),
fold the decided facts into a new value (`folding`), and save order, events, desk rows, timers, outbox rows and
idempotency key in one transaction, on the condition that the order is still as it was judged (`recording`). The log
alone rebuilds the order with all its deadlines.

| file | holds |
|---|---|
| `states` | states 状态, actions 动作, and the one table that joins them |
| `values`, `facts`, `folding` | what an order is made of, what events say, how they change it |
| `policy/`, `access`, `errors` | who may, when, and how often; and why not |
| `office`, `recording` | the one road of every action, and what it writes |
| `intake`, `dispatching`, `handling`, `reviewing` | the verbs |
| `documents`, `repository`, `library` | what is stored and how it is read; rule packs and calendars by version |
| `timing`, `projecting`, `checkpoints`, `notices` | what happens without anybody: timers, tallies, proofs, messages |
"""
