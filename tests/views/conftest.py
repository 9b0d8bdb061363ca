"""The named world, and visitors of the panel who are signed in."""

from tests.views.transfer_panel import visit
from tests.world import fujian

__all__ = ["fujian", "visit"]
