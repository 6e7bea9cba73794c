"""Names and places of mmpose 1.x, for scripts that were written for it; deleting this takes nothing else away."""
