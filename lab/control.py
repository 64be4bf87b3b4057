"""JSON over HTTP to the two hosts that the lab steers while they run: the fake DNS and the scripted SMTP host."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import requests

from lab.errors import LabError


class Control:
    """The control API of *host*, published at *url*."""

    def __init__(self, host: str, url: str) -> None:
        """*url* is without a final slash."""
        self.host = host
        self._url = url
        self._session = requests.Session()
        self._session.trust_env = False  # 127.0.0.1 needs no proxy

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """Return the answer's JSON, None if it is empty. An error answer is a LabError with the host's own words."""
        with self._request(method, path, body, query, timeout=10) as response:
            return response.json() if response.content else None

    def stream(self, path: str, **query: Any) -> Iterator[dict[str, Any]]:
        """Yield the JSON objects of an answer that goes on, one a line, until the caller stops."""
        with self._request("GET", path, None, query, timeout=None) as response:
            for line in response.iter_lines():
                if line:
                    yield json.loads(line)

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def _request(
        self, method: str, path: str, body: Any, query: dict[str, Any], timeout: float | None
    ) -> requests.Response:
        try:
            response = self._session.request(
                method,
                f"{self._url}{path}",
                json=body,
                params={name: value for name, value in query.items() if value is not None},
                timeout=timeout,
                stream=timeout is None,
            )
        except requests.RequestException as error:
            raise LabError(
                f"the {self.host} host does not answer: {_cause(error)}",
                hint=f"`lab status` tells whether it is up, `lab logs {self.host}` what it says",
            ) from error
        if response.ok:
            return response
        raise _refusal(self.host, response)


def _cause(error: BaseException) -> str:
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__ or error
    return str(error) or type(error).__name__


def _refusal(host: str, response: requests.Response) -> LabError:
    try:
        answer = response.json()
    except requests.JSONDecodeError:
        return LabError(
            f"{host} answered {response.status_code}: {response.text.strip()[:200]}",
            hint=f"see `lab logs {host}`",
        )
    if problems := answer.get("problems"):
        lines = [problem if isinstance(problem, str) else _problem(problem) for problem in problems]
        return LabError("\n".join(lines), hint=answer.get("hint"))
    return LabError(str(answer.get("error", answer)), hint=answer.get("hint"))


def _problem(problem: dict[str, Any]) -> str:
    place = ":".join(str(problem[key]) for key in ("file", "line", "path") if problem.get(key) is not None)
    hint = f" ({problem['hint']})" if problem.get("hint") else ""
    return f"{place}: {problem['problem']}{hint}"
