"""Notifications 通知: what somebody is told, in an inbox 收件箱 of their own.

A **notice 通知** is for one recipient, a member of staff by actor id. It holds no personal data of a citizen: a topic,
a sentence or two, and the order that it is about. A **digest 汇总** is a notice that many lines go into, so that nobody
is stormed: it counts them all, keeps the first, and comes to the top, unread, whenever more are added.

    documents   Notice, its indexes
    inbox       Inbox: what other domains deliver with, each notice once; declared by them as a Protocol
    reading     the owner's page, count of unread, and marking read
    retention   the sweep of what was kept long enough: 90 days after it was read, a year unread
    access      one's own, and staff's alone

Nobody counts in a shared document: how many are unread is read off an index, as far as a badge shows it, so deliveries
and owners never meet in a tally. Channels beside the inbox (push, text messages) come later.
"""
