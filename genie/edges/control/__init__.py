"""The control database: approvals and kill switches from other terminals."""
