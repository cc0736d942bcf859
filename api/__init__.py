"""The API 接口: GraphQL at `/graphql`, files, health and metrics. Nothing but translation lives here.

    services    what the API is handed by the composition root
    app         the HTTP application of one process
    schema      the GraphQL schema put together; `schema.graphql` is its exported text
    http/       everything about HTTP itself: the GraphQL view, limits, logs, metrics
    workorders/ notifications/ identity/   one sub-package per domain: its types, queries, mutations, subscriptions

Rules that every domain's part follows:

1. A root field that can fail as its callers expect answers a union of its result and `Problem`. GraphQL's own `errors`
   carry only the malformed, the unauthenticated, and the unknown, masked under its request id.
2. Ids are opaque and say what they are: `order:…`, `unit:…` (`ids.py`). One of another kind is a `Problem`.
3. Lists are Relay connections with keyset cursors, `first` ≤ 50, without totals.
4. Every mutation takes an `idempotencyKey`, the actor's own for 7 days.
5. A page is read in one go; the fields of its objects are plain attributes of what was read.
"""
