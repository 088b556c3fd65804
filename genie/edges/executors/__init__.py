"""Where plain handlers run: in threads, in processes of their own, or inline."""
