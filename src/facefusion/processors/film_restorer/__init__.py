"""The film restorer: dust, scratches, flicker and fading of old film, without weights."""

from facefusion.processors.base import ProcessorSpec
from facefusion.processors.film_restorer.processor import FilmRestorer, kept_back

SPEC = ProcessorSpec(
    name="film_restorer",
    summary="takes dust, scratches, flicker and fading off old film; needs no weights",
    needs_source=False,
    create=FilmRestorer.create,
    needs_faces=False,
    delay=kept_back,
)
