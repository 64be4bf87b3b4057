"""TLS towards the hosts of a lab: encrypted, and nobody's certificate is looked at.

The lab's certificates are self-signed, and the connections stay on this machine and in the lab.
"""

from __future__ import annotations

import socket
import ssl


def wrap(connected: socket.socket, name: str | None = None) -> ssl.SSLSocket:
    """Return the connection in TLS, once the handshake is done; *name* is the server that is asked for (RFC 6066 3).

    Raises OSError, as an ssl.SSLError, when the handshake fails; the connection is closed then.
    """
    try:
        return unchecked().wrap_socket(connected, server_hostname=name)
    except OSError:
        connected.close()
        raise


def unchecked() -> ssl.SSLContext:
    """Return a context that takes every certificate."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context
