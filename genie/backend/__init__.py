"""The two event-loop backends (asyncio and trio), the clock, ids and the timer queue."""
