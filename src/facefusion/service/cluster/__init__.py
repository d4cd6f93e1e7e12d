"""How a cluster is: everything that its processes need and share, looked at from where this runs."""

from facefusion.service.cluster.examine import examine
from facefusion.service.cluster.values import ClusterCheck

__all__ = ["ClusterCheck", "examine"]
