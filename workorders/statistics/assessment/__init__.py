"""Assessment 考核: what a unit's month is worth by a scheme that is data, explainable to the single order.

| file | holds |
|---|---|
| `schemes` | a scheme 考核方案: items, weights, lines; checked as a file, immutable (pure) |
| `scoring`, `standing` | from counts and marks to points, and who stands where (pure) |
| `library` | published versions, and which a month is scored by |
| `upkeep` | what a supervisor records of a unit's knowledge base 知识库维护 |
| `reading`, `explaining` | scores of a month, and the orders that cost points, each naming its reader |
| `documents`, `access`, `errors` | what is stored, who may do what, and what can be wrong |
"""
