"""The mesh swapper, which needs no weights beyond the bundled pack."""
