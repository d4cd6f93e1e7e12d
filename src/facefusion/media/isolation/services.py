"""Everything that the child can be asked for."""

from __future__ import annotations

from facefusion.media.isolation.animation import AnimationService
from facefusion.media.isolation.arena import Arena
from facefusion.media.isolation.channel import ChannelError, Message
from facefusion.media.isolation.clip import ClipService
from facefusion.media.isolation.desk import Desk
from facefusion.media.isolation.outputs import OutputService
from facefusion.media.isolation.pictures import PictureService
from facefusion.media.isolation.sound import SoundService


class Services:
    """Does what messages ask for, each by the name that it has under `do`.

    Args:
        arena: memory that the parent sees too.
        desk: where files come from.
    """

    def __init__(self, arena: Arena, desk: Desk) -> None:
        clip, animation = ClipService(arena, desk), AnimationService(arena, desk)
        pictures, outputs, sound = PictureService(arena, desk), OutputService(desk), SoundService(desk)
        self._known = {
            "open clip": clip.open,
            "frames": clip.frames,
            "restart": clip.restart,
            "after": clip.after,
            "next": clip.next,
            "open animation": animation.open,
            "fetch": animation.fetch,
            "picture info": pictures.info,
            "read picture": pictures.read,
            "check tracks": outputs.check,
            "join": outputs.join,
            "read sound": sound.read,
        }

    def do(self, message: Message) -> Message:
        """Do what a message asks for, and return the answer.

        Raises:
            ChannelError: nothing of the kind is known.
            Exception: whatever goes wrong.
        """
        known = self._known.get(str(message.get("do")))
        if known is None:
            raise ChannelError("nothing that is known")
        return known(message)
