"""JSON over HTTP to the two hosts that the lab steers while they run: the fake DNS and the scripted SMTP host.

In: a method, a path, a JSON body. Out: the answer's JSON. Every error is a LabError: the host's own words with all the
problems it found, or why it does not answer.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping
from typing import Any

import requests

from lab.errors import LabError

Json = Any  # what an answer holds is the host's affair
PORTS = {"dns": 8053, "scripted": 8025}
TIMEOUT = 10.0  # seconds to connect, and between two bytes of an answer


class Control:
    """The control API of *host*, published at *url*."""

    def __init__(self, host: str, url: str, token: str) -> None:
        """*url* is without a final slash; *token* is the lab's (:attr:`lab.engine.hosts.Host.token`)."""
        self.host = host
        self._url = url
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {token}"
        self._session.trust_env = False  # 127.0.0.1 needs no proxy

    def call(self, method: str, path: str, body: object = None, **query: object) -> Json:
        """Return the answer's JSON, None if it is empty. An error answer is a LabError with the host's own words."""
        with self._request(method, path, body, query, follow=False) as response:
            if not response.content:
                return None
            try:
                return response.json()
            except requests.JSONDecodeError as error:
                raise _not_json(self.host, response) from error

    def stream(self, path: str, **query: object) -> Generator[dict[str, Any], None, None]:
        """Yield the JSON objects of an answer that goes on, one a line, until the caller stops."""
        with self._request("GET", path, None, query, follow=True) as response:
            try:
                for line in response.iter_lines():
                    if line:
                        yield json.loads(line)
            except (requests.RequestException, json.JSONDecodeError) as error:  # it went away in the middle of a line
                raise self._silent(error) from error

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def _request(
        self, method: str, path: str, body: object, query: Mapping[str, object], *, follow: bool
    ) -> requests.Response:
        try:
            response = self._session.request(
                method,
                f"{self._url}{path}",
                json=body,
                params={name: str(value) for name, value in query.items() if value is not None},
                timeout=(TIMEOUT, None if follow else TIMEOUT),
                stream=follow,
            )
        except requests.RequestException as error:
            raise self._silent(error) from error
        if response.ok:
            return response
        with response:
            raise _refusal(self.host, response)

    def _silent(self, error: Exception) -> LabError:
        return LabError(
            f"the {self.host} host does not answer: {_cause(error)}",
            hint=f"`lab status` tells whether it is up, `lab logs {self.host}` what it says",
        )


def _cause(error: BaseException) -> str:
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__ or error
    return str(error) or type(error).__name__


def _refusal(host: str, response: requests.Response) -> LabError:
    try:
        answer = response.json()
    except requests.JSONDecodeError:
        return _not_json(host, response)
    if not isinstance(answer, dict):
        return _not_json(host, response)
    if problems := answer.get("problems"):
        lines = [_problem(problem) if isinstance(problem, dict) else str(problem) for problem in problems]
        return LabError("\n".join(lines), hint=answer.get("hint"))
    return LabError(str(answer.get("error", answer)), hint=answer.get("hint"))


def _not_json(host: str, response: requests.Response) -> LabError:
    return LabError(
        f"{host} answered {response.status_code}: {response.text.strip()[:200]}", hint=f"see `lab logs {host}`"
    )


def _problem(problem: Mapping[str, Any]) -> str:
    """Return "FILE:LINE: what is wrong (what to do)"; an input without a file has a path, or nothing."""
    place = ":".join(str(problem[key]) for key in ("file", "line", "path") if problem.get(key))
    hint = f" ({problem['hint']})" if problem.get("hint") else ""
    return f"{place}: {problem['problem']}{hint}" if place else f"{problem['problem']}{hint}"
