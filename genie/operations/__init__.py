"""Operations: kill switches, consents, incidents, policy reload and statistics."""
