"""One HTTP question to the API that we started ourselves; cheap to import, unlike a client."""

import http.client
import json
from typing import Any


class AnswerError(Exception):
    """The API answered, and it was a refusal."""

    def __init__(self, status: int, sentence: str) -> None:
        """Keep the status, and say the sentence."""
        super().__init__(sentence)
        self.status = status


def ask(
    port: int, path: str, *, token: str | None = None, body: object = None, timeout_s: float = 30.0
) -> Any:  # noqa: ANN401 - whatever JSON holds
    """The JSON answer to GET, or to POST where there is a body.

    ``AnswerError`` where it is a refusal, ``OSError`` where there is no answer.
    """
    headers = {"Connection": "close"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    text = None
    if body is not None:
        headers["Content-Type"] = "application/json"
        text = json.dumps(body)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout_s)
    try:
        connection.request("GET" if body is None else "POST", path, body=text, headers=headers)
        answer = connection.getresponse()
        plain = json.loads(answer.read() or b"null")
    except (http.client.HTTPException, ValueError) as error:
        raise OSError(f"the API's answer cannot be read: {error!r}") from error
    finally:
        connection.close()
    if answer.status >= http.client.BAD_REQUEST:
        raise AnswerError(answer.status, _sentence(plain, answer.status))
    return plain


def _sentence(plain: object, status: int) -> str:
    title = plain.get("title") if isinstance(plain, dict) else None
    return str(title) if title else f"The API answered {status}."
