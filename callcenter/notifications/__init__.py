"""What people are told, and how it reaches them: in the console, by mail, by webhook."""
