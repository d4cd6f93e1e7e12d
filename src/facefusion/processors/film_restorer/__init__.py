"""The film restorer: dust, scratches, flicker, weave, noise and fading of old film, without weights."""

from facefusion.processors.base import ProcessorSpec
from facefusion.processors.film_restorer.processor import FilmRestorer, kept_back, remembered

SPEC = ProcessorSpec(
    name="film_restorer",
    summary="takes dust, scratches, flicker, weave, noise and fading off old film",
    needs_source=False,
    create=FilmRestorer.create,
    needs_faces=False,
    delay=kept_back,
    remembers=remembered,
)
