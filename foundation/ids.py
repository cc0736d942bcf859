"""Identifiers that tell nothing: random, without order, safe in a URL."""

import secrets


def new_id() -> str:
    """22 characters of 128 random bits; two are never equal in the life of a city."""
    return secrets.token_urlsafe(16)
