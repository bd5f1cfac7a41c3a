"""The tests, rung by rung: unit, service, contract, asterisk, stories."""
