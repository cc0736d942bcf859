"""`zhengtong rules`: rule packs 规则包 checked, compared, and tried on what really happened.

checking.py     a pack by its name or from a file, and every fault of a file
simulating.py   the stored orders of some days under another pack
measuring.py    a file of messages and replies under several packs
describing.py   all of it in words and tables
"""
