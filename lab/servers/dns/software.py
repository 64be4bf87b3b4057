"""The lab's DNS: one for each lab, steered by :mod:`lab.control`."""

from __future__ import annotations

from lab.servers.dns import log
from lab.servers.software import Software

SOFTWARE = Software(name="dns", title="DNS", parse=log.parse)
