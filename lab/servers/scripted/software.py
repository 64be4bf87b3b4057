"""The lab's scripted SMTP host: one for each lab, steered by :mod:`lab.control`."""

from __future__ import annotations

from lab.servers.scripted import log
from lab.servers.software import Software

SOFTWARE = Software(name="scripted", title="scripted SMTP host", parse=log.parse)
