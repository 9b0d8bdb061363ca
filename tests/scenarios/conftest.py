"""The named world, for tests that read like the manual."""

from tests.world import fujian

__all__ = ["fujian"]
