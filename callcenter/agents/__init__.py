"""Agents (坐席): what they wish to be, the record of it, and the switch's queues made to follow."""
