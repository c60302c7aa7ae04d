"""Orders placed through faults, kills and cancellations, held against a ledger of their own."""
