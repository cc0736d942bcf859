"""The exchange with platforms above 上级平台: the province's or the nation's hand orders down and take answers back.

    platforms 平台    who may speak to us, where we reach them, and the keys that both sides sign with
    in               a signed request is admitted (`admitting`) and becomes a verb of the life cycle (`receiving`)
    out              an event of the order becomes a message (`messages`), sent signed until it arrives (`sending`)

Both directions are signed the same way (`signing`), may come twice, and take effect once.
"""
