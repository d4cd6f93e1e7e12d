"""Entries of models: the folder that the entry point `facefusion.catalogues` names."""
