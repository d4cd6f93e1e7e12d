"""Faces that move as another does, by the mesh alone: no weights beyond the bundled pack."""
