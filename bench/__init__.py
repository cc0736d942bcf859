"""Measurements: `make bench`. Absolute times mean little on a shared machine, so most figures are ratios.

rows.py       what a measurement comes to, and its bound
city.py       an engine, a town in it, people with their tokens
loading.py    stored orders by the ten thousand
deadlines.py  one deadline
replaying.py  the replay of real complaints
costs.py      what operations cost beside 50,000 stored orders against 1,000; idle timers
driving.py    the load generator, a process of its own
cycles.py     the load test of DIGIT over HTTP, its spike, the desk over HTTP, memory
    soaking.py    `make soak`
"""
