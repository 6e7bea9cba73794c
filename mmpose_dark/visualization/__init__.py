"""Drawing poses and heatmaps."""
