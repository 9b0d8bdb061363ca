"""The rules of spec.md as plain functions over the models: no Flask, no HTML."""
