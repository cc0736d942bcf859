"""The rules of the actions: one pure function each, `(case, …) -> Decision`, or an error that says why not.

| file | actions of |
|---|---|
| `case` | what all of them are given, and the first questions: may you, and is the order in a state for it |
| `hotline` | operator, dispatcher, reviewer |
| `unit` | clerk and head of a unit |
| `requests` | what a unit asks for, and its granting or refusing |
| `callback` | callback agent, citizen's rating, redo, final answer |
| `citizen` | supplement, urge, withdraw |
| `upstream` | consent, answer, acknowledgement and callback of the platform above |
| `merging` | what makes one order of two, and two of one again |
| `supervision` | supervisor, leadership, and the rules; the unit's answer; what a meeting decided |
| `exclusion` | a unit's appeal, and what a supervisor decides: whether the order counts in the rates |
| `correcting` | open deadlines by a calendar that was corrected |
| `phoning` | the phone task of an emergency: up the duty roster, then to the supervisors |
| `automatic` | what follows by rule in the same transaction |
"""
