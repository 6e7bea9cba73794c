"""Data structures and geometry of boxes and keypoints."""
