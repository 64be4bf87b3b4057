"""HAProxy: a black box, one for each lab."""

from __future__ import annotations

from lab.servers.software import Software

SOFTWARE = Software(name="haproxy", title="gateway")
