"""The figures count more of an order than in the release before: the projector is given each of them once more."""

from typing import Final

from runtime.migrations.step_0003_orders_are_counted import run

TITLE: Final = "the projector counts every order in the figures anew"

__all__ = ["TITLE", "run"]
