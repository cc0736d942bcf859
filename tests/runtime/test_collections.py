"""Every stored document is made at start-up: nothing waits for a first write."""

import importlib
import pkgutil

import foundation
import identity
import notifications
import runtime
import workorders
from foundation.documents import Stored
from runtime.collections import STORED

PACKAGES = (foundation, identity, notifications, workorders, runtime)


def stored_anywhere() -> set[type[Stored]]:
    for package in PACKAGES:
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    found: set[type[Stored]] = set()
    waiting = list(Stored.__subclasses__())
    while waiting:
        model = waiting.pop()
        kinds = model.__subclasses__()
        waiting += kinds
        if not kinds and model.__module__.partition(".")[0] in {package.__name__ for package in PACKAGES}:
            found.add(model)
    return {model for model in found if not model.__module__.startswith("runtime.replay.")}  # in databases of its own


def test_every_stored_document_is_listed_once() -> None:
    assert sorted(model.__qualname__ for model in stored_anywhere() - set(STORED)) == []
    assert len(set(STORED)) == len(STORED)


def test_every_collection_has_a_name_and_a_shard_key_of_its_own() -> None:
    names = [model.Settings.name for model in STORED if hasattr(model, "Settings")]
    assert len(names) == len(STORED)
    assert len(set(names)) == len(names)
    for model in STORED:
        described = set(model.model_fields) - set(Stored.model_fields)  # GridFS's own documents are not
        assert model.shard_key in {"_id", *described} or not described, model
