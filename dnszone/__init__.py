"""The fake DNS of the mail-routing lab.

Two halves. Pure, with dnspython alone: :mod:`dnszone.masterfile` reads zones, :class:`dnszone.zones.Zones` answers
from them. The server, with dnslib and aiohttp: :mod:`dnszone.server`, started by ``python3 -m dnszone``.
"""
