"""Workers of the runtime: the tasks that run handlers, and the context that a handler gets."""
