"""What every domain stands on: time, identifiers, the database, crypto, errors, events, paging, timers.

`foundation` knows no domain: nothing here names a work order, a resident or a unit.
"""
