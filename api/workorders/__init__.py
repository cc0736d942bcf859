"""Work orders over GraphQL: orders and desks, the actions of every role, what changes while one looks."""
