"""Training and testing: runner, loops, hooks, samplers, checkpoints."""
