"""Domain code that several families share: categories, months, narrations, robust statistics."""
