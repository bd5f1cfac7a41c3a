"""The Asterisk side: knows the switch, not the business."""
