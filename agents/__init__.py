"""The learner: an LLM policy and WebRL."""
