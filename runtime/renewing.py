"""After a rotation of keys: everything under the current ones, in every domain."""

from runtime.composition import App
from workorders.attachments.key_renewal import AttachmentKeyRenewal
from workorders.contacts.key_renewal import ContactKeyRenewal
from workorders.exchange.key_renewal import PlatformKeyRenewal
from workorders.lifecycle.key_renewal import OrderKeyRenewal


async def renew_keys(app: App) -> dict[str, int]:
    """Wrap data keys and make keyed hashes anew under the current keys; answers how many things of each kind.

    Safe to break off, to repeat, and to run beside the running city. Once every number is 0 the old keys can be taken
    out of the settings. Raises UnknownKey where one was taken out too early.
    """
    database, keyring = app.database, app.keys.keyring
    return {
        "residents": await app.identity.key_renewal.run(),
        "orders": await OrderKeyRenewal(database, keyring).run(),
        "contacts": await ContactKeyRenewal(database, keyring).run(),
        "platforms": await PlatformKeyRenewal(database, keyring).run(),
        "files": await AttachmentKeyRenewal(database, keyring).run(),
    }
