"""Notifications over GraphQL: one's own inbox."""
