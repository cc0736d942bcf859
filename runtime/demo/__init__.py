"""The demo city 演示城市: 朔宁市, which does not exist, so that a newcomer sees the system at work within minutes.

`tables` reads the data beside it; `city` makes of them the trees (places 地点, member units 成员单位, categories
事项类别), the dispatch catalogue, staff and residents; `writing` the texts that citizens, units and the hotline
write; `stories` what happens to each order; `seeding` lets it happen through the same use cases as the API, with
the clock at each action's time. The same seed gives the same city. No name, number or text is a real person's.
"""
