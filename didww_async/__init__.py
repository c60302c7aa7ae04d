"""Order phone numbers from DIDWW with asyncio."""
