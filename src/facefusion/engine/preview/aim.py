"""What a preview shows, checked before any work as for a job, but for its output."""

from __future__ import annotations

from facefusion.engine.casting import check_map
from facefusion.engine.checks import check_regions, check_speech
from facefusion.engine.edited import edited_info
from facefusion.engine.links import check_links
from facefusion.engine.plan import Plan, check_who, checked_processors, required
from facefusion.engine.preview.nowhere import NOWHERE
from facefusion.media.info import PictureInfo
from facefusion.media.probe import probe
from facefusion.media.select import Selection
from facefusion.options import Options
from facefusion.processors.chained.links import chain_links


def aim(options: Options) -> Plan:
    """Return what would be done; nothing is ever written.

    Raises:
        OptionsError: something needed is missing.
        InputError: the target cannot be read.
        ProcessorUnknownError: a processor is not installed.
        ProviderError: an execution provider is not there.
    """
    processors = checked_processors(options)
    target_path = required(options.target_path, "target", "picture or video to show")
    check_who(processors, options)
    target = probe(target_path, options.limits, Selection.of(options))
    check_map(options, of_picture=isinstance(target, PictureInfo))
    check_regions(options, target)
    links = chain_links(options, processors)
    check_links(links, target)
    check_speech(options, target, processors)
    beside = options.output_path or NOWHERE  # where pictures of problems go
    if isinstance(target, PictureInfo):
        return Plan(options, target, edited_info(target, links, options), beside, processors)
    return Plan(options, target, edited_info(target, links, options), beside, processors)
