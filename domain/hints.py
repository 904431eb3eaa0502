"""What the sender and the hearer of a hint must agree on; a hint only says "look"."""

#: Before every name on the broker, so that others may use the same one.
KEY_PREFIX = "chaufferie:"
#: Age at which a hint is dropped, unsent or unheard [s]; the heartbeat has said the same by then.
HINT_EXPIRY_S = 60


def node_queue(node_id: int) -> str:
    """The name of the queue on which a node hears its hints."""
    return f"node.{node_id}"
