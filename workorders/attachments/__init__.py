"""Attachments 附件: photos, sound and PDF that go with an order.

A file is **uploaded 上传** unattached, by whoever will name it in an action; the action **attaches 附上** it in its own
transaction, once; what nobody attached within a day is **swept 清理**. `formats/` decides what a file is, by its
content, and what is kept of it. Contents lie in GridFS, sealed piece by piece with a key of each file's own, which
stands wrapped on the file's document: without that document nobody reads them.

Who may see a file follows who may see the order, with two more rules (`access.py`):

- What the citizen of a **confidential or anonymous** order sent can show a face or a front door, so only the hotline
  sees it until it **releases 放行** it to units and leadership, with a reason, audited.
- A unit's reply and its files reach the citizen when the hotline has accepted the reply; a reply's **internal 内部**
  files never do.

Imports lifecycle, never the other way: `attaching.py` wraps the three actions that take files.
"""
