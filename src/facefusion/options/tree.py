"""The tree of options: small groups, each handed only to the part of the engine that it concerns."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator

from facefusion.errors import OptionsError
from facefusion.options.anonymizer import AnonymizerOptions
from facefusion.options.base import Names, OptionGroup, described
from facefusion.options.chains import BESIDE_CHAIN, Link, check_alone, chosen_links, read_chain, replaced
from facefusion.options.differing import check_of_a_link, check_of_a_person
from facefusion.options.execution import RuntimeOptions
from facefusion.options.expression_restorer import ExpressionRestorerOptions
from facefusion.options.face_editor import FaceEditorOptions
from facefusion.options.face_enhancer import FaceEnhancerOptions
from facefusion.options.face_swapper import FaceSwapperOptions
from facefusion.options.film_restorer import FilmRestorerOptions
from facefusion.options.finishing import ColourMatcherOptions, TemporalSmootherOptions
from facefusion.options.imaging import (
    AgeModifierOptions,
    BackgroundRemoverOptions,
    FaceTranslatorOptions,
    FrameColorizerOptions,
    FrameEnhancerOptions,
)
from facefusion.options.leaves import ALL_OPTIONS, built, leaf_table, nest
from facefusion.options.lip_syncer import LipSyncerOptions
from facefusion.options.live import LiveOptions
from facefusion.options.makeup import MakeupOptions
from facefusion.options.masks import FaceMaskOptions
from facefusion.options.media import InputOptions, LimitOptions, OutputOptions
from facefusion.options.models import ModelOptions
from facefusion.options.own import as_texts, own_names, texts_of
from facefusion.options.people import MapEntry, read_map
from facefusion.options.portrait_animator import PortraitAnimatorOptions
from facefusion.options.presets import Preset, of_another_preset, with_preset
from facefusion.options.selection import FaceSelectionOptions
from facefusion.options.signing import SigningOptions
from facefusion.options.stylizer import StylizerOptions
from facefusion.options.trust import TrustOptions


def _without_repeats(paths: tuple[Path, ...]) -> tuple[Path, ...]:
    """A picture that is given twice tells no more than once; it must not count twice either."""
    return tuple(dict.fromkeys(paths))


class Options(OptionGroup):
    """Everything one job needs to know.

    Built from a flat mapping by `Options.parse`; leaf names are unique, so groups never need to be spelt.
    """

    source_paths: Annotated[
        tuple[Path, ...],
        AfterValidator(_without_repeats),
        Names(also=("source", "source_path"), short="s", shown="source"),
    ] = Field(default=(), description="pictures and clips of the source face, or a face file of it")
    preset: Preset = Field(
        default="balanced",
        description="values for options of which nothing else is said: 'fast' edits only some frames of calm scenes,"
        " 'premium' takes its time, 'lite' stays within 4 GiB of a card's memory",
    )
    face_map: Annotated[tuple[MapEntry, ...], BeforeValidator(read_map), Names(also=("map",), shown="map")] = Field(
        default=(),
        description="several people in one pass: whose face each gets, as SOURCE=PERSON, where PERSON is a picture of"
        " them or, in a picture, the position of their face; 'a1.jpg,a2.jpg=them.jpg shape=0.4' gives two pictures and"
        " an option for this person alone; a = or , within a name is doubled; everybody else gets the face of"
        " --source, or is left as is",
    )
    target_path: Annotated[Path | None, Names(also=("target",), short="t", shown="target")] = Field(
        default=None, description="picture or video to edit"
    )
    output_path: Annotated[Path | None, Names(also=("output",), short="o", shown="output")] = Field(
        default=None, description="file to write; its ending chooses the form"
    )
    processors: Annotated[tuple[str, ...], Names(also=("frame_processors", "frame_processor"))] = Field(
        default=("face_swapper",), description="processors, in the order in which they run; none: no face is touched"
    )
    processor_options: Annotated[tuple[str, ...], BeforeValidator(as_texts)] = Field(
        default=(),
        description="options of processors that other packages bring, as NAME.OPTION=VALUE; `facefusion processors`"
        " lists them",
    )
    chain: Annotated[tuple[Link, ...], BeforeValidator(read_chain)] = Field(
        default=(),
        description="instead of --processors: a chain of them with settings of their own, by the name under which it is"
        " saved or as a TOML file; `facefusion chains` lists and saves them",
    )
    when: tuple[str, ...] = Field(
        default=(),
        description="stretches of the result in which processors work, all or those that are named:"
        " 00:10-00:20 or face_swapper=00:10-00:20,00:40-",
    )
    region: tuple[str, ...] = Field(
        default=(),
        description="part of the frame in which edits are seen, as x,y,width,height from 0 to 1: 0,0,0.5,1 or"
        " face_enhancer=0,0,0.5,1",
    )
    faces: FaceSelectionOptions = FaceSelectionOptions()
    face_swapper: FaceSwapperOptions = FaceSwapperOptions()
    frame_enhancer: FrameEnhancerOptions = FrameEnhancerOptions()
    frame_colorizer: FrameColorizerOptions = FrameColorizerOptions()
    film_restorer: FilmRestorerOptions = FilmRestorerOptions()
    background_remover: BackgroundRemoverOptions = BackgroundRemoverOptions()
    age_modifier: AgeModifierOptions = AgeModifierOptions()
    anonymizer: AnonymizerOptions = AnonymizerOptions()
    face_translator: FaceTranslatorOptions = FaceTranslatorOptions()
    face_masks: FaceMaskOptions = FaceMaskOptions()
    face_enhancer: FaceEnhancerOptions = FaceEnhancerOptions()
    lip_syncer: LipSyncerOptions = LipSyncerOptions()
    expression_restorer: ExpressionRestorerOptions = ExpressionRestorerOptions()
    face_editor: FaceEditorOptions = FaceEditorOptions()
    stylizer: StylizerOptions = StylizerOptions()
    makeup: MakeupOptions = MakeupOptions()
    portrait_animator: PortraitAnimatorOptions = PortraitAnimatorOptions()
    colour_matcher: ColourMatcherOptions = ColourMatcherOptions()
    temporal_smoother: TemporalSmootherOptions = TemporalSmootherOptions()
    input: InputOptions = InputOptions()
    output: OutputOptions = OutputOptions()
    limits: LimitOptions = LimitOptions()
    models: ModelOptions = ModelOptions()
    runtime: RuntimeOptions = RuntimeOptions()
    live: LiveOptions = LiveOptions()
    trust: TrustOptions = TrustOptions()
    signing: SigningOptions = SigningOptions()

    @model_validator(mode="before")
    @classmethod
    def _of_chain(cls, values: Any) -> Any:
        """Let the processors be those of the chain, where there is one.

        Raises:
            OptionsError: others are given, too.
        """
        if not isinstance(values, Mapping) or not values.get("chain"):
            return values
        links = read_chain(values["chain"])
        names = tuple(link.processor if isinstance(link, Link) else link["processor"] for link in links)
        check_alone({name: values[name] for name in BESIDE_CHAIN if values.get(name)}, names)
        return {**values, "chain": links, "processors": names}

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> Self:
        """Build options from a flat mapping of names (or aliases) to values.

        Args:
            values: Python values, or texts as they come from a command line; lists may be texts with commas.

        Raises:
            OptionsError: a name is unknown or a value impossible; the message names it.
        """
        names = {spelling: leaf.name for spelling, leaf in leaf_table(cls).items()}
        options = built(cls, with_preset(values, names), hint=ALL_OPTIONS)
        own_names(options.processor_options)
        for entry in options.face_map:
            options.for_person(entry)
        for link in options.links:
            options.for_link(link)
        return options

    def changed(self, values: Mapping[str, Any]) -> Self:
        """Return these options with some others.

        Args:
            values: names (or aliases) and values, as in `parse`.

        Raises:
            OptionsError: a name is unknown or a value impossible; the message names it.
        """
        given, table = self.parse(values), leaf_table(type(self))
        leaves = [table[key.replace("-", "_")] for key in values]
        changes: dict[str, Any] = {leaf.name: getattr(given, leaf.name) for leaf in leaves if not leaf.path}
        changes |= {name: getattr(given, name) for name in replaced(changes) if given.chain or name == "chain"}
        before = self._of_preset(changes.get("preset", self.preset))
        for name in dict.fromkeys(leaf.path[0] for leaf in leaves if leaf.path):
            own = {leaf.name: getattr(getattr(given, name), leaf.name) for leaf in leaves if leaf.path == (name,)}
            changes[name] = _with(getattr(before, name), own)
        result = before.model_copy(update=changes)
        for entry in result.face_map:
            result.for_person(entry)
        if result.chain:
            check_alone({name: getattr(result, name) for name in BESIDE_CHAIN}, result.processors)
        for link in result.links:
            result.for_link(link)
        return result

    @property
    def links(self) -> tuple[Link, ...]:
        """The processors in their order, each with what is said of it alone.

        Raises:
            OptionsError: something is said of a processor that does not run, or is impossible.
        """
        if self.chain:
            return self.chain
        chosen = chosen_links(self.processors, self.when, self.region)
        try:
            return tuple(Link.model_validate(each) for each in chosen)
        except ValidationError as error:
            raise OptionsError(described(error), ALL_OPTIONS) from error

    def for_link(self, link: Link) -> Self:
        """Return the options that hold for one link of the chain; these themselves where it has none of its own.

        Raises:
            OptionsError: an option is none of the processor's, or its value is impossible; the message names the link.
        """
        try:
            return self._for_link(link) if link.options else self
        except ValidationError as error:
            raise OptionsError(f"Option chain, {link.processor}: {described(error)}", ALL_OPTIONS) from error
        except OptionsError as error:
            raise OptionsError(f"Option chain, {link.processor}: {error.what}", error.hint) from error

    def _for_link(self, link: Link) -> Self:
        if link.processor not in type(self).model_fields:  # another package's
            texts = texts_of(link.processor, link.options)
            own = f"{link.processor}."
            others = tuple(text for text in self.processor_options if not text.startswith(own))
            return self.model_copy(update={"processor_options": (*others, *texts)})
        groups: dict[str, Any] = {}
        for name, values in nest(type(self), link.options).items():
            group = getattr(self, name)
            check_of_a_link(link.processor, name, values, type(getattr(self, link.processor)).model_fields)
            groups[name] = type(group).model_validate(dict(group) | values)
        return self.model_copy(update=groups)

    def _of_preset(self, preset: str) -> Self:
        """Return these options with what another preset says of those of which nothing else was said."""
        groups = {name: group for name, group in self if isinstance(group, OptionGroup)}
        values = {name: value for group in groups.values() for name, value in group}
        usual = {name: field.default for group in groups.values() for name, field in type(group).model_fields.items()}
        others = of_another_preset(self.preset, preset, values, usual)
        update: dict[str, OptionGroup] = {}
        for name, group in groups.items():
            said = group.model_fields_set
            own = {key: others[key] for key in others.keys() & type(group).model_fields.keys() - said}
            update[name] = type(group).model_construct(_fields_set=set(said), **dict(group) | own) if own else group
        return self.model_copy(update=update)

    def for_person(self, entry: MapEntry) -> Self:
        """Return the options that hold for one person of the map.

        Raises:
            OptionsError: an option cannot differ from person to person, or its value is impossible; the message names
                the person.
        """
        try:
            return self._for_person(entry)
        except ValidationError as error:
            raise OptionsError(f"Option map, for {entry.person}: {described(error)}", ALL_OPTIONS) from error
        except OptionsError as error:
            raise OptionsError(f"Option map, for {entry.person}: {error.what}", error.hint) from error

    def _for_person(self, entry: MapEntry) -> Self:
        groups: dict[str, Any] = {}
        for name, values in nest(type(self), entry.options).items():
            group = getattr(self, name)
            check_of_a_person(name, values)
            groups[name] = type(group).model_validate(group.model_dump() | values)
        if entry.reference is not None:
            groups["faces"] = groups.get("faces", self.faces).model_copy(
                update={"reference_face_path": entry.reference}
            )
        return self.model_copy(update={"source_paths": entry.sources, **groups})


def _with(group: OptionGroup, values: Mapping[str, Any]) -> OptionGroup:
    """Return a group with other values, which count as given.

    Raises:
        OptionsError: they do not go together with the others.
    """
    try:
        type(group).model_validate(dict(group) | dict(values))
    except ValidationError as error:
        raise OptionsError(described(error), ALL_OPTIONS) from error
    return group.model_copy(update=dict(values))
