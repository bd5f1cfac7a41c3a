"""Callbacks (回访): tasks, diallings, questions and outcomes. Must never count a finding as a complaint."""
