"""Stand-ins for what is outside the city's machines; each speaks the real protocol over HTTP."""
