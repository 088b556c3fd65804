"""How the weights of the linear model are made: texts composed by a grammar, and logistic regression over them."""
