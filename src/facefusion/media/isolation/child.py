"""The child's side: locks itself up, then does what it is asked, one thing after the other."""

from __future__ import annotations

import socket
import sys
import traceback
from typing import Final

from facefusion.media.isolation.arena import Arena
from facefusion.media.isolation.channel import Channel, ChannelError, Message
from facefusion.media.isolation.desk import Desk
from facefusion.media.isolation.lock import Alarm, lock
from facefusion.media.isolation.messages import dumped_error
from facefusion.media.isolation.preload import preload
from facefusion.media.isolation.services import Services

_TRACE: Final = 4000  # characters at the end of it that the parent gets to see


def main(arguments: list[str]) -> int:
    """Lock this process up and serve until the parent hangs up.

    Args:
        arguments: descriptors of the connection and of the shared memory, the slots of the latter, bytes up to which
            files may grow, GiB of memory, seconds without a sign of life.
    """
    connection, memory, slots, writes = map(int, arguments[:4])
    gib, seconds = map(float, arguments[4:])
    channel = Channel(socket.socket(fileno=connection), takes_files=True)
    arena, alarm = Arena(memory, slots), Alarm(seconds)
    services = Services(arena, Desk(channel, alarm))
    preload()
    try:
        lock(memory=gib, shared=arena.size, writes=writes)
        channel.send({"is": "ready"})
        while True:
            message = channel.receive()
            alarm.set()
            channel.send(_answer(services, message))
            alarm.clear()
    except ChannelError:
        return 0
    except Exception as error:  # noqa: BLE001 - the parent raises it
        channel.send(dumped_error(error))
        return 1


def _answer(services: Services, message: Message) -> Message:
    """Do what a message asks for; whatever goes wrong is an answer too."""
    try:
        return services.do(message)
    except ChannelError:
        raise
    except Exception as error:  # noqa: BLE001 - the parent raises it
        return dumped_error(error) | {"trace": traceback.format_exc()[-_TRACE:]}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
