"""What Alpaca promises, one module a topic, one function a rule. The docstring is the rule."""
