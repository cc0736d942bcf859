"""Replaying real complaints 回放: messages and replies go through the use cases of the API, in order of time.

reading.py    the file: what a row says, and why a row cannot be replayed
town.py       the small city that the messages go to: a hotline, a unit, a catalogue of one rule
stage.py      one message's and one reply's actions
playing.py    all of them in one order of time, timers swept as the clock moves; broken off and taken up again
figures.py    what is counted at the end
    command.py    `zhengtong replay`
"""
