from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from material import ASTRONAUT, CAPTAIN, read, save, write_clip


@pytest.fixture(scope="session")
def bad_files(tmp_path_factory: pytest.TempPathFactory, captain, astronaut) -> Path:
    """A folder of files that cannot be used, each for its own reason."""
    folder = tmp_path_factory.mktemp("bad files")
    save(folder / "grey.png", np.full((240, 320, 3), 128, np.uint8))
    save(folder / "two.png", np.concatenate([captain[:512], astronaut], 1))
    save(folder / "small.png", cv2.resize(captain, None, fx=0.18, fy=0.18, interpolation=cv2.INTER_AREA))
    save(folder / "blurred.png", cv2.GaussianBlur(captain, (0, 0), 10))
    (folder / "empty.mp4").touch()
    (folder / "empty.jpg").touch()
    (folder / "text.mp4").write_text("Dear reader, this is no film.\n" * 40)
    (folder / "text.png").write_text("Dear reader, this is no picture.\n")
    secret = write_clip(folder / "secret.mp4", [astronaut[:64, :64]] * 3)
    (folder / "playlist.mp4").write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{secret}\n#EXT-X-ENDLIST\n")
    (folder / "remote.mp4").write_text("#EXTM3U\n#EXTINF:9,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n")
    (folder / "concat.mp4").write_text(f"ffconcat version 1.0\nfile '{secret}'\n")
    (folder / "manifest.mp4").write_text(
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period><BaseURL>http://127.0.0.1:9/'
        "</BaseURL></Period></MPD>"
    )
    film = write_clip(folder / "film.mp4", [astronaut[30:222, 120:312]] * 12)
    (folder / "cut.mp4").write_bytes(film.read_bytes()[: film.stat().st_size // 2])
    (folder / "cut.jpg").write_bytes(CAPTAIN.read_bytes()[:9000])
    (folder / "cut.png").write_bytes(ASTRONAUT.read_bytes()[:90000])
    (folder / "damaged.face").write_bytes(b"facefusion face 1\n" + bytes(500))
    Image.new("RGB", (10_000, 10_000), "grey").save(folder / "huge.png", compress_level=1)
    assert read(folder / "two.png").shape == (512, 1024, 3)
    return folder


@pytest.fixture
def files(bad_files, quiet_place, kept_warm) -> Path:
    """Work in an empty folder that knows the bad files as `bad`."""
    Path("bad").symlink_to(bad_files)
    return quiet_place
