"""Identity over GraphQL: who one is, signing in and out, units and reference trees, personal data."""
