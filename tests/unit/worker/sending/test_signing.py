"""The signature of a notice, as receivers by Standard Webhooks check it."""

import base64

from worker.sending.signing import signed_headers

#: The example of the reference implementations, github.com/standard-webhooks.
SECRET = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
EXPECTED = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_published_example_has_its_signature() -> None:
    headers = signed_headers(
        name="msg_p5jXN8AQM9LWM0D4loKWxJek",
        at_s=1614265330,
        body=b'{"test": 2432232314}',
        secret=base64.b64decode(SECRET),
    )

    assert headers["webhook-signature"] == EXPECTED
    assert headers["webhook-id"] == "msg_p5jXN8AQM9LWM0D4loKWxJek"
    assert headers["webhook-timestamp"] == "1614265330"
