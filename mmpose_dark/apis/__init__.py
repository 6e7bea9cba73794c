"""What a user imports: build a model, run it on pictures."""
