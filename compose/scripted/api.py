"""The control API: HTTP and JSON.

    POST   /leases {owner, count}      lease places: [{address, address6, owner}]; address6 is null without IPv6
    GET    /leases                     all of them
    DELETE /leases/ADDRESS             give one back; its script goes, its sessions are reset
    PUT    /scripts/ADDRESS            let a script stand; GET shows it, DELETE removes it
    GET    /sessions[?address=]        [{session, server, client, client_port, steps, tls, ended}]
    GET    /messages[?address=]        [{queue_id, sender, recipients, message_id, size, raw: base64}]
    POST   /policies {owner, ...}      {id}; GET shows all, DELETE /policies/ID removes one
    GET    /owners                     everyone who holds a lease or a policy
    DELETE /owners/OWNER               all of it
    GET    /health                     {status, addresses, leased, sessions}

ADDRESS is one of the two addresses of a place: both have one script, and one record of what came in.
Errors: 422 ``{"problems": [{path, problem, hint}]}`` for a wrong input, else ``{"error", "hint"}``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

from aiohttp import web

from dnszone.control import body, guard
from scripted.check import Checker
from scripted.leases import Leases
from scripted.places import Places
from scripted.policies import Policies, read_policy
from scripted.read import read_script
from scripted.scripts import Scripts
from scripted.server import Server
from scripted.store import Store

Answer = Callable[[Iterable[str]], Awaitable[None]]
MOST_BYTES = 8 * 1024 * 1024  # of a request


class Api:
    """Answers requests with the host's parts."""

    def __init__(
        self,
        leases: Leases,
        places: Places,
        answer: Answer,
        scripts: Scripts,
        policies: Policies,
        store: Store,
        server: Server,
    ) -> None:
        """Give the parts that requests are about. *answer* makes the machine answer at places."""
        self._leases = leases
        self._places = places
        self._answer = answer
        self._scripts = scripts
        self._policies = policies
        self._store = store
        self._server = server

    def application(self, token: str) -> web.Application:
        """Return the web application; *token* is the lab's."""
        application = web.Application(
            middlewares=[guard(token, "the docstring of scripted.api lists all requests")], client_max_size=MOST_BYTES
        )
        application.add_routes(
            [
                web.post("/leases", self._lease),
                web.get("/leases", self._show_leases),
                web.delete("/leases/{address}", self._give_back),
                web.put("/scripts/{address}", self._put_script),
                web.get("/scripts/{address}", self._show_script),
                web.delete("/scripts/{address}", self._remove_script),
                web.get("/sessions", self._sessions),
                web.get("/messages", self._messages),
                web.post("/policies", self._add_policy),
                web.get("/policies", self._show_policies),
                web.delete("/policies/{id}", self._remove_policy),
                web.get("/owners", self._owners),
                web.delete("/owners/{owner}", self._drop_owner),
                web.get("/health", self._health),
            ]
        )
        return application

    async def _lease(self, request: web.Request) -> web.Response:
        check = Checker()
        table = check.table("", await body(request), ("owner", "count"))
        owner = check.text("owner", table.get("owner"))
        count = check.count("count", table.get("count", 1), 1, len(self._leases))
        if owner == "":
            check.note("owner", "is empty", "name the run that the addresses are for")
        check.finish()
        taken = self._leases.take(owner or "", count or 1)
        await self._answer(taken)
        for place in taken:
            self._store.forget(place)  # an earlier owner's
        return web.json_response([self._shown(place, owner or "") for place in taken])

    async def _show_leases(self, _request: web.Request) -> web.Response:
        return web.json_response([self._shown(place, owner) for place, owner in self._leases.all().items()])

    def _shown(self, place: str, owner: str) -> dict[str, str | None]:
        return {"address": place, "address6": self._places.address6(place), "owner": owner}

    async def _give_back(self, request: web.Request) -> web.Response:
        await self._end([self._place(request)])
        return web.Response(status=204)

    async def _put_script(self, request: web.Request) -> web.Response:
        await self._scripts.put(self._place(request), read_script(await body(request)))
        return web.Response(status=204)

    async def _show_script(self, request: web.Request) -> web.Response:
        script = self._scripts.standing(self._place(request))
        return web.json_response(dict(script.source) if script else {})

    async def _remove_script(self, request: web.Request) -> web.Response:
        await self._scripts.remove(self._place(request))
        return web.Response(status=204)

    async def _sessions(self, request: web.Request) -> web.Response:
        return web.json_response([each.to_json() for each in self._store.sessions(_address(request))])

    async def _messages(self, request: web.Request) -> web.Response:
        return web.json_response([each.to_json() for each in self._store.messages(_address(request))])

    async def _add_policy(self, request: web.Request) -> web.Response:
        return web.json_response({"id": self._policies.add(read_policy(await body(request)))})

    async def _show_policies(self, _request: web.Request) -> web.Response:
        return web.json_response([each.to_json() for each in self._policies.all()])

    async def _remove_policy(self, request: web.Request) -> web.Response:
        self._policies.remove(request.match_info["id"])
        return web.Response(status=204)

    async def _owners(self, _request: web.Request) -> web.Response:
        policies = {each.policy.owner for each in self._policies.all()}
        return web.json_response(sorted(policies | set(self._leases.all().values())))

    async def _drop_owner(self, request: web.Request) -> web.Response:
        owner = request.match_info["owner"]
        self._policies.drop(owner)
        await self._end(self._leases.of(owner))
        return web.Response(status=204)

    async def _health(self, _request: web.Request) -> web.Response:
        numbers = {"addresses": len(self._leases), "leased": len(self._leases.all())}
        return web.json_response({"status": "ok", **numbers, "sessions": self._server.sessions})

    async def _end(self, places: list[str]) -> None:
        """End leases: the places are good MTAs before anyone else can lease them."""
        await self._scripts.remove(*places)
        for place in places:
            self._server.abort(place)
            self._leases.give_back(place)

    def _place(self, request: web.Request) -> str:
        return self._leases.leased(request.match_info["address"])


def _address(request: web.Request) -> str | None:
    check = Checker()
    check.table("", dict(request.query), ("address",))
    check.finish()
    return request.query.get("address")
