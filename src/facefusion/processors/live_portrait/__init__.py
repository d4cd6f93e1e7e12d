"""LivePortrait: faces moved by a few implicit key points, after Guo et al., "LivePortrait", 2024, arXiv:2407.03168."""
