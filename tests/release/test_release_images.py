"""Images of containers in a release: read from what an engine saves, described, and verified."""

from __future__ import annotations

import hashlib
import io
import json
import sys
import tarfile

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from release.image_archive import ArchiveError, Installed, read_archive
from release.images import ImageError, add_images
from release.verify import NotVerifiedError, verify
from release_material import SOURCE, sign, write_release

SITE = "opt/facefusion/lib/python3.11/site-packages"
LIBC = "Package: libc6\nStatus: install ok\nArchitecture: amd64\nVersion: 1:2.36-9+deb12u14\n"


def metadata(name, version):
    return {
        f"{SITE}/{name}-{version}.dist-info/METADATA": f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\n\n…"
    }


def tar(files):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            data = content if isinstance(content, bytes) else content.encode()
            item = tarfile.TarInfo(name)
            item.size = len(data)
            archive.addfile(item, io.BytesIO(data))
    return buffer.getvalue()


def image(*layers, described=None):
    """An image as `docker save` writes it."""
    written = {f"{number}.tar": tar(layer) for number, layer in enumerate(layers)}
    digests = [f"sha256:{hashlib.sha256(each).hexdigest()}" for each in written.values()]
    description = json.dumps({"rootfs": {"type": "layers", "diff_ids": described or digests}})
    manifest = json.dumps([{"Config": "about.json", "RepoTags": ["facefusion:cpu"], "Layers": [*written]}])
    return tar({**written, "about.json": description, "manifest.json": manifest})


def whole(*, numpy="2.4.6", version=SOURCE.version):
    base = {"var/lib/dpkg/status.d/libc6": LIBC, **metadata("leftover", "1")}
    later = {f"{SITE}/.wh.leftover-1.dist-info": "", **metadata("numpy", numpy), **metadata("FaceFusion", version)}
    return image(base, later)


@pytest.fixture
def engine(tmp_path):
    """What saves the file `saved` as any image; another one is unknown to it."""
    program = tmp_path / "engine.py"
    program.write_text(
        "import shutil, sys\n"
        "command, option, output, image = sys.argv[1:]\n"
        "assert (command, option) == ('save', '--output')\n"
        "if not image.startswith('facefusion:'): sys.exit(f'{image}: image not known')\n"
        f"shutil.copyfile({str(tmp_path / 'saved')!r}, output)\n"
    )
    return sys.executable, str(program)


@pytest.fixture
def checkout(tmp_path):
    """What of a checkout is asked for: the locks."""
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements/image.txt").write_text("numpy==2.4.6 \\\n    --hash=sha256:" + "0" * 64 + "\n")
    return tmp_path


def test_what_an_image_holds_is_read_from_its_layers(tmp_path):
    path = tmp_path / "image.tar"
    path.write_bytes(whole())
    found = read_archive(path)
    assert found.packages == (
        Installed("deb/debian", "libc6", "1:2.36-9+deb12u14", "amd64"),
        Installed("pypi", "facefusion", "1.2.3"),
        Installed("pypi", "numpy", "2.4.6"),
    )
    assert found.packages[0].url == "pkg:deb/debian/libc6@1%3A2.36-9%2Bdeb12u14?arch=amd64"
    with tarfile.open(path) as archive:
        description = archive.extractfile("about.json").read()
    assert found.identifier == f"sha256:{hashlib.sha256(description).hexdigest()}"


def test_a_folder_that_a_later_layer_makes_anew_holds_that_alone(tmp_path):
    path = tmp_path / "image.tar"
    path.write_bytes(image(metadata("old", "1"), {f"{SITE}/.wh..wh..opq": "", **metadata("new", "2")}))
    assert [package.name for package in read_archive(path).packages] == ["new"]


@pytest.mark.parametrize(
    "content",
    [b"", b"no archive", tar({"x": "y"}), tar({"manifest.json": "[]"}), image({}, described=["sha256:" + "0" * 64])],
    ids=["empty", "text", "other", "none", "other layers"],
)
def test_what_is_no_image_is_refused(content, tmp_path):
    path = tmp_path / "image.tar"
    path.write_bytes(content)
    with pytest.raises(ArchiveError, match="holds no single image"):
        read_archive(path)


def test_an_image_is_signed_and_verified_with_its_bill_of_materials(tmp_path, engine, checkout):
    (tmp_path / "saved").write_bytes(whole())
    release = write_release(tmp_path / "made")
    add_images(release.folder, SOURCE, ["facefusion:cpu"], engine=engine, root=checkout)
    sign(release.folder, release.private)
    name = f"facefusion-{SOURCE.version}-image-cpu"
    bom = release.folder / f"{name}.cdx.json"
    assert {f"{name}.tar", bom.name} <= set(verify(release.folder, release.key.read_bytes()))
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(bom.read_text()) is None
    parts = {part["name"]: part for part in json.loads(bom.read_text())["components"]}
    assert parts["numpy"]["purl"] == "pkg:pypi/numpy@2.4.6"
    assert parts["facefusion"]["licenses"][0]["expression"].startswith("MIT")


def test_a_bill_of_materials_of_another_image_is_not_verified(tmp_path, engine, checkout):
    release = write_release(tmp_path / "made")
    (tmp_path / "saved").write_bytes(whole())
    add_images(release.folder, SOURCE, ["facefusion:cpu"], engine=engine, root=checkout)
    (release.folder / f"facefusion-{SOURCE.version}-image-cpu.tar").write_bytes(image(metadata("facefusion", "6.6.6")))
    sign(release.folder, release.private)  # by who has the key, and mixed up two builds
    with pytest.raises(NotVerifiedError, match=r"is of another image than facefusion-1\.2\.3-image-cpu\.tar"):
        verify(release.folder, release.key.read_bytes())
    (release.folder / f"facefusion-{SOURCE.version}-image-cpu.cdx.json").unlink()
    sign(release.folder, release.private)
    with pytest.raises(NotVerifiedError, match="no image with a bill of materials beside it"):
        verify(release.folder, release.key.read_bytes())


@pytest.mark.parametrize(
    ("saved", "says"),
    [
        (whole(numpy="2.4.5"), r"holds numpy 2\.4\.5, which image\.txt does not name"),
        (whole(version="1.2.2"), r"holds facefusion 1\.2\.2"),
        (image(metadata("numpy", "2.4.6")), "holds no facefusion"),
    ],
    ids=["other version", "other product", "none of us"],
)
def test_an_image_that_is_not_of_its_lock_is_refused(saved, says, tmp_path, engine, checkout):
    (tmp_path / "saved").write_bytes(saved)
    with pytest.raises(ImageError, match=says):
        add_images(tmp_path, SOURCE, ["facefusion:cpu"], engine=engine, root=checkout)


def test_an_image_or_an_engine_that_is_not_there_is_told(tmp_path, engine, checkout):
    with pytest.raises(ImageError, match=r"image not known\. Build it: make image"):
        add_images(tmp_path, SOURCE, ["other:cpu"], engine=engine, root=checkout)
    with pytest.raises(ImageError, match="name another with --engine"):
        add_images(tmp_path, SOURCE, ["facefusion:cpu"], engine=["no-such-engine"], root=checkout)
    (tmp_path / "saved").write_bytes(whole())
    with pytest.raises(ImageError, match="images are called"):
        add_images(tmp_path, SOURCE, ["facefusion:mine"], engine=engine, root=checkout)
