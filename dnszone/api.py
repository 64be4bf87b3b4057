"""The HTTP API: zones, faults and history, as JSON.

    GET    /zones                 [{origin, owner, records}]; owners=A,B: theirs only, with text
    GET    /zones/{origin}        {origin, owner, text}
    PUT    /zones/{origin}        {text, owner, variables?, file?}; a zone with errors changes nothing
    DELETE /zones/{origin}        what it hid comes back
    GET    /faults                [{id, kind, owner, ...}]
    POST   /faults                {kind, owner, name?, type?, client?, transport?, first? | from?, to?, ...} -> {id}
    DELETE /faults/{id}
    GET    /history               [query]; name, type, client, transport, rcode, since, last=N: the newest N only;
                                  follow=1: one a line, no end
    GET    /owners                everyone who has a zone or a fault
    DELETE /owners/{owner}        all that is theirs
    GET    /health

An error is {"error", "hint"}, or {"problems": [{"file", "line" or "path", "problem", "hint"}]} with 422.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import islice

from aiohttp import web

from dnszone import masterfile
from dnszone.check import Checker
from dnszone.control import body, guard
from dnszone.history import Entry, Filter, History
from dnszone.log import Log
from dnszone.masterfile import TYPES
from dnszone.problem import RefusedError
from dnszone.responder import Responder
from dnszone.rules import TRANSPORTS, Rules
from dnszone.zone import WORLD, Zone
from dnszone.zones import Zones

BODY = 16 * 1024 * 1024  # bytes
CHUNK = 500  # entries of the history that are written in one go
LONGEST_NUMBER = 15  # digits of a number of the history


class Api:
    """What the requests do. All of them run in one event loop."""

    def __init__(self, zones: Zones, rules: Rules, history: History, responder: Responder, log: Log) -> None:
        """*responder* is told of every change."""
        self._zones = zones
        self._rules = rules
        self._history = history
        self._responder = responder
        self._log = log
        self._stopping = asyncio.Event()

    def application(self, token: str) -> web.Application:
        """Return the web application; *token* is the lab's."""
        application = web.Application(
            middlewares=[guard(token, "dnszone/api.py lists the requests")], client_max_size=BODY
        )
        application.add_routes(
            [
                web.get("/zones", self.list_zones),
                web.get("/zones/{origin}", self.get_zone),
                web.put("/zones/{origin}", self.put_zone),
                web.delete("/zones/{origin}", self.delete_zone),
                web.get("/faults", self.list_faults),
                web.post("/faults", self.post_fault),
                web.delete("/faults/{id}", self.delete_fault),
                web.get("/history", self.get_history),
                web.get("/owners", self.list_owners),
                web.delete("/owners/{owner}", self.delete_owner),
                web.get("/health", self.health),
            ]
        )
        application.on_shutdown.append(self._stop)
        return application

    async def list_zones(self, request: web.Request) -> web.Response:
        """Return every zone that counts; those of some owners with their texts."""
        checker = Checker(dict(request.query))
        owners = checker.text("owners", "")
        checker.finish()
        if owners:
            wanted = owners.split(",")
            return web.json_response(
                [_listed(zone) | {"text": zone.text} for zone in self._zones if zone.owner in wanted]
            )
        return web.json_response([_listed(zone) for zone in self._zones])

    async def get_zone(self, request: web.Request) -> web.Response:
        """Return a zone as text."""
        origin = masterfile.absolute(request.match_info["origin"])
        zone = self._zones.get(origin)
        if zone is None:
            raise _no_zone(origin)
        return web.json_response({"origin": zone.origin, "owner": zone.owner, "text": zone.text})

    async def put_zone(self, request: web.Request) -> web.Response:
        """Add a zone or replace it as a whole."""
        checker = Checker(await body(request))
        text, owner = checker.lines("text"), checker.text("owner")
        variables, file = checker.mapping("variables"), checker.text("file", "")
        if owner == WORLD:
            checker.note("owner", f'"{WORLD}" is for the zones that the server starts with')
        checker.finish()
        zone = masterfile.read(
            text or "", request.match_info["origin"], variables=variables, owner=owner or "", file=file
        )
        self._zones.add(zone)
        self._changed("zone", **_listed(zone), change="put")
        return web.json_response(_listed(zone))

    async def delete_zone(self, request: web.Request) -> web.Response:
        """Remove a zone."""
        origin = masterfile.absolute(request.match_info["origin"])
        try:
            zone = self._zones.remove(origin)
        except KeyError:
            raise _no_zone(origin) from None
        except PermissionError:
            raise RefusedError(
                409, f"{origin} is the world's own zone", "a zone of the same name hides it; rcode faults too"
            ) from None
        self._changed("zone", origin=origin, owner=zone.owner, change="removed")
        return web.Response(status=204)

    async def list_faults(self, _: web.Request) -> web.Response:
        """Return every fault in force."""
        return web.json_response([rule.to_json() for rule in self._rules])

    async def post_fault(self, request: web.Request) -> web.Response:
        """Put a fault in force."""
        rule = self._rules.add(await body(request))
        self._changed("fault", id=rule.id, owner=rule.owner, change="set", fault=str(rule.fault))
        return web.json_response({"id": rule.id}, status=201)

    async def delete_fault(self, request: web.Request) -> web.Response:
        """Take a fault back."""
        id = request.match_info["id"]
        try:
            rule = self._rules.remove(id)
        except KeyError:
            raise RefusedError(404, f"there is no fault {id}", "GET /faults lists those in force") from None
        self._changed("fault", id=id, owner=rule.owner, change="healed", fault=str(rule.fault))
        return web.Response(status=204)

    async def get_history(self, request: web.Request) -> web.StreamResponse:
        """Return queries, or follow them."""
        checker = Checker(dict(request.query))
        wanted = Filter(
            name=checker.pattern("name"),
            type=checker.choice("type", [*sorted(TYPES), "ANY"], needed=False),
            client=checker.address("client"),
            transport=checker.choice("transport", TRANSPORTS, needed=False),
            rcode=(checker.text("rcode", "") or "").upper() or None,
        )
        since, last = _since(checker), _last(checker)
        follow = checker.choice("follow", ("0", "1"), "0") == "1"
        if follow and last is not None:
            checker.note("last", "means nothing with follow")
        checker.finish()
        if follow:
            return await self._follow(request, wanted, since)
        entries = self._history.after(since)
        if last is not None:
            entries = list(islice((entry for entry in reversed(entries) if wanted.wants(entry)), last))[::-1]
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        with suppress(ConnectionError):  # the client has seen enough
            await response.write(b"[")
            between = ""
            for lines in _chunks(entries, wanted):
                await response.write(f"{between}{', '.join(lines)}".encode())
                between = ", "
            await response.write(b"]")
        return response

    async def list_owners(self, _: web.Request) -> web.Response:
        """Return all owners."""
        return web.json_response(list(dict.fromkeys([*self._zones.owners(), *(rule.owner for rule in self._rules)])))

    async def delete_owner(self, request: web.Request) -> web.Response:
        """Remove everything of an owner; there need not be anything."""
        owner = request.match_info["owner"]
        if owner == WORLD:
            raise RefusedError(409, "the world's own zones stay", None)
        zones, rules = self._zones.drop(owner), self._rules.drop(owner)
        if zones or rules:
            self._changed("owner", owner=owner, change="dropped", zones=len(zones), faults=len(rules))
        return web.Response(status=204)

    async def health(self, _: web.Request) -> web.Response:
        """Say that the server answers."""
        return web.json_response({"zones": sum(1 for _ in self._zones), "queries": self._history.last})

    def _changed(self, event: str, **values: object) -> None:
        self._responder.changed()
        self._log.event(event, **values)

    async def _follow(self, request: web.Request, wanted: Filter, since: int | datetime | None) -> web.StreamResponse:
        """Send queries as they come; with *since*, first those there have been."""
        loop = asyncio.get_running_loop()
        news = asyncio.Event()

        def tell() -> None:
            loop.call_soon_threadsafe(news.set)

        self._history.listen(tell)
        response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
        seen = self._history.last if since is None else since
        try:
            await response.prepare(request)
            while not self._stopping.is_set():
                news.clear()
                entries = self._history.after(seen)
                for lines in _chunks(entries, wanted):
                    await response.write("".join(f"{line}\n" for line in lines).encode())
                if entries:
                    seen = entries[-1].seq
                else:
                    await _first(news, self._stopping)
        except ConnectionError:  # the client has seen enough
            pass
        finally:
            self._history.unlisten(tell)
        return response

    async def _stop(self, _: web.Application) -> None:
        self._stopping.set()


def _listed(zone: Zone) -> dict[str, object]:
    return {"origin": zone.origin, "owner": zone.owner, "records": len(zone.records)}


def _no_zone(origin: str) -> RefusedError:
    return RefusedError(404, f"there is no zone {origin}", "GET /zones lists those there are")


def _chunks(entries: Sequence[Entry], wanted: Filter) -> Iterator[list[str]]:
    """Yield the entries that fit as JSON, some at a time: between two of them others have their turn."""
    for begin in range(0, len(entries), CHUNK):
        found = [json.dumps(each.to_json()) for each in entries[begin : begin + CHUNK] if wanted.wants(each)]
        if found:
            yield found


async def _first(*events: asyncio.Event) -> None:
    waiting = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()


def _last(checker: Checker) -> int | None:
    value = checker.text("last", "")
    if not value:
        return None
    if value.isascii() and value.isdecimal() and len(value) <= LONGEST_NUMBER:
        return int(value)
    checker.note("last", f"must be a number, not {value!r}", "100 is the newest hundred that fit")
    return None


def _since(checker: Checker) -> int | datetime | None:
    value = checker.text("since", "")
    if not value:
        return None
    if value.isascii() and value.isdecimal() and len(value) <= LONGEST_NUMBER:
        return int(value)
    try:
        time = datetime.fromisoformat(value)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        checker.note("since", f"{value!r} is neither a number nor a time", "17, or 2026-01-01T00:00:00Z")
    return time
