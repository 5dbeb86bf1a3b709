"""Readers decode and unpivot; they never interpret. One module per kind of provider, all with the shape of `base.Reader`."""
