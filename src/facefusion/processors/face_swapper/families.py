"""The families of swappers with weights.

Sources: InsightFace, inswapper, https://github.com/deepinsight/insightface; Chen et al., "SimSwap: An Efficient
Framework For High Fidelity Face Swapping", 2020; Groshev et al., "GHOST: A New Face Swap Approach for Image and Video
Domains", 2022; Wang et al., "HifiFace: 3D Shape and Semantic Prior Guided High Fidelity Face Swapping", 2021;
FaceFusion, HyperSwap; Shiohara et al., "BlendFace: Re-designing Identity Encoders for Face-Swapping", 2023; Xu et al.,
"Designing One Unified Framework for High-Fidelity Face Reenactment and Swapping" (UniFace), 2022.
"""

from __future__ import annotations

from facefusion.inference.family import Family
from facefusion.processors.face_swapper import embedding, portrait
from facefusion.processors.face_swapper.base import TASK
from facefusion.processors.face_swapper.embedding import EmbeddingSwapper
from facefusion.processors.face_swapper.portrait import PortraitSwapper
from facefusion.processors.face_swapper.settings import (
    BlendSwapSettings,
    GhostSettings,
    HifiFaceSettings,
    HyperSwapSettings,
    InSwapperSettings,
    SimSwapSettings,
    UniFaceSettings,
)

INSWAPPER = Family("inswapper", TASK, InSwapperSettings, embedding.contract, EmbeddingSwapper)
SIMSWAP = Family("simswap", TASK, SimSwapSettings, embedding.contract, EmbeddingSwapper)
GHOST = Family("ghost", TASK, GhostSettings, embedding.contract, EmbeddingSwapper)
HIFIFACE = Family("hififace", TASK, HifiFaceSettings, embedding.contract, EmbeddingSwapper)
HYPERSWAP = Family("hyperswap", TASK, HyperSwapSettings, embedding.contract, EmbeddingSwapper)
BLENDSWAP = Family("blendswap", TASK, BlendSwapSettings, portrait.contract, PortraitSwapper)
UNIFACE = Family("uniface", TASK, UniFaceSettings, portrait.contract, PortraitSwapper)
