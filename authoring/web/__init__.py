"""What makes the web version: authors only, nothing that a learner opens imports it."""
