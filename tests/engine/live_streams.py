"""Streams for live tests: sent through real pipes, and read back."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction

import av
import numpy as np

from material import Array


def y4m(planes: list[bytes], width: int, height: int, rate: int = 25) -> bytes:
    """Frames of 4:2:0 as a Y4M stream."""
    head = f"YUV4MPEG2 W{width} H{height} F{rate}:1 Ip A1:1 C420mpeg2\n".encode()
    return head + b"".join(b"FRAME\n" + each for each in planes)


def read_y4m(data: bytes) -> tuple[str, list[bytes]]:
    """The head, and the samples of each frame."""
    head, rest = data.split(b"\n", 1)
    words = {word[:1]: word[1:] for word in head.decode().split()[1:]}
    size = int(words["W"]) * int(words["H"]) * 3 // (2 if "420" in head.decode() else 1)
    step = size + len(b"FRAME\n")
    assert len(rest) % step == 0
    assert all(rest[start : start + 6] == b"FRAME\n" for start in range(0, len(rest), step))
    return head.decode(), [rest[start + 6 : start + step] for start in range(0, len(rest), step)]


def encoded(images: list[Array], form: str, codec: str = "libx264") -> bytes:
    """Pictures as a stream in one of libav's containers."""
    target = io.BytesIO()
    settings = {"movflags": "frag_keyframe+empty_moov"} if form == "mp4" else {}
    with av.open(target, "w", format=form, container_options=settings) as output:
        stream = output.add_stream(codec, rate=Fraction(25))
        stream.height, stream.width = images[0].shape[:2]
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        for image in images:
            output.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(image))))
        output.mux(stream.encode(None))
    return target.getvalue()


@contextmanager
def sending(data: bytes, *, ends: bool = True) -> Iterator[int]:
    """A pipe through which bytes come, written by a thread; yields the end to read from."""
    reading, writing = os.pipe()

    def send() -> None:
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[os.write(writing, rest) :]
        except BrokenPipeError:
            pass
        if ends:
            os.close(writing)

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield reading
    finally:
        os.close(reading)
        thread.join()
        if not ends:
            os.close(writing)


class Received:
    """What came out of a pipe; `data` is whole when the block has ended."""

    data = b""


@contextmanager
def receiving() -> Iterator[tuple[int, Received]]:
    """A pipe whose bytes a thread collects; yields the end to write into."""
    reading, writing = os.pipe()
    received = Received()

    def collect() -> None:
        parts = []
        while part := os.read(reading, 1 << 16):
            parts.append(part)
        received.data = b"".join(parts)

    thread = threading.Thread(target=collect)
    thread.start()
    try:
        yield writing, received
    finally:
        os.close(writing)
        thread.join()
        os.close(reading)
