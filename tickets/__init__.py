"""The complaint domain: rules as values in, values out."""
