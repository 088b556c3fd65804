"""Training of the linear model: a grammar composes texts, and logistic regression computes the weights."""
