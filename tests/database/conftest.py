"""The named world, for what two people do in it at once."""

from tests.world import fujian

__all__ = ["fujian"]
