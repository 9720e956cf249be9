"""What a server allows and offers."""

from dli_adapters.server.transport import Transport
from dli_adapters.wire.messages import PolicyAnswer

POLICY_PATH = "/api/v1/run/policy"


def policy_of(transport: Transport) -> PolicyAnswer:
    """The server's policy; one that publishes none allows all and offers nothing."""
    return transport.find(POLICY_PATH, answer=PolicyAnswer) or PolicyAnswer()
