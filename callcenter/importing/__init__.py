"""Lists of policies and callback tasks taken from CSV and XLSX files."""
