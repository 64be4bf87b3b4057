"""What the lab's two control APIs have in common: who may use them, what a body is, and how an error is told.

They are published on the loopback address, where a web page can send requests too, and after DNS rebinding read the
answers. So a request needs the token of the lab, which its containers have in their environment (LAB_TOKEN) and a
browser does not; a Host of this machine or of the lab; no other Origin; and for a body JSON's content type.

An error is ``{"error", "hint"}``, or ``{"problems": [...]}`` with 422.
"""

from __future__ import annotations

import hmac
import json
import logging
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Handler, Middleware

from dnszone.problem import RefusedError, RequestError

TOKEN = "LAB_TOKEN"  # noqa: S105  the name of the variable
DEEPEST = 32  # objects and lists in each other; no request needs more
NETWORKS = ip_network("198.18.0.0/15"), ip_network("2001:2::/48")  # of every lab (compose.yaml)
OPEN = "/health"  # says no more than that there is a server: readiness is asked for without the token
# What is no HTTP is answered, and who is gone is gone: no news.
QUIET = (HttpProcessingError, web.RequestPayloadError, ConnectionError)
LOGGER = logging.getLogger("aiohttp.server.lab")  # of the web server
LOGGER.addFilter(lambda record: not (record.exc_info and isinstance(record.exc_info[1], QUIET)))


def guard(token: str, docs: str) -> Middleware:
    """Return the middleware of an application: it checks every request, and tells every error as JSON.

    *docs* says where the requests are listed.
    """

    @web.middleware
    async def handle(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            _check(request, token)
            return await handler(request)
        except RequestError as error:
            return web.json_response(error.answer(), status=error.status)
        except web.HTTPException as error:  # no such path or method, or a body that is too large
            if error.status < 400:
                raise
            hint = docs if error.status in (404, 405) else None
            cause = f"{request.method} {request.path}: {error.reason}"
            return web.json_response({"error": cause, "hint": hint}, status=error.status)

    return handle


async def body(request: web.Request) -> object:
    """Return the JSON of a request. Raises RefusedError where it is none."""
    try:
        value: object = json.loads((await request.read()).decode())
    except web.RequestPayloadError as error:
        raise RefusedError(400, "the body breaks off, or is not what its headers say", "send it whole") from error
    except (ValueError, RecursionError) as error:  # not UTF-8, not JSON, or too deep for the reader
        raise RefusedError(400, f"the body is not JSON: {error}", "send a JSON object") from error
    if _deep(value):
        raise RefusedError(400, f"the body has more than {DEEPEST} levels", "no request needs so many")
    return value


def _check(request: web.Request, token: str) -> None:
    """Raise RefusedError for a request that no process of the lab has sent."""
    host = request.headers.get("Host", "")
    if not _inside(host):
        raise RefusedError(403, f"Host {host!r} is not the lab's", "ask for an address: 127.0.0.1 and the port")
    origin = request.headers.get("Origin")
    if origin is not None and origin != f"http://{host}":
        raise RefusedError(403, f"Origin {origin!r} may not use the lab", "it is for the lab's own programs")
    if request.path != OPEN and not _right(request, token):
        raise RefusedError(
            401,
            "the token of the lab is missing, or is another lab's",
            f"send 'Authorization: Bearer TOKEN'; `lab shell dns printenv {TOKEN}` prints it",
        )
    if request.method not in ("POST", "PUT"):
        return
    if request.content_type != "application/json" or (request.charset or "utf-8").lower() != "utf-8":
        raise RefusedError(415, "the body must be JSON in UTF-8, and say so", "send 'Content-Type: application/json'")
    if "Content-Encoding" in request.headers:
        raise RefusedError(415, "the body must not be compressed", "send it without Content-Encoding")


def _inside(host: str) -> bool:
    """Whether a Host is this machine or of the lab: no name that the Internet can have (RFC 6761 6.2, 6.3)."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:  # half an IPv6 address
        return False
    try:
        address = ip_address(name)
    except ValueError:
        return name == "localhost" or name.endswith((".localhost", ".test"))
    return address.is_loopback or any(address in network for network in NETWORKS)


def _right(request: web.Request, token: str) -> bool:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    same = hmac.compare_digest(given.encode("utf-8", "surrogateescape"), token.encode())
    return scheme.lower() == "bearer" and bool(token) and same


def _deep(value: object) -> bool:
    level = [value]
    for _ in range(DEEPEST):
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
    return any(isinstance(each, dict | list) for each in level)
