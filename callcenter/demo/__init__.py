"""The demonstration: a made-up company, and the main job on real calls. Must never meet real data."""
